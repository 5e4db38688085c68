//! Plan: open the log, find out what is to be done, and in which order.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::connector::Transport;
use domain::evidence::{Call, Cycle, SkipCause, Skipped};
use domain::governance::Governance;
use domain::order::{self, Edge};
use domain::redact::Redactor;
use domain::{Finding, Reason, TargetModel};
use store::sync_logs::SyncLog;
use store::{Tenant, sync_logs, workspace_connectors};
use tokio::time::Instant;

use crate::access::Access;
use crate::error::Error;
use crate::link::{self, Link, Progressed};
use crate::links::Links;
use crate::patience::patiently;
use crate::run::{Engine, Request, Run};
use crate::shown::Shown;
use crate::stage::select::Remembered;

/// Marks the run as in progress; the connector's resting status is kept beside `processing`.
pub(crate) async fn start<'e>(
    engine: &'e Engine,
    tenant: &'e Tenant,
    log: &SyncLog,
    request: &'e Request,
) -> Result<Run<'e>, Error> {
    let id = log.sync_log_id;
    let started = patiently(engine.settings.store_patience, || {
        sync_logs::start(&engine.store, tenant, id, (engine.clock)())
    })
    .await
    .map_err(Error::store("starting the run"))?;
    Ok(Run {
        engine,
        tenant,
        id,
        connector: log.workspace_connector,
        redactor: Redactor::default(),
        budget: model::Budget::new(engine.settings.seats.allowance),
        governance: Governance::default(),
        remembered: Remembered::default(),
        access: None,
        request,
        deadline: Instant::now() + engine.settings.run_time,
        is_ended: false,
        is_locked: false,
        brought: BTreeSet::new(),
        noted: Vec::new(),
        shown: Shown::default(),
        started_at: started.started_at.unwrap_or_else(engine.clock),
        supported: Vec::new(),
        times: serde_json::Map::new(),
        links: Links::default(),
    })
}

/// What is to be done, and the way to the server; or why it is not even asked.
pub(crate) struct Ready {
    pub(crate) scheduled: Vec<TargetModel>,
    pub(crate) way: Result<(Transport, Arc<Access>), String>,
}

/// Reads what a run needs before it connects. The targets come first: whatever keeps the server from
/// being asked is told of each.
pub(crate) async fn ready(run: &mut Run<'_>) -> Result<Ready, Error> {
    let scheduled = targets(run).await?;
    let unreadable = govern(run).await?;
    let way = match opened(run).await {
        Ok(way) => unreadable.map_or(Ok(way), Err),
        // Waiting does not help: the key is another one, or it is gone.
        Err(Error::Store { source: store::Error::Sealed(why), .. }) => {
            run.is_locked = true;
            Err(format!("how the connector is reached is sealed and cannot be opened: {why}"))
        }
        Err(error) => return Err(error),
    };
    Ok(Ready { scheduled, way })
}

/// How the server is reached, and what was granted beside the configuration; opens both seals.
async fn opened(run: &mut Run<'_>) -> Result<(Transport, Arc<Access>), Error> {
    let transport = patiently(run.engine.settings.store_patience, || {
        workspace_connectors::transport(run.store(), run.tenant, run.connector)
    })
    .await
    .map_err(Error::store("reading how the connector is reached"))?;
    run.redactor = Redactor::of(&transport);
    run.redactor.learn(run.engine.settings.seats.keys());
    let access = patiently(run.engine.settings.store_patience, || {
        Access::open(run.engine, run.tenant, run.connector, run.redactor.clone())
    });
    let access = access.await.map_err(Error::store("reading what was granted"))?;
    let access = Arc::new(access);
    run.access = Some(Arc::clone(&access));
    Ok((transport, access))
}

/// Reads what people have decided about the connector. What cannot be understood may forbid
/// something: then the server is not asked at all.
async fn govern(run: &mut Run<'_>) -> Result<Option<String>, Error> {
    let document = patiently(run.engine.settings.store_patience, || {
        workspace_connectors::governance(run.store(), run.tenant, run.connector)
    })
    .await
    .map_err(Error::store("reading the connector's governance"))?;
    Ok(match document.as_ref().map(Governance::parse) {
        None => None,
        Some(Ok(governance)) => {
            run.governance = governance;
            None
        }
        Some(Err(fault)) => Some(format!("the connector's governance cannot be read: {fault}")),
    })
}

/// Supported ∩ requested, parents first. What is left out on purpose, or by a cycle, is noted.
async fn targets(run: &mut Run<'_>) -> Result<Vec<TargetModel>, Error> {
    let connector = patiently(run.engine.settings.store_patience, || {
        workspace_connectors::find(run.store(), run.tenant, run.connector)
    })
    .await
    .map_err(Error::store("reading the connector"))?;
    let supported = connector.supported_target_models.unwrap_or_else(|| TargetModel::ALL.to_vec());
    run.supported.clone_from(&supported);
    let requested = match run.request.targets.as_slice() {
        [] => supported.clone(),
        asked => asked.to_vec(),
    };
    let (kept, refused): (Vec<_>, Vec<_>) =
        requested.into_iter().partition(|it| supported.contains(it));
    for target in refused {
        let skipped = Skipped { cause: SkipCause::Unsupported, upstream: None };
        run.note(Finding::target_skipped(target, &skipped));
    }
    Ok(in_order(run, &kept))
}

/// Parents first. Each target of a cycle gets its row; without an edge to cut it is not run.
fn in_order(run: &mut Run<'_>, targets: &[TargetModel]) -> Vec<TargetModel> {
    let extra = run.engine.settings.extra_references.iter();
    let edges: Vec<Edge> = order::of_schemas().into_iter().chain(order::edges(extra)).collect();
    let order = order::order(targets, &edges);
    for cycle in order.cycles {
        let evidence = Cycle { path: cycle.path.clone(), cut: cycle.cut };
        for target in cycle.members() {
            run.note(Finding::sync_fk_dag_cycle(target, &evidence));
        }
        match cycle.cut {
            Some(edge) => run.links.cut.push(edge),
            None => run.links.ended.extend(cycle.members()),
        }
    }
    order.layers.into_iter().flatten().collect()
}

/// Keeps what the server offers, for people who ask later. Losing this loses no data.
pub(crate) async fn remember(run: &Run<'_>, link: &Link) {
    let mut capabilities = serde_json::json!({
        "server": link.server(),
        "hash": mcp::tool_list_hash(&link.tools),
        "captured_at": domain::time::rfc3339(run.now()),
        "tools": link.tools.iter().map(|it| &it.name).collect::<Vec<_>>(),
    });
    if let Some(access) = &run.access {
        capabilities["granted_scopes"] = access.scopes().await.into();
    }
    run.redactor.json(&mut capabilities["server"]);
    run.redactor.names(&mut capabilities["tools"]);
    let saved = workspace_connectors::set_capabilities(
        run.store(),
        run.tenant,
        run.connector,
        &capabilities,
        run.now(),
    );
    if let Err(error) = saved.await {
        tracing::warn!(error = &error as &dyn std::error::Error, "tool list not remembered");
    }
}

/// The server could not be asked: every target ends with a finding. Returns the run's error.
pub(crate) fn unreachable(
    run: &mut Run<'_>,
    scheduled: &[TargetModel],
    error: &mcp::Error,
) -> String {
    for &target in scheduled {
        let finding = link::failure(
            run,
            target,
            &Call::default(),
            error,
            Progressed { attempts: 1, rows: 0 },
        );
        run.note(finding);
    }
    run.redactor.text(&format!("the server could not be reached: {error}")).into_owned()
}

/// Why a target is not even tried: the run is to stop, no time is left, or a parent that it cannot do without failed.
pub(crate) fn skip(run: &Run<'_>, target: TargetModel) -> Option<Skipped> {
    const HARD: &[Reason] = &[
        Reason::ToolExecutionFailed,
        Reason::AuthScopeInsufficient,
        Reason::MappingGenerationHardFail,
        Reason::MappedEntitiesDropped,
    ];
    if let Some(cause) = run.over() {
        return Some(Skipped { cause, upstream: None });
    }
    let parents = target.required_parents();
    let has_failed = |it: &&TargetModel| {
        let has_ended = run.ended_by(**it, HARD) || run.links.ended.contains(it);
        has_ended && !run.brought.contains(it)
    };
    let failed = parents.iter().find(has_failed)?;
    Some(Skipped { cause: SkipCause::UpstreamFailed, upstream: Some(*failed) })
}
