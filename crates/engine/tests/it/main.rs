//! Runs against real MCP servers over real transports, into a real store: a server and its faults
//! in, a ledger and a table of findings out.

mod findings;
mod ingestion;
mod world;
