//! The built binary, as a person or a supervisor runs it.
#![expect(clippy::expect_used, reason = "a helper that cannot go on is a failed test")]

mod binary;
mod commands;
mod durability;
