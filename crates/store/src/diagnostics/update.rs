//! Changing a row, and taking it out of sight.

use chrono::{DateTime, Utc};
use domain::diagnostic::{NewDiagnostic, Patch};
use domain::id::DiagnosticId;
use domain::{Diagnostic, time::to_millis};

use super::row::{COLUMNS, Row};
use super::{filter, find, resolve};
use crate::Store;
use crate::error::Error;
use crate::sql::Bind;
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
    if let Some(fingerprint) = fingerprint(&current, &patch) {
        sql.push(", fingerprint = ").text_bind(fingerprint);
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
    sql.push(" and diagnostic_id = ").bind(Bind::Id(id.0)).push(" returning ").push(COLUMNS);
    let rows = store.fetch::<Row>(sql).await?;
    resolve::diagnostic(store, tenant, rows).await
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

/// The issue that the changed row belongs to, if the patch moves it to another. What the row was
/// about beyond its tool is not kept beside it, and does not count any more.
fn fingerprint(current: &Diagnostic, patch: &Patch) -> Option<String> {
    let target_model = patch.target_model.unwrap_or(current.target_model);
    let reason = patch.reason.unwrap_or(current.reason);
    let tool_name = patch.tool_name.clone().unwrap_or_else(|| current.tool_name.clone());
    let is_moved = target_model != current.target_model
        || reason != current.reason
        || tool_name != current.tool_name;
    is_moved.then(|| {
        NewDiagnostic {
            workspace_connector: current.workspace_connector,
            target_model,
            tool_name,
            reason,
            http_status: None,
            detail: String::new(),
            occurred_at: None,
            sync_log: None,
            context: current.context.clone(),
            subject: None,
        }
        .fingerprint()
    })
}
