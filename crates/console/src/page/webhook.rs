//! One webhook: what it is told, what came of it, and what an admin does about it.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use chrono::Duration;
use domain::id::{WebhookDeliveryId, WebhookEndpointId};
use domain::webhook::{EndpointStatus, OLD_SECRET_HOURS};
use maud::{Markup, html};
use server::listing::{self, Beside, List};
use server::{App, Code, Problem};
use store::webhooks::{self, Delivery, Endpoint, Patch, Replay};
use store::{Condition, Op, Value, workspace_connectors};

use super::webhooks::{self as all, to};
use crate::answer;
use crate::form::Changing;
use crate::page::Named;
use crate::session::{Administrator, Person, Refused};
use crate::view::frame::{Frame, Place};
use crate::view::{act, link, status, text};

mod deliveries;

type Id = Named<WebhookEndpointId>;

/// How far back events are sent once more, in hours.
const SINCE: [(u16, &str); 4] =
    [(1, "the last hour"), (24, "the last day"), (72, "the last 3 days"), (168, "the last 7 days")];

struct Shown {
    it: Endpoint,
    /// None: every connector.
    of: Option<String>,
    deliveries: Vec<Delivery>,
    beside: Beside,
    /// The address of the list: that of the page, without what was told.
    uri: Uri,
}

pub(crate) async fn show(
    State(app): State<App>,
    Administrator(person): Administrator,
    Named(id): Id,
) -> Result<Response, Problem> {
    let it = webhooks::find(app.store(), person.tenant(), id).await?;
    let uri = link::with_page(&person.uri, &[("done", None)]);
    let uri = uri.parse().map_err(|_never| Problem::not_found("page"))?;
    whole(&app, &person, (it, uri), &html! {}).await
}

/// The page, with something that is told once.
async fn whole(
    app: &App,
    person: &Person,
    (it, uri): (Endpoint, Uri),
    told: &Markup,
) -> Result<Response, Problem> {
    let (store, tenant) = (app.store(), person.tenant());
    let of = match it.connector {
        None => None,
        Some(id) => match workspace_connectors::find(store, tenant, id).await {
            Err(store::Error::NotFound(_)) => Some("a deleted connector".to_owned()),
            found => Some(found?.name),
        },
    };
    let mut asked = listing::read(app, tenant, &uri, List::Deliveries)?;
    let own = [Value::Id(it.id.0)];
    let own = Condition::on(webhooks::DELIVERY_FIELDS, "webhook_endpoint", Op::Eq, own);
    asked.query.conditions.extend(own);
    let slice = webhooks::deliveries(store, tenant, &asked.query).await?;
    let beside = asked.beside(app, tenant, &uri, &slice);
    let deliveries = slice.items.into_iter().map(|it| it.0).collect();
    let shown = Shown { it, of, deliveries, beside, uri };
    let title = text::short(&shown.it.url, 80);
    let trail = [("Settings", "/settings".to_owned()), ("Webhooks", all::PATH.to_owned())];
    let frame = Frame { title: &title, place: Place::Settings, trail: &trail };
    Ok(answer::page(frame.around(person, &page(person, &shown, told))))
}

fn page(person: &Person, shown: &Shown, told: &Markup) -> Markup {
    let (it, now) = (&shown.it, person.now);
    html! {
        div.head {
            div {
                h1.value { (text::short(&it.url, 200)) }
                p.lead { (status::endpoint(it)) @if let Some(description) = &it.description { " · " (description) } }
            }
            (acts(person, it))
        }
        (told)
        @if let Some(why) = &it.disabled_reason {
            p.note { "It was disabled because " (why) ". Mend the receiver, then enable it: what waited goes out. Events of meanwhile are not kept for it." }
        }
        dl.facts {
            div { dt { "Of" } dd { (shown.of.as_deref().unwrap_or("every connector")) } }
            div { dt { "Made" } dd { (text::time(it.created_at, now)) } }
            @if let Some(since) = it.failing_since { div { dt { "Nothing has arrived since" } dd { (text::time(since, now)) } } }
            @if let Some(until) = it.old_secret_until.filter(|it| *it > now) { div { dt { "The secret before signs too until" } dd { (text::time(until, now)) } } }
            div { dt { "Id" } dd { code { (it.id) } } }
        }
        section aria-labelledby="deliveries" {
            h2 #deliveries { "Deliveries" }
            (deliveries::view(person, shown))
        }
        section aria-labelledby="change" { h2 #change { "Change it" } (form(person, it)) }
    }
}

fn acts(person: &Person, it: &Endpoint) -> Markup {
    let path = to(it.id);
    let goes = format!(
        "The webhook to {} goes for good, with what is still to be sent there.",
        text::short(&it.url, 80)
    );
    let rotates = format!(
        "A new secret signs from now on; the one before signs too for {OLD_SECRET_HOURS} hours, so that the receiver can be changed meanwhile."
    );
    html! {
        div.acts {
            @match it.status {
                EndpointStatus::Enabled => {
                    (act::button(person, &format!("{path}/test"), "Send a test"))
                    (act::button_with(person, &format!("{path}/switch"), "Disable", &[("status", "disabled")]))
                }
                EndpointStatus::Disabled => { (act::button_with(person, &format!("{path}/switch"), "Enable", &[("status", "enabled")])) }
            }
            (act::careful(person, &format!("{path}/rotate"), "Rotate the secret", &rotates, &[]))
            (act::careful(person, &format!("{path}/delete"), "Delete", &goes, &[]))
        }
    }
}

fn form(person: &Person, it: &Endpoint) -> Markup {
    html! {
        form.sheet method="post" action=(to(it.id)) {
            (act::token(person))
            (all::address(Some(&it.url)))
            (all::events(&it.events))
            (all::description(it.description.as_deref()))
            button type="submit" { "Keep" }
        }
    }
}

pub(crate) async fn change(
    State(app): State<App>,
    Named(id): Id,
    Changing(posted): Changing,
) -> Result<Response, Refused> {
    let (person, fields) = (&posted.person, &posted.fields);
    webhooks::find(app.store(), person.tenant(), id).await?;
    let patch = Patch {
        url: Some(fields.text("url").trim().to_owned()),
        description: Some(all::described(fields)),
        events: Some(all::asked(fields)?),
        ..Patch::default()
    };
    webhooks::update(app.store(), person.tenant(), id, patch, person.now).await?;
    Ok(done(id, "webhook-kept"))
}

pub(crate) async fn switch(
    State(app): State<App>,
    Named(id): Id,
    Changing(posted): Changing,
) -> Result<Response, Refused> {
    let person = &posted.person;
    webhooks::find(app.store(), person.tenant(), id).await?;
    let status = posted.fields.text("status").parse::<EndpointStatus>();
    let status =
        status.map_err(|unknown| Problem::new(Code::InvalidMember, format!("{unknown}")))?;
    let patch = Patch { status: Some(status), ..Patch::default() };
    webhooks::update(app.store(), person.tenant(), id, patch, person.now).await?;
    Ok(done(
        id,
        match status {
            EndpointStatus::Enabled => "webhook-on",
            EndpointStatus::Disabled => "webhook-off",
        },
    ))
}

pub(crate) async fn rotate(
    State(app): State<App>,
    Named(id): Id,
    Changing(posted): Changing,
) -> Result<Response, Refused> {
    let person = &posted.person;
    let patch = Patch { rotate: true, ..Patch::default() };
    let (it, secret) =
        webhooks::update(app.store(), person.tenant(), id, patch, person.now).await?;
    let told = html! { @if let Some(secret) = &secret { (all::told(secret, &html! { "The new signing secret" })) } };
    let uri = to(id).parse().map_err(|_never| Problem::not_found("page"))?;
    Ok(whole(&app, person, (it, uri), &told).await?)
}

pub(crate) async fn test(
    State(app): State<App>,
    Named(id): Id,
    Changing(posted): Changing,
) -> Result<Response, Refused> {
    webhooks::test(app.store(), posted.person.tenant(), id, posted.person.now).await?;
    Ok(done(id, "webhook-test"))
}

/// One delivery, or everything of the last hours.
pub(crate) async fn replay(
    State(app): State<App>,
    Named(id): Id,
    Changing(posted): Changing,
) -> Result<Response, Refused> {
    let (person, fields) = (&posted.person, &posted.fields);
    webhooks::find(app.store(), person.tenant(), id).await?;
    let wrong = || Problem::new(Code::InvalidMember, "say what is to be sent again");
    let what = match (fields.text("delivery"), fields.text("hours")) {
        ("", hours) => {
            let hours: u16 = hours.parse().map_err(|_unread| wrong())?;
            Replay::Since(person.now - Duration::hours(hours.into()))
        }
        (one, _) => Replay::One(one.parse::<WebhookDeliveryId>().map_err(|_unread| wrong())?),
    };
    webhooks::replay(app.store(), person.tenant(), id, what, person.now).await?;
    Ok(done(id, "webhook-replayed"))
}

pub(crate) async fn delete(
    State(app): State<App>,
    Named(id): Id,
    Changing(posted): Changing,
) -> Result<Response, Refused> {
    webhooks::delete(app.store(), posted.person.tenant(), id).await?;
    Ok(answer::see(&link::to(all::PATH, &[("done", "webhook-deleted")])))
}

fn done(id: WebhookEndpointId, word: &str) -> Response {
    answer::see(&link::to(&to(id), &[("done", word)]))
}
