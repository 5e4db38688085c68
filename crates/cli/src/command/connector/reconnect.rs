//! `wireline connector reconnect`: other credentials, or another address.

use std::process::ExitCode;

use anyhow::{Context as _, Result, ensure};
use store::workspace_connectors::{self, Patch};

use super::Place;
use crate::command::transport::Where;
use crate::{output, wiring};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Id or name of an installation
    connector: String,
    #[command(flatten)]
    at: Where,
}

pub(super) async fn run(place: &Place<'_>, options: &Options) -> Result<ExitCode> {
    let id = place.installation(&options.connector).await?.workspace_connector_id;
    let transport = match options.at.transport()? {
        Some(transport) => transport,
        None => {
            ensure!(
                !options.at.secrets.is_empty(),
                "say what is new: --secret, or --url or --server with all of their secrets"
            );
            let stored = workspace_connectors::transport(&place.store, &place.tenant, id)
                .await
                .context("reading how it was reached; give --url or --server")?;
            options.at.with_secrets(stored)?
        }
    };
    let patch = Patch { transport: Some(transport), ..Patch::default() };
    let changed =
        workspace_connectors::update(&place.store, &place.tenant, id, patch, wiring::now())
            .await
            .context("setting the credentials")?;
    if place.context.json {
        output::json(&server::api::workspace_connectors::resource(&changed))?;
    } else {
        output::line(format!("{}: {}, {}", changed.name, changed.status, changed.address));
        output::aside(format!("`wireline connector probe {id}` tries them"));
    }
    Ok(ExitCode::SUCCESS)
}
