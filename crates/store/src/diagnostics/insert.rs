//! Writing: one row (sharing its statement with whoever waits as well), one row at most once, and
//! many at once.

use chrono::{DateTime, Duration, Utc};
use domain::diagnostic::NewDiagnostic;
use domain::{Diagnostic, time::to_millis};
use tokio::sync::oneshot;

use super::resolve;
use super::row::{COLUMNS, Made, Prepared, Row};
use super::writer::{self, Job};
use crate::Store;
use crate::error::{Broken, Error};
use crate::sql::{Bind, Sql};
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
    store.0.writer.send(Job { row, reply }).await.map_err(|_gone| closed())?;
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
    let row = prepare(store, tenant, 0, new, now).await?;
    // Twice: a key that another request took, or that has run out, shows in the first attempt.
    for is_last in [false, true] {
        if let Some(first) = replayed(store, tenant, row.connector_pk, idempotency, now).await? {
            return Ok((first, true));
        }
        let sql = single(store, &row, Some(idempotency));
        match store.fetch::<(uuid::Uuid,)>(sql).await {
            Ok(made) => {
                let made = made.first().ok_or(Error::NotFound("workspace"))?;
                writer::committed(store, std::slice::from_ref(&row));
                return Ok((row.into_diagnostic(Made { diagnostic_id: made.0 }), false));
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
    if news.len() > MANY_MAX {
        let detail = format!("has {} rows; at most {MANY_MAX} are taken at once", news.len());
        return Err(Error::invalid(MANY_MAX, "data", &detail));
    }
    let mut rows = Vec::with_capacity(news.len());
    for (index, new) in news.into_iter().enumerate() {
        rows.push(prepare(store, tenant, index, new, now).await?);
    }
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    match writer::write(store, &rows.iter().collect::<Vec<_>>()).await {
        Ok(made) => {
            writer::committed(store, &rows);
            Ok(rows.into_iter().zip(made).map(|(row, made)| row.into_diagnostic(made)).collect())
        }
        Err(error) => Err(blame(store, tenant, &rows, error).await),
    }
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
        new,
    })
}

/// One row as a statement of its own; answers its `diagnostic_id`.
pub(super) fn single(store: &Store, row: &Prepared, idempotency: Option<&Idempotency>) -> Sql {
    let is_postgres = store.is_postgres();
    let mut sql = store.sql().writing();
    sql.push(
        "insert into connector_sync_diagnostics (workspace_pk, workspace_connector_pk, \
         sync_log_pk, target_model, tool_name, reason, http_status, detail, occurred_at, \
         created_at, updated_at, context, fingerprint, idempotency_key, idempotency_hash",
    );
    // The database makes the id where it can.
    sql.push(if is_postgres { ") select " } else { ", diagnostic_id) select " });
    sql.number(row.tenant.workspace_pk).push(", ").number(row.connector_pk).push(", ");
    sql.bind(Bind::Number(row.run_pk)).push(", ");
    sql.word(row.new.target_model.as_str(), "target_model_enum").push(", ");
    sql.bind(Bind::Text(row.new.tool_name.clone())).push(", ");
    sql.word(row.new.reason.as_str(), "sync_failure_reason_enum").push(", ");
    sql.bind(Bind::Number(row.status().map(i64::from))).push(", ");
    sql.text_bind(row.new.detail.as_str()).push(", ");
    sql.time(row.occurred_at).push(", ").time(row.now).push(", ").time(row.now).push(", ");
    sql.bind(Bind::Text(row.context.clone())).push(if is_postgres { "::jsonb, " } else { ", " });
    sql.text_bind(row.fingerprint.as_str()).push(", ");
    sql.bind(Bind::Text(idempotency.map(|it| it.key.clone()))).push(", ");
    match idempotency {
        Some(it) => sql.bind(Bind::Bytes(it.body_hash.to_vec())),
        None => sql.push("null"),
    };
    if !is_postgres {
        sql.push(", ").bind(Bind::Id(uuid::Uuid::new_v4()));
    }
    sql.push(" where ").gate_as("enter_to_write", row.tenant.entry());
    sql.push("1 = 1 returning diagnostic_id");
    sql
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
async fn blame(store: &Store, tenant: &Tenant, rows: &[Prepared], error: Error) -> Error {
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
