//! A run and its ledger: what came in, what became of it, and the law that both are equal.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::reason::Reason;
use crate::target::TargetModel;

crate::words! {
    /// `scheduled → in_progress → success | error`.
    SyncStatus, "sync log status" {
        Scheduled = "scheduled",
        InProgress = "in_progress",
        Success = "success",
        Error = "error",
    }
}

crate::words! {
    TriggerType, "trigger type" {
        Manual = "manual",
        Scheduled = "scheduled",
        Initial = "initial",
        Api = "api",
        Webhook = "webhook",
    }
}

crate::words! {
    /// Why a run was not started.
    Refusal, "refusal" {
        SyncedRecently = "synced_recently",
        AlreadyRunning = "already_running",
        NotStartable = "not_startable",
        NotFound = "not_found",
    }
}

impl Refusal {
    /// The sentence for the person who asked.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::SyncedRecently => "this connector was synced moments ago; try again in a minute",
            Self::AlreadyRunning => "a run of this connector is already under way",
            Self::NotStartable => "the status of this connector does not allow a run; see `status`",
            Self::NotFound => "no such connector in this workspace",
        }
    }
}

/// What happened to the rows of one target in one run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Rows that reached mapping.
    pub fetched: u64,
    /// Rows for which the mapping gave an entity, sound or not.
    pub mapped: u64,
    pub inserted: u64,
    pub updated: u64,
    pub unchanged: u64,
    pub dropped: BTreeMap<Reason, u64>,
    /// Children whose required parent is not there yet.
    pub waiting: u64,
    /// A cap ended the reading: more rows exist, or may.
    pub truncated: bool,
    /// Rows of earlier runs that had waited, and were stored in this one: no part of the law, as
    /// they were accounted for in the run that fetched them.
    #[serde(default)]
    pub released: u64,
}

impl Tally {
    pub fn dropped_total(&self) -> u64 {
        self.dropped.values().sum()
    }

    pub fn drop_rows(&mut self, reason: Reason, rows: u64) {
        if rows > 0 {
            *self.dropped.entry(reason).or_default() += rows;
        }
    }

    pub fn persisted(&self) -> u64 {
        self.inserted + self.updated
    }

    /// The conservation law: nothing that came in is unaccounted for.
    pub fn is_balanced(&self) -> bool {
        self.fetched
            == self.inserted + self.updated + self.unchanged + self.dropped_total() + self.waiting
    }
}

/// A line of the ledger, as `wireline sync --json` and the API show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerLine {
    pub target_model: TargetModel,
    #[serde(flatten)]
    pub tally: Tally,
}
