//! The stages, one file each, and the book that a target's rows are accounted in.

pub(crate) mod apply;
pub(crate) mod check;
pub(crate) mod draw;
pub(crate) mod fetch;
pub(crate) mod persist;
pub(crate) mod plan;
pub(crate) mod resolve;
pub(crate) mod select;
pub(crate) mod settle;

use std::collections::{BTreeMap, HashMap};

use domain::TargetModel;
use domain::entity::Causes;
use domain::evidence::{FailedWrite, MissingParent};
use domain::run::Tally;

/// What is known of a target's rows while they pass through.
#[derive(Debug)]
pub(crate) struct Book {
    pub(crate) target: TargetModel,
    pub(crate) tally: Tally,
    /// Rejected rows and why; settled as one reason when the target ends.
    pub(crate) rejected: u64,
    pub(crate) causes: Causes,
    /// By attribute of the child.
    pub(crate) orphans: BTreeMap<String, MissingParent>,
    /// By what the database said.
    pub(crate) failures: BTreeMap<String, FailedWrite>,
    /// Key → content of what this run has passed on, as 64-bit digests: a second record under one
    /// key must not replace the first in silence.
    pub(crate) seen: HashMap<u64, u64>,
    /// How often a derived key came up.
    pub(crate) twins: HashMap<u64, u32>,
}

impl Book {
    pub(crate) fn new(target: TargetModel) -> Self {
        Self {
            target,
            tally: Tally::default(),
            rejected: 0,
            causes: Causes::default(),
            orphans: BTreeMap::new(),
            failures: BTreeMap::new(),
            seen: HashMap::new(),
            twins: HashMap::new(),
        }
    }

    /// The ledger line: rejected rows under the reason that the counts give.
    pub(crate) fn into_tally(mut self) -> Tally {
        let reason = check::reason(&self);
        self.tally.drop_rows(reason, self.rejected);
        self.tally
    }
}
