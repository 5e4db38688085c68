//! The first page: which connectors need a person, how everything is at a glance, and how findings
//! went over the last days.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use domain::TargetModel;
use domain::health::{Health, HealthState, TargetHealth};
use maud::{Markup, html};
use server::{App, Problem};
use store::diagnostics::{self, Counts};
use store::workspace_connectors::{self, WorkspaceConnector};
use store::{Condition, Op, Page, Query, Sort, Value, health, issues, sync_logs};

use crate::answer;
use crate::page::issues::OPEN;
use crate::page::problem;
use crate::session::Person;
use crate::view::chart::{self, Day};
use crate::view::frame::{self, Frame, Place};
use crate::view::{link, status, text};

/// Connectors that are weighed at once; a workspace with more has the rest under Connectors.
const SHOWN: u16 = 100;
const DAYS: i64 = 30;
const ISSUES: u16 = 6;

type Weighed = (WorkspaceConnector, Health);

pub(crate) async fn show(State(app): State<App>, person: Person) -> Result<Response, Problem> {
    let (store, tenant, now) = (app.store(), person.tenant(), person.now);
    let query = Query { page: Page::first(SHOWN), ..Query::default() };
    let connectors = workspace_connectors::list(store, tenant, &query).await?;
    let has_more = connectors.has_after;
    let connectors: Vec<_> = connectors.items.into_iter().map(|it| it.0).collect();
    let health = health::of(store, tenant, &connectors, now).await?;
    let mut weighed: Vec<Weighed> = connectors.into_iter().zip(health).collect();
    weighed.sort_by(|a, b| b.1.state.cmp(&a.1.state).then_with(|| a.0.name.cmp(&b.0.name)));
    let frame = Frame { title: "Overview", place: Place::Overview, trail: &[] };
    let page = frame.around(&person, &whole(&weighed, has_more, now));
    Ok(answer::streamed(page, async move { findings(&app, &person).await }))
}

/// What takes longer: everything that was noted in thirty days is counted.
async fn findings(app: &App, person: &Person) -> Markup {
    let (store, tenant, now) = (app.store(), person.tenant(), person.now);
    let counts = diagnostics::counts(store, tenant, &Query::default(), now).await;
    let runs = sync_logs::days(store, tenant, now - TimeDelta::days(DAYS)).await;
    let issues = newest(app, person).await;
    match (counts, runs) {
        (Ok(counts), Ok(runs)) => html! { (charts(&counts, &runs, now)) (issues) },
        (Err(error), _) | (_, Err(error)) => {
            problem::inside(&Problem::from(error), &person.request_id)
        }
    }
}

/// What opened or came back last; what cannot be read is left out, and is under Issues.
async fn newest(app: &App, person: &Person) -> Markup {
    let states = ["open", "escalating", "regressed"].map(|it| Value::Text(it.to_owned()));
    let changed = issues::FIELDS.iter().find(|it| it.name == "changed_at");
    let query = Query {
        conditions: Condition::on(issues::FIELDS, "state", Op::In, states).into_iter().collect(),
        sort: changed.map(|field| Sort { field, descending: true }),
        page: Page::first(ISSUES),
        ..Query::default()
    };
    let Ok(slice) = issues::list(app.store(), person.tenant(), &query).await else {
        return html! { p { a href=(OPEN) { "Issues" } } };
    };
    html! {
        h3 { "Newest issues" }
        @if slice.items.is_empty() { p.quiet { "None is open." } } @else {
            ul.plain {
                @for (it, _) in &slice.items {
                    li {
                        (status::issue(it.state)) " " a href={ "/issues/" (it.id) } { (domain::catalogue::page(it.reason).title) }
                        div.quiet { (text::model(it.target_model)) ", " (text::time(it.changed_at, person.now)) }
                    }
                }
            }
            p { a href=(OPEN) { "All open issues" } }
        }
    }
}

fn whole(weighed: &[Weighed], has_more: bool, now: DateTime<Utc>) -> Markup {
    html! {
        h1 { (sentence(weighed)) }
        div.overview {
            @if weighed.is_empty() {
                (frame::empty("No connectors yet.", &html! {
                    "Install one with " code { "wireline connector install --url https://… --name NAME" }
                    ", or over the API. It shows here with its first run."
                }))
            } @else {
                (needing(weighed, now))
                (matrix(weighed, now))
            }
            @if has_more { p.note { "The " (weighed.len()) " newest are shown. " a href="/connectors" { "All connectors" } } }
            section.findings aria-labelledby="findings" {
                h2 #findings { "Findings, " (DAYS) " days" }
                (frame::cut())
            }
        }
    }
}

/// One sentence for who has no more time than that.
fn sentence(weighed: &[Weighed]) -> String {
    let needing = weighed.iter().filter(|it| status::needs_you(it.1.state)).count();
    match (weighed.len(), needing) {
        (0, _) => "Nothing is connected yet".to_owned(),
        (1, 0) => "The one connector is well".to_owned(),
        (all, 0) => format!("None of {all} connectors needs you"),
        (all, 1) => format!("1 of {all} connectors needs you"),
        (all, n) => format!("{n} of {all} connectors need you"),
    }
}

fn needing(weighed: &[Weighed], now: DateTime<Utc>) -> Markup {
    let needing: Vec<&Weighed> =
        weighed.iter().filter(|it| status::needs_you(it.1.state)).collect();
    if needing.is_empty() {
        return html! {};
    }
    html! {
        ul.needing aria-label="Connectors that need you" {
            @for (it, health) in needing {
                li data-row {
                    (status::health(health.state))
                    a.name href=(link::connector(it.workspace_connector_id)) { (it.name) }
                    span.why {
                        (health.advice)
                        @if let Some(since) = health.since { span.quiet { " · " (text::lasting(since, now)) } }
                    }
                    (action(it, health))
                }
            }
        }
    }
}

/// The one thing to do about it.
fn action(it: &WorkspaceConnector, health: &Health) -> Markup {
    let to = link::connector(it.workspace_connector_id);
    let worst = health.targets.iter().max_by_key(|it| it.state);
    let (label, to) = match (health.state, worst) {
        (HealthState::NeedsReconnect, _) => ("Reconnect", format!("{to}#settings")),
        (_, Some(target)) => {
            let id = it.workspace_connector_id.to_string();
            let filters = [
                ("filter[workspace_connector]", id.as_str()),
                ("filter[target_model]", target.target_model.as_str()),
                ("filter[class]", "failure"),
            ];
            ("See why", link::to("/diagnostics", &filters))
        }
        (_, None) => ("See why", to),
    };
    html! { a.do href=(to) { (label) span.sr { ": " (it.name) } } }
}

fn matrix(weighed: &[Weighed], now: DateTime<Utc>) -> Markup {
    let mut models: Vec<TargetModel> = TargetModel::ALL.to_vec();
    models.retain(|model| {
        weighed.iter().any(|it| {
            it.1.targets
                .iter()
                .any(|it| it.target_model == *model && it.state != HealthState::NeverSynced)
        })
    });
    html! {
        div.scroll tabindex="0" role="region" aria-label="Connectors by target" {
            table.matrix {
                caption.sr { "Connectors by target" }
                thead { tr {
                    th scope="col" { "Connector" } th scope="col" { "State" }
                    @for model in &models { th scope="col" { (text::model(*model)) } }
                } }
                tbody {
                    @for (it, health) in weighed {
                        tr data-row {
                            th scope="row" { a href=(link::connector(it.workspace_connector_id)) { (it.name) } }
                            td { (status::health(health.state)) }
                            @for model in &models {
                                @let target = health.targets.iter().find(|it| it.target_model == *model);
                                td { (cell(it, target, now)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn cell(it: &WorkspaceConnector, target: Option<&TargetHealth>, now: DateTime<Utc>) -> Markup {
    let Some(target) = target else {
        return html! { span.quiet { span aria-hidden="true" { "·" } span.sr { "Not synced here" } } };
    };
    let to =
        format!("{}#target-{}", link::connector(it.workspace_connector_id), target.target_model);
    let why = target.reasons.first().map(|it| it.as_str()).unwrap_or_default();
    html! {
        a.cell href=(to) title={ (status::word(target.state)) ". " (target.advice) " " (why) } {
            (status::shape(target.state))
            @if let Some(fresh) = target.fresh_until { span.fresh { (text::time(fresh, now)) } }
        }
    }
}

fn charts(counts: &Counts, runs: &BTreeMap<NaiveDate, u64>, now: DateTime<Utc>) -> Markup {
    let today = now.date_naive();
    let days: Vec<Day> = (0..DAYS)
        .rev()
        .map(|ago| today - TimeDelta::days(ago))
        .map(|date| {
            let (failure, informational) = counts.days.get(&date).copied().unwrap_or_default();
            let runs = Some(runs.get(&date).copied().unwrap_or_default());
            Day { date, failure, informational, runs }
        })
        .collect();
    html! {
        @if counts.total == 0 {
            p.quiet { "Nothing was noted. Every run writes here what kept a record away." }
        }
        (chart::days("days", "Findings by day", &days, on_day))
        @if !counts.reasons.is_empty() {
            h3 { "Most frequent" }
            table.figures {
                caption.sr { "Most frequent reasons" }
                thead { tr { th scope="col" { "Reason" } th.num scope="col" { "Rows" } } }
                tbody {
                    @for (reason, n) in counts.reasons.iter().take(6) {
                        tr {
                            th scope="row" {
                                a href=(link::to("/diagnostics", &[("filter[reason]", reason.as_str())])) { (domain::catalogue::page(*reason).title) }
                            }
                            td.num { (text::count(*n)) }
                        }
                    }
                }
            }
        }
    }
}

fn on_day(date: NaiveDate) -> String {
    let (from, to) = (date.to_string(), (date + TimeDelta::days(1)).to_string());
    let filters = [("filter[occurred_at][gte]", from.as_str()), ("filter[occurred_at][lt]", &to)];
    link::to("/diagnostics", &filters)
}
