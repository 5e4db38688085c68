//! One issue: its story, how far it reaches, its rows, and what a person may say of it.

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Duration, Utc};
use domain::connector::Role;
use domain::id::SyncIssueId;
use domain::issue::{State as IssueState, Wish};
use domain::{Diagnostic, catalogue};
use maud::{Markup, PreEscaped, html};
use server::{App, Code, Problem, markdown};
use store::issues::{self, BlastRadius, Day, Issue, Patch, Transition};
use store::{Condition, Op, Page, Query, Value, diagnostics, workspace_connectors};

use crate::answer;
use crate::form::{Fields, Writing};
use crate::page::Named;
use crate::session::{Person, Refused};
use crate::view::diagnostic::{self, Names};
use crate::view::frame::{Frame, Place};
use crate::view::{act, chart, link, status, text};

mod story;

/// Rows that are shown; the rest is a link away.
const ROWS: u16 = 10;

struct Shown {
    it: Issue,
    connector: String,
    story: Vec<Transition>,
    trend: Vec<Day>,
    radius: BlastRadius,
    rows: Vec<Diagnostic>,
}

pub(crate) async fn show(
    State(app): State<App>,
    person: Person,
    Named(id): Named<SyncIssueId>,
) -> Result<Response, Problem> {
    let (store, tenant, now) = (app.store(), person.tenant(), person.now);
    let it = issues::find(store, tenant, id).await?;
    let connector = match workspace_connectors::find(store, tenant, it.connector).await {
        Err(store::Error::NotFound(_)) => "a deleted connector".to_owned(),
        found => found?.name,
    };
    let story = issues::transitions(store, tenant, &it).await?;
    let trend = issues::trend(store, tenant, &it, now).await?;
    let radius = issues::blast_radius(store, tenant, &it).await?;
    let of = Value::Text(it.fingerprint.clone());
    let of = Condition::on(diagnostics::FIELDS, "issue", Op::Eq, [of]);
    let query =
        Query { conditions: of.into_iter().collect(), page: Page::first(ROWS), ..Query::default() };
    let rows = diagnostics::list(store, tenant, &query, now).await?;
    let rows = rows.items.into_iter().map(|it| it.0).collect();
    let shown = Shown { it, connector, story, trend, radius, rows };
    let title = &catalogue::page(shown.it.reason).title;
    let trail = [("Issues", super::issues::OPEN.to_owned())];
    let frame = Frame { title, place: Place::Issues, trail: &trail };
    Ok(answer::page(frame.around(&person, &whole(&person, &shown))))
}

fn whole(person: &Person, shown: &Shown) -> Markup {
    let (it, now) = (&shown.it, person.now);
    let page = catalogue::page(it.reason);
    html! {
        div.head {
            div {
                h1 { (page.title) }
                p.lead {
                    (status::issue(it.state)) " · " a href=(link::connector(it.connector)) { (shown.connector) } " · "
                    (text::model(it.target_model)) @if let Some(tool) = &it.tool_name { " · " code { (text::short(tool, 80)) } }
                    @if let Some(subject) = &it.subject { " · " code { (text::short(subject, 80)) } }
                }
                p { (muted(it, now)) }
            }
            (acts(person, it))
        }
        dl.facts {
            div { dt { "Rows" } dd.num { (text::count(it.count)) } }
            div { dt { "Records, last run" } dd.num { (text::count(it.affected_records)) } }
            div { dt { "First seen" } dd { (text::time(it.first_seen_at, now)) } }
            div { dt { "Last seen" } dd { (text::time(it.last_seen_at, now)) } }
            div { dt { "Reason" } dd { a href={ "/reasons/" (it.reason) } { code { (it.reason) } } } }
            @if let Some(version) = it.mapping_version { div { dt { "Mapping version" } dd.num { (version) } } }
            @if let Some(run) = it.last_run { div { dt { "Last run" } dd { a href=(link::run(run)) { "run " (text::id(run)) } } } }
            div { dt { "Last 14 days" } dd { (chart::spark(&shown.trend.iter().map(|it| it.count).collect::<Vec<_>>())) } }
        }
        @if it.not_stored > 0 { p.note {
            (text::of(it.not_stored, "row was", "rows were")) " counted and not stored, since they came faster than rows are kept"
            @if let Some(since) = it.not_stored_since { ", from " (text::time(since, now)) } "."
        } }
        div.two {
            section aria-labelledby="todo" { h2 #todo { "What to do" } div.prose { (PreEscaped(markdown(&page.what_to_do))) } }
            section aria-labelledby="radius" { h2 #radius { "How far it reaches" } (story::radius(it, &shown.radius)) }
        }
        section aria-labelledby="story" { h2 #story { "Story" } (story::view(&shown.story, now)) }
        section aria-labelledby="rows" {
            h2 #rows { "Rows" }
            @let names: Names = [(it.connector, shown.connector.clone())].into();
            div.rows { @for row in &shown.rows { (diagnostic::row(row, &names, now)) } }
            p { a href=(link::to("/diagnostics", &[("filter[issue]", &it.fingerprint)])) { "All rows of this issue" } }
        }
    }
}

fn muted(it: &Issue, now: DateTime<Utc>) -> Markup {
    html! {
        @if it.state == IssueState::Muted {
            "Muted"
            @if let Some(until) = it.muted_until { " until " (text::moment(until)) " UTC (" (text::time(until, now)) ")" }
            @if let Some(count) = it.muted_until_count { ", or until " (text::count(count)) " rows" }
            ", or until it escalates."
        }
        @if let Some(at) = it.resolved_at { @if it.state == IssueState::Resolved { "Resolved " (text::time(at, now)) "." } }
    }
}

fn acts(person: &Person, it: &Issue) -> Markup {
    if !person.may(Role::Write) {
        return html! {};
    }
    let to = format!("/issues/{}", it.id);
    html! {
        div.acts {
            @if it.state != IssueState::Resolved {
                details.careful {
                    summary { "Mute" }
                    form method="post" action=(to) {
                        (act::token(person))
                        input type="hidden" name="wish" value="mute";
                        p { "It goes quiet until its time is over, or until it escalates." }
                        label for="days" { "For" } " "
                        select id="days" name="days" {
                            @for (days, words) in [("1", "1 day"), ("7", "7 days"), ("30", "30 days")] { option value=(days) { (words) } }
                        }
                        p { label for="rows-more" { "or after so many more rows" } " " input id="rows-more" name="rows" inputmode="numeric" pattern="[0-9]*" maxlength="9"; }
                        button type="submit" { "Mute it" }
                    }
                }
                (act::button_with(person, &to, "Resolve", &[("wish", "resolve")]))
            }
            @if matches!(it.state, IssueState::Resolved | IssueState::Muted | IssueState::Escalating) {
                (act::button_with(person, &to, "Reopen", &[("wish", "open")]))
            }
            details.careful {
                summary { "Note" }
                form method="post" action=(to) {
                    (act::token(person))
                    input type="hidden" name="wish" value="note";
                    label for="note" { "Note" }
                    textarea id="note" name="note" rows="3" maxlength="500" { (it.note.as_deref().unwrap_or_default()) }
                    button type="submit" { "Keep the note" }
                }
            }
        }
    }
}

pub(crate) async fn change(
    State(app): State<App>,
    Named(id): Named<SyncIssueId>,
    Writing(posted): Writing,
) -> Result<Response, Refused> {
    let (person, fields) = (&posted.person, &posted.fields);
    let it = issues::find(app.store(), person.tenant(), id).await?;
    let wish = fields.text("wish");
    let patch = match wish {
        "mute" => Patch { wish: Some(mute(fields, &it, person.now)?), note: None },
        "resolve" => Patch { wish: Some(Wish::Resolve), note: None },
        "open" => Patch { wish: Some(Wish::Open), note: None },
        "note" => {
            let note = Some(fields.text("note").trim()).filter(|it| !it.is_empty());
            Patch { wish: None, note: Some(note.map(|it| text::short(it, 500))) }
        }
        _ => return Err(Problem::new(Code::InvalidMember, "say what is wished").into()),
    };
    issues::update(app.store(), person.tenant(), id, &patch, person.now).await?;
    let done = format!("issue-{wish}");
    Ok(answer::see(&link::to(&format!("/issues/{id}"), &[("done", &done)])))
}

fn mute(fields: &Fields, it: &Issue, now: DateTime<Utc>) -> Result<Wish, Problem> {
    let wrong =
        |_: std::num::ParseIntError| Problem::new(Code::InvalidMember, "write a whole number");
    let days: u16 = fields.text("days").parse().map_err(wrong)?;
    let more = Some(fields.text("rows").trim()).filter(|it| !it.is_empty());
    let more: Option<u64> = more.map(str::parse).transpose().map_err(wrong)?;
    Ok(Wish::Mute {
        until: Some(now + Duration::days(days.into())),
        until_count: more.map(|more| it.count.saturating_add(more)),
    })
}
