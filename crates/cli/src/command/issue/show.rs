//! `wireline issue show`.

use anyhow::{Context as _, Result};
use domain::id::SyncIssueId;
use server::api::sync_issues::{Story, resource_in_full};
use store::issues::{self, Actor, Issue, Transition};

use super::Place;
use crate::{output, wiring};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Id of an issue; `meta.issue` of a diagnostic
    issue: SyncIssueId,
}

pub(super) async fn run(place: &Place<'_>, options: &Options) -> Result<()> {
    let it = place.issue(options.issue).await?;
    let (store, tenant) = (&place.store, &place.tenant);
    let story = Story {
        transitions: issues::transitions(store, tenant, &it).await.context("its history")?,
        trend: issues::trend(store, tenant, &it, wiring::now()).await.context("its days")?,
        radius: issues::blast_radius(store, tenant, &it).await.context("how far it reaches")?,
    };
    if place.context.json {
        return output::json(&resource_in_full(tenant, &it, &story));
    }
    told(&it);
    reach(&story);
    output::table(
        &["when", "from", "to", "why", "who", "note"],
        story.transitions.iter().map(|it| {
            vec![
                domain::time::rfc3339(it.created_at),
                it.from.map_or_else(String::new, |it| it.to_string()),
                it.to.to_string(),
                it.cause.to_string(),
                who(it),
                it.note.clone().unwrap_or_default(),
            ]
        }),
    );
    Ok(())
}

fn told(it: &Issue) {
    let tool = it.tool_name.as_deref().map_or_else(String::new, |it| format!(" from {it}"));
    let about = it.subject.as_deref().map_or_else(String::new, |it| format!(" ({it})"));
    output::line(format!("{}: {}{tool}, {}{about}", it.state, it.target_model, it.reason));
    output::line(format!(
        "{} row(s) from {} to {}; {} record(s) in the last run",
        it.count,
        domain::time::rfc3339(it.first_seen_at),
        domain::time::rfc3339(it.last_seen_at),
        it.affected_records
    ));
    if let Some(since) = it.not_stored_since {
        let since = domain::time::rfc3339(since);
        output::line(format!("{} row(s) were counted and not stored since {since}", it.not_stored));
    }
    if let Some(note) = &it.note {
        output::line(format!("note: {note}"));
    }
}

fn reach(story: &Story) {
    let radius = &story.radius;
    let models: Vec<_> = radius.models.iter().map(|it| it.as_str()).collect();
    let models = if models.is_empty() { "none".to_owned() } else { models.join(", ") };
    output::line(format!(
        "missing now: {} rejected, {} waiting; downstream: {models}",
        radius.rejected, radius.waiting
    ));
    for it in &radius.dependants {
        output::line(format!("{} {} record(s) wait for it", it.waiting, it.target_model));
    }
    let days: Vec<_> = story.trend.iter().map(|it| it.count.to_string()).collect();
    output::line(format!("rows a day, today last: {}", days.join(" ")));
}

fn who(it: &Transition) -> String {
    match &it.actor {
        Actor::Engine => "engine".to_owned(),
        Actor::Operator => "operator".to_owned(),
        Actor::Key(id, name) => name.clone().unwrap_or_else(|| id.to_string()),
    }
}
