//! One run: its stages, its ledger, its findings. While it goes on, the page moves.

use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::connector::Role;
use domain::id::SyncLogId;
use domain::run::{LedgerLine, SyncStatus};
use domain::{Diagnostic, TargetModel};
use maud::{Markup, html};
use server::{App, Problem};
use store::sync_logs::{self, SyncLog};
use store::{Condition, Op, Page, Query, Sort, Value, diagnostics, workspace_connectors};

use crate::answer;
use crate::form::Writing;
use crate::page::Named;
use crate::session::{Person, Refused};
use crate::view::diagnostic::{self, Names};
use crate::view::frame::{self, Frame, Place};
use crate::view::{act, ledger, link, stages, status, text};

mod events;

/// Findings of one run that are shown; the rest is a link away.
const FINDINGS: u16 = 25;
/// How often a run that goes on is looked at.
const LOOK: Duration = Duration::from_millis(700);

/// What the page shows.
struct Shown {
    run: SyncLog,
    connector: String,
    lines: Vec<LedgerLine>,
    findings: Vec<Diagnostic>,
    has_more: bool,
    now: DateTime<Utc>,
}

pub(crate) async fn show(
    State(app): State<App>,
    person: Person,
    Named(id): Named<SyncLogId>,
) -> Result<Response, Problem> {
    let shown = read(&app, &person, id, person.now).await?;
    let title = format!("Run {}", id.to_string().chars().take(8).collect::<String>());
    let connector = link::connector(shown.run.workspace_connector);
    let trail = [("Connectors", "/connectors".to_owned()), (shown.connector.as_str(), connector)];
    let frame = Frame { title: &title, place: Place::Connectors, trail: &trail };
    let live = shown.is_live().then(|| format!("/runs/{id}/live"));
    let main = html! {
        div data-live-from=[live] { (whole(&person, &shown)) }
    };
    Ok(answer::page(frame.around(&person, &main)))
}

impl Shown {
    fn is_live(&self) -> bool {
        matches!(self.run.status, SyncStatus::Scheduled | SyncStatus::InProgress)
    }
}

async fn read(
    app: &App,
    person: &Person,
    id: SyncLogId,
    now: DateTime<Utc>,
) -> Result<Shown, Problem> {
    let (store, tenant) = (app.store(), person.tenant());
    let run = sync_logs::find(store, tenant, id).await?;
    let connector = match workspace_connectors::find(store, tenant, run.workspace_connector).await {
        Err(store::Error::NotFound(_)) => "a deleted connector".to_owned(),
        found => found?.name,
    };
    let ledgers = sync_logs::ledgers(store, tenant, &[id]).await?;
    let mut lines = ledgers.into_iter().next().map(|it| it.1).unwrap_or_default();
    if lines.is_empty() {
        lines = so_far(&run);
    }
    let of_run = Condition::on(diagnostics::FIELDS, "sync_log", Op::Eq, [Value::Id(id.0)]);
    let by_time = diagnostics::FIELDS.iter().find(|it| it.name == "occurred_at");
    let query = Query {
        conditions: of_run.into_iter().collect(),
        sort: by_time.map(|field| Sort { field, descending: false }),
        page: Page::first(FINDINGS),
        ..Query::default()
    };
    let slice = diagnostics::list(store, tenant, &query, now).await?;
    let has_more = slice.has_after;
    let findings = slice.items.into_iter().map(|it| it.0).collect();
    Ok(Shown { run, connector, lines, findings, has_more, now })
}

/// What a run that goes on has told with its last beat.
fn so_far(run: &SyncLog) -> Vec<LedgerLine> {
    let targets = run.metadata.as_ref().and_then(|it| it.pointer("/progress/targets"));
    let each = targets.and_then(|it| it.as_object()).into_iter().flatten();
    let line = |(model, tally): (&String, &serde_json::Value)| {
        let target_model: TargetModel = model.parse().ok()?;
        let tally = serde_json::from_value(tally.clone()).ok()?;
        Some(LedgerLine { target_model, tally })
    };
    each.filter_map(line).collect()
}

/// What is swapped while the run goes on.
fn whole(person: &Person, shown: &Shown) -> Markup {
    let run = &shown.run;
    let all = link::to("/diagnostics", &[("filter[sync_log]", &run.sync_log_id.to_string())]);
    html! {
        div.head {
            div {
                h1 { "Run " (text::id(run.sync_log_id)) }
                p.lead {
                    a href=(link::connector(run.workspace_connector)) { (shown.connector) } " · " (run.trigger) " · "
                    (status::run(run))
                    @if let Some(ms) = run.duration_ms { " · " span.num { (text::duration(ms)) } }
                    " " (sealed(shown))
                }
                @if let Some(error) = &run.error { p.wrong { (error) } }
                p.quiet {
                    "Started " (text::time_or(run.started_at, shown.now, "not yet"))
                    @if let Some(at) = run.completed_at { ", ended " (text::time(at, shown.now)) }
                }
            }
            @if shown.is_live() {
                div.acts {
                    a.do href=(link::run(run.sync_log_id)) { "Refresh" }
                    @if person.may(Role::Write) {
                        (act::careful(person, &format!("{}/cancel", link::run(run.sync_log_id)), "Cancel", "The run ends after the page it is reading. What was stored stays.", &[]))
                    }
                }
            }
        }
        @if shown.is_live() { p.live role="status" { (progress(run)) } }
        section aria-labelledby="stages" {
            h2 #stages { "Stages" }
            @if shown.lines.is_empty() && shown.findings.is_empty() {
                (frame::empty("Nothing to show yet.", &html! { "It shows here with the first page that is read." }))
            } @else { (stages::timeline(run.metadata.as_ref(), &shown.lines, &shown.findings)) }
        }
        section aria-labelledby="ledger" {
            h2 #ledger { "Ledger" }
            @let busy = shown.lines.iter().filter(|it| it.tally.fetched > 0 || it.tally.released > 0);
            div.ledgers { @for line in busy { div { (ledger::waterfall(run.sync_log_id, line)) } } }
            (idle(&shown.lines))
        }
        section aria-labelledby="findings" {
            h2 #findings { "Findings" }
            @let names: Names = [(run.workspace_connector, shown.connector.clone())].into();
            @if shown.findings.is_empty() {
                (frame::empty("Nothing was noted.", &html! { "No row of this run is within the retention." }))
            } @else {
                div.rows { @for it in &shown.findings { (diagnostic::row(it, &names, shown.now)) } }
                @if shown.has_more { p { a href=(all) { "All findings of this run" } } }
            }
        }
    }
}

/// Targets for which nothing was read, in one line.
fn idle(lines: &[LedgerLine]) -> Markup {
    let idle = lines.iter().filter(|it| it.tally.fetched == 0 && it.tally.released == 0);
    let idle: Vec<String> = idle.map(|it| text::model(it.target_model)).collect();
    html! { @if !idle.is_empty() { p.quiet { "Nothing was read for " (idle.join(", ")) "." } } }
}

fn sealed(shown: &Shown) -> Markup {
    if shown.is_live() || shown.lines.is_empty() {
        return html! {};
    }
    match shown.lines.iter().find(|it| !it.tally.is_balanced()) {
        None => html! { span.seal { "balanced ✓" } },
        Some(line) => ledger::seal(&line.tally),
    }
}

fn progress(run: &SyncLog) -> String {
    let told = |name: &str| {
        let metadata = run.metadata.as_ref()?;
        metadata.get("progress")?.get(name)?.as_str().map(text::words)
    };
    match (told("target"), told("tool")) {
        (Some(target), Some(tool)) => format!("Reading {target} with {tool}."),
        (Some(target), None) => format!("Working on {target}."),
        (None, _) if run.status == SyncStatus::Scheduled => {
            "Waiting for a worker to take it.".to_owned()
        }
        (None, _) => "Connecting to the server.".to_owned(),
    }
}

pub(crate) async fn live(
    State(app): State<App>,
    person: Person,
    Named(id): Named<SyncLogId>,
) -> Result<Response, Problem> {
    events::follow(app, person, id).await
}

pub(crate) async fn cancel(
    State(app): State<App>,
    Named(id): Named<SyncLogId>,
    Writing(posted): Writing,
) -> Result<Response, Refused> {
    sync_logs::cancel(app.store(), posted.person.tenant(), id, posted.person.now).await?;
    Ok(answer::see(&link::to(&link::run(id), &[("done", "cancelling")])))
}
