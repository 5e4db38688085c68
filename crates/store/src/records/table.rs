//! Where the records of a model are kept: its table, its columns, and the SQL that names them.
//!
//! Everything is derived from the model's schema, so that a new attribute is a migration and
//! nothing else.

use domain::TargetModel;
use domain::reference::NaturalKey;
use domain::schema::{Attribute, Kind};

use super::parents::Lookup;

/// How a column's value travels in the JSON document of a batch, and how it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Store {
    Text,
    /// Exact: `numeric` on PostgreSQL, the digits as text on SQLite.
    Decimal,
    Integer,
    Boolean,
    Date,
    Time,
    Json,
}

/// A column of a record table that holds an attribute, or a part of one.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub name: String,
    pub store: Store,
}

/// The table of a model.
pub(crate) const fn name(model: TargetModel) -> &'static str {
    match model {
        TargetModel::Company => "companies",
        TargetModel::People => "people",
        TargetModel::Invoice => "invoices",
        TargetModel::Transaction => "transactions",
        TargetModel::Account => "accounts",
        TargetModel::LedgerAccount => "ledger_accounts",
        TargetModel::Journal => "journals",
        TargetModel::JournalEntry => "journal_entries",
        TargetModel::Email => "emails",
        TargetModel::PaymentMeans => "payment_means",
        TargetModel::InvoiceTransaction => "invoice_transactions",
        TargetModel::Document => "documents",
    }
}

/// The columns that tell one record from another. An e-mail address is one contact channel of the
/// workspace, whichever connector names it; every other key belongs to its connector.
pub(crate) fn key(model: TargetModel) -> String {
    let external_id = model.external_id();
    match is_shared(model) {
        true => format!(r#"workspace_pk, "{external_id}""#),
        false => format!(r#"workspace_pk, source_workspace_connector_pk, "{external_id}""#),
    }
}

/// Whether several connectors may name one record.
pub(crate) fn is_shared(model: TargetModel) -> bool {
    model == TargetModel::Email
}

/// The columns of the attributes, in the order of the schema; the external id is among them.
pub(crate) fn columns(model: TargetModel) -> Vec<Column> {
    model.schema().attributes.iter().flat_map(of_attribute).collect()
}

/// What the table holds beside the attributes, and answers show: a parent that was found without
/// the schema having a place for it.
pub(crate) fn linked(model: TargetModel) -> Vec<Column> {
    let text = |name: &str| Column { name: name.to_owned(), store: Store::Text };
    match model {
        TargetModel::Account => vec![text(domain::reference::HOLDER)],
        TargetModel::Company
        | TargetModel::People
        | TargetModel::Invoice
        | TargetModel::Transaction
        | TargetModel::LedgerAccount
        | TargetModel::Journal
        | TargetModel::JournalEntry
        | TargetModel::Email
        | TargetModel::PaymentMeans
        | TargetModel::InvoiceTransaction
        | TargetModel::Document => Vec::new(),
    }
}

/// Columns that only lookups read: a natural key in the spelling that is compared, made of an
/// attribute. Folded here and not in SQL: under row-level security no index of a function serves.
pub(crate) fn folded(model: TargetModel) -> &'static [(&'static str, &'static str, NaturalKey)] {
    match model {
        TargetModel::Company => {
            &[("name_key", "name", NaturalKey::Name), ("email_key", "email", NaturalKey::Email)]
        }
        TargetModel::People => &[
            ("name_key", "full_name", NaturalKey::Name),
            ("email_key", "email", NaturalKey::Email),
        ],
        TargetModel::Invoice => &[("number_key", "invoice_number", NaturalKey::InvoiceNumber)],
        TargetModel::Transaction
        | TargetModel::Account
        | TargetModel::LedgerAccount
        | TargetModel::Journal
        | TargetModel::JournalEntry
        | TargetModel::Email
        | TargetModel::PaymentMeans
        | TargetModel::InvoiceTransaction
        | TargetModel::Document => &[],
    }
}

/// Every column that an upsert writes.
pub(crate) fn stored(model: TargetModel) -> Vec<Column> {
    let folded = folded(model)
        .iter()
        .map(|(name, ..)| Column { name: (*name).to_owned(), store: Store::Text });
    columns(model).into_iter().chain(linked(model)).chain(folded).collect()
}

/// The column in which a key is looked for.
pub(crate) fn lookup(model: TargetModel, by: Lookup) -> &'static str {
    match by {
        Lookup::Id => model.external_id(),
        Lookup::By(NaturalKey::Name) => "name_key",
        Lookup::By(NaturalKey::Email) => "email_key",
        Lookup::By(NaturalKey::InvoiceNumber) => "number_key",
        Lookup::By(
            it @ (NaturalKey::Code
            | NaturalKey::AccountNumber
            | NaturalKey::EntryNumber
            | NaturalKey::Iban),
        ) => it.as_str(),
    }
}

/// The attribute, beside the external id, that no two records of a workspace share.
pub(crate) fn own_key(model: TargetModel) -> Option<&'static str> {
    match model {
        TargetModel::LedgerAccount => Some("account_number"),
        TargetModel::Journal => Some("code"),
        TargetModel::Company
        | TargetModel::People
        | TargetModel::Invoice
        | TargetModel::Transaction
        | TargetModel::Account
        | TargetModel::JournalEntry
        | TargetModel::Email
        | TargetModel::PaymentMeans
        | TargetModel::InvoiceTransaction
        | TargetModel::Document => None,
    }
}

fn of_attribute(it: &Attribute) -> Vec<Column> {
    let one = |store| vec![Column { name: it.name.clone(), store }];
    match it.kind {
        Kind::Text | Kind::Email | Kind::Uri => one(Store::Text),
        Kind::Decimal => one(Store::Decimal),
        Kind::Integer => one(Store::Integer),
        Kind::Boolean => one(Store::Boolean),
        Kind::Date => one(Store::Date),
        Kind::DateTime => one(Store::Time),
        Kind::List | Kind::Object => one(Store::Json),
        Kind::Money => vec![
            Column { name: it.name.clone(), store: Store::Decimal },
            Column { name: format!("{}_currency", it.name), store: Store::Text },
        ],
    }
}

impl Store {
    pub(crate) const fn sql_type(self, postgres: bool) -> &'static str {
        match (self, postgres) {
            (Self::Text, _) | (Self::Decimal | Self::Date | Self::Time | Self::Json, false) => {
                "text"
            }
            (Self::Decimal, true) => "numeric",
            (Self::Integer, _) => "bigint",
            (Self::Boolean, _) => "boolean",
            (Self::Date, true) => "date",
            (Self::Time, true) => "timestamptz(3)",
            (Self::Json, true) => "jsonb",
        }
    }
}
