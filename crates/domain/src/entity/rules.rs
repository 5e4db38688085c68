//! The rules of each model beyond types: what rejects a row, and what is set right instead.

use std::collections::BTreeMap;

use chrono::{Datelike, Months, NaiveDate};
use rust_decimal::Decimal;
use serde_json::Value;

use super::field::{exact, is_address};
use super::iban::compact;
use super::{Cause, FieldValue, Rule, is_currency, is_iban};
use crate::target::TargetModel;

type Values = BTreeMap<String, FieldValue>;

/// Rounding of one cent is not an error of the books.
const TOLERANCE: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

/// UNTDID 1001.
const CREDIT_NOTE: &str = "381";

/// Puts values where they belong; each move that a reader would wonder about is told.
pub(super) fn settle(model: TargetModel, values: &mut Values) -> Vec<Cause> {
    match model {
        TargetModel::Account | TargetModel::PaymentMeans => {
            settle_iban(values).into_iter().collect()
        }
        TargetModel::Invoice => {
            settle_credit_note(values);
            Vec::new()
        }
        TargetModel::Company
        | TargetModel::People
        | TargetModel::Transaction
        | TargetModel::LedgerAccount
        | TargetModel::Journal
        | TargetModel::JournalEntry
        | TargetModel::Email
        | TargetModel::InvoiceTransaction
        | TargetModel::Document => Vec::new(),
    }
}

/// What is wrong with values that are each sound on their own.
pub(super) fn broken(model: TargetModel, values: &Values, today: NaiveDate) -> Vec<Cause> {
    match model {
        TargetModel::Invoice => invoice(values),
        TargetModel::Transaction => transaction(values, today),
        TargetModel::JournalEntry => journal_entry(values),
        TargetModel::InvoiceTransaction => invoice_transaction(values),
        TargetModel::Email => email(values),
        TargetModel::Company
        | TargetModel::People
        | TargetModel::Account
        | TargetModel::LedgerAccount
        | TargetModel::Journal
        | TargetModel::PaymentMeans
        | TargetModel::Document => Vec::new(),
    }
}

/// A text that claims to be an IBAN and is none is an account number (masked, or local).
fn settle_iban(values: &mut Values) -> Option<Cause> {
    let Some(FieldValue::Text(text)) = values.remove("iban") else { return None };
    if is_iban(&text) {
        values.insert("iban".to_owned(), FieldValue::Text(compact(&text)));
        return None;
    }
    values.entry("account_number".to_owned()).or_insert(FieldValue::Text(text));
    Some(Cause::new(
        "iban",
        Rule::BadChecksum,
        "not an IBAN; kept as the account number if it had none",
    ))
}

/// Credit notes are stored positive, whichever sign the provider writes.
fn settle_credit_note(values: &mut Values) {
    let is_credit_note =
        values.get("document_type_code").map(FieldValue::canonical).as_deref() == Some(CREDIT_NOTE);
    let is_negative = number(values, "grand_total").is_some_and(|it| it < Decimal::ZERO);
    if !(is_credit_note && is_negative) {
        return;
    }
    for name in ["items_total", "tax_total", "grand_total", "balance_due", "paid_amount"] {
        if let Some(FieldValue::Decimal(amount)) = values.get_mut(name) {
            *amount = -*amount;
        }
    }
    if let Some(FieldValue::Json(Value::Array(items))) = values.get_mut("items") {
        items.iter_mut().for_each(turn_line);
    }
}

/// Turns the sign of a line: of its total, and of one of its factors.
fn turn_line(line: &mut Value) {
    let negative = |name: &str| member(line, name).is_some_and(|it| it < Decimal::ZERO);
    let factor = if negative("quantity") { "quantity" } else { "unit_price" };
    for name in ["line_total", factor] {
        if let Some(amount) = member(line, name) {
            line[name] = exact(-amount);
        }
    }
}

fn invoice(values: &Values) -> Vec<Cause> {
    let mut causes = Vec::new();
    let totals =
        (number(values, "items_total"), number(values, "tax_total"), number(values, "grand_total"));
    if let (Some(items), Some(tax), Some(grand)) = totals
        && !is_near(items.checked_add(tax), grand)
    {
        let detail = "items_total + tax_total within 0.01";
        causes.push(Cause::new("grand_total", Rule::TotalsDoNotAddUp, detail));
    }
    if let Some(FieldValue::Text(code)) = values.get("local_currency")
        && !is_currency(code)
    {
        causes.push(Cause::new("local_currency", Rule::NotInEnum, "a code of ISO 4217"));
    }
    causes
}

fn transaction(values: &Values, today: NaiveDate) -> Vec<Cause> {
    let latest = today.checked_add_months(Months::new(24)).unwrap_or(NaiveDate::MAX);
    match values.get("booking_date") {
        Some(FieldValue::Date(date)) if date.year() < 1970 || *date > latest => {
            let detail = "between 1970 and two years ahead";
            vec![Cause::new("booking_date", Rule::OutOfRange, detail)]
        }
        _ => Vec::new(),
    }
}

fn journal_entry(values: &Values) -> Vec<Cause> {
    let Some(FieldValue::Json(Value::Array(lines))) = values.get("lines") else {
        return Vec::new();
    };
    let mut causes = Vec::new();
    let side = |line: &Value, name: &str| member(line, name).unwrap_or_default();
    for name in ["debit", "credit"] {
        if lines.iter().any(|line| side(line, name) < Decimal::ZERO) {
            causes.push(Cause::new(&format!("lines.{name}"), Rule::OutOfRange, "at least 0"));
        }
    }
    let is_double =
        |line: &Value| !side(line, "debit").is_zero() && !side(line, "credit").is_zero();
    if lines.iter().any(is_double) {
        let detail = "only one of debit and credit on a line";
        causes.push(Cause::new("lines.debit", Rule::Unbalanced, detail));
    }
    let sum = |name: &str| {
        let mut amounts = lines.iter().map(|line| side(line, name));
        amounts.try_fold(Decimal::ZERO, Decimal::checked_add)
    };
    if !sum("credit").is_some_and(|credits| is_near(sum("debit"), credits)) {
        causes.push(Cause::new("lines", Rule::Unbalanced, "debits = credits within 0.01"));
    }
    causes
}

/// An allocation that names no invoice or no payment is of no use, and has nothing to wait for.
fn invoice_transaction(values: &Values) -> Vec<Cause> {
    let mut causes = Vec::new();
    if !values.contains_key("invoice_external_id") && !values.contains_key("invoice_number") {
        causes.push(Cause::null_required("invoice_external_id"));
    }
    if !values.contains_key("transaction_external_id") {
        causes.push(Cause::null_required("transaction_external_id"));
    }
    if number(values, "amount").is_some_and(|amount| amount <= Decimal::ZERO) {
        causes.push(Cause::new("amount", Rule::OutOfRange, "more than 0"));
    }
    causes
}

fn email(values: &Values) -> Vec<Cause> {
    match values.get("email") {
        Some(FieldValue::Text(address)) if !is_address(address) => {
            vec![Cause::new("email", Rule::BadFormat, "an e-mail address")]
        }
        _ => Vec::new(),
    }
}

fn number(values: &Values, name: &str) -> Option<Decimal> {
    match values.get(name) {
        Some(FieldValue::Decimal(it)) => Some(*it),
        _ => None,
    }
}

/// A decimal of a line; lines are stored as JSON, written by [`exact`].
fn member(line: &Value, name: &str) -> Option<Decimal> {
    match line.get(name)? {
        Value::Number(it) => {
            let text = it.to_string();
            Decimal::from_str_exact(&text).or_else(|_| Decimal::from_scientific(&text)).ok()
        }
        Value::String(it) => Decimal::from_str_exact(it).ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// An overflow is near to nothing.
fn is_near(left: Option<Decimal>, right: Decimal) -> bool {
    left.and_then(|it| it.checked_sub(right)).is_some_and(|it| it.abs() <= TOLERANCE)
}
