//! One connector: its targets, runs, mappings, tools and settings, as anchors of one page.

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::Diagnostic;
use domain::connector::Role;
use domain::health::Health;
use domain::id::WorkspaceConnectorId;
use domain::reason::Reason;
use domain::run::TriggerType;
use maud::{Markup, html};
use server::{App, Problem};
use store::mappings::{self, Mapping};
use store::sync_logs::{self, SyncLog};
use store::workspace_connectors::{self, Patch, WorkspaceConnector};
use store::{Condition, Op, Page, Query, Value, diagnostics, health, records};

use crate::answer;
use crate::form::{Changing, Writing};
use crate::page::Named;
use crate::session::{Person, Refused};
use crate::view::frame::{Frame, Place};
use crate::view::{act, link};

mod parts;
mod targets;

/// Runs of the strip.
const RUNS: u16 = 50;
const MAPPINGS: u16 = 100;
/// Reasons that tell how tools were chosen.
const CHOSEN_BY: [Reason; 5] = [
    Reason::JuryRun,
    Reason::NoSuitableTool,
    Reason::ToolNotFound,
    Reason::ToolSelectionPinned,
    Reason::JuryDisagreement,
];

/// What the page shows.
struct Shown {
    it: WorkspaceConnector,
    health: Health,
    runs: Vec<SyncLog>,
    mappings: Vec<Mapping>,
    records: std::collections::BTreeMap<domain::TargetModel, u64>,
    choices: Vec<Diagnostic>,
    now: DateTime<Utc>,
}

pub(crate) async fn show(
    State(app): State<App>,
    person: Person,
    Named(id): Named<WorkspaceConnectorId>,
) -> Result<Response, Problem> {
    let shown = read(&app, &person, id).await?;
    let trail = [("Connectors", "/connectors".to_owned())];
    let frame = Frame { title: &shown.it.name, place: Place::Connectors, trail: &trail };
    Ok(answer::page(frame.around(&person, &whole(&person, &shown))))
}

async fn read(app: &App, person: &Person, id: WorkspaceConnectorId) -> Result<Shown, Problem> {
    let (store, tenant, now) = (app.store(), person.tenant(), person.now);
    let it = workspace_connectors::find(store, tenant, id).await?;
    let health = health::of(store, tenant, std::slice::from_ref(&it), now).await?;
    let health = health.into_iter().next().ok_or_else(|| Problem::not_found("connector"))?;
    let of = |fields, size, more: Option<Condition>| {
        let own = Condition::on(fields, "workspace_connector", Op::Eq, [Value::Id(id.0)]);
        let conditions = own.into_iter().chain(more).collect();
        Query { conditions, page: Page::first(size), ..Query::default() }
    };
    let runs = sync_logs::list(store, tenant, &of(sync_logs::FIELDS, RUNS, None)).await?;
    let live = Condition::on(mappings::FIELDS, "is_live", Op::Eq, [Value::Bool(true)]);
    let mappings = mappings::list(store, tenant, &of(mappings::FIELDS, MAPPINGS, live)).await?;
    let reasons = CHOSEN_BY.map(|it| Value::Text(it.to_string()));
    let chosen = Condition::on(diagnostics::FIELDS, "reason", Op::In, reasons);
    let query = of(diagnostics::FIELDS, 100, chosen);
    let choices = diagnostics::list(store, tenant, &query, now).await?;
    let records = records::counts(store, tenant, Some(id)).await?;
    fn plain<T>(slice: store::Slice<T>) -> Vec<T> {
        slice.items.into_iter().map(|it| it.0).collect()
    }
    Ok(Shown {
        it,
        health,
        runs: plain(runs),
        mappings: plain(mappings),
        records,
        choices: plain(choices),
        now,
    })
}

fn whole(person: &Person, shown: &Shown) -> Markup {
    let Shown { it, health, .. } = shown;
    html! {
        (parts::head(person, shown))
        nav.tabs aria-label="On this page" {
            @for (to, label) in [
                ("targets", "Targets"), ("runs", "Runs"), ("mappings", "Mappings"),
                ("tools", "Tools"), ("settings", "Settings"),
            ] { a href={ "#" (to) } { (label) } }
        }
        section aria-labelledby="targets" { h2 #targets { "Targets" } (targets::table(it, health, shown)) }
        section aria-labelledby="runs" { h2 #runs { "Runs" } (parts::runs(shown)) }
        section aria-labelledby="mappings" { h2 #mappings { "Mappings" } (parts::mappings(shown)) }
        section aria-labelledby="tools" { h2 #tools { "Tools" } (parts::tools(shown)) }
        section aria-labelledby="settings" { h2 #settings { "Settings" } (parts::settings(shown)) }
    }
}

/// Starts a run and goes to it; a refusal is told where the button was.
pub(crate) async fn sync(
    State(app): State<App>,
    Named(id): Named<WorkspaceConnectorId>,
    Writing(posted): Writing,
) -> Result<Response, Refused> {
    let (person, gap) = (&posted.person, app.settings().min_gap);
    let asked =
        sync_logs::schedule(app.store(), person.tenant(), id, TriggerType::Manual, gap, person.now);
    match asked.await? {
        Ok(run) => {
            app.start_run(person.tenant().clone(), run.sync_log_id);
            Ok(answer::see(&link::run(run.sync_log_id)))
        }
        Err(domain::run::Refusal::NotFound) => Err(Problem::not_found("connector").into()),
        Err(refusal) => {
            Ok(answer::see(&link::to(&link::connector(id), &[("done", refusal.as_str())])))
        }
    }
}

pub(crate) async fn pause(
    State(app): State<App>,
    Named(id): Named<WorkspaceConnectorId>,
    Changing(posted): Changing,
) -> Result<Response, Refused> {
    let paused = posted.fields.text("paused") == "true";
    let patch = Patch { paused: Some(paused), ..Patch::default() };
    let (tenant, now) = (posted.person.tenant(), posted.person.now);
    workspace_connectors::update(app.store(), tenant, id, patch, now).await?;
    let done = if paused { "paused" } else { "resumed" };
    Ok(answer::see(&link::to(&link::connector(id), &[("done", done)])))
}

/// What this person may do here.
fn acts(person: &Person, it: &WorkspaceConnector) -> Markup {
    let to = link::connector(it.workspace_connector_id);
    let (label, paused) = if it.paused { ("Resume", "false") } else { ("Pause", "true") };
    html! {
        div.acts {
            @if person.may(Role::Write) { (act::button(person, &format!("{to}/sync"), "Sync now")) }
            @if person.may(Role::Admin) {
                (act::button_with(person, &format!("{to}/pause"), label, &[("paused", paused)]))
            }
        }
    }
}
