//! "Why is this record missing?": what is known of it becomes one answer for each connector.
//!
//! The judgement is here and nowhere else; the store gathers, every door (HTTP, command line, MCP,
//! console) shows.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

use crate::id::{DiagnosticId, SyncLogId, WorkspaceConnectorId};
use crate::reason::{Impact, Reason, Stage};
use crate::reference::Parent;
use crate::run::Tally;
use crate::target::TargetModel;

mod judge;
mod says;
#[cfg(test)]
mod tests;

pub use judge::judge;

crate::words! {
    /// Where a record is, from the best answer to the emptiest.
    Verdict, "verdict" {
        /// Here it is.
        Stored = "stored",
        /// It arrived and waits for a record that it refers to.
        Waiting = "waiting",
        /// It arrived and was refused.
        Rejected = "rejected",
        /// Its target ended before any of its records could be stored.
        NotRead = "not_read",
        /// The reading stopped before the end; it may lie beyond.
        NotReached = "not_reached",
        /// Rows without an identifier were refused; it may be one of them.
        RejectedUnnamed = "rejected_unnamed",
        /// Everything was read, and the provider did not send it.
        NotSent = "not_sent",
        /// Nobody has looked: no run, no connector, or not this model.
        NotSynced = "not_synced",
    }
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub model: TargetModel,
    /// The provider's identifier; if none has it, what people call the record
    /// ([`crate::reference::handle`]).
    pub key: Key,
    /// None: every connector of the workspace.
    pub connector: Option<WorkspaceConnectorId>,
}

/// How a record is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// By the provider's identifier, or else by what people call it.
    Id(String),
    /// By what people call it alone.
    Number(String),
}

impl Key {
    pub fn text(&self) -> &str {
        match self {
            Self::Id(it) | Self::Number(it) => it,
        }
    }
}

/// What one connector knows of a record.
#[derive(Debug, Clone)]
pub struct Known {
    pub connector: WorkspaceConnectorId,
    pub name: String,
    /// Its runs include the model.
    pub is_scheduled: bool,
    /// A run is under way or waits to begin.
    pub running: Option<SyncLogId>,
    pub stored: Option<Kept>,
    pub waiting: Option<Held>,
    pub rejected: Option<Refused>,
    /// Settled runs that say something of the model, the newest first.
    pub runs: Vec<Looked>,
    /// What the newest of them refused without leaving an identifier: rows by reason.
    pub unnamed: BTreeMap<Reason, u64>,
    /// How the records are asked for today.
    pub call: Option<Asked>,
}

/// A record that is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    pub record_id: uuid::Uuid,
    pub external_id: String,
    pub last_seen_run: SyncLogId,
    pub updated_at: DateTime<Utc>,
}

/// A record that waits.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    pub external_id: String,
    pub tool: String,
    pub parents: Vec<Parent>,
    pub last_seen_run: SyncLogId,
    pub since: DateTime<Utc>,
    pub seen_at: DateTime<Utc>,
}

/// A record that was refused.
#[derive(Debug, Clone, PartialEq)]
pub struct Refused {
    pub external_id: Option<String>,
    pub tool: String,
    pub reason: Reason,
    /// Empty for the record as a whole.
    pub field: String,
    pub cause: String,
    pub last_seen_run: SyncLogId,
    pub since: DateTime<Utc>,
    pub seen_at: DateTime<Utc>,
}

/// A settled run, as far as the model goes.
#[derive(Debug, Clone, PartialEq)]
pub struct Looked {
    pub run: SyncLogId,
    pub started_at: Option<DateTime<Utc>>,
    pub completed_at: Option<DateTime<Utc>>,
    /// Why it ended as an error.
    pub error: Option<String>,
    pub tally: Option<Tally>,
    /// What it noted of the model, in the order in which it happened.
    pub noted: Vec<Noted>,
}

/// A diagnostic, as far as the answer needs it.
#[derive(Debug, Clone, PartialEq)]
pub struct Noted {
    pub diagnostic_id: DiagnosticId,
    pub reason: Reason,
    pub impact: Impact,
    pub stage: Stage,
    pub tool: Option<String>,
    pub detail: String,
}

/// The tool that lists the model's records, and with what it is called: the window of a reading.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Asked {
    pub tool: String,
    pub arguments: Option<Value>,
}

/// The answer: the best of the connectors' accounts, and all of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answer {
    pub target_model: TargetModel,
    /// As it was asked for.
    pub key: String,
    pub verdict: Verdict,
    /// One sentence.
    pub says: String,
    /// What to do, in one sentence.
    pub advice: String,
    /// The best first.
    pub accounts: Vec<Account>,
}

/// What one connector answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Account {
    pub workspace_connector: WorkspaceConnectorId,
    pub connector_name: String,
    pub verdict: Verdict,
    pub says: String,
    pub advice: String,
    /// The identifier under which it was found.
    pub external_id: Option<String>,
    /// The stage that it reached.
    pub stage: Option<Stage>,
    pub reason: Option<Reason>,
    /// Of a refusal: the attribute at fault.
    pub field: Option<String>,
    /// Of a refusal: the rule that was broken, in words.
    pub cause: Option<String>,
    pub waits_for: Vec<Parent>,
    /// The row that says why.
    pub diagnostic: Option<DiagnosticId>,
    /// The stored record.
    pub record: Option<uuid::Uuid>,
    /// The last run that saw it, or that looked for it.
    pub run: Option<RunSeen>,
    /// The last reading that was complete, if that is another run.
    pub complete_run: Option<SyncLogId>,
    pub call: Option<Asked>,
    /// What else may matter, a sentence each.
    pub notes: Vec<String>,
}

/// A run, as an answer shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunSeen {
    pub sync_log: SyncLogId,
    #[serde(with = "crate::time::millis_option")]
    pub started_at: Option<DateTime<Utc>>,
    #[serde(with = "crate::time::millis_option")]
    pub completed_at: Option<DateTime<Utc>>,
    /// Rows that it read of the model.
    pub fetched: u64,
    pub truncated: bool,
    pub dropped: BTreeMap<Reason, u64>,
}

/// What is missing of a model in a period: the runs in it, and the records that arrived in it and
/// are not stored to this day.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Period {
    pub target_model: TargetModel,
    #[serde(with = "crate::time::millis")]
    pub since: DateTime<Utc>,
    #[serde(with = "crate::time::millis")]
    pub until: DateTime<Utc>,
    /// The newest first.
    pub runs: Vec<PeriodRun>,
    /// The newest first.
    pub records: Vec<Gone>,
    /// There are more records than are listed.
    pub is_cut: bool,
}

/// A run of a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PeriodRun {
    pub workspace_connector: WorkspaceConnectorId,
    #[serde(flatten)]
    pub run: RunSeen,
    pub error: Option<String>,
    /// What it noted of the model, each reason once.
    pub reasons: Vec<Reason>,
}

/// A record that arrived and is not stored.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Gone {
    pub workspace_connector: WorkspaceConnectorId,
    /// `waiting` or `rejected`.
    pub verdict: Verdict,
    pub external_id: Option<String>,
    /// What people call it.
    pub known_as: Option<String>,
    pub tool_name: String,
    pub reason: Reason,
    pub field: Option<String>,
    pub cause: Option<String>,
    pub waits_for: Vec<Parent>,
    pub last_seen_run: SyncLogId,
    #[serde(with = "crate::time::millis")]
    pub seen_at: DateTime<Utc>,
}

/// One answer from what every connector knows.
pub fn answer(question: &Question, known: Vec<Known>) -> Answer {
    let mut accounts: Vec<Account> = known.into_iter().map(|it| judge(question, it)).collect();
    accounts.sort_by_key(|it| it.verdict);
    let (verdict, says, advice) = match accounts.first() {
        Some(best) => (best.verdict, best.says.clone(), best.advice.clone()),
        None => (
            Verdict::NotSynced,
            says::nowhere(question),
            "Install a connector that has these records.".to_owned(),
        ),
    };
    let key = question.key.text().to_owned();
    Answer { target_model: question.model, key, verdict, says, advice, accounts }
}
