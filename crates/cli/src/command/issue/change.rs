//! `wireline issue mute`, `resolve`, `reopen` and `note`.

use anyhow::{Context as _, Result};
use chrono::{DateTime, Utc};
use domain::id::SyncIssueId;
use domain::issue::Wish;
use server::api::sync_issues::resource;
use store::issues::{self, Patch};

use super::Place;
use crate::{output, wiring};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Id of an issue
    issue: SyncIssueId,
    /// Why, for whoever looks later
    #[arg(long)]
    note: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Mute {
    #[command(flatten)]
    of: Options,
    /// Until this time, e.g. 2026-06-08T00:00:00Z
    #[arg(long, value_name = "TIME")]
    until: Option<DateTime<Utc>>,
    /// Until so many more rows have come
    #[arg(long, value_name = "ROWS", value_parser = clap::value_parser!(u64).range(1..))]
    rows: Option<u64>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Note {
    /// Id of an issue
    issue: SyncIssueId,
    /// Leave it out to take the note away
    note: Option<String>,
}

pub(super) async fn mute(place: &Place<'_>, options: &Mute) -> Result<()> {
    let it = place.issue(options.of.issue).await?;
    let until_count = options.rows.map(|rows| it.count.saturating_add(rows));
    let wish = Wish::Mute { until: options.until, until_count };
    change(place, &options.of, Some(wish)).await
}

pub(super) async fn resolve(place: &Place<'_>, options: &Options) -> Result<()> {
    change(place, options, Some(Wish::Resolve)).await
}

pub(super) async fn reopen(place: &Place<'_>, options: &Options) -> Result<()> {
    change(place, options, Some(Wish::Open)).await
}

pub(super) async fn note(place: &Place<'_>, options: &Note) -> Result<()> {
    let patch = Patch { wish: None, note: Some(options.note.clone()) };
    update(place, options.issue, &patch).await
}

async fn change(place: &Place<'_>, options: &Options, wish: Option<Wish>) -> Result<()> {
    let patch = Patch { wish, note: options.note.clone().map(Some) };
    update(place, options.issue, &patch).await
}

async fn update(place: &Place<'_>, id: SyncIssueId, patch: &Patch) -> Result<()> {
    let changed = issues::update(&place.store, &place.tenant, id, patch, wiring::now())
        .await
        .context("changing the issue; `wireline issue list` shows them")?;
    if place.context.json {
        return output::json(&resource(&place.tenant, &changed));
    }
    output::line(format!("{} of {} is {}", changed.reason, changed.target_model, changed.state));
    Ok(())
}
