//! The JSON Schema of an answer, within what endpoints accept as strict: every member is required,
//! none may be added, no map with free keys.

use serde_json::{Map, Value, json};

use super::shown::Shown;

pub(super) fn of(shown: &Shown) -> Value {
    let paths: Vec<&String> = shown.paths.keys().collect();
    let slots: Vec<&String> = shown.slots.iter().map(|it| &it.slot).collect();
    let mut document = object(&[(
        "slots",
        list(object(&[
            ("slot", json!({ "type": "string", "enum": slots })),
            ("source", source()),
            ("transforms", list(transform())),
        ])),
    )]);
    document["$defs"] = json!({ "path": { "type": "string", "enum": paths } });
    document
}

/// Of one expression.
pub(super) fn free() -> Value {
    object(&[("expression", text())])
}

fn path() -> Value {
    json!({ "$ref": "#/$defs/path" })
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn one_of(words: &[&str]) -> Value {
    json!({ "type": "string", "enum": words })
}

fn list(of: Value) -> Value {
    json!({ "type": "array", "items": of })
}

fn object(members: &[(&str, Value)]) -> Value {
    let names: Vec<&str> = members.iter().map(|(name, _)| *name).collect();
    let properties: Map<String, Value> =
        members.iter().map(|(name, it)| ((*name).to_owned(), it.clone())).collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": names,
        "additionalProperties": false,
    })
}

fn source() -> Value {
    json!({ "anyOf": [
        object(&[("path", path())]),
        object(&[("first_of", list(path()))]),
        object(&[("concat", object(&[("paths", list(path())), ("separator", text())]))]),
        object(&[("difference", object(&[("plus", path()), ("minus", path())]))]),
        object(&[("constant", object(&[("value", text()), ("reason", text())]))]),
        object(&[("null", object(&[("reason", text())]))]),
    ] })
}

fn transform() -> Value {
    let of = |name: &str, members: &[(&str, Value)]| object(&[(name, object(members))]);
    let formats =
        ["iso", "compact", "day_first", "month_first", "year_first", "day_name", "month_name"];
    let unit = || one_of(&["seconds", "milliseconds"]);
    let word = object(&[("from", text()), ("to", text())]);
    let maybe_path = json!({ "anyOf": [path(), { "type": "null" }] });
    json!({ "anyOf": [
        one_of(&[
            "text", "negate", "above", "below", "upper", "lower", "not", "first", "last",
            "false_is_null", "address", "domain",
        ]),
        of("number", &[("comma", json!({ "type": "boolean" }))]),
        of("minor_units", &[("currency", maybe_path)]),
        of("sign_from", &[("path", path()), ("negative", list(text()))]),
        of("only_where", &[("path", path()), ("equals", text())]),
        of("date", &[("format", one_of(&formats))]),
        of("epoch_date", &[("unit", unit())]),
        of("epoch_time", &[("unit", unit())]),
        of("enum", &[("words", list(word)), ("other", one_of(&["keep", "null"]))]),
        of("is_one_of", &[("words", list(text()))]),
        of("before", &[("mark", text())]),
        of("after", &[("mark", text())]),
        of("after_last", &[("mark", text())]),
    ] })
}
