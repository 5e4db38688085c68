//! Native evaluation against the JSONata that the same plan is written as.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a helper that cannot go on is a failed test, and a long drill tells what it did"
)]

mod cases;
mod chance;
mod plans;
mod reference;
mod speed;
