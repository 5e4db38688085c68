//! What is sent: the event, when it was, and what it is of. Names and counts; what people wrote in
//! records stays here.

use chrono::{DateTime, Utc};
use domain::id::{DiagnosticId, SyncIssueId, SyncLogId};
use domain::time::rfc3339;
use domain::webhook::Event;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::error::Error;
use crate::sql::Bind;
use crate::{Store, Tenant, cell, diagnostics, issues, sync_logs};

/// The body. What is gone by now is named all the same: `data` then has its id alone.
pub(super) async fn of(
    store: &Store,
    tenant: &Tenant,
    event: Event,
    subject: Uuid,
    (at, now): (DateTime<Utc>, DateTime<Utc>),
) -> Result<String, Error> {
    let data = match event {
        Event::RunCompleted => run(store, tenant, subject).await,
        Event::DiagnosticFailure => diagnostic(store, tenant, subject, now).await,
        Event::IssueOpened
        | Event::IssueEscalating
        | Event::IssueMuted
        | Event::IssueResolved
        | Event::IssueRegressed => issue(store, tenant, subject).await,
        Event::Test => Ok(json!({ "webhook_endpoint_id": subject })),
    };
    let data = match data {
        Ok(data) => data,
        Err(Error::NotFound(_)) => json!({ "id": subject, "is_gone": true }),
        Err(error) => return Err(error),
    };
    let workspace = tenant.workspace;
    let body = json!({
        "type": event, "timestamp": rfc3339(at), "workspace_id": workspace, "data": data,
    });
    Ok(body.to_string())
}

async fn run(store: &Store, tenant: &Tenant, id: Uuid) -> Result<Value, Error> {
    let it = sync_logs::find(store, tenant, SyncLogId(id)).await?;
    let member = |name: &str| it.metadata.as_ref().and_then(|all| all.get(name)).cloned();
    Ok(json!({
        "sync_log_id": it.sync_log_id,
        "workspace_connector_id": it.workspace_connector,
        "status": it.status,
        "trigger_type": it.trigger,
        "started_at": it.started_at.map(rfc3339),
        "completed_at": it.completed_at.map(rfc3339),
        "error": it.error,
        "outcome": member("outcome"),
        "ingested": member("ingested"),
        "dropped": member("dropped"),
        "waiting": member("waiting"),
        "link": format!("/v1/workspace-connector-sync-logs/{}", it.sync_log_id),
    }))
}

async fn diagnostic(
    store: &Store,
    tenant: &Tenant,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<Value, Error> {
    let it = diagnostics::find(store, tenant, DiagnosticId(id), now).await?;
    Ok(json!({
        "diagnostic_id": it.diagnostic_id,
        "workspace_connector_id": it.workspace_connector,
        "sync_log_id": it.sync_log,
        "sync_issue_id": it.issue(),
        "target_model": it.target_model,
        "tool_name": it.tool_name,
        "reason": it.reason,
        "impact": it.impact(),
        "http_status": it.http_status,
        "detail": it.detail,
        "occurred_at": rfc3339(it.occurred_at),
        "link": format!("/v1/connector-sync-diagnostics/{}", it.diagnostic_id),
    }))
}

/// `id`: of the transition.
async fn issue(store: &Store, tenant: &Tenant, id: Uuid) -> Result<Value, Error> {
    let mut sql = store.sql();
    sql.push("select i.sync_issue_id, t.from_state, t.to_state, t.cause, t.run ");
    sql.push("from sync_issue_transitions t join sync_issues i on i.pk = t.sync_issue_pk");
    cell::of_tenant(&mut sql, tenant, "t.workspace_pk");
    sql.push(" and t.sync_issue_transition_id = ").bind(Bind::Id(id));
    type Found = (Uuid, Option<String>, String, String, Option<Uuid>);
    let found = store.fetch::<Found>(sql).await?.into_iter().next();
    let (issue, from, to, cause, run) = found.ok_or(Error::NotFound("sync_issue"))?;
    let it = issues::find(store, tenant, SyncIssueId(issue)).await?;
    Ok(json!({
        "sync_issue_id": it.id,
        "from": from,
        "to": to,
        "cause": cause,
        "sync_log_id": run,
        "workspace_connector_id": it.connector,
        "target_model": it.target_model,
        "tool_name": it.tool_name,
        "reason": it.reason,
        "impact": it.impact,
        "subject": it.subject,
        "count": it.count,
        "affected_records": it.affected_records,
        "link": format!("/v1/sync-issues/{}", it.id),
    }))
}
