//! One record: its values, and where each came from.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use mapping::plan::{Plan, Source};
use maud::{Markup, html};
use server::{App, Problem};
use store::mappings::{self, Mapping};
use store::records::{self, Record};
use store::workspace_connectors;

use super::Whose;
use crate::answer;
use crate::session::Person;
use crate::view::frame::{Frame, Place};
use crate::view::{link, text};

pub(crate) async fn show(
    State(app): State<App>,
    person: Person,
    Whose(model, id): Whose,
) -> Result<Response, Problem> {
    let (store, tenant) = (app.store(), person.tenant());
    let it = records::find(store, tenant, model, id).await?;
    let connector = match workspace_connectors::find(store, tenant, it.connector).await {
        Err(store::Error::NotFound(_)) => None,
        found => Some(found?.name),
    };
    let mapping = mappings::find_live(store, tenant, it.connector, model, &it.tool).await?;
    let title = text::short(&it.external_id, 60);
    let plural = text::capital(&text::model(model));
    let trail =
        [("Records", "/records".to_owned()), (plural.as_str(), format!("/records/{model}"))];
    let frame = Frame { title: &title, place: Place::Records, trail: &trail };
    let main = whole(&person, &it, connector.as_deref(), mapping.as_ref());
    Ok(answer::page(frame.around(&person, &main)))
}

fn whole(
    person: &Person,
    it: &Record,
    connector: Option<&str>,
    mapping: Option<&Mapping>,
) -> Markup {
    let paths = mapping.map(paths).unwrap_or_default();
    html! {
        h1 { (text::short(&it.external_id, 80)) }
        dl.facts {
            div { dt { "Model" } dd { (text::model(it.model)) } }
            div { dt { "Connector" } dd {
                @match connector {
                    Some(name) => a href=(link::connector(it.connector)) { (name) },
                    None => "deleted",
                }
            } }
            div { dt { "Tool" } dd { code { (text::short(&it.tool, 80)) } } }
            div { dt { "Mapping" } dd {
                @match mapping {
                    Some(mapping) => a href=(link::mapping(mapping.id)) { "version " (mapping.version) },
                    None => "none in use",
                }
            } }
            div { dt { "First seen" } dd { (text::time(it.created_at, person.now)) " in " a href=(link::run(it.first_seen_run)) { "run " (text::id(it.first_seen_run)) } } }
            div { dt { "Last seen" } dd { a href=(link::run(it.last_seen_run)) { "run " (text::id(it.last_seen_run)) } } }
            div { dt { "Changed" } dd { (text::time(it.updated_at, person.now)) } }
            div { dt { "Id" } dd { code { (it.record_id) } } }
        }
        h2 #values { "Values" }
        div.scroll tabindex="0" role="region" aria-label="Values" {
            table.list {
                thead { tr { th scope="col" { "Attribute" } th scope="col" { "Value" } th scope="col" { "From" } } }
                tbody {
                    @for (name, value) in it.values.iter().filter(|it| !it.1.is_null()) {
                        tr {
                            th scope="row" { (text::words(name)) }
                            td.value { (text::value(value)) }
                            td data-label="From" { @if let Some(path) = paths.get(name.as_str()) { code { (path) } } }
                        }
                    }
                }
            }
        }
        @let empty: Vec<String> = empty(it);
        @if !empty.is_empty() { p.quiet { "Empty: " (empty.join(", ")) "." } }
    }
}

fn empty(it: &Record) -> Vec<String> {
    let attributes = it.model.schema().attributes.iter().map(|it| it.name.as_str());
    let is_empty = |name: &&str| it.values.get(*name).is_none_or(serde_json::Value::is_null);
    attributes.filter(is_empty).map(text::words).collect()
}

/// Where the mapping that is in use reads each attribute; members of one are put together.
fn paths(mapping: &Mapping) -> BTreeMap<String, String> {
    let plan: Option<Plan> = serde_json::from_value(mapping.plan.clone()).ok();
    let mut paths: BTreeMap<String, String> = BTreeMap::new();
    for slot in plan.into_iter().flat_map(|it| it.slots) {
        let name = slot.slot.split('.').next().unwrap_or_default().to_owned();
        let told = source(&slot.source);
        paths.entry(name).and_modify(|it| *it = format!("{it}, {told}")).or_insert(told);
    }
    paths
}

/// A source in one line.
pub(crate) fn source(source: &Source) -> String {
    let list = |paths: &[mapping::path::Path], glue: &str| {
        paths.iter().map(ToString::to_string).collect::<Vec<_>>().join(glue)
    };
    match source {
        Source::Path(path) => path.to_string(),
        Source::FirstOf(paths) => format!("the first of {}", list(paths, ", ")),
        Source::Concat { paths, .. } => list(paths, " + "),
        Source::Difference { plus, minus } => format!("{plus} − {minus}"),
        Source::Each { path, slots } => format!("each of {path} ({} slots)", slots.len()),
        Source::Constant { value, .. } => format!("always {value}"),
        Source::Null { .. } => "nothing".to_owned(),
    }
}
