//! Every contract, carried out on both databases.
#![expect(clippy::expect_used, reason = "a helper that cannot go on is a failed test")]

mod contracts;
