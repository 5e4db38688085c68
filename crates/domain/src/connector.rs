//! Words and settings of connectors: how one is reached, and in which state it rests.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

crate::words! {
    AuthorizationFlow, "authorization flow" { None = "none", ApiKey = "api_key", Oauth2 = "oauth2" }
}

crate::words! {
    /// Of a catalogue entry.
    ConnectorStatus, "connector status" {
        Available = "available",
        ComingSoon = "coming_soon",
        Unavailable = "unavailable",
        Maintenance = "maintenance",
    }
}

crate::words! {
    /// Of an installation: `to_configure → enabled ⇄ processing`, and where it can rest.
    InstallationStatus, "workspace connector status" {
        ToConfigure = "to_configure",
        Enabled = "enabled",
        Processing = "processing",
        Degraded = "degraded",
        NeedReconnect = "need_reconnect",
        Error = "error",
        Suspended = "suspended",
        Disabled = "disabled",
    }
}

impl InstallationStatus {
    /// May a run start from here? `processing` is settled by the run itself, not by this.
    pub const fn is_startable(self) -> bool {
        match self {
            Self::Enabled
            | Self::Processing
            | Self::Degraded
            | Self::Error
            | Self::NeedReconnect => true,
            Self::ToConfigure | Self::Suspended | Self::Disabled => false,
        }
    }
}

crate::words! {
    /// What a key may do inside its workspace.
    Role, "role" { Read = "read", Write = "write", Admin = "admin" }
}

/// A value that is never shown: `Debug` is blank, and serialization goes to sealed storage only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself, at the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// How an MCP server is reached, credentials included. Stored sealed, never answered as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "transport", rename_all = "snake_case", deny_unknown_fields)]
pub enum Transport {
    /// Streamable HTTP.
    Http {
        url: String,
        /// Sent with every request, e.g. `Authorization`.
        #[serde(default)]
        headers: BTreeMap<String, Secret>,
    },
    /// A command of this machine, spoken to over its standard input and output.
    Stdio {
        command: String,
        #[serde(default)]
        args: Vec<String>,
        /// Added to a clean environment.
        #[serde(default)]
        env: BTreeMap<String, Secret>,
    },
}

impl Transport {
    /// Every credential of this configuration, for redaction.
    pub fn secrets(&self) -> impl Iterator<Item = &Secret> {
        match self {
            Self::Http { headers, .. } => headers.values(),
            Self::Stdio { env, .. } => env.values(),
        }
    }

    /// The names of the secrets that are set.
    pub fn secret_names(&self) -> Vec<&str> {
        match self {
            Self::Http { headers, .. } => headers.keys().map(String::as_str).collect(),
            Self::Stdio { env, .. } => env.keys().map(String::as_str).collect(),
        }
    }

    /// Where it goes, without credentials or query: for people and logs.
    pub fn address(&self) -> String {
        match self {
            Self::Http { url, .. } => {
                let plain = url.split(['?', '#']).next().unwrap_or_default();
                match (plain.find("://"), plain.rfind('@')) {
                    (Some(scheme), Some(at)) if at > scheme => {
                        let (head, tail) = (plain.get(..scheme + 3), plain.get(at + 1..));
                        format!("{}{}", head.unwrap_or_default(), tail.unwrap_or_default())
                    }
                    _ => plain.to_owned(),
                }
            }
            Self::Stdio { command, .. } => command.clone(),
        }
    }
}
