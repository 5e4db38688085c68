//! Every connector of the workspace, with its health and its next run.

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::health::Health;
use maud::{Markup, html};
use server::listing::{self, Beside, List};
use server::{App, Problem};
use store::health;
use store::workspace_connectors::{self, WorkspaceConnector};

use crate::answer;
use crate::session::Person;
use crate::view::frame::{self, Frame, Place};
use crate::view::{link, status, text};

pub(crate) async fn show(State(app): State<App>, person: Person) -> Result<Response, Problem> {
    let (store, tenant, now) = (app.store(), person.tenant(), person.now);
    let asked = listing::read(&app, tenant, &person.uri, List::Installations)?;
    let slice = workspace_connectors::list(store, tenant, &asked.query).await?;
    let beside = asked.beside(&app, tenant, &person.uri, &slice);
    let connectors: Vec<_> = slice.items.into_iter().map(|it| it.0).collect();
    let health = health::of(store, tenant, &connectors, now).await?;
    let rows: Vec<_> = connectors.into_iter().zip(health).collect();
    let frame = Frame { title: "Connectors", place: Place::Connectors, trail: &[] };
    Ok(answer::page(frame.around(&person, &whole(&rows, &beside, now))))
}

fn whole(rows: &[(WorkspaceConnector, Health)], beside: &Beside, now: DateTime<Utc>) -> Markup {
    html! {
        h1 { "Connectors" }
        @if rows.is_empty() {
            (frame::empty("No connectors here.", &html! {
                "Install one with " code { "wireline connector install --url https://… --name NAME" } ", or over the API."
            }))
        } @else {
            div.scroll tabindex="0" role="region" aria-label="Connectors" {
                table.list {
                    thead { tr {
                        th scope="col" { "Connector" } th scope="col" { "State" } th scope="col" { "What to do" }
                        th scope="col" { "Data complete up to" } th scope="col" { "Last success" } th scope="col" { "Runs" }
                    } }
                    tbody { @for (it, health) in rows { (row(it, health, now)) } }
                }
            }
            (pages(beside))
        }
    }
}

fn row(it: &WorkspaceConnector, health: &Health, now: DateTime<Utc>) -> Markup {
    html! {
        tr data-row {
            th scope="row" {
                a href=(link::connector(it.workspace_connector_id)) { (it.name) }
                div.quiet { code { (text::short(&it.address, 60)) } }
            }
            td { (status::health(health.state)) }
            td data-label="What to do" { (health.advice) }
            td data-label="Data complete up to" { (text::time_or(health.fresh_until, now, "never")) }
            td data-label="Last success" { (text::time_or(it.last_success_at, now, "never")) }
            td data-label="Runs" { (schedule(it)) }
        }
    }
}

/// When it runs by itself.
pub(crate) fn schedule(it: &WorkspaceConnector) -> String {
    match (it.schedule_minutes, it.paused) {
        (_, true) => "paused".to_owned(),
        (None, false) => "only when asked".to_owned(),
        (Some(minutes), false) => match (minutes / 60, minutes % 60) {
            (0, n) => format!("every {n} min"),
            (1, 0) => "every hour".to_owned(),
            (hours, 0) => format!("every {hours} h"),
            (_, _) => format!("every {minutes} min"),
        },
    }
}

/// Links to the pages beside this one.
pub(crate) fn pages(beside: &Beside) -> Markup {
    if beside.previous.is_none() && beside.next.is_none() {
        return html! {};
    }
    html! {
        nav.pages aria-label="Pages" {
            @if let Some(to) = &beside.previous { a href=(beside.first) { "First" } a rel="prev" href=(to) { "Before" } }
            @if let Some(to) = &beside.next { a rel="next" href=(to) { "After" } }
        }
    }
}
