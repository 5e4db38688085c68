//! Native evaluation against the JSONata that the same plan is written as, and answers that change
//! under a mapping.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a helper that cannot go on is a failed test, and a long drill tells what it did"
)]

mod cases;
mod chance;
mod drift;
mod plans;
mod reference;
mod speed;
