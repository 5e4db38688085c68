//! `scheduled → in_progress → success | error`, and what it does to the connector's status.

use chrono::{DateTime, Utc};
use domain::connector::InstallationStatus;
use domain::id::SyncLogId;
use domain::run::{LedgerLine, SyncStatus};
use domain::webhook::Event;
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait,
    IntoActiveModel, QueryFilter, QuerySelect,
};
use serde_json::{Value, json};

use super::{Outcome, SyncLog, find, ledger};
use crate::entity::workspace_connector_sync_logs::{Column, Entity, Model};
use crate::error::Error;
use crate::sql::{Dialect, Sql, execute_in};
use crate::webhooks::outbox::{self, Of};
use crate::{Store, Tenant, cell, issues, queue};

/// Members of a run's metadata that its end does not replace.
const KEPT: &[&str] = &["attempt", "retry_of", "continues", "cancel_requested"];

/// A worker takes the run: it is in progress, and its connector is processing. Where the connector
/// rested is kept beside; a `processing` that a dead run left is not taken for a resting state.
pub async fn start(
    store: &Store,
    tenant: &Tenant,
    id: SyncLogId,
    now: DateTime<Utc>,
) -> Result<SyncLog, Error> {
    let now = domain::time::to_millis(now);
    let txn = store.tenant_txn(tenant).await?;
    let started = cell::execute(
        &txn,
        "update workspace_connector_sync_logs
            set status = 'in_progress', started_at = $3, updated_at = $3
          where sync_log_id = $1 and workspace_pk = $2 and status = 'scheduled'
            and deleted_at is null",
        [id.0.into(), tenant.workspace_pk.into(), now.into()],
    );
    if started.await? == 0 {
        drop(txn);
        // Foreign or unknown; else it runs or has ended.
        find(store, tenant, id).await?;
        return Err(Error::Conflict { what: "sync_log", field: "status" });
    }
    queue::pull(&txn, id).await?;
    cell::execute(
        &txn,
        "update workspace_connectors
            set resting_status = case status when 'processing' then resting_status else status end,
                status = 'processing', updated_at = $3
          where pk = (select workspace_connector_pk from workspace_connector_sync_logs
                       where sync_log_id = $1)
            and workspace_pk = $2",
        [id.0.into(), tenant.workspace_pk.into(), now.into()],
    )
    .await?;
    txn.commit().await?;
    find(store, tenant, id).await
}

/// Ends a run in one transaction: ledger, status, and where the connector rests. A line that does
/// not account for every row makes the run an error, whatever the caller says: such lines are kept
/// in the metadata, as the ledger itself cannot hold them.
pub async fn settle(
    store: &Store,
    tenant: &Tenant,
    id: SyncLogId,
    outcome: Outcome,
    now: DateTime<Utc>,
) -> Result<SyncLog, Error> {
    let now = domain::time::to_millis(now);
    let (sound, broken): (Vec<&LedgerLine>, Vec<&LedgerLine>) =
        outcome.ledger.iter().partition(|it| it.tally.is_balanced());
    let error = match broken.as_slice() {
        [] => outcome.error,
        _ => Some(unaccounted(&broken, outcome.error.as_deref())),
    };
    let txn = store.tenant_txn(tenant).await?;
    if let (None, Some(evidence)) = (&error, &outcome.evidence) {
        // Before the run itself is locked: writers of its rows lock in this order.
        issues::resolve(store, &txn, tenant, (id, evidence), now).await?;
    }
    let Some(run) = live(&txn, tenant, id).await? else {
        drop(txn);
        find(store, tenant, id).await?;
        return Err(Error::Conflict { what: "sync_log", field: "status" });
    };
    let (pk, connector_pk, started_at) = (run.pk, run.workspace_connector_pk, run.started_at);
    let metadata = with_lines(settled(run.metadata.clone(), outcome.metadata), &broken);
    let status = if error.is_none() { SyncStatus::Success } else { SyncStatus::Error };
    let mut run = run.into_active_model();
    run.status = Set(status.as_str().to_owned());
    // It may quote the server.
    run.error = Set(error.map(cell::text));
    run.metadata = Set(metadata);
    run.completed_at = Set(Some(now));
    run.duration_ms = Set(started_at.map(|it| (now - it).num_milliseconds().max(0)));
    run.updated_at = Set(now);
    run.update(&txn).await?;
    ledger::insert(&txn, tenant, pk, &sound, now).await?;
    tell(&txn, tenant, (id, connector_pk), now).await?;
    queue::pull(&txn, id).await?;
    let is_success = status == SyncStatus::Success;
    rest(&txn, connector_pk, outcome.resting, is_success, now).await?;
    txn.commit().await?;
    store.told();
    let settled = find(store, tenant, id).await?;
    Ok(SyncLog { ledger: sound.into_iter().cloned().collect(), ..settled })
}

/// Webhooks hear of every run, however it ended. [`Store::told`] wakes whoever delivers, after the
/// commit.
pub(crate) async fn tell(
    txn: &DatabaseTransaction,
    tenant: &Tenant,
    (id, connector_pk): (SyncLogId, i64),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let dialect = match txn.get_database_backend() == DbBackend::Postgres {
        true => Dialect::Postgres,
        false => Dialect::Sqlite,
    };
    let of = Of::Connector(connector_pk);
    let told = outbox::tell(Sql::new(dialect), tenant, of, (Event::RunCompleted, id.0), now);
    execute_in(txn, told).await.map(drop)
}

/// A run that has not ended. On PostgreSQL its row is locked: of two that settle it, or one that
/// settles and one that cancels, the second sees what the first did.
pub(super) async fn live(
    txn: &DatabaseTransaction,
    tenant: &Tenant,
    id: SyncLogId,
) -> Result<Option<Model>, Error> {
    let live = [SyncStatus::Scheduled, SyncStatus::InProgress].map(SyncStatus::as_str);
    let mut run = Entity::find()
        .filter(Column::SyncLogId.eq(id.0))
        .filter(Column::WorkspacePk.eq(tenant.workspace_pk))
        .filter(Column::DeletedAt.is_null())
        .filter(Column::Status.is_in(live));
    if txn.get_database_backend() == DbBackend::Postgres {
        run = run.lock_exclusive();
    }
    Ok(run.one(txn).await?)
}

/// A run of the tenant, whatever its status.
pub(super) async fn row(
    txn: &DatabaseTransaction,
    tenant: &Tenant,
    id: SyncLogId,
) -> Result<Model, Error> {
    let run = Entity::find()
        .filter(Column::SyncLogId.eq(id.0))
        .filter(Column::WorkspacePk.eq(tenant.workspace_pk))
        .filter(Column::DeletedAt.is_null());
    run.one(txn).await?.ok_or(Error::NotFound("sync_log"))
}

/// The run's word on the connector, unless a person has put it aside meanwhile.
pub(super) async fn rest(
    txn: &DatabaseTransaction,
    connector_pk: i64,
    resting: InstallationStatus,
    is_success: bool,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let resting = match resting {
        // No state to rest in: back to where it was.
        InstallationStatus::Processing => None,
        InstallationStatus::ToConfigure
        | InstallationStatus::Enabled
        | InstallationStatus::Degraded
        | InstallationStatus::NeedReconnect
        | InstallationStatus::Error
        | InstallationStatus::Suspended
        | InstallationStatus::Disabled => Some(resting.as_str()),
    };
    let sql = "update workspace_connectors
        set status = case
              when resting_status in ('suspended', 'disabled', 'to_configure') then resting_status
              when status in ('suspended', 'disabled', 'to_configure') then status
              else coalesce($2, resting_status, 'enabled') end,
            resting_status = null,
            last_success_at = coalesce($3, last_success_at),
            updated_at = $4
      where pk = $1 and deleted_at is null";
    let binds = [connector_pk.into(), resting.into(), is_success.then_some(now).into(), now.into()];
    cell::execute(txn, sql, binds).await.map(|_| ())
}

fn unaccounted(broken: &[&LedgerLine], error: Option<&str>) -> String {
    let targets: Vec<&str> = broken.iter().map(|it| it.target_model.as_str()).collect();
    let broken = format!("the ledger does not account for every row of {}", targets.join(", "));
    match error {
        Some(error) => format!("{error}; {broken}"),
        None => broken,
    }
}

/// What the run ends with, and where it came from; how far it had come is told by the ledger now.
fn settled(had: Option<Value>, ends_with: Option<Value>) -> Option<Value> {
    let Some(Value::Object(ends_with)) = ends_with else { return ends_with.or(had) };
    let mut members = match had {
        Some(Value::Object(members)) => members,
        Some(_) | None => serde_json::Map::new(),
    };
    members.retain(|name, _| KEPT.contains(&name.as_str()));
    members.extend(ends_with);
    Some(Value::Object(members))
}

fn with_lines(metadata: Option<Value>, broken: &[&LedgerLine]) -> Option<Value> {
    if broken.is_empty() {
        return metadata;
    }
    let mut members = match metadata {
        Some(Value::Object(members)) => members,
        Some(other) => [("metadata".to_owned(), other)].into_iter().collect(),
        None => serde_json::Map::new(),
    };
    members.insert("unbalanced_ledger".to_owned(), json!(broken));
    Some(Value::Object(members))
}
