//! The queue: a scheduled run has one job in the tables of `apalis`, and no other job exists. It is
//! put there by the transaction that schedules the run and taken out by the one that starts or ends
//! it, so that neither can be without the other. Workers claim jobs through `apalis` itself.
//!
//! A job holds the id of its run and nothing else: whose it is, the run says.

use std::collections::HashSet;

use chrono::{DateTime, Duration, Utc};
use domain::id::SyncLogId;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend};
use sqlx::{PgPool, SqlitePool};
use uuid::Uuid;

use crate::error::Error;
use crate::sql::{Bind, Dialect, Sql};
use crate::{Database, Operator, Store, cell};

/// What `apalis` calls the type of a job.
pub const NAME: &str = "sync";

/// How long a scheduled run may be without a job: whoever scheduled it for itself starts it at once.
const UNCLAIMED: Duration = Duration::minutes(1);
/// How long a worker that is gone is remembered.
const REMEMBERED: Duration = Duration::hours(1);

/// Connections for the queue. On SQLite it is the one writer, so that a claim never meets a lock
/// of our own.
#[derive(Debug, Clone)]
pub enum Pool {
    Postgres(PgPool),
    Sqlite(SqlitePool),
}

impl Store {
    pub fn queue_pool(&self) -> Pool {
        match self.database() {
            Database::Postgres(it) => Pool::Postgres(it.pool()),
            Database::Sqlite(it) => Pool::Sqlite(it.write_pool()),
        }
    }
}

/// Where the tables are, on this database.
fn tables(is_postgres: bool) -> (&'static str, &'static str) {
    if is_postgres { ("apalis.jobs", "apalis.workers") } else { ("Jobs", "Workers") }
}

/// A job for a run that has just been scheduled, or has lost its job.
pub(crate) async fn push(txn: &DatabaseTransaction, run: SyncLogId) -> Result<(), Error> {
    let (jobs, _) = tables(txn.get_database_backend() == DbBackend::Postgres);
    // Rescued as often as need be: what bounds the attempts of a run is its log.
    let sql = format!(
        "insert into {jobs} (job, id, job_type, status, attempts, max_attempts)
         values ($1, $2, $3, 'Pending', 0, 1000000) on conflict (id) do nothing"
    );
    let job = format!("\"{run}\"").into_bytes();
    cell::execute(txn, &sql, [job.into(), name(run).into(), NAME.into()]).await.map(|_| ())
}

/// The run has started or ended: nobody needs to.
pub(crate) async fn pull(txn: &DatabaseTransaction, run: SyncLogId) -> Result<(), Error> {
    let (jobs, _) = tables(txn.get_database_backend() == DbBackend::Postgres);
    let sql = format!("delete from {jobs} where id = $1");
    cell::execute(txn, &sql, [name(run).into()]).await.map(|_| ())
}

/// The jobs of a workspace that is about to be erased.
pub(crate) async fn pull_all(txn: &DatabaseTransaction, workspace_pk: i64) -> Result<(), Error> {
    pull_where(txn, "workspace_pk = $1", workspace_pk).await
}

/// The job of a connector that is removed.
pub(crate) async fn pull_of(txn: &DatabaseTransaction, connector_pk: i64) -> Result<(), Error> {
    pull_where(txn, "workspace_connector_pk = $1", connector_pk).await
}

async fn pull_where(txn: &DatabaseTransaction, whose: &str, pk: i64) -> Result<(), Error> {
    let is_postgres = txn.get_database_backend() == DbBackend::Postgres;
    let sql = format!(
        "select sync_log_id from workspace_connector_sync_logs
          where {whose} and status in ('scheduled', 'in_progress') and deleted_at is null"
    );
    let scheduled = txn.query_all_raw(cell::statement(txn, sql, [pk.into()]));
    let names = scheduled
        .await?
        .iter()
        .map(|row| row.try_get_by_index(0).map(|id| name(SyncLogId(id))))
        .collect::<Result<Vec<_>, _>>()?;
    let (jobs, _) = tables(is_postgres);
    let list =
        if is_postgres { "json_array_elements_text($1::json)" } else { "value from json_each($1)" };
    let sql = format!("delete from {jobs} where id in (select {list})");
    cell::execute(txn, &sql, [serde_json::Value::from(names).to_string().into()]).await.map(|_| ())
}

/// A job that came too late: its run has started or ended, or is gone.
pub async fn discard(store: &Store, _: &Operator, run: SyncLogId) -> Result<(), Error> {
    let (jobs, _) = tables(store.is_postgres());
    let mut sql = store.sql().writing();
    sql.push("delete from ").push(jobs).push(" where id = ").text_bind(name(run));
    store.execute(sql).await.map(|_| ())
}

/// A claimed job that could not be started is for another to claim.
pub async fn put_back(store: &Store, _: &Operator, run: SyncLogId) -> Result<(), Error> {
    let mut sql = given_back(store);
    sql.push("id = ").text_bind(name(run));
    store.execute(sql).await.map(|_| ())
}

/// Gives back all that a worker has claimed and not started.
pub async fn release(store: &Store, _: &Operator, worker: &str) -> Result<u64, Error> {
    let mut sql = given_back(store);
    sql.push("lock_by = ").text_bind(worker);
    store.execute(sql).await
}

fn given_back(store: &Store) -> Sql {
    let (jobs, _) = tables(store.is_postgres());
    let mut sql = store.sql().writing();
    sql.push("update ").push(jobs);
    sql.push(" set status = 'Pending', lock_by = null, lock_at = null where ");
    sql
}

/// Forgets workers that are gone, and gives a job to scheduled runs that have none: none should be.
/// Returns how many runs there were.
pub async fn mend(store: &Store, operator: &Operator, now: DateTime<Utc>) -> Result<u64, Error> {
    forget_workers(store, now).await?;
    let waiting = waiting(store, now - UNCLAIMED).await?;
    let (jobs, _) = tables(store.is_postgres());
    let mut sql = store.sql();
    sql.push("select id from ").push(jobs).push(" where ");
    sql.any("id", Bind::Texts(waiting.iter().map(|it| name(*it)).collect()));
    let there: HashSet<String> =
        store.fetch::<(String,)>(sql).await?.into_iter().map(|it| it.0).collect();
    let lost: Vec<SyncLogId> =
        waiting.into_iter().filter(|it| !there.contains(&name(*it))).collect();
    if lost.is_empty() {
        return Ok(0);
    }
    let txn = store.operator_txn(operator).await?;
    for run in &lost {
        push(&txn, *run).await?;
    }
    txn.commit().await?;
    Ok(lost.len() as u64)
}

/// Runs that have been scheduled for longer.
async fn waiting(store: &Store, since: DateTime<Utc>) -> Result<Vec<SyncLogId>, Error> {
    let mut sql = store.sql();
    sql.push("select sync_log_id from workspace_connector_sync_logs where ");
    sql.gate_as("enter_operator", "on".to_owned());
    sql.push("status in ('scheduled', 'in_progress') and deleted_at is null");
    sql.push(" and status = 'scheduled' and created_at < ").time(since).push(" limit 1000");
    Ok(store.fetch::<(Uuid,)>(sql).await?.into_iter().map(|it| SyncLogId(it.0)).collect())
}

/// Whether any worker has shown itself since then.
pub async fn is_served(store: &Store, since: DateTime<Utc>) -> Result<bool, Error> {
    let (_, workers) = tables(store.is_postgres());
    let mut sql = store.sql();
    sql.push("select cast(1 as bigint) from ").push(workers).push(" where last_seen >= ");
    seconds(&mut sql, since);
    sql.push(" limit 1");
    Ok(!store.fetch::<(i64,)>(sql).await?.is_empty())
}

/// A time as the queue has it.
fn seconds(sql: &mut Sql, time: DateTime<Utc>) {
    match sql.dialect {
        Dialect::Postgres => sql.time(time),
        Dialect::Sqlite => sql.number(time.timestamp()),
    };
}

async fn forget_workers(store: &Store, now: DateTime<Utc>) -> Result<(), Error> {
    let (jobs, workers) = tables(store.is_postgres());
    let mut sql = store.sql().writing();
    sql.push("delete from ").push(workers).push(" where last_seen < ");
    seconds(&mut sql, now - REMEMBERED);
    sql.push(" and not exists (select 1 from ").push(jobs);
    sql.push(" j where j.lock_by = ").push(workers).push(".id)");
    store.execute(sql).await.map(|_| ())
}

/// The key of a run's job: its id as the ULID that `apalis` wants to read.
fn name(run: SyncLogId) -> String {
    const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let bits = run.0.as_u128();
    (0..26)
        .rev()
        .map(|place| char::from(DIGITS[usize::try_from((bits >> (place * 5)) & 31).unwrap_or(0)]))
        .collect()
}
