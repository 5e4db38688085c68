//! Plan: open the log, find out what is to be done, and in which order.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::connector::Transport;
use domain::evidence::{Call, Cycle, SkipCause, Skipped};
use domain::governance::Governance;
use domain::order::{self, Edge};
use domain::{Finding, TargetModel};
use store::sync_logs::SyncLog;
use store::{Tenant, sync_logs, workspace_connectors};
use tokio::time::Instant;

use crate::access::Access;
use crate::error::Error;
use crate::link::{self, Link, Progressed};
use crate::patience::patiently;
use crate::run::{Engine, Links, Request, Run};
use crate::stage::select::Remembered;

/// Marks the run as in progress; the connector's resting status is kept beside `processing`.
pub(crate) async fn start<'e>(
    engine: &'e Engine,
    tenant: &'e Tenant,
    log: &SyncLog,
    request: &'e Request,
) -> Result<Run<'e>, Error> {
    let id = log.sync_log_id;
    patiently(engine.settings.store_patience, || {
        sync_logs::start(&engine.store, tenant, id, (engine.clock)())
    })
    .await
    .map_err(Error::store("starting the run"))?;
    Ok(Run {
        engine,
        tenant,
        id,
        connector: log.workspace_connector,
        redactor: domain::redact::Redactor::default(),
        governance: Governance::default(),
        remembered: Remembered::default(),
        access: None,
        request,
        deadline: Instant::now() + engine.settings.run_time,
        brought: BTreeSet::new(),
        noted: Vec::new(),
        supported: Vec::new(),
        links: Links::default(),
    })
}

/// How the server is reached; opens the seal.
pub(crate) async fn transport(run: &Run<'_>) -> Result<Transport, Error> {
    patiently(run.engine.settings.store_patience, || {
        workspace_connectors::transport(run.store(), run.tenant, run.connector)
    })
    .await
    .map_err(Error::store("reading how the connector is reached"))
}

/// Reads what people have decided about the connector. What cannot be understood may forbid
/// something: then the server is not asked at all.
pub(crate) async fn govern(run: &mut Run<'_>) -> Result<Result<(), mcp::Error>, Error> {
    let document = patiently(run.engine.settings.store_patience, || {
        workspace_connectors::governance(run.store(), run.tenant, run.connector)
    })
    .await
    .map_err(Error::store("reading the connector's governance"))?;
    Ok(match document.as_ref().map(Governance::parse) {
        None => Ok(()),
        Some(Ok(governance)) => {
            run.governance = governance;
            Ok(())
        }
        Some(Err(fault)) => {
            let why = format!("the connector's governance cannot be read: {fault}");
            Err(mcp::Error::Refused { why })
        }
    })
}

/// What was granted beside the configuration; opens that seal.
pub(crate) async fn access(run: &Run<'_>) -> Result<Arc<Access>, Error> {
    let opened = patiently(run.engine.settings.store_patience, || {
        Access::open(run.engine, run.tenant, run.connector, run.redactor.clone())
    });
    opened.await.map(Arc::new).map_err(Error::store("reading what was granted"))
}

/// Supported ∩ requested, parents first. What is left out on purpose, or by a cycle, is noted.
pub(crate) async fn targets(run: &mut Run<'_>) -> Result<Vec<TargetModel>, Error> {
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
