//! Diagnostics that come in. Two readers of one document: a fast one that borrows from the bytes
//! and takes only what is right, and a thorough one, run when the fast one declines, that says
//! what is wrong and where.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use domain::diagnostic::{DETAIL_MAX, Patch, Refusal, shorten, without_nul};
use domain::id::{SyncLogId, WorkspaceConnectorId};
use domain::redact::Redactor;
use domain::retention::Retention;
use domain::{NewDiagnostic, Reason, TargetModel};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::resource::KIND;
use crate::code::Code;
use crate::jsonapi::body;
use crate::jsonapi::input::{self, Faults, Incoming, Meant, Members};
use crate::problem::Problem;

/// A row to be written, and the workspace that its document names (to be compared with the key's).
#[derive(Debug, PartialEq)]
pub(crate) struct Given {
    pub(crate) new: NewDiagnostic,
    pub(crate) workspace: Option<String>,
}

#[derive(Deserialize)]
struct FastDocument<'a> {
    #[serde(borrow)]
    data: Fast<'a>,
}

#[derive(Deserialize)]
struct FastDocuments<'a> {
    #[serde(borrow)]
    data: Vec<Fast<'a>>,
}

/// What a right resource object looks like; everything else is the thorough reader's.
#[derive(Deserialize)]
struct Fast<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(default, deserialize_with = "given")]
    id: Option<IgnoredAny>,
    #[serde(borrow)]
    attributes: FastAttributes<'a>,
    #[serde(borrow)]
    relationships: FastRelationships<'a>,
    #[serde(default, deserialize_with = "given")]
    meta: Option<FastMeta>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FastAttributes<'a> {
    #[serde(borrow)]
    target_model: Cow<'a, str>,
    #[serde(borrow)]
    tool_name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    reason: Cow<'a, str>,
    http_status: Option<u16>,
    #[serde(borrow)]
    detail: Cow<'a, str>,
    #[serde(borrow)]
    occurred_at: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FastRelationships<'a> {
    #[serde(borrow, default, deserialize_with = "given")]
    workspace: Option<FastToOne<'a>>,
    #[serde(borrow)]
    workspace_connector: FastToOne<'a>,
    #[serde(borrow, default, deserialize_with = "given")]
    sync_log: Option<FastToOne<'a>>,
}

#[derive(Deserialize)]
struct FastToOne<'a> {
    #[serde(borrow, deserialize_with = "nullable")]
    data: Option<FastId<'a>>,
}

#[derive(Deserialize)]
struct FastId<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    id: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FastMeta {
    context: Option<Map<String, Value>>,
}

/// A member that may be absent, and is never null.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// A member that may be null, and is never absent.
fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    Option::deserialize(from)
}

#[cfg(test)]
mod tests;

/// One row: a document with a resource object.
pub(crate) fn one(bytes: &[u8]) -> Result<Given, Problem> {
    let fast = serde_json::from_slice::<FastDocument<'_>>(bytes).ok();
    if let Some(given) = fast.and_then(|it| it.data.given()) {
        return Ok(given);
    }
    let document = body::tree(bytes)?;
    let mut faults = Faults::default();
    if let Some(Value::Array(_)) = document.get("data") {
        let detail = "is one resource object here; send an array to `…/batch`";
        faults.add(Code::InvalidMember, "/data".to_owned(), detail);
        return faults.or(None);
    }
    let data = input::data(&document, &mut faults);
    let given = data.and_then(|it| thorough(it, "/data", &mut faults));
    faults.or(given)
}

/// Many rows: a document with an array.
pub(crate) fn many(bytes: &[u8]) -> Result<Vec<Given>, Problem> {
    let fast = serde_json::from_slice::<FastDocuments<'_>>(bytes).ok();
    if let Some(rows) = fast.and_then(|it| it.data.iter().map(Fast::given).collect()) {
        return Ok(rows);
    }
    let document = body::tree(bytes)?;
    let mut faults = Faults::default();
    let rows = match input::data(&document, &mut faults) {
        Some(Value::Array(rows)) => Some(rows),
        Some(other) => {
            let detail =
                format!("must be an array of resource objects, is {}", input::kind_of(other));
            faults.add(Code::InvalidMember, "/data".to_owned(), detail);
            None
        }
        None => None,
    };
    let given = rows.map(|rows| {
        let each = rows.iter().enumerate();
        each.map_while(|(index, row)| limited(row, index, &mut faults)).flatten().collect()
    });
    faults.or(given)
}

/// Many rows: a resource object in each line; empty lines do not count.
pub(crate) fn lines(bytes: &[u8]) -> Result<Vec<Given>, Problem> {
    let mut faults = Faults::default();
    let mut rows = Vec::new();
    let lines = bytes.split(|it| *it == b'\n').filter(|it| !it.trim_ascii().is_empty());
    for (index, line) in lines.enumerate() {
        if let Some(given) = serde_json::from_slice::<Fast<'_>>(line).ok().and_then(|it| it.given())
        {
            rows.push(given);
            continue;
        }
        let row: Value = serde_json::from_slice(line).map_err(|error| {
            let detail = format!("line {} is not JSON: {error}", index + 1);
            Problem::pointer(Code::MalformedDocument, format!("/data/{index}"), detail)
        })?;
        match limited(&row, index, &mut faults) {
            Some(given) => rows.extend(given),
            None => break,
        }
    }
    faults.or(Some(rows))
}

/// The row at a place of a batch; the outer none ends the reading: enough has been said.
fn limited(row: &Value, index: usize, faults: &mut Faults) -> Option<Option<Given>> {
    const FAULTS_MAX: usize = 100;
    (faults.len() < FAULTS_MAX).then(|| thorough(row, &format!("/data/{index}"), faults))
}

impl Fast<'_> {
    /// None: something is not as it should be.
    fn given(&self) -> Option<Given> {
        let attributes = &self.attributes;
        if self.kind != KIND.name || self.id.is_some() {
            return None;
        }
        let occurred_at = match &attributes.occurred_at {
            None => None,
            Some(text) => Some(input::rfc3339(text)?),
        };
        let sync_log = self.relationships.sync_log.as_ref().and_then(|it| it.data.as_ref());
        let sync_log = match sync_log {
            None => None,
            Some(it) => Some(it.of("workspace_connector_sync_log")?.parse().ok()?),
        };
        let workspace = match &self.relationships.workspace {
            None => None,
            Some(it) => Some(it.data.as_ref()?.of("workspace")?.to_owned()),
        };
        let connector = self.relationships.workspace_connector.data.as_ref()?;
        let new = NewDiagnostic {
            workspace_connector: connector.of("workspace_connector")?.parse().ok()?,
            target_model: attributes.target_model.parse().ok()?,
            tool_name: attributes.tool_name.as_deref().map(str::to_owned),
            reason: attributes.reason.parse().ok()?,
            http_status: attributes.http_status,
            detail: attributes.detail.as_ref().to_owned(),
            occurred_at,
            sync_log,
            context: self.meta.as_ref().and_then(|it| it.context.clone()).map(Value::Object),
            subject: None,
        };
        Some(Given { new, workspace })
    }
}

impl FastId<'_> {
    fn of(&self, kind: &str) -> Option<&str> {
        (self.kind == kind).then_some(self.id.as_ref())
    }
}

/// The same, member by member.
pub(crate) fn thorough(row: &Value, at: &str, faults: &mut Faults) -> Option<Given> {
    let Incoming { mut attributes, mut relationships, mut meta } =
        input::resource(row, at, &KIND, Meant::New, faults)?;
    for name in ["diagnostic_id", "created_at", "updated_at", "deleted_at"] {
        attributes.immutable(name, faults);
    }
    let target_model = attributes.required("target_model", faults, input::word::<TargetModel>);
    let tool_name = attributes.nullable("tool_name", faults, input::text).flatten();
    let reason = attributes.required("reason", faults, input::word::<Reason>);
    let http_status = attributes.nullable("http_status", faults, http_status).flatten();
    let detail = attributes.required("detail", faults, input::text);
    let occurred_at = attributes.nullable("occurred_at", faults, input::time).flatten();
    attributes.finish(faults);
    let workspace = relationships.linked("workspace", "workspace", faults);
    if workspace == Some(None) {
        let pointer = format!("{}/data", relationships.pointer("workspace"));
        faults.add(
            Code::InvalidMember,
            pointer,
            "a diagnostic has a workspace; leave it out to mean the key's",
        );
    }
    let connector = connector(&mut relationships, faults);
    let sync_log = sync_log(&mut relationships, faults);
    relationships.finish(faults);
    let context = meta.nullable("context", faults, input::object).flatten();
    meta.finish(faults);
    let new = NewDiagnostic {
        workspace_connector: connector?,
        target_model: target_model?,
        tool_name: tool_name.map(str::to_owned),
        reason: reason?,
        http_status,
        detail: detail?.to_owned(),
        occurred_at,
        sync_log,
        context: context.map(|it| Value::Object(it.clone())),
        subject: None,
    };
    Some(Given { new, workspace: workspace.flatten().map(str::to_owned) })
}

fn connector(relationships: &mut Members<'_>, faults: &mut Faults) -> Option<WorkspaceConnectorId> {
    const NAME: &str = "workspace_connector";
    let Some(id) = relationships.linked(NAME, NAME, faults) else {
        if !relationships.has(NAME) {
            faults.add(
                Code::MissingMember,
                relationships.pointer(NAME),
                "a diagnostic has a workspace_connector",
            );
        }
        return None;
    };
    let Some(id) = id else {
        let pointer = format!("{}/data", relationships.pointer(NAME));
        faults.add(Code::InvalidMember, pointer, "must not be null");
        return None;
    };
    parse_id(id, relationships.pointer(NAME), faults)
}

fn sync_log(relationships: &mut Members<'_>, faults: &mut Faults) -> Option<SyncLogId> {
    let id = relationships.linked("sync_log", "workspace_connector_sync_log", faults)??;
    parse_id(id, relationships.pointer("sync_log"), faults)
}

pub(crate) fn parse_id<T: std::str::FromStr>(
    id: &str,
    at: String,
    faults: &mut Faults,
) -> Option<T> {
    let parsed = id.parse().ok();
    if parsed.is_none() {
        faults.add(Code::InvalidMember, format!("{at}/data/id"), "must be a uuid");
    }
    parsed
}

fn http_status(value: &Value) -> Result<u16, String> {
    input::number(100, 599)(value)
        .map_err(|_range| "must be a whole number from 100 to 599, or null".to_owned())
}

/// The members that a change may name.
pub(crate) fn patch(document: &Value, id: &str) -> Result<Patch, Problem> {
    let mut faults = Faults::default();
    let incoming = input::data(document, &mut faults)
        .and_then(|it| input::resource(it, "/data", &KIND, Meant::Known(id), &mut faults));
    let Some(Incoming { mut attributes, mut relationships, mut meta }) = incoming else {
        return faults.or(None);
    };
    for name in ["diagnostic_id", "occurred_at", "created_at", "updated_at", "deleted_at"] {
        attributes.immutable(name, &mut faults);
    }
    for (name, _) in KIND.relationships {
        relationships.immutable(name, &mut faults);
    }
    meta.immutable("context", &mut faults);
    let patch = Patch {
        target_model: attributes.optional("target_model", &mut faults, input::word),
        tool_name: attributes
            .nullable("tool_name", &mut faults, |it| input::text(it).map(str::to_owned)),
        reason: attributes.optional("reason", &mut faults, input::word),
        http_status: attributes.nullable("http_status", &mut faults, http_status),
        detail: attributes.optional("detail", &mut faults, |it| input::text(it).map(str::to_owned)),
    };
    attributes.finish(&mut faults);
    relationships.finish(&mut faults);
    meta.finish(&mut faults);
    let mut patch = faults.or(Some(patch))?.checked().map_err(|it| refused(&it, "/data"))?;
    patch.detail = patch.detail.map(|it| redacted(&it));
    Ok(patch)
}

/// Within its bounds, without secrets.
pub(crate) fn checked(
    new: NewDiagnostic,
    retention: Retention,
    now: DateTime<Utc>,
    at: &str,
) -> Result<NewDiagnostic, Problem> {
    let mut new = new.checked(retention, now).map_err(|it| refused(&it, at))?;
    new.detail = redacted(&new.detail);
    if let Some(context) = &mut new.context {
        Redactor::default().json(context);
        clean(context);
    }
    Ok(new)
}

/// Marks are longer than what they stand for may be.
fn redacted(detail: &str) -> String {
    shorten(&Redactor::default().text(detail), DETAIL_MAX)
}

/// PostgreSQL's JSON cannot hold NUL, neither in texts nor in names.
fn clean(value: &mut Value) {
    match value {
        Value::String(text) if text.contains('\0') => *text = without_nul(text),
        Value::Array(items) => items.iter_mut().for_each(clean),
        Value::Object(members) => {
            if members.keys().any(|it| it.contains('\0')) {
                let taken = std::mem::take(members);
                members.extend(taken.into_iter().map(|(name, value)| (without_nul(&name), value)));
            }
            members.values_mut().for_each(clean);
        }
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What the domain or the store refused, with the pointer of the member.
pub(crate) fn refused(refusal: &Refusal, at: &str) -> Problem {
    let name = refusal.attribute;
    let detail = format!("`{name}` {}", refusal.detail);
    match name {
        // A foreign row is as one that never was.
        "workspace_connector" | "sync_log" => {
            Problem::pointer(Code::NotFound, format!("{at}/relationships/{name}/data/id"), detail)
        }
        "context" => Problem::pointer(Code::InvalidMember, format!("{at}/meta/context"), detail),
        _ => Problem::pointer(Code::InvalidMember, format!("{at}/attributes/{name}"), detail),
    }
}
