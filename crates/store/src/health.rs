//! How a connector is: what its last runs have told, in four bounded statements; the judgement is
//! [`domain::health`]'s.

use std::collections::{BTreeMap, HashMap};

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
use crate::workspace_connectors::WorkspaceConnector;
use crate::{Store, Tenant, cell, diagnostics, sync_logs, workspace_connectors};

/// Settled runs that are looked at: "since when" reaches no further back.
const RUNS: usize = 30;

/// connector, created, pk, id, status, started, completed, error, metadata
type Row = (
    Uuid,
    DateTime<Utc>,
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
    let found = of(store, tenant, std::slice::from_ref(&it), now).await?.pop();
    found.ok_or(Error::NotFound("workspace_connector"))
}

/// The health of several connectors, in their order, in three statements.
pub async fn of(
    store: &Store,
    tenant: &Tenant,
    connectors: &[WorkspaceConnector],
    now: DateTime<Utc>,
) -> Result<Vec<Health>, Error> {
    let ids: Vec<WorkspaceConnectorId> =
        connectors.iter().map(|it| it.workspace_connector_id).collect();
    let mut histories = histories(store, tenant, &ids, now).await?;
    let health = connectors.iter().map(|it| {
        let runs = histories.remove(&it.workspace_connector_id).unwrap_or_default();
        let all = || TargetModel::ALL.to_vec();
        let scheduled = it.supported_target_models.clone().unwrap_or_else(all);
        assess(&scheduled, &runs).at_rest(it.resting_status.unwrap_or(it.status))
    });
    Ok(health.collect())
}

/// What the last settled runs of a connector have told, oldest first.
pub async fn history(
    store: &Store,
    tenant: &Tenant,
    connector: WorkspaceConnectorId,
    now: DateTime<Utc>,
) -> Result<Vec<RunFacts>, Error> {
    Ok(histories(store, tenant, &[connector], now).await?.remove(&connector).unwrap_or_default())
}

async fn histories(
    store: &Store,
    tenant: &Tenant,
    connectors: &[WorkspaceConnectorId],
    now: DateTime<Utc>,
) -> Result<HashMap<WorkspaceConnectorId, Vec<RunFacts>>, Error> {
    let mut histories: HashMap<WorkspaceConnectorId, Vec<RunFacts>> = HashMap::new();
    if connectors.is_empty() {
        return Ok(histories);
    }
    let runs = settled(store, tenant, connectors).await?;
    let ids: Vec<SyncLogId> = runs.iter().map(|it| SyncLogId(it.3)).collect();
    let ledgers = sync_logs::ledgers(store, tenant, &ids).await?;
    let mut noted = noted(store, tenant, runs.iter().map(|it| it.2).collect(), now).await?;
    for (run, (_, lines)) in runs.into_iter().zip(ledgers) {
        let mut targets = noted.remove(&run.2).unwrap_or_default();
        for line in lines {
            targets.entry(line.target_model).or_default().tally = line.tally;
        }
        let of = WorkspaceConnectorId(run.0);
        histories.entry(of).or_default().push(facts(run, targets)?);
    }
    Ok(histories)
}

fn facts(run: Row, targets: BTreeMap<TargetModel, TargetFacts>) -> Result<RunFacts, Error> {
    let (_, _, _, _, status, started_at, completed_at, error, metadata) = run;
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

/// The last of each connector, oldest first. Where the thirtieth lies is asked once a connector,
/// from its index, so that no history is read to its beginning.
async fn settled(
    store: &Store,
    tenant: &Tenant,
    connectors: &[WorkspaceConnectorId],
) -> Result<Vec<Row>, Error> {
    let mut sql = store.sql();
    sql.push(
        "select i.workspace_connector_id, l.created_at, l.pk, l.sync_log_id, l.status,
            l.started_at, l.completed_at, l.error, l.metadata
           from workspace_connectors i
           join workspace_connector_sync_logs l on l.workspace_connector_pk = i.pk",
    );
    cell::of_tenant(&mut sql, tenant, "i.workspace_pk");
    sql.push(" and ");
    cell::ids(&mut sql, "i.workspace_connector_id", connectors.iter().map(|it| it.0));
    sql.push(" and l.workspace_pk = ").number(tenant.workspace_pk);
    sql.push(" and l.status in ('success', 'error') and l.deleted_at is null");
    sql.push(
        " and l.created_at >= coalesce((select o.created_at from workspace_connector_sync_logs o
             where o.workspace_connector_pk = i.pk and o.status in ('success', 'error')
               and o.deleted_at is null
             order by o.created_at desc, o.pk desc limit 1 offset ",
    );
    sql.push(&(RUNS - 1).to_string()).push("), ").time(DateTime::UNIX_EPOCH).push(")");
    let mut rows = store.fetch::<Row>(sql).await?;
    rows.sort_by_key(|it| (it.1, it.2));
    Ok(rows)
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
    diagnostics::live_of_runs(&mut sql, tenant, runs, now);
    sql.push(" group by 1, 2, 3, 4");
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
