//! What the two processes say to each other: one JSON document a line.
//!
//! The child greets once it is walled in. A request is answered by one line about the expression
//! and, if that stands, one line for each row, so that it is known which row a process died of.

use mapping::expression::{ExpressionError, Limits};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

/// The first line of a child.
pub(crate) const GREETING: &str = r#"{"ready":true}"#;

#[derive(Debug, Serialize)]
pub(crate) struct Request<'a> {
    pub(crate) expression: &'a str,
    pub(crate) limits: &'a Limits,
    /// They are JSON already.
    pub(crate) rows: &'a [Box<RawValue>],
}

#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    pub(crate) expression: String,
    pub(crate) limits: Limits,
    pub(crate) rows: Vec<Box<RawValue>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Line {
    /// The expression stands.
    Stands,
    /// What a row becomes.
    Value(Value),
    /// Why the expression does not stand, or the row has no outcome.
    Error(ExpressionError),
}

/// Longest line of an answer that keeps to the limits: a byte of text may take six in JSON.
pub(crate) fn longest(limits: &Limits) -> usize {
    let text = limits.output_bytes.saturating_mul(6);
    text.saturating_add(limits.output_nodes.saturating_mul(32)).saturating_add(64 * 1024)
}
