//! What need not be asked twice: public ids of connectors and runs with their keys, proven secrets.
//! Entries live for seconds; what one process changes, it forgets at once.

use std::sync::Arc;
use std::time::Duration;

use domain::id::{SyncLogId, WorkspaceConnectorId};
use quick_cache::sync::Cache;
use tokio::time::Instant;

use crate::tenant::Access;

pub(crate) struct Caches {
    auth_for: Duration,
    /// By SHA-256 of the secret.
    auth: Cache<[u8; 32], (Proven, Instant)>,
    /// Key of a connector that a workspace owns or is fed by.
    connectors: Cache<(i64, WorkspaceConnectorId), (i64, Instant)>,
    connector_ids: Cache<i64, WorkspaceConnectorId>,
    runs: Cache<(i64, SyncLogId), i64>,
    run_ids: Cache<i64, SyncLogId>,
    /// Last time a key's use was written down.
    pub(crate) used: Cache<i64, Instant>,
}

#[derive(Clone)]
pub(crate) struct Proven {
    pub(crate) key_pk: i64,
    pub(crate) workspace_pk: Option<i64>,
    pub(crate) access: Access,
    pub(crate) expiration_at: Option<chrono::DateTime<chrono::Utc>>,
    pub(crate) names: Arc<Names>,
}

/// What people call a key and its workspace; an operator's key has none.
pub(crate) struct Names {
    pub(crate) workspace: String,
    pub(crate) key: String,
}

/// How long the key of a connector is believed: another process may have deleted it.
const CONNECTOR_FOR: Duration = Duration::from_secs(30);

impl Caches {
    pub(crate) fn new(auth_for: Duration) -> Self {
        Self {
            auth_for,
            auth: Cache::new(10_000),
            connectors: Cache::new(50_000),
            connector_ids: Cache::new(50_000),
            runs: Cache::new(50_000),
            run_ids: Cache::new(50_000),
            used: Cache::new(10_000),
        }
    }

    pub(crate) fn proven(&self, hash: &[u8; 32]) -> Option<Proven> {
        let (proven, since) = self.auth.get(hash)?;
        (since.elapsed() < self.auth_for).then_some(proven)
    }

    pub(crate) fn keep_proven(&self, hash: [u8; 32], proven: Proven) {
        self.auth.insert(hash, (proven, Instant::now()));
    }

    /// A key was changed or deleted.
    pub(crate) fn forget_key(&self, key_pk: i64) {
        self.auth.retain(|_, (it, _)| it.key_pk != key_pk);
    }

    /// A workspace was changed or deleted.
    pub(crate) fn forget_workspace(&self, workspace_pk: i64) {
        self.auth.retain(|_, (it, _)| it.workspace_pk != Some(workspace_pk));
        self.connectors.retain(|(workspace, _), _| *workspace != workspace_pk);
        self.runs.retain(|(workspace, _), _| *workspace != workspace_pk);
    }

    pub(crate) fn connector(&self, workspace_pk: i64, id: WorkspaceConnectorId) -> Option<i64> {
        let (pk, since) = self.connectors.get(&(workspace_pk, id))?;
        (since.elapsed() < CONNECTOR_FOR).then_some(pk)
    }

    pub(crate) fn keep_connector(&self, workspace_pk: i64, id: WorkspaceConnectorId, pk: i64) {
        self.connectors.insert((workspace_pk, id), (pk, Instant::now()));
        self.connector_ids.insert(pk, id);
    }

    /// The id alone: a connector that is deleted still has rows to name it.
    pub(crate) fn name_connector(&self, pk: i64, id: WorkspaceConnectorId) {
        self.connector_ids.insert(pk, id);
    }

    /// A connector was deleted, or no longer feeds a workspace.
    pub(crate) fn forget_connector(&self, id: WorkspaceConnectorId) {
        self.connectors.retain(|(_, it), _| *it != id);
    }

    pub(crate) fn connector_id(&self, pk: i64) -> Option<WorkspaceConnectorId> {
        self.connector_ids.get(&pk)
    }

    pub(crate) fn run(&self, workspace_pk: i64, id: SyncLogId) -> Option<i64> {
        self.runs.get(&(workspace_pk, id))
    }

    pub(crate) fn keep_run(&self, workspace_pk: i64, id: SyncLogId, pk: i64) {
        self.runs.insert((workspace_pk, id), pk);
        self.run_ids.insert(pk, id);
    }

    pub(crate) fn forget_run(&self, id: SyncLogId) {
        self.runs.retain(|(_, it), _| *it != id);
    }

    pub(crate) fn run_id(&self, pk: i64) -> Option<SyncLogId> {
        self.run_ids.get(&pk)
    }
}
