//! `wireline webhook list`.

use anyhow::Result;
use store::webhooks::{self, Endpoint};

use super::Place;
use crate::{output, wiring};

pub(super) async fn run(place: &Place<'_>) -> Result<()> {
    let page_of = |query| async move { webhooks::list(&place.store, &place.tenant, &query).await };
    let all = wiring::every(page_of).await?;
    if place.context.json {
        return all.iter().try_for_each(|it| {
            output::json(&server::api::webhook_endpoints::resource(&place.tenant, it))
        });
    }
    if all.is_empty() {
        output::aside("nobody is told yet; `wireline webhook add https://…` does it");
        return Ok(());
    }
    output::table(
        &["id", "state", "address", "events", "of", "what it is for"],
        all.iter().map(|it| {
            vec![
                it.id.to_string(),
                state(it),
                it.url.clone(),
                events(it),
                of(it),
                it.description.clone().unwrap_or_default(),
            ]
        }),
    );
    Ok(())
}

/// Whether it is told, and whether it answers.
pub(super) fn state(it: &Endpoint) -> String {
    match it.failing_since {
        Some(since) => {
            format!("{}, nothing arrived since {}", it.status, domain::time::rfc3339(since))
        }
        None => it.status.to_string(),
    }
}

pub(super) fn events(it: &Endpoint) -> String {
    it.events.iter().map(|it| it.as_str()).collect::<Vec<_>>().join(", ")
}

pub(super) fn of(it: &Endpoint) -> String {
    it.connector.map_or_else(|| "every connector".to_owned(), |it| it.to_string())
}
