//! Links for those without a key: made here, shown once, and ended one by one.

use axum::extract::State;
use axum::response::Response;
use chrono::Duration;
use domain::connector::Role;
use domain::id::{ViewerLinkId, WorkspaceConnectorId};
use maud::{Markup, html};
use server::{App, Code, Problem};
use store::viewers::{self, ViewerLink};

use super::whole;
use crate::answer;
use crate::form::Writing;
use crate::page::Named;
use crate::session::{Person, Refused};
use crate::view::{act, frame, text};

/// Choices of how long a link lasts, in hours.
const LASTS: [(u16, &str); 4] =
    [(24, "1 day"), (168, "7 days"), (336, "14 days"), (720, "30 days")];

type Names = [(WorkspaceConnectorId, String)];

pub(super) fn view(person: &Person, links: &[ViewerLink], connectors: &Names) -> Markup {
    html! {
        p { "A link shows how connectors do, in words for a customer: no details, no tools, nothing to change. It ends with its time, when it is ended here, and when the key that made it is switched off." }
        @if person.may(Role::Write) {
            @if links.is_empty() {
                (frame::empty("No links are open.", &html! { "Make one below for somebody who asks why something is missing, and has no key." }))
            } @else { (table(person, links, connectors)) }
            form.filter method="post" action="/settings/viewer-links" {
                (act::token(person))
                span.pair {
                    label for="of" { "For" }
                    select id="of" name="workspace_connector" {
                        option value="" { "every connector" }
                        @for (id, name) in connectors { option value=(id) { (name) } }
                    }
                }
                span.pair {
                    label for="hours" { "Lasts" }
                    select id="hours" name="hours" {
                        @for (hours, words) in LASTS { option value=(hours) selected[hours == 168] { (words) } }
                    }
                }
                button type="submit" { "Make a link" }
            }
        } @else { p.quiet { "Making one needs a key with the role write." } }
    }
}

fn table(person: &Person, links: &[ViewerLink], connectors: &Names) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Viewer links" {
            table.list {
                thead { tr { th scope="col" { "Shows" } th scope="col" { "Ends" } th scope="col" { "Made" } th scope="col" { "With the key" } th scope="col" { "Change" } } }
                tbody { @for it in links { (row(person, it, connectors)) } }
            }
        }
    }
}

fn row(person: &Person, it: &ViewerLink, connectors: &Names) -> Markup {
    let name =
        it.connector.map(|id| connectors.iter().find(|of| of.0 == id).map(|of| of.1.as_str()));
    let shows = name.map_or("every connector", |it| it.unwrap_or("a deleted connector"));
    let ends =
        format!("The link to {shows} opens nothing from now on, also where somebody reads it now.");
    html! {
        tr data-row {
            th scope="row" { (shows) @if !it.is_active { span.quiet { " (its key is switched off)" } } }
            td data-label="Ends" { (text::time(it.expires_at, person.now)) }
            td data-label="Made" { (text::time(it.created_at, person.now)) }
            td data-label="With the key" { (it.key_name) }
            td { div.acts { (act::careful(person, &format!("/settings/viewer-links/{}/end", it.id), "End", &ends, &[])) } }
        }
    }
}

pub(crate) async fn end(
    State(app): State<App>,
    Named(id): Named<ViewerLinkId>,
    Writing(posted): Writing,
) -> Result<Response, Refused> {
    let person = &posted.person;
    viewers::delete(app.store(), person.tenant(), id, person.now).await?;
    Ok(answer::see("/settings?done=viewer-ended"))
}

pub(crate) async fn create(
    State(app): State<App>,
    Writing(posted): Writing,
) -> Result<Response, Refused> {
    let (person, fields) = (&posted.person, &posted.fields);
    let wrong = |what: &'static str| Problem::new(Code::InvalidMember, what);
    let hours: u16 = fields.text("hours").parse().map_err(|_unread| wrong("say how long"))?;
    let given = Some(fields.text("workspace_connector")).filter(|it| !it.is_empty());
    let connector = given.map(str::parse).transpose().map_err(|_unread| wrong("say for what"))?;
    let until = person.now + Duration::hours(hours.into());
    let (_, token) =
        viewers::insert(app.store(), person.tenant(), connector, until, person.now).await?;
    let url = app.viewer_url(&token);
    let told = html! {
        div.told role="status" {
            p { "The link is made; it may be read until " (text::moment(until)) " UTC. It is not shown again:" }
            p { a.secret href={ "/view/" (token) } { (url) } " " button type="button" data-copy=(url) hidden { "Copy" } }
        }
    };
    Ok(whole(&app, person, &told).await?)
}
