//! `wireline connector probe`. Exit code 1 when no server is reached.

use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use domain::probe::{Probe, ProbeOutcome};
use store::workspace_connectors;

use super::Place;
use crate::command::transport::Where;
use crate::output;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Id or name of an installation, in place of --url or --server
    connector: Option<String>,
    #[command(flatten)]
    at: Where,
}

pub(super) async fn run(place: &Place<'_>, options: &Options) -> Result<ExitCode> {
    let transport = match (options.at.transport()?, &options.connector) {
        (Some(transport), None) => transport,
        (None, Some(given)) => {
            let id = place.installation(given).await?.workspace_connector_id;
            workspace_connectors::transport(&place.store, &place.tenant, id)
                .await
                .context("reading how it is reached; `wireline connector reconnect` sets it anew")?
        }
        (Some(_), Some(_)) | (None, None) => {
            bail!("say what to try: an installation, --url or --server")
        }
    };
    let found = engine::probe(&transport, &place.context.config.engine(true)).await;
    if place.context.json {
        output::json(&found)?;
    } else {
        in_words(&found);
    }
    Ok(match found.outcome {
        ProbeOutcome::Reachable => ExitCode::SUCCESS,
        ProbeOutcome::NeedsAuthorization
        | ProbeOutcome::Refused
        | ProbeOutcome::NotStarted
        | ProbeOutcome::TimedOut
        | ProbeOutcome::NotMcp
        | ProbeOutcome::Failed
        | ProbeOutcome::NotConfigured => ExitCode::from(output::FAILED),
    })
}

fn in_words(found: &Probe) {
    let status = found.http_status.map(|it| format!(" (HTTP {it})")).unwrap_or_default();
    output::line(format!("{}{status}: {}", found.outcome, found.detail));
    if let Some(server) = &found.server {
        output::line(format!("{} {}, protocol {}", server.name, server.version, server.protocol));
    }
    if let Some(challenge) = &found.authorization {
        if !challenge.scopes.is_empty() {
            output::line(format!("it asks for the scopes {}", challenge.scopes.join(" ")));
        }
        if let Some(metadata) = &challenge.resource_metadata {
            output::line(format!("its OAuth is described at {metadata}"));
        }
    }
    if !found.offers.is_empty() {
        let offers = &found.offers;
        let rows = offers.iter().map(|it| vec![it.target_model.to_string(), it.tool_name.clone()]);
        output::table(&["target", "tool that seems to list it"], rows);
    }
}
