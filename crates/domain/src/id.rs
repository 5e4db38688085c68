//! Public identifiers: one newtype each, so that none is taken for another.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { self.0.fmt(f) }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(given: &str) -> Result<Self, Self::Err> { given.parse().map(Self) }
        }
    )+};
}

ids! {
    /// A tenant.
    WorkspaceId,
    ApiKeyId,
    /// An entry of the connector catalogue.
    ConnectorId,
    /// An installation of a connector in a workspace.
    WorkspaceConnectorId,
    /// One run.
    SyncLogId,
    DiagnosticId,
    /// Rows with one fingerprint.
    SyncIssueId,
    SyncIssueTransitionId,
    WebhookEndpointId,
    /// The `webhook-id` that a receiver sees.
    WebhookDeliveryId,
    ViewerLinkId,
    /// A stored mapping (the blueprint).
    ConnectorMappingId,
}
