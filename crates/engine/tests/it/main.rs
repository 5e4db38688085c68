//! Runs against real MCP servers over real transports, into a real store: a server and its faults
//! in, a ledger and a table of findings out.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a helper that cannot go on is a failed test, and a long drill tells what it did"
)]

mod authorization;
mod cycles;
mod drawing;
mod findings;
mod ingestion;
mod issues;
mod law;
mod laws;
mod models;
mod mutated;
mod parents;
mod probes;
mod replay;
mod sandboxed;
mod script;
mod scripted;
mod selection;
mod status;
mod strange;
mod unlucky;
mod waiting;
mod world;
