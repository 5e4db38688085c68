//! Changing a row, and taking it out of sight.

use chrono::{DateTime, Utc};
use domain::diagnostic::{NewDiagnostic, Patch};
use domain::id::DiagnosticId;
use domain::{Diagnostic, time::to_millis};

use super::row::{COLUMNS, Prepared, Row};
use super::tally::counts;
use super::{filter, find, resolve};
use crate::Store;
use crate::error::Error;
use crate::issues;
use crate::sql::{Bind, Sql, fetch_in};
use crate::tenant::Tenant;

/// Changes what the patch names; `updated_at` moves.
pub async fn update(
    store: &Store,
    tenant: &Tenant,
    id: DiagnosticId,
    patch: Patch,
    now: DateTime<Utc>,
) -> Result<Diagnostic, Error> {
    let current = find(store, tenant, id, now).await?;
    let mut sql = store.sql().writing();
    sql.push("update connector_sync_diagnostics set updated_at = ").time(to_millis(now));
    let moved = moved(&current, &patch);
    if let Some(moved) = &moved {
        sql.push(", fingerprint = ").text_bind(moved.fingerprint());
    }
    if let Some(model) = patch.target_model {
        sql.push(", target_model = ").word(model.as_str(), "target_model_enum");
    }
    if let Some(tool_name) = patch.tool_name {
        sql.push(", tool_name = ").bind(Bind::Text(tool_name));
    }
    if let Some(reason) = patch.reason {
        sql.push(", reason = ").word(reason.as_str(), "sync_failure_reason_enum");
    }
    if let Some(status) = patch.http_status {
        sql.push(", http_status = ").bind(Bind::Number(status.map(i64::from)));
    }
    if let Some(detail) = patch.detail {
        sql.push(", detail = ").text_bind(detail);
    }
    filter::live(&mut sql, tenant, now);
    sql.push(" and diagnostic_id = ").bind(Bind::Id(id.0));
    if moved.is_some() {
        // Of two that move one row at once, the second would move what is not there any more.
        sql.push(" and fingerprint = ").text_bind(current.fingerprint.as_str());
    }
    sql.push(" returning ").push(COLUMNS);
    let rows = match moved {
        None => store.fetch::<Row>(sql).await?,
        Some(moved) => move_to_another(store, tenant, (&current, moved), sql, now).await?,
    };
    resolve::diagnostic(store, tenant, rows).await
}

/// Changes the row, and counts it for the issue that it belongs to now instead of the one before.
async fn move_to_another(
    store: &Store,
    tenant: &Tenant,
    (before, moved): (&Diagnostic, NewDiagnostic),
    sql: Sql,
    now: DateTime<Utc>,
) -> Result<Vec<Row>, Error> {
    let txn = store.tenant_txn(tenant).await?;
    let rows = fetch_in::<Row>(&txn, sql).await?;
    let mut due = None;
    if let Some(row) = rows.first() {
        let prepared = Prepared {
            tenant: tenant.clone(),
            connector_pk: row.connector_pk,
            run_pk: row.run_pk,
            occurred_at: before.occurred_at,
            now: to_millis(now),
            context: None,
            fingerprint: moved.fingerprint(),
            idempotency: None,
            new: moved,
        };
        let count = counts([&prepared]).pop();
        let from = (before.fingerprint.as_str(), before.occurred_at);
        due = issues::moved(store, &txn, tenant, from, count.as_ref()).await?;
    }
    txn.commit().await?;
    issues::review(store, due.into_iter().collect()).await;
    Ok(rows)
}

/// Soft: the row is out of every answer, and its retention removes it.
pub async fn delete(
    store: &Store,
    tenant: &Tenant,
    id: DiagnosticId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let mut sql = store.sql().writing();
    let now_stored = to_millis(now);
    sql.push("update connector_sync_diagnostics set deleted_at = ").time(now_stored);
    sql.push(", updated_at = ").time(now_stored);
    filter::live(&mut sql, tenant, now);
    sql.push(" and diagnostic_id = ").bind(Bind::Id(id.0));
    match store.execute(sql).await? {
        0 => Err(Error::NotFound("diagnostic")),
        _ => Ok(()),
    }
}

/// The changed row, if the patch moves it to another issue. What the row was about beyond its tool is
/// not kept beside it, and does not count any more.
fn moved(current: &Diagnostic, patch: &Patch) -> Option<NewDiagnostic> {
    let target_model = patch.target_model.unwrap_or(current.target_model);
    let reason = patch.reason.unwrap_or(current.reason);
    let tool_name = patch.tool_name.clone().unwrap_or_else(|| current.tool_name.clone());
    let is_moved = target_model != current.target_model
        || reason != current.reason
        || tool_name != current.tool_name;
    is_moved.then(|| NewDiagnostic {
        workspace_connector: current.workspace_connector,
        target_model,
        tool_name,
        reason,
        http_status: None,
        detail: String::new(),
        occurred_at: Some(current.occurred_at),
        sync_log: current.sync_log,
        context: current.context.clone(),
        subject: None,
    })
}
