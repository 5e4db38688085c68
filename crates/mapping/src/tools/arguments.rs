//! What a tool requires, and what of it a sync can supply without knowing anything.

use serde_json::{Map, Value, json};

use super::ToolSpec;
use super::name::raw;

/// What becomes of a required argument.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Supplied {
    Value(Value),
    /// Free text: [`widest`] may satisfy it, and nobody knows.
    Guess,
    /// Something that another tool of the server lists, e.g. an account.
    FromAnother,
    /// The id of one record: the tool fetches, it does not list.
    OneRecord,
    Unknown,
}

/// From before any record to after any: the window of a range that must be given.
const EARLIEST: &str = "1970-01-01";
const LATEST: &str = "2099-12-31";

/// The required arguments of a tool.
pub(super) fn required(tool: &ToolSpec<'_>) -> Vec<(String, Supplied)> {
    let names = tool.input_schema.get("required").and_then(Value::as_array);
    let names = names.into_iter().flatten().filter_map(Value::as_str);
    names.map(|name| (name.to_owned(), supplied(name, property(tool, name)))).collect()
}

/// Those that a sync can give: what is known, and what finds the most.
pub(super) fn known(tool: &ToolSpec<'_>) -> Map<String, Value> {
    let known = required(tool).into_iter().filter_map(|(name, it)| match it {
        Supplied::Value(value) => Some((name, value)),
        Supplied::Guess => Some((name.clone(), Value::from(widest(&name)))),
        Supplied::FromAnother | Supplied::OneRecord | Supplied::Unknown => None,
    });
    known.collect()
}

pub(super) fn property<'a>(tool: &ToolSpec<'a>, name: &str) -> &'a Value {
    tool.input_schema.get("properties").and_then(|it| it.get(name)).unwrap_or(&Value::Null)
}

/// The words that an argument may be; through `anyOf`, because optional arguments are written so.
pub(super) fn words(property: &Value) -> Vec<&str> {
    let own = property.get("enum").and_then(Value::as_array);
    let any = property.get("anyOf").or(property.get("oneOf")).and_then(Value::as_array);
    let inner = any.into_iter().flatten().filter_map(|it| it.get("enum")?.as_array());
    own.into_iter().chain(inner).flatten().filter_map(Value::as_str).collect()
}

/// What finds the most where something must be searched for: nothing in particular, and of files
/// every one.
pub(super) fn widest(name: &str) -> &'static str {
    if raw(name).iter().any(|it| it == "pattern" || it == "glob") { "**/*" } else { "" }
}

fn supplied(name: &str, property: &Value) -> Supplied {
    if let Some(default) = property.get("default").filter(|it| !it.is_null()) {
        return Supplied::Value(default.clone());
    }
    let allowed = words(property);
    if !allowed.is_empty() {
        let all = ["all", "any", "both", "everything", "*", "list"];
        let found = allowed.iter().find(|it| all.contains(&it.to_lowercase().as_str()));
        return found.map_or(Supplied::Unknown, |it| Supplied::Value(json!(it)));
    }
    let parts = raw(name);
    let says = |list: &[&str]| parts.iter().any(|it| list.contains(&it.as_str()));
    match kind(property) {
        // `params = {}` narrows nothing; `invoice = {}` is a record that we do not have.
        "object"
            if says(&[
                "param", "params", "filter", "filters", "option", "options", "args", "request",
                "input", "query",
            ]) =>
        {
            Supplied::Value(json!({}))
        }
        "object" => Supplied::Unknown,
        "array" if says(&["id", "ids", "uid", "uids", "paths"]) => Supplied::Unknown,
        "array" => Supplied::Value(json!([])),
        "boolean" => Supplied::Value(json!(false)),
        "integer" | "number" => number(&parts, property),
        _ => text(&parts, property),
    }
}

/// A reference to a definition is an object in every schema that was seen.
pub(super) fn kind(property: &Value) -> &str {
    match property.get("type") {
        Some(Value::String(one)) => one,
        Some(Value::Array(several)) => several.iter().find_map(Value::as_str).unwrap_or("string"),
        _ if property.get("$ref").is_some() => "object",
        _ => "string",
    }
}

fn number(parts: &[String], property: &Value) -> Supplied {
    let says = |list: &[&str]| parts.iter().any(|it| list.contains(&it.as_str()));
    let most = property.get("maximum").and_then(Value::as_i64).unwrap_or(100).min(100);
    match () {
        () if says(&["limit", "size", "count", "max", "per"]) => Supplied::Value(json!(most)),
        () if says(&["page"]) => Supplied::Value(json!(1)),
        () if says(&["offset", "skip"]) => Supplied::Value(json!(0)),
        () if says(&["id", "uid", "number"]) => Supplied::OneRecord,
        () => Supplied::Unknown,
    }
}

fn text(parts: &[String], property: &Value) -> Supplied {
    let says = |list: &[&str]| parts.iter().any(|it| list.contains(&it.as_str()));
    let told = property.get("description").and_then(Value::as_str).unwrap_or_default();
    let time = if property.get("format").and_then(Value::as_str) == Some("date-time") {
        "T00:00:00Z"
    } else {
        ""
    };
    let dated =
        says(&["date", "time", "day", "since", "until", "on"]) || told.contains("YYYY-MM-DD");
    let starts = says(&["start", "from", "since", "begin", "after", "min", "startdate"]);
    let ends = says(&["end", "to", "until", "before", "max", "enddate"]);
    match () {
        () if dated && starts => Supplied::Value(json!(format!("{EARLIEST}{time}"))),
        () if dated && ends => Supplied::Value(json!(format!("{LATEST}{time}"))),
        () if says(&[
            "query", "q", "search", "term", "keyword", "filter", "criteria", "pattern", "glob",
        ]) =>
        {
            if told.contains("'*'") || told.contains("\"*\"") || told.contains("`*`") {
                Supplied::Value(json!("*"))
            } else {
                Supplied::Guess
            }
        }
        () if says(&[
            "account",
            "location",
            "workspace",
            "store",
            "company",
            "mailbox",
            "path",
        ]) =>
        {
            Supplied::FromAnother
        }
        () if says(&["id", "ids", "uuid", "uid", "key", "number", "slug"]) => Supplied::OneRecord,
        () => Supplied::Unknown,
    }
}
