//! `wireline workspace create|list`.

use std::process::ExitCode;

use anyhow::Result;
use serde_json::json;

use crate::{Context, output, wiring};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Action {
    /// Make a workspace
    Create {
        name: String,
        /// Your own identifier of it, accepted wherever its id is
        #[arg(long)]
        external_id: Option<String>,
        /// Days that its diagnostics are kept, when not the server's default
        #[arg(long, value_parser = clap::value_parser!(u16).range(1..=3650))]
        retention_days: Option<u16>,
    },
    /// Show every workspace
    List,
}

pub(crate) async fn run(context: &Context, action: &Action) -> Result<ExitCode> {
    let store = wiring::store(context).await?;
    let operator = store.operator();
    match action {
        Action::Create { name, external_id, retention_days } => {
            let new = store::workspaces::New {
                name: name.clone(),
                external_workspace_id: external_id.clone(),
                retention_days: *retention_days,
                ..Default::default()
            };
            let made = store::workspaces::insert(&store, &operator, new, wiring::now()).await?;
            if context.json {
                output::json(&json!({ "workspace_id": made.workspace_id }))?;
            } else {
                output::line(made.workspace_id);
            }
        }
        Action::List => {
            let page_of = |query| {
                let (store, operator) = (&store, &operator);
                async move { store::workspaces::list(store, operator, &query).await }
            };
            for it in wiring::every(page_of).await? {
                let external = it.external_workspace_id.as_deref().unwrap_or("-");
                if context.json {
                    output::json(&json!({
                        "workspace_id": it.workspace_id, "name": it.name, "external_workspace_id": it.external_workspace_id,
                    }))?;
                } else {
                    output::line(format!("{}  {external}  {}", it.workspace_id, it.name));
                }
            }
        }
    }
    store.close().await;
    Ok(ExitCode::SUCCESS)
}
