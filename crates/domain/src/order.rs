//! The order of a run: parents before children, and what becomes of a cycle.
//!
//! Computed from the references in the schemas, never written down. The schemas of today have no
//! cycle; the graph is an argument, so that the rule is held to anyway.

use std::collections::BTreeSet;

use crate::reference::{self, Reference};
use crate::target::TargetModel;

/// A child refers to a parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    pub child: TargetModel,
    pub parent: TargetModel,
    /// The child cannot do without: this edge cannot be cut.
    pub required: bool,
}

/// In which order targets are run, and which cycles stood in the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Parents before children; models of one layer in the order of the enum.
    pub layers: Vec<Vec<TargetModel>>,
    pub cycles: Vec<Cycle>,
}

/// Targets that refer to one another in a circle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cycle {
    /// From a child to its parent, and on, until the first comes again.
    pub path: Vec<TargetModel>,
    /// The optional edge, child first, that is resolved in a second pass; none: no edge is
    /// optional, and the targets are not run.
    pub cut: Option<(TargetModel, TargetModel)>,
}

impl Cycle {
    pub fn members(&self) -> BTreeSet<TargetModel> {
        self.path.iter().copied().collect()
    }
}

/// The edges that some references draw; those to a record's own kind are settled within its target.
pub fn edges<'a>(references: impl Iterator<Item = &'a Reference>) -> Vec<Edge> {
    // The holder of an account is found by name alone: its schema refers to nobody.
    let is_of_schema =
        |it: &&Reference| it.child != TargetModel::Account || it.attribute != reference::HOLDER;
    let in_schema = references.filter(is_of_schema);
    let each = in_schema.flat_map(|it| {
        let edge = move |parent: &TargetModel| Edge {
            child: it.child,
            parent: *parent,
            required: it.required,
        };
        it.parents.iter().map(edge)
    });
    each.filter(|it| it.child != it.parent).collect()
}

/// The edges of the schemas.
pub fn of_schemas() -> Vec<Edge> {
    edges(TargetModel::ALL.iter().flat_map(|it| reference::of(*it)))
}

/// Sorts `targets` so that a parent comes before its children; a parent that is not scheduled does
/// not count. Of each cycle one optional edge is cut.
pub fn order(targets: &[TargetModel], edges: &[Edge]) -> Order {
    let mut left: BTreeSet<TargetModel> = targets.iter().copied().collect();
    let mut edges: Vec<Edge> = edges.to_vec();
    let mut order = Order { layers: Vec::new(), cycles: Vec::new() };
    while !left.is_empty() {
        let waits = |it: &TargetModel| {
            edges.iter().any(|edge| edge.child == *it && left.contains(&edge.parent))
        };
        let layer: Vec<TargetModel> = left.iter().copied().filter(|it| !waits(it)).collect();
        if !layer.is_empty() {
            left.retain(|it| !layer.contains(it));
            order.layers.push(layer);
            continue;
        }
        let path = circle(&left, &edges);
        let mut steps = path.iter().copied().zip(path.iter().copied().skip(1));
        let is_required = |child, parent| {
            let same = |it: &&Edge| it.child == child && it.parent == parent;
            edges.iter().filter(same).any(|it| it.required)
        };
        let cut = steps.find(|(child, parent)| !is_required(*child, *parent));
        match cut {
            Some((child, parent)) => edges.retain(|it| (it.child, it.parent) != (child, parent)),
            None => left.retain(|it| !path.contains(it)),
        }
        order.cycles.push(Cycle { path, cut });
    }
    order
}

/// A circle among targets of which each waits for another: from one to its parent, and on, until
/// one comes again. It starts at its first member in the order of the enum.
fn circle(left: &BTreeSet<TargetModel>, edges: &[Edge]) -> Vec<TargetModel> {
    let parent_of = |it: TargetModel| {
        let of = |edge: &&Edge| edge.child == it && left.contains(&edge.parent);
        edges.iter().filter(of).map(|it| it.parent).min()
    };
    let mut walk: Vec<TargetModel> = left.iter().copied().take(1).collect();
    while let Some(next) = walk.last().and_then(|it| parent_of(*it)) {
        if let Some(at) = walk.iter().position(|it| *it == next) {
            let mut circle = walk.split_off(at);
            let first = circle.iter().enumerate().min_by_key(|it| it.1).map_or(0, |it| it.0);
            circle.rotate_left(first);
            circle.extend(circle.first().copied());
            return circle;
        }
        walk.push(next);
    }
    unreachable!("each of these waits for another of them")
}

#[cfg(test)]
mod tests {
    use super::*;
    use TargetModel::{
        Account, Company, Document, Email, Invoice, InvoiceTransaction, Journal, JournalEntry,
        LedgerAccount, PaymentMeans, People, Transaction,
    };

    fn edge(child: TargetModel, parent: TargetModel, required: bool) -> Edge {
        Edge { child, parent, required }
    }

    #[test]
    fn parents_come_before_their_children() {
        let order = order(TargetModel::ALL, &of_schemas());
        assert!(order.cycles.is_empty());
        assert_eq!(
            order.layers,
            [
                vec![Company, Account, LedgerAccount],
                vec![People, Invoice, Transaction, Journal, Document],
                vec![JournalEntry, Email, PaymentMeans, InvoiceTransaction],
            ]
        );
    }

    #[test]
    fn a_parent_that_is_not_scheduled_does_not_count() {
        let order = order(&[JournalEntry, People], &of_schemas());
        assert_eq!(order.layers, [[People, JournalEntry]]);
    }

    #[test]
    fn of_a_cycle_one_optional_edge_is_cut() {
        let mut edges = of_schemas();
        edges.push(edge(Company, Invoice, true));
        let order = order(&[Company, People, Invoice, Account], &edges);
        let cycle = Cycle { path: vec![Company, Invoice, Company], cut: Some((Invoice, Company)) };
        assert_eq!(order.cycles, [cycle]);
        assert_eq!(order.layers, [[Account], [Invoice], [Company], [People]]);
    }

    #[test]
    fn targets_of_a_cycle_without_an_optional_edge_are_not_run() {
        let edges = [
            edge(Invoice, Transaction, true),
            edge(Transaction, Account, true),
            edge(Account, Invoice, true),
            edge(People, Invoice, false),
        ];
        let order = order(&[Invoice, Transaction, Account, People, Company], &edges);
        let path = vec![Invoice, Transaction, Account, Invoice];
        assert_eq!(order.cycles, [Cycle { path, cut: None }]);
        assert_eq!(order.layers, [[Company], [People]]);
    }

    #[test]
    fn two_cycles_are_cut_one_after_the_other() {
        let edges = [
            edge(Company, People, false),
            edge(People, Company, true),
            edge(Invoice, Account, true),
            edge(Account, Invoice, false),
        ];
        let order = order(&[Company, People, Invoice, Account], &edges);
        let cuts: Vec<_> = order.cycles.iter().map(|it| it.cut).collect();
        assert_eq!(cuts, [Some((Company, People)), Some((Account, Invoice))]);
        assert_eq!(order.layers.concat().len(), 4);
    }
}
