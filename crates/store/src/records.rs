//! The records of the twelve models: one path for all of them, driven by their schemas.

use chrono::{DateTime, Utc};
use domain::TargetModel;
use domain::entity::Entity;
use domain::id::{SyncLogId, WorkspaceConnectorId};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{Error, Fault, Store, Tenant, diagnostics, sync_logs};

mod counts;
mod document;
mod failure;
mod held;
mod parents;
mod read;
mod relink;
pub(crate) mod table;
mod write;

pub use counts::counts;
pub use parents::{Lookup, Match, Wanted, matches};
pub use read::{SORTS, fields, find, find_all, list};
pub use relink::relink_accounts;

/// Sound entities of one model, as one tool of one connector gave them.
#[derive(Debug)]
pub struct Upsert<'a> {
    pub run: SyncLogId,
    pub connector: WorkspaceConnectorId,
    pub tool: &'a str,
    pub model: TargetModel,
    pub entities: &'a [Entity],
}

/// What became of them; the three counts and the failures add up to the entities given.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Upserted {
    pub inserted: u64,
    pub updated: u64,
    pub unchanged: u64,
    pub failed: Vec<FailedRow>,
}

/// An entity that the database refused; its neighbours were written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedRow {
    /// Among the entities given.
    pub index: usize,
    pub sqlstate: Option<String>,
    pub constraint: Option<String>,
    /// The driver's words; they name constraints and types, not values.
    pub message: String,
}

/// A stored record.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    pub record_id: Uuid,
    pub model: TargetModel,
    pub external_id: String,
    /// Attributes by name, absent ones left out. Decimals are texts, so that no digit is lost.
    pub values: Map<String, Value>,
    /// Who named it first, and holds it.
    pub connector: WorkspaceConnectorId,
    pub tool: String,
    pub first_seen_run: SyncLogId,
    pub last_seen_run: SyncLogId,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// Writes entities by (workspace, connector, external id), in chunks of 500, in one transaction:
/// an error means that nothing was written. A row that the database refuses fails alone. A record
/// never moves from one connector to another: an e-mail address that two connectors name keeps the
/// first one's content, and both are its provenance.
pub async fn upsert(
    store: &Store,
    tenant: &Tenant,
    batch: &Upsert<'_>,
    now: DateTime<Utc>,
) -> Result<Upserted, Error> {
    if batch.entities.is_empty() {
        return Ok(Upserted::default());
    }
    let now = domain::time::to_millis(now);
    let connector_pk = diagnostics::connector_pk(store, tenant, batch.connector)
        .await?
        .ok_or(Error::NotFound("workspace_connector"))?;
    let txn = store.tenant_txn(tenant).await?;
    sync_logs::fence(&txn, tenant, batch.run).await?;
    let spoiled = match store.settings().fault {
        Some(Fault::Records { every }) => Some(every.max(1)),
        Some(Fault::Blueprints) | None => None,
    };
    let writer = write::Writer { txn: &txn, tenant, connector_pk, batch, now, spoiled };
    let mut upserted = Upserted::default();
    for first in (0..batch.entities.len()).step_by(write::CHUNK) {
        writer.chunk(first, &mut upserted).await?;
    }
    txn.commit().await?;
    upserted.failed.sort_by_key(|it| it.index);
    Ok(upserted)
}

/// Whether both databases can keep its texts: no text holds a NUL.
pub fn is_storable(entity: &Entity) -> bool {
    !document::has_nul(entity)
}

/// How many records of a model the workspace has.
pub async fn count(store: &Store, tenant: &Tenant, model: TargetModel) -> Result<u64, Error> {
    read::count(store, tenant, model, None).await
}

/// How many records an earlier run had from this tool; none: it never gave any.
pub async fn seen_before(
    store: &Store,
    tenant: &Tenant,
    connector: WorkspaceConnectorId,
    model: TargetModel,
    tool: &str,
) -> Result<Option<u64>, Error> {
    let count = read::count(store, tenant, model, Some((connector, tool))).await?;
    Ok((count > 0).then_some(count))
}
