//! The bounds of a run. Every one has a default that suits a real server.

use std::time::Duration;

use domain::reference::Reference;
use sandbox::Sandbox;

use crate::seats::Seats;

/// How long, how much and how far a run may go.
#[derive(Debug, Clone)]
pub struct Settings {
    /// A whole run, all targets.
    pub run_time: Duration,
    /// Rows of one target; reading ends there and the ledger says `truncated`.
    pub rows: u64,
    /// Pages of one target.
    pub pages: u32,
    /// Bytes of one target's rows, as JSON.
    pub bytes: u64,
    /// How long a run waits for a database that is away before it gives up.
    pub store_patience: Duration,
    /// Where mappings are evaluated that are not compiled from a plan of ours.
    pub sandbox: Sandbox,
    /// Who draws the plans of a mapping.
    pub seats: Seats,
    /// How long a seat of a jury may take to draw a mapping.
    pub seat_time: Duration,
    /// What an MCP server may take and send.
    pub limits: mcp::Limits,
    /// Which addresses may be called.
    pub reach: mcp::Reach,
    /// May `stdio` connectors start commands of this machine?
    pub allow_stdio: bool,
    /// How often a run says that it lives.
    pub beat: Duration,
    /// Findings kept in memory while the log cannot be written.
    pub findings_kept: usize,
    /// References beside those of the schemas, which have no cycle: with these one can be made, so
    /// that `sync_fk_dag_cycle` has its contract. No setting of the configuration.
    pub extra_references: Vec<Reference>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            run_time: Duration::from_mins(30),
            rows: 1_000_000,
            pages: 10_000,
            bytes: 8 << 30,
            store_patience: Duration::from_mins(2),
            sandbox: Sandbox::none(),
            seats: Seats::default(),
            seat_time: Duration::from_mins(2),
            limits: mcp::Limits::default(),
            reach: mcp::Reach::default(),
            allow_stdio: false,
            beat: Duration::from_secs(5),
            findings_kept: 10_000,
            extra_references: Vec::new(),
        }
    }
}
