//! What foreign expressions may not do, tried on real processes.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a helper that cannot go on is a failed test, and a long drill tells what it did"
)]

mod cases;
mod hostile;
mod mutated;
mod processes;
mod suite;
mod watch;
