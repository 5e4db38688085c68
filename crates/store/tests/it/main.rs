//! The store on both databases.

mod api_keys;
mod connectors;
mod diagnostics;
mod erasure;
mod listing;
mod mappings;
mod migrations;
mod missing;
mod outage;
mod plans;
mod records;
mod records_read;
mod retention;
mod sealed;
mod streams;
mod sync_logs;
mod tenancy;
mod workspace_connectors;
mod workspaces;
