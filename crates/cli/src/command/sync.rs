//! `wireline sync`: one run in the foreground, then its ledger and its diagnostics.

use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use domain::TargetModel;
use domain::connector::{Secret, Transport};
use domain::id::{ConnectorId, SyncLogId, WorkspaceConnectorId};
use domain::run::TriggerType;
use store::query::{Condition, Op, Page, Query, Value};
use store::workspace_connectors::{self, WorkspaceConnector};
use store::{Store, Tenant, sync_logs};

use crate::command::progress::Watcher;
use crate::command::report;
use crate::{Context, output, wiring};

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
    let tenant = wiring::tenant(&store, options.workspace.as_deref()).await?;
    let connector = connector(&store, &tenant, options).await?;
    let engine = wiring::engine(context, &store, true);
    let request = engine::Request {
        targets: options.targets.clone(),
        pins: pins(&options.pins),
        ..engine::Request::default()
    };
    let log = sync(&engine, &tenant, connector, request, context.json).await?;
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
    json: bool,
) -> Result<SyncLogId> {
    let now = wiring::now();
    let gap = std::time::Duration::ZERO;
    let scheduled =
        sync_logs::schedule(&engine.store, tenant, connector, TriggerType::Manual, gap, now);
    let log = match scheduled.await.context("scheduling the run")? {
        Ok(log) => log,
        Err(refusal) => bail!("{} ({refusal})", refusal.sentence()),
    };
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
        (Some(command), _, _) => stdio(command, &options.secrets)?,
        (_, Some(url), _) => {
            Transport::Http { url: url.clone(), headers: headers(&options.secrets)? }
        }
        (_, _, Some(id)) => {
            workspace_connectors::find(store, tenant, id)
                .await
                .with_context(|| format!("opening connector {id}"))?;
            return Ok(id);
        }
        (None, None, None) => bail!("say what to sync: --server, --url or --connector"),
    };
    let typed = options.server.as_deref().or(options.url.as_deref()).unwrap_or_default();
    install(store, tenant, &service_id(store, typed, &transport)?, transport).await
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
fn service_id(store: &Store, typed: &str, transport: &Transport) -> Result<String> {
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

fn stdio(command: &str, secrets: &[String]) -> Result<Transport> {
    let mut words = shell_words::split(command).context("--server has an open quote")?.into_iter();
    let Some(command) = words.next() else { bail!("--server is empty; give a command") };
    let mut args: Vec<String> = Vec::new();
    let mut env = BTreeMap::new();
    // `NAME=value command`, as in a shell.
    let mut program = command;
    while let Some((name, value)) = variable(&program) {
        env.insert(name, Secret::new(value));
        let Some(next) = words.next() else {
            bail!("--server names no command after its variables")
        };
        program = next;
    }
    args.extend(words);
    for secret in secrets {
        let Some((name, value)) = secret.split_once('=') else {
            bail!("--secret is written NAME=value")
        };
        env.insert(name.to_owned(), Secret::new(value));
    }
    Ok(Transport::Stdio { command: program, args, env })
}

fn variable(word: &str) -> Option<(String, String)> {
    let (name, value) = word.split_once('=')?;
    let is_name = !name.is_empty()
        && name.chars().all(|it| it.is_ascii_uppercase() || it.is_ascii_digit() || it == '_');
    is_name.then(|| (name.to_owned(), value.to_owned()))
}

fn headers(secrets: &[String]) -> Result<BTreeMap<String, Secret>> {
    secrets
        .iter()
        .map(|it| {
            let (name, value) = it
                .split_once(':')
                .or_else(|| it.split_once('='))
                .context("--secret of an HTTP server is written `Name: value`")?;
            Ok((name.trim().to_owned(), Secret::new(value.trim())))
        })
        .collect()
}
