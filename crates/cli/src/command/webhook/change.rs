//! `wireline webhook enable`, `disable`, `rotate`, `test` and `remove`.

use anyhow::{Context as _, Result};
use domain::webhook::{EndpointStatus, OLD_SECRET_HOURS};
use serde_json::json;
use server::api::webhook_endpoints::{resource, resource_with};
use store::webhooks::{self, Patch};

use super::Place;
use crate::{output, wiring};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Id or address of a webhook
    pub(super) webhook: String,
}

pub(super) async fn enable(place: &Place<'_>, options: &Options) -> Result<()> {
    switch(place, options, EndpointStatus::Enabled).await
}

pub(super) async fn disable(place: &Place<'_>, options: &Options) -> Result<()> {
    switch(place, options, EndpointStatus::Disabled).await
}

async fn switch(place: &Place<'_>, options: &Options, status: EndpointStatus) -> Result<()> {
    let id = place.endpoint(&options.webhook).await?.id;
    let patch = Patch { status: Some(status), ..Patch::default() };
    let (changed, _) = webhooks::update(&place.store, &place.tenant, id, patch, wiring::now())
        .await
        .context("changing the webhook")?;
    if place.context.json {
        return output::json(&resource(&place.tenant, &changed));
    }
    output::line(format!("{} is {}", changed.url, changed.status));
    Ok(())
}

pub(super) async fn rotate(place: &Place<'_>, options: &Options) -> Result<()> {
    let id = place.endpoint(&options.webhook).await?.id;
    let patch = Patch { rotate: true, ..Patch::default() };
    let (changed, secret) = webhooks::update(&place.store, &place.tenant, id, patch, wiring::now())
        .await
        .context("giving it a new secret")?;
    let secret = secret.context("no new secret was made")?;
    if place.context.json {
        return output::json(&resource_with(&place.tenant, &changed, &secret));
    }
    output::line(format!("new signing secret, shown this once: {}", secret.expose()));
    output::line(format!("the one before signs too for {OLD_SECRET_HOURS} hours"));
    Ok(())
}

pub(super) async fn test(place: &Place<'_>, options: &Options) -> Result<()> {
    let it = place.endpoint(&options.webhook).await?;
    webhooks::test(&place.store, &place.tenant, it.id, wiring::now())
        .await
        .context("putting a test into the outbox")?;
    if place.context.json {
        return output::json(&json!({ "tested": it.id }));
    }
    output::line(format!("a test for {} waits for `wireline serve` or `work`", it.url));
    Ok(())
}

pub(super) async fn remove(place: &Place<'_>, options: &Options) -> Result<()> {
    let it = place.endpoint(&options.webhook).await?;
    webhooks::delete(&place.store, &place.tenant, it.id).await.context("removing the webhook")?;
    if place.context.json {
        return output::json(&json!({ "removed": it.id }));
    }
    output::line(format!("{} is told no more; what was still to be sent is gone", it.url));
    Ok(())
}
