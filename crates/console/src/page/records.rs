//! Records: how many there are of each model, a model's list, and one record with its provenance.

use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::TargetModel;
use maud::{Markup, html};
use server::listing::{self, Beside, List};
use server::{App, Problem};
use store::records::{self, Record};
use uuid::Uuid;

use crate::answer;
use crate::page::connectors::pages;
use crate::page::diagnostics::names;
use crate::session::Person;
use crate::view::diagnostic::Names;
use crate::view::frame::{self, Frame, Place};
use crate::view::{link, text};

mod one;

pub(crate) use one::{show as one, source};

/// Columns of a list beside the external id.
const COLUMNS: usize = 4;

/// The model that a path names.
#[derive(Debug)]
pub(crate) struct Model(pub(crate) TargetModel);

impl FromRequestParts<App> for Model {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let path = Path::<String>::from_request_parts(parts, app).await;
        let model = path.ok().and_then(|it| it.parse().ok());
        model.map(Self).ok_or_else(|| Problem::not_found("model"))
    }
}

/// The model and the id that a path names.
#[derive(Debug)]
pub(crate) struct Whose(pub(crate) TargetModel, pub(crate) Uuid);

impl FromRequestParts<App> for Whose {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let path = Path::<(String, String)>::from_request_parts(parts, app).await;
        let found = path
            .ok()
            .filter(|it| it.0.1.len() == 36)
            .and_then(|Path((model, id))| Some(Self(model.parse().ok()?, id.parse().ok()?)));
        found.ok_or_else(|| Problem::not_found("record"))
    }
}

pub(crate) async fn models(State(app): State<App>, person: Person) -> Result<Response, Problem> {
    let counts = records::counts(app.store(), person.tenant(), None).await?;
    let all: u64 = counts.values().sum();
    let frame = Frame { title: "Records", place: Place::Records, trail: &[] };
    let main = html! {
        h1 { "Records" }
        p.lead { (text::of(all, "record", "records")) " of " (TargetModel::ALL.len()) " models." }
        div.scroll tabindex="0" role="region" aria-label="Records by model" {
            table.figures {
                thead { tr { th scope="col" { "Model" } th.num scope="col" { "Records" } } }
                tbody {
                    @for model in TargetModel::ALL {
                        tr data-row {
                            th scope="row" { a href={ "/records/" (model) } { (text::model(*model)) } }
                            td.num { (text::count(counts.get(model).copied().unwrap_or_default())) }
                        }
                    }
                }
            }
        }
    };
    Ok(answer::page(frame.around(&person, &main)))
}

pub(crate) async fn list(
    State(app): State<App>,
    person: Person,
    Model(model): Model,
) -> Result<Response, Problem> {
    let (store, tenant) = (app.store(), person.tenant());
    let asked = listing::read(&app, tenant, &person.uri, List::Records(model))?;
    let slice = records::list(store, tenant, model, &asked.query).await?;
    let beside = asked.beside(&app, tenant, &person.uri, &slice);
    let names = names(store, tenant).await?;
    let rows: Vec<Record> = slice.items.into_iter().map(|it| it.0).collect();
    let title = text::capital(&text::model(model));
    let trail = [("Records", "/records".to_owned())];
    let frame = Frame { title: &title, place: Place::Records, trail: &trail };
    let main = whole(&person, model, &rows, (&beside, &names));
    Ok(answer::page(frame.around(&person, &main)))
}

fn whole(
    person: &Person,
    model: TargetModel,
    rows: &[Record],
    (beside, names): (&Beside, &Names),
) -> Markup {
    let has_filter =
        person.uri.query().is_some_and(|it| it.contains("filter") || it.contains("q="));
    html! {
        h1 { (text::capital(&text::model(model))) }
        form.filter method="get" action={ "/records/" (model) } role="search" aria-label="Search in these records" {
            label for="q" { "Contains" }
            input id="q" type="search" name="q" value=(link::parameter(&person.uri, "q").unwrap_or_default()) maxlength="200";
            button type="submit" { "Filter" }
            @if has_filter { a href={ "/records/" (model) } { "Show all" } }
        }
        @if rows.is_empty() {
            (frame::empty("No records here.", &html! {
                "If one should be, " a href="/missing" { "ask why it is missing" } "."
            }))
        } @else {
            (table(model, rows, names, person.now))
            (pages(beside))
        }
    }
}

fn table(model: TargetModel, rows: &[Record], names: &Names, now: DateTime<Utc>) -> Markup {
    let columns: Vec<&str> = filled(model, rows);
    html! {
        div.scroll tabindex="0" role="region" aria-label="Records" {
            table.list {
                thead { tr {
                    th scope="col" { "External id" }
                    @for it in &columns { th scope="col" { (text::capital(&text::words(it))) } }
                    th scope="col" { "Connector" } th scope="col" { "Changed" }
                } }
                tbody {
                    @for it in rows {
                        tr data-row {
                            th scope="row" { a href=(link::record(it.model, it.record_id)) { (text::short(&it.external_id, 40)) } }
                            @for name in &columns { td data-label=(text::words(name)) { (shown(it, name)) } }
                            td data-label="Connector" { (names.get(&it.connector).cloned().unwrap_or_default()) }
                            td data-label="Changed" { (text::time(it.updated_at, now)) }
                        }
                    }
                }
            }
        }
    }
}

fn shown(it: &Record, name: &str) -> Markup {
    match it.values.get(name) {
        Some(serde_json::Value::String(value)) => html! { (text::short(value, 60)) },
        Some(value) if !value.is_null() => text::value(value),
        Some(_) | None => html! {},
    }
}

/// The first attributes that any of these rows has.
fn filled(model: TargetModel, rows: &[Record]) -> Vec<&'static str> {
    let attributes = model.schema().attributes.iter().map(|it| it.name.as_str());
    let has = |name: &str| {
        rows.iter().any(|it| it.values.get(name).is_some_and(|it| !it.is_null() && !it.is_object()))
    };
    attributes.filter(|it| *it != model.external_id() && has(it)).take(COLUMNS).collect()
}
