//! `wireline connector remove`.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use serde_json::json;
use store::workspace_connectors;

use super::Place;
use crate::{output, wiring};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Id or name of an installation
    connector: String,
}

pub(super) async fn run(place: &Place<'_>, options: &Options) -> Result<ExitCode> {
    let it = place.installation(&options.connector).await?;
    let id = it.workspace_connector_id;
    workspace_connectors::delete(&place.store, &place.tenant, id, wiring::now())
        .await
        .context("removing the connector")?;
    if place.context.json {
        output::json(&json!({ "removed": id }))?;
    } else {
        output::line(format!("{} is removed with its credentials; what it brought stays", it.name));
    }
    Ok(ExitCode::SUCCESS)
}
