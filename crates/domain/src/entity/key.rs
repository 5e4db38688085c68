//! The external id of a record whose provider gives none.

use std::collections::BTreeMap;

use super::FieldValue;
use crate::target::TargetModel;

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
        TargetModel::People
        | TargetModel::Invoice
        | TargetModel::Transaction
        | TargetModel::Account
        | TargetModel::LedgerAccount
        | TargetModel::Journal
        | TargetModel::JournalEntry
        | TargetModel::PaymentMeans => None,
    };
    if let Some(key) = key {
        values.insert(model.external_id().to_owned(), FieldValue::Text(key));
    }
}

fn joined((left, right): (String, String)) -> String {
    format!("{left}:{right}")
}
