//! The twelve target models.

use std::collections::BTreeSet;

use crate::reference;
use crate::schema::{Schema, schema};

crate::words! {
    /// What a connector can sync into. Order and spelling are the seed's (`TargetModelEnum`).
    TargetModel, "target model" {
        Company = "company",
        People = "people",
        Invoice = "invoice",
        Transaction = "transaction",
        Account = "account",
        LedgerAccount = "ledger_account",
        Journal = "journal",
        JournalEntry = "journal_entry",
        Email = "email",
        PaymentMeans = "payment_means",
        InvoiceTransaction = "invoice_transaction",
        Document = "document",
    }
}

impl TargetModel {
    /// The embedded schema: attributes, types, rules and references.
    pub fn schema(self) -> &'static Schema {
        schema(self)
    }

    /// The attribute that holds the provider's own identifier, e.g. `invoice_external_id`.
    pub fn external_id(self) -> &'static str {
        &self.schema().external_id
    }

    /// Is a record of no use without the parent that this attribute names? Such a child waits; any
    /// other goes on with an empty reference.
    pub fn requires(self, attribute: &str) -> bool {
        matches!(
            (self, attribute),
            (Self::InvoiceTransaction, "invoice_external_id" | "transaction_external_id")
                | (Self::JournalEntry, "journal_external_id" | "lines.ledger_account_external_id")
        )
    }

    /// Models without which no record of this one can be stored.
    pub fn required_parents(self) -> BTreeSet<Self> {
        reference::of(self).filter(|it| it.required).flat_map(|it| it.parents.clone()).collect()
    }
}
