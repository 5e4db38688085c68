//! Plan: open the log, find out what is to be done, and in which order.

use domain::connector::Transport;
use domain::evidence::{Call, Cycle, SkipCause, Skipped};
use domain::target::order;
use domain::{Finding, TargetModel};
use store::sync_logs::SyncLog;
use store::{Tenant, sync_logs, workspace_connectors};
use tokio::time::Instant;

use crate::error::Error;
use crate::link::{self, Link, Progressed};
use crate::patience::patiently;
use crate::run::{Engine, Request, Run};

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
        request,
        deadline: Instant::now() + engine.settings.run_time,
        noted: Vec::new(),
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

/// Supported ∩ requested, parents first. What is left out on purpose, or by a cycle, is noted.
pub(crate) async fn targets(run: &mut Run<'_>) -> Result<Vec<TargetModel>, Error> {
    let connector = patiently(run.engine.settings.store_patience, || {
        workspace_connectors::find(run.store(), run.tenant, run.connector)
    })
    .await
    .map_err(Error::store("reading the connector"))?;
    let supported = connector.supported_target_models.unwrap_or_else(|| TargetModel::ALL.to_vec());
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
    let order = order(&kept);
    for &target in &order.cycle {
        let cycle = Cycle { path: order.cycle.clone(), cut: None };
        run.note(Finding::sync_fk_dag_cycle(target, &cycle));
    }
    Ok(order.layers.into_iter().flatten().collect())
}

/// Keeps what the server offers, for people who ask later. Losing this loses no data.
pub(crate) async fn remember(run: &Run<'_>, link: &Link) {
    let capabilities = serde_json::json!({
        "server": link.server(),
        "hash": mcp::tool_list_hash(&link.tools),
        "captured_at": domain::time::rfc3339(run.now()),
        "tools": link.tools.iter().map(|it| &it.name).collect::<Vec<_>>(),
    });
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
