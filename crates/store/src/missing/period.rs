//! What is missing of a model in a period.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::id::{SyncLogId, WorkspaceConnectorId};
use domain::missing::{Gone, Looked, Period, PeriodRun, Verdict};
use domain::reference::Parent;
use domain::{Reason, TargetModel};
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

use super::{Searched, connectors, runs};
use crate::error::Error;
use crate::sql::Sql;
use crate::{Store, Tenant, cell};

/// Most runs, and most records of each kind, that an answer lists.
const LISTED: usize = 200;

/// Where and when is looked.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    pub model: TargetModel,
    /// None: every connector of the workspace.
    pub connector: Option<WorkspaceConnectorId>,
    pub since: DateTime<Utc>,
    pub until: DateTime<Utc>,
}

/// The runs that began in a period, and the records that runs of it saw and that are not stored to
/// this day: at most 200 of each, the newest first.
pub async fn within(
    store: &Store,
    tenant: &Tenant,
    span: Span,
    now: DateTime<Utc>,
) -> Result<Period, Error> {
    let connectors = connectors(store, tenant, span.connector).await?;
    if span.connector.is_some() && connectors.is_empty() {
        return Err(Error::NotFound("workspace_connector"));
    }
    let ids: BTreeMap<i64, WorkspaceConnectorId> =
        connectors.iter().map(|it| (it.0, WorkspaceConnectorId(it.1))).collect();
    let searched =
        Searched { store, tenant, model: span.model, pks: ids.keys().copied().collect() };
    let begun = begun(&searched, span).await?;
    let looked = runs::looked(&searched, begun, now).await?;
    let mut records = waiting(&searched, span, &ids).await?;
    records.extend(rejected(&searched, span, &ids).await?);
    records.sort_by_key(|it| std::cmp::Reverse(it.seen_at));
    let is_cut = records.len() > LISTED;
    records.truncate(LISTED);
    Ok(Period {
        target_model: span.model,
        since: span.since,
        until: span.until,
        runs: in_order(looked, &ids),
        records,
        is_cut,
    })
}

fn in_order(
    looked: BTreeMap<i64, Vec<Looked>>,
    ids: &BTreeMap<i64, WorkspaceConnectorId>,
) -> Vec<PeriodRun> {
    let each = looked.into_iter().filter_map(|(pk, runs)| Some((*ids.get(&pk)?, runs)));
    let mut runs: Vec<PeriodRun> =
        each.flat_map(|(of, runs)| runs.into_iter().map(move |it| run(of, &it))).collect();
    runs.sort_by_key(|it| std::cmp::Reverse(it.run.started_at));
    runs
}

fn run(workspace_connector: WorkspaceConnectorId, it: &Looked) -> PeriodRun {
    let mut reasons: Vec<Reason> = it.noted.iter().map(|it| it.reason).collect();
    reasons.sort_unstable();
    reasons.dedup();
    PeriodRun { workspace_connector, run: it.seen(), error: it.error.clone(), reasons }
}

async fn begun(it: &Searched<'_>, span: Span) -> Result<Vec<runs::Run>, Error> {
    let mut sql = it.store.sql();
    sql.push("select ").push(runs::COLUMNS).push(" from workspace_connector_sync_logs l");
    cell::of_tenant(&mut sql, it.tenant, "l.workspace_pk");
    sql.push(" and ").any("l.workspace_connector_pk", it.connectors());
    sql.push(" and l.created_at >= ").time(span.since);
    sql.push(" and l.created_at <= ").time(span.until);
    sql.push(" and l.status in ('success', 'error') and l.deleted_at is null");
    sql.push(&format!(" order by l.created_at desc, l.pk desc limit {LISTED}"));
    it.store.fetch(sql).await
}

/// connector, external id, known as, tool, parents, last run, seen at
type Waits = (i64, String, Option<String>, String, Json<Value>, Uuid, DateTime<Utc>);
/// connector, external id, known as, tool, reason, field, cause, last run, seen at
type Rejects =
    (i64, Option<String>, Option<String>, String, String, String, String, Uuid, DateTime<Utc>);

async fn waiting(
    it: &Searched<'_>,
    span: Span,
    ids: &BTreeMap<i64, WorkspaceConnectorId>,
) -> Result<Vec<Gone>, Error> {
    let columns = "parents, last_seen_run, updated_at";
    let rows = it.store.fetch::<Waits>(seen(it, span, "pending_entities", columns)).await?;
    let mut gone = Vec::with_capacity(rows.len());
    for (pk, external_id, known_as, tool_name, parents, last, seen_at) in rows {
        let Some(workspace_connector) = ids.get(&pk) else { continue };
        let parents: Option<Vec<Parent>> = cell::document(Some(parents.0))?;
        gone.push(Gone {
            workspace_connector: *workspace_connector,
            verdict: Verdict::Waiting,
            external_id: Some(external_id),
            known_as,
            tool_name,
            reason: Reason::FkParentMissing,
            field: None,
            cause: None,
            waits_for: parents.unwrap_or_default(),
            last_seen_run: SyncLogId(last),
            seen_at,
        });
    }
    Ok(gone)
}

async fn rejected(
    it: &Searched<'_>,
    span: Span,
    ids: &BTreeMap<i64, WorkspaceConnectorId>,
) -> Result<Vec<Gone>, Error> {
    let columns = "reason, field, cause, last_seen_run, updated_at";
    let rows = it.store.fetch::<Rejects>(seen(it, span, "rejected_entities", columns)).await?;
    let mut gone = Vec::with_capacity(rows.len());
    for (pk, external_id, known_as, tool_name, reason, field, cause, last, seen_at) in rows {
        let Some(workspace_connector) = ids.get(&pk) else { continue };
        gone.push(Gone {
            workspace_connector: *workspace_connector,
            verdict: Verdict::Rejected,
            external_id,
            known_as,
            tool_name,
            reason: cell::word(&reason)?,
            field: Some(field).filter(|it| !it.is_empty()),
            cause: Some(cause),
            waits_for: Vec::new(),
            last_seen_run: SyncLogId(last),
            seen_at,
        });
    }
    Ok(gone)
}

/// Rows of a table of missing records that runs of the period saw.
fn seen(it: &Searched<'_>, span: Span, table: &str, columns: &str) -> Sql {
    let mut sql = it.store.sql();
    sql.push("select workspace_connector_pk, external_id, known_as, tool_name, ");
    sql.push(columns).push(" from ").push(table);
    cell::of_tenant(&mut sql, it.tenant, "workspace_pk");
    sql.push(" and ").any("workspace_connector_pk", it.connectors());
    sql.push(" and target_model = ").text_bind(it.model.as_str());
    sql.push(" and updated_at >= ").time(span.since);
    sql.push(" and created_at <= ").time(span.until);
    sql.push(&format!(" order by updated_at desc, pk desc limit {}", LISTED + 1));
    sql
}
