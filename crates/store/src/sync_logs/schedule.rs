//! How a run comes to be: someone asks, a schedule is due, an earlier run is continued or tried
//! again. Each is one transaction with the job that a worker claims.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::connector::InstallationStatus;
use domain::id::{SyncLogId, WorkspaceConnectorId, WorkspaceId};
use domain::run::{Refusal, SyncStatus, TriggerType};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, QueryFilter,
    QuerySelect,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{SyncLog, find};
use crate::entity::workspace_connector_sync_logs::{Column, Entity};
use crate::entity::workspace_connectors as installations;
use crate::error::Error;
use crate::{Operator, Store, Tenant, cell, queue, workspace_connectors};

/// The run that a connector waits for, when it is not its schedule's: the first one, or another
/// attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Next {
    pub trigger: TriggerType,
    /// The first has the number 1.
    pub attempt: u32,
    /// The run that this one is another attempt of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_of: Option<SyncLogId>,
}

impl Next {
    pub fn first(trigger: TriggerType) -> Self {
        Self { trigger, attempt: 1, retry_of: None }
    }

    fn metadata(&self) -> Option<Value> {
        let of = self.retry_of?;
        Some(json!({ "attempt": self.attempt, "retry_of": of }))
    }
}

/// The connector to be asked for a run, and who asks.
struct Asked {
    trigger: TriggerType,
    min_gap: Duration,
    is_queued: bool,
}

/// A run for a worker to start; or why there is none.
#[expect(
    clippy::too_many_arguments,
    reason = "whose, of what, asked by whom, how soon again, when"
)]
pub async fn schedule(
    store: &Store,
    tenant: &Tenant,
    connector: WorkspaceConnectorId,
    trigger: TriggerType,
    min_gap: Duration,
    now: DateTime<Utc>,
) -> Result<Result<SyncLog, Refusal>, Error> {
    ask(store, tenant, connector, Asked { trigger, min_gap, is_queued: true }, now).await
}

/// A run for the caller to start at once: no worker is told of it.
pub async fn reserve(
    store: &Store,
    tenant: &Tenant,
    connector: WorkspaceConnectorId,
    trigger: TriggerType,
    now: DateTime<Utc>,
) -> Result<Result<SyncLog, Refusal>, Error> {
    let asked = Asked { trigger, min_gap: Duration::ZERO, is_queued: false };
    ask(store, tenant, connector, asked, now).await
}

async fn ask(
    store: &Store,
    tenant: &Tenant,
    connector: WorkspaceConnectorId,
    asked: Asked,
    now: DateTime<Utc>,
) -> Result<Result<SyncLog, Refusal>, Error> {
    let now = domain::time::to_millis(now);
    let txn = store.tenant_txn(tenant).await?;
    let connector = match workspace_connectors::own(&txn, tenant, connector).await {
        Ok(connector) => connector,
        Err(Error::NotFound(_)) => return Ok(Err(Refusal::NotFound)),
        Err(error) => return Err(error),
    };
    if !is_startable(&connector)? {
        return Ok(Err(Refusal::NotStartable));
    }
    if is_live(&txn, connector.pk).await? {
        return Ok(Err(Refusal::AlreadyRunning));
    }
    let gap = chrono::Duration::from_std(asked.min_gap).unwrap_or(chrono::Duration::MAX / 2);
    // Clocks differ: without a gap none is looked for.
    if !asked.min_gap.is_zero() && ended_well_since(&txn, connector.pk, now - gap).await? {
        return Ok(Err(Refusal::SyncedRecently));
    }
    let next = Next::first(asked.trigger);
    let Some(id) = place(&txn, tenant, &connector, &next, now).await? else {
        // Another caller was between our look and our insert: the index lets one through.
        return Ok(Err(Refusal::AlreadyRunning));
    };
    if asked.is_queued {
        queue::push(&txn, id).await?;
    }
    if connector.next_run.is_some() {
        // What was waited for is now.
        wait_for(&txn, &connector, following(&connector, now, now), None).await?;
    }
    txn.commit().await?;
    find(store, tenant, id).await.map(Ok)
}

/// A connector whose time has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    pub workspace: WorkspaceId,
    pub connector: WorkspaceConnectorId,
}

/// Connectors whose time has come, of every workspace, the longest waiting first.
pub async fn due(
    store: &Store,
    _: &Operator,
    now: DateTime<Utc>,
    at_most: u32,
) -> Result<Vec<Due>, Error> {
    let mut sql = store.sql();
    sql.push("select w.workspace_id, i.workspace_connector_id from workspace_connectors i");
    sql.push(" join workspaces w on w.pk = i.workspace_pk where ");
    sql.gate_as("enter_operator", "on".to_owned());
    sql.push("i.next_run_at is not null and i.deleted_at is null and not i.paused");
    sql.push(" and i.next_run_at <= ").time(domain::time::to_millis(now));
    sql.push(" order by i.next_run_at limit ").number(i64::from(at_most));
    let rows = store.fetch::<(Uuid, Uuid)>(sql).await?;
    let due = |(workspace, connector)| Due {
        workspace: WorkspaceId(workspace),
        connector: WorkspaceConnectorId(connector),
    };
    Ok(rows.into_iter().map(due).collect())
}

/// Schedules the run that a connector is due for, and says when the next one is; of many that try
/// at once, one does. None: it was not due any more, or a run is under way and this one is left out.
pub async fn schedule_due(
    store: &Store,
    tenant: &Tenant,
    connector: WorkspaceConnectorId,
    now: DateTime<Utc>,
) -> Result<Option<SyncLog>, Error> {
    let now = domain::time::to_millis(now);
    let txn = store.tenant_txn(tenant).await?;
    let Some(connector) = locked(&txn, tenant, connector).await? else { return Ok(None) };
    let Some(at) = connector.next_run_at.filter(|at| *at <= now && !connector.paused) else {
        return Ok(None);
    };
    let next = match cell::document::<Next>(connector.next_run.clone())? {
        Some(next) => next,
        None => Next::first(TriggerType::Scheduled),
    };
    let id = match is_startable(&connector)? {
        true => place(&txn, tenant, &connector, &next, now).await?,
        false => None,
    };
    if let Some(id) = id {
        queue::push(&txn, id).await?;
    }
    wait_for(&txn, &connector, following(&connector, at, now), None).await?;
    txn.commit().await?;
    match id {
        Some(id) => find(store, tenant, id).await.map(Some),
        None => Ok(None),
    }
}

/// Asks for a run at a later time, unless one comes sooner anyhow or the connector is paused. The
/// run that it follows says so. False: it was not to be.
pub async fn schedule_later(
    store: &Store,
    tenant: &Tenant,
    connector: WorkspaceConnectorId,
    next: &Next,
    at: DateTime<Utc>,
) -> Result<bool, Error> {
    let at = domain::time::to_millis(at);
    let txn = store.tenant_txn(tenant).await?;
    let Some(connector) = locked(&txn, tenant, connector).await? else { return Ok(false) };
    let is_sooner = connector.next_run_at.is_some_and(|it| it <= at);
    if is_sooner || connector.paused || !is_startable(&connector)? {
        return Ok(false);
    }
    let waits = serde_json::to_value(next).map_err(cell::unreadable)?;
    wait_for(&txn, &connector, Some(at), Some(waits)).await?;
    if let Some(of) = next.retry_of {
        let when = json!({ "next_retry_at": domain::time::rfc3339(at) });
        note(&txn, tenant, of, &when).await?;
    }
    txn.commit().await?;
    Ok(true)
}

/// Puts a run in the place of one that has just ended: the same trigger, and where it comes from.
/// None: the connector may not run now, or another run came first.
pub(super) async fn replace(
    txn: &DatabaseTransaction,
    tenant: &Tenant,
    ended: &super::Ended,
    metadata: Value,
    now: DateTime<Utc>,
) -> Result<Option<SyncLogId>, Error> {
    let found = installations::Entity::find_by_id(ended.connector_pk)
        .filter(installations::Column::DeletedAt.is_null())
        .one(txn)
        .await?;
    let Some(connector) = found else { return Ok(None) };
    if !is_startable(&connector)? {
        return Ok(None);
    }
    let trigger = ended.trigger;
    let Some(id) = insert(txn, tenant, &connector, (trigger, Some(metadata)), now).await? else {
        return Ok(None);
    };
    queue::push(txn, id).await?;
    note(txn, tenant, ended.id, &json!({ "continued_by": id })).await?;
    Ok(Some(id))
}

/// Adds to the metadata of a run.
pub(super) async fn note(
    txn: &DatabaseTransaction,
    tenant: &Tenant,
    run: SyncLogId,
    members: &Value,
) -> Result<(), Error> {
    let merged = match txn.get_database_backend() == DbBackend::Postgres {
        true => "coalesce(metadata, '{}') || $3::text::jsonb",
        false => "json_patch(coalesce(metadata, '{}'), $3)",
    };
    let sql = format!(
        "update workspace_connector_sync_logs set metadata = {merged}
          where sync_log_id = $1 and workspace_pk = $2"
    );
    let binds = [run.0.into(), tenant.workspace_pk.into(), members.to_string().into()];
    cell::execute(txn, &sql, binds).await.map(|_| ())
}

async fn place(
    txn: &DatabaseTransaction,
    tenant: &Tenant,
    connector: &installations::Model,
    next: &Next,
    now: DateTime<Utc>,
) -> Result<Option<SyncLogId>, Error> {
    insert(txn, tenant, connector, (next.trigger, next.metadata()), now).await
}

/// None: the connector has a live run. A conflict is no error here: it would end the transaction.
async fn insert(
    txn: &DatabaseTransaction,
    tenant: &Tenant,
    connector: &installations::Model,
    (trigger, metadata): (TriggerType, Option<Value>),
    now: DateTime<Utc>,
) -> Result<Option<SyncLogId>, Error> {
    let id = Uuid::new_v4();
    let sql = "insert into workspace_connector_sync_logs (sync_log_id, workspace_pk,
           workspace_connector_pk, status, trigger_type, metadata, created_at, updated_at)
         values ($1, $2, $3, 'scheduled', $4, $5, $6, $6) on conflict do nothing";
    let binds = [
        id.into(),
        tenant.workspace_pk.into(),
        connector.pk.into(),
        trigger.as_str().into(),
        metadata.into(),
        now.into(),
    ];
    let made = cell::execute(txn, sql, binds).await?;
    Ok((made > 0).then_some(SyncLogId(id)))
}

/// The installation, and on PostgreSQL its lock: what it waits for is decided by one at a time.
async fn locked(
    txn: &DatabaseTransaction,
    tenant: &Tenant,
    id: WorkspaceConnectorId,
) -> Result<Option<installations::Model>, Error> {
    let mut found = installations::Entity::find()
        .filter(installations::Column::WorkspaceConnectorId.eq(id.0))
        .filter(installations::Column::WorkspacePk.eq(tenant.workspace_pk))
        .filter(installations::Column::DeletedAt.is_null());
    if txn.get_database_backend() == DbBackend::Postgres {
        found = found.lock_exclusive();
    }
    Ok(found.one(txn).await?)
}

fn is_startable(connector: &installations::Model) -> Result<bool, Error> {
    Ok(cell::word::<InstallationStatus>(&connector.status)?.is_startable())
}

async fn is_live(txn: &DatabaseTransaction, connector_pk: i64) -> Result<bool, Error> {
    let live = [SyncStatus::Scheduled, SyncStatus::InProgress].map(SyncStatus::as_str);
    let run = Entity::find()
        .filter(Column::WorkspaceConnectorPk.eq(connector_pk))
        .filter(Column::DeletedAt.is_null())
        .filter(Column::Status.is_in(live));
    Ok(run.one(txn).await?.is_some())
}

async fn ended_well_since(
    txn: &DatabaseTransaction,
    connector_pk: i64,
    since: DateTime<Utc>,
) -> Result<bool, Error> {
    let run = Entity::find()
        .filter(Column::WorkspaceConnectorPk.eq(connector_pk))
        .filter(Column::DeletedAt.is_null())
        .filter(Column::Status.eq(SyncStatus::Success.as_str()))
        .filter(Column::CompletedAt.gt(since));
    Ok(run.one(txn).await?.is_some())
}

/// The schedule's next time after `now`, in step with `from`: times that were missed are left out.
fn following(
    connector: &installations::Model,
    from: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let minutes = i64::from(connector.schedule_minutes?.max(1));
    let missed = (now - from).num_minutes().max(0) / minutes;
    Some(from + chrono::Duration::minutes(minutes * (missed + 1)))
}

async fn wait_for(
    txn: &DatabaseTransaction,
    connector: &installations::Model,
    at: Option<DateTime<Utc>>,
    next: Option<Value>,
) -> Result<(), Error> {
    let sql = "update workspace_connectors set next_run_at = $2, next_run = $3 where pk = $1";
    cell::execute(txn, sql, [connector.pk.into(), at.into(), next.into()]).await.map(|_| ())
}
