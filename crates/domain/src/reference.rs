//! How a record names its parents: by the provider's identifier, else by a natural key beside it.
//!
//! Which attributes refer to which models is the schemas' word (`x-ref`); what stands in for an
//! identifier is `targets.md`'s.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::target::TargetModel;

crate::words! {
    /// By what a parent is found when its identifier is not given.
    NaturalKey, "natural key" {
        /// A company's or a person's name.
        Name = "name",
        /// The address that a company or a person is known by.
        Email = "email",
        /// A journal's code.
        Code = "code",
        /// A ledger account's number.
        AccountNumber = "account_number",
        InvoiceNumber = "invoice_number",
        /// The number of a journal entry.
        EntryNumber = "entry_number",
        Iban = "iban",
    }
}

impl NaturalKey {
    /// One spelling for keys that people write in several. Empty: no key.
    pub fn fold(self, given: &str) -> String {
        match self {
            Self::Name => given.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase(),
            Self::Email => given.trim().to_lowercase(),
            Self::Code
            | Self::AccountNumber
            | Self::InvoiceNumber
            | Self::EntryNumber
            | Self::Iban => given.trim().to_owned(),
        }
    }
}

/// A parent that a record names, by whichever key it gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// Of the child; dotted for a member of a list.
    pub attribute: String,
    pub model: TargetModel,
    pub external_id: String,
}

/// What people call a record of a model, beside its identifier: the attribute and how it is
/// compared. None: they have no other word for it.
pub const fn handle(model: TargetModel) -> Option<(&'static str, NaturalKey)> {
    match model {
        TargetModel::Company => Some(("name", NaturalKey::Name)),
        TargetModel::People => Some(("full_name", NaturalKey::Name)),
        TargetModel::Invoice => Some(("invoice_number", NaturalKey::InvoiceNumber)),
        TargetModel::Account => Some(("iban", NaturalKey::Iban)),
        TargetModel::LedgerAccount => Some(("account_number", NaturalKey::AccountNumber)),
        TargetModel::Journal => Some(("code", NaturalKey::Code)),
        TargetModel::JournalEntry => Some(("entry_number", NaturalKey::EntryNumber)),
        TargetModel::Transaction
        | TargetModel::Email
        | TargetModel::PaymentMeans
        | TargetModel::InvoiceTransaction
        | TargetModel::Document => None,
    }
}

/// What people call this record, as it is compared ([`as_known`]).
pub fn known_as(model: TargetModel, entity: &Value) -> Option<String> {
    match entity.get(handle(model)?.0)? {
        Value::String(it) => as_known(model, it),
        Value::Number(it) => as_known(model, &it.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// What people call a record, in the one spelling that is compared; at most 255 characters.
pub fn as_known(model: TargetModel, given: &str) -> Option<String> {
    let folded = handle(model)?.1.fold(given);
    (!folded.is_empty()).then(|| crate::diagnostic::storable(&folded, 255))
}

/// An attribute that refers to a record of another model, or of its own.
#[derive(Debug, Clone)]
pub struct Reference {
    pub child: TargetModel,
    /// Holds the parent's external id; dotted for a member of a list, e.g.
    /// `lines.ledger_account_external_id`.
    pub attribute: String,
    /// The first of these that has the record is its model.
    pub parents: Vec<TargetModel>,
    /// What stands in for the id, in this order.
    pub naturals: Vec<Natural>,
    /// Without the parent the record is of no use: it waits.
    pub required: bool,
    /// The natural key is a fact of the record itself, such as an address, and no claim that a
    /// parent is known: nothing is said when none has it.
    pub is_soft: bool,
}

/// A sibling attribute, and what it says of a parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Natural {
    /// Beside the reference: of the record, or of the same item of a list.
    pub attribute: &'static str,
    pub parent: TargetModel,
    pub key: NaturalKey,
}

/// What stands in for identifiers: child, reference, sibling, parent, key.
#[rustfmt::skip]
const NATURALS: &[(TargetModel, &str, &str, TargetModel, NaturalKey)] = &[
    (TargetModel::People, "company_external_id", "company_name", TargetModel::Company, NaturalKey::Name),
    (TargetModel::Invoice, "issuer_external_id", "issuer_name", TargetModel::Company, NaturalKey::Name),
    (TargetModel::Invoice, "receiver_external_id", "receiver_name", TargetModel::Company, NaturalKey::Name),
    (TargetModel::InvoiceTransaction, "invoice_external_id", "invoice_number", TargetModel::Invoice, NaturalKey::InvoiceNumber),
    (TargetModel::JournalEntry, "journal_external_id", "journal_code", TargetModel::Journal, NaturalKey::Code),
    (TargetModel::JournalEntry, "lines.ledger_account_external_id", "ledger_account_account_number", TargetModel::LedgerAccount, NaturalKey::AccountNumber),
    (TargetModel::PaymentMeans, "holder_external_id", "holder_name", TargetModel::Company, NaturalKey::Name),
    (TargetModel::PaymentMeans, "holder_external_id", "holder_name", TargetModel::People, NaturalKey::Name),
    (TargetModel::PaymentMeans, "account_external_id", "iban", TargetModel::Account, NaturalKey::Iban),
    (TargetModel::Account, HOLDER, "holder_name", TargetModel::Company, NaturalKey::Name),
    (TargetModel::Account, HOLDER, "holder_name", TargetModel::People, NaturalKey::Name),
    (TargetModel::Email, "people_external_id", "email", TargetModel::People, NaturalKey::Email),
    (TargetModel::Email, "company_external_id", "email", TargetModel::Company, NaturalKey::Email),
];

/// The holder of an account, found by its name: its schema has no attribute for it, its table has.
pub const HOLDER: &str = "holder_external_id";

static REFERENCES: LazyLock<Vec<Reference>> =
    LazyLock::new(|| TargetModel::ALL.iter().flat_map(|it| of_schema(*it)).collect());

/// Every reference of a model.
pub fn of(model: TargetModel) -> impl Iterator<Item = &'static Reference> {
    REFERENCES.iter().filter(move |it| it.child == model)
}

fn of_schema(child: TargetModel) -> Vec<Reference> {
    let schema = child.schema();
    let members = schema.attributes.iter().flat_map(|list| {
        list.items.iter().map(move |it| (format!("{}.{}", list.name, it.name), it))
    });
    let all = schema.attributes.iter().map(|it| (it.name.clone(), it)).chain(members);
    let mut references: Vec<Reference> = all
        .filter(|(_, it)| !it.refers_to.is_empty())
        .map(|(attribute, it)| reference(child, attribute, it.refers_to.clone()))
        .collect();
    if child == TargetModel::Account {
        let parents = vec![TargetModel::Company, TargetModel::People];
        references.push(reference(child, HOLDER.to_owned(), parents));
    }
    references
}

fn reference(child: TargetModel, attribute: String, parents: Vec<TargetModel>) -> Reference {
    let naturals = NATURALS
        .iter()
        .filter(|it| it.0 == child && it.1 == attribute)
        .map(|(.., name, parent, key)| Natural { attribute: name, parent: *parent, key: *key })
        .collect();
    let is_soft =
        matches!(child, TargetModel::PaymentMeans | TargetModel::Account | TargetModel::Email);
    let required = child.requires(&attribute);
    Reference { child, attribute, parents, naturals, required, is_soft }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_natural_key_stands_beside_a_reference() {
        for (child, reference, sibling, parent, key) in NATURALS {
            let found = of(*child).find(|it| it.attribute == *reference).expect("a reference");
            assert!(found.parents.contains(parent));
            let natural = Natural { attribute: sibling, parent: *parent, key: *key };
            assert!(found.naturals.contains(&natural));
            let schema = child.schema();
            let has = match reference.split_once('.') {
                Some((list, _)) => {
                    let list = schema.attribute(list).expect("a list");
                    list.items.iter().any(|it| it.name == *sibling)
                }
                None => schema.attribute(sibling).is_some(),
            };
            assert!(has, "{child} has no {sibling}");
        }
    }

    #[test]
    fn names_are_compared_without_regard_to_case_and_blanks() {
        assert_eq!(NaturalKey::Name.fold("  Harbour  ÖL Ltd "), "harbour öl ltd");
        assert_eq!(NaturalKey::Code.fold(" VT"), "VT");
    }
}
