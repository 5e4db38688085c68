//! `wireline doctor`: is everything there that a sync needs? One line a check, and what to do.

use std::process::ExitCode;

use anyhow::Result;
use domain::id::WorkspaceConnectorId;
use serde::Serialize;
use store::{Store, Tenant, workspace_connectors, workspaces};

use crate::{Context, output, wiring};

/// A check, and what to do when it failed.
#[derive(Debug, Serialize)]
struct Check {
    what: String,
    ok: bool,
    says: String,
}

impl Check {
    fn of<T>(what: impl Into<String>, outcome: Result<T>, good: impl FnOnce(T) -> String) -> Self {
        let what = what.into();
        match outcome {
            Ok(it) => Self { what, ok: true, says: good(it) },
            Err(error) => Self::failed(what, &error),
        }
    }

    fn failed(what: impl Into<String>, error: &anyhow::Error) -> Self {
        Self { what: what.into(), ok: false, says: format!("{error:#}") }
    }
}

pub(crate) async fn run(context: &Context) -> Result<ExitCode> {
    let mut checks =
        vec![Check::of("settings", context.config.listen(), |it| format!("listen on {it}"))];
    match wiring::store(context).await {
        Ok(store) => {
            checks.push(Check {
                what: "database".to_owned(),
                ok: true,
                says: format!("{}, migrated", wiring::named(&context.config.place()?)),
            });
            checks.extend(inside(context, &store).await);
            store.close().await;
        }
        Err(error) => checks.push(Check::failed("database", &error)),
    }
    checks.push(Check::of("expressions", evaluated(context).await, |()| {
        "mappings that people wrote are evaluated in processes of their own".to_owned()
    }));
    // After the store, which makes it.
    checks.push(Check::of("data folder", folder(context), |it| it));
    for it in &checks {
        if context.json {
            output::json(it)?;
        } else {
            output::line(format!(
                "{} {:24} {}",
                if it.ok { "ok  " } else { "FAIL" },
                it.what,
                it.says
            ));
        }
    }
    let is_well = checks.iter().all(|it| it.ok);
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::from(output::FAILED) })
}

/// A process starts within its cap on memory, and answers.
async fn evaluated(context: &Context) -> Result<()> {
    Ok(context.config.sandbox().judge("1").await?)
}

/// The folder is there, is ours to write, and is nobody else's to read.
fn folder(context: &Context) -> Result<String> {
    use std::os::unix::fs::PermissionsExt as _;
    let data = context.config.data()?;
    if !data.exists() {
        return Ok(format!("{} will be made when it is needed", data.display()));
    }
    let probe = data.join(".doctor");
    std::fs::write(&probe, b"")?;
    std::fs::remove_file(&probe)?;
    let mode = std::fs::metadata(&data)?.permissions().mode() & 0o777;
    anyhow::ensure!(
        mode & 0o077 == 0,
        "{} has mode {mode:o}; others can read it: chmod 700 it",
        data.display()
    );
    Ok(format!("{} (mode {mode:o})", data.display()))
}

async fn inside(context: &Context, store: &Store) -> Vec<Check> {
    let mut checks = Vec::new();
    for (what, outcome) in store.inspect(wiring::now()).await {
        checks.push(Check::of(what, outcome.map_err(Into::into), |it| it));
    }
    match connectors(context, store).await {
        Ok(reached) => checks.extend(reached),
        Err(error) => checks.push(Check::failed("connectors", &error)),
    }
    checks
}

/// Connects to each installed connector of each workspace and lists its tools.
async fn connectors(context: &Context, store: &Store) -> Result<Vec<Check>> {
    let engine = wiring::engine(context, store, true);
    let operator = &store.operator();
    let page_of = |query| async move { workspaces::list(store, operator, &query).await };
    let mut checks = Vec::new();
    for workspace in wiring::every(page_of).await? {
        let id = workspace.workspace_id.to_string();
        let tenant = &store::tenant::of(store, operator, &id).await?;
        let page_of =
            |query| async move { workspace_connectors::list(store, tenant, &query).await };
        for it in wiring::every(page_of).await? {
            let reached = reach(&engine, tenant, it.workspace_connector_id).await;
            checks.push(Check::of(format!("connector {}", it.name), reached, |tools| {
                format!("{tools} tools")
            }));
        }
    }
    Ok(checks)
}

async fn reach(
    engine: &engine::Engine,
    tenant: &Tenant,
    connector: WorkspaceConnectorId,
) -> Result<usize> {
    Ok(engine.reach(tenant, connector).await??)
}
