//! Tests of the heuristics, on rows made by hand after shapes that providers have.

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use super::*;
use crate::expression::{Limits, apply};
use crate::plan::DateFormat;

mod amounts;
mod laws;
mod texts;

fn hints(tool: &'static str) -> Hints<'static> {
    Hints { tool_name: tool, ..Hints::default() }
}

/// Each filled slot with its origin, and then what the first row becomes.
fn told(target: TargetModel, rows: &[Value], hints: &Hints<'_>) -> String {
    let drawn = plan(target, rows, hints);
    let mut lines: Vec<String> = Vec::new();
    for it in &drawn.report {
        let constant = drawn
            .plan
            .slot(&it.slot)
            .is_some_and(|it| matches!(it.source, Source::Constant { .. }));
        if it.path.is_none() && !constant {
            continue;
        }
        let transforms: String = it.transforms.iter().map(|it| format!(" | {it}")).collect();
        lines.push(format!(
            "{} <- {}{transforms}",
            it.slot,
            it.path.as_deref().unwrap_or("constant")
        ));
    }
    lines.extend(drawn.missing_required.iter().map(|it| format!("missing {it}")));
    let outcomes = apply(&crate::compile(&drawn.plan), rows, &Limits::default()).unwrap();
    if let Some(Ok(first)) = outcomes.first() {
        lines.push(first.to_string());
    }
    lines.join("\n")
}

#[expect(clippy::needless_pass_by_value, reason = "literals at every call")]
fn check(target: TargetModel, tool: &'static str, rows: Value, expected: Expect) {
    expected.assert_eq(&told(target, rows.as_array().unwrap(), &hints(tool)));
}

#[test]
fn money_in_and_money_out_are_one_amount() {
    check(
        TargetModel::Transaction,
        "list_transactions",
        json!([
            { "id": 1, "date": "31/05/2026", "paid_in": "", "paid_out": "12.50", "currency": "GBP", "details": "Cafe" },
            { "id": 2, "date": "01/06/2026", "paid_in": "100.00", "paid_out": "", "currency": "GBP", "details": "Pay" },
        ]),
        expect![[r#"
            transaction_external_id <- id | text
            instructed_amount.amount <- paid_in, paid_out
            instructed_amount.currency <- currency
            booking_date <- date | date
            remittance.unstructured <- details
            {"transaction_external_id":"1","instructed_amount":{"amount":-12.5,"currency":"GBP"},"booking_date":"2026-05-31","remittance":{"unstructured":"Cafe"}}"#]],
    );
}

#[test]
fn a_day_that_may_be_a_month_is_not_guessed_at() {
    let drawn = |day: &str| {
        let rows = [json!({ "id": "1", "date": "03/04/2026" }), json!({ "id": "2", "date": day })];
        let drawn = plan(TargetModel::Invoice, &rows, &Hints::default());
        drawn.plan.slot("issue_date").cloned().unwrap().transforms
    };
    assert_eq!(drawn("05/06/2026"), []);
    assert_eq!(drawn("25/06/2026"), [Transform::Date { format: DateFormat::DayFirst }]);
    assert_eq!(drawn("06/25/2026"), [Transform::Date { format: DateFormat::MonthFirst }]);
}

#[test]
fn what_we_buy_has_an_issuer_and_what_we_sell_has_a_receiver() {
    let row = json!([{ "id": "1", "contact": { "id": "c1", "name": "Acme" }, "date": "2026-05-01", "total": 5, "status": "open" }]);
    check(
        TargetModel::Invoice,
        "list_invoices",
        row.clone(),
        expect![[r#"
        invoice_external_id <- id
        status <- status | enum
        issue_date <- date
        document_type_code <- constant
        grand_total <- total
        receiver_external_id <- contact.id
        receiver_name <- contact.name
        {"invoice_external_id":"1","status":"issued","issue_date":"2026-05-01","document_type_code":"380","grand_total":5,"receiver_external_id":"c1","receiver_name":"Acme"}"#]],
    );
    check(
        TargetModel::Invoice,
        "list_bills",
        row,
        expect![[r#"
        invoice_external_id <- id
        status <- status | enum
        issue_date <- date
        document_type_code <- constant
        grand_total <- total
        issuer_external_id <- contact.id
        issuer_name <- contact.name
        {"invoice_external_id":"1","status":"issued","issue_date":"2026-05-01","document_type_code":"380","grand_total":5,"issuer_external_id":"c1","issuer_name":"Acme"}"#]],
    );
}

#[test]
fn a_status_follows_from_what_is_left_to_pay() {
    check(
        TargetModel::Invoice,
        "list_invoices",
        json!([
            { "Id": "1", "TxnDate": "2026-05-01", "TotalAmt": 5.5, "Balance": 0, "CurrencyRef": { "value": "USD" }, "CustomerRef": { "value": "7", "name": "Acme" } },
            { "Id": "2", "TxnDate": "2026-05-02", "TotalAmt": 7, "Balance": 7, "CurrencyRef": { "value": "USD" }, "CustomerRef": { "value": "8", "name": "Bolt" } },
        ]),
        expect![[r#"
            invoice_external_id <- Id
            status <- Balance | enum
            issue_date <- TxnDate
            document_type_code <- constant
            local_currency <- CurrencyRef.value
            grand_total <- TotalAmt
            balance_due <- Balance
            receiver_external_id <- CustomerRef.value
            receiver_name <- CustomerRef.name
            {"invoice_external_id":"1","status":"paid","issue_date":"2026-05-01","document_type_code":"380","local_currency":"USD","grand_total":5.5,"balance_due":0,"receiver_external_id":"7","receiver_name":"Acme"}"#]],
    );
}

#[test]
fn false_stands_for_nothing_and_a_pair_for_a_reference() {
    check(
        TargetModel::Invoice,
        "search_read",
        json!([
            { "id": 1, "name": "INV/1", "invoice_date": "2026-05-01", "amount_total": 12, "amount_untaxed": 10, "amount_tax": 2, "state": "posted", "ref": false, "partner_id": [7, "Azure Interior"] },
            { "id": 2, "name": "INV/2", "invoice_date": "2026-05-02", "amount_total": 12, "amount_untaxed": 10, "amount_tax": 2, "state": "draft", "ref": "PO-9", "partner_id": [8, "Deco Addict"] },
        ]),
        expect![[r#"
            invoice_external_id <- id | text
            invoice_number <- name
            status <- state | enum
            issue_date <- invoice_date
            document_type_code <- constant
            items_total <- amount_untaxed
            tax_total <- amount_tax
            grand_total <- amount_total
            receiver_external_id <- partner_id[0] | text
            receiver_name <- partner_id[1]
            {"invoice_external_id":"1","invoice_number":"INV/1","status":"issued","issue_date":"2026-05-01","document_type_code":"380","items_total":10,"tax_total":2,"grand_total":12,"receiver_external_id":"7","receiver_name":"Azure Interior"}"#]],
    );
}

#[test]
fn a_list_is_reached_by_the_mark_of_its_items() {
    check(
        TargetModel::Company,
        "list_contacts",
        json!([
            { "ContactID": "c1", "Name": "Acme", "Phones": [{ "PhoneType": "FAX", "PhoneNumber": "" }, { "PhoneType": "DEFAULT", "PhoneNumber": "+49 30 1234" }], "Website": "https://www.acme.example/de" },
            { "ContactID": "c2", "Name": "Bolt", "Phones": [{ "PhoneType": "FAX", "PhoneNumber": "" }, { "PhoneType": "DEFAULT", "PhoneNumber": "+49 30 5678" }], "Website": null },
        ]),
        expect![[r#"
            company_external_id <- ContactID
            name <- Name
            domain <- Website | domain
            phone <- Phones[PhoneType=DEFAULT].PhoneNumber
            website <- Website
            {"company_external_id":"c1","name":"Acme","domain":"acme.example","phone":"+49 30 1234","website":"https://www.acme.example/de"}"#]],
    );
}

#[test]
fn a_name_has_parts_and_parts_have_a_name() {
    check(
        TargetModel::People,
        "list_people",
        json!([{ "id": 1, "firstName": "Ada", "lastName": "King", "email": "ada@example.org", "orgName": "Acme" }]),
        expect![[r#"
            people_external_id <- id | text
            full_name <- firstName, lastName
            first_name <- firstName
            last_name <- lastName
            email <- email
            company_name <- orgName
            {"people_external_id":"1","full_name":"Ada King","first_name":"Ada","last_name":"King","email":"ada@example.org","company_name":"Acme"}"#]],
    );
    check(
        TargetModel::People,
        "list_people",
        json!([{ "id": 1, "name": "Ada King", "title": "Analyst", "phone": [{ "value": "123 456", "primary": true }] }]),
        expect![[r#"
            people_external_id <- id | text
            full_name <- name
            first_name <- name | before
            last_name <- name | after
            job_title <- title
            phone <- phone[0].value
            {"people_external_id":"1","full_name":"Ada King","first_name":"Ada","last_name":"King","job_title":"Analyst","phone":"123 456"}"#]],
    );
}

#[test]
fn lines_of_an_entry_have_two_sides() {
    check(
        TargetModel::JournalEntry,
        "list_journal_entries",
        json!([{ "id": "e1", "number": 7, "date": "2026-05-01", "lines": [
            { "account": { "id": "a1", "code": "400" }, "amount": 10, "type": "Debit", "description": "x" },
            { "account": { "id": "a2", "code": "700" }, "amount": 10, "type": "Credit", "description": "y" },
        ] }]),
        expect![[r#"
            journal_entry_external_id <- id
            entry_number <- number | text
            entry_date <- date
            lines <- lines
            lines.ledger_account_external_id <- account.id
            lines.ledger_account_account_number <- account.code
            lines.label <- description
            lines.debit <- amount | only_where
            lines.credit <- amount | only_where
            {"journal_entry_external_id":"e1","entry_number":"7","entry_date":"2026-05-01","lines":[{"ledger_account_external_id":"a1","ledger_account_account_number":"400","label":"x","debit":10,"credit":0},{"ledger_account_external_id":"a2","ledger_account_account_number":"700","label":"y","debit":0,"credit":10}]}"#]],
    );
    check(
        TargetModel::JournalEntry,
        "list_journals",
        json!([{ "JournalID": "e1", "JournalDate": "/Date(1764720000000+0000)/", "JournalLines": [
            { "AccountCode": "400", "NetAmount": 10 }, { "AccountCode": "700", "NetAmount": -10 },
        ] }]),
        expect![[r#"
            journal_entry_external_id <- JournalID
            entry_date <- JournalDate | after | before | before | number | epoch_date
            lines <- JournalLines
            lines.ledger_account_account_number <- AccountCode
            lines.debit <- NetAmount | above
            lines.credit <- NetAmount | below
            {"journal_entry_external_id":"e1","entry_date":"2025-12-03","lines":[{"ledger_account_account_number":"400","debit":10,"credit":0},{"ledger_account_account_number":"700","debit":0,"credit":10}]}"#]],
    );
}

#[test]
fn a_message_holds_an_address() {
    check(
        TargetModel::Email,
        "list_messages",
        json!([{ "id": "m1", "from": "Ada King <Ada@Example.org>", "subject": "Hello", "to": ["b@example.org"] }]),
        expect![[r#"
            email <- from | address
            display_name <- from | before
            {"email":"Ada@Example.org","display_name":"Ada King"}"#]],
    );
}

#[test]
fn kinds_follow_from_the_fields_that_there_are() {
    check(
        TargetModel::PaymentMeans,
        "list_cards",
        json!([{ "id": "p1", "card": { "brand": "visa", "last4": "4242", "exp_month": 4, "exp_year": 2030 } }]),
        expect![[r#"
            payment_means_external_id <- id
            type <- constant
            card_brand <- card.brand
            card_last4 <- card.last4
            card_exp_month <- card.exp_month
            card_exp_year <- card.exp_year
            {"payment_means_external_id":"p1","type":"card","card_brand":"visa","card_last4":"4242","card_exp_month":4,"card_exp_year":2030}"#]],
    );
    check(
        TargetModel::Account,
        "list_accounts",
        json!([{ "id": "a1", "name": "Main", "iban": "DE89370400440532013000", "balance": "1.234,50", "currency": "EUR" }]),
        expect![[r#"
            account_external_id <- id
            account_name <- name
            type <- constant
            iban <- iban
            currency <- currency
            balance <- balance | number
            {"account_external_id":"a1","account_name":"Main","type":"other","iban":"DE89370400440532013000","currency":"EUR","balance":1234.5}"#]],
    );
}

#[test]
fn a_boolean_that_says_the_opposite_is_turned() {
    check(
        TargetModel::LedgerAccount,
        "list_accounts",
        json!([{ "id": "a1", "number": "4000", "displayName": "Sales", "category": "Income", "blocked": false, "subCategory": "Sales" }]),
        expect![[r#"
            ledger_account_external_id <- id
            account_number <- number
            name <- displayName
            account_type <- category | enum
            is_active <- blocked | not
            {"ledger_account_external_id":"a1","account_number":"4000","name":"Sales","account_type":"REVENUE","is_active":true}"#]],
    );
}
