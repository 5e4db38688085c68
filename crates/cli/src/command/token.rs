//! `wireline token --operator`: a key that may make workspaces and their first keys over HTTP.

use std::process::ExitCode;

use anyhow::{Result, bail};
use domain::connector::Role;
use serde_json::json;

use crate::{Context, output, wiring};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// A key of the operator: makes workspaces and their first keys, and nothing inside them
    #[arg(long)]
    operator: bool,
}

pub(crate) async fn run(context: &Context, options: &Options) -> Result<ExitCode> {
    if !options.operator {
        bail!(
            "say which token: `wireline token --operator`; keys of a workspace: `wireline key create`"
        );
    }
    let store = wiring::store(context).await?;
    let new = store::api_keys::New {
        name: "operator".to_owned(),
        role: Role::Admin,
        expiration_at: None,
    };
    let (_, secret) =
        store::api_keys::insert_operator(&store, &store.operator(), new, wiring::now()).await?;
    store.close().await;
    if context.json {
        output::json(&json!({ "key": secret.expose() }))?;
    } else {
        output::line(secret.expose());
    }
    Ok(ExitCode::SUCCESS)
}
