//! The tools that there are: what each takes and answers, and whether it changes anything.

use std::sync::Arc;

use domain::connector::InstallationStatus;
use domain::run::SyncStatus;
use domain::{Class, Impact, Reason};
use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use serde_json::{Map, Value, json};
use utoipa::openapi::Schema;

use crate::api::{self, missing};
use crate::jsonapi::named::{Parameter, Takes};
use crate::openapi::schema;

domain::words! {
    /// The name of a tool.
    ToolName, "tool" {
        ListSyncDiagnostics = "list_sync_diagnostics",
        GetSyncDiagnostic = "get_sync_diagnostic",
        ExplainConnectorHealth = "explain_connector_health",
        WhyMissing = "why_missing",
        ListConnectors = "list_connectors",
        ListConnectorMappings = "list_connector_mappings",
        ListSyncLogs = "list_sync_logs",
        RequestSync = "request_sync",
    }
}

/// Rows of one answer: an agent reads them all.
pub(super) const ROWS: u16 = 50;

const MODEL: Parameter = missing::MODEL;
const ID: Parameter = Parameter { name: "id", takes: Takes::Id, says: "its id" };
const CONNECTOR: Parameter = Parameter {
    name: "workspace_connector",
    takes: Takes::Id,
    says: "only of this connector: an id of list_connectors",
};
const LIMIT: Parameter =
    Parameter { name: "limit", takes: Takes::Count(ROWS), says: "how many; else 20" };
const CURSOR: Parameter = Parameter {
    name: "cursor",
    takes: Takes::Text,
    says: "`next_cursor` of the answer before, for the rows after it",
};

static DIAGNOSTICS: &[Parameter] = &[
    CONNECTOR,
    MODEL,
    Parameter { name: "reason", takes: Takes::Words(reasons), says: "only this reason" },
    Parameter {
        name: "class",
        takes: Takes::Words(|| words(Class::ALL, Class::as_str)),
        says: "`failure` stands in the way of data, `informational` only tells",
    },
    Parameter {
        name: "impact",
        takes: Takes::Words(|| words(Impact::ALL, Impact::as_str)),
        says: "what it means for the data",
    },
    Parameter { name: "sync_log", takes: Takes::Id, says: "only of this run" },
    Parameter { name: "since", takes: Takes::Time, says: "only what occurred since then" },
    LIMIT,
    CURSOR,
];
static ONE: &[Parameter] = &[ID];
static OF_CONNECTOR: &[Parameter] = &[CONNECTOR];
static CONNECTORS: &[Parameter] = &[
    Parameter {
        name: "status",
        takes: Takes::Words(|| words(InstallationStatus::ALL, InstallationStatus::as_str)),
        says: "only in this status",
    },
    LIMIT,
    CURSOR,
];
static MAPPINGS: &[Parameter] = &[CONNECTOR, MODEL, LIMIT, CURSOR];
static RUNS: &[Parameter] = &[
    CONNECTOR,
    Parameter {
        name: "status",
        takes: Takes::Words(|| words(SyncStatus::ALL, SyncStatus::as_str)),
        says: "only in this status",
    },
    LIMIT,
    CURSOR,
];

fn reasons() -> Vec<&'static str> {
    words(Reason::ALL, Reason::as_str)
}

fn words<T: Copy>(all: &[T], word: fn(T) -> &'static str) -> Vec<&'static str> {
    all.iter().map(|it| word(*it)).collect()
}

impl ToolName {
    pub(super) fn takes(self) -> &'static [Parameter] {
        match self {
            Self::ListSyncDiagnostics => DIAGNOSTICS,
            Self::GetSyncDiagnostic => ONE,
            Self::ExplainConnectorHealth | Self::RequestSync => OF_CONNECTOR,
            Self::WhyMissing => missing::ASKS,
            Self::ListConnectors => CONNECTORS,
            Self::ListConnectorMappings => MAPPINGS,
            Self::ListSyncLogs => RUNS,
        }
    }

    fn required(self) -> &'static [&'static str] {
        match self {
            Self::GetSyncDiagnostic => &["id"],
            Self::ExplainConnectorHealth | Self::RequestSync => &["workspace_connector"],
            Self::WhyMissing => &["target_model"],
            Self::ListSyncDiagnostics
            | Self::ListConnectors
            | Self::ListConnectorMappings
            | Self::ListSyncLogs => &[],
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::ListSyncDiagnostics => "List sync diagnostics",
            Self::GetSyncDiagnostic => "Show a sync diagnostic",
            Self::ExplainConnectorHealth => "Explain how a connector does",
            Self::WhyMissing => "Why is a record missing?",
            Self::ListConnectors => "List connectors",
            Self::ListConnectorMappings => "List mappings",
            Self::ListSyncLogs => "List runs",
            Self::RequestSync => "Ask for a run",
        }
    }

    const fn says(self) -> &'static str {
        match self {
            Self::ListSyncDiagnostics => {
                "What happened in syncs that is worth knowing, the newest first: each row has a \
                 reason, the target model, the tool, a detail and typed evidence."
            }
            Self::GetSyncDiagnostic => {
                "One diagnostic, with the page of its reason: meaning, likely causes, what to do."
            }
            Self::ExplainConnectorHealth => {
                "How a connector does, since when, up to when its data is complete, which reasons \
                 count, and what to do, for the whole and for each target model."
            }
            Self::WhyMissing => {
                "Why a record is not here, or where it is: by its model and either its identifier \
                 at the provider (`external_id`; a number or name that people use works as well) or \
                 its `number` alone. Answers with a verdict, one sentence, what to do, and for each \
                 connector the stage reached, the reason, the field and cause, or the parent that \
                 it waits for."
            }
            Self::ListConnectors => "The connectors of the workspace, with their ids and status.",
            Self::ListConnectorMappings => {
                "The live mappings: which tool lists a model's records, and how its answer is \
                 mapped."
            }
            Self::ListSyncLogs => {
                "The runs, the newest first, each with its ledger: what was fetched and what became \
                 of it."
            }
            Self::RequestSync => {
                "Asks for a run of a connector now. A worker carries it out; list_sync_logs shows \
                 how it goes. Refused while one is under way, or moments after one."
            }
        }
    }

    /// Whether a call changes anything.
    pub const fn writes(self) -> bool {
        matches!(self, Self::RequestSync)
    }

    fn tool(self) -> Tool {
        let mut tool = Tool::new(self.as_str(), self.says(), Arc::new(self.input()));
        tool.title = Some(self.title().to_owned());
        tool.output_schema = Some(Arc::new(self.output()));
        let hints = ToolAnnotations::with_title(self.title())
            .read_only(!self.writes())
            .destructive(false)
            .idempotent(!self.writes())
            .open_world(self.writes());
        tool.annotations = Some(hints);
        tool
    }

    fn input(self) -> JsonObject {
        let each = self.takes().iter().map(|it| {
            let mut schema = value(&schema::takes(it.takes));
            schema["description"] = it.says.into();
            (it.name.to_owned(), schema)
        });
        let properties: Map<String, Value> = each.collect();
        object(json!({
            "type": "object",
            "properties": properties,
            "required": self.required(),
            "additionalProperties": false,
        }))
    }

    fn output(self) -> JsonObject {
        let list = |name: &str, kind| {
            json!({
                "type": "object",
                "properties": {
                    name: { "type": "array", "items": value(&schema::resource(kind)) },
                    "next_cursor": { "type": ["string", "null"] },
                },
                "required": [name, "next_cursor"],
            })
        };
        object(match self {
            Self::ListSyncDiagnostics => list("diagnostics", &api::diagnostics::KIND),
            Self::GetSyncDiagnostic => json!({
                "type": "object",
                "properties": {
                    "diagnostic": value(&schema::resource(&api::diagnostics::KIND)),
                    "reason": value(&schema::resource(&api::reasons::KIND)),
                },
                "required": ["diagnostic", "reason"],
            }),
            Self::ExplainConnectorHealth => value(&schema::resource(&api::health::KIND)),
            Self::WhyMissing => value(&schema::attributes_of(&missing::KIND)),
            Self::ListConnectors => list("connectors", &api::workspace_connectors::KIND),
            Self::ListConnectorMappings => list("mappings", &api::connector_mappings::KIND),
            Self::ListSyncLogs => list("sync_logs", &api::sync_logs::KIND),
            Self::RequestSync => json!({
                "type": "object",
                "properties": { "sync_log": value(&schema::resource(&api::sync_logs::KIND)) },
                "required": ["sync_log"],
            }),
        })
    }
}

/// Every tool, as the protocol lists it.
pub fn all() -> Vec<Tool> {
    ToolName::ALL.iter().map(|it| it.tool()).collect()
}

fn value(schema: &Schema) -> Value {
    serde_json::to_value(schema).unwrap_or_default()
}

fn object(value: Value) -> JsonObject {
    match value {
        Value::Object(it) => it,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            JsonObject::new()
        }
    }
}
