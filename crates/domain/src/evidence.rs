//! What a finding knows, typed by reason: the `context` of a row. Counts, names and paths; never a
//! payload, never a token.

use serde::Serialize;

use crate::target::TargetModel;

/// The tool call that a finding is about.
#[derive(Debug, Clone, Default)]
pub struct Call {
    /// None when the server could not even be asked.
    pub tool: Option<String>,
    /// What the server answered over HTTP; none over stdio.
    pub http_status: Option<u16>,
}

impl Call {
    /// A call of a tool, before anything is known of its answer.
    pub fn of(tool: &str) -> Self {
        Self { tool: Some(tool.to_owned()), http_status: None }
    }

    #[must_use]
    pub fn answered(self, http_status: Option<u16>) -> Self {
        Self { http_status, ..self }
    }

    pub(crate) fn name(&self) -> &str {
        self.tool.as_deref().unwrap_or("the server")
    }
}

/// `no_suitable_tool`
#[derive(Debug, Clone, Serialize)]
pub struct NoTool {
    pub candidates: usize,
    pub best_tool: Option<String>,
    pub best_score: Option<f64>,
    pub forbidden: usize,
}

/// `tool_not_found`
#[derive(Debug, Clone, Serialize)]
pub struct MissingTool {
    pub tool: String,
    pub nearest: Vec<String>,
    /// `pin`, `remembered` or `call`.
    pub source: &'static str,
}

/// `auth_scope_insufficient`
#[derive(Debug, Clone, Serialize)]
pub struct MissingScope {
    pub missing_scopes: Vec<String>,
    pub refresh_tried: bool,
}

/// `tool_execution_failed`
#[derive(Debug, Clone, Serialize)]
pub struct FailedCall {
    /// `transport`, `timeout`, `http`, `is_error`, `error_shape`, `invalid_params`, `closed`,
    /// `too_large`, `unparseable`, `start`, `refused`.
    pub kind: &'static str,
    pub attempts: u32,
    /// Redacted, at most 500 characters.
    pub said: String,
    /// Rows that had been read before the call failed; they are kept.
    pub rows_before: u64,
}

/// `empty_result`
#[derive(Debug, Clone, Serialize)]
pub struct NoRows {
    pub pages: u32,
    /// By name only.
    pub arguments: Vec<String>,
    /// Rows of the last run that had any.
    pub rows_before: Option<u64>,
}

/// `jsonata_generation_failed` and, with both paths, `mapping_generation_hard_fail`
#[derive(Debug, Clone, Serialize)]
pub struct NoExpression {
    /// `structured` or `legacy`.
    pub path: &'static str,
    pub attempts: u32,
    pub first_error: String,
    pub position: Option<usize>,
}

/// `schema_drift_detected`
#[derive(Debug, Clone, Serialize)]
pub struct Drift {
    pub breaking: bool,
    /// What the tool declares of its output has changed.
    pub declared_schema: bool,
    /// Up to ten paths each; what the mapping reads first.
    pub gone: Vec<String>,
    pub changed: Vec<String>,
    pub new: Vec<String>,
}

impl Drift {
    /// The paths in words: `; gone: a, b; new: c`.
    pub(crate) fn paths(&self) -> String {
        let of = |word: &str, paths: &[String]| match paths {
            [] => String::new(),
            paths => format!("; {word}: {}", paths.join(", ")),
        };
        [of("gone", &self.gone), of("changed", &self.changed), of("new", &self.new)].concat()
    }
}

/// `jury_run`, `jury_partial`, `jury_disagreement`, `jury_quorum_lost`
#[derive(Debug, Clone, Serialize)]
pub struct Jury {
    /// `tool_selection` or `mapping`.
    pub purpose: &'static str,
    pub seats: usize,
    pub valid: usize,
    pub needed: usize,
    /// Share of the valid seats on the largest vote.
    pub agreement: f64,
    /// Sizes of the votes, the largest first.
    pub split: Vec<usize>,
    /// What the valid seats are worth as independent ones.
    pub effective_votes: f64,
    pub winner: Option<String>,
    pub duration_ms: u64,
    /// Of language models, in millionths of a US dollar; 0 without any.
    pub cost_micros: u64,
    /// Seat and error, of seats that failed.
    pub failed: Vec<String>,
    /// Slots in dispute, and the rule that decided.
    pub disputed: Vec<String>,
    pub decided_by: Option<&'static str>,
    /// What is used instead when the quorum is lost.
    pub fallback: Option<String>,
}

/// `blueprint_persistence_failed` and `entity_persist_failed`
#[derive(Debug, Clone, Serialize)]
pub struct FailedWrite {
    pub sqlstate: Option<String>,
    pub constraint: Option<String>,
    pub message: String,
    pub count: u64,
    /// External id of one record that could not be written.
    pub sample_key: Option<String>,
}

/// One cause of rejected rows, counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cause {
    pub field: String,
    /// A word of the validator, e.g. `null_required`.
    pub rule: String,
    pub count: u64,
    /// In words, e.g. `required field 'issue_date' null`.
    pub says: String,
}

/// `mapped_entities_dropped`, `mapped_entities_partial_drop`
#[derive(Debug, Clone, Serialize)]
pub struct Dropped {
    pub rejected: u64,
    pub total: u64,
    /// The most frequent first.
    pub causes: Vec<Cause>,
}

/// `fk_parent_missing`
#[derive(Debug, Clone, Serialize)]
pub struct MissingParent {
    /// The attribute of the child.
    pub key: String,
    pub parent: TargetModel,
    pub children: u64,
    /// Up to five; hashed if personal.
    pub sample_parents: Vec<String>,
    pub required: bool,
    /// Children whose natural key several parents have: none of them is meant for certain.
    pub ambiguous: u64,
}

impl MissingParent {
    pub(crate) fn several(&self) -> String {
        match self.ambiguous {
            0 => String::new(),
            n => format!(" (of {n} the name is that of several)"),
        }
    }
}

/// `sync_fk_dag_cycle`
#[derive(Debug, Clone, Serialize)]
pub struct Cycle {
    pub path: Vec<TargetModel>,
    /// The optional edge that was cut, child first.
    pub cut: Option<(TargetModel, TargetModel)>,
}

/// `regression_reverted`
#[derive(Debug, Clone, Serialize)]
pub struct Reverted {
    pub version: u32,
    pub restored_version: u32,
    pub metric: String,
    pub before: f64,
    pub after: f64,
}

crate::words! {
    /// Why a target was not run on purpose.
    SkipCause, "skip cause" {
        Unsupported = "unsupported",
        ParentScopedOnly = "parent_scoped_only",
        UpstreamFailed = "upstream_failed",
        BudgetSpent = "budget_spent",
        Stopped = "stopped",
        Paused = "paused",
        NotMapped = "not_mapped",
    }
}

/// `target_skipped`
#[derive(Debug, Clone, Serialize)]
pub struct Skipped {
    pub cause: SkipCause,
    pub upstream: Option<TargetModel>,
}

/// `structured_pipeline_degraded`, `structured_pipeline_fell_back_to_legacy`
#[derive(Debug, Clone, Serialize)]
pub struct Degraded {
    pub cause: String,
    pub substitute: Option<String>,
}

/// `mapping_generation_hard_fail`
#[derive(Debug, Clone, Serialize)]
pub struct NoMapping {
    /// Per path: attempts and last error.
    pub paths: Vec<NoExpression>,
}

/// `tool_selection_pinned`
#[derive(Debug, Clone, Serialize)]
pub struct Pinned {
    pub source: String,
    pub tools: Vec<String>,
}
