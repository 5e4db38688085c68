//! `wireline connector health`.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use domain::health::HealthState;
use domain::reason::Reason;
use store::health;

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
    let found = health::find(&place.store, &place.tenant, id, wiring::now())
        .await
        .context("reading its health")?;
    if place.context.json {
        output::json(&server::api::health::resource(id, found))?;
        return Ok(ExitCode::SUCCESS);
    }
    let since = found.since.map(|it| format!(" since {}", domain::time::rfc3339(it)));
    output::line(format!("{}: {}{}", it.name, found.state, since.unwrap_or_default()));
    output::line(&found.advice);
    let told = found.targets.iter().filter(|it| it.state != HealthState::NeverSynced);
    output::table(
        &["target", "state", "complete up to", "reasons", "what to do"],
        told.map(|it| {
            let reasons: Vec<_> = it.reasons.iter().copied().map(Reason::as_str).collect();
            vec![
                it.target_model.to_string(),
                it.state.to_string(),
                it.fresh_until.map_or_else(|| "-".to_owned(), domain::time::rfc3339),
                reasons.join(", "),
                it.advice.clone(),
            ]
        }),
    );
    Ok(ExitCode::SUCCESS)
}
