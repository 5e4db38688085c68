//! What a run that ended well says of issues: which of them it shows to be over.

use chrono::{DateTime, Utc};

use crate::reason::{Reason, Stage};
use crate::target::TargetModel;

/// A tool that a run read for a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    pub target: TargetModel,
    pub tool: String,
    /// Of the mapping that was used; none: it could not be saved.
    pub mapping_version: Option<u32>,
    /// Rows that became records: written, or there already and unchanged.
    pub arrived: u64,
    /// Those that were written.
    pub written: u64,
}

/// A reason that a run has noted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noted {
    pub target: TargetModel,
    pub tool: Option<String>,
    pub reason: Reason,
}

/// What a run has to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    pub started_at: DateTime<Utc>,
    pub ran: Vec<Ran>,
    pub noted: Vec<Noted>,
}

/// An issue that is not resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unresolved {
    pub target: TargetModel,
    pub tool: Option<String>,
    pub reason: Reason,
    pub stage: Stage,
    pub last_seen_at: DateTime<Utc>,
    /// Of the mapping that it was last seen with.
    pub mapping_version: Option<u32>,
    /// Of the mapping of its target and tool that is live now.
    pub live_version: Option<u32>,
}

impl Evidence {
    /// The run that shows the issue to be over. A run that began before the issue was last seen,
    /// noted its reason, read another target or tool, had no rows, or used an older mapping shows
    /// nothing. A tool list has no order but time: that of a later run is as new as any.
    pub fn resolves(&self, issue: &Unresolved) -> Option<&Ran> {
        let is_later = self.started_at > issue.last_seen_at;
        let came_again = self.noted.iter().any(|it| {
            let is_tool = issue.tool.is_none() || it.tool == issue.tool;
            it.target == issue.target && it.reason == issue.reason && is_tool
        });
        let shows = |it: &&Ran| {
            issue.is_about(it) && has_rows(issue.stage, it) && is_as_new(issue, it.mapping_version)
        };
        self.ran.iter().find(shows).filter(|_| is_later && !came_again)
    }
}

impl Unresolved {
    /// What went wrong before a tool was chosen is over when the target is read, by whichever.
    fn is_about(&self, ran: &Ran) -> bool {
        let is_any_tool = match self.stage {
            Stage::Plan | Stage::Select => true,
            Stage::Fetch
            | Stage::Draw
            | Stage::Apply
            | Stage::Check
            | Stage::Resolve
            | Stage::Persist
            | Stage::Settle => self.tool.is_none(),
        };
        self.target == ran.target && (is_any_tool || self.tool.as_deref() == Some(&ran.tool))
    }
}

/// A run that stored nothing says nothing of records that could not be stored.
const fn has_rows(stage: Stage, ran: &Ran) -> bool {
    match stage {
        Stage::Persist => ran.written > 0,
        Stage::Plan
        | Stage::Select
        | Stage::Fetch
        | Stage::Draw
        | Stage::Apply
        | Stage::Check
        | Stage::Resolve
        | Stage::Settle => ran.arrived > 0,
    }
}

/// A version that was stepped back to is live, and as new as any.
fn is_as_new(issue: &Unresolved, used: Option<u32>) -> bool {
    match (issue.mapping_version, used) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(seen), Some(used)) => used >= seen || issue.live_version == Some(used),
    }
}
