//! `wireline sync`: one run in the foreground, then its ledger and its diagnostics.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use domain::TargetModel;
use domain::governance::Governance;
use domain::id::{SyncLogId, WorkspaceConnectorId};
use domain::run::{Refusal, TriggerType};
use store::sync_logs::{self, SyncLog};
use store::workspace_connectors;
use store::{Store, Tenant};
use tokio_util::sync::CancellationToken;

use crate::command::progress::Watcher;
use crate::command::{report, serve, transport, typed};
use crate::{Context, catalogue, output, wiring};

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("source").required(true).args(["server", "url", "connector"]))]
pub(crate) struct Options {
    /// Start this command and speak MCP over its standard input and output
    #[arg(long, value_name = "COMMAND")]
    server: Option<String>,
    /// Speak MCP over HTTP with this address
    #[arg(long)]
    url: Option<String>,
    /// A connector that is already installed
    #[arg(long, value_name = "ID")]
    connector: Option<WorkspaceConnectorId>,
    /// Only these targets; may be repeated
    #[arg(long = "target", value_name = "MODEL")]
    targets: Vec<TargetModel>,
    /// Use this tool for a target: `invoice=list_invoices`; may be repeated
    #[arg(long = "tool", value_name = "MODEL=TOOL", value_parser = pin)]
    pins: Vec<(TargetModel, String)>,
    /// Pins, forbidden tools, slot pins and hints of this server, as TOML or JSON; kept with it
    #[arg(long, value_name = "FILE", conflicts_with = "connector")]
    governance: Option<PathBuf>,
    /// A header of --url, `Name: value`, or a variable of --server, `NAME=value`; may be repeated
    #[arg(long = "secret", value_name = "NAME=VALUE")]
    secrets: Vec<String>,
    /// Workspace id or external id; else the local workspace
    #[arg(long)]
    workspace: Option<String>,
}

fn pin(given: &str) -> Result<(TargetModel, String), String> {
    let (model, tool) = given.split_once('=').ok_or("a pin is written MODEL=TOOL")?;
    Ok((model.parse().map_err(|it: domain::words::UnknownWord| it.to_string())?, tool.to_owned()))
}

pub(crate) async fn run(context: &Context, options: &Options) -> Result<ExitCode> {
    let store = wiring::store(context).await?;
    catalogue::publish(context, &store).await?;
    let tenant = wiring::tenant(&store, options.workspace.as_deref()).await?;
    let connector = connector(&store, &tenant, options).await?;
    let engine = wiring::engine(context, &store, true);
    let request = engine::Request {
        targets: options.targets.clone(),
        pins: pins(&options.pins),
        ..engine::Request::default()
    };
    let log = sync(&engine, &tenant, connector, request, context).await?;
    let outcome = report::run(context, &store, &tenant, log).await;
    store.close().await;
    outcome
}

/// Schedules a run and carries it out, with a progress display unless the output is JSON.
pub(crate) async fn sync(
    engine: &engine::Engine,
    tenant: &Tenant,
    connector: WorkspaceConnectorId,
    mut request: engine::Request,
    context: &Context,
) -> Result<SyncLogId> {
    let (json, lease) = (context.json, context.config.lease());
    let log = reserve(engine, tenant, connector, lease).await?;
    let watcher = Watcher::new(!json);
    request.progress = watcher.progress();
    let (cancel, leave) = (request.cancel.clone(), CancellationToken::new());
    let left = leave.clone();
    let signals = tokio::spawn(async move {
        serve::stop_signal(cancel).await;
        output::aside("stopping; press again to leave at once");
        serve::stop_signal(leave).await;
    });
    // Dropped on the way out, a run ends the commands that it has started.
    let report = tokio::select! {
        report = engine.sync(tenant, &log, &request) => Some(report),
        () = left.cancelled() => None,
    };
    signals.abort();
    watcher.finish();
    let Some(report) = report else {
        bail!("left at once: the run is not settled, and the next one takes its place")
    };
    let report = report.context("the run could not be carried out")?;
    if !report.is_recorded {
        output::aside("warning: some diagnostics of this run are not written yet; see the log");
    }
    Ok(report.log.sync_log_id)
}

/// A run of our own. One that is under way is listened to: its process may have died.
async fn reserve(
    engine: &engine::Engine,
    tenant: &Tenant,
    connector: WorkspaceConnectorId,
    lease: Duration,
) -> Result<SyncLog> {
    let (store, manual) = (&engine.store, TriggerType::Manual);
    let mut may_listen = true;
    loop {
        let reserved = sync_logs::reserve(store, tenant, connector, manual, wiring::now());
        match reserved.await.context("scheduling the run")? {
            Ok(log) => return Ok(log),
            Err(Refusal::AlreadyRunning) if may_listen => {
                may_listen = false;
                let listened =
                    worker::take_over(store, tenant, connector, lease, wiring::now).await;
                if !listened.context("looking at the run that is under way")? {
                    bail!("{} ({})", Refusal::AlreadyRunning.sentence(), Refusal::AlreadyRunning);
                }
            }
            Err(refusal) => bail!("{} ({refusal})", refusal.sentence()),
        }
    }
}

fn pins(given: &[(TargetModel, String)]) -> BTreeMap<TargetModel, Vec<String>> {
    let mut pins: BTreeMap<TargetModel, Vec<String>> = BTreeMap::new();
    for (model, tool) in given {
        pins.entry(*model).or_default().push(tool.clone());
    }
    pins
}

/// The connector that was named, or one for this server, made when it is first synced.
async fn connector(
    store: &Store,
    tenant: &Tenant,
    options: &Options,
) -> Result<WorkspaceConnectorId> {
    let transport = match (&options.server, &options.url, options.connector) {
        (Some(command), _, _) => transport::stdio(command, &options.secrets)?,
        (_, Some(url), _) => transport::http(url, &options.secrets)?,
        (_, _, Some(id)) => {
            return match workspace_connectors::find(store, tenant, id).await {
                Ok(_) => Ok(id),
                Err(store::Error::NotFound(_)) => {
                    bail!("{} ({})", Refusal::NotFound.sentence(), Refusal::NotFound)
                }
                Err(error) => Err(error).with_context(|| format!("opening connector {id}")),
            };
        }
        (None, None, None) => bail!("say what to sync: --server, --url or --connector"),
    };
    // Read before anything is written.
    let governance = options.governance.as_deref().map(catalogue::governance).transpose()?;
    let installed = match (&options.server, transport) {
        (Some(command), transport) => {
            let service_id = typed::service_id(store, command, &transport)?;
            typed::install(store, tenant, &service_id, transport).await?
        }
        (None, transport) => typed::at_address(store, tenant, transport).await?,
    };
    if let Some(governance) = governance {
        govern(store, tenant, installed, &governance).await.context(
            "keeping the governance; that of a catalogue entry that ships is not changed here",
        )?;
    }
    Ok(installed)
}

/// Keeps what was decided about a server with its connector, for this run and those after it.
async fn govern(
    store: &Store,
    tenant: &Tenant,
    installed: WorkspaceConnectorId,
    governance: &Governance,
) -> Result<(), store::Error> {
    let connector = workspace_connectors::find(store, tenant, installed).await?.connector;
    let patch = store::connectors::Patch {
        governance: Some(Some(governance.to_json())),
        ..store::connectors::Patch::default()
    };
    store::connectors::update(store, tenant, connector, patch, wiring::now()).await.map(drop)
}
