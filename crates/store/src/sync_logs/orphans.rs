//! Runs that will not end by themselves: asked to stop, or left behind by a process that died.

use chrono::{DateTime, Duration, Utc};
use domain::id::SyncLogId;
use domain::run::SyncStatus;

use super::{SyncLog, find, of};
use crate::error::Error;
use crate::{Operator, Store, Tenant, cell};

/// A run says that it lives by moving `updated_at` ([`beat`]) every few seconds; one that has been
/// silent for longer than a run waits for a database that is away is dead. On SQLite the one process that could run it has just started.
const SILENT: Duration = Duration::minutes(5);
/// A scheduled run waits for a worker; one that waits for longer was never handed to any.
const UNCLAIMED: Duration = Duration::hours(24);

/// The run lives.
pub async fn beat(
    store: &Store,
    tenant: &Tenant,
    id: SyncLogId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let mut sql = store.sql().writing();
    sql.push("update workspace_connector_sync_logs set updated_at = ");
    sql.time(domain::time::to_millis(now));
    of(&mut sql, tenant, id);
    sql.push(" and status = 'in_progress'");
    match store.execute(sql).await? {
        0 => Err(Error::NotFound("sync_log")),
        _ => Ok(()),
    }
}

/// Asks a run to stop. One that has not started ends here; one in progress is told by
/// [`is_cancelled`], and settles itself; one that has ended is a conflict.
pub async fn cancel(
    store: &Store,
    tenant: &Tenant,
    id: SyncLogId,
    now: DateTime<Utc>,
) -> Result<SyncLog, Error> {
    let now = domain::time::to_millis(now);
    let txn = store.tenant_txn(tenant).await?;
    let binds = [id.0.into(), tenant.workspace_pk.into(), now.into()];
    let ended = cell::execute(
        &txn,
        "update workspace_connector_sync_logs
            set status = 'error', error = 'cancelled', completed_at = $3, updated_at = $3
          where sync_log_id = $1 and workspace_pk = $2 and status = 'scheduled'
            and deleted_at is null",
        binds.clone(),
    );
    let mut changed = ended.await?;
    if changed == 0 {
        let asked = if store.is_postgres() {
            "coalesce(metadata, '{}') || '{\"cancel_requested\": true}'"
        } else {
            "json_set(coalesce(metadata, '{}'), '$.cancel_requested', json('true'))"
        };
        let sql = format!(
            "update workspace_connector_sync_logs set metadata = {asked}, updated_at = $3
              where sync_log_id = $1 and workspace_pk = $2 and status = 'in_progress'
                and deleted_at is null"
        );
        changed = cell::execute(&txn, &sql, binds).await?;
    }
    txn.commit().await?;
    let run = find(store, tenant, id).await?;
    if changed == 0 { Err(Error::Conflict { what: "sync_log", field: "status" }) } else { Ok(run) }
}

/// Whether a run should stop: it was asked to, or has been ended by someone else.
pub async fn is_cancelled(store: &Store, tenant: &Tenant, id: SyncLogId) -> Result<bool, Error> {
    let run = match find(store, tenant, id).await {
        Ok(run) => run,
        Err(Error::NotFound(_)) => return Ok(true),
        Err(error) => return Err(error),
    };
    let asked = run.metadata.is_some_and(|it| it.get("cancel_requested") == Some(&true.into()));
    Ok(asked || matches!(run.status, SyncStatus::Success | SyncStatus::Error))
}

/// Ends the runs that a dead process left, at start-up: they are errors, and their connectors rest
/// where they rested before.
pub async fn fail_orphans(
    store: &Store,
    operator: &Operator,
    now: DateTime<Utc>,
) -> Result<u64, Error> {
    let now = domain::time::to_millis(now);
    // On SQLite whatever the clock said when the run began.
    let silent_since = if store.is_postgres() { now - SILENT } else { now + Duration::days(3650) };
    let txn = store.operator_txn(operator).await?;
    let failed = cell::execute(
        &txn,
        "update workspace_connector_sync_logs
            set status = 'error', error = 'interrupted', completed_at = $1, updated_at = $1
          where deleted_at is null
            and (status = 'in_progress' and updated_at < $2
                 or status = 'scheduled' and updated_at < $3)",
        [now.into(), silent_since.into(), (now - UNCLAIMED).into()],
    )
    .await?;
    cell::execute(
        &txn,
        "update workspace_connectors
            set status = coalesce(resting_status, 'enabled'), resting_status = null,
                updated_at = $1
          where status = 'processing'
            and not exists (select 1 from workspace_connector_sync_logs l
                             where l.workspace_connector_pk = workspace_connectors.pk
                               and l.status = 'in_progress' and l.deleted_at is null)",
        [now.into()],
    )
    .await?;
    txn.commit().await?;
    Ok(failed)
}
