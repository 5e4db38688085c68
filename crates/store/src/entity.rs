//! The tables, once for both databases. Diagnostics are not among them: their statements are plain
//! SQL.
#![expect(unreachable_pub, reason = "what the derive writes beside these is public")]

pub(crate) mod api_keys;
pub(crate) mod connector_mappings;
pub(crate) mod connectors;
pub(crate) mod pending_entities;
pub(crate) mod rejected_entities;
pub(crate) mod sync_ledger;
pub(crate) mod workspace_connector_sync_logs;
pub(crate) mod workspace_connector_sync_targets;
pub(crate) mod workspace_connectors;
pub(crate) mod workspaces;
