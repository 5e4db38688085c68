//! Endpoints that come in, and what is to be sent once more.

use domain::id::{WebhookDeliveryId, WorkspaceConnectorId};
use domain::webhook::{self, DESCRIPTION_MAX, EndpointStatus, Event, URL_MAX};
use serde_json::Value;
use store::webhooks::{New, Patch, Replay};

use super::{KIND, REPLAY};
use crate::code::Code;
use crate::jsonapi::input::{self, Faults, Incoming, Meant, Members};
use crate::problem::Problem;

fn made_here(attributes: &mut Members<'_>, faults: &mut Faults) {
    for name in [
        "webhook_endpoint_id",
        "disabled_reason",
        "failing_since",
        "old_secret_until",
        "created_at",
        "updated_at",
    ] {
        attributes.immutable(name, faults);
    }
}

pub(super) fn new(document: &Value) -> Result<New, Problem> {
    let mut faults = Faults::default();
    let incoming = input::data(document, &mut faults)
        .and_then(|it| input::resource(it, "/data", &KIND, Meant::New, &mut faults));
    let Some(Incoming { mut attributes, mut relationships, meta }) = incoming else {
        return faults.or(None);
    };
    made_here(&mut attributes, &mut faults);
    attributes.immutable("status", &mut faults);
    let url = attributes.required("url", &mut faults, address);
    let text = input::sized_text(1, DESCRIPTION_MAX);
    let description = attributes.nullable("description", &mut faults, text).flatten();
    let events = attributes.required("event_types", &mut faults, event_types);
    let pointer = relationships.pointer("workspace_connector");
    let linked = relationships.linked("workspace_connector", "workspace_connector", &mut faults);
    let connector = linked.flatten().and_then(|it| {
        let parsed = it.parse::<WorkspaceConnectorId>().ok();
        if parsed.is_none() {
            let detail = "must be the id of a workspace connector, a uuid";
            faults.add(Code::InvalidMember, format!("{pointer}/data/id"), detail);
        }
        parsed
    });
    relationships.immutable("workspace", &mut faults);
    attributes.finish(&mut faults);
    relationships.finish(&mut faults);
    meta.finish(&mut faults);
    let parts = url.zip(events);
    faults.or(parts.map(|(url, events)| New { url, description, events, connector }))
}

/// `meta.rotate_secret: true` asks for a new secret.
pub(super) fn patch(document: &Value, id: &str) -> Result<Patch, Problem> {
    let mut faults = Faults::default();
    let incoming = input::data(document, &mut faults)
        .and_then(|it| input::resource(it, "/data", &KIND, Meant::Known(id), &mut faults));
    let Some(Incoming { mut attributes, mut relationships, mut meta }) = incoming else {
        return faults.or(None);
    };
    made_here(&mut attributes, &mut faults);
    for (name, _) in KIND.relationships {
        relationships.immutable(name, &mut faults);
    }
    let text = input::sized_text(1, DESCRIPTION_MAX);
    let patch = Patch {
        url: attributes.optional("url", &mut faults, address),
        description: attributes.nullable("description", &mut faults, text),
        events: attributes.optional("event_types", &mut faults, event_types),
        status: attributes.optional("status", &mut faults, input::word::<EndpointStatus>),
        rotate: meta.optional("rotate_secret", &mut faults, input::flag).unwrap_or_default(),
    };
    attributes.finish(&mut faults);
    relationships.finish(&mut faults);
    meta.finish(&mut faults);
    faults.or(Some(patch))
}

pub(super) fn replay(document: &Value) -> Result<Replay, Problem> {
    let mut faults = Faults::default();
    let incoming = input::data(document, &mut faults)
        .and_then(|it| input::resource(it, "/data", &REPLAY, Meant::New, &mut faults));
    let Some(Incoming { mut attributes, relationships, meta }) = incoming else {
        return faults.or(None);
    };
    attributes.immutable("deliveries", &mut faults);
    let is_one = attributes.has("since") != attributes.has("webhook_delivery_id");
    let since = attributes.optional("since", &mut faults, input::time);
    let one = attributes.optional("webhook_delivery_id", &mut faults, |it| {
        input::text(it)?
            .parse::<WebhookDeliveryId>()
            .map_err(|_not_one| "must be a uuid".to_owned())
    });
    attributes.finish(&mut faults);
    relationships.finish(&mut faults);
    meta.finish(&mut faults);
    if !is_one {
        let detail = "either `since` or `webhook_delivery_id` says what is sent";
        faults.add(Code::MissingMember, "/data/attributes".to_owned(), detail);
    }
    faults.or(since.map(Replay::Since).or(one.map(Replay::One)))
}

fn address(value: &Value) -> Result<String, String> {
    let text = input::sized_text(1, URL_MAX)(value)?;
    webhook::check_url(&text).map(|()| text)
}

fn event_types(value: &Value) -> Result<Vec<Event>, String> {
    let events: Vec<Event> = input::words(value)?;
    webhook::check_events(&events).map(|()| events)
}

pub(super) fn refused(error: store::Error) -> Problem {
    match error {
        store::Error::Invalid { refusal, .. } if refusal.attribute == "workspace_connector" => {
            let pointer = "/data/relationships/workspace_connector/data/id";
            Problem::pointer(Code::NotFound, pointer, format!("{} here", refusal.detail))
        }
        other @ (store::Error::NotFound(_)
        | store::Error::Invalid { .. }
        | store::Error::Conflict { .. }
        | store::Error::Busy(_)
        | store::Error::NotMigrated { .. }
        | store::Error::Sealed(_)
        | store::Error::Database { .. }) => other.into(),
    }
}

pub(super) fn unknown_delivery(error: store::Error) -> Problem {
    match error {
        store::Error::NotFound("webhook_delivery") => {
            let pointer = "/data/attributes/webhook_delivery_id";
            Problem::pointer(Code::NotFound, pointer, "there is no such delivery here")
        }
        other @ (store::Error::NotFound(_)
        | store::Error::Invalid { .. }
        | store::Error::Conflict { .. }
        | store::Error::Busy(_)
        | store::Error::NotMigrated { .. }
        | store::Error::Sealed(_)
        | store::Error::Database { .. }) => other.into(),
    }
}
