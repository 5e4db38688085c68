//! `wireline diagnostics`: list the newest rows, or follow them as they are written.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use domain::id::WorkspaceConnectorId;
use domain::{Class, Diagnostic, Reason, TargetModel};
use store::query::{Condition, Op, Page, Query, Value};
use store::{Store, Tenant, diagnostics};

use crate::{Context, output, wiring};

/// How often another process's writes are looked for.
const POLL: Duration = Duration::from_secs(1);

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Only this reason; may be repeated
    #[arg(long = "reason")]
    reasons: Vec<Reason>,
    /// failure or informational
    #[arg(long)]
    class: Option<Class>,
    /// Only this target model
    #[arg(long)]
    target: Option<TargetModel>,
    /// Only this connector
    #[arg(long, value_name = "ID")]
    connector: Option<WorkspaceConnectorId>,
    /// Only what occurred within this time, e.g. 2h, 3days
    #[arg(long, value_parser = humantime::parse_duration)]
    since: Option<Duration>,
    /// Rows to show
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=500))]
    limit: u16,
    /// Go on showing rows as they are written
    #[arg(long)]
    follow: bool,
    /// Workspace id or external id; else the local workspace
    #[arg(long)]
    workspace: Option<String>,
}

pub(crate) async fn run(context: &Context, options: &Options) -> Result<ExitCode> {
    let store = wiring::store(context).await?;
    let tenant = wiring::tenant(&store, options.workspace.as_deref()).await?;
    let query = Query {
        conditions: conditions(options)?,
        page: Page { size: options.limit, ..Page::default() },
        ..Query::default()
    };
    let slice = diagnostics::list(&store, &tenant, &query, wiring::now()).await?;
    let newest = slice.items.iter().map(|(_, mark)| mark.pk).max().unwrap_or(0);
    for (it, _) in slice.items.iter().rev() {
        show(context, &tenant, it)?;
    }
    if options.follow {
        follow(context, &store, &tenant, &query, newest).await?;
    } else if slice.items.is_empty() && !context.json {
        output::aside("no diagnostics match");
    }
    store.close().await;
    Ok(ExitCode::SUCCESS)
}

async fn follow(
    context: &Context,
    store: &Store,
    tenant: &Tenant,
    query: &Query,
    mut newest: i64,
) -> Result<()> {
    let mut written = store.written();
    loop {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => return Ok(()),
            _ = tokio::time::timeout(POLL, written.changed()) => {}
        }
        for (it, pk) in diagnostics::newer(store, tenant, query, newest, 500, wiring::now()).await?
        {
            show(context, tenant, &it)?;
            newest = newest.max(pk);
        }
    }
}

fn conditions(options: &Options) -> Result<Vec<Condition>> {
    let mut conditions = Vec::new();
    let mut add = |name: &str, op: Op, values: Vec<Value>| {
        let condition = Condition::on(diagnostics::FIELDS, name, op, values)
            .ok_or_else(|| anyhow!("no field {name} in this version of the store"))?;
        conditions.push(condition);
        Ok::<(), anyhow::Error>(())
    };
    let text = |it: &str| Value::Text(it.to_owned());
    if !options.reasons.is_empty() {
        add("reason", Op::In, options.reasons.iter().map(|it| text(it.as_str())).collect())?;
    }
    if let Some(class) = options.class {
        add("class", Op::Eq, vec![text(class.as_str())])?;
    }
    if let Some(target) = options.target {
        add("target_model", Op::Eq, vec![text(target.as_str())])?;
    }
    if let Some(connector) = options.connector {
        add("workspace_connector", Op::Eq, vec![Value::Id(connector.0)])?;
    }
    if let Some(since) = options.since {
        let since = chrono::Duration::from_std(since).context("--since is too long")?;
        add("occurred_at", Op::Gte, vec![Value::Time(wiring::now() - since)])?;
    }
    Ok(conditions)
}

fn show(context: &Context, tenant: &Tenant, it: &Diagnostic) -> Result<()> {
    if context.json {
        return output::json(&server::api::diagnostics::resource(it, tenant.retention()));
    }
    output::line(format!(
        "{}  {:13}  {:20}  {:30}  {}",
        domain::time::rfc3339(it.occurred_at),
        it.reason.class(),
        it.target_model,
        it.reason,
        it.detail
    ));
    Ok(())
}
