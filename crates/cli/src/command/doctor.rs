//! `wireline doctor`: is everything there that a sync needs? One line a check, and what to do.

use std::process::ExitCode;

use anyhow::Result;
use serde::Serialize;
use store::query::{Page, Query};
use store::{Store, Tenant, workspace_connectors, workspaces};

use crate::{Context, output, wiring};

/// Connectors that are tried per workspace.
const CONNECTORS: u16 = 100;

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
            Err(error) => Self { what, ok: false, says: format!("{error:#}") },
        }
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
        Err(error) => checks.push(Check {
            what: "database".to_owned(),
            ok: false,
            says: format!("{error:#}"),
        }),
    }
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
    let operator = store.operator();
    match workspaces::list(store, &operator, &Query::default()).await {
        Ok(all) => {
            for (workspace, _) in all.items {
                if let Ok(tenant) =
                    store::tenant::of(store, &operator, &workspace.workspace_id.to_string()).await
                {
                    checks.extend(connectors(context, store, &tenant).await);
                }
            }
        }
        Err(error) => {
            checks.push(Check::of("workspaces", Err::<(), _>(error.into()), |()| String::new()))
        }
    }
    checks
}

/// Connects to each installed connector and lists its tools.
async fn connectors(context: &Context, store: &Store, tenant: &Tenant) -> Vec<Check> {
    let settings = context.config.engine(true);
    let query = Query { page: Page { size: CONNECTORS, ..Page::default() }, ..Query::default() };
    let installed = match workspace_connectors::list(store, tenant, &query).await {
        Ok(slice) => slice.items,
        Err(error) => {
            return vec![Check::of("connectors", Err::<(), _>(error.into()), |()| String::new())];
        }
    };
    let mut checks = Vec::with_capacity(installed.len());
    for (it, _) in installed {
        let reached = async {
            let transport =
                workspace_connectors::transport(store, tenant, it.workspace_connector_id).await?;
            let tools = engine::reach(&transport, &settings).await?;
            Ok::<_, anyhow::Error>(tools)
        };
        checks.push(Check::of(format!("connector {}", it.name), reached.await, |tools| {
            format!("{tools} tools")
        }));
    }
    checks
}
