//! Tests of drift.

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use super::*;
use crate::plan::{Slot, Source};
use crate::records::{Only, Records, Test};

fn plan(paths: &[&str]) -> Plan {
    let slots = paths.iter().map(|it| Slot::copy(it, it.parse().unwrap())).collect();
    Plan { target: domain::TargetModel::Invoice, records: Records::default(), slots }
}

#[expect(clippy::needless_pass_by_value, reason = "literals at every call")]
fn check(reads: &[&str], before: Value, after: Value, expected: Expect) {
    let (before, after) = (Shape::of(&[before]), Shape::of(&[after]));
    let plan = plan(reads);
    let told = between(&before, &after, Reads::Plan(&plan)).map_or("none".to_owned(), |it| {
        let kind = if it.is_breaking { "breaking" } else { "additive" };
        format!("{kind}: gone {:?}, changed {:?}, new {:?}", it.gone, it.changed, it.new)
    });
    expected.assert_eq(&told);
}

#[test]
fn a_path_that_the_mapping_reads_and_that_is_gone_breaks_it() {
    check(
        &["a", "b"],
        json!({ "a": 1, "b": 2, "c": 3 }),
        json!({ "b": 2, "d": 3 }),
        expect![[r#"breaking: gone ["a", "c"], changed [], new ["d"]"#]],
    );
}

#[test]
fn a_path_that_nothing_reads_may_go() {
    check(
        &["b"],
        json!({ "a": 1, "b": 2 }),
        json!({ "b": 2 }),
        expect![[r#"additive: gone ["a"], changed [], new []"#]],
    );
}

#[test]
fn a_path_that_turned_into_another_type_breaks_it() {
    check(
        &["a"],
        json!({ "a": 1 }),
        json!({ "a": "1" }),
        expect![[r#"breaking: gone [], changed ["a"], new []"#]],
    );
}

#[test]
fn nulls_say_nothing_of_a_type() {
    check(&["a"], json!({ "a": 1 }), json!({ "a": null }), expect!["none"]);
    check(&["a"], json!({ "a": null }), json!({ "a": 1 }), expect!["none"]);
}

#[test]
fn what_stands_in_lists_is_found_by_the_paths_of_the_plan() {
    let lines = Slot {
        slot: "items".to_owned(),
        source: Source::Each {
            path: "lines".parse().unwrap(),
            slots: vec![Slot::copy("quantity", "n".parse().unwrap())],
        },
        transforms: Vec::new(),
    };
    let plan = Plan {
        target: domain::TargetModel::Invoice,
        records: Records::default(),
        slots: vec![lines],
    };
    let before = Shape::of(&[json!({ "lines": [{ "n": 1, "m": 1 }] })]);
    let after = Shape::of(&[json!({ "lines": [{ "m": 1 }] })]);
    assert!(between(&before, &after, Reads::Plan(&plan)).unwrap().is_breaking);
    let after = Shape::of(&[json!({ "lines": [{ "n": 1 }] })]);
    assert!(!between(&before, &after, Reads::Plan(&plan)).unwrap().is_breaking);
}

#[test]
fn a_free_form_expression_reads_the_names_that_are_in_it() {
    let (before, after) =
        (Shape::of(&[json!({ "a": { "nr": 1 } })]), Shape::of(&[json!({ "a": {} })]));
    let reads = |it| between(&before, &after, Reads::Text(it)).unwrap().is_breaking;
    assert!(reads("{ \"id\": a.nr }"));
    assert!(!reads("{ \"id\": b }"));
}

#[test]
fn a_new_path_is_a_gain_if_it_fills_what_was_empty() {
    let new = ["phone".to_owned()];
    let mut before = plan(&["name"]);
    before.slots.push(Slot::null("phone", "no field"));
    assert!(gains(&before, &plan(&["name", "phone"]), &new));
    assert!(!gains(&before, &plan(&["name"]), &new));
    assert!(!gains(&plan(&["name", "phone"]), &plan(&["name", "phone"]), &new));
}

#[test]
fn a_member_by_which_an_item_is_chosen_is_read_too() {
    check(
        &["phones[type=HOME].number"],
        json!({ "phones": [{ "type": "HOME", "number": "1" }] }),
        json!({ "phones": [{ "kind": "HOME", "number": "1" }] }),
        expect![[r#"breaking: gone ["phones[].type"], changed [], new ["phones[].kind"]"#]],
    );
}

#[test]
fn what_tells_records_from_rows_of_another_kind_is_read_too() {
    let only = Only { path: "kind".parse().unwrap(), test: Test::Not(vec!["folder".to_owned()]) };
    let records = Records { only: Some(only), ..Records::default() };
    let plan = Plan { records, ..plan(&["id"]) };
    let (before, after) = (json!({ "id": 1, "kind": "file" }), json!({ "id": 1 }));
    let (before, after) = (Shape::of(&[before]), Shape::of(&[after]));
    assert!(between(&before, &after, Reads::Plan(&plan)).unwrap().is_breaking);
}
