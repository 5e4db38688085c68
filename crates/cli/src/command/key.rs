//! `wireline key create|list`: the first keys of a workspace, on the machine itself.

use std::process::ExitCode;

use anyhow::Result;
use domain::connector::Role;
use serde_json::json;

use crate::{Context, output, wiring};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Action {
    /// Make a key; its secret is shown this once
    Create {
        /// Workspace id or external id; else the local workspace
        #[arg(long)]
        workspace: Option<String>,
        /// read, write or admin
        #[arg(long, default_value = "read")]
        role: Role,
        #[arg(long, default_value = "command line")]
        name: String,
    },
    /// Show the keys of a workspace, without their secrets
    List {
        #[arg(long)]
        workspace: Option<String>,
    },
}

pub(crate) async fn run(context: &Context, action: &Action) -> Result<ExitCode> {
    let store = wiring::store(context).await?;
    match action {
        Action::Create { workspace, role, name } => {
            let tenant = wiring::tenant(&store, workspace.as_deref()).await?;
            let new = store::api_keys::New { name: name.clone(), role: *role, expiration_at: None };
            let (key, secret) =
                store::api_keys::insert(&store, &tenant, new, wiring::now()).await?;
            if context.json {
                output::json(&json!({ "api_key_id": key.api_key_id, "key": secret.expose() }))?;
            } else {
                output::line(secret.expose());
            }
        }
        Action::List { workspace } => {
            let tenant = wiring::tenant(&store, workspace.as_deref()).await?;
            let page_of = |query| {
                let (store, tenant) = (&store, &tenant);
                async move { store::api_keys::list(store, tenant, &query).await }
            };
            for it in wiring::every(page_of).await? {
                output::line(format!(
                    "{}  {}  {}  {}",
                    it.api_key_id, it.role, it.masked_key, it.name
                ));
            }
        }
    }
    store.close().await;
    Ok(ExitCode::SUCCESS)
}
