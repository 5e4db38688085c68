//! The store on both databases.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::string_slice,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a helper that cannot go on is a failed test"
)]

mod api_keys;
mod connectors;
mod counted;
mod diagnostics;
mod erasure;
mod grants;
mod health;
mod idempotency;
mod issue_states;
mod issues;
mod listing;
mod mappings;
mod migrations;
mod missing;
mod outage;
mod paging;
mod parents;
mod passes;
mod pins;
mod plans;
mod plans_of_runs;
mod queue;
mod records;
mod records_read;
mod retention;
mod sealed;
mod streams;
mod sync_logs;
mod tenancy;
mod workspace_connectors;
mod workspaces;
