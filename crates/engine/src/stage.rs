//! The stages, one file each, and the book that a target's rows are accounted in.

pub(crate) mod apply;
pub(crate) mod check;
pub(crate) mod draw;
pub(crate) mod fetch;
pub(crate) mod jury;
pub(crate) mod persist;
pub(crate) mod plan;
pub(crate) mod release;
pub(crate) mod resolve;
pub(crate) mod select;
pub(crate) mod settle;
pub(crate) mod times;

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
    /// Rows of tools whose account is closed.
    pub(crate) closed: u64,
    pub(crate) times: times::Times,
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
            closed: 0,
            times: times::Times::start(),
        }
    }

    /// Rows of the tool that is being read.
    pub(crate) fn rows(&self) -> u64 {
        self.tally.fetched - self.closed
    }

    /// Closes the account of a tool: its rejected rows go into the ledger under the reason that
    /// the counts give, and the next tool begins with none.
    pub(crate) fn close(&mut self) {
        let reason = check::reason(self);
        self.tally.drop_rows(reason, std::mem::take(&mut self.rejected));
        self.closed = self.tally.fetched;
        self.causes = Causes::default();
        self.orphans.clear();
        self.failures.clear();
    }

    pub(crate) fn into_tally(mut self) -> Tally {
        self.close();
        self.tally
    }
}
