//! One text for values that mean the same, to be compared and hashed.

use std::collections::BTreeMap;

use domain::entity::is_absent;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// SHA-256 in hexadecimal of the canonical text.
pub fn hash(value: &Value) -> String {
    domain::hex(&Sha256::digest(text(value)))
}

/// JSON with its keys in order, without members that are absent (`""`, `[]`, `{}`, null), and with
/// `1.0` written as `1`.
pub fn text(value: &Value) -> String {
    plain(value).to_string()
}

fn plain(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.iter().map(|(name, it)| (name.clone(), plain(it)));
            let sorted: BTreeMap<String, Value> =
                members.filter(|(_, it)| !is_absent(it)).collect();
            Value::Object(sorted.into_iter().collect())
        }
        // Within a list a place counts, also one that is empty.
        Value::Array(items) => {
            let item = |it: &Value| Some(plain(it)).filter(|it| !is_absent(it)).unwrap_or_default();
            Value::Array(items.iter().map(item).collect())
        }
        Value::Number(number) => whole(number).map_or_else(|| value.clone(), Value::from),
        Value::Null | Value::Bool(_) | Value::String(_) => value.clone(),
    }
}

/// A float without a fraction, as far as floats are exact.
fn whole(number: &serde_json::Number) -> Option<i64> {
    let float = number.as_f64().filter(|it| number.is_f64() && it.fract() == 0.0)?;
    (float.abs() < 9_007_199_254_740_992.0).then(|| format!("{float:.0}").parse().ok())?
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn order_spelling_of_numbers_and_absent_members_do_not_count() {
        let left = json!([{ "a": 1.0, "b": { "x": null, "y": [] }, "c": "" }]);
        let right = json!([{ "c": null, "b": {}, "a": 1 }]);
        assert_eq!(hash(&left), hash(&right));
        assert_eq!(hash(&json!(["", 1])), hash(&json!([{ "x": [] }, 1])));
        assert_ne!(hash(&json!([null, 1])), hash(&json!([1])));
        assert_ne!(hash(&json!({ "a": "1" })), hash(&json!({ "a": 1 })));
        assert_eq!(text(&json!({ "b": -2.0, "a": 0.5 })), r#"{"a":0.5,"b":-2}"#);
    }
}
