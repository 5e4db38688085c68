//! `ConnectorSyncDiagnostic`: the row, a new one, a change to one, and what is refused.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::id::{DiagnosticId, SyncIssueId, SyncLogId, WorkspaceConnectorId, WorkspaceId};
use crate::issue;
use crate::reason::{Impact, Reason, Stage};
use crate::retention::Retention;
use crate::target::TargetModel;

/// Longest `detail`, in characters.
pub const DETAIL_MAX: usize = 4_000;
/// Longest `tool_name`, in characters.
pub const TOOL_NAME_MAX: usize = 255;
/// Largest `context`, in bytes of JSON.
pub const CONTEXT_MAX: usize = 16_384;
/// How far ahead of our clock an `occurred_at` may be.
pub const FUTURE_MAX: Duration = Duration::minutes(5);

/// A stored row. Every attribute of the seed, and what we know beyond it.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnostic {
    pub diagnostic_id: DiagnosticId,
    pub target_model: TargetModel,
    pub tool_name: Option<String>,
    pub reason: Reason,
    pub http_status: Option<u16>,
    pub detail: String,
    pub occurred_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
    pub updated_at: Option<DateTime<Utc>>,
    pub deleted_at: Option<DateTime<Utc>>,
    pub workspace: WorkspaceId,
    pub workspace_connector: WorkspaceConnectorId,
    pub sync_log: Option<SyncLogId>,
    /// Typed evidence by reason (`evidence`); never among the attributes.
    pub context: Option<Value>,
    pub fingerprint: String,
}

impl Diagnostic {
    pub fn stage(&self) -> Stage {
        context_word(self.context.as_ref(), "stage").unwrap_or(self.reason.stage())
    }

    pub fn impact(&self) -> Impact {
        context_word(self.context.as_ref(), "impact").unwrap_or(self.reason.impact())
    }

    /// The issue that it counts for; none: it is nothing that a person may act on.
    pub fn issue(&self) -> Option<SyncIssueId> {
        issue::concerns(self.reason, self.impact(), self.context.as_ref())
            .then(|| issue::id_of(self.workspace, &self.fingerprint))
    }
}

fn context_word<T: std::str::FromStr>(context: Option<&Value>, key: &str) -> Option<T> {
    context?.get(key)?.as_str()?.parse().ok()
}

/// A row to be written. What the database makes (id, created, updated) is not here on purpose.
#[derive(Debug, Clone, PartialEq)]
pub struct NewDiagnostic {
    pub workspace_connector: WorkspaceConnectorId,
    pub target_model: TargetModel,
    pub tool_name: Option<String>,
    pub reason: Reason,
    pub http_status: Option<u16>,
    pub detail: String,
    /// None: now.
    pub occurred_at: Option<DateTime<Utc>>,
    pub sync_log: Option<SyncLogId>,
    pub context: Option<Value>,
    /// What the row is about beyond its tool, e.g. a field path: part of the fingerprint.
    pub subject: Option<String>,
}

/// A change to a row: the members that PATCH may name. `None` leaves a member as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Patch {
    pub target_model: Option<TargetModel>,
    pub tool_name: Option<Option<String>>,
    pub reason: Option<Reason>,
    pub http_status: Option<Option<u16>>,
    pub detail: Option<String>,
}

/// A member of a new row or a patch that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The attribute, e.g. `detail`.
    pub attribute: &'static str,
    pub detail: String,
}

fn refuse<T>(attribute: &'static str, detail: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { attribute, detail: detail.into() })
}

impl NewDiagnostic {
    /// Checks what a caller over HTTP gave, and brings it to the form that is stored.
    pub fn checked(mut self, retention: Retention, now: DateTime<Utc>) -> Result<Self, Refusal> {
        self.detail = checked_detail(&self.detail)?;
        check_tool_name(self.tool_name.as_deref())?;
        check_http_status(self.http_status)?;
        if let Some(occurred_at) = self.occurred_at {
            if occurred_at > now + FUTURE_MAX {
                return refuse("occurred_at", "lies more than 5 minutes in the future");
            }
            if occurred_at < retention.cutoff(now) {
                return refuse(
                    "occurred_at",
                    format!("is older than the retention of {} days", retention.days),
                );
            }
            self.occurred_at = Some(crate::time::to_millis(occurred_at));
        }
        if self.context.as_ref().is_some_and(|it| it.to_string().len() > CONTEXT_MAX) {
            return refuse("context", format!("is larger than {CONTEXT_MAX} bytes"));
        }
        Ok(self)
    }

    pub fn stage(&self) -> Stage {
        context_word(self.context.as_ref(), "stage").unwrap_or(self.reason.stage())
    }

    pub fn impact(&self) -> Impact {
        context_word(self.context.as_ref(), "impact").unwrap_or(self.reason.impact())
    }

    /// Groups rows into issues: no free text, prefixed by its version.
    pub fn fingerprint(&self) -> String {
        let stage = self.stage();
        let mut hash = Sha256::new();
        for part in [
            self.workspace_connector.to_string().as_str(),
            self.target_model.as_str(),
            self.tool_name.as_deref().unwrap_or_default(),
            self.reason.as_str(),
            stage.as_str(),
            self.subject.as_deref().unwrap_or_default(),
        ] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        format!("v1:{}", crate::hex(&hash.finalize()[..16]))
    }
}

impl Patch {
    pub fn checked(mut self) -> Result<Self, Refusal> {
        self.detail = self.detail.as_deref().map(checked_detail).transpose()?;
        check_tool_name(self.tool_name.as_ref().and_then(Option::as_deref))?;
        check_http_status(self.http_status.flatten())?;
        Ok(self)
    }
}

fn checked_detail(given: &str) -> Result<String, Refusal> {
    let detail = given.trim();
    match detail.chars().count() {
        0 => refuse("detail", "is empty"),
        1..=DETAIL_MAX => Ok(without_nul(detail)),
        n => refuse("detail", format!("has {n} characters; at most {DETAIL_MAX} are kept")),
    }
}

fn check_tool_name(given: Option<&str>) -> Result<(), Refusal> {
    let Some(name) = given else { return Ok(()) };
    if name.trim().is_empty() {
        return refuse("tool_name", "is empty; leave it out or give null");
    }
    if name.contains('\0') {
        return refuse("tool_name", "holds a NUL character");
    }
    match name.chars().count() {
        n if n > TOOL_NAME_MAX => {
            refuse("tool_name", format!("has {n} characters; at most {TOOL_NAME_MAX}"))
        }
        _ => Ok(()),
    }
}

fn check_http_status(given: Option<u16>) -> Result<(), Refusal> {
    match given {
        Some(status) if !(100..=599).contains(&status) => {
            refuse("http_status", format!("{status} is no HTTP status (100 to 599, or null)"))
        }
        _ => Ok(()),
    }
}

/// PostgreSQL text cannot hold NUL: it refuses the row, and with it the whole batch.
pub fn without_nul(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// A text as every database takes it: without NUL, and at most `max` characters.
pub fn storable(text: &str, max: usize) -> String {
    shorten(&without_nul(text), max)
}

/// At most `max` characters, with a mark where something was cut.
pub fn shorten(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        None => text.to_owned(),
        Some(_) => text.chars().take(max.saturating_sub(1)).chain(['…']).collect(),
    }
}

/// Adds a member to a context that may not be there yet.
pub(crate) fn with_member(context: Value, key: &str, value: impl Into<Value>) -> Value {
    let mut members = match context {
        Value::Object(members) => members,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Map::new()
        }
    };
    members.insert(key.to_owned(), value.into());
    Value::Object(members)
}
