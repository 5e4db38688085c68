//! `POST /v1/connector-mappings/{id}/replay`: what another mapping would make of the stored records.
//! Nothing is kept, so a replay is no resource with a place of its own: it is answered once.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::TargetModel;
use domain::id::ConnectorMappingId;
use serde_json::Value;
use store::mappings;
use uuid::Uuid;

use crate::App;
use crate::api::connector_mappings::slot_pin;
use crate::api::{self, Named};
use crate::auth::Writer;
use crate::code::Code;
use crate::jsonapi::body::{self, Document};
use crate::jsonapi::document::{self, Kind};
use crate::jsonapi::input::{self, Faults, Incoming, Meant, Members};
use crate::jsonapi::json::Json;
use crate::jsonapi::media;
use crate::jsonapi::params::Plain;
use crate::problem::Problem;
use crate::replay::{self, Change, Failed};

/// For the form of what comes in and goes out; there is no collection.
pub(crate) static KIND: Kind = Kind {
    name: "connector_mapping_replay",
    path: "/v1/connector-mappings/{id}/replay",
    attributes: &[
        "target_model",
        "tool_name",
        "from",
        "to",
        "sample_version",
        "notes",
        "records",
        "before",
        "after",
        "entities",
        "slots",
        "differences",
        "rejected",
        "worse",
    ],
    relationships: &[],
};

/// What may be tried: one of these.
const CHANGES: [&str; 4] = ["version", "slot_pin", "redraw", "jsonata_expression"];
/// Longest expression, in bytes: what the sandbox takes is less.
const EXPRESSION_MAX: usize = 65_536;

pub(crate) async fn create(
    State(app): State<App>,
    Writer(tenant): Writer,
    _: Plain,
    Named(id): Named,
    Document(bytes): Document,
) -> Result<Response, Problem> {
    let id: ConnectorMappingId = api::id(&id, "connector_mapping")?;
    let mapping = mappings::find(app.store(), &tenant, id).await?;
    let change = change(&body::tree(&bytes)?, mapping.model)?;
    let place = (app.store(), &tenant);
    let replayed = replay::replay(place, &app.settings().sandbox, id, change, app.now()).await;
    let replayed = replayed.map_err(refused)?;
    let mut json = Json::with_capacity(4096);
    json.open().key("jsonapi").raw(media::JSONAPI_OBJECT);
    json.key("data").open().key("type").word(KIND.name).key("id").uuid(Uuid::new_v4());
    json.key("attributes").value(&replayed).close().close();
    Ok(document::answer(StatusCode::OK, json.into_bytes()))
}

fn change(document: &Value, model: TargetModel) -> Result<Change, Problem> {
    let mut faults = Faults::default();
    let incoming = input::data(document, &mut faults)
        .and_then(|it| input::resource(it, "/data", &KIND, Meant::New, &mut faults));
    let Some(Incoming { mut attributes, relationships, meta }) = incoming else {
        return faults.or(None);
    };
    let named = CHANGES.iter().filter(|it| attributes.has(it)).count();
    let at = attributes.pointer("");
    let version = attributes.optional("version", &mut faults, input::number(1, i32::MAX.into()));
    let expression = attributes.optional("jsonata_expression", &mut faults, expression);
    let redraw = attributes.optional("redraw", &mut faults, only_true);
    let pointer = attributes.pointer("slot_pin");
    let pinned = attributes.optional("slot_pin", &mut faults, input::object);
    let pinned =
        pinned.and_then(|it| pin(model, Members::new(it, pointer.clone()), &pointer, &mut faults));
    attributes.finish(&mut faults);
    relationships.finish(&mut faults);
    meta.finish(&mut faults);
    if named != 1 {
        let detail = format!("exactly one of `{}` says what is tried", CHANGES.join("`, `"));
        faults.add(Code::MissingMember, at.trim_end_matches('/').to_owned(), detail);
    }
    let change = version.map(Change::Version);
    let change = change.or(expression.map(Change::Expression)).or(pinned.map(Change::Pin));
    faults.or(change.or(redraw.map(|()| Change::Redraw)))
}

fn pin(
    model: TargetModel,
    mut members: Members<'_>,
    at: &str,
    faults: &mut Faults,
) -> Option<mappings::SlotPin> {
    let slot = members.required("slot", faults, |it| input::text(it).map(str::to_owned));
    if !members.has("path") {
        let detail = "`path` is required; null leaves the slot empty";
        faults.add(Code::MissingMember, members.pointer("path"), detail);
    }
    let path = members.nullable("path", faults, |it| input::text(it).map(str::to_owned));
    members.finish(faults);
    let pin = slot_pin(model, &slot?, path?.as_deref(), "tried");
    pin.map_err(|why| faults.add(Code::InvalidMember, at.to_owned(), why)).ok()
}

fn expression(value: &Value) -> Result<String, String> {
    let text = input::text(value)?;
    match text.len() {
        1..=EXPRESSION_MAX => Ok(text.to_owned()),
        length => Err(format!("must have 1 to {EXPRESSION_MAX} bytes, has {length}")),
    }
}

fn only_true(value: &Value) -> Result<(), String> {
    match input::flag(value)? {
        true => Ok(()),
        false => Err("can only be true".to_owned()),
    }
}

fn refused(failed: Failed) -> Problem {
    let says = failed.to_string();
    let at = |name: &str| format!("/data/attributes/{name}");
    match failed {
        Failed::Store(error) => error.into(),
        Failed::NoVersion { .. } => Problem::pointer(Code::InvalidMember, at("version"), says),
        Failed::NoSample | Failed::NoMapping(_) => Problem::new(Code::Conflict, says),
        Failed::Expression(_) => {
            Problem::pointer(Code::InvalidMember, at("jsonata_expression"), says)
        }
        Failed::Unavailable(error) => Problem::internal(error),
    }
}
