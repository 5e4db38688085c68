//! Tests of the validator.

use chrono::NaiveDate;
use expect_test::{Expect, expect};
use serde_json::{Value, json};

use super::*;

mod laws;
mod links;

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 6, 1).unwrap()
}

/// What a value becomes: the entity in lines, or the causes of its rejection.
fn told(model: TargetModel, value: &Value) -> String {
    match check(model, value, today()) {
        Ok(it) => {
            let mut lines = vec![format!("key {}", it.external_id)];
            let each = it.values.iter();
            lines
                .extend(each.map(|(name, it)| format!("{name}: {} {}", it.kind(), it.canonical())));
            lines.extend(it.repairs.iter().map(|it| format!("repaired: {}", it.says())));
            lines.join("\n")
        }
        Err(causes) => {
            let each =
                causes.iter().map(|it| format!("{} ({}: {})", it.says(), it.rule, it.detail));
            each.collect::<Vec<_>>().join("\n")
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "literals at every call")]
fn check_value(model: TargetModel, value: Value, expected: Expect) {
    expected.assert_eq(&told(model, &value));
}

fn invoice(more: Value) -> Value {
    let mut value = json!({
        "invoice_external_id": "in_1", "issue_date": "2026-05-01", "status": "issued",
        "grand_total": 120,
    });
    value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    value
}

#[test]
fn an_invoice_is_read_by_the_kinds_of_its_schema() {
    check_value(
        TargetModel::Invoice,
        invoice(json!({
            "local_currency": "EUR", "items_total": 100, "tax_total": 20.004, "due_date": null,
            "receiver_name": "", "terms": "30 days",
            "items": [{ "description": "Work", "quantity": 2, "unit_price": 50.0, "line_total": null }, {}],
        })),
        expect![[r#"
            key in_1
            grand_total: decimal 120
            invoice_external_id: text in_1
            issue_date: date 2026-05-01
            items: json [{"description":"Work","quantity":2,"unit_price":50}]
            items_total: decimal 100
            local_currency: text EUR
            status: text issued
            tax_total: decimal 20.004
            terms: text 30 days"#]],
    );
}

#[test]
fn absent_required_members_are_named_in_the_words_of_the_contract() {
    check_value(
        TargetModel::Invoice,
        json!({ "invoice_external_id": "", "issue_date": null, "status": [], "grand_total": {} }),
        expect![[r#"
            required field 'invoice_external_id' null (null_required: required by the schema)
            required field 'status' null (null_required: required by the schema)
            required field 'issue_date' null (null_required: required by the schema)
            required field 'grand_total' null (null_required: required by the schema)"#]],
    );
}

#[test]
fn a_value_of_the_wrong_kind_is_rejected_and_not_also_called_missing() {
    check_value(
        TargetModel::Invoice,
        invoice(json!({
            "issue_date": "01/05/2026", "status": "open", "grand_total": "a lot",
            "local_currency": "euro", "surprise": 1, "items": [{ "price": 1 }],
        })),
        expect![[r#"
            field 'status' not an allowed value (not_in_enum: one of draft, issued, paid, canceled)
            field 'issue_date' not of the required format (bad_format: YYYY-MM-DD)
            field 'local_currency' not of the required pattern (bad_pattern: ^[A-Z]{3}$)
            field 'grand_total' of wrong type (wrong_type: a number)
            unknown field 'items.price' (unknown_field: not in the schema)
            unknown field 'surprise' (unknown_field: not in the schema)"#]],
    );
}

#[test]
fn a_text_over_its_length_is_rejected_and_not_cut() {
    check_value(
        TargetModel::Journal,
        json!({ "journal_external_id": "j".repeat(256), "code": "MISCELLANEOUS" }),
        expect![[r#"
            field 'journal_external_id' too long (too_long: at most 255 characters)
            field 'code' too long (too_long: at most 10 characters)"#]],
    );
}

#[test]
fn totals_add_up_within_a_cent() {
    let totals = |tax: f64| invoice(json!({ "items_total": 100, "tax_total": tax }));
    check_value(
        TargetModel::Invoice,
        totals(20.02),
        expect![
            "field 'grand_total' not the sum of its parts (totals_do_not_add_up: items_total + tax_total within 0.01)"
        ],
    );
    assert!(check(TargetModel::Invoice, &totals(20.01), today()).is_ok());
    assert!(check(TargetModel::Invoice, &totals(19.99), today()).is_ok());
}

#[test]
fn a_currency_is_one_of_iso_4217() {
    check_value(
        TargetModel::Invoice,
        invoice(json!({ "local_currency": "XYZ" })),
        expect!["field 'local_currency' not an allowed value (not_in_enum: a code of ISO 4217)"],
    );
}

#[test]
fn credit_notes_are_stored_positive() {
    check_value(
        TargetModel::Invoice,
        invoice(json!({
            "document_type_code": "381", "grand_total": -12, "items_total": -10, "tax_total": -2,
            "items": [{ "quantity": -1, "unit_price": 10, "line_total": -10 }],
        })),
        expect![[r#"
            key in_1
            document_type_code: text 381
            grand_total: decimal 12
            invoice_external_id: text in_1
            issue_date: date 2026-05-01
            items: json [{"line_total":10,"quantity":1,"unit_price":10}]
            items_total: decimal 10
            status: text issued
            tax_total: decimal 2"#]],
    );
}

fn transaction(amount: Value, booking_date: &str) -> Value {
    json!({
        "transaction_external_id": "t1", "instructed_amount": amount, "booking_date": booking_date,
    })
}

#[test]
fn an_amount_has_a_currency_beside_it() {
    let on = "2026-05-01";
    check_value(
        TargetModel::Transaction,
        transaction(json!({ "amount": -12.5, "currency": null }), on),
        expect![
            "field 'instructed_amount' without a currency (missing_currency: a currency beside every amount)"
        ],
    );
    check_value(
        TargetModel::Transaction,
        transaction(json!({ "amount": "", "currency": "EUR" }), on),
        expect![
            "required field 'instructed_amount.amount' null (null_required: required by the schema)"
        ],
    );
    check_value(
        TargetModel::Transaction,
        transaction(json!({ "amount": null }), on),
        expect!["required field 'instructed_amount' null (null_required: required by the schema)"],
    );
    check_value(
        TargetModel::Transaction,
        transaction(json!({ "amount": -12.50, "currency": "EUR" }), on),
        expect![[r#"
            key t1
            booking_date: date 2026-05-01
            instructed_amount: money -12.5 EUR
            transaction_external_id: text t1"#]],
    );
}

#[test]
fn a_booking_date_lies_between_1970_and_two_years_ahead() {
    let with = |date: &str| {
        let value = transaction(json!({ "amount": 1, "currency": "EUR" }), date);
        check(TargetModel::Transaction, &value, today()).is_ok()
    };
    let days = ["1969-12-31", "1970-01-01", "2028-06-01", "2028-06-02"];
    assert_eq!(days.map(with), [false, true, true, false]);
}

#[test]
fn lines_of_an_entry_balance() {
    let entry = |lines: Value| json!({ "journal_entry_external_id": "e1", "entry_date": "2026-05-01", "lines": lines });
    check_value(
        TargetModel::JournalEntry,
        entry(json!([{ "debit": 10 }, { "credit": 9.5 }])),
        expect!["field 'lines' not balanced (unbalanced: debits = credits within 0.01)"],
    );
    check_value(
        TargetModel::JournalEntry,
        entry(json!([{ "debit": 10, "credit": 10 }, { "debit": -1, "credit": 0 }, { "debit": 1 }])),
        expect![[r#"
            field 'lines.debit' out of range (out_of_range: at least 0)
            field 'lines.debit' not balanced (unbalanced: only one of debit and credit on a line)"#]],
    );
    assert!(
        check(
            TargetModel::JournalEntry,
            &entry(json!([{ "debit": 10, "credit": 0 }, { "debit": 0, "credit": 10 }])),
            today()
        )
        .is_ok()
    );
}

#[test]
fn an_allocation_is_more_than_nothing() {
    let of = |amount: i64| {
        json!({
            "invoice_transaction_external_id": "a1", "amount": amount, "invoice_number": "R-1",
            "transaction_external_id": "t1",
        })
    };
    check_value(
        TargetModel::InvoiceTransaction,
        of(0),
        expect!["field 'amount' out of range (out_of_range: more than 0)"],
    );
    assert!(check(TargetModel::InvoiceTransaction, &of(1), today()).is_ok());
    check_value(
        TargetModel::InvoiceTransaction,
        json!({ "invoice_transaction_external_id": "a1", "amount": 1 }),
        expect![[r#"
            required field 'invoice_external_id' null (null_required: required by the schema)
            required field 'transaction_external_id' null (null_required: required by the schema)"#]],
    );
}

#[test]
fn an_address_in_lower_case_is_the_key_of_an_email() {
    check_value(
        TargetModel::Email,
        json!({ "email": "Ada@Example.ORG", "is_primary": true }),
        expect![[r#"
            key ada@example.org
            email: text ada@example.org
            is_primary: boolean true"#]],
    );
    for wrong in ["ada", "ada@", "@example.org", "a b@example.org", "ada@localhost", "a@b..org"] {
        let value = json!({ "email": wrong });
        let causes = check(TargetModel::Email, &value, today()).unwrap_err();
        assert_eq!(causes.first().unwrap().rule, Rule::BadFormat, "{wrong}");
    }
}

#[test]
fn what_only_claims_to_be_an_iban_is_an_account_number() {
    let account = |iban: &str| json!({ "account_external_id": "a", "type": "other", "iban": iban });
    check_value(
        TargetModel::Account,
        account("de89 3704 0044 0532 0130 00"),
        expect![[r#"
            key a
            account_external_id: text a
            iban: text DE89370400440532013000
            type: text other"#]],
    );
    check_value(
        TargetModel::Account,
        account("DE89 **** **** 3000"),
        expect![[r#"
            key a
            account_external_id: text a
            account_number: text DE89 **** **** 3000
            type: text other
            repaired: field 'iban' with a wrong checksum"#]],
    );
    check_value(
        TargetModel::Account,
        account("DE88370400440532013000"),
        expect![[r#"
            key a
            account_external_id: text a
            account_number: text DE88370400440532013000
            type: text other
            repaired: field 'iban' with a wrong checksum"#]],
    );
}

#[test]
fn keys_that_a_model_allows_stand_in_for_a_missing_one() {
    let key = |model, value: Value| check(model, &value, today()).unwrap().external_id;
    assert_eq!(key(TargetModel::Company, json!({ "name": "A", "tax_id_value": "FR1" })), "FR1");
    assert_eq!(key(TargetModel::Company, json!({ "name": "A", "domain": "a.org" })), "a.org");
    let document = json!({ "path": "/in", "filename": "a.pdf" });
    assert_eq!(key(TargetModel::Document, document), "/in:a.pdf");
    let allocation =
        json!({ "invoice_external_id": "i", "transaction_external_id": "t", "amount": 1 });
    assert_eq!(key(TargetModel::InvoiceTransaction, allocation), "i:t");
}

#[test]
fn equal_content_has_equal_hashes() {
    let hash = |value: Value| check(TargetModel::Invoice, &value, today()).unwrap().content_hash();
    let one = hash(invoice(
        json!({ "grand_total": 120.5, "items": [{ "quantity": 1, "line_total": 2 }] }),
    ));
    let other = hash(invoice(
        json!({ "items": [{ "line_total": 2.0, "quantity": 1 }], "grand_total": "120.50" }),
    ));
    assert_eq!(one, other);
    assert_ne!(one, hash(invoice(json!({ "grand_total": 120.51 }))));
}

#[test]
fn a_time_is_kept_in_utc_with_milliseconds() {
    let time = |text: &str| {
        let value = json!({ "document_external_id": "d", "filename": "f", "uploaded_at": text });
        let entity = check(TargetModel::Document, &value, today()).ok()?;
        Some(entity.values.get("uploaded_at")?.canonical())
    };
    assert_eq!(time("2026-06-01T14:32:07.1239Z"), Some("1780324327123".to_owned()));
    assert_eq!(time("2026-06-01T16:32:07.123+0200"), time("2026-06-01T14:32:07.123Z"));
    assert_eq!(time("2026-06-01 14:32:07"), time("2026-06-01T14:32:07Z"));
    assert_eq!(time("2026-06-01"), None);
}

#[test]
fn the_most_frequent_causes_come_first() {
    let rejected: Vec<Vec<Cause>> =
        [json!({}), json!({ "name": "x" }), json!({ "company_external_id": 1, "name": "x" })]
            .iter()
            .map(|it| check(TargetModel::Company, it, today()).unwrap_err())
            .collect();
    let mut counted = Causes::default();
    rejected.iter().for_each(|it| counted.add(it));
    let causes = counted.most_frequent();
    let lines: Vec<String> =
        causes.iter().map(|it| format!("{} {} {}", it.count, it.rule, it.says)).collect();
    expect![[r#"
        2 null_required required field 'company_external_id' null
        1 wrong_type field 'company_external_id' of wrong type
        1 null_required required field 'name' null"#]]
    .assert_eq(&lines.join("\n"));
}

#[test]
fn what_is_no_object_is_rejected() {
    check_value(
        TargetModel::Company,
        json!([1]),
        expect!["field '' of wrong type (wrong_type: the mapping gave no object)"],
    );
}
