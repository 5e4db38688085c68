//! Whether what came is what was expected.

use std::collections::BTreeMap;

use serde_json::Value;

/// Numbers that differ by less than this share are the same.
const TOLERANCE: f64 = 1e-9;

/// The plain values of a record by their place: `items[0].line_total`. What is absent is left out.
pub(crate) fn leaves(record: &Value) -> BTreeMap<String, &Value> {
    let mut leaves = BTreeMap::new();
    collect(record, String::new(), &mut leaves);
    leaves
}

fn collect<'v>(value: &'v Value, place: String, leaves: &mut BTreeMap<String, &'v Value>) {
    match value {
        _ if domain::entity::is_absent(value) => {}
        Value::Object(members) => {
            for (name, it) in members {
                let below = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
                collect(it, below, leaves);
            }
        }
        Value::Array(items) => {
            for (at, it) in items.iter().enumerate() {
                collect(it, format!("{place}[{at}]"), leaves);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            leaves.insert(place, value);
        }
    }
}

/// The attribute that a place belongs to: `items[0].line_total` to `items.line_total`.
pub(crate) fn attribute(place: &str) -> String {
    let mut depth = 0_u32;
    let keep = |it: &char| {
        depth += u32::from(*it == '[');
        let kept = depth == 0;
        depth -= u32::from(*it == ']' && depth > 0);
        kept
    };
    place.chars().filter(keep).collect()
}

pub(crate) fn same(expected: &Value, given: &Value) -> bool {
    match (number(expected), number(given)) {
        (Some(left), Some(right)) if expected.is_number() || given.is_number() => {
            (left - right).abs() <= TOLERANCE * left.abs().max(right.abs()).max(1.0)
        }
        _ => expected == given,
    }
}

/// An amount may be written as a text: it is a decimal.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(it) => it.as_f64(),
        Value::String(it) => it.parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn absent_values_are_no_leaves_and_items_are_told_apart_by_position() {
        let record = json!({"a": "", "b": {"c": 1, "d": []}, "e": [{"f": 2}, {"f": null}]});
        let found: Vec<String> = leaves(&record).into_keys().collect();
        assert_eq!(found, ["b.c", "e[0].f"]);
        assert_eq!(attribute("e[0].f"), "e.f");
    }

    #[test]
    fn a_decimal_may_be_a_text_and_a_text_stays_a_text() {
        assert!(same(&json!(12.5), &json!("12.50")));
        assert!(same(&json!(0.1), &json!(0.100_000_000_01)));
        assert!(!same(&json!("007"), &json!("7")));
        assert!(!same(&json!(1), &json!(true)));
    }
}
