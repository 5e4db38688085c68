//! Tests of replay.

use domain::TargetModel::Invoice;
use expect_test::{Expect, expect};
use serde_json::json;

use super::*;
use crate::plan::Slot;
use crate::records::Records;

const TODAY: NaiveDate = NaiveDate::from_ymd_opt(2026, 6, 1).unwrap();

fn invoice(id: &str, date: Option<&str>, total: &str) -> Value {
    json!({
        "invoice_external_id": id,
        "issue_date": date,
        "status": "issued",
        "grand_total": total,
    })
}

fn check(before: Vec<Value>, after: Vec<Value>, expected: Expect) {
    let all = |it: Vec<Value>| it.into_iter().map(Ok).collect();
    told(&compare((Invoice, "list_invoices"), all(before), all(after), TODAY), expected);
}

fn told(it: &Replay, expected: Expect) {
    let counts = |it: &Counts| {
        format!(
            "same {} changed {} before {} after {} neither {}",
            it.same, it.changed, it.only_before, it.only_after, it.neither
        )
    };
    let mut lines = vec![format!("{} record(s): {}", it.records, counts(&it.entities))];
    let is_other = |it: &&Counts| it.changed + it.only_before + it.only_after > 0;
    for (slot, it) in it.slots.iter().filter(|(_, it)| is_other(it)) {
        lines.push(format!("{slot}: {}", counts(it)));
    }
    for it in &it.differences {
        lines.push(format!("#{} {}: {} → {}", it.record, it.slot, it.before, it.after));
    }
    for it in &it.rejected {
        lines.push(format!("#{} rejected {:?} → {:?}", it.record, it.before, it.after));
    }
    for (name, side) in [("before", &it.before), ("after", &it.after)] {
        for told in &side.reasons {
            lines.push(format!("{name}: {} {}", told.reason, told.detail));
        }
    }
    lines.extend(it.worse.iter().map(|it| format!("{} {} → {}", it.metric, it.before, it.after)));
    expected.assert_eq(&(lines.join("\n") + "\n"));
}

#[test]
fn another_spelling_of_the_same_is_no_difference() {
    let dated = |total| vec![invoice("1", Some("2026-05-01"), total)];
    check(
        dated("12.50"),
        dated("12.5"),
        expect![[r#"
        1 record(s): same 1 changed 0 before 0 after 0 neither 0
    "#]],
    );
}

#[test]
fn a_record_that_would_be_rejected_is_told_with_the_row_that_would_say_so() {
    let before =
        vec![invoice("1", Some("2026-05-01"), "10"), invoice("2", Some("2026-05-02"), "20")];
    let after = vec![invoice("1", Some("2026-05-03"), "10"), invoice("2", None, "20")];
    check(
        before,
        after,
        expect![[r#"
        2 record(s): same 0 changed 1 before 1 after 0 neither 0
        issue_date: same 0 changed 1 before 1 after 0 neither 0
        #1 issue_date: "2026-05-01" → "2026-05-03"
        #2 issue_date: "2026-05-02" → null
        #2 rejected [] → ["required field 'issue_date' null"]
        after: mapped_entities_partial_drop Validator rejected 1/2 mapped entities: required field 'issue_date' null after JSONata mapping for tool list_invoices
        valid_rows 2 → 1
    "#]],
    );
}

#[test]
fn a_mapping_that_repairs_records_is_told_too() {
    let (broken, sound) =
        (vec![invoice("1", None, "10")], vec![invoice("1", Some("2026-05-01"), "10")]);
    check(
        broken,
        sound,
        expect![[r#"
        1 record(s): same 0 changed 0 before 0 after 1 neither 0
        issue_date: same 0 changed 0 before 0 after 1 neither 0
        #1 issue_date: null → "2026-05-01"
        #1 rejected ["required field 'issue_date' null"] → []
        before: mapped_entities_dropped Validator rejected 1/1 mapped entities: required field 'issue_date' null after JSONata mapping for tool list_invoices
    "#]],
    );
}

#[test]
fn two_records_that_would_get_one_key_are_told() {
    let day = Some("2026-05-01");
    let before = vec![invoice("1", day, "10"), invoice("2", day, "20")];
    let after = vec![invoice("1", day, "10"), invoice("1", day, "20")];
    check(
        before,
        after,
        expect![[r#"
        2 record(s): same 1 changed 0 before 1 after 0 neither 0
        invoice_external_id: same 1 changed 1 before 0 after 0 neither 0
        #2 invoice_external_id: "2" → "1"
        #2 rejected [] → ["field 'invoice_external_id' already used by another record of this run"]
        after: mapped_entities_partial_drop Validator rejected 1/2 mapped entities: field 'invoice_external_id' already used by another record of this run after JSONata mapping for tool list_invoices
        distinct_keys 2 → 1
    "#]],
    );
}

#[test]
fn an_expression_that_fails_on_a_record_rejects_it() {
    let sound = invoice("1", Some("2026-05-01"), "10");
    let error = ExpressionError {
        code: "T2001".to_owned(),
        position: Some(3),
        message: "is no number".to_owned(),
    };
    let replay = compare((Invoice, "list_invoices"), vec![Ok(sound)], vec![Err(error)], TODAY);
    assert_eq!(replay.entities.only_before, 1);
    assert_eq!(replay.rejected[0].after, ["T2001: is no number"]);
    assert_eq!(replay.after.reasons[0].reason, Reason::MappedEntitiesDropped);
}

#[test]
fn a_pin_changes_its_slot_and_nothing_else() {
    let plan = |paths: &[&str]| Plan {
        target: Invoice,
        records: Records::default(),
        slots: ["issue_date", "due_date"]
            .iter()
            .zip(paths)
            .map(|(slot, path)| Slot::copy(slot, path.parse().unwrap()))
            .collect(),
    };
    let pinned = with_slot(&plan(&["a", "b"]), &plan(&["c", "d"]), "issue_date");
    assert_eq!(pinned, plan(&["c", "b"]));
}
