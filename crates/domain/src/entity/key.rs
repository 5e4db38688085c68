//! The external id of a record whose provider gives none.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::FieldValue;
use crate::target::TargetModel;

/// Opens a key that was computed from a record's content: two records may share it, and are told
/// apart by their number.
pub(super) const DERIVED: &str = "derived:";

/// What makes a transaction that transaction, when its provider does not number them.
const TRANSACTION: [&str; 5] =
    ["account_external_id", "booking_date", "instructed_amount", "counterparty_name", "remittance"];

/// How a key comes about when the provider gives none; `None` when it cannot.
pub const fn derivation(model: TargetModel) -> Option<&'static str> {
    match model {
        TargetModel::Company => Some("its tax id, else its domain"),
        TargetModel::Document => Some("its path and file name"),
        TargetModel::InvoiceTransaction => Some("its invoice and transaction"),
        TargetModel::Account => Some("its IBAN, else its number, else its name"),
        TargetModel::Transaction => Some("its account, date, amount, counterparty and text"),
        TargetModel::Email
        | TargetModel::People
        | TargetModel::Invoice
        | TargetModel::LedgerAccount
        | TargetModel::Journal
        | TargetModel::JournalEntry
        | TargetModel::PaymentMeans => None,
    }
}

/// Fills the external id from other attributes, for the models whose key allows it.
pub(super) fn derive(model: TargetModel, values: &mut BTreeMap<String, FieldValue>) {
    let text = |name: &str| match values.get(name) {
        Some(FieldValue::Text(it)) => Some(it.clone()),
        _ => None,
    };
    let key = match model {
        // The address is the key, so it has one spelling.
        TargetModel::Email => text("email").map(|it| it.trim().to_lowercase()),
        _ if values.contains_key(model.external_id()) => None,
        TargetModel::Company => text("tax_id_value").or_else(|| text("domain")),
        TargetModel::Document => text("path").zip(text("filename")).map(joined),
        TargetModel::InvoiceTransaction => {
            text("invoice_external_id").zip(text("transaction_external_id")).map(joined)
        }
        TargetModel::Account => {
            text("iban").or_else(|| text("account_number")).or_else(|| text("account_name"))
        }
        TargetModel::Transaction => content_key(values),
        TargetModel::People
        | TargetModel::Invoice
        | TargetModel::LedgerAccount
        | TargetModel::Journal
        | TargetModel::JournalEntry
        | TargetModel::PaymentMeans => None,
    };
    if let Some(key) = key {
        values.insert(model.external_id().to_owned(), FieldValue::Text(key));
    }
}

/// A digest of the content, if there is enough of it to tell one transaction from the next.
fn content_key(values: &BTreeMap<String, FieldValue>) -> Option<String> {
    if !values.contains_key("booking_date") || !values.contains_key("instructed_amount") {
        return None;
    }
    let mut hash = Sha256::new();
    for name in TRANSACTION {
        hash.update(values.get(name).map(FieldValue::canonical).unwrap_or_default());
        hash.update([0]);
    }
    Some(format!("{DERIVED}{}", crate::hex(&hash.finalize()[..16])))
}

fn joined((left, right): (String, String)) -> String {
    format!("{left}:{right}")
}
