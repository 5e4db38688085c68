//! What a server says about one of its tools.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

/// One entry of `tools/list`. Everything but the name is the server's own word and may mislead.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tool {
    pub name: String,
    pub title: Option<String>,
    pub description: Option<String>,
    /// A JSON Schema; `{}` when the server sent none.
    pub input_schema: Value,
    pub output_schema: Option<Value>,
    /// The `readOnlyHint` annotation.
    pub read_only: Option<bool>,
    /// The `destructiveHint` annotation.
    pub destructive: Option<bool>,
    /// Scopes that a call takes, from the `securitySchemes` that some servers declare for a tool.
    #[serde(default)]
    pub scopes: Vec<String>,
}

impl Tool {
    /// Reads one entry of `tools/list`, leniently: only the name is needed.
    pub(crate) fn from_wire(wire: &Value) -> Option<Self> {
        let name = shown(wire.get("name")?.as_str()?);
        let text = |key: &str| wire.get(key).and_then(Value::as_str).map(str::to_owned);
        let hint = |key: &str| wire.get("annotations").and_then(|it| it.get(key)?.as_bool());
        let titled = || wire.get("annotations")?.get("title")?.as_str().map(str::to_owned);
        Some(Self {
            name,
            title: text("title").or_else(titled),
            description: text("description"),
            input_schema: wire
                .get("inputSchema")
                .filter(|it| it.is_object())
                .cloned()
                .unwrap_or_else(|| Value::Object(Map::new())),
            output_schema: wire.get("outputSchema").filter(|it| it.is_object()).cloned(),
            read_only: hint("readOnlyHint"),
            destructive: hint("destructiveHint"),
            scopes: scopes(wire),
        })
    }
}

/// A name without NUL, which few databases can keep. The client calls the tool by its own name.
pub(crate) fn shown(name: &str) -> String {
    name.replace('\0', "\u{fffd}")
}

/// Only what every way in takes: a tool that is open to anyone, too, takes none.
fn scopes(wire: &Value) -> Vec<String> {
    let schemes = wire
        .get("securitySchemes")
        .or_else(|| wire.get("_meta")?.get("securitySchemes"))
        .and_then(Value::as_array);
    let [only] = schemes.map(Vec::as_slice).unwrap_or_default() else { return Vec::new() };
    let listed = only.get("scopes").and_then(Value::as_array).into_iter().flatten();
    listed.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// SHA-256, in hex, of what the tools declare. The order of the tools and of their schemas' keys
/// does not count.
pub fn tool_list_hash(tools: &[Tool]) -> String {
    let mut each: Vec<Vec<u8>> = tools.iter().map(digest).collect();
    each.sort_unstable();
    let mut all = Sha256::new();
    for one in each {
        all.update(one);
    }
    hex(&all.finalize())
}

fn digest(tool: &Tool) -> Vec<u8> {
    let declared = serde_json::json!([
        tool.name,
        tool.title,
        tool.description,
        sorted(&tool.input_schema),
        tool.output_schema.as_ref().map(sorted),
        tool.read_only,
        tool.destructive,
    ]);
    Sha256::digest(declared.to_string()).to_vec()
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut keys: Vec<&String> = fields.keys().collect();
            keys.sort_unstable();
            Value::Object(keys.into_iter().map(|it| (it.clone(), sorted(&fields[it]))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a string cannot fail.
        if write!(text, "{byte:02x}").is_err() {
            break;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tool(wire: &Value) -> Tool {
        Tool::from_wire(wire).expect("has a name")
    }

    #[test]
    fn the_hash_ignores_order_of_tools_and_of_keys() {
        let a = json!({"name": "a", "inputSchema": {"type": "object", "properties": {}}});
        let same = json!({"name": "a", "inputSchema": {"properties": {}, "type": "object"}});
        let b = json!({"name": "b", "description": "lists"});
        assert_eq!(tool_list_hash(&[tool(&a), tool(&b)]), tool_list_hash(&[tool(&b), tool(&same)]),);
    }

    #[test]
    fn the_hash_sees_a_changed_description() {
        let before = tool(&json!({"name": "a", "description": "x"}));
        let after = tool(&json!({"name": "a", "description": "y"}));
        assert_ne!(tool_list_hash(&[before]), tool_list_hash(&[after]));
    }

    #[test]
    fn a_tool_without_schema_or_with_odd_annotations_is_still_a_tool() {
        let tool = tool(&json!({"name": "a", "inputSchema": null, "annotations": "none"}));
        assert_eq!(tool.input_schema, json!({}));
        assert_eq!(tool.read_only, None);
        assert!(Tool::from_wire(&json!({"description": "nameless"})).is_none());
    }
}
