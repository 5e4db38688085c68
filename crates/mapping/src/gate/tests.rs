//! Tests of the gate.

use expect_test::{Expect, expect};
use serde_json::json;

use super::*;

#[expect(clippy::needless_pass_by_value, reason = "literals at every call")]
fn doubts(target: TargetModel, sample: Value, expected: Expect) {
    let sample = sample.as_array().unwrap();
    let told = check(target, sample).map_or_else(|it| it.join("\n"), |()| "passes".to_owned());
    expected.assert_eq(&told);
}

#[test]
fn sound_entities_pass() {
    doubts(
        TargetModel::Company,
        json!([{ "company_external_id": "1", "name": "A" }, { "company_external_id": "2", "name": "B" }]),
        expect!["passes"],
    );
}

#[test]
fn a_required_slot_that_no_row_fills_is_a_doubt() {
    doubts(
        TargetModel::Company,
        json!([{ "company_external_id": "1", "name": "" }, { "company_external_id": "2" }]),
        expect!["required slot `name` is null in every row"],
    );
    doubts(
        TargetModel::Company,
        json!([{ "company_external_id": "1", "name": "" }, { "company_external_id": "2", "name": "B" }]),
        expect!["passes"],
    );
}

#[test]
fn a_slot_that_is_mostly_of_the_wrong_form_is_a_doubt() {
    let row = |id: &str, size: Value| json!({ "document_external_id": id, "filename": "f", "size": size });
    doubts(
        TargetModel::Document,
        json!([row("1", json!("1 kB")), row("2", json!("2 kB")), row("3", json!(3))]),
        expect!["slot `size` breaks the rule wrong_type"],
    );
    doubts(
        TargetModel::Document,
        json!([row("1", json!("1 kB")), row("2", json!(2)), row("3", json!(3))]),
        expect!["passes"],
    );
}

#[test]
fn a_key_that_repeats_is_a_doubt_unless_the_rows_are_equal() {
    let row = |id: &str, name: &str| json!({ "company_external_id": id, "name": name });
    doubts(
        TargetModel::Company,
        json!([row("1", "A"), row("1", "B"), row("1", "C")]),
        expect!["key `company_external_id` is the same in every row"],
    );
    doubts(
        TargetModel::Company,
        json!([row("1", "A"), row("1", "B"), row("2", "C")]),
        expect!["key `company_external_id` repeats in 1 row(s)"],
    );
    doubts(TargetModel::Company, json!([row("1", "A"), row("1", "A")]), expect!["passes"]);
}

#[test]
fn no_entities_are_a_doubt() {
    doubts(
        TargetModel::Company,
        json!([]),
        expect!["the expression gives no entity on the sample"],
    );
}
