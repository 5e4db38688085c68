//! Settings: keys, the way to webhooks, retention, viewer links.

use axum::extract::State;
use axum::response::Response;
use domain::connector::Role;
use domain::id::ApiKeyId;
use maud::{Markup, html};
use server::{App, Code, Problem};
use store::api_keys::{self, ApiKey};
use store::workspaces::{self, Workspace};
use store::{Page, Query, workspace_connectors};

use crate::answer;
use crate::form::Changing;
use crate::page::Named;
use crate::session::{Person, Refused};
use crate::view::frame::{Frame, Place};
use crate::view::{act, text};

mod keys;
mod viewers;

pub(crate) use keys::{create as create_key, delete as delete_key, switch as switch_key};
pub(crate) use viewers::{create as create_viewer, end as end_viewer};

pub(crate) async fn show(State(app): State<App>, person: Person) -> Result<Response, Problem> {
    whole(&app, &person, &html! {}).await
}

/// The page, with something that is told once.
async fn whole(app: &App, person: &Person, told: &Markup) -> Result<Response, Problem> {
    let (store, tenant) = (app.store(), person.tenant());
    let workspace = workspaces::find(store, tenant).await?;
    let (mut all, mut connectors, mut links) = (Vec::new(), Vec::new(), Vec::new());
    if person.may(Role::Admin) {
        let query = Query { page: Page::first(100), ..Query::default() };
        all = api_keys::list(store, tenant, &query).await?.items;
    }
    if person.may(Role::Write) {
        let query = Query { page: Page::first(Page::SIZE_MAX), ..Query::default() };
        connectors = workspace_connectors::list(store, tenant, &query).await?.items;
        let query = Query { page: Page::first(100), ..Query::default() };
        links = store::viewers::list(store, tenant, &query, person.now).await?.items;
    }
    let all: Vec<ApiKey> = all.into_iter().map(|it| it.0).collect();
    let connectors: Vec<_> =
        connectors.into_iter().map(|(it, _)| (it.workspace_connector_id, it.name)).collect();
    let links: Vec<_> = links.into_iter().map(|it| it.0).collect();
    let frame = Frame { title: "Settings", place: Place::Settings, trail: &[] };
    let main = html! {
        h1 { "Settings" }
        (told)
        (about(person, &workspace))
        section aria-labelledby="keys-of" { h2 #keys-of { "Keys" } (keys::view(person, &all)) }
        section aria-labelledby="webhooks" { h2 #webhooks { "Webhooks" } (hooks(person)) }
        section aria-labelledby="retention" { h2 #retention { "Retention" } (retention(app, person, &workspace)) }
        section aria-labelledby="viewers" { h2 #viewers { "Viewer links" } (viewers::view(person, &links, &connectors)) }
    };
    Ok(answer::page(frame.around(person, &main)))
}

fn about(person: &Person, it: &Workspace) -> Markup {
    html! {
        dl.facts {
            div { dt { "Workspace" } dd { (it.name) } }
            div { dt { "Id" } dd { code { (it.workspace_id) } } }
            @if let Some(id) = &it.external_workspace_id { div { dt { "External id" } dd { code { (id) } } } }
            div { dt { "Signed in with" } dd { (person.session.key_name) ", role " (person.tenant().role()) } }
            div { dt { "Session ends" } dd { (text::time(person.session.ends_at, person.now)) } }
        }
    }
}

fn hooks(person: &Person) -> Markup {
    html! {
        p { "A webhook tells a system of yours when a run ends, when an issue opens, comes back or is resolved, and of each failure if it asks for them." }
        @if person.may(Role::Admin) { p { a.do href="/settings/webhooks" { "Webhooks of this workspace" } } }
        @else { p.quiet { "They are shown to a key with the role admin." } }
    }
}

fn retention(app: &App, person: &Person, it: &Workspace) -> Markup {
    let usual = app.store().retention().days;
    html! {
        p {
            "Diagnostics are kept " strong { (person.tenant().retention().days) " days" } "."
            @if it.retention_days.is_none() { " That is what this server does unless a workspace says otherwise." }
        }
        @if person.may(Role::Admin) {
            form.filter method="post" action="/settings/retention" {
                (act::token(person))
                label for="days" { "Days (1 to 3,650; empty: " (usual) ")" }
                input id="days" name="days" size="6" inputmode="numeric" pattern="[0-9]*" maxlength="4" value=[it.retention_days];
                button type="submit" { "Keep" }
            }
        }
    }
}

pub(crate) async fn keep(
    State(app): State<App>,
    Changing(posted): Changing,
) -> Result<Response, Refused> {
    let given = posted.fields.text("days").trim();
    let days = if given.is_empty() { None } else { Some(given.parse::<u16>()) };
    let days = days.transpose().map_err(|_unread| {
        Problem::new(Code::InvalidMember, "write a number of days from 1 to 3650, or nothing")
    })?;
    let patch = workspaces::Patch { retention_days: Some(days), ..Default::default() };
    workspaces::update(app.store(), posted.person.tenant(), patch, posted.person.now).await?;
    Ok(answer::see("/settings?done=kept"))
}

/// The id of a key in a path.
type Key = Named<ApiKeyId>;
