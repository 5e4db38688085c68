//! Runs against real MCP servers over real transports, into a real store: a server and its faults
//! in, a ledger and a table of findings out.
#![expect(clippy::expect_used, reason = "a helper that cannot go on is a failed test")]

mod findings;
mod ingestion;
mod world;
