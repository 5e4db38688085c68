//! The API over a real store, on both databases.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::too_many_lines,
    clippy::string_slice,
    reason = "a test fails by panicking, and a table of cases is as long as it is"
)]

mod authorizations;
mod batches;
mod diagnostics;
mod exports;
mod framework;
mod hostile;
mod installations;
mod issues;
mod lists;
mod mappings;
mod missing;
mod negotiation;
mod probes;
mod records;
mod replays;
mod resources;
mod shapes;
mod strangers;
mod streams;
mod tools;
mod viewers;
mod webhooks;
mod world;
