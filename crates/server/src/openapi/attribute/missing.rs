//! JSON Schemas of the answers to "why is this record missing?".

use domain::missing::Verdict;
use domain::{Reason, Stage, TargetModel};
use utoipa::openapi::{KnownFormat, ObjectBuilder, Schema, Type};

use crate::openapi::schema::{
    flag, formatted, list_of, nullable, nullable_number, nullable_words, number, sized, text, words,
};

/// The schema of an attribute of an answer.
pub(super) fn attribute(name: &str) -> Option<Schema> {
    Some(match name {
        "target_model" => words(TargetModel::ALL),
        "key" | "says" | "advice" => text(),
        "verdict" => words(Verdict::ALL),
        "accounts" => list_of(account()).into(),
        "since" | "until" => formatted(KnownFormat::DateTime, false),
        "runs" => list_of(Schema::from(
            run(ObjectBuilder::new().property("workspace_connector", id()))
                .property("error", sized(0, 10_000, true))
                .property("reasons", Schema::from(list_of(words(Reason::ALL)))),
        ))
        .into(),
        "records" => list_of(gone()).into(),
        "is_cut" => flag(),
        _ => return None,
    })
}

fn account() -> Schema {
    ObjectBuilder::new()
        .property("workspace_connector", id())
        .property("connector_name", text())
        .property("verdict", words(Verdict::ALL))
        .property("says", text())
        .property("advice", text())
        .property("external_id", sized(0, 1_000, true))
        .property("stage", nullable_words(Stage::ALL))
        .property("reason", nullable_words(Reason::ALL))
        .property("field", sized(0, 1_000, true))
        .property("cause", sized(0, 4_000, true))
        .property("waits_for", Schema::from(list_of(parent())))
        .property("diagnostic", formatted(KnownFormat::Uuid, true))
        .property("record", formatted(KnownFormat::Uuid, true))
        .property("run", Schema::from(run(object())))
        .property("complete_run", formatted(KnownFormat::Uuid, true))
        .property(
            "call",
            Schema::from(
                object().property("tool", text()).property("arguments", Schema::from(object())),
            ),
        )
        .property("notes", Schema::from(list_of(text())))
        .into()
}

/// A run, as an answer shows it.
fn run(object: ObjectBuilder) -> ObjectBuilder {
    object
        .property("sync_log", id())
        .property("started_at", formatted(KnownFormat::DateTime, true))
        .property("completed_at", formatted(KnownFormat::DateTime, true))
        .property("fetched", number(0, i64::MAX))
        .property("truncated", flag())
        .property("dropped", Schema::from(dropped()))
}

/// Rows by reason.
fn dropped() -> ObjectBuilder {
    Reason::ALL.iter().fold(ObjectBuilder::new(), |object, reason| {
        object.property(reason.as_str(), nullable_number(0, i64::MAX))
    })
}

fn gone() -> Schema {
    ObjectBuilder::new()
        .property("workspace_connector", id())
        .property("verdict", words(&[Verdict::Waiting, Verdict::Rejected]))
        .property("external_id", sized(0, 1_000, true))
        .property("known_as", sized(0, 255, true))
        .property("tool_name", text())
        .property("reason", words(Reason::ALL))
        .property("field", sized(0, 1_000, true))
        .property("cause", sized(0, 4_000, true))
        .property("waits_for", Schema::from(list_of(parent())))
        .property("last_seen_run", id())
        .property("seen_at", formatted(KnownFormat::DateTime, false))
        .into()
}

fn parent() -> Schema {
    ObjectBuilder::new()
        .property("attribute", text())
        .property("model", words(TargetModel::ALL))
        .property("external_id", text())
        .into()
}

fn id() -> Schema {
    formatted(KnownFormat::Uuid, false)
}

fn object() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(nullable(Type::Object))
}
