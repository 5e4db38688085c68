//! Tests of the shape.

use expect_test::expect;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

fn told(rows: &[Value]) -> String {
    let line = |(path, types): (&String, &BTreeSet<&str>)| {
        format!("{path} : {}", types.iter().copied().collect::<Vec<_>>().join("|"))
    };
    Shape::of(rows).paths.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_shape_is_the_set_of_paths_with_their_types() {
    let rows = [
        json!({ "id": 1, "name": null, "lines": [{ "a": 1 }, { "b": "x" }], "tags": ["x", 2] }),
        json!({ "id": "2", "name": "N", "lines": [], "a.b": true }),
    ];
    expect![[r#"
         : object
        a\.b : boolean
        id : number|string
        lines : array
        lines[] : object
        lines[].a : number
        lines[].b : string
        name : string
        tags : array
        tags[] : number|string"#]]
    .assert_eq(&told(&rows));
}

#[test]
fn a_path_that_was_only_ever_null_is_a_path() {
    let of = |rows: &[Value]| fingerprint(rows);
    assert_ne!(of(&[json!({ "a": null })]), of(&[json!({})]));
    assert_ne!(of(&[json!({ "a": null })]), of(&[json!({ "a": 1 })]));
    assert_eq!(of(&[json!({ "a": null }), json!({ "a": 1 })]), of(&[json!({ "a": 1 })]));
}

#[test]
fn keys_that_are_data_are_collapsed() {
    let rates = |from: usize| {
        let each = (from..from + 40).map(|it| (format!("k{it}"), json!(it)));
        json!({ "rates": each.collect::<Map<String, Value>>() })
    };
    expect![[r#"
         : object
        rates : object
        rates.* : number"#]]
    .assert_eq(&told(&[rates(0), rates(50)]));
    assert_eq!(fingerprint(&[rates(0), rates(50)]), fingerprint(&[rates(7), rates(90)]));
}

#[test]
fn a_wide_record_is_no_map() {
    let wide = |value: i64| {
        let each = (0..60).map(|it| (format!("field{it}"), json!(value)));
        Value::Object(each.collect::<Map<String, Value>>())
    };
    assert_eq!(Shape::of(&[wide(1), wide(2)]).paths.len(), 61);
}

#[test]
fn only_the_first_rows_count() {
    let mut rows = vec![json!({ "a": 1 }); 50];
    let before = fingerprint(&rows);
    rows.push(json!({ "b": 1 }));
    assert_eq!(fingerprint(&rows), before);
}

/// The same value with the members of every object in reverse.
fn reversed(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let each = members.iter().rev().map(|(name, it)| (name.clone(), reversed(it)));
            Value::Object(each.collect())
        }
        Value::Array(items) => items.iter().map(reversed).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

fn any_rows() -> impl Strategy<Value = Vec<Value>> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[a-z.]{0,3}".prop_map(Value::from),
    ];
    let tree = leaf.prop_recursive(4, 64, 8, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[a-e.]{1,2}", inner, 0..8)
                .prop_map(|it| Value::Object(it.into_iter().collect())),
        ]
    });
    proptest::collection::vec(tree, 0..6)
}

proptest! {
    #[test]
    fn a_fingerprint_does_not_depend_on_the_order_of_keys(rows in any_rows()) {
        let other: Vec<Value> = rows.iter().map(reversed).collect();
        prop_assert_eq!(fingerprint(&rows), fingerprint(&other));
    }

    #[test]
    fn a_fingerprint_does_not_depend_on_the_order_of_rows(rows in any_rows()) {
        let other: Vec<Value> = rows.iter().rev().cloned().collect();
        prop_assert_eq!(fingerprint(&rows), fingerprint(&other));
    }
}
