//! `wireline webhook replay`.

use std::time::Duration;

use anyhow::{Context as _, Result};
use domain::id::WebhookDeliveryId;
use serde_json::json;
use store::webhooks::{self, Replay};

use super::Place;
use crate::{output, wiring};

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true))]
pub(crate) struct Options {
    /// Id or address of a webhook
    webhook: String,
    /// This one alone
    #[arg(long, value_name = "ID", group = "what")]
    delivery: Option<WebhookDeliveryId>,
    /// Every event of this time, delivered or not, e.g. 2h, 3days
    #[arg(long, group = "what", value_parser = humantime::parse_duration)]
    since: Option<Duration>,
}

pub(super) async fn run(place: &Place<'_>, options: &Options) -> Result<()> {
    let it = place.endpoint(&options.webhook).await?;
    let now = wiring::now();
    let what = match (options.delivery, options.since) {
        (Some(id), _) => Replay::One(id),
        (None, Some(since)) => {
            let since = chrono::Duration::from_std(since).context("--since is too long")?;
            Replay::Since(now - since)
        }
        (None, None) => unreachable!("clap asks for one of them"),
    };
    let count = webhooks::replay(&place.store, &place.tenant, it.id, what, now)
        .await
        .context("sending again; `wireline webhook deliveries` shows what was sent")?;
    if place.context.json {
        return output::json(&json!({ "deliveries": count }));
    }
    output::line(format!("{count} event(s) go to {} once more, under their ids", it.url));
    Ok(())
}
