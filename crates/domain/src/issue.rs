//! Sync issues: which rows are one, what state it is in, and what changes that. Decided here, from
//! values alone; the store locks the issue, asks, and writes what was decided with who did it.

use chrono::{DateTime, Duration, Utc};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::diagnostic::{NewDiagnostic, with_member};
use crate::id::{SyncIssueId, WorkspaceId};
use crate::reason::{Impact, Reason};
use crate::reference;
use crate::target::TargetModel;

mod evidence;
#[cfg(test)]
mod tests;

pub use evidence::{Evidence, Noted, Ran, Unresolved};

crate::words! {
    State, "issue state" {
        Open = "open",
        Escalating = "escalating",
        Muted = "muted",
        Resolved = "resolved",
        Regressed = "regressed",
    }
}

crate::words! {
    /// Why an issue changed its state.
    Cause, "transition cause" {
        /// Its first row.
        Seen = "seen",
        /// It was resolved, and came back under a mapping that is no older.
        SeenAgain = "seen_again",
        /// The rows of an hour are several times what is usual.
        RateRose = "rate_rose",
        MuteTimeOver = "mute_time_over",
        MuteCountReached = "mute_count_reached",
        /// A later run of the same target and tool had rows, and not this reason.
        Evidence = "evidence",
        /// Somebody said so.
        Person = "person",
    }
}

/// Rows of an hour below this are no escalation, however few were usual.
pub const RATE_MIN: u64 = 20;
/// An hour must have this many times what is usual.
pub const RATE_FACTOR: u64 = 3;
/// Days that say what is usual, and of how many days a trend tells.
pub const USUAL_DAYS: i64 = 7;
pub const TREND_DAYS: i64 = 14;

/// Is a row something that a person may act on? It is when it stands in the way of data. A fact
/// about the provider is none, and would stay for ever: a kind of record that it does not offer, a
/// source that has always been empty.
pub fn concerns(reason: Reason, impact: Impact, context: Option<&Value>) -> bool {
    let had_rows = || context.and_then(|it| it.get("rows_before")).and_then(Value::as_u64);
    match reason {
        Reason::NoSuitableTool => false,
        Reason::EmptyResult => impact != Impact::None && had_rows().is_some_and(|it| it > 0),
        Reason::ToolNotFound
        | Reason::AuthScopeInsufficient
        | Reason::ToolExecutionFailed
        | Reason::JsonataGenerationFailed
        | Reason::SchemaDriftDetected
        | Reason::JuryRun
        | Reason::JuryPartial
        | Reason::JuryDisagreement
        | Reason::JuryQuorumLost
        | Reason::BlueprintPersistenceFailed
        | Reason::MappedEntitiesDropped
        | Reason::MappedEntitiesPartialDrop
        | Reason::FkParentMissing
        | Reason::EntityPersistFailed
        | Reason::SyncFkDagCycle
        | Reason::RegressionReverted
        | Reason::TargetSkipped
        | Reason::StructuredPipelineDegraded
        | Reason::StructuredPipelineFellBackToLegacy
        | Reason::MappingGenerationHardFail
        | Reason::ToolSelectionPinned => impact != Impact::None,
    }
}

/// The public id of the issue of a fingerprint: made of it, so that a row can name its issue
/// without a look into another table.
pub fn id_of(workspace: WorkspaceId, fingerprint: &str) -> SyncIssueId {
    let mut hash = Sha256::new();
    hash.update(workspace.0.as_bytes());
    hash.update(fingerprint.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    SyncIssueId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

/// How many records a row tells of: rejected, waiting for a parent, or not to be stored. 0 where its
/// evidence counts none.
pub fn records(reason: Reason, context: Option<&Value>) -> u64 {
    let member = match reason {
        Reason::MappedEntitiesDropped | Reason::MappedEntitiesPartialDrop => "rejected",
        Reason::FkParentMissing => "children",
        Reason::EntityPersistFailed | Reason::BlueprintPersistenceFailed => "count",
        Reason::NoSuitableTool
        | Reason::ToolNotFound
        | Reason::AuthScopeInsufficient
        | Reason::ToolExecutionFailed
        | Reason::EmptyResult
        | Reason::JsonataGenerationFailed
        | Reason::SchemaDriftDetected
        | Reason::JuryRun
        | Reason::JuryPartial
        | Reason::JuryDisagreement
        | Reason::JuryQuorumLost
        | Reason::SyncFkDagCycle
        | Reason::RegressionReverted
        | Reason::TargetSkipped
        | Reason::StructuredPipelineDegraded
        | Reason::StructuredPipelineFellBackToLegacy
        | Reason::MappingGenerationHardFail
        | Reason::ToolSelectionPinned => return 0,
    };
    context.and_then(|it| it.get(member)).and_then(Value::as_u64).unwrap_or_default()
}

/// The version of the mapping that was in use, where the row says one.
pub fn mapping_version(context: Option<&Value>) -> Option<u32> {
    let version = context?.get("mapping_version")?.as_u64()?;
    // As large as the database's `integer`.
    u32::try_from(version).ok().filter(|it| (1..=i32::MAX.unsigned_abs()).contains(it))
}

impl NewDiagnostic {
    /// Says under which version of the mapping it came about.
    #[must_use]
    pub fn under(mut self, mapping_version: u32) -> Self {
        let context = self.context.take().unwrap_or_default();
        self.context = Some(with_member(context, "mapping_version", mapping_version));
        self
    }

    /// Does it count for an issue?
    pub fn is_issue(&self) -> bool {
        concerns(self.reason, self.impact(), self.context.as_ref())
    }
}

/// Every model with a record of which a record of this one is an ancestor, in the order of their
/// list, itself left out.
pub fn downstream(model: TargetModel) -> Vec<TargetModel> {
    let mut found = vec![model];
    loop {
        let next = TargetModel::ALL.iter().find(|child| {
            let mut up = reference::of(**child).flat_map(|it| &it.parents);
            !found.contains(child) && up.any(|parent| found.contains(parent))
        });
        match next {
            Some(child) => found.push(*child),
            None => break,
        }
    }
    TargetModel::ALL.iter().filter(|it| **it != model && found.contains(it)).copied().collect()
}

/// An issue as its row says, all rows counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub state: State,
    pub count: u64,
    pub muted_until: Option<DateTime<Utc>>,
    /// The mute ends when as many rows were counted in all.
    pub muted_until_count: Option<u64>,
    pub resolved_at: Option<DateTime<Utc>>,
    /// The version of the mapping under which it was resolved.
    pub resolved_version: Option<u32>,
    /// Rows of the hour that is under way.
    pub hour_count: u64,
    /// See [`rate_limit`].
    pub hour_limit: Option<u64>,
}

/// When a row occurred, and under which version of the mapping; of several with one version the
/// newest is enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sighting {
    pub occurred_at: DateTime<Utc>,
    pub mapping_version: Option<u32>,
}

impl Standing {
    /// What follows from rows that were just counted.
    pub fn seen(&self, rows: &[Sighting], now: DateTime<Utc>) -> Option<(State, Cause)> {
        let rose = || {
            let is_over = self.hour_limit.is_some_and(|it| self.hour_count >= it);
            is_over.then_some((State::Escalating, Cause::RateRose))
        };
        match self.state {
            State::Open | State::Regressed => rose(),
            State::Escalating => None,
            State::Muted => rose().or_else(|| self.waited(now)).or_else(|| self.counted()),
            State::Resolved => rows
                .iter()
                .any(|it| self.is_after_the_fix(it))
                .then_some((State::Regressed, Cause::SeenAgain)),
        }
    }

    /// A mute that ends by time ends without a row too.
    pub fn waited(&self, now: DateTime<Utc>) -> Option<(State, Cause)> {
        let is_over = self.state == State::Muted && self.muted_until.is_some_and(|it| it <= now);
        is_over.then_some((State::Open, Cause::MuteTimeOver))
    }

    fn counted(&self) -> Option<(State, Cause)> {
        let is_over = self.muted_until_count.is_some_and(|it| self.count >= it);
        is_over.then_some((State::Open, Cause::MuteCountReached))
    }

    /// A row that occurred before, or under an older mapping, was late: it says nothing of the fix.
    fn is_after_the_fix(&self, row: &Sighting) -> bool {
        let is_later = self.resolved_at.is_none_or(|it| row.occurred_at > it);
        let is_older = match (row.mapping_version, self.resolved_version) {
            (Some(row), Some(fix)) => row < fix,
            (Some(_) | None, Some(_) | None) => false,
        };
        is_later && !is_older
    }
}

/// What is usual for an issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usual {
    /// Since its first row.
    pub age: Duration,
    /// Rows of the [`USUAL_DAYS`] days before today.
    pub rows: u64,
    /// Rows of an hour that a person has seen and put up with.
    pub known: u64,
}

/// From how many rows of an hour on the issue escalates. None: it is younger than a day, so that
/// nothing is usual yet.
pub fn rate_limit(usual: Usual) -> Option<u64> {
    let hours = usual.age.num_hours();
    if hours < 24 && usual.known == 0 {
        return None;
    }
    let hours = hours.clamp(24, USUAL_DAYS * 24).unsigned_abs();
    let mean = (usual.rows * RATE_FACTOR).div_ceil(hours);
    Some(RATE_MIN.max(mean).max(usual.known * RATE_FACTOR))
}

/// Above a rate, rows of an issue are counted rather than stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spike {
    /// Rows that are stored of one issue in an hour; 0: all.
    pub per_hour: u32,
}

impl Spike {
    /// The first row of each run is stored whatever the rate: what is told of a run follows from
    /// its rows.
    pub fn stores(self, stored_this_hour: u64, is_first_of_run: bool) -> bool {
        self.per_hour == 0 || is_first_of_run || stored_this_hour < u64::from(self.per_hour)
    }
}

impl Default for Spike {
    fn default() -> Self {
        Self { per_hour: 100 }
    }
}

/// What a person may ask of an issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Until one of them, or until it escalates.
    Mute {
        until: Option<DateTime<Utc>>,
        until_count: Option<u64>,
    },
    Resolve,
    /// Unmuted, reopened, or seen to.
    Open,
}

impl Wish {
    /// The state that it leads to. None: a resolved issue is silent, and cannot be muted.
    pub fn state(self, from: State) -> Option<State> {
        match self {
            Self::Mute { .. } if from == State::Resolved => None,
            Self::Mute { .. } => Some(State::Muted),
            Self::Resolve => Some(State::Resolved),
            Self::Open => Some(State::Open),
        }
    }
}
