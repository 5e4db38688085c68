//! What the foreign keys of a run hold up, and until when.

use std::collections::BTreeMap;

use domain::TargetModel;
use domain::reference::Reference;

use crate::stage::resolve::Deferred;

/// References that cannot be settled where they are read.
#[derive(Default)]
pub(crate) struct Links {
    /// Edges that were cut out of a cycle, child first.
    pub(crate) cut: Vec<(TargetModel, TargetModel)>,
    /// Targets that a cycle has ended.
    pub(crate) ended: Vec<TargetModel>,
    /// Records stored without a reference to a parent that may still come.
    pub(crate) deferred: Vec<Deferred>,
    pub(crate) is_second_pass: bool,
    /// Models of which rows of earlier runs wait.
    pub(crate) waiting: Vec<TargetModel>,
    /// How many of them were stored in this run.
    pub(crate) released: BTreeMap<TargetModel, u64>,
}

impl Links {
    /// The target at whose end a parent that is missing now may be there.
    pub(crate) fn awaited(&self, reference: &Reference) -> Option<TargetModel> {
        let is_one =
            !self.is_second_pass && !reference.required && !reference.attribute.contains('.');
        let is_late = |parent: &&TargetModel| {
            **parent == reference.child || self.cut.contains(&(reference.child, **parent))
        };
        reference.parents.iter().find(is_late).copied().filter(|_| is_one)
    }
}
