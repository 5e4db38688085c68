//! Where records are in rows, and what each of them knows.

use domain::TargetModel;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::draw::Hints;

/// Where the records of a target are said to be, and what they are.
fn check(target: TargetModel, tool: &str, rows: Value, path: &str, expected: &Value) {
    let rows: Vec<Value> = serde_json::from_value(rows).unwrap();
    let hints = Hints { tool_name: tool, ..Hints::default() };
    let records = find(target, &rows, &hints);
    assert_eq!(records.path.to_string(), path);
    assert_eq!(&Value::Array(records.of(rows)), expected);
}

#[test]
fn rows_that_say_something_themselves_are_records() {
    let rows =
        json!([{"id": "c1", "name": "Ada & Co", "address": {"city": "Lyon", "zip": "69001"}}]);
    check(TargetModel::Company, "list_companies", rows.clone(), "", &rows);
}

#[test]
fn a_record_is_taken_out_of_its_wrapper_and_knows_what_stood_beside_it() {
    let rows = json!([{"customer": {"id": "c1", "email": "a@b.example"}, "card": {"last4": "4242", "iin": "42"}}]);
    let expected = json!([{
        "id": "c1",
        "email": "a@b.example",
        "^": {"card": {"last4": "4242", "iin": "42"}}
    }]);
    check(TargetModel::People, "list_customers", rows, "customer", &expected);
}

#[test]
fn each_allocation_of_a_payment_is_a_record() {
    let rows = json!([
        {"id": "p1", "date": "2026-05-04", "allocations": [
            {"id": "a1", "invoice_id": "i1", "amount": 10},
            {"id": "a2", "invoice_id": "i2", "amount": 5}
        ]},
        {"id": "p2", "date": "2026-05-05", "allocations": []},
    ]);
    let above = json!({"id": "p1", "date": "2026-05-04"});
    let expected = json!([
        {"id": "a1", "invoice_id": "i1", "amount": 10, "^": above},
        {"id": "a2", "invoice_id": "i2", "amount": 5, "^": above},
    ]);
    check(TargetModel::InvoiceTransaction, "list_payments", rows, "allocations", &expected);
}

#[test]
fn each_address_of_a_contact_is_an_email_record() {
    let rows = json!([{"id": 7, "name": "Ada", "emails": [
        {"value": "a@one.example", "type": "work"},
        {"value": "a@two.example", "type": "home"}
    ]}]);
    let above = json!({"id": 7, "name": "Ada"});
    let expected = json!([
        {"value": "a@one.example", "type": "work", "^": above},
        {"value": "a@two.example", "type": "home", "^": above},
    ]);
    check(TargetModel::Email, "list_contacts", rows, "emails", &expected);
}

#[test]
fn folders_are_no_documents_and_people_no_companies() {
    let file = json!({"type": "file", "id": "1", "name": "a.pdf"});
    let rows = json!([file, {"type": "folder", "id": "2", "name": "old"}]);
    check(TargetModel::Document, "list_files", rows, "", &json!([file]));
    let person = json!({"id": 1, "is_company": false, "name": "Ada"});
    let company = json!({"id": 2, "is_company": true, "name": "Ada & Co"});
    let rows = json!([person, company]);
    check(TargetModel::People, "list_partners", rows.clone(), "", &json!([person]));
    check(TargetModel::Company, "list_partners", rows, "", &json!([company]));
}

#[test]
fn a_row_that_does_not_say_its_kind_stays() {
    let only = Only { path: Path::of(&["type"]), test: Test::Not(vec!["folder".to_owned()]) };
    let records = Records { path: Path::default(), only: Some(only) };
    let rows = vec![json!({"type": "Folder"}), json!({"type": null}), json!({"name": "a"})];
    assert_eq!(records.left_out(&rows), 1);
    assert_eq!(records.of(rows).len(), 2);
}

#[test]
fn a_path_from_a_record_leads_on_from_its_row() {
    let records = Records { path: Path::of(&["payment", "lines"]), only: None };
    let from_row = |text: &str| records.from_row(&text.parse().unwrap()).to_string();
    assert_eq!(from_row("amount"), "payment.lines.amount");
    assert_eq!(from_row("^.currency.code"), "currency.code");
}

proptest! {
    /// Nothing is lost and nothing made up: as many records as there are items.
    #[test]
    fn every_item_of_every_row_is_one_record(sizes in prop::collection::vec(0_usize..6, 0..8)) {
        let row = |(at, size): (usize, &usize)| {
            let lines: Vec<Value> = (0..*size).map(|line| json!({"n": line})).collect();
            json!({"id": at, "lines": lines})
        };
        let rows: Vec<Value> = sizes.iter().enumerate().map(row).collect();
        let records = Records { path: Path::of(&["lines"]), only: None };
        let found = records.of(rows);
        prop_assert_eq!(found.len(), sizes.iter().sum::<usize>());
        for it in found {
            let enclosing = it.get(ENCLOSING);
            prop_assert!(enclosing.is_some_and(|it| it.get("id").is_some() && it.get("lines").is_none()));
        }
    }
}
