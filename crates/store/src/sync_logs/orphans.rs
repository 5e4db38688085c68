//! Runs that will not end by themselves: asked to stop, left behind by a worker that died, or given
//! up by one that stops.
//!
//! A run in progress is its own lease: it says that it lives ([`beat`]), and whoever sees it silent
//! for too long may end it ([`interrupt`]). It is never started again; another run takes its place.
//! So a worker that only slept finds its run ended, and can write nothing more ([`fence`]).

use chrono::{DateTime, Utc};
use domain::connector::InstallationStatus;
use domain::id::{SyncLogId, WorkspaceId};
use domain::run::{SyncStatus, TriggerType};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ConnectionTrait, DatabaseTransaction, DbBackend, IntoActiveModel};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{SyncLog, find, lifecycle, of, schedule};
use crate::error::Error;
use crate::{Operator, Store, Tenant, cell, queue};

/// What a run hears when it says that it lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beat {
    GoOn,
    /// It was asked to stop.
    Stop,
    /// Someone else has ended it.
    Ended,
}

/// The run lives, and has come so far.
pub async fn beat(
    store: &Store,
    tenant: &Tenant,
    id: SyncLogId,
    progress: Option<&Value>,
    now: DateTime<Utc>,
) -> Result<Beat, Error> {
    let mut sql = store.sql().writing();
    sql.push("update workspace_connector_sync_logs set updated_at = ");
    sql.time(domain::time::to_millis(now));
    if let Some(progress) = progress {
        let members = json!({ "progress": progress }).to_string();
        if store.is_postgres() {
            sql.push(", metadata = coalesce(metadata, '{}') || ").text_bind(members);
            sql.push("::text::jsonb");
        } else {
            sql.push(", metadata = json_patch(coalesce(metadata, '{}'), ").text_bind(members);
            sql.push(")");
        }
    }
    of(&mut sql, tenant, id);
    sql.push(" and status = 'in_progress' returning ");
    sql.push(if store.is_postgres() {
        "coalesce(metadata ->> 'cancel_requested', '') = 'true'"
    } else {
        "coalesce(json_extract(metadata, '$.cancel_requested'), 0) = 1"
    });
    Ok(match store.fetch::<(bool,)>(sql).await?.first() {
        None => Beat::Ended,
        Some((true,)) => Beat::Stop,
        Some((false,)) => Beat::GoOn,
    })
}

/// Asks a run to stop. One that has not started ends here; one in progress is told by its next
/// [`beat`], and settles itself; one that has ended is a conflict.
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
        binds,
    );
    let is_ended = ended.await? > 0;
    let is_found = match is_ended {
        true => {
            queue::pull(&txn, id).await?;
            let connector_pk = lifecycle::row(&txn, tenant, id).await?.workspace_connector_pk;
            lifecycle::tell(&txn, tenant, (id, connector_pk), now).await?;
            true
        }
        false => match lifecycle::live(&txn, tenant, id).await? {
            Some(_) => {
                let asked = json!({ "cancel_requested": true });
                schedule::note(&txn, tenant, id, &asked).await?;
                true
            }
            None => false,
        },
    };
    txn.commit().await?;
    store.told();
    let run = find(store, tenant, id).await?;
    if is_found { Ok(run) } else { Err(Error::Conflict { what: "sync_log", field: "status" }) }
}

/// A run in progress, and when it last said that it lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Running {
    pub workspace: WorkspaceId,
    pub run: SyncLogId,
    pub beat_at: DateTime<Utc>,
}

/// The runs in progress, of every workspace.
pub async fn running(store: &Store, _: &Operator) -> Result<Vec<Running>, Error> {
    let mut sql = store.sql();
    sql.push("select w.workspace_id, l.sync_log_id, l.updated_at");
    sql.push(" from workspace_connector_sync_logs l join workspaces w on w.pk = l.workspace_pk");
    sql.push(" where ").gate_as("enter_operator", "on".to_owned());
    sql.push("l.status in ('scheduled', 'in_progress') and l.deleted_at is null");
    sql.push(" and l.status = 'in_progress' limit 10000");
    let rows = store.fetch::<(Uuid, Uuid, DateTime<Utc>)>(sql).await?;
    let running = |(workspace, run, beat_at)| Running {
        workspace: WorkspaceId(workspace),
        run: SyncLogId(run),
        beat_at,
    };
    Ok(rows.into_iter().map(running).collect())
}

/// Whose run this is.
pub async fn tenant_of(
    store: &Store,
    operator: &Operator,
    run: SyncLogId,
) -> Result<Tenant, Error> {
    let mut sql = store.sql();
    sql.push("select w.workspace_id from workspace_connector_sync_logs l");
    sql.push(" join workspaces w on w.pk = l.workspace_pk where ");
    sql.gate_as("enter_operator", "on".to_owned());
    sql.push("l.sync_log_id = ").bind(crate::sql::Bind::Id(run.0));
    let found = store.fetch::<(Uuid,)>(sql).await?;
    let (workspace,) = found.first().ok_or(Error::NotFound("sync_log"))?;
    crate::tenant::of(store, operator, &workspace.to_string()).await
}

/// What is needed of a run that has ended, to put another in its place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ended {
    pub(super) id: SyncLogId,
    pub(super) connector_pk: i64,
    pub(super) trigger: TriggerType,
}

/// A run in progress that somebody else ends, if it has not beaten since then.
type Silent = (SyncLogId, DateTime<Utc>);

/// Ends a run whose worker is gone: it has been silent since `beat_at`. Its connector rests where it
/// rested before, and while fewer than `attempts` were made another run takes its place. A conflict:
/// it lives after all, or has ended.
pub async fn interrupt(
    store: &Store,
    tenant: &Tenant,
    silent: Silent,
    attempts: u32,
    now: DateTime<Utc>,
) -> Result<Option<SyncLog>, Error> {
    let next = |attempt: u32| (attempt < attempts).then_some(attempt + 1);
    end(store, tenant, silent, ("interrupted: its worker is gone", &next), now).await
}

/// The same by its own worker, which stops and had to break it off: that costs no attempt.
pub async fn give_up(
    store: &Store,
    tenant: &Tenant,
    silent: Silent,
    now: DateTime<Utc>,
) -> Result<Option<SyncLog>, Error> {
    end(store, tenant, silent, (HANDED_BACK, &Some), now).await
}

const HANDED_BACK: &str = "handed back: its worker was stopped";

/// `why`, and which attempt takes its place after which.
async fn end(
    store: &Store,
    tenant: &Tenant,
    (id, beat_at): Silent,
    (why, next): (&str, &(dyn Fn(u32) -> Option<u32> + Sync)),
    now: DateTime<Utc>,
) -> Result<Option<SyncLog>, Error> {
    let now = domain::time::to_millis(now);
    let txn = store.tenant_txn(tenant).await?;
    let run = lifecycle::live(&txn, tenant, id).await?;
    let Some(run) =
        run.filter(|it| it.status == SyncStatus::InProgress.as_str() && it.updated_at == beat_at)
    else {
        return Err(Error::Conflict { what: "sync_log", field: "status" });
    };
    let trigger = cell::word(&run.trigger_type)?;
    let ended = Ended { id, connector_pk: run.workspace_connector_pk, trigger };
    let is_asked_to_stop = has(run.metadata.as_ref(), "cancel_requested");
    let attempt = next(attempt_of(run.metadata.as_ref())).filter(|_| !is_asked_to_stop);
    let started_at = run.started_at;
    let mut run = run.into_active_model();
    run.status = Set(SyncStatus::Error.as_str().to_owned());
    run.error = Set(Some(why.to_owned()));
    run.completed_at = Set(Some(now));
    run.duration_ms = Set(started_at.map(|it| (now - it).num_milliseconds().max(0)));
    run.updated_at = Set(now);
    run.update(&txn).await?;
    let back = InstallationStatus::Processing;
    lifecycle::rest(&txn, ended.connector_pk, back, false, now).await?;
    lifecycle::tell(&txn, tenant, (id, ended.connector_pk), now).await?;
    let placed = match attempt {
        Some(attempt) => {
            let metadata = json!({ "attempt": attempt, "continues": id });
            schedule::replace(&txn, tenant, &ended, metadata, now).await?
        }
        None => None,
    };
    txn.commit().await?;
    store.told();
    match placed {
        Some(id) => find(store, tenant, id).await.map(Some),
        None => Ok(None),
    }
}

/// Puts another run in the place of one that was cut short because its worker stops: what it had
/// done is stored and accounted for, the rest is for another worker.
pub async fn hand_back(
    store: &Store,
    tenant: &Tenant,
    id: SyncLogId,
    now: DateTime<Utc>,
) -> Result<Option<SyncLog>, Error> {
    let now = domain::time::to_millis(now);
    let txn = store.tenant_txn(tenant).await?;
    let row = lifecycle::row(&txn, tenant, id).await?;
    let trigger = cell::word(&row.trigger_type)?;
    let ended = Ended { id, connector_pk: row.workspace_connector_pk, trigger };
    let metadata = json!({ "attempt": attempt_of(row.metadata.as_ref()), "continues": id });
    let placed = schedule::replace(&txn, tenant, &ended, metadata, now).await?;
    cell::execute(
        &txn,
        "update workspace_connector_sync_logs set error = $3
          where sync_log_id = $1 and workspace_pk = $2 and status = 'error'",
        [id.0.into(), tenant.workspace_pk.into(), HANDED_BACK.into()],
    )
    .await?;
    txn.commit().await?;
    match placed {
        Some(id) => find(store, tenant, id).await.map(Some),
        None => Ok(None),
    }
}

/// For what a run writes: it must not have been ended by someone else. On PostgreSQL it cannot be
/// until `txn` ends either; beats go on.
pub(crate) async fn fence(
    txn: &DatabaseTransaction,
    tenant: &Tenant,
    run: SyncLogId,
) -> Result<(), Error> {
    let lock = match txn.get_database_backend() == DbBackend::Postgres {
        true => "for key share",
        false => "",
    };
    let sql = format!(
        "select status from workspace_connector_sync_logs
          where sync_log_id = $1 and workspace_pk = $2 {lock}"
    );
    let binds = [run.0.into(), tenant.workspace_pk.into()];
    let row = txn.query_one_raw(cell::statement(txn, sql, binds)).await?;
    let status: Option<String> = row.map(|it| it.try_get_by_index(0)).transpose()?;
    match status.as_deref() {
        Some("error") => Err(Error::Conflict { what: "sync_log", field: "status" }),
        Some(_) | None => Ok(()),
    }
}

/// Which attempt a run is; the first has the number 1.
pub fn attempt(run: &SyncLog) -> u32 {
    attempt_of(run.metadata.as_ref())
}

fn attempt_of(metadata: Option<&Value>) -> u32 {
    let given = metadata.and_then(|it| it.get("attempt")).and_then(Value::as_u64);
    given.and_then(|it| it.try_into().ok()).unwrap_or(1)
}

fn has(metadata: Option<&Value>, name: &str) -> bool {
    metadata.and_then(|it| it.get(name)) == Some(&Value::Bool(true))
}
