//! The webhooks of a workspace: who is told of what. A secret is shown once.

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::connector::Secret;
use domain::id::{WebhookEndpointId, WorkspaceConnectorId};
use domain::webhook::{DESCRIPTION_MAX, Event, URL_MAX};
use maud::{Markup, html};
use server::{App, Code, Problem};
use store::webhooks::{self, Endpoint, New};
use store::{Page, Query, workspace_connectors};

use crate::answer;
use crate::form::{Changing, Fields};
use crate::session::{Administrator, Person, Refused};
use crate::view::frame::{self, Frame, Place};
use crate::view::{act, status, text};

pub(crate) const PATH: &str = "/settings/webhooks";
/// Endpoints that are shown.
const SHOWN: u16 = 100;

pub(crate) fn to(id: WebhookEndpointId) -> String {
    format!("{PATH}/{id}")
}

pub(crate) async fn show(
    State(app): State<App>,
    Administrator(person): Administrator,
) -> Result<Response, Problem> {
    whole(&app, &person, &html! {}).await
}

/// The page, with something that is told once.
async fn whole(app: &App, person: &Person, told: &Markup) -> Result<Response, Problem> {
    let (store, tenant) = (app.store(), person.tenant());
    let query = Query { page: Page::first(SHOWN), ..Query::default() };
    let all = webhooks::list(store, tenant, &query).await?.items;
    let query = Query { page: Page::first(Page::SIZE_MAX), ..Query::default() };
    let connectors = workspace_connectors::list(store, tenant, &query).await?.items;
    let connectors: Vec<_> =
        connectors.into_iter().map(|(it, _)| (it.workspace_connector_id, it.name)).collect();
    let trail = [("Settings", "/settings".to_owned())];
    let frame = Frame { title: "Webhooks", place: Place::Settings, trail: &trail };
    let main = html! {
        h1 { "Webhooks" }
        (told)
        p {
            "Each event goes to whoever asks for it, signed as " a href="https://www.standardwebhooks.com" rel="noreferrer" { "Standard Webhooks" }
            " says, in order per connector, and again until it has arrived."
        }
        @if all.is_empty() {
            (frame::empty("Nobody is told yet.", &html! { "Add an address of yours below: it hears of runs and issues as they happen, so that nobody has to look." }))
        } @else {
            div.scroll tabindex="0" role="region" aria-label="Webhooks" {
                table.list {
                    thead { tr { th scope="col" { "Address" } th scope="col" { "State" } th scope="col" { "Events" } th scope="col" { "Of" } th scope="col" { "Made" } } }
                    tbody { @for (it, _) in &all { (row(it, &connectors, person.now)) } }
                }
            }
        }
        h2 #add { "Add a webhook" }
        (form(person, &connectors))
    };
    Ok(answer::page(frame.around(person, &main)))
}

fn row(it: &Endpoint, names: &[(WorkspaceConnectorId, String)], now: DateTime<Utc>) -> Markup {
    let of = it.connector.map(|id| names.iter().find(|of| of.0 == id).map(|of| of.1.as_str()));
    html! {
        tr data-row {
            th scope="row" {
                a.value href=(to(it.id)) { (text::short(&it.url, 120)) }
                @if let Some(description) = &it.description { div.quiet { (text::short(description, 120)) } }
            }
            td { (status::endpoint(it)) @if let Some(why) = &it.disabled_reason { div.quiet { (why) } } }
            td data-label="Events" { div.codes { @for event in &it.events { code { (event) } } } }
            td data-label="Of" { @match of { None => "every connector", Some(name) => (name.unwrap_or("a deleted connector")) } }
            td data-label="Made" { (text::time(it.created_at, now)) }
        }
    }
}

fn form(person: &Person, connectors: &[(WorkspaceConnectorId, String)]) -> Markup {
    let usual: Vec<Event> = Event::usual().collect();
    html! {
        form.sheet method="post" action=(PATH) {
            (act::token(person))
            (address(None))
            (events(&usual))
            label for="of" { "Of" }
            select id="of" name="workspace_connector" {
                option value="" { "every connector" }
                @for (id, name) in connectors { option value=(id) { (name) } }
            }
            (description(None))
            button.primary type="submit" { "Add it" }
        }
    }
}

pub(crate) fn address(now: Option<&str>) -> Markup {
    html! {
        label for="url" { "Address" }
        input id="url" name="url" type="url" required maxlength=(URL_MAX) placeholder="https://example.com/hooks/wireline" autocomplete="off" value=[now];
    }
}

pub(crate) fn description(now: Option<&str>) -> Markup {
    html! {
        label for="description" { "What it is for" }
        input id="description" name="description" maxlength=(DESCRIPTION_MAX) autocomplete="off" value=[now];
    }
}

pub(crate) fn events(chosen: &[Event]) -> Markup {
    html! {
        fieldset {
            legend { "Events" }
            @for event in Event::subscribable() {
                label.choice {
                    input type="checkbox" name="event" value=(event) checked[chosen.contains(&event)];
                    span { code { (event) } span.quiet { (event.sentence()) } }
                }
            }
        }
    }
}

pub(crate) async fn create(
    State(app): State<App>,
    Changing(posted): Changing,
) -> Result<Response, Refused> {
    let (person, fields) = (&posted.person, &posted.fields);
    let given = Some(fields.text("workspace_connector")).filter(|it| !it.is_empty());
    let connector = given
        .map(str::parse)
        .transpose()
        .map_err(|_unread| Problem::new(Code::InvalidMember, "say of which connector"))?;
    let new = New {
        url: fields.text("url").trim().to_owned(),
        description: described(fields),
        events: asked(fields)?,
        connector,
    };
    let (made, secret) = webhooks::insert(app.store(), person.tenant(), new, person.now).await?;
    let told = html! {
        (told(&secret, &html! { "The webhook to " strong.value { (text::short(&made.url, 120)) } " is added. Its signing secret" }))
        p { a.do href=(to(made.id)) { "See its deliveries, or send a test" } }
    };
    Ok(whole(&app, person, &told).await?)
}

/// A secret that is seen this once.
pub(crate) fn told(secret: &Secret, whose: &Markup) -> Markup {
    html! {
        div.told role="status" {
            p { (whose) " is shown this once; the receiver checks signatures with it:" }
            p { code.secret { (secret.expose()) } " " button type="button" data-copy=(secret.expose()) hidden { "Copy" } }
        }
    }
}

/// The events that a form asks for.
pub(crate) fn asked(fields: &Fields) -> Result<Vec<Event>, Problem> {
    let events = fields.all("event").map(str::parse).collect::<Result<_, _>>();
    events.map_err(|unknown| Problem::new(Code::InvalidMember, format!("{unknown}")))
}

pub(crate) fn described(fields: &Fields) -> Option<String> {
    let text = fields.text("description").trim();
    (!text.is_empty()).then(|| text.to_owned())
}
