//! `wireline webhook deliveries`.

use anyhow::{Context as _, Result};
use domain::webhook::{DeliveryStatus, Event};
use store::Page;
use store::query::{Condition, Op, Query, Value};
use store::webhooks::{self, DELIVERY_FIELDS, Delivery};

use super::Place;
use crate::output;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Only of this webhook: its id or address
    webhook: Option<String>,
    /// Only in this state
    #[arg(long, value_name = "STATE")]
    status: Option<DeliveryStatus>,
    /// Only of this event
    #[arg(long, value_name = "EVENT")]
    event: Option<Event>,
    /// Deliveries to show
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=500))]
    limit: u16,
}

pub(super) async fn run(place: &Place<'_>, options: &Options) -> Result<()> {
    let conditions = conditions(place, options).await?;
    let query = Query { conditions, page: Page::first(options.limit), ..Query::default() };
    let found = webhooks::deliveries(&place.store, &place.tenant, &query)
        .await
        .context("reading what was sent")?;
    if place.context.json {
        return found
            .items
            .iter()
            .try_for_each(|(it, _)| output::json(&server::api::webhook_deliveries::resource(it)));
    }
    if found.items.is_empty() {
        output::aside(
            "no deliveries match; they come with events, or with `wireline webhook test`",
        );
        return Ok(());
    }
    output::table(
        &["id", "event", "state", "attempts", "answer", "happened", "next try"],
        found.items.iter().map(|(it, _)| {
            vec![
                it.id.to_string(),
                it.event.to_string(),
                it.status.to_string(),
                it.attempts.to_string(),
                answer(it),
                domain::time::rfc3339(it.created_at),
                next(it),
            ]
        }),
    );
    Ok(())
}

async fn conditions(place: &Place<'_>, options: &Options) -> Result<Vec<Condition>> {
    let mut wanted = Vec::new();
    if let Some(given) = &options.webhook {
        wanted.push(("webhook_endpoint", Value::Id(place.endpoint(given).await?.id.0)));
    }
    wanted.extend(options.status.map(|it| ("status", Value::Text(it.as_str().to_owned()))));
    wanted.extend(options.event.map(|it| ("event_type", Value::Text(it.as_str().to_owned()))));
    let of = |(name, value)| {
        Condition::on(DELIVERY_FIELDS, name, Op::Eq, [value])
            .with_context(|| format!("no field {name} in this version of the store"))
    };
    wanted.into_iter().map(of).collect()
}

fn answer(it: &Delivery) -> String {
    match (&it.answer_note, it.answer_status) {
        (Some(note), _) => note.clone(),
        (None, Some(status)) => format!("answered {status}"),
        (None, None) => String::new(),
    }
}

fn next(it: &Delivery) -> String {
    match it.status {
        DeliveryStatus::Pending => domain::time::rfc3339(it.next_attempt_at),
        DeliveryStatus::Delivered | DeliveryStatus::GivenUp => String::new(),
    }
}
