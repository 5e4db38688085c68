//! JSON Schemas of the documents, made from the tables of kinds and from the words of the domain.

use std::fmt::Display;

use domain::issue::{Cause, State};
use domain::{Class, Impact, Reason, Stage, TargetModel};
use store::diagnostics::Facet;
use store::{Field, FieldKind};
use utoipa::openapi::schema::{ArrayBuilder, SchemaType};
use utoipa::openapi::{KnownFormat, ObjectBuilder, Ref, RefOr, Schema, SchemaFormat, Type};

use super::attribute::{attribute, writable};
use crate::code::Code;
use crate::jsonapi::document::Kind;
use crate::jsonapi::named::Takes;

pub(crate) fn list_of(items: impl Into<RefOr<Schema>>) -> ArrayBuilder {
    ArrayBuilder::new().items(items.into())
}

pub(super) fn nullable(kind: Type) -> SchemaType {
    SchemaType::from_iter([kind, Type::Null])
}

pub(super) fn formatted(format: KnownFormat, is_nullable: bool) -> Schema {
    let kind = if is_nullable { nullable(Type::String) } else { Type::String.into() };
    ObjectBuilder::new().schema_type(kind).format(Some(SchemaFormat::KnownFormat(format))).into()
}

pub(crate) fn sized(min: usize, max: usize, is_nullable: bool) -> Schema {
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

pub(super) fn nullable_number(min: i64, max: i64) -> Schema {
    let object = ObjectBuilder::new().schema_type(nullable(Type::Integer));
    object.minimum(Some(min)).maximum(Some(max)).into()
}

pub(super) fn words<T: Display>(all: &[T]) -> Schema {
    let words = all.iter().map(ToString::to_string);
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).into()
}

pub(super) fn nullable_words<T: Display>(all: &[T]) -> Schema {
    let words = all.iter().map(ToString::to_string).map(Some).chain([None]);
    ObjectBuilder::new().schema_type(nullable(Type::String)).enum_values(Some(words)).into()
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

/// What a parameter of a question takes.
pub(crate) fn takes(takes: Takes) -> Schema {
    match takes {
        Takes::Text => text(),
        Takes::Id => formatted(KnownFormat::Uuid, false),
        Takes::Time => formatted(KnownFormat::DateTime, false),
        Takes::Words(all) => words(&all()),
        Takes::Count(max) => number(1, i64::from(max)),
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

/// Its `data` is there when it was included.
fn to_many(kind: &str) -> Schema {
    let one = ObjectBuilder::new().property("type", words(&[kind])).property("id", text());
    let links = ObjectBuilder::new().property("related", text());
    ObjectBuilder::new()
        .property("data", Schema::from(list_of(Schema::from(one))))
        .property("links", Schema::from(links))
        .into()
}

fn attributes<'a>(kind: &Kind, names: impl Iterator<Item = &'a &'static str>) -> ObjectBuilder {
    names.fold(ObjectBuilder::new(), |object, name| match attribute(kind, name) {
        Some(schema) => object.property(*name, schema),
        None => object,
    })
}

/// The attributes alone, for what is answered outside a document.
pub(crate) fn attributes_of(kind: &Kind) -> Schema {
    attributes(kind, kind.attributes.iter()).into()
}

/// The resource object as it is answered.
pub(crate) fn resource(kind: &Kind) -> Schema {
    let all = attributes(kind, kind.attributes.iter());
    let mut object = ObjectBuilder::new()
        .property("type", words(&[kind.name]))
        .property("id", text())
        .property("attributes", Schema::from(all))
        .required("type")
        .required("id");
    if !kind.relationships.is_empty() {
        let to =
            kind.relationships.iter().fold(
                ObjectBuilder::new(),
                |object, (name, kind)| match *name {
                    "versions" => object.property(*name, to_many(kind)),
                    _ => object.property(*name, to_one(kind, is_optional(name))),
                },
            );
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
        "sync_issue" => issue_meta(object),
        "api_key" => object.property("key", sized(0, 100, false)).into(),
        "webhook_endpoint" => object.property("secret", sized(0, 100, false)).into(),
        "workspace_connector_sync_log" => {
            let line = ObjectBuilder::new().property("target_model", words(TargetModel::ALL));
            let counts =
                ["fetched", "mapped", "inserted", "updated", "unchanged", "waiting", "released"];
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

/// A run that may not be, or be no more.
fn is_optional(relationship: &str) -> bool {
    ["sync_log", "opened_run", "last_run", "resolved_run"].contains(&relationship)
}

fn issue_meta(object: ObjectBuilder) -> Schema {
    let count = || number(0, i64::MAX);
    let dependants = ObjectBuilder::new()
        .property("target_model", words(TargetModel::ALL))
        .property("waiting", count());
    let radius = ObjectBuilder::new()
        .description(Some("counts end at 10,000"))
        .property("rejected", count())
        .property("waiting", count())
        .property("models", Schema::from(list_of(words(TargetModel::ALL))))
        .property("dependants", Schema::from(list_of(Schema::from(dependants))));
    let day = ObjectBuilder::new()
        .property("day", formatted(KnownFormat::Date, false))
        .property("count", count());
    let actor = ObjectBuilder::new()
        .property("kind", words(&["engine", "api_key", "operator"]))
        .property("api_key_id", formatted(KnownFormat::Uuid, false))
        .property("name", sized(0, 100, true));
    let transition = ObjectBuilder::new()
        .property("id", formatted(KnownFormat::Uuid, false))
        .property("from", nullable_words(State::ALL))
        .property("to", words(State::ALL))
        .property("cause", words(Cause::ALL))
        .property("actor", Schema::from(actor))
        .property("sync_log", formatted(KnownFormat::Uuid, true))
        .property("mapping_version", nullable_number(1, i64::from(i32::MAX)))
        .property("note", sized(0, 2_000, true))
        .property("created_at", formatted(KnownFormat::DateTime, false));
    object
        .property("blast_radius", Schema::from(radius))
        .property("trend", Schema::from(list_of(Schema::from(day))))
        .property("transitions", Schema::from(list_of(Schema::from(transition))))
        .into()
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
