//! Links for those without a key: made here, shown once.

use axum::extract::State;
use axum::response::Response;
use chrono::Duration;
use domain::connector::Role;
use domain::id::WorkspaceConnectorId;
use maud::{Markup, html};
use server::{App, Code, Problem};
use store::viewers;

use super::whole;
use crate::form::Writing;
use crate::session::{Person, Refused};
use crate::view::{act, text};

/// Choices of how long a link lasts, in hours.
const LASTS: [(u16, &str); 4] =
    [(24, "1 day"), (168, "7 days"), (336, "14 days"), (720, "30 days")];

pub(super) fn view(person: &Person, connectors: &[(WorkspaceConnectorId, String)]) -> Markup {
    html! {
        p { "A link shows how connectors do, in words for a customer: no details, no tools, nothing to change. It ends with its time, and when the key that made it is switched off." }
        @if person.may(Role::Write) {
            form.filter method="post" action="/settings/viewer-links" {
                (act::token(person))
                label for="of" { "For" }
                select id="of" name="workspace_connector" {
                    option value="" { "every connector" }
                    @for (id, name) in connectors { option value=(id) { (name) } }
                }
                label for="hours" { "Lasts" }
                select id="hours" name="hours" {
                    @for (hours, words) in LASTS { option value=(hours) selected[hours == 168] { (words) } }
                }
                button type="submit" { "Make a link" }
            }
        } @else { p.quiet { "Making one needs a key with the role write." } }
    }
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
    let token = viewers::insert(app.store(), person.tenant(), connector, until, person.now).await?;
    let url = app.viewer_url(&token);
    let told = html! {
        div.told role="status" {
            p { "The link is made; it may be read until " (text::moment(until)) " UTC. It is not shown again:" }
            p { a.secret href={ "/view/" (token) } { (url) } " " button type="button" data-copy=(url) hidden { "Copy" } }
        }
    };
    Ok(whole(&app, person, &told).await?)
}
