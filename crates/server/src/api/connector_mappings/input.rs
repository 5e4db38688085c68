//! Mappings that come in: written by hand, or changed by an admin.

use domain::TargetModel;
use domain::id::WorkspaceConnectorId;
use domain::nearest::nearest;
use mapping::expression::{ExpressionError, Limits};
use mapping::path::Path;
use serde_json::{Map, Value};
use store::mappings::{Generator, NewMapping, Patch, SlotPin};

use super::KIND;
use crate::code::Code;
use crate::jsonapi::input::{self, Faults, Incoming, Meant, Members};
use crate::problem::Problem;

/// Most pins in one change, and the longest path and reason of one.
const PINS_MAX: usize = 100;
const PATH_MAX: usize = 500;
const REASON_MAX: usize = 500;
/// Largest `tool_arguments` or `pagination_plan`, in bytes of JSON.
const DOCUMENT_MAX: usize = 16_384;

/// Made by the server, whatever is asked.
const MADE_HERE: &[&str] = &[
    "connector_mapping_id",
    "plan",
    "regeneration_reason",
    "generator",
    "version",
    "last_good_version",
    "input_fingerprint",
    "output_schema_hash",
    "target_schema_hash",
    "governance_hash",
    "slot_report",
    "jury",
    "stats",
    "sample",
    "created_at",
    "updated_at",
];

/// `verdict`: of the expression that the document holds.
pub(super) fn new(
    document: &Value,
    verdict: &Result<(), ExpressionError>,
) -> Result<NewMapping, Problem> {
    let mut faults = Faults::default();
    let incoming = input::data(document, &mut faults)
        .and_then(|it| input::resource(it, "/data", &KIND, Meant::New, &mut faults));
    let Some(Incoming { mut attributes, mut relationships, meta }) = incoming else {
        return faults.or(None);
    };
    for name in MADE_HERE.iter().chain(&["is_live", "needs_regeneration", "slot_pins"]) {
        attributes.immutable(name, &mut faults);
    }
    let model = attributes.required("target_model", &mut faults, input::word::<TargetModel>);
    let tool_max = domain::diagnostic::TOOL_NAME_MAX;
    let tool = attributes.required("tool_name", &mut faults, input::sized_text(1, tool_max));
    let expression = attributes.required("jsonata_expression", &mut faults, |it| {
        let text = expression(it)?;
        verdict.as_ref().map(|()| text).map_err(|error| format!("does not stand: {error}"))
    });
    let arguments = attributes.nullable("tool_arguments", &mut faults, plain).flatten();
    let paging = attributes.nullable("pagination_plan", &mut faults, plain).flatten();
    attributes.finish(&mut faults);
    let connector = connector(&mut relationships, &mut faults);
    for name in ["workspace", "versions"] {
        relationships.immutable(name, &mut faults);
    }
    relationships.finish(&mut faults);
    meta.finish(&mut faults);
    let parts = connector.zip(model).zip(tool).zip(expression);
    faults.or(parts.map(|(((connector, model), tool), expression)| NewMapping {
        tool_arguments: arguments.unwrap_or_default(),
        pagination_plan: paging.unwrap_or_default(),
        ..NewMapping::of(connector, model, tool, Generator::Manual, expression)
    }))
}

pub(super) fn patch(document: &Value, id: &str, model: TargetModel) -> Result<Patch, Problem> {
    let mut faults = Faults::default();
    let incoming = input::data(document, &mut faults)
        .and_then(|it| input::resource(it, "/data", &KIND, Meant::Known(id), &mut faults));
    let Some(Incoming { mut attributes, mut relationships, meta }) = incoming else {
        return faults.or(None);
    };
    let fixed = ["target_model", "tool_name", "tool_arguments", "pagination_plan"];
    for name in MADE_HERE.iter().chain(&fixed) {
        attributes.immutable(name, &mut faults);
    }
    if attributes.raw("jsonata_expression").is_some() {
        let detail = "a version keeps its expression; POST another one, which becomes the live one";
        faults.add(Code::ImmutableMember, attributes.pointer("jsonata_expression"), detail);
    }
    for (name, _) in KIND.relationships {
        relationships.immutable(name, &mut faults);
    }
    let regenerate = attributes.optional("needs_regeneration", &mut faults, only_true);
    let restore = attributes.optional("is_live", &mut faults, only_true);
    let pointer = attributes.pointer("slot_pins");
    let given = attributes.optional("slot_pins", &mut faults, input::object);
    attributes.finish(&mut faults);
    relationships.finish(&mut faults);
    meta.finish(&mut faults);
    let mut patch =
        Patch { regenerate: regenerate.is_some(), restore: restore.is_some(), ..Patch::default() };
    if let Some(given) = given {
        pins(given, &pointer, model, &mut patch, &mut faults);
    }
    faults.or(Some(patch))
}

/// `{ slot: { "path": …, "reason": … } }` pins, `{ slot: null }` takes the pin away, and what is
/// not named keeps its pin.
fn pins(
    given: &Map<String, Value>,
    at: &str,
    model: TargetModel,
    patch: &mut Patch,
    faults: &mut Faults,
) {
    if given.len() > PINS_MAX {
        let detail = format!("has more than {PINS_MAX} members");
        return faults.add(Code::InvalidMember, at.to_owned(), detail);
    }
    for (slot, value) in given {
        let pointer = format!("{at}/{}", slot.replace('~', "~0").replace('/', "~1"));
        if let Err(detail) = known_slot(model, slot) {
            faults.add(Code::UnknownMember, pointer, detail);
        } else if value.is_null() {
            patch.unpins.push(slot.clone());
        } else if let Some(members) = value.as_object() {
            patch.pins.extend(pin(slot, Members::new(members, pointer), faults));
        } else {
            let detail = "must be `{ \"path\": …, \"reason\": … }`, or null to take the pin away";
            faults.add(Code::InvalidMember, pointer, detail);
        }
    }
}

fn pin(slot: &str, mut members: Members<'_>, faults: &mut Faults) -> Option<SlotPin> {
    let path = match members.has("path") {
        true => members.nullable("path", faults, path),
        false => {
            let detail = "`path` is required; null leaves the slot empty on purpose";
            faults.add(Code::MissingMember, members.pointer("path"), detail);
            None
        }
    };
    let reason = members.required("reason", faults, input::sized_text(1, REASON_MAX));
    members.finish(faults);
    Some(SlotPin { slot: slot.to_owned(), path: path?, reason: reason? })
}

fn path(value: &Value) -> Result<String, String> {
    read_path(&input::sized_text(1, PATH_MAX)(value)?)
}

fn read_path(text: &str) -> Result<String, String> {
    match text.parse::<Path>() {
        Ok(path) if text.len() <= PATH_MAX => Ok(path.to_string()),
        Ok(_) | Err(_) => {
            let like = "`customer.name`, `lines[0].id`, `ids[type=VAT].value`";
            Err(format!("is no path, which is written like {like}"))
        }
    }
}

/// Whether a target has such a slot; else the nearest one that it has.
pub fn known_slot(model: TargetModel, slot: &str) -> Result<(), String> {
    if model.schema().slot(slot).is_some() {
        return Ok(());
    }
    let slots = model.schema().slots();
    Err(match nearest(slot, slots.iter().map(String::as_str)) {
        Some(near) => format!("`{model}` has no such slot; did you mean `{near}`?"),
        None => format!("`{model}` has no such slot"),
    })
}

/// A pin as another door takes it. No path: the slot is left empty on purpose.
pub fn slot_pin(
    model: TargetModel,
    slot: &str,
    path: Option<&str>,
    reason: &str,
) -> Result<SlotPin, String> {
    known_slot(model, slot)?;
    let path = path.map(read_path).transpose().map_err(|why| format!("the path {why}"))?;
    let reason = input::sized_text(1, REASON_MAX)(&Value::from(reason))
        .map_err(|why| format!("the reason {why}"))?;
    Ok(SlotPin { slot: slot.to_owned(), path, reason })
}

/// The expression that a document would bring, if its size is right.
pub(super) fn expression_in(document: &Value) -> Option<&str> {
    let it = document.pointer("/data/attributes/jsonata_expression")?;
    expression(it).ok().and(it.as_str())
}

fn expression(value: &Value) -> Result<String, String> {
    input::sized_text(1, Limits::default().source_bytes)(value)
}

fn plain(value: &Value) -> Result<Value, String> {
    input::object(value)?;
    match value.to_string() {
        it if it.len() > DOCUMENT_MAX => Err(format!("is larger than {DOCUMENT_MAX} bytes")),
        it if it.contains("\\u0000") => Err("holds a NUL character".to_owned()),
        _ => Ok(value.clone()),
    }
}

fn only_true(value: &Value) -> Result<(), String> {
    match input::flag(value)? {
        true => Ok(()),
        false => Err("can be set to `true` alone".to_owned()),
    }
}

fn connector(relationships: &mut Members<'_>, faults: &mut Faults) -> Option<WorkspaceConnectorId> {
    let pointer = relationships.pointer("workspace_connector");
    if !relationships.has("workspace_connector") {
        relationships.raw("workspace_connector");
        let detail = "say whose mapping it is";
        faults.add(Code::MissingMember, pointer, detail);
        return None;
    }
    let linked = relationships.linked("workspace_connector", "workspace_connector", faults)?;
    let parsed = linked.and_then(|it| it.parse().ok());
    if parsed.is_none() {
        let detail = "must be the id of a workspace connector, a uuid";
        faults.add(Code::InvalidMember, format!("{pointer}/data"), detail);
    }
    parsed
}

pub(super) fn refused(error: store::Error) -> Problem {
    match error {
        store::Error::NotFound(what) => {
            let pointer = "/data/relationships/workspace_connector/data/id";
            Problem::pointer(Code::NotFound, pointer, format!("there is no such {what} here"))
        }
        other @ (store::Error::Conflict { .. }
        | store::Error::Invalid { .. }
        | store::Error::Busy(_)
        | store::Error::NotMigrated { .. }
        | store::Error::Sealed(_)
        | store::Error::Database { .. }) => other.into(),
    }
}
