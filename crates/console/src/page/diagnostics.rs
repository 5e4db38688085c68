//! The log: facets, a histogram, rows that open in place, and a live tail. What is shown is in the
//! address, read by the same code as the API reads it.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::id::DiagnosticId;
use domain::{Diagnostic, catalogue};
use maud::{Markup, html};
use server::api::diagnostics::{Looks, Proof, download, follow};
use server::listing::{self, Beside, List};
use server::{App, Problem};
use store::diagnostics;
use store::{Query, Slice, Store, Tenant, workspace_connectors};

use crate::answer;
use crate::page::connectors::pages;
use crate::page::{Named, problem};
use crate::session::Person;
use crate::view::diagnostic::{self, Names};
use crate::view::frame::{self, Frame, Place};
use crate::view::{link, text};

mod facets;

/// Parameters of the page itself, which the list does not know.
const OWN: [&str; 2] = ["done", "as"];

struct Shown {
    slice: Slice<Diagnostic>,
    beside: Beside,
    names: Names,
}

pub(crate) async fn show(State(app): State<App>, person: Person) -> Result<Response, Problem> {
    let (tenant, now) = (person.tenant(), person.now);
    let uri = own(&person.uri);
    let asked = listing::read(&app, tenant, &uri, List::Diagnostics)?;
    let slice = diagnostics::list(app.store(), tenant, &asked.query, now).await?;
    let beside = asked.beside(&app, tenant, &uri, &slice);
    let names = names(app.store(), tenant).await?;
    let shown = Shown { slice, beside, names };
    let frame = Frame { title: "Diagnostics", place: Place::Diagnostics, trail: &[] };
    let page = frame.around(&person, &whole(&person, &uri, &shown));
    let names = shown.names;
    Ok(answer::streamed(page, async move { counted(&app, &person, &asked.query, &names).await }))
}

/// What takes longer: every row that matches is counted.
async fn counted(app: &App, person: &Person, query: &Query, names: &Names) -> Markup {
    match diagnostics::counts(app.store(), person.tenant(), query, person.now).await {
        Ok(counts) => facets::view(&own(&person.uri), &counts, names, person.now),
        Err(error) => problem::inside(&Problem::from(error), &person.request_id),
    }
}

/// The address without what the list would not know.
fn own(uri: &Uri) -> Uri {
    let changes = OWN.map(|name| (name, None));
    link::with_page(uri, &changes).parse().unwrap_or_default()
}

/// The names of the newest connectors: rows of any other show its id.
pub(crate) async fn names(store: &Store, tenant: &Tenant) -> Result<Names, store::Error> {
    let query = Query { page: store::Page::first(store::Page::SIZE_MAX), ..Query::default() };
    let all = workspace_connectors::list(store, tenant, &query).await?;
    Ok(all.items.into_iter().map(|(it, _)| (it.workspace_connector_id, it.name)).collect())
}

fn whole(person: &Person, uri: &Uri, shown: &Shown) -> Markup {
    let live = link::with_page(uri, &[("page[size]", None), ("sort", None)]);
    let live = live.replacen("/diagnostics", "/diagnostics/live", 1);
    html! {
        div.log {
            div.log-main {
                div.head {
                    h1 { "Diagnostics" }
                    div.acts {
                        button type="button" data-tail=(live) aria-pressed="false" hidden { "Live" }
                        (file(uri, "csv", "Export CSV")) (file(uri, "ndjson", "Export NDJSON"))
                    }
                }
                (search(uri))
                (filters(uri, &shown.names))
                (rows(shown, person.now))
                (pages(&shown.beside))
            }
            div.log-side { (frame::cut()) }
        }
    }
}

fn file(uri: &Uri, form: &str, label: &str) -> Markup {
    let to = link::with_all(uri, &[("as", Some(form)), ("page[size]", None)]);
    let to = to.replacen("/diagnostics", "/diagnostics/export", 1);
    html! { a.do href=(to) download { (label) } }
}

fn search(uri: &Uri) -> Markup {
    let kept: Vec<(String, String)> =
        form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
            .filter(|it| it.0 != "q" && !it.0.starts_with("page["))
            .map(|it| (it.0.into_owned(), it.1.into_owned()))
            .collect();
    html! {
        form.filter method="get" action="/diagnostics" role="search" aria-label="Search in details" {
            @for (name, value) in &kept { input type="hidden" name=(name) value=(value); }
            label for="q" { "Detail contains" }
            input id="q" type="search" name="q" value=(link::parameter(uri, "q").unwrap_or_default()) maxlength="200";
            button type="submit" { "Filter" }
        }
    }
}

/// What is filtered, each with a way to let go of it.
fn filters(uri: &Uri, names: &Names) -> Markup {
    let pairs: Vec<(String, String)> =
        form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
            .filter(|it| it.0.starts_with("filter[") || it.0 == "q")
            .map(|it| (it.0.into_owned(), it.1.into_owned()))
            .collect();
    if pairs.is_empty() {
        return html! {};
    }
    html! {
        p.chips {
            span.quiet { "Shown: " }
            @for (name, value) in &pairs {
                a.chip href=(link::with(uri, name, None)) {
                    (said(name)) " " strong { (valued(name, value, names)) } " " span aria-hidden="true" { "×" }
                    span.sr { " (remove)" }
                }
            }
            a href="/diagnostics" { "Show all" }
        }
    }
}

/// `filter[occurred_at][gte]` → `occurred at ≥`.
fn said(name: &str) -> String {
    let inner = name.strip_prefix("filter[").and_then(|it| it.strip_suffix(']')).unwrap_or(name);
    let (field, op) = inner.split_once("][").unwrap_or((inner, ""));
    let op = match op {
        "gte" => " from",
        "lt" => " before",
        "gt" => " after",
        "lte" => " up to",
        "neq" => " is not",
        "contains" => " contains",
        _ => "",
    };
    let field = match field {
        "q" => "detail contains".to_owned(),
        "workspace_connector" => "connector".to_owned(),
        "sync_log" => "run".to_owned(),
        other => text::words(other),
    };
    format!("{field}{op}")
}

fn valued(name: &str, value: &str, names: &Names) -> String {
    let connector = value.parse().ok().and_then(|id| names.get(&id));
    match connector {
        Some(it) if name == "filter[workspace_connector]" => it.clone(),
        Some(_) | None => text::short(value, 60),
    }
}

fn rows(shown: &Shown, now: DateTime<Utc>) -> Markup {
    html! {
        div.rows data-rows aria-live="off" {
            @for (it, _) in &shown.slice.items { (diagnostic::row(it, &shown.names, now)) }
        }
        @if shown.slice.items.is_empty() {
            (frame::empty("Nothing matches.", &html! { "Let go of a filter above, or look at " a href="/" { "the overview" } "." }))
        }
    }
}

/// One row, at its own address.
pub(crate) async fn one(
    State(app): State<App>,
    person: Person,
    Named(id): Named<DiagnosticId>,
) -> Result<Response, Problem> {
    let (store, tenant, now) = (app.store(), person.tenant(), person.now);
    let it = diagnostics::find(store, tenant, id, now).await?;
    let to = format!("/diagnostics/{id}");
    if link::parameter(&person.uri, "part").as_deref() == Some("inside") {
        return Ok(answer::page(diagnostic::inside(&it, &to)));
    }
    let name = match workspace_connectors::find(store, tenant, it.workspace_connector).await {
        Err(store::Error::NotFound(_)) => "another connector".to_owned(),
        found => found?.name,
    };
    let title = &catalogue::page(it.reason).title;
    let trail = [("Diagnostics", "/diagnostics".to_owned())];
    let frame = Frame { title, place: Place::Diagnostics, trail: &trail };
    let main = html! {
        h1 { (title) }
        p.lead { (name) " · " (text::model(it.target_model)) " · " (text::time(it.occurred_at, now)) " · " code { (it.reason) } }
        @if let Some(tool) = &it.tool_name { p { "Tool " code { (tool) } @if let Some(http) = it.http_status { ", status " span.num { (http) } } } }
        (diagnostic::inside(&it, &to))
    };
    Ok(answer::page(frame.around(&person, &main)))
}

/// New rows of what is filtered, each as it stands in the page.
pub(crate) async fn live(
    State(app): State<App>,
    person: Person,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let names = names(app.store(), person.tenant()).await?;
    let clock = app.clone();
    let draw = move |it: &Diagnostic| diagnostic::row(it, &names, clock.now()).into_string();
    let proof = Proof::Session(person.cookie.clone());
    let last = headers.get("last-event-id").and_then(|it| it.to_str().ok());
    let uri = own(&person.uri);
    let looks = Looks::Other(Arc::new(draw));
    let mut response = follow(app, person.tenant().clone(), (proof, looks), &uri, last).await?;
    answer::guard(response.headers_mut());
    Ok(response)
}

/// Exactly what is filtered, as a file.
pub(crate) async fn export(State(app): State<App>, person: Person) -> Result<Response, Problem> {
    let as_csv = link::parameter(&person.uri, "as").as_deref() != Some("ndjson");
    let uri = own(&person.uri);
    let mut response = download(app, person.tenant().clone(), &uri, as_csv).await?;
    let name = if as_csv {
        "attachment; filename=\"diagnostics.csv\""
    } else {
        "attachment; filename=\"diagnostics.ndjson\""
    };
    answer::guard(response.headers_mut());
    response.headers_mut().insert(header::CONTENT_DISPOSITION, HeaderValue::from_static(name));
    Ok(response)
}

/// Values of a list filter: given as `a,b`.
fn chosen(uri: &Uri, name: &str) -> BTreeSet<String> {
    let given = link::parameter(uri, name).unwrap_or_default();
    given.split(',').filter(|it| !it.is_empty()).map(str::to_owned).collect()
}
