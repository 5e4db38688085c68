//! Tests of the projection by exact names.

use serde_json::json;

use super::*;

#[test]
fn a_field_goes_into_the_slot_of_its_very_name() {
    let rows = [json!({
        "transactionExternalId": "t1", "bookingDate": "2026-05-01", "Status": "booked",
        "instructed_amount": { "amount": 1, "currency": "EUR" }, "payee": "P",
    })];
    let drawn = plan(TargetModel::Transaction, &rows);
    let filled: Vec<String> = drawn
        .report
        .iter()
        .filter_map(|it| Some(format!("{} <- {}", it.slot, it.path.as_ref()?)))
        .collect();
    assert_eq!(
        filled,
        [
            "transaction_external_id <- transactionExternalId",
            "instructed_amount.amount <- instructed_amount.amount",
            "instructed_amount.currency <- instructed_amount.currency",
            "booking_date <- bookingDate",
            "status <- Status",
        ]
    );
    assert!(drawn.missing_required.is_empty());
}

#[test]
fn what_is_not_there_is_named() {
    let drawn = plan(TargetModel::Transaction, &[json!({ "amount": 1 })]);
    assert_eq!(drawn.missing_required.len(), 4);
}
