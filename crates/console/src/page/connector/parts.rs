//! The other parts of a connector's page: head, runs, mappings, tools, settings.

use domain::run::SyncStatus;
use domain::{Diagnostic, catalogue};
use maud::{Markup, html};
use serde_json::Value;
use store::sync_logs::SyncLog;

use super::{Shown, acts};
use crate::page::connectors::schedule;
use crate::session::Person;
use crate::view::chart::{self, Cell};
use crate::view::{frame, link, status, text};

pub(super) fn head(person: &Person, shown: &Shown) -> Markup {
    let (it, health) = (&shown.it, &shown.health);
    html! {
        div.head {
            div {
                h1 { (it.name) }
                p.lead { (status::health(health.state)) " " (health.advice) }
                p.quiet {
                    code { (text::short(&it.address, 80)) } " · " (status::installation(it.status)) " · " (schedule(it))
                    @if let Some(run) = under_way(&shown.runs) {
                        " · " a href=(link::run(run.sync_log_id)) { "a run is " (status::outcome(run)) }
                    }
                }
            }
            (acts(person, it))
        }
    }
}

fn under_way(runs: &[SyncLog]) -> Option<&SyncLog> {
    runs.iter().find(|it| matches!(it.status, SyncStatus::Scheduled | SyncStatus::InProgress))
}

pub(super) fn runs(shown: &Shown) -> Markup {
    if shown.runs.is_empty() {
        let command = format!("wireline sync --connector {}", shown.it.workspace_connector_id);
        let next = html! { "Sync now, or run " code { (command) } "." };
        return frame::empty("No runs yet.", &next);
    }
    let cells: Vec<Cell> = shown.runs.iter().rev().map(cell).collect();
    html! {
        (chart::strip(&cells))
        div.scroll tabindex="0" role="region" aria-label="Runs" {
            table.list {
                thead { tr { th scope="col" { "Run" } th scope="col" { "Outcome" } th scope="col" { "Started" } th.num scope="col" { "Took" } th.num scope="col" { "Records" } th scope="col" { "By" } } }
                tbody {
                    @for it in shown.runs.iter().take(10) {
                        tr data-row {
                            th scope="row" { a href=(link::run(it.sync_log_id)) { (text::id(it.sync_log_id)) } }
                            td { (status::run(it)) }
                            td data-label="Started" { (text::time_or(it.started_at, shown.now, "not yet")) }
                            td.num data-label="Took" { @if let Some(ms) = it.duration_ms { (text::duration(ms)) } }
                            td.num data-label="Records" { (text::count(number(it, "ingested"))) }
                            td data-label="By" { (it.trigger) }
                        }
                    }
                }
            }
        }
    }
}

fn cell(it: &SyncLog) -> Cell {
    let records = number(it, "ingested");
    let at = it.started_at.unwrap_or(it.created_at).format("%Y-%m-%d %H:%M UTC");
    let words =
        format!("{at}: {}, {}", status::outcome(it), text::of(records, "record", "records"));
    Cell { look: status::of_run(it), records, words, to: link::run(it.sync_log_id) }
}

pub(super) fn number(it: &SyncLog, name: &str) -> u64 {
    it.metadata.as_ref().and_then(|it| it.get(name)).and_then(Value::as_u64).unwrap_or_default()
}

pub(super) fn mappings(shown: &Shown) -> Markup {
    if shown.mappings.is_empty() {
        return frame::empty(
            "No mappings yet.",
            &html! { "The first run that finds records draws them." },
        );
    }
    html! {
        div.scroll tabindex="0" role="region" aria-label="Mappings" {
            table.list {
                thead { tr { th scope="col" { "Target" } th scope="col" { "Tool" } th.num scope="col" { "Version" } th scope="col" { "Made by" } th scope="col" { "Changed" } th scope="col" { "State" } } }
                tbody {
                    @for it in &shown.mappings {
                        tr data-row {
                            th scope="row" { a href=(link::mapping(it.id)) { (text::model(it.model)) } }
                            td data-label="Tool" { code { (text::short(&it.tool, 60)) } }
                            td.num data-label="Version" { (it.version) }
                            td data-label="Made by" { (it.generator) }
                            td data-label="Changed" { (text::time(it.updated_at, shown.now)) }
                            td {
                                @if it.needs_regeneration {
                                    "to be drawn again"
                                    @if let Some(why) = it.regeneration_reason { ": " (text::words(why.as_str())) }
                                } @else { "in use" }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What the server offers, which of it was chosen, and what was said for and against.
pub(super) fn tools(shown: &Shown) -> Markup {
    let capabilities = shown.it.installed_capabilities.as_ref();
    let offered: Vec<&str> = capabilities
        .and_then(|it| it.get("tools"))
        .and_then(Value::as_array)
        .map(|it| it.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    if offered.is_empty() {
        return frame::empty(
            "Not known yet.",
            &html! { "The first run asks the server what it offers." },
        );
    }
    html! {
        p { "The server offers " (offered.len()) " tools." (captured(capabilities)) }
        ul.tools {
            @for tool in &offered {
                @let chosen: Vec<String> = shown.mappings.iter().filter(|it| it.tool == **tool).map(|it| text::model(it.model)).collect();
                li class=[(!chosen.is_empty()).then_some("chosen")] {
                    code { (text::short(tool, 80)) }
                    @if !chosen.is_empty() { " " span { "lists " (chosen.join(", ")) } }
                }
            }
        }
        h3 { "Why these" }
        @if shown.choices.is_empty() { p.quiet { "No choice was noted within the retention." } }
        @else { ul.why { @for it in latest(&shown.choices) { (choice(it)) } } }
    }
}

fn captured(capabilities: Option<&Value>) -> Markup {
    let server = capabilities.and_then(|it| it.pointer("/server/name")).and_then(Value::as_str);
    html! { @if let Some(name) = server { " It calls itself " code { (text::short(name, 60)) } "." } }
}

/// The newest of each target and reason: they come newest first.
fn latest(all: &[Diagnostic]) -> Vec<&Diagnostic> {
    let mut seen = std::collections::BTreeSet::new();
    let of_tools = all.iter().filter(|it| {
        let purpose = it.context.as_ref().and_then(|it| it.get("purpose")).and_then(Value::as_str);
        purpose.is_none_or(|it| it.contains("tool"))
    });
    of_tools.filter(|it| seen.insert((it.target_model, it.reason))).collect()
}

fn choice(it: &Diagnostic) -> Markup {
    html! {
        li {
            strong { (text::model(it.target_model)) } ": " (it.detail) " "
            a href={ "/diagnostics/" (it.diagnostic_id) } { (catalogue::page(it.reason).title) }
        }
    }
}

pub(super) fn settings(shown: &Shown) -> Markup {
    let it = &shown.it;
    let id = it.workspace_connector_id;
    html! {
        dl.facts {
            div { dt { "Id" } dd { code { (id) } } }
            div { dt { "Address" } dd { code { (it.address) } } }
            div { dt { "Schedule" } dd { (schedule(it)) } }
            div { dt { "Credentials" } dd {
                @if it.secrets_set.is_empty() { "none set" }
                @else { @for name in &it.secrets_set { div { code { (name) } " set" } } }
            } }
            div { dt { "Targets" } dd {
                @match &it.supported_target_models {
                    None => "all that the connector supports",
                    Some(models) => (models.iter().map(|it| text::model(*it)).collect::<Vec<_>>().join(", ")),
                }
            } }
            div { dt { "Installed" } dd { (text::time(it.created_at, shown.now)) } }
        }
        p.quiet {
            "New credentials are given with " code { "wireline connector update " (id) } " or "
            code { "PATCH /v1/workspace-connectors/" (id) } "; a consent at the provider begins with "
            code { "POST /v1/workspace-connectors/" (id) "/authorize" } "."
        }
    }
}
