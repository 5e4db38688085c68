//! `wireline connector pause` and `resume`.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use store::workspace_connectors::{self, Patch};

use super::{Place, list};
use crate::{output, wiring};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Id or name of an installation
    connector: String,
}

pub(super) async fn run(place: &Place<'_>, options: &Options, paused: bool) -> Result<ExitCode> {
    let id = place.installation(&options.connector).await?.workspace_connector_id;
    let patch = Patch { paused: Some(paused), ..Patch::default() };
    let changed =
        workspace_connectors::update(&place.store, &place.tenant, id, patch, wiring::now())
            .await
            .context("changing the schedule")?;
    if place.context.json {
        output::json(&server::api::workspace_connectors::resource(&changed))?;
    } else {
        output::line(format!("{}: runs {}", changed.name, list::schedule(&changed)));
    }
    Ok(ExitCode::SUCCESS)
}
