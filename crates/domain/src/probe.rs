//! What is found when an address is tried: is a server there, and what does it seem to offer?
//!
//! Every text here is ours and safe to show: a probe must not carry the words of a machine that the
//! asker may not reach to the asker.

use serde::Serialize;

use crate::TargetModel;

crate::words! {
    ProbeOutcome, "probe outcome" {
        Reachable = "reachable",
        NeedsAuthorization = "needs_authorization",
        Refused = "refused",
        NotStarted = "not_started",
        TimedOut = "timed_out",
        NotMcp = "not_mcp",
        Failed = "failed",
        NotConfigured = "not_configured",
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Probe {
    pub outcome: ProbeOutcome,
    /// In a sentence, and what to do.
    pub detail: String,
    /// Of the answer that ended the probe, when one was seen.
    pub http_status: Option<u16>,
    pub server: Option<ProbedServer>,
    pub tool_count: Option<usize>,
    /// Which tool seems to list which target; what is not here is not offered.
    pub offers: Vec<Offer>,
    pub authorization: Option<Challenge>,
}

/// What a server says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProbedServer {
    pub name: String,
    pub version: String,
    /// The version of the protocol, a date.
    pub protocol: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Offer {
    pub target_model: TargetModel,
    pub tool_name: String,
}

/// What a server asks for before it answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Challenge {
    pub scopes: Vec<String>,
    /// Where it describes its OAuth, if its challenge says so.
    pub resource_metadata: Option<String>,
}

impl Probe {
    /// One that found no server to talk to.
    pub fn without(outcome: ProbeOutcome, detail: impl Into<String>) -> Self {
        Self {
            outcome,
            detail: detail.into(),
            http_status: None,
            server: None,
            tool_count: None,
            offers: Vec::new(),
            authorization: None,
        }
    }
}
