//! `wireline sync`: one run in the foreground, then its ledger and its diagnostics.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use domain::TargetModel;
use domain::connector::Transport;
use domain::governance::Governance;
use domain::id::{ConnectorId, SyncLogId, WorkspaceConnectorId};
use domain::run::{Refusal, TriggerType};
use store::query::{Condition, Op, Page, Query, Value};
use store::sync_logs::{self, SyncLog};
use store::workspace_connectors::{self, WorkspaceConnector};
use store::{Store, Tenant};

use crate::command::progress::Watcher;
use crate::command::{report, transport};
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
    let cancel = request.cancel.clone();
    let interrupt = tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            output::aside("stopping after the current page; press again to leave at once");
            cancel.cancel();
        }
    });
    let report = engine.sync(tenant, &log, &request).await;
    interrupt.abort();
    watcher.finish();
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
    let typed = options.server.as_deref().or(options.url.as_deref()).unwrap_or_default();
    let service_id = service_id(store, typed, &transport)?;
    // Read before anything is written.
    let governance = options.governance.as_deref().map(catalogue::governance).transpose()?;
    let installed = install(store, tenant, &service_id, transport).await?;
    if let Some(governance) = governance {
        govern(store, tenant, installed, &governance).await.context("keeping the governance")?;
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

/// Adds a custom connector and its installation, or finds them: the same server again is the same
/// connector, so that a second run knows what the first one stored.
pub(crate) async fn install(
    store: &Store,
    tenant: &Tenant,
    service_id: &str,
    transport: Transport,
) -> Result<WorkspaceConnectorId> {
    let now = wiring::now();
    let new = store::connectors::New {
        service_id: service_id.to_owned(),
        name: service_id.to_owned(),
        ..Default::default()
    };
    let connector =
        store::connectors::insert(store, tenant, new, now).await.context("adding the connector")?;
    if let Some(found) = installed(store, tenant, connector.connector_id).await? {
        let patch =
            workspace_connectors::Patch { transport: Some(transport), ..Default::default() };
        workspace_connectors::update(store, tenant, found.workspace_connector_id, patch, now)
            .await?;
        return Ok(found.workspace_connector_id);
    }
    let new = workspace_connectors::New::of(connector.connector_id, service_id, transport);
    let made = workspace_connectors::insert(store, tenant, new, now)
        .await
        .context("installing the connector")?;
    Ok(made.workspace_connector_id)
}

/// The newest installation of a connector.
async fn installed(
    store: &Store,
    tenant: &Tenant,
    connector: ConnectorId,
) -> Result<Option<WorkspaceConnector>> {
    let of_connector = [Value::Id(connector.0)];
    let fields = workspace_connectors::FIELDS;
    let query = Query {
        conditions: vec![
            Condition::on(fields, "connector", Op::Eq, of_connector)
                .context("no field connector")?,
        ],
        page: Page { size: 1, ..Page::default() },
        ..Query::default()
    };
    let slice = workspace_connectors::list(store, tenant, &query)
        .await
        .context("looking for the connector")?;
    Ok(slice.items.into_iter().next().map(|(it, _)| it))
}

/// Names the server: its program or host for people, and a keyed digest of all that was typed, so
/// that the same command is the same connector and none of its secrets is in the name.
pub(crate) fn service_id(store: &Store, typed: &str, transport: &Transport) -> Result<String> {
    let address = transport.address();
    let known_by = match transport {
        Transport::Http { .. } => address.split("://").nth(1).and_then(|it| it.split('/').next()),
        Transport::Stdio { .. } => address.rsplit('/').next(),
    };
    let plain = |it: char| if it.is_ascii_alphanumeric() { it.to_ascii_lowercase() } else { '-' };
    let name: String = known_by.unwrap_or_default().chars().take(60).map(plain).collect();
    let digest = store.derived_key(&format!("connector {typed}"))?;
    Ok(format!("{}-{}", name.trim_matches('-'), domain::hex(&digest[..4])))
}
