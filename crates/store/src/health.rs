//! How a connector is: what its last runs have told, in four bounded statements; the judgement is
//! [`domain::health`]'s.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::TargetModel;
use domain::health::{Health, RunFacts, TargetFacts, assess};
use domain::id::{SyncLogId, WorkspaceConnectorId};
use domain::reason::{Impact, Reason};
use domain::run::SyncStatus;
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

use crate::error::Error;
use crate::sql::Bind;
use crate::{Store, Tenant, cell, diagnostics, sync_logs, workspace_connectors};

/// Settled runs that are looked at: "since when" reaches no further back.
const RUNS: i64 = 30;

/// pk, id, status, started, completed, error, metadata
type Run = (
    i64,
    Uuid,
    String,
    Option<DateTime<Utc>>,
    Option<DateTime<Utc>>,
    Option<String>,
    Option<Json<Value>>,
);

/// The health of one of the workspace's own connectors, and of each of its targets.
pub async fn find(
    store: &Store,
    tenant: &Tenant,
    connector: WorkspaceConnectorId,
    now: DateTime<Utc>,
) -> Result<Health, Error> {
    let it = workspace_connectors::find(store, tenant, connector).await?;
    let runs = history(store, tenant, connector, now).await?;
    let scheduled = it.supported_target_models.unwrap_or_else(|| TargetModel::ALL.to_vec());
    Ok(assess(&scheduled, &runs).at_rest(it.resting_status.unwrap_or(it.status)))
}

/// What the last settled runs of a connector have told, oldest first.
pub async fn history(
    store: &Store,
    tenant: &Tenant,
    connector: WorkspaceConnectorId,
    now: DateTime<Utc>,
) -> Result<Vec<RunFacts>, Error> {
    let Some(connector_pk) = diagnostics::connector_pk(store, tenant, connector).await? else {
        return Ok(Vec::new());
    };
    let runs = settled(store, tenant, connector_pk).await?;
    let ids: Vec<SyncLogId> = runs.iter().map(|it| SyncLogId(it.1)).collect();
    let ledgers = sync_logs::ledgers(store, tenant, &ids).await?;
    let mut noted = noted(store, tenant, runs.iter().map(|it| it.0).collect(), now).await?;
    let facts = runs.into_iter().zip(ledgers).map(|(run, (_, lines))| {
        let mut targets = noted.remove(&run.0).unwrap_or_default();
        for line in lines {
            targets.entry(line.target_model).or_default().tally = line.tally;
        }
        facts(run, targets)
    });
    let mut facts = facts.collect::<Result<Vec<_>, Error>>()?;
    facts.reverse();
    Ok(facts)
}

fn facts(run: Run, targets: BTreeMap<TargetModel, TargetFacts>) -> Result<RunFacts, Error> {
    let (_, _, status, started_at, completed_at, error, metadata) = run;
    // Asked to stop, or cut short for another run to go on: neither tells of the connector.
    let asked = metadata.is_some_and(|it| {
        let is_set = |name: &str| it.get(name) == Some(&true.into());
        is_set("cancel_requested") || is_set("cancelled") || it.get("continued_by").is_some()
    });
    let is_error = cell::word::<SyncStatus>(&status)? == SyncStatus::Error;
    Ok(RunFacts {
        started_at,
        completed_at: completed_at.or(started_at).unwrap_or_default(),
        failed: is_error,
        cancelled: is_error && (asked || error.as_deref() == Some("cancelled")),
        targets,
    })
}

/// The newest first.
async fn settled(store: &Store, tenant: &Tenant, connector_pk: i64) -> Result<Vec<Run>, Error> {
    let mut sql = store.sql();
    sql.push(
        "select pk, sync_log_id, status, started_at, completed_at, error, metadata
           from workspace_connector_sync_logs",
    );
    cell::of_tenant(&mut sql, tenant, "workspace_pk");
    sql.push(" and workspace_connector_pk = ").number(connector_pk);
    sql.push(" and status in ('success', 'error') and deleted_at is null");
    sql.push(" order by created_at desc, pk desc limit ").number(RUNS);
    store.fetch(sql).await
}

/// What was noted in some runs, by target: each reason once, with its worst impact.
async fn noted(
    store: &Store,
    tenant: &Tenant,
    runs: Vec<i64>,
    now: DateTime<Utc>,
) -> Result<BTreeMap<i64, BTreeMap<TargetModel, TargetFacts>>, Error> {
    let mut sql = store.sql();
    sql.push(
        "select sync_log_pk, cast(target_model as text), cast(reason as text),
            cast(impact_code as bigint) from connector_sync_diagnostics",
    );
    diagnostics::live(&mut sql, tenant, now);
    sql.push(" and ").any("sync_log_pk", Bind::Numbers(runs)).push(" group by 1, 2, 3, 4");
    let mut noted: BTreeMap<i64, BTreeMap<TargetModel, TargetFacts>> = BTreeMap::new();
    for (run, model, reason, impact) in store.fetch::<(i64, String, String, i64)>(sql).await? {
        let reason: Reason = cell::word(&reason)?;
        let position = usize::try_from(impact - 1).ok();
        let impact = position.and_then(|it| Impact::ALL.get(it)).copied();
        let target = noted.entry(run).or_default().entry(cell::word(&model)?).or_default();
        target.note(reason, impact.unwrap_or(reason.impact()));
    }
    Ok(noted)
}
