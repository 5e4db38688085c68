//! The built binary, as a person or a supervisor runs it.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a helper that cannot go on is a failed test"
)]

mod binary;
mod canary;
mod commands;
mod connectors;
mod durability;
mod replay;
mod serving;
mod signals;
mod slow;
mod telemetry;
mod webhooks;
mod workers;
