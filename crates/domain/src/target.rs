//! The twelve target models, their foreign keys, and the order of a run.

use std::collections::BTreeSet;

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
        let schema = self.schema();
        let lists = schema.attributes.iter().flat_map(|list| {
            list.items.iter().map(move |it| (format!("{}.{}", list.name, it.name), it))
        });
        schema
            .attributes
            .iter()
            .map(|it| (it.name.clone(), it))
            .chain(lists)
            .filter(|(path, _)| self.requires(path))
            .flat_map(|(_, it)| it.refers_to.iter().copied())
            .collect()
    }

    /// Models that this one refers to, itself excluded.
    pub fn parents(self) -> BTreeSet<Self> {
        self.schema().references().map(|(_, parent)| parent).filter(|it| *it != self).collect()
    }
}

/// What the foreign-key graph of some scheduled targets allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Parents before children; models of one layer in the order of the enum.
    pub layers: Vec<Vec<TargetModel>>,
    /// Targets that are left when every other one has been placed: they form a cycle.
    pub cycle: Vec<TargetModel>,
}

/// Sorts `targets` so that a parent comes before its children. Computed from the references in
/// the schemas; a parent that is not scheduled does not count. A self loop is no cycle.
pub fn order(targets: &[TargetModel]) -> Order {
    order_by(targets, TargetModel::parents)
}

/// [`order`] over any graph; the schemas of today have no cycle, and the rule must hold anyway.
pub fn order_by(
    targets: &[TargetModel],
    parents: impl Fn(TargetModel) -> BTreeSet<TargetModel>,
) -> Order {
    let mut left: BTreeSet<TargetModel> = targets.iter().copied().collect();
    let mut layers = Vec::new();
    loop {
        let layer: Vec<TargetModel> = left
            .iter()
            .copied()
            .filter(|it| parents(*it).iter().all(|p| p == it || !left.contains(p)))
            .collect();
        if layer.is_empty() {
            return Order { layers, cycle: left.into_iter().collect() };
        }
        left.retain(|it| !layer.contains(it));
        layers.push(layer);
    }
}
