//! Group commit: rows that wait at the same moment share one statement and one commit.
//!
//! Two writers take turns at the queue: one gathers while the other's commit is on its way to the
//! disk. Nobody waits for a batch to fill: an idle writer takes the first row at once.

use std::sync::{Arc, Weak};

use metrics::counter;
use sqlx::Arguments;
use sqlx::postgres::PgArguments;
use tokio::sync::{Mutex, mpsc, oneshot};
use uuid::Uuid;

use super::insert::single;
use super::prune::{self, Errand};
use super::row::{Made, Prepared};
use crate::error::Error;
use crate::postgres::Postgres;
use crate::raw::Raw;
use crate::sqlite::Sqlite;
use crate::{Database, Inner, Store};

/// Most rows of one statement.
const BATCH: usize = 256;
const WRITERS: usize = 2;

/// A row that waits for its commit.
pub(crate) struct Job {
    pub(super) row: Prepared,
    pub(super) reply: oneshot::Sender<(Prepared, Result<Made, Error>)>,
}

type Queue = Arc<Mutex<mpsc::Receiver<Job>>>;

/// The writers and the pruner; they end when the last handle on the store is dropped.
pub(crate) fn spawn_background(
    store: &Store,
    jobs: mpsc::Receiver<Job>,
    errands: mpsc::Receiver<Errand>,
) {
    let queue: Queue = Arc::new(Mutex::new(jobs));
    for _ in 0..WRITERS {
        tokio::spawn(writer(Arc::downgrade(&store.0), queue.clone()));
    }
    tokio::spawn(prune::pruner(Arc::downgrade(&store.0), errands));
}

async fn writer(store: Weak<Inner>, queue: Queue) {
    let mut jobs = Vec::with_capacity(BATCH);
    loop {
        if queue.lock().await.recv_many(&mut jobs, BATCH).await == 0 {
            return;
        }
        // Gone: the callers learn it when their reply is dropped.
        let Some(inner) = store.upgrade() else { return };
        settle(&Store(inner), std::mem::take(&mut jobs)).await;
    }
}

/// Writes the jobs of one gathering. If the database refuses the statement, its halves are tried,
/// down to the row at fault.
async fn settle(store: &Store, jobs: Vec<Job>) {
    let mut left = vec![jobs];
    while let Some(mut jobs) = left.pop() {
        let rows: Vec<&Prepared> = jobs.iter().map(|it| &it.row).collect();
        match write(store, &rows).await {
            Ok(made) => {
                for row in rows {
                    owe_prune(store, row);
                }
                let count = jobs.len() as u64;
                store.0.written.send_modify(|it| *it += count);
                for (job, made) in jobs.into_iter().zip(made) {
                    answer(job, Ok(made));
                }
            }
            Err(error) if jobs.len() == 1 => {
                if let Some(job) = jobs.pop() {
                    answer(job, Err(error));
                }
            }
            Err(Error::Busy(source)) => {
                // Whether the commit happened is not known: nothing is tried twice.
                let text = source.to_string();
                for job in jobs {
                    answer(job, Err(Error::Busy(text.clone().into())));
                }
            }
            Err(error) => {
                tracing::debug!(%error, rows = jobs.len(), "a batch was refused: trying its halves");
                let second = jobs.split_off(jobs.len() / 2);
                left.push(second);
                left.push(jobs);
            }
        }
    }
}

/// A caller that went away has nothing to be told.
fn answer(job: Job, made: Result<Made, Error>) {
    drop(job.reply.send((job.row, made)));
}

/// What follows a commit: streams are told, and the dice are rolled for each row.
pub(super) fn committed(store: &Store, rows: &[Prepared]) {
    for row in rows {
        owe_prune(store, row);
    }
    store.0.written.send_modify(|it| *it += rows.len() as u64);
}

fn owe_prune(store: &Store, row: &Prepared) {
    counter!("wireline_diagnostics_written_total", "reason" => row.new.reason.as_str())
        .increment(1);
    let roll = store.settings().dice.roll();
    if let Some(before) = row.retention().prune_before(roll, row.now) {
        prune::owe(store, &row.tenant, row.connector_pk, before);
    }
}

/// Writes rows of any tenants in one transaction; what was made of each, in their order.
pub(super) async fn write(store: &Store, rows: &[&Prepared]) -> Result<Vec<Made>, Error> {
    let made = match store.database() {
        Database::Postgres(it) => write_postgres(it, rows).await?,
        Database::Sqlite(it) => write_sqlite(store, it, rows).await?,
    };
    if made.len() == rows.len() {
        return Ok(made);
    }
    // Row-level security hid the tenant: never seen, and nothing was written then.
    Err(Error::NotFound("workspace"))
}

const INSERT: &str = "
insert into connector_sync_diagnostics (workspace_pk, workspace_connector_pk, sync_log_pk,
  target_model, tool_name, reason, http_status, detail, occurred_at, created_at, updated_at,
  context, fingerprint)
select w, c, s, m::core_api.target_model_enum, t, r::core_api.sync_failure_reason_enum, h, d, o, n,
  n, x::jsonb, f
from unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[],
  $8::int[], $9::text[], $10::timestamptz[], $11::timestamptz[], $12::text[], $13::text[])
  as u (w, c, s, m, t, r, h, d, o, n, x, f)
where (select core_api.enter_to_write($1))
returning diagnostic_id";

/// `returning` gives rows in the order in which `unnest` gave them: nothing sorts in between.
async fn write_postgres(postgres: &Postgres, rows: &[&Prepared]) -> Result<Vec<Made>, Error> {
    let arguments = arguments(rows).map_err(|source| Error::Database {
        source,
        sqlstate: None,
        constraint: None,
    })?;
    let made = postgres.fetch_with(INSERT, arguments).await?;
    let made = made.iter().map(|row| Ok(Made { diagnostic_id: Raw(row).some(0, Raw::uuid)? }));
    made.collect()
}

fn arguments(rows: &[&Prepared]) -> Result<PgArguments, crate::error::Source> {
    fn column<'a, T>(rows: &[&'a Prepared], of: impl Fn(&'a Prepared) -> T) -> Vec<T> {
        rows.iter().map(|it| of(it)).collect()
    }
    let mut tenants = column(rows, |it| it.tenant.workspace_pk);
    tenants.sort_unstable();
    tenants.dedup();
    let tenants: Vec<String> = tenants.iter().map(i64::to_string).collect();
    let mut to = PgArguments::default();
    to.add(tenants.join(","))?;
    to.add(column(rows, |it| it.tenant.workspace_pk))?;
    to.add(column(rows, |it| it.connector_pk))?;
    to.add(column(rows, |it| it.run_pk))?;
    to.add(column(rows, |it| it.new.target_model.as_str()))?;
    to.add(column(rows, |it| it.new.tool_name.as_deref()))?;
    to.add(column(rows, |it| it.new.reason.as_str()))?;
    to.add(column(rows, |it| it.status()))?;
    to.add(column(rows, |it| it.new.detail.as_str()))?;
    to.add(column(rows, |it| it.occurred_at))?;
    to.add(column(rows, |it| it.now))?;
    to.add(column(rows, |it| it.context.as_deref()))?;
    to.add(column(rows, |it| it.fingerprint.as_str()))?;
    Ok(to)
}

async fn write_sqlite(
    store: &Store,
    sqlite: &Sqlite,
    rows: &[&Prepared],
) -> Result<Vec<Made>, Error> {
    let mut txn = sqlite.begin_plain().await?;
    let mut made = Vec::with_capacity(rows.len());
    for row in rows {
        let (text, arguments) = single(store, row, None).for_sqlite()?;
        let id: (Uuid,) =
            sqlx::query_as_with(sqlx::AssertSqlSafe(text), arguments).fetch_one(&mut *txn).await?;
        made.push(Made { diagnostic_id: id.0 });
    }
    txn.commit().await?;
    Ok(made)
}
