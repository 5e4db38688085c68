//! The one search: an id leads to what it is of, a name to the record that people call so, or to
//! why it is missing.

use axum::extract::State;
use axum::response::Response;
use domain::TargetModel;
use maud::{Markup, html};
use server::{App, Problem};
use store::search::{self, Hit, Kind, Whereabouts};
use uuid::Uuid;

use crate::answer;
use crate::session::Person;
use crate::view::frame::{Frame, Place};
use crate::view::{link, text};

const LONGEST: usize = 200;

pub(crate) async fn show(State(app): State<App>, person: Person) -> Result<Response, Problem> {
    let (store, tenant) = (app.store(), person.tenant());
    let asked = link::parameter(&person.uri, "q").unwrap_or_default();
    let asked: String = asked.trim().chars().filter(|it| *it != '\0').take(LONGEST).collect();
    if asked.is_empty() {
        return Ok(answer::see("/missing"));
    }
    if let Ok(id) = asked.parse::<Uuid>()
        && let Some((kind, model)) = search::by_id(store, tenant, id).await?
    {
        return Ok(answer::see(&place(kind, model, id)));
    }
    let hits = search::by_name(store, tenant, &asked).await?;
    if let [only] = hits.as_slice() {
        return Ok(answer::see(&to(only)));
    }
    let frame = Frame { title: "Search", place: Place::Elsewhere, trail: &[] };
    Ok(answer::page(frame.around(&person, &whole(&asked, &hits))))
}

fn place(kind: Kind, model: Option<TargetModel>, id: Uuid) -> String {
    match (kind, model) {
        (Kind::Diagnostic, _) => format!("/diagnostics/{id}"),
        (Kind::Run, _) => format!("/runs/{id}"),
        (Kind::Connector, _) => format!("/connectors/{id}"),
        (Kind::Mapping, _) => format!("/mappings/{id}"),
        (Kind::Record, Some(model)) => link::record(model, id),
        (Kind::Record, None) => "/records".to_owned(),
    }
}

fn to(hit: &Hit) -> String {
    match hit.record_id {
        Some(id) => link::record(hit.model, id),
        None => link::missing(hit.model, &hit.external_id),
    }
}

fn whole(asked: &str, hits: &[Hit]) -> Markup {
    html! {
        h1 { "Search" }
        @if hits.is_empty() { (nothing(asked)) } @else {
            p.lead { (text::of(u64::try_from(hits.len()).unwrap_or_default(), "record", "records")) " called " strong { (asked) } }
            div.scroll tabindex="0" role="region" aria-label="Records found" {
                table.list {
                    thead { tr { th scope="col" { "Record" } th scope="col" { "Kind" } th scope="col" { "Where it is" } } }
                    tbody {
                        @for hit in hits {
                            tr data-row {
                                th scope="row" { a href=(to(hit)) { (text::short(&hit.external_id, 80)) } }
                                td data-label="Kind" { (text::model(hit.model)) }
                                td data-label="Where it is" { (whereabouts(hit.whereabouts)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn whereabouts(it: Whereabouts) -> &'static str {
    match it {
        Whereabouts::Stored => "stored",
        Whereabouts::Waiting => "waits for a record that it refers to",
        Whereabouts::Rejected => "was refused",
    }
}

/// It is not here under this name: which kind of record it is decides why.
fn nothing(asked: &str) -> Markup {
    let is_id = asked.parse::<Uuid>().is_ok();
    html! {
        p.lead { "Nothing here is called " strong { (asked) } "." }
        @if is_id {
            p { "No diagnostic, run, connector, mapping or record of this workspace has this id. It may be past its retention. If it is the id of a request, the server's log has it: " code { "request.id=" (asked) } "." }
        }
        h2 #why { "Why is it missing?" }
        p { "Say what kind of record it is:" }
        ul.kinds {
            @for model in TargetModel::ALL {
                li { a href=(link::missing(*model, asked)) { (text::capital(&text::model(*model))) } }
            }
        }
    }
}
