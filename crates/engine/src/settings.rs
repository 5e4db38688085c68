//! The bounds of a run. Every one has a default that suits a real server.

use std::time::Duration;

/// How long, how much and how far a run may go.
#[derive(Debug, Clone)]
pub struct Settings {
    /// A whole run, all targets.
    pub run_time: Duration,
    /// Rows of one target; reading ends there and the ledger says `truncated`.
    pub rows: u64,
    /// Pages of one target.
    pub pages: u32,
    /// How long a run waits for a database that is away before it gives up.
    pub store_patience: Duration,
    /// What an MCP server may take and send.
    pub limits: mcp::Limits,
    /// Which addresses may be called.
    pub reach: mcp::Reach,
    /// May `stdio` connectors start commands of this machine?
    pub allow_stdio: bool,
    /// Findings kept in memory while the log cannot be written.
    pub findings_kept: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            run_time: Duration::from_mins(30),
            rows: 1_000_000,
            pages: 10_000,
            store_patience: Duration::from_mins(2),
            limits: mcp::Limits::default(),
            reach: mcp::Reach::default(),
            allow_stdio: false,
            findings_kept: 10_000,
        }
    }
}
