//! What amounts count, and which way they went.

use super::*;

#[test]
fn cents_in_the_name_are_hundredths_and_the_exact_field_wins() {
    check(
        TargetModel::Transaction,
        "search_transactions",
        json!([
            { "posted_date": "2026-05-02", "account": "Main", "amount_cents": -525, "currency": "USD", "merchant": "Cafe", "amount": "-$5.25" },
            { "posted_date": "2026-05-01", "account": "Main", "amount_cents": 120_000, "currency": "USD", "merchant": "Employer", "amount": "$1,200.00" },
        ]),
        expect![[r#"
            account_external_id <- account
            instructed_amount.amount <- amount_cents | minor_units
            instructed_amount.currency <- currency
            booking_date <- posted_date
            counterparty_name <- merchant
            missing transaction_external_id
            {"account_external_id":"Main","instructed_amount":{"amount":-5.25,"currency":"USD"},"booking_date":"2026-05-02","counterparty_name":"Cafe"}"#]],
    );
}

#[test]
fn whole_amounts_beside_a_currency_in_lower_case_count_its_minor_unit() {
    check(
        TargetModel::Invoice,
        "list_invoices",
        json!([
            { "id": "in_1", "number": "F-1", "status": "open", "created": 1_764_720_000, "due_date": null, "total": 1999, "subtotal": 1999, "amount_due": 1999, "currency": "eur", "customer": "cus_9a8b7c6d", "customer_name": "Acme", "lines": { "data": [{ "description": "Plan", "quantity": 1, "amount": 1999 }] } },
            { "id": "in_2", "number": "F-2", "status": "paid", "created": 1_764_820_000, "due_date": null, "total": 500, "subtotal": 500, "amount_due": 0, "currency": "jpy", "customer": "cus_1a2b3c4d", "customer_name": "Bolt", "lines": { "data": [] } },
        ]),
        expect![[r#"
            invoice_external_id <- id
            invoice_number <- number
            status <- status | enum
            issue_date <- created | epoch_date
            due_date <- due_date | date
            document_type_code <- constant
            local_currency <- currency | upper
            items_total <- subtotal | minor_units
            grand_total <- total | minor_units
            balance_due <- amount_due | minor_units
            receiver_external_id <- customer
            receiver_name <- customer_name
            items <- lines.data
            items.description <- description
            items.quantity <- quantity
            items.line_total <- amount | minor_units
            {"invoice_external_id":"in_1","invoice_number":"F-1","status":"issued","issue_date":"2025-12-03","due_date":null,"document_type_code":"380","local_currency":"EUR","items_total":19.99,"grand_total":19.99,"balance_due":19.99,"receiver_external_id":"cus_9a8b7c6d","receiver_name":"Acme","items":[{"description":"Plan","quantity":1,"line_total":19.99}]}"#]],
    );
}

#[test]
fn counts_of_cents_and_of_seconds_may_be_written_as_text() {
    check(
        TargetModel::Invoice,
        "list_invoices",
        json!([
            { "id": "in_1", "created": "1764720000", "total": "1999", "amount_due": "1999", "currency": "eur" },
            { "id": "in_2", "created": "1764820000", "total": "500", "amount_due": "0", "currency": "jpy" },
        ]),
        expect![[r#"
            invoice_external_id <- id
            status <- amount_due | number | minor_units | enum
            issue_date <- created | number | epoch_date
            document_type_code <- constant
            local_currency <- currency | upper
            grand_total <- total | number | minor_units
            balance_due <- amount_due | number | minor_units
            {"invoice_external_id":"in_1","status":"issued","issue_date":"2025-12-03","document_type_code":"380","local_currency":"EUR","grand_total":19.99,"balance_due":19.99}"#]],
    );
}

#[test]
fn a_direction_that_stands_apart_gives_the_amount_its_sign_as_well() {
    check(
        TargetModel::Transaction,
        "list_transactions",
        json!([
            { "id": "t1", "date": "2026-05-02", "value": { "amount": 12.5, "currency": "EUR" }, "details": { "direction": "outgoing" } },
            { "id": "t2", "date": "2026-05-03", "value": { "amount": 99, "currency": "EUR" }, "details": { "direction": "incoming" } },
        ]),
        expect![[r#"
            transaction_external_id <- id
            instructed_amount.amount <- value.amount | sign_from
            instructed_amount.currency <- value.currency
            booking_date <- date
            {"transaction_external_id":"t1","instructed_amount":{"amount":-12.5,"currency":"EUR"},"booking_date":"2026-05-02"}"#]],
    );
}

#[test]
fn a_direction_beside_an_amount_gives_it_its_sign() {
    check(
        TargetModel::Transaction,
        "list_transactions",
        json!([
            { "transaction_id": "a1", "bank_account_id": "b", "amount": 10.5, "side": "debit", "currency": "EUR", "settled_at": "2026-05-02T10:00:00.000Z", "label": "Shop", "status": "completed" },
            { "transaction_id": "a2", "bank_account_id": "b", "amount": 20, "side": "credit", "currency": "EUR", "settled_at": "2026-05-03T10:00:00.000Z", "label": "Client", "status": "pending" },
        ]),
        expect![[r#"
            transaction_external_id <- transaction_id
            account_external_id <- bank_account_id
            instructed_amount.amount <- amount | sign_from
            instructed_amount.currency <- currency
            booking_date <- settled_at | date
            executed_at <- settled_at
            status <- status | enum
            remittance.unstructured <- label
            {"transaction_external_id":"a1","account_external_id":"b","instructed_amount":{"amount":-10.5,"currency":"EUR"},"booking_date":"2026-05-02","executed_at":"2026-05-02T10:00:00.000Z","status":"booked","remittance":{"unstructured":"Shop"}}"#]],
    );
}
