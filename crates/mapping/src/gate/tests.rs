//! Tests of the gate.

use expect_test::{Expect, expect};
use serde_json::json;

use super::*;
use crate::path::Path;
use crate::plan::{Slot, Source};
use crate::records::Records;

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 6, 1).unwrap()
}

fn judged(target: TargetModel, rows: &Value, plan: Option<&Plan>, entities: &Value) -> String {
    let (rows, entities) = (rows.as_array().unwrap(), entities.as_array().unwrap());
    let it = judge(&Trial { target, rows, entities, plan, today: today() });
    let unfilled: Vec<&str> = it.unfilled().collect();
    format!("{:.2} {} unfilled {unfilled:?}", it.score, it.says()).replace("  ", " ")
}

#[expect(clippy::needless_pass_by_value, reason = "literals at every call")]
fn check(target: TargetModel, entities: Value, expected: Expect) {
    expected.assert_eq(&judged(target, &entities, None, &entities));
}

#[test]
fn sound_entities_pass_with_the_full_score() {
    check(
        TargetModel::Invoice,
        json!([
            { "invoice_external_id": "1", "issue_date": "2026-05-01", "grand_total": 1, "status": "paid" },
            { "invoice_external_id": "2", "issue_date": "2026-05-02", "grand_total": 2, "status": "paid" },
        ]),
        expect!["1.00 unfilled []"],
    );
}

#[test]
fn an_empty_required_slot_is_told_and_is_no_doubt_by_itself() {
    check(
        TargetModel::Company,
        json!([{ "company_external_id": "1", "name": "" }, { "company_external_id": "2" }]),
        expect![[r#"0.75 unfilled ["name"]"#]],
    );
    check(
        TargetModel::Company,
        json!([{ "company_external_id": "1", "name": "" }, { "company_external_id": "2", "name": "B" }]),
        expect!["0.88 unfilled []"],
    );
    check(
        TargetModel::Transaction,
        json!([{ "booking_date": "2026-05-01", "instructed_amount": { "amount": 1 } }]),
        expect![[r#"0.92 unfilled ["instructed_amount.currency"]"#]],
    );
}

#[test]
fn a_slot_that_is_mostly_of_the_wrong_form_is_a_doubt() {
    let row = |id: &str, size: Value| json!({ "document_external_id": id, "filename": "f", "size": size });
    check(
        TargetModel::Document,
        json!([row("1", json!("1 kB")), row("2", json!("2 kB")), row("3", json!(3))]),
        expect!["0.96 slot `size` breaks the rule wrong_type unfilled []"],
    );
    check(
        TargetModel::Document,
        json!([row("1", json!("1 kB")), row("2", json!(2)), row("3", json!(3))]),
        expect!["0.98 unfilled []"],
    );
}

#[test]
fn a_key_that_repeats_is_a_doubt_unless_the_rows_are_equal() {
    let row = |id: &str, name: &str| json!({ "company_external_id": id, "name": name });
    check(
        TargetModel::Company,
        json!([row("1", "A"), row("1", "B"), row("1", "C")]),
        expect!["0.83 key `company_external_id` is the same in every row unfilled []"],
    );
    check(
        TargetModel::Company,
        json!([row("1", "A"), row("1", "B"), row("2", "C")]),
        expect!["0.83 key `company_external_id` repeats in 1 row(s) unfilled []"],
    );
    check(TargetModel::Company, json!([row("1", "A"), row("1", "A")]), expect!["1.00 unfilled []"]);
}

#[test]
fn a_key_that_the_source_names_so_may_repeat_in_one_row_of_ten() {
    let judged_by = |path: &str, repeats: usize| {
        let rows: Vec<Value> = (0..20)
            .map(|it| json!({ "id": if it < repeats { 19 } else { it }, "name": format!("N{it}") }))
            .collect();
        let entity =
            |it: &Value| json!({ "company_external_id": it["id"].to_string(), "name": it["name"] });
        let entities: Value = rows.iter().map(entity).collect();
        let source = Source::Path(path.parse::<Path>().unwrap());
        let slot = "company_external_id".to_owned();
        let slots = vec![Slot { slot, source, transforms: Vec::new() }];
        let plan = Plan { target: TargetModel::Company, records: Records::default(), slots };
        judged(TargetModel::Company, &rows.into(), Some(&plan), &entities)
    };
    expect!["1.00 unfilled []"].assert_eq(&judged_by("id", 2));
    expect!["0.83 key `company_external_id` repeats in 3 row(s) unfilled []"]
        .assert_eq(&judged_by("id", 3));
    expect!["0.83 key `company_external_id` repeats in 2 row(s) unfilled []"]
        .assert_eq(&judged_by("city", 2));
}

#[test]
fn dates_before_computers_and_far_ahead_are_a_doubt() {
    let row = |id: &str, date: &str| json!({ "journal_entry_external_id": id, "entry_date": date });
    check(
        TargetModel::JournalEntry,
        json!([row("1", "1970-01-21"), row("2", "1970-01-22"), row("3", "2026-01-01")]),
        expect!["0.99 dates of slot `entry_date` are not plausible unfilled []"],
    );
    check(
        TargetModel::JournalEntry,
        json!([row("1", "2096-01-21"), row("2", "2026-01-22")]),
        expect!["1.00 unfilled []"],
    );
}

#[test]
fn no_entities_are_a_doubt() {
    check(
        TargetModel::Journal,
        json!([null, null]),
        expect![[
            r#"0.00 the expression gives no entity on the sample unfilled ["code", "journal_external_id"]"#
        ]],
    );
}

fn plan(slot: &str, path: &str) -> Plan {
    let source = Source::Path(path.parse::<Path>().unwrap());
    let slot = Slot { slot: slot.to_owned(), source, transforms: Vec::new() };
    Plan { target: TargetModel::Account, records: Records::default(), slots: vec![slot] }
}

#[test]
fn a_sign_that_the_source_has_must_not_be_lost() {
    let rows = json!([{ "b": 5 }, { "b": -5 }]);
    let entity = |id: &str, balance: i64| json!({ "account_external_id": id, "type": "deposit", "balance": balance });
    let plan = plan("balance", "b");
    let lost = json!([entity("1", 5), entity("2", 5)]);
    expect!["0.99 slot `balance` loses the sign of its amounts unfilled []"].assert_eq(&judged(
        TargetModel::Account,
        &rows,
        Some(&plan),
        &lost,
    ));
    let kept = json!([entity("1", 5), entity("2", -5)]);
    expect!["1.00 unfilled []"].assert_eq(&judged(TargetModel::Account, &rows, Some(&plan), &kept));
}

#[test]
fn what_varies_in_the_source_must_not_be_constant() {
    let rows = json!([{ "n": "A" }, { "n": "B" }, { "n": "C" }]);
    let entity = |id: &str, name: &str| json!({ "account_external_id": id, "type": "deposit", "account_name": name });
    let plan = plan("account_name", "n");
    let constant = json!([entity("1", "X"), entity("2", "X"), entity("3", "X")]);
    expect!["0.99 slot `account_name` is constant where its source varies unfilled []"]
        .assert_eq(&judged(TargetModel::Account, &rows, Some(&plan), &constant));
}
