//! JSON Schemas of attributes, and which of them a client may set.

use domain::connector::{AuthorizationFlow, ConnectorStatus, InstallationStatus, Role};
use domain::health::HealthState;
use domain::issue::State;
use domain::probe::ProbeOutcome;
use domain::run::{SyncStatus, TriggerType};
use domain::schema::{Attribute, Kind as Shape};
use domain::{Class, Impact, Reason, Stage, TargetModel};
use store::mappings::{Generator, RegenerationReason};
use utoipa::openapi::schema::{AdditionalProperties, SchemaType};
use utoipa::openapi::{KnownFormat, ObjectBuilder, Schema, Type};

mod missing;
mod webhooks;

use super::schema::{
    flag, formatted, list_of, nullable, nullable_number, nullable_words, number, sized, text, words,
};
use crate::api::records;
use crate::jsonapi::document::Kind;

/// What a client may set: required in a new one, optional in a new one, and in a change.
pub(super) struct Writable {
    pub(super) required: &'static [&'static str],
    pub(super) optional: &'static [&'static str],
    pub(super) changed: &'static [&'static str],
    /// Relationships of a new one, and whether each must be there.
    pub(super) to: &'static [(&'static str, bool)],
}

#[expect(clippy::too_many_lines, reason = "a table: an entry for each kind")]
pub(super) fn writable(kind: &Kind) -> Option<Writable> {
    Some(match kind.name {
        "connector_sync_diagnostic" => Writable {
            required: &["target_model", "reason", "detail"],
            optional: &["tool_name", "http_status", "occurred_at"],
            changed: &["target_model", "tool_name", "reason", "http_status", "detail"],
            to: &[("workspace_connector", true), ("workspace", false), ("sync_log", false)],
        },
        "workspace" => Writable {
            required: &["name"],
            optional: &["description", "external_workspace_id", "retention_days"],
            changed: &["name", "description", "external_workspace_id", "retention_days"],
            to: &[],
        },
        "api_key" => Writable {
            required: &["name", "role"],
            optional: &["expiration_at"],
            changed: &["name", "role", "expiration_at", "is_active"],
            to: &[("workspace", false)],
        },
        "connector" => Writable {
            required: &["name"],
            optional: &[
                "service_id",
                "default_transport",
                "provider",
                "authorization_flow",
                "supported_target_models",
            ],
            changed: &["name", "provider", "supported_target_models", "status", "governance"],
            to: &[],
        },
        "workspace_connector" => Writable {
            required: &["name", "config"],
            optional: &["schedule", "supported_target_models"],
            changed: &["name", "config", "status", "schedule", "supported_target_models"],
            to: &[("connector", true), ("workspace", false)],
        },
        "connector_probe" => {
            Writable { required: &["config"], optional: &[], changed: &[], to: &[] }
        }
        "connector_mapping_replay" => Writable {
            required: &[],
            optional: &["version", "slot_pin", "redraw", "jsonata_expression"],
            changed: &[],
            to: &[],
        },
        "viewer_link" => Writable {
            required: &[],
            optional: &["expires_in_hours"],
            changed: &[],
            to: &[("workspace_connector", false)],
        },
        "sync_issue" => Writable {
            required: &[],
            optional: &[],
            changed: &["state", "muted_until", "muted_until_count", "note"],
            to: &[],
        },
        "webhook_endpoint" => Writable {
            required: &["url", "event_types"],
            optional: &["description"],
            changed: &["url", "description", "event_types", "status"],
            to: &[("workspace_connector", false)],
        },
        "webhook_replay" => Writable {
            required: &[],
            optional: &["since", "webhook_delivery_id"],
            changed: &[],
            to: &[],
        },
        "connector_mapping" => Writable {
            required: &["target_model", "tool_name", "jsonata_expression"],
            optional: &["tool_arguments", "pagination_plan"],
            changed: &["slot_pins", "needs_regeneration", "is_live"],
            to: &[("workspace_connector", true)],
        },
        _ => return None,
    })
}

/// The schema of an attribute. Every attribute of every kind has one; a test holds it.
#[expect(clippy::too_many_lines, reason = "a table: a line for each attribute")]
pub(super) fn attribute(kind: &Kind, name: &str) -> Option<Schema> {
    if let Some(attribute) = records::model(kind).and_then(|it| it.schema().attribute(name)) {
        return Some(of_record(attribute));
    }
    if let Some(it) = webhooks::attribute(kind, name) {
        return Some(it);
    }
    if matches!(kind.name, "missing" | "missing_period") {
        return missing::attribute(name);
    }
    Some(match name {
        "record_id"
        | "connector_mapping_id"
        | "diagnostic_id"
        | "sync_issue_id"
        | "workspace_id"
        | "api_key_id"
        | "connector_id"
        | "workspace_connector_id"
        | "viewer_link_id"
        | "sync_log_id" => formatted(KnownFormat::Uuid, false),
        "url" => text(),
        "expires_in_hours" => number(1, 720),
        "created_at" | "occurred_at" | "expires_at" => formatted(KnownFormat::DateTime, false),
        // A diagnostic's may be null (the seed); the others always have one.
        "updated_at" => formatted(KnownFormat::DateTime, kind.name == "connector_sync_diagnostic"),
        "deleted_at" | "expiration_at" | "last_used_at" | "last_success_at" | "started_at"
        | "completed_at" => formatted(KnownFormat::DateTime, true),
        "target_model" => words(TargetModel::ALL),
        "reason" => words(Reason::ALL),
        "class" => words(Class::ALL),
        "impact" => words(Impact::ALL),
        "stage" => words(Stage::ALL),
        "role" => words(Role::ALL),
        "trigger_type" => words(TriggerType::ALL),
        "authorization_flow" => words(AuthorizationFlow::ALL),
        "status" => match kind.name {
            "connector" => words(ConnectorStatus::ALL),
            "workspace_connector" => words(InstallationStatus::ALL),
            _ => words(SyncStatus::ALL),
        },
        "http_status" => nullable_number(100, 599),
        "retention_days" => nullable_number(1, 3650),
        "duration_ms" => nullable_number(0, i64::MAX),
        "detail" if kind.name == "connector_probe" => text(),
        "detail" => sized(1, domain::diagnostic::DETAIL_MAX, false),
        "tool_name" => sized(1, domain::diagnostic::TOOL_NAME_MAX, true),
        "name" | "service_id" => sized(1, 100, false),
        "provider" | "external_workspace_id" => sized(1, 100, true),
        "description" => sized(0, 500, true),
        "is_active" | "is_custom" | "is_live" | "needs_regeneration" => flag(),
        "generator" => words(Generator::ALL),
        "regeneration_reason" => nullable_words(RegenerationReason::ALL),
        "version" => number(1, i64::from(i32::MAX)),
        "last_good_version" => nullable_number(1, i64::from(i32::MAX)),
        "slot_pins" => pins(),
        _ if kind.name == "connector_mapping_replay" => return of_replay(name),
        "slot_report" | "sample" => anything(),
        "output_schema_hash" | "target_schema_hash" | "governance_hash" => sized(0, 200, true),
        "supported_target_models" => {
            list_of(words(TargetModel::ALL)).schema_type(nullable(Type::Array)).into()
        }
        _ if kind.name == "sync_issue" && ISSUES.contains(&name) => return of_issue(name),
        "state" => words(HealthState::ALL),
        "since" | "fresh_until" => formatted(KnownFormat::DateTime, true),
        "reasons" => list_of(words(Reason::ALL)).into(),
        "targets" => list_of(Schema::from(
            ["target_model", "state", "since", "fresh_until", "reasons", "advice"]
                .iter()
                .filter_map(|name| Some((*name, attribute(kind, name)?)))
                .fold(ObjectBuilder::new(), |object, (name, it)| object.property(name, it)),
        ))
        .into(),
        "outcome" => words(ProbeOutcome::ALL),
        "tool_count" => nullable_number(0, i64::MAX),
        "server" => object(&["name", "version", "protocol"]),
        "offers" => list_of(object(&["target_model", "tool_name"])).into(),
        "authorization" => ObjectBuilder::new()
            .schema_type(nullable(Type::Object))
            .property("scopes", Schema::from(list_of(text())))
            .property("resource_metadata", sized(0, 200, true))
            .into(),
        "config" => config(),
        "schedule" => ObjectBuilder::new()
            .property("interval_minutes", nullable_number(1, 525_600))
            .property("paused", flag())
            .into(),
        "installed_capabilities"
        | "metadata"
        | "default_transport"
        | "governance"
        | "plan"
        | "tool_arguments"
        | "pagination_plan"
        | "jury"
        | "stats" => ObjectBuilder::new().schema_type(nullable(Type::Object)).into(),
        "example" => ObjectBuilder::new().into(),
        "who_acts" => list_of(text()).into(),
        "error" => sized(0, 10_000, true),
        "advice" | "masked_key" | "title" | "summary" | "retry" | "meaning" | "likely_causes"
        | "what_to_do" | "what_happens_next" | "input_fingerprint" | "jsonata_expression" => text(),
        _ => return None,
    })
}

/// Attributes of an issue that are of no other kind, or not the same there.
const ISSUES: &[&str] = &[
    "fingerprint",
    "state",
    "subject",
    "note",
    "first_seen_at",
    "last_seen_at",
    "count",
    "affected_records",
    "not_stored",
    "not_stored_since",
    "mapping_version",
    "muted_until",
    "muted_until_count",
    "resolved_at",
    "resolved_version",
    "changed_at",
];

fn of_issue(name: &str) -> Option<Schema> {
    let version = || nullable_number(1, i64::from(i32::MAX));
    Some(match name {
        "state" => words(State::ALL),
        "fingerprint" => sized(1, 100, false),
        "subject" => sized(0, 4_000, true),
        "note" => sized(1, 2_000, true),
        "first_seen_at" | "last_seen_at" | "changed_at" => formatted(KnownFormat::DateTime, false),
        "not_stored_since" | "muted_until" | "resolved_at" => {
            formatted(KnownFormat::DateTime, true)
        }
        "count" | "affected_records" | "not_stored" => number(0, i64::MAX),
        "muted_until_count" => nullable_number(1, i64::MAX),
        "mapping_version" | "resolved_version" => version(),
        _ => return None,
    })
}

/// What is tried, and what would differ.
fn of_replay(name: &str) -> Option<Schema> {
    let count = || number(0, i64::MAX);
    let counts = || {
        let names = ["same", "changed", "only_before", "only_after", "neither"];
        names.iter().fold(ObjectBuilder::new(), |object, name| object.property(*name, count()))
    };
    let side = || {
        let told =
            ObjectBuilder::new().property("reason", words(Reason::ALL)).property("detail", text());
        ObjectBuilder::new()
            .property("accepted", count())
            .property("rejected", count())
            .property("reasons", Schema::from(list_of(Schema::from(told))))
    };
    let at = || ObjectBuilder::new().property("record", number(1, i64::MAX));
    Some(match name {
        "slot_pin" => ObjectBuilder::new()
            .property("slot", text())
            .property("path", sized(1, 500, true))
            .required("slot")
            .required("path")
            .into(),
        "redraw" => flag(),
        "jsonata_expression" | "from" | "to" => text(),
        "sample_version" => number(1, i64::from(i32::MAX)),
        "notes" => list_of(text()).into(),
        "records" => count(),
        "before" | "after" => side().into(),
        "entities" => counts().into(),
        "slots" => ObjectBuilder::new()
            .description(Some("by attribute of the target"))
            .additional_properties(Some(AdditionalProperties::RefOr(Schema::from(counts()).into())))
            .into(),
        "differences" => {
            let all = at().property("slot", text());
            list_of(Schema::from(all.property("before", anything()).property("after", anything())))
                .into()
        }
        "rejected" => {
            let says = || Schema::from(list_of(text()));
            list_of(Schema::from(at().property("before", says()).property("after", says()))).into()
        }
        "worse" => ObjectBuilder::new()
            .schema_type(nullable(Type::Object))
            .property("metric", text())
            .property("before", anything())
            .property("after", anything())
            .into(),
        _ => return None,
    })
}

/// Any JSON.
fn anything() -> Schema {
    ObjectBuilder::new().schema_type(SchemaType::AnyValue).description(Some("any JSON")).into()
}

fn config() -> Schema {
    ObjectBuilder::new()
        .description(Some(
            "In: `transport` (`http` with `url` and `headers`, or, where allowed, `stdio` with \
             `command`, `args` and `env`). Out: `address` and the names in `secrets_set`; \
             credentials are never shown.",
        ))
        .property("transport", write_only(words(&["http", "stdio"])))
        .property("url", write_only(text()))
        .property("headers", write_only(ObjectBuilder::new().into()))
        .property("address", text())
        .property("secrets_set", Schema::from(list_of(text())))
        .into()
}

/// Of texts; null where nothing is known.
fn object(members: &[&str]) -> Schema {
    let object = ObjectBuilder::new().schema_type(nullable(Type::Object));
    members.iter().fold(object, |object, name| object.property(*name, text())).into()
}

fn pins() -> Schema {
    let pin = ObjectBuilder::new()
        .schema_type(nullable(Type::Object))
        .property("path", sized(1, 500, true))
        .property("reason", sized(1, 500, false))
        .required("path")
        .required("reason");
    ObjectBuilder::new()
        .description(Some(
            "By slot. In a change, a member pins its slot, null takes the pin away, and what is \
             not named keeps its pin.",
        ))
        .additional_properties(Some(AdditionalProperties::RefOr(Schema::from(pin).into())))
        .into()
}

/// An attribute of a record, as its target model has it. Decimals are texts: no digit is lost.
fn of_record(it: &Attribute) -> Schema {
    let is_nullable = !it.required;
    let max = it.max_length.unwrap_or(1_000_000);
    match it.kind {
        Shape::Text if !it.allowed.is_empty() && is_nullable => nullable_words(&it.allowed),
        Shape::Text if !it.allowed.is_empty() => words(&it.allowed),
        Shape::Text | Shape::Decimal | Shape::Uri => sized(0, max, is_nullable),
        Shape::Integer if is_nullable => nullable_number(i64::MIN, i64::MAX),
        Shape::Integer => number(i64::MIN, i64::MAX),
        Shape::Boolean if is_nullable => {
            ObjectBuilder::new().schema_type(nullable(Type::Boolean)).into()
        }
        Shape::Boolean => flag(),
        Shape::Date => formatted(KnownFormat::Date, is_nullable),
        Shape::DateTime => formatted(KnownFormat::DateTime, is_nullable),
        Shape::Email => formatted(KnownFormat::Email, is_nullable),
        Shape::List => {
            let items = list_of(Schema::from(ObjectBuilder::new()));
            items.schema_type(nullable(Type::Array)).into()
        }
        Shape::Object => ObjectBuilder::new().schema_type(nullable(Type::Object)).into(),
        Shape::Money => ObjectBuilder::new()
            .schema_type(nullable(Type::Object))
            .property("amount", sized(1, 100, false))
            .property("currency", sized(3, 3, false))
            .into(),
    }
}

fn write_only(mut schema: Schema) -> Schema {
    if let Schema::Object(object) = &mut schema {
        object.write_only = Some(true);
    }
    schema
}
