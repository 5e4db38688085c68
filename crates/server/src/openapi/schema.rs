//! JSON Schemas of the documents, made from the tables of kinds and from the words of the domain.

use std::fmt::Display;

use domain::connector::{AuthorizationFlow, ConnectorStatus, InstallationStatus, Role};
use domain::run::{SyncStatus, TriggerType};
use domain::{Class, Impact, Reason, Stage, TargetModel};
use store::diagnostics::Facet;
use store::{Field, FieldKind};
use utoipa::openapi::schema::{ArrayBuilder, SchemaType};
use utoipa::openapi::{KnownFormat, ObjectBuilder, Ref, RefOr, Schema, SchemaFormat, Type};

use crate::code::Code;
use crate::jsonapi::document::Kind;

/// What a client may set: required in a new one, optional in a new one, and in a change.
pub(super) struct Writable {
    required: &'static [&'static str],
    optional: &'static [&'static str],
    changed: &'static [&'static str],
    /// Relationships of a new one, and whether each must be there.
    to: &'static [(&'static str, bool)],
}

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
            required: &["service_id", "name"],
            optional: &["provider", "authorization_flow", "supported_target_models"],
            changed: &["name", "provider", "supported_target_models", "status", "governance"],
            to: &[],
        },
        "workspace_connector" => Writable {
            required: &["name", "config"],
            optional: &["schedule", "supported_target_models"],
            changed: &["name", "config", "status", "schedule", "supported_target_models"],
            to: &[("connector", true), ("workspace", false)],
        },
        _ => return None,
    })
}

/// The schema of an attribute. Every attribute of every kind has one; a test holds it.
pub(super) fn attribute(kind: &Kind, name: &str) -> Option<Schema> {
    Some(match name {
        "diagnostic_id"
        | "workspace_id"
        | "api_key_id"
        | "connector_id"
        | "workspace_connector_id"
        | "sync_log_id" => formatted(KnownFormat::Uuid, false),
        "created_at" | "occurred_at" => formatted(KnownFormat::DateTime, false),
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
        "detail" => sized(1, domain::diagnostic::DETAIL_MAX, false),
        "tool_name" => sized(1, domain::diagnostic::TOOL_NAME_MAX, true),
        "name" | "service_id" => sized(1, 100, false),
        "provider" | "external_workspace_id" => sized(1, 100, true),
        "description" => sized(0, 500, true),
        "is_active" | "is_custom" => flag(),
        "supported_target_models" => {
            list_of(words(TargetModel::ALL)).schema_type(nullable(Type::Array)).into()
        }
        "config" => config(),
        "schedule" => ObjectBuilder::new()
            .property("interval_minutes", nullable_number(1, 525_600))
            .property("paused", flag())
            .into(),
        "installed_capabilities" | "metadata" | "default_transport" | "governance" => {
            ObjectBuilder::new().schema_type(nullable(Type::Object)).into()
        }
        "example" => ObjectBuilder::new().into(),
        "who_acts" => list_of(text()).into(),
        "error" => sized(0, 10_000, true),
        "masked_key" | "title" | "summary" | "retry" | "meaning" | "likely_causes"
        | "what_to_do" | "what_happens_next" => text(),
        _ => return None,
    })
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

fn write_only(mut schema: Schema) -> Schema {
    if let Schema::Object(object) = &mut schema {
        object.write_only = Some(true);
    }
    schema
}

fn list_of(items: impl Into<RefOr<Schema>>) -> ArrayBuilder {
    ArrayBuilder::new().items(items.into())
}

fn nullable(kind: Type) -> SchemaType {
    SchemaType::from_iter([kind, Type::Null])
}

fn formatted(format: KnownFormat, is_nullable: bool) -> Schema {
    let kind = if is_nullable { nullable(Type::String) } else { Type::String.into() };
    ObjectBuilder::new().schema_type(kind).format(Some(SchemaFormat::KnownFormat(format))).into()
}

fn sized(min: usize, max: usize, is_nullable: bool) -> Schema {
    let kind = if is_nullable { nullable(Type::String) } else { Type::String.into() };
    ObjectBuilder::new().schema_type(kind).min_length(Some(min)).max_length(Some(max)).into()
}

pub(super) fn text() -> Schema {
    ObjectBuilder::new().schema_type(Type::String).into()
}

pub(super) fn flag() -> Schema {
    ObjectBuilder::new().schema_type(Type::Boolean).into()
}

pub(super) fn number(min: i64, max: i64) -> Schema {
    let object = ObjectBuilder::new().schema_type(Type::Integer);
    object.minimum(Some(min)).maximum(Some(max)).into()
}

fn nullable_number(min: i64, max: i64) -> Schema {
    let object = ObjectBuilder::new().schema_type(nullable(Type::Integer));
    object.minimum(Some(min)).maximum(Some(max)).into()
}

fn words<T: Display>(all: &[T]) -> Schema {
    let words = all.iter().map(ToString::to_string);
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).into()
}

pub(super) fn path(name: &str) -> Schema {
    if name == "reason" { words(Reason::ALL) } else { text() }
}

pub(super) fn filter(field: &Field) -> Schema {
    match field.kind {
        FieldKind::Enum(all) => words(all),
        FieldKind::Id => formatted(KnownFormat::Uuid, false),
        FieldKind::Time => formatted(KnownFormat::DateTime, false),
        FieldKind::Number => ObjectBuilder::new().schema_type(Type::Integer).into(),
        FieldKind::Bool => flag(),
        FieldKind::Text => text(),
    }
}

pub(super) fn sorts(names: &[&str]) -> Schema {
    let both: Vec<String> =
        names.iter().flat_map(|it| [(*it).to_owned(), format!("-{it}")]).collect();
    words(&both)
}

pub(super) fn facets() -> Schema {
    text_of("one or more", Facet::ALL)
}

fn text_of<T: Display>(what: &str, all: &[T]) -> Schema {
    let list: Vec<_> = all.iter().map(ToString::to_string).collect();
    let text = format!("{what} of {}", list.join(", "));
    ObjectBuilder::new().schema_type(Type::String).description(Some(text)).into()
}

fn to_one(kind: &str, is_nullable: bool) -> Schema {
    let shape = if is_nullable { nullable(Type::Object) } else { Type::Object.into() };
    let data = ObjectBuilder::new()
        .schema_type(shape)
        .property("type", words(&[kind]))
        .property("id", text())
        .required("type")
        .required("id");
    ObjectBuilder::new().property("data", Schema::from(data)).required("data").into()
}

fn attributes<'a>(kind: &Kind, names: impl Iterator<Item = &'a &'static str>) -> ObjectBuilder {
    names.fold(ObjectBuilder::new(), |object, name| match attribute(kind, name) {
        Some(schema) => object.property(*name, schema),
        None => object,
    })
}

/// The resource object as it is answered.
pub(super) fn resource(kind: &Kind) -> Schema {
    let all = attributes(kind, kind.attributes.iter());
    let mut object = ObjectBuilder::new()
        .property("type", words(&[kind.name]))
        .property("id", text())
        .property("attributes", Schema::from(all))
        .required("type")
        .required("id");
    if !kind.relationships.is_empty() {
        let to = kind.relationships.iter().fold(ObjectBuilder::new(), |object, (name, kind)| {
            object.property(*name, to_one(kind, *name == "sync_log"))
        });
        object = object.property("relationships", Schema::from(to));
    }
    if let Some(meta) = meta(kind) {
        object = object.property("meta", meta);
    }
    let links = ObjectBuilder::new().property("self", text()).property("about", text());
    object.property("links", Schema::from(links)).into()
}

fn meta(kind: &Kind) -> Option<Schema> {
    let object = ObjectBuilder::new();
    Some(match kind.name {
        "connector_sync_diagnostic" => object
            .property("class", words(Class::ALL))
            .property("impact", words(Impact::ALL))
            .property("stage", words(Stage::ALL))
            .property(
                "context",
                Schema::from(ObjectBuilder::new().schema_type(nullable(Type::Object))),
            )
            .property("issue", sized(0, 100, true))
            .property("expires_at", formatted(KnownFormat::DateTime, false))
            .property("reason_title", text())
            .into(),
        "api_key" => object.property("key", sized(0, 100, false)).into(),
        "workspace_connector_sync_log" => {
            let line = ObjectBuilder::new().property("target_model", words(TargetModel::ALL));
            let counts = ["fetched", "mapped", "inserted", "updated", "unchanged", "waiting"];
            let line =
                counts.iter().fold(line, |line, name| line.property(*name, number(0, i64::MAX)));
            let line = line
                .property("dropped", Schema::from(ObjectBuilder::new()))
                .property("truncated", flag());
            object.property("ledger", Schema::from(list_of(Schema::from(line)))).into()
        }
        _ => return None,
    })
}

fn reference(kind: &Kind) -> Ref {
    Ref::from_schema_name(kind.name)
}

pub(super) fn document(kind: &Kind) -> Schema {
    let links = ObjectBuilder::new().property("self", text());
    let included = list_of(Schema::from(ObjectBuilder::new()));
    ObjectBuilder::new()
        .property("jsonapi", Schema::from(ObjectBuilder::new().property("version", text())))
        .property("data", reference(kind))
        .property("included", Schema::from(included))
        .property("links", Schema::from(links))
        .required("data")
        .into()
}

pub(super) fn list(kind: &Kind) -> Schema {
    let links = ["self", "first", "prev", "next"]
        .into_iter()
        .fold(ObjectBuilder::new(), |links, name| links.property(name, sized(0, 16_384, true)));
    let included = list_of(Schema::from(ObjectBuilder::new()));
    ObjectBuilder::new()
        .property("jsonapi", Schema::from(ObjectBuilder::new().property("version", text())))
        .property("data", Schema::from(list_of(reference(kind))))
        .property("included", Schema::from(included))
        .property("links", Schema::from(links))
        .property("meta", Schema::from(ObjectBuilder::new()))
        .required("data")
        .into()
}

/// `data` of a document that makes one.
fn new_data(kind: &Kind) -> ObjectBuilder {
    let writable = writable(kind);
    let names = writable.iter().flat_map(|it| it.required.iter().chain(it.optional));
    let mut all = attributes(kind, names);
    let mut to = ObjectBuilder::new();
    if let Some(it) = &writable {
        all = it.required.iter().fold(all, |all, name| all.required(*name));
        for (name, is_required) in it.to {
            let kind = kind.relationships.iter().find(|it| it.0 == *name).map_or("", |it| it.1);
            to = to.property(*name, to_one(kind, false));
            to = if *is_required { to.required(*name) } else { to };
        }
    }
    let mut data = ObjectBuilder::new()
        .property("type", words(&[kind.name]))
        .property("attributes", Schema::from(all))
        .property("relationships", Schema::from(to))
        .required("type")
        .required("attributes");
    if kind.name == "connector_sync_diagnostic" {
        let context = ObjectBuilder::new().property("context", Schema::from(ObjectBuilder::new()));
        data = data.property("meta", Schema::from(context)).required("relationships");
    }
    data
}

pub(super) fn new(kind: &Kind) -> Schema {
    ObjectBuilder::new().property("data", Schema::from(new_data(kind))).required("data").into()
}

pub(super) fn batch(kind: &Kind) -> Schema {
    let rows = list_of(Schema::from(new_data(kind))).min_items(Some(1)).max_items(Some(1000));
    ObjectBuilder::new().property("data", Schema::from(rows)).required("data").into()
}

pub(super) fn changed(kind: &Kind) -> Schema {
    let writable = writable(kind);
    let all = attributes(kind, writable.iter().flat_map(|it| it.changed));
    let data = ObjectBuilder::new()
        .property("type", words(&[kind.name]))
        .property("id", text())
        .property("attributes", Schema::from(all))
        .required("type")
        .required("id");
    ObjectBuilder::new().property("data", Schema::from(data)).required("data").into()
}

pub(super) fn facet_document() -> Schema {
    let value = ObjectBuilder::new()
        .property("value", sized(0, 4_000, true))
        .property("count", number(0, i64::MAX));
    let attributes = ObjectBuilder::new()
        .property("name", words(Facet::ALL))
        .property("values", Schema::from(list_of(Schema::from(value))));
    let facet = ObjectBuilder::new()
        .property("type", words(&["facet"]))
        .property("id", words(Facet::ALL))
        .property("attributes", Schema::from(attributes));
    ObjectBuilder::new().property("data", Schema::from(list_of(Schema::from(facet)))).into()
}

pub(super) fn errors() -> Schema {
    let source = ["pointer", "parameter", "header"]
        .into_iter()
        .fold(ObjectBuilder::new(), |object, name| object.property(name, text()));
    let error = ObjectBuilder::new()
        .property("id", formatted(KnownFormat::Uuid, false))
        .property("links", Schema::from(ObjectBuilder::new().property("about", text())))
        .property("status", text())
        .property("code", text_of("one", Code::ALL))
        .property("title", text())
        .property("detail", text())
        .property("source", Schema::from(source));
    ObjectBuilder::new()
        .property("errors", Schema::from(list_of(Schema::from(error))))
        .required("errors")
        .into()
}
