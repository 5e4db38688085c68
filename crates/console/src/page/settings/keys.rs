//! Keys of the workspace: made, switched off and on, deleted. A secret is shown once.

use axum::extract::State;
use axum::response::Response;
use chrono::Duration;
use domain::connector::Role;
use maud::{Markup, html};
use server::{App, Code, Problem};
use store::api_keys::{self, ApiKey, New, Patch};

use super::{Key, whole};
use crate::answer;
use crate::form::Changing;
use crate::page::Named;
use crate::session::{Person, Refused};
use crate::view::{act, text};

pub(super) fn view(person: &Person, keys: &[ApiKey]) -> Markup {
    if !person.may(Role::Admin) {
        return html! { p.quiet { "Keys are shown to a key with the role admin." } };
    }
    html! {
        div.scroll tabindex="0" role="region" aria-label="Keys" {
            table.list {
                thead { tr { th scope="col" { "Name" } th scope="col" { "Role" } th scope="col" { "Key" } th scope="col" { "Last used" } th scope="col" { "Ends" } th scope="col" { "Change" } } }
                tbody { @for it in keys { (row(person, it)) } }
            }
        }
        form.filter method="post" action="/settings/keys" {
            (act::token(person))
            span.pair { label for="name" { "New key" } input id="name" name="name" required maxlength="100" placeholder="Name" autocomplete="off"; }
            span.pair {
                label for="role" { "Role" }
                select id="role" name="role" { @for it in Role::ALL { option value=(it) { (it) } } }
            }
            span.pair { label for="ends" { "Ends after days" } input id="ends" name="days" size="6" inputmode="numeric" pattern="[0-9]*" maxlength="4" placeholder="never"; }
            button type="submit" { "Make a key" }
        }
    }
}

fn row(person: &Person, it: &ApiKey) -> Markup {
    let to = format!("/settings/keys/{}", it.api_key_id);
    let is_own = person.tenant().key() == Some(it.api_key_id);
    html! {
        tr data-row {
            th scope="row" { (it.name) @if is_own { span.quiet { " (yours)" } } }
            td data-label="Role" { (it.role) }
            td data-label="Key" { code { (it.masked_key) } @if !it.is_active { " switched off" } }
            td data-label="Last used" { (text::time_or(it.last_used_at, person.now, "never")) }
            td data-label="Ends" { (text::time_or(it.expiration_at, person.now, "never")) }
            td { div.acts {
                @if it.is_active { (act::careful(person, &format!("{to}/switch"), "Switch off", &format!("The key {} opens nothing from now on, and sessions and viewer links that were made with it end.", it.name), &[("is_active", "false")])) }
                @else { (act::button_with(person, &format!("{to}/switch"), "Switch on", &[("is_active", "true")])) }
                (act::careful(person, &format!("{to}/delete"), "Delete", &format!("The key {} goes for good.", it.name), &[]))
            } }
        }
    }
}

pub(crate) async fn create(
    State(app): State<App>,
    Changing(posted): Changing,
) -> Result<Response, Refused> {
    let (person, fields) = (&posted.person, &posted.fields);
    let wrong = |what: &'static str| Problem::new(Code::InvalidMember, what);
    let role: Role = fields.text("role").parse().map_err(|_unknown| wrong("say which role"))?;
    let days = Some(fields.text("days").trim()).filter(|it| !it.is_empty()).map(str::parse::<u16>);
    let days = days.transpose().map_err(|_unread| wrong("write a number of days, or nothing"))?;
    let expiration_at = days.map(|it| person.now + Duration::days(it.into()));
    let new = New { name: fields.text("name").trim().to_owned(), role, expiration_at };
    let (key, secret) = api_keys::insert(app.store(), person.tenant(), new, person.now).await?;
    let told = html! {
        div.told role="status" {
            p { "The key " strong { (key.name) } " is made. This is the only time that it is shown:" }
            p { code.secret { (secret.expose()) } " " button type="button" data-copy=(secret.expose()) hidden { "Copy" } }
        }
    };
    Ok(whole(&app, person, &told).await?)
}

pub(crate) async fn switch(
    State(app): State<App>,
    Named(id): Key,
    Changing(posted): Changing,
) -> Result<Response, Refused> {
    let is_active = posted.fields.text("is_active") == "true";
    let patch = Patch { is_active: Some(is_active), ..Patch::default() };
    let (tenant, now) = (posted.person.tenant(), posted.person.now);
    api_keys::update(app.store(), tenant, id, patch, now).await?;
    Ok(answer::see(if is_active { "/settings?done=key-on" } else { "/settings?done=key-off" }))
}

pub(crate) async fn delete(
    State(app): State<App>,
    Named(id): Key,
    Changing(posted): Changing,
) -> Result<Response, Refused> {
    api_keys::delete(app.store(), posted.person.tenant(), id, posted.person.now).await?;
    Ok(answer::see("/settings?done=key-deleted"))
}
