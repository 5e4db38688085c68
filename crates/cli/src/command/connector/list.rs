//! `wireline connector list`.

use std::process::ExitCode;

use anyhow::Result;
use store::{connectors, workspace_connectors};

use super::Place;
use crate::{output, wiring};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// What can be installed, in place of what is
    #[arg(long)]
    catalogue: bool,
}

pub(super) async fn run(place: &Place<'_>, options: &Options) -> Result<ExitCode> {
    if options.catalogue {
        catalogue(place).await?
    } else {
        installed(place).await?
    }
    Ok(ExitCode::SUCCESS)
}

async fn installed(place: &Place<'_>) -> Result<()> {
    let page_of = |query| async move {
        workspace_connectors::list(&place.store, &place.tenant, &query).await
    };
    let all = wiring::every(page_of).await?;
    if place.context.json {
        return all
            .iter()
            .try_for_each(|it| output::json(&server::api::workspace_connectors::resource(it)));
    }
    if all.is_empty() {
        output::aside("nothing is installed yet; `wireline connector install --url …` does it");
        return Ok(());
    }
    let head = ["id", "name", "status", "schedule", "address", "last success"];
    output::table(
        &head,
        all.iter().map(|it| {
            vec![
                it.workspace_connector_id.to_string(),
                it.name.clone(),
                it.status.to_string(),
                schedule(it),
                it.address.clone(),
                it.last_success_at.map_or_else(|| "never".to_owned(), domain::time::rfc3339),
            ]
        }),
    );
    Ok(())
}

/// How often it runs by itself, in words.
pub(super) fn schedule(it: &workspace_connectors::WorkspaceConnector) -> String {
    match (it.schedule_minutes, it.paused) {
        (None, _) => "when asked".to_owned(),
        (Some(minutes), false) => format!("every {minutes} min"),
        (Some(minutes), true) => format!("every {minutes} min, paused"),
    }
}

async fn catalogue(place: &Place<'_>) -> Result<()> {
    let page_of =
        |query| async move { connectors::list(&place.store, &place.tenant, &query).await };
    let all = wiring::every(page_of).await?;
    if place.context.json {
        return all.iter().try_for_each(|it| output::json(&server::api::connectors::resource(it)));
    }
    output::table(
        &["service", "name", "status", "authorization", "address", "of"],
        all.iter().map(|it| {
            let address = it.transport.as_ref().and_then(|it| it["url"].as_str());
            vec![
                it.service_id.clone(),
                it.name.clone(),
                it.status.to_string(),
                it.authorization_flow.to_string(),
                address.unwrap_or("-").to_owned(),
                if it.is_custom { "this workspace" } else { "everyone" }.to_owned(),
            ]
        }),
    );
    Ok(())
}
