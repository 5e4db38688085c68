//! Runs: scheduled, started, settled; with each its ledger. Two of one connector never overlap.

use chrono::{DateTime, Utc};
use domain::connector::InstallationStatus;
use domain::id::{SyncLogId, WorkspaceConnectorId};
use domain::issue::Evidence;
use domain::run::{LedgerLine, SyncStatus, TriggerType};
use serde_json::Value;

use crate::error::Error;
use crate::query::{Mark, Query, Slice, SortKey};
use crate::sql::{Bind, Sql};
use crate::{Store, Tenant, cell};

mod days;
mod ledger;
mod lifecycle;
mod orphans;
mod row;
mod schedule;

pub use days::days;
pub use ledger::ledgers;
pub(crate) use lifecycle::tell;
pub use lifecycle::{settle, start};
pub(crate) use orphans::fence;
pub use orphans::{
    Beat, Running, attempt, beat, cancel, give_up, hand_back, interrupt, running, tenant_of,
};
pub use row::{FIELDS, SORTS};
pub use schedule::{Due, Next, due, reserve, schedule, schedule_due, schedule_later};

use orphans::Ended;
use row::{Row, asked, select, sync_log};

/// One run.
#[derive(Debug, Clone, PartialEq)]
pub struct SyncLog {
    pub sync_log_id: SyncLogId,
    pub workspace_connector: WorkspaceConnectorId,
    pub status: SyncStatus,
    pub trigger: TriggerType,
    pub started_at: Option<DateTime<Utc>>,
    pub completed_at: Option<DateTime<Utc>>,
    pub duration_ms: Option<u64>,
    pub error: Option<String>,
    pub metadata: Option<Value>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Empty unless asked for with [`ledgers`]; [`settle`] gives it.
    pub ledger: Vec<LedgerLine>,
}

/// How a run ended.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// None: success, if every line of the ledger is balanced.
    pub error: Option<String>,
    pub ledger: Vec<LedgerLine>,
    /// Replaces what the run has; None leaves it.
    pub metadata: Option<Value>,
    /// Where the connector rests from now on.
    pub resting: InstallationStatus,
    /// What the run has shown of issues, if it ends well.
    pub evidence: Option<Evidence>,
}

pub async fn find(store: &Store, tenant: &Tenant, id: SyncLogId) -> Result<SyncLog, Error> {
    let mut sql = select(store, tenant);
    sql.push(" and l.sync_log_id = ").bind(Bind::Id(id.0));
    let found = store.fetch::<Row>(sql).await?.into_iter().next();
    found.ok_or(Error::NotFound("sync_log")).and_then(sync_log)
}

/// A page of the workspace's runs, newest first unless asked otherwise.
pub async fn list(store: &Store, tenant: &Tenant, query: &Query) -> Result<Slice<SyncLog>, Error> {
    let (sort, descending) = query.sort_or("created_at");
    let mut sql = select(store, tenant);
    asked(&mut sql, query);
    sql.page(&format!("l.{sort}"), "l.pk", descending, &query.page);
    let marked = store.fetch::<Row>(sql).await?.into_iter().map(|row| {
        let pk = row.pk;
        let it = sync_log(row)?;
        let key = SortKey::Time(if sort == "updated_at" { it.updated_at } else { it.created_at });
        Ok((it, Mark { key, pk }))
    });
    let mut slice = Slice::of(marked.collect::<Result<_, Error>>()?, &query.page);
    if query.page.total {
        let mut sql = store.sql();
        row::live(sql.push("select count(*)"), tenant);
        asked(&mut sql, query);
        let counted = store.fetch::<(i64,)>(sql).await?;
        slice.total = Some(counted.first().map_or(0, |it| it.0.unsigned_abs()));
    }
    Ok(slice)
}

/// ` where` one live run of the tenant.
fn of(sql: &mut Sql, tenant: &Tenant, id: SyncLogId) {
    cell::of_tenant(sql, tenant, "workspace_pk");
    sql.push(" and deleted_at is null and sync_log_id = ").bind(Bind::Id(id.0));
}
