//! Writing: one row (sharing its statement with whoever waits as well), one row at most once, and
//! many at once.

use chrono::{DateTime, Duration, Utc};
use domain::diagnostic::NewDiagnostic;
use domain::{Diagnostic, time::to_millis};
use tokio::sync::oneshot;

use super::resolve;
use super::row::{COLUMNS, Prepared, Row};
use super::tally::counts;
use super::writer::{self, Job};
use crate::Store;
use crate::error::{Broken, Error};
use crate::sql::Sql;
use crate::tenant::Tenant;

/// How long a key answers for its first body.
const REPLAYED_FOR: Duration = Duration::hours(24);
/// Most rows of one call.
const MANY_MAX: usize = 1_000;

/// What makes a request one request, however often it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    pub key: String,
    /// Of the body as it came.
    pub body_hash: [u8; 32],
}

/// Returns when the row is committed. Rows of other callers that wait at the same moment share
/// the statement and the commit; a row that cannot be taken fails alone.
pub async fn insert(
    store: &Store,
    tenant: &Tenant,
    new: NewDiagnostic,
    now: DateTime<Utc>,
) -> Result<Diagnostic, Error> {
    let row = prepare(store, tenant, 0, new, now).await?;
    let (reply, answer) = oneshot::channel();
    store.0.queues.send(Job { row, reply }).await.map_err(|_gone| closed())?;
    let (row, made) = answer.await.map_err(|_gone| closed())?;
    match made {
        Ok(made) => Ok(row.into_diagnostic(made)),
        Err(error) => Err(blame(store, tenant, std::slice::from_ref(&row), error).await),
    }
}

/// The row, and whether it was there already. A key seen with another body is a conflict.
pub async fn insert_once(
    store: &Store,
    tenant: &Tenant,
    new: NewDiagnostic,
    idempotency: &Idempotency,
    now: DateTime<Utc>,
) -> Result<(Diagnostic, bool), Error> {
    let mut row = prepare(store, tenant, 0, new, now).await?;
    row.idempotency = Some(idempotency.clone());
    // Twice: a key that another request took, or that has run out, shows in the first attempt.
    for is_last in [false, true] {
        if let Some(first) = replayed(store, tenant, row.connector_pk, idempotency, now).await? {
            return Ok((first, true));
        }
        match writer::write(store, &[&row], counts([&row])).await {
            Ok(made) => {
                let made = made.first().copied().ok_or(Error::NotFound("workspace"))?;
                writer::committed(store, std::slice::from_ref(&row));
                return Ok((row.into_diagnostic(made), false));
            }
            Err(error) if error.broken() == Some(Broken::Unique) && !is_last => {
                release(store, tenant, row.connector_pk, idempotency, now).await?;
            }
            Err(error) => {
                let error = error.or_conflict("diagnostic", "Idempotency-Key");
                return Err(blame(store, tenant, &[row], error).await);
            }
        }
    }
    Err(Error::Conflict { what: "diagnostic", field: "Idempotency-Key" })
}

/// All of them or none, in one statement.
pub async fn insert_many(
    store: &Store,
    tenant: &Tenant,
    news: Vec<NewDiagnostic>,
    now: DateTime<Utc>,
) -> Result<Vec<Diagnostic>, Error> {
    let rows = prepare_many(store, tenant, news, now).await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    match writer::write(store, &rows.iter().collect::<Vec<_>>(), counts(&rows)).await {
        Ok(made) => {
            writer::committed(store, &rows);
            Ok(rows.into_iter().zip(made).map(|(row, made)| row.into_diagnostic(made)).collect())
        }
        Err(error) => Err(blame(store, tenant, &rows, error).await),
    }
}

pub(super) async fn prepare_many(
    store: &Store,
    tenant: &Tenant,
    news: Vec<NewDiagnostic>,
    now: DateTime<Utc>,
) -> Result<Vec<Prepared>, Error> {
    if news.len() > MANY_MAX {
        let detail = format!("has {} rows; at most {MANY_MAX} are taken at once", news.len());
        return Err(Error::invalid(MANY_MAX, "data", &detail));
    }
    let mut rows = Vec::with_capacity(news.len());
    for (index, new) in news.into_iter().enumerate() {
        rows.push(prepare(store, tenant, index, new, now).await?);
    }
    Ok(rows)
}

async fn prepare(
    store: &Store,
    tenant: &Tenant,
    index: usize,
    mut new: NewDiagnostic,
    now: DateTime<Utc>,
) -> Result<Prepared, Error> {
    let connector_pk = resolve::connector_pk(store, tenant, new.workspace_connector)
        .await?
        .ok_or_else(|| no_connector(index))?;
    let run_pk = match new.sync_log {
        None => None,
        Some(id) => Some(resolve::run_pk(store, tenant, id).await?.ok_or_else(|| no_run(index))?),
    };
    let now = to_millis(now);
    let occurred_at = to_millis(new.occurred_at.unwrap_or(now));
    new.occurred_at = Some(occurred_at);
    Ok(Prepared {
        tenant: tenant.clone(),
        connector_pk,
        run_pk,
        occurred_at,
        now,
        // PostgreSQL's jsonb cannot hold NUL, and the driver would send it.
        context: new.context.as_ref().map(|it| it.to_string().replace("\\u0000", "\\ufffd")),
        fingerprint: new.fingerprint(),
        idempotency: None,
        new,
    })
}

/// The row that this key stands for, if the body is the same.
async fn replayed(
    store: &Store,
    tenant: &Tenant,
    connector_pk: i64,
    idempotency: &Idempotency,
    now: DateTime<Utc>,
) -> Result<Option<Diagnostic>, Error> {
    let mut sql = store.sql();
    sql.push("select pk, idempotency_hash from connector_sync_diagnostics where ");
    keyed(&mut sql, tenant, connector_pk, idempotency);
    sql.push(" and created_at > ").time(to_millis(now - REPLAYED_FOR));
    let Some((pk, hash)) = store.fetch::<(i64, Vec<u8>)>(sql).await?.into_iter().next() else {
        return Ok(None);
    };
    if hash != idempotency.body_hash {
        return Err(Error::Conflict { what: "request", field: "Idempotency-Key" });
    }
    let mut sql = store.sql();
    sql.push("select ").push(COLUMNS).push(" from connector_sync_diagnostics where ").gate(tenant);
    sql.push("pk = ").number(pk).push(" and workspace_pk = ").number(tenant.workspace_pk);
    let rows = store.fetch::<Row>(sql).await?;
    let mut found = resolve::diagnostics(store, tenant, rows).await?;
    Ok(found.pop().map(|it| it.0))
}

/// A key that has run out is free again.
async fn release(
    store: &Store,
    tenant: &Tenant,
    connector_pk: i64,
    idempotency: &Idempotency,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let mut sql = store.sql().writing();
    sql.push("update connector_sync_diagnostics set idempotency_key = null where ");
    keyed(&mut sql, tenant, connector_pk, idempotency);
    sql.push(" and created_at <= ").time(to_millis(now - REPLAYED_FOR));
    store.execute(sql).await.map(|_| ())
}

fn keyed(sql: &mut Sql, tenant: &Tenant, connector_pk: i64, idempotency: &Idempotency) {
    sql.gate(tenant).push("workspace_connector_pk = ").number(connector_pk);
    sql.push(" and workspace_pk = ").number(tenant.workspace_pk);
    sql.push(" and idempotency_key = ").text_bind(idempotency.key.as_str());
}

/// Turns a broken foreign key into the row and member at fault: what a cache believed in has
/// been deleted meanwhile.
pub(super) async fn blame(
    store: &Store,
    tenant: &Tenant,
    rows: &[Prepared],
    error: Error,
) -> Error {
    if error.broken() != Some(Broken::Foreign) {
        return error;
    }
    for (index, row) in rows.iter().enumerate() {
        store.caches().forget_connector(row.new.workspace_connector);
        match resolve::connector_pk(store, tenant, row.new.workspace_connector).await {
            Ok(Some(_)) => {}
            Ok(None) => return no_connector(index),
            Err(error) => return error,
        }
        let Some(run) = row.new.sync_log else { continue };
        store.caches().forget_run(run);
        match resolve::run_pk(store, tenant, run).await {
            Ok(Some(_)) => {}
            Ok(None) => return no_run(index),
            Err(error) => return error,
        }
    }
    error
}

fn no_connector(index: usize) -> Error {
    Error::invalid(index, "workspace_connector", "names no connector of this workspace")
}

fn no_run(index: usize) -> Error {
    Error::invalid(index, "sync_log", "names no run of this workspace")
}

fn closed() -> Error {
    sqlx::Error::PoolClosed.into()
}
