//! Where the records of a model are kept: its table, its columns, and the SQL that names them.
//!
//! Everything is derived from the model's schema, so that a new attribute is a migration and
//! nothing else.

use domain::TargetModel;
use domain::schema::{Attribute, Kind};

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
