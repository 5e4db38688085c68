//! A diagnostic as a row that opens in place: the sentence, the evidence, what to do, where to go.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::id::WorkspaceConnectorId;
use domain::{Diagnostic, catalogue};
use maud::{Markup, PreEscaped, html};
use serde_json::Value;
use server::markdown;

use super::{link, status, text};

/// The names of connectors, as people gave them.
pub(crate) type Names = HashMap<WorkspaceConnectorId, String>;

/// Members of a context that the row says by itself.
const SAID: [&str; 2] = ["stage", "impact"];

pub(crate) fn row(it: &Diagnostic, names: &Names, now: DateTime<Utc>) -> Markup {
    let page = catalogue::page(it.reason);
    let to = format!("/diagnostics/{}", it.diagnostic_id);
    html! {
        details.finding data-row id={ "d-" (it.diagnostic_id) } {
            summary {
                span.when { (text::time(it.occurred_at, now)) }
                span.where { (name(names, it.workspace_connector)) " · " (text::model(it.target_model)) }
                span.what {
                    (status::class(it.reason.class())) " "
                    strong { (page.title) } " " code { (it.reason) }
                }
                span.tool {
                    @if let Some(tool) = &it.tool_name { code { (text::short(tool, 60)) } }
                    @if let Some(http) = it.http_status { " " span.num { (http) } }
                }
                span.detail { (text::short(text::first_line(&it.detail), 160)) }
            }
            // Read when it is opened: twenty rows with all that is known of each are a large page.
            div.inside data-part={ (to) "?part=inside" } {
                p { a href=(to) { "Evidence, and what to do" } }
            }
        }
    }
}

/// What an opened row shows.
pub(crate) fn inside(it: &Diagnostic, to: &str) -> Markup {
    let page = catalogue::page(it.reason);
    html! {
            p.sentence { (it.detail) }
            div.two {
                section aria-label="Evidence" { h3 { "Evidence" } (evidence(it)) }
                section aria-label="What to do" {
                    h3 { "What to do" }
                    div.prose { (PreEscaped(markdown(&page.what_to_do))) }
                    p.quiet { "Who acts: " (page.who_acts.join(", ")) ". Retry: " (page.retry) }
                }
            }
            p.links {
                a href=(to) { "Link to this row" }
                a href=(link::connector(it.workspace_connector)) { "Connector" }
                @if let Some(run) = it.sync_log { a href=(link::run(run)) { "Run" } }
                @if let Some(issue) = it.issue() { a href={ "/issues/" (issue) } { "Issue" } }
                a href=(link::to("/diagnostics", &[("filter[issue]", &it.fingerprint)])) { "Rows like this" }
                a href={ "/reasons/" (it.reason) } { "About this reason" }
                button type="button" data-copy=(curl(it)) hidden { "Copy as curl" }
                button type="button" data-copy-link=(to) hidden { "Copy link" }
            }
    }
}

fn evidence(it: &Diagnostic) -> Markup {
    let context = it.context.as_ref().and_then(Value::as_object);
    let members = context.into_iter().flatten().filter(|it| !SAID.contains(&it.0.as_str()));
    html! {
        table.facts {
            caption.sr { "Evidence of this row" }
            tbody {
                tr { th scope="row" { "Stage" } td { (it.stage()) } }
                tr { th scope="row" { "Effect" } td { (status::impact(it.impact())) } }
                tr { th scope="row" { "At" } td { (text::moment(it.occurred_at)) } }
                @for (name, value) in members {
                    tr { th scope="row" { (text::words(name)) } td { (text::value(value)) } }
                }
                tr { th scope="row" { "Id" } td { code { (it.diagnostic_id) } } }
            }
        }
    }
}

fn name(names: &Names, id: WorkspaceConnectorId) -> Markup {
    match names.get(&id) {
        Some(name) => html! { (name) },
        None => text::id(id),
    }
}

/// The address and the key stay variables: no secret stands in a page.
fn curl(it: &Diagnostic) -> String {
    let id = it.diagnostic_id;
    format!(
        "curl -s \"$WIRELINE/v1/connector-sync-diagnostics/{id}\" -H \"Authorization: Bearer $KEY\""
    )
}
