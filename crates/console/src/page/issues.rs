//! Issues: one row a problem, with its trend.

use std::collections::HashMap;

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::catalogue;
use domain::id::SyncIssueId;
use domain::issue;
use maud::{Markup, html};
use server::listing::{self, Beside, List};
use server::{App, Problem};
use store::issues::{self, Day, Issue};

use crate::answer;
use crate::page::connectors::pages;
use crate::page::diagnostics::names;
use crate::session::Person;
use crate::view::chart;
use crate::view::diagnostic::Names;
use crate::view::frame::{self, Frame, Place};
use crate::view::{link, status, text};

/// Where the rail leads: what asks for somebody.
pub(crate) const OPEN: &str = "/issues?filter%5Bstate%5D=open%2Cescalating%2Cregressed";

struct Shown {
    issues: Vec<Issue>,
    trends: HashMap<SyncIssueId, Vec<Day>>,
    names: Names,
    beside: Beside,
}

pub(crate) async fn show(State(app): State<App>, person: Person) -> Result<Response, Problem> {
    let (store, tenant, now) = (app.store(), person.tenant(), person.now);
    let asked = listing::read(&app, tenant, &person.uri, List::Issues)?;
    let slice = issues::list(store, tenant, &asked.query).await?;
    let beside = asked.beside(&app, tenant, &person.uri, &slice);
    let issues: Vec<Issue> = slice.items.into_iter().map(|it| it.0).collect();
    let trends = issues::trends(store, tenant, &issues, now).await?;
    let names = names(store, tenant).await?;
    let shown = Shown { issues, trends, names, beside };
    let frame = Frame { title: "Issues", place: Place::Issues, trail: &[] };
    Ok(answer::page(frame.around(&person, &whole(&person.uri, &shown, now))))
}

fn whole(uri: &Uri, shown: &Shown, now: DateTime<Utc>) -> Markup {
    html! {
        h1 { "Issues" }
        (states(uri))
        @if shown.issues.is_empty() {
            (frame::empty("No issues here.", &html! { "Rows that stand in the way of data, and are about the same thing, show here as one." }))
        } @else {
            div.scroll tabindex="0" role="region" aria-label="Issues" {
                table.list {
                    thead { tr {
                        th scope="col" { "State" } th scope="col" { "What" } th scope="col" { "Where" }
                        th scope="col" { "First seen" } th scope="col" { "Last seen" }
                        th.num scope="col" { "Rows" } th.num scope="col" { "Records" } th scope="col" { (issue::TREND_DAYS) " days" }
                    } }
                    tbody { @for it in &shown.issues { (row(it, shown, now)) } }
                }
            }
            (pages(&shown.beside))
        }
    }
}

fn states(uri: &Uri) -> Markup {
    let now = link::parameter(uri, "filter[state]").unwrap_or_default();
    let states = [
        ("Open", "open,escalating,regressed"),
        ("Muted", "muted"),
        ("Resolved", "resolved"),
        ("All", ""),
    ];
    html! {
        nav.tabs aria-label="States" {
            @for (label, value) in states {
                @let to = link::with(uri, "filter[state]", Some(value).filter(|it| !it.is_empty()));
                a href=(to) aria-current=[(now == value).then_some("true")] { (label) }
            }
        }
    }
}

fn row(it: &Issue, shown: &Shown, now: DateTime<Utc>) -> Markup {
    let none = Vec::new();
    let trend = shown.trends.get(&it.id).unwrap_or(&none);
    html! {
        tr data-row {
            td { (status::issue(it.state)) }
            th scope="row" {
                a href={ "/issues/" (it.id) } { (catalogue::page(it.reason).title) }
                @if let Some(subject) = &it.subject { div { code { (text::short(subject, 60)) } } }
                @if let Some(note) = &it.note { div.quiet { (text::short(note, 80)) } }
            }
            td {
                (shown.names.get(&it.connector).cloned().unwrap_or_default()) " · " (text::model(it.target_model))
                @if let Some(tool) = &it.tool_name { div { code { (text::short(tool, 50)) } } }
            }
            td data-label="First seen" { (text::time(it.first_seen_at, now)) }
            td data-label="Last seen" { (text::time(it.last_seen_at, now)) }
            td.num data-label="Rows" { (text::count(it.count)) }
            td.num data-label="Records" { (text::count(it.affected_records)) }
            td { (chart::spark(&trend.iter().map(|it| it.count).collect::<Vec<_>>())) }
        }
    }
}
