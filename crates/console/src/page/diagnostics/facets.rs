//! What the rows of a filter come to: by day, and by each thing that they can be narrowed by.

use axum::http::Uri;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use domain::catalogue;
use maud::{Markup, html};
use store::diagnostics::Counts;

use super::chosen;
use crate::view::chart::{self, Day};
use crate::view::diagnostic::Names;
use crate::view::{link, status, text};

const DAYS: i64 = 30;
/// Values of one facet that are shown.
const VALUES: usize = 12;

/// A value that rows can be narrowed to.
struct Choice {
    value: String,
    words: String,
    count: u64,
}

pub(super) fn view(uri: &Uri, counts: &Counts, names: &Names, now: DateTime<Utc>) -> Markup {
    let choice = |value: String, words: String, count: u64| Choice { value, words, count };
    let reasons = counts
        .reasons
        .iter()
        .map(|(it, n)| choice(it.to_string(), catalogue::page(*it).title.clone(), *n));
    let models = counts.models.iter().map(|(it, n)| choice(it.to_string(), text::model(*it), *n));
    let connectors = counts.connectors.iter().map(|(it, n)| {
        choice(it.to_string(), names.get(it).cloned().unwrap_or_else(|| it.to_string()), *n)
    });
    let classes = counts.classes.iter().map(|(it, n)| choice(it.to_string(), it.to_string(), *n));
    let impacts = counts
        .impacts
        .iter()
        .map(|(it, n)| choice(it.to_string(), status::impact(*it).to_owned(), *n));
    html! {
        p.total data-total { (text::of(counts.total, "row", "rows")) }
        (histogram(uri, counts, now))
        nav.facets aria-label="Narrow down" {
            (facet(uri, "Reason", "filter[reason]", reasons.collect()))
            (facet(uri, "Target", "filter[target_model]", models.collect()))
            (facet(uri, "Connector", "filter[workspace_connector]", connectors.collect()))
            (facet(uri, "Class", "filter[class]", classes.collect()))
            (facet(uri, "Effect", "filter[impact]", impacts.collect()))
        }
    }
}

/// A bar leads to its day; two clicks with the script narrow to the days between them.
fn histogram(uri: &Uri, counts: &Counts, now: DateTime<Utc>) -> Markup {
    let today = now.date_naive();
    let first = counts.days.keys().next().copied().unwrap_or(today);
    let days = (today - first).num_days().clamp(DAYS - 1, 365);
    let days: Vec<Day> = (0..=days)
        .rev()
        .map(|ago| today - TimeDelta::days(ago))
        .map(|date| {
            let (failure, informational) = counts.days.get(&date).copied().unwrap_or_default();
            Day { date, failure, informational, runs: None }
        })
        .collect();
    let on = |date: NaiveDate| between(uri, date, date);
    html! {
        div data-brush=(brush(uri)) { (chart::days("histogram", "Rows by day", &days, on)) }
    }
}

fn between(uri: &Uri, from: NaiveDate, to: NaiveDate) -> String {
    let (from, to) = (from.to_string(), (to + TimeDelta::days(1)).to_string());
    let changes =
        [("filter[occurred_at][gte]", Some(from.as_str())), ("filter[occurred_at][lt]", Some(&to))];
    link::with_all(uri, &changes)
}

/// The address without a time range, for the script to add one.
fn brush(uri: &Uri) -> String {
    link::with_all(uri, &[("filter[occurred_at][gte]", None), ("filter[occurred_at][lt]", None)])
}

fn facet(uri: &Uri, title: &str, name: &str, choices: Vec<Choice>) -> Markup {
    let chosen = chosen(uri, name);
    if choices.is_empty() {
        return html! {};
    }
    html! {
        details.facet open {
            summary { (title) }
            ul {
                @for it in choices.iter().take(VALUES) {
                    @let is_chosen = chosen.contains(&it.value);
                    @let to = if is_chosen { link::with(uri, name, None) } else { link::with(uri, name, Some(&it.value)) };
                    li {
                        a href=(to) aria-current=[is_chosen.then_some("true")] {
                            span.label { (it.words) } span.num { (text::count(it.count)) }
                        }
                    }
                }
                @if choices.len() > VALUES { li.quiet { "and " (choices.len() - VALUES) " more" } }
            }
        }
    }
}
