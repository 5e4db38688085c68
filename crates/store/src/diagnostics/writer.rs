//! Group commit: rows that wait at the same moment share one statement and one commit.
//!
//! There are two writers, so that one gathers while the other's commit is on its way to the disk.
//! Rows of one connector go to one of them: what two transactions count is never the same, and
//! neither waits for the other's lock. Nobody waits for a batch to fill: an idle writer takes the
//! first row at once.

use std::sync::{Arc, LazyLock, Weak};

use domain::webhook::Event;
use metrics::counter;
use sqlx::postgres::PgArguments;
use sqlx::{Arguments, AssertSqlSafe};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::prune::{self, Errand};
use super::row::{Made, Prepared};
use super::tally::counts;
use crate::error::Error;
use crate::issues::{self, Count, Due};
use crate::postgres::Postgres;
use crate::raw::Raw;
use crate::sql::{Bind, FromBoth, Sql};
use crate::sqlite::Sqlite;
use crate::webhooks::outbox::{self, Of};
use crate::{Database, Inner, Store};

/// Most rows of one statement.
const BATCH: usize = 256;
const WRITERS: usize = 2;
/// Rows that wait for one writer; whoever brings more waits as well.
const WAITING: usize = 2048;

/// A row that waits for its commit.
pub(crate) struct Job {
    pub(super) row: Prepared,
    pub(super) reply: oneshot::Sender<(Prepared, Result<Made, Error>)>,
}

/// Where rows wait: a queue for each writer.
pub(crate) struct Queues([mpsc::Sender<Job>; WRITERS]);

pub(crate) type Waiting = [mpsc::Receiver<Job>; WRITERS];

impl Queues {
    pub(crate) fn new() -> (Self, Waiting) {
        let ((one, first), (other, second)) = (mpsc::channel(WAITING), mpsc::channel(WAITING));
        (Self([one, other]), [first, second])
    }

    /// An error: the writer has ended with the store.
    pub(super) async fn send(&self, job: Job) -> Result<(), mpsc::error::SendError<Job>> {
        let [one, other] = &self.0;
        let queue = if job.row.connector_pk % 2 == 0 { one } else { other };
        queue.send(job).await
    }
}

/// The writers and the pruner; they end when the last handle on the store is dropped.
pub(crate) fn spawn_background(store: &Store, waiting: Waiting, errands: mpsc::Receiver<Errand>) {
    for jobs in waiting {
        tokio::spawn(writer(Arc::downgrade(&store.0), jobs));
    }
    tokio::spawn(prune::pruner(Arc::downgrade(&store.0), errands));
}

async fn writer(store: Weak<Inner>, mut waiting: mpsc::Receiver<Job>) {
    let mut jobs = Vec::with_capacity(BATCH);
    loop {
        if waiting.recv_many(&mut jobs, BATCH).await == 0 {
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
        match write(store, &rows, counts(rows.iter().copied())).await {
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
pub(super) fn committed<'a>(store: &Store, rows: impl IntoIterator<Item = &'a Prepared>) {
    let mut count = 0;
    for row in rows {
        owe_prune(store, row);
        count += 1;
    }
    store.0.written.send_modify(|it| *it += count);
}

fn owe_prune(store: &Store, row: &Prepared) {
    counter!("wireline_diagnostics_written_total", "reason" => row.new.reason.as_str())
        .increment(1);
    let roll = store.settings().dice.roll();
    if let Some(before) = row.retention().prune_before(roll, row.now) {
        prune::owe(store, &row.tenant, row.connector_pk, before);
    }
}

/// Writes rows of any tenants in one transaction, and counts them into their issues; what was made
/// of each, in their order.
pub(super) async fn write(
    store: &Store,
    rows: &[&Prepared],
    counts: Vec<Count>,
) -> Result<Vec<Made>, Error> {
    let (made, due) = match store.database() {
        Database::Postgres(it) => write_postgres(it, rows, &counts).await?,
        Database::Sqlite(it) => write_sqlite(store, it, rows, &counts).await?,
    };
    if made.len() != rows.len() {
        // Row-level security hid the tenant: never seen, and nothing was written then.
        return Err(Error::NotFound("workspace"));
    }
    issues::review(store, due).await;
    Ok(made)
}

static INSERT: LazyLock<String> = LazyLock::new(|| {
    format!(
        "
with made as (insert into connector_sync_diagnostics (workspace_pk, workspace_connector_pk,
  sync_log_pk, target_model, tool_name, reason, http_status, detail, occurred_at, created_at,
  updated_at, context, fingerprint, idempotency_key, idempotency_hash)
select w, c, s, m::core_api.target_model_enum, t, r::core_api.sync_failure_reason_enum, h, d, o, n,
  n, x::jsonb, f, k, b
from unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[],
  $8::int[], $9::text[], $10::timestamptz[], $11::timestamptz[], $12::text[], $13::text[],
  $14::text[], $15::bytea[])
  as u (w, c, s, m, t, r, h, d, o, n, x, f, k, b)
where (select core_api.enter_to_write($1))
returning pk, diagnostic_id, workspace_pk, workspace_connector_pk, reason_code, created_at),
{},
{}
select diagnostic_id, null::bigint, null::bigint, null::text from made
union all
select null, pk, workspace_pk, fingerprint from issues where is_due",
        issues::BATCH.as_str(),
        outbox::BATCH.as_str()
    )
});

type Written = (Vec<Made>, Vec<Due>);

/// `returning` gives rows in the order in which `unnest` gave them: nothing sorts in between.
async fn write_postgres(
    postgres: &Postgres,
    rows: &[&Prepared],
    counts: &[Count],
) -> Result<Written, Error> {
    let unencodable = |source| Error::Database { source, sqlstate: None, constraint: None };
    let mut to = arguments(rows, counts).map_err(unencodable)?;
    issues::bind_batch(&mut to, counts).map_err(unencodable)?;
    let (mut made, mut due) = (Vec::with_capacity(rows.len()), Vec::new());
    for row in &postgres.fetch_with(INSERT.as_str(), to).await? {
        let raw = Raw(row);
        match raw.number(1)? {
            None => made.push(Made { diagnostic_id: raw.some(0, Raw::uuid)? }),
            Some(issue_pk) => {
                let (workspace_pk, fingerprint) =
                    (raw.some(2, Raw::number)?, raw.some(3, Raw::text)?);
                let same = |it: &&Count| {
                    it.tenant.workspace_pk == workspace_pk && it.fingerprint == fingerprint
                };
                due.extend(counts.iter().find(same).map(|it| it.due(issue_pk)));
            }
        }
    }
    Ok((made, due))
}

fn arguments(rows: &[&Prepared], counts: &[Count]) -> Result<PgArguments, crate::error::Source> {
    fn column<'a, T>(rows: &[&'a Prepared], of: impl Fn(&'a Prepared) -> T) -> Vec<T> {
        rows.iter().map(|it| of(it)).collect()
    }
    let mut tenants = column(rows, |it| it.tenant.workspace_pk);
    tenants.extend(counts.iter().map(|it| it.tenant.workspace_pk));
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
    to.add(column(rows, |it| it.idempotency.as_ref().map(|it| it.key.as_str())))?;
    to.add(column(rows, |it| it.idempotency.as_ref().map(|it| it.body_hash.as_slice())))?;
    Ok(to)
}

async fn write_sqlite(
    store: &Store,
    sqlite: &Sqlite,
    rows: &[&Prepared],
    counts: &[Count],
) -> Result<Written, Error> {
    let mut txn = sqlite.begin_plain().await?;
    let mut made = Vec::with_capacity(rows.len());
    let wants = outbox::wants_failures(store.sql()).for_sqlite()?;
    let wants = sqlx::query_with(AssertSqlSafe(wants.0), wants.1).fetch_optional(&mut *txn).await?;
    for row in rows {
        let id = fetch::<(Uuid,)>(&mut txn, single(store.sql(), row)).await?;
        made.push(Made { diagnostic_id: id.0 });
        if wants.is_some() && outbox::is_failure(row.new.reason) {
            let (of, event) = (Of::Connector(row.connector_pk), Event::DiagnosticFailure);
            let told = outbox::tell(store.sql(), &row.tenant, of, (event, id.0), row.now);
            execute(&mut txn, told).await?;
        }
    }
    let mut due = Vec::new();
    for count in counts {
        let upsert = issues::upsert(store.sql(), count);
        let (pk, generation, is_due) = fetch::<(i64, i64, i64)>(&mut txn, upsert).await?;
        if generation == 1 {
            let id = Uuid::new_v4();
            execute(&mut txn, issues::opened(store.sql(), count, (pk, id))).await?;
            let event = (Event::IssueOpened, id);
            let (tenant, now) = (&count.tenant, count.now);
            let told = outbox::tell(store.sql(), tenant, Of::Issue(pk), event, now);
            execute(&mut txn, told).await?;
        }
        for day in count.days() {
            execute(&mut txn, issues::count_day(store.sql(), count, day)).await?;
        }
        due.extend((is_due == 1).then(|| count.due(pk)));
    }
    txn.commit().await?;
    Ok((made, due))
}

type SqliteTxn = sqlx::Transaction<'static, sqlx::Sqlite>;

async fn fetch<T: FromBoth>(txn: &mut SqliteTxn, sql: Sql) -> Result<T, Error> {
    let (text, arguments) = sql.for_sqlite()?;
    let query = sqlx::query_as_with(AssertSqlSafe(text), arguments);
    Ok(query.fetch_one(&mut **txn).await?)
}

async fn execute(txn: &mut SqliteTxn, sql: Sql) -> Result<(), Error> {
    let (text, arguments) = sql.for_sqlite()?;
    sqlx::query_with(AssertSqlSafe(text), arguments).execute(&mut **txn).await?;
    Ok(())
}

/// One row as a statement of its own; answers its `diagnostic_id`, which is made here: SQLite has
/// nothing that makes one.
fn single(mut sql: Sql, row: &Prepared) -> Sql {
    sql.push(
        "insert into connector_sync_diagnostics (workspace_pk, workspace_connector_pk, \
         sync_log_pk, target_model, tool_name, reason, http_status, detail, occurred_at, \
         created_at, updated_at, context, fingerprint, idempotency_key, idempotency_hash, \
         diagnostic_id) values (",
    );
    sql.number(row.tenant.workspace_pk).push(", ").number(row.connector_pk).push(", ");
    sql.bind(Bind::Number(row.run_pk)).push(", ");
    sql.text_bind(row.new.target_model.as_str()).push(", ");
    sql.bind(Bind::Text(row.new.tool_name.clone())).push(", ");
    sql.text_bind(row.new.reason.as_str()).push(", ");
    sql.bind(Bind::Number(row.status().map(i64::from))).push(", ");
    sql.text_bind(row.new.detail.as_str()).push(", ");
    sql.time(row.occurred_at).push(", ").time(row.now).push(", ").time(row.now).push(", ");
    sql.bind(Bind::Text(row.context.clone())).push(", ");
    sql.text_bind(row.fingerprint.as_str()).push(", ");
    sql.bind(Bind::Text(row.idempotency.as_ref().map(|it| it.key.clone()))).push(", ");
    match &row.idempotency {
        Some(it) => sql.bind(Bind::Bytes(it.body_hash.to_vec())),
        None => sql.push("null"),
    };
    sql.push(", ").bind(Bind::Id(Uuid::new_v4())).push(") returning diagnostic_id");
    sql
}
