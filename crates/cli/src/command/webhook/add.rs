//! `wireline webhook add`.

use anyhow::{Context as _, Result};
use domain::id::WorkspaceConnectorId;
use domain::webhook::Event;
use store::webhooks::{self, New};

use super::Place;
use crate::{output, wiring};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Where events are posted to: https://…
    url: String,
    /// An event that it is told of; may be repeated. Without one: every event but `diagnostic.failure`
    #[arg(long = "event", value_name = "EVENT")]
    events: Vec<Event>,
    /// Only of this connector
    #[arg(long, value_name = "ID")]
    connector: Option<WorkspaceConnectorId>,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
}

pub(super) async fn run(place: &Place<'_>, options: &Options) -> Result<()> {
    let events = match options.events.as_slice() {
        [] => Event::usual().collect(),
        asked => asked.to_vec(),
    };
    let new = New {
        url: options.url.trim().to_owned(),
        description: options.description.clone(),
        events,
        connector: options.connector,
    };
    let (made, secret) = webhooks::insert(&place.store, &place.tenant, new, wiring::now())
        .await
        .context("adding the webhook")?;
    if place.context.json {
        let made = server::api::webhook_endpoints::resource_with(&place.tenant, &made, &secret);
        return output::json(&made);
    }
    output::line(format!("{} is told from now on; its id is {}", made.url, made.id));
    output::line(format!("signing secret, shown this once: {}", secret.expose()));
    Ok(())
}
