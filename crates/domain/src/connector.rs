//! Words and settings of connectors: how one is reached, and in which state it rests.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::redact;

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

/// A web address as one that is the same server would be written: scheme and host in lower case,
/// no default port, no credentials, query or fragment. For what is not an address: as it is.
pub fn plain_address(url: &str) -> String {
    let plain = url.trim().split(['?', '#']).next().unwrap_or_default();
    let Some((scheme, rest)) = plain.split_once("://") else { return plain.to_owned() };
    let (authority, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let scheme = scheme.to_ascii_lowercase();
    let host = authority.rsplit('@').next().unwrap_or_default().to_ascii_lowercase();
    let port = if scheme == "https" { ":443" } else { ":80" };
    let host = host.strip_suffix(port).unwrap_or(&host);
    let path = if path == "/" { "" } else { path };
    format!("{scheme}://{host}{path}")
}

impl Transport {
    /// Every credential of this configuration, for redaction.
    pub fn secrets(&self) -> impl Iterator<Item = &Secret> {
        match self {
            Self::Http { headers, .. } => headers.values(),
            Self::Stdio { env, .. } => env.values(),
        }
    }

    /// Whether a credential is given that a server would take in place of a token of ours.
    pub fn names_credential(&self) -> bool {
        match self {
            Self::Http { headers, .. } => {
                headers.keys().any(|it| it.eq_ignore_ascii_case("authorization"))
            }
            // A command is given what it needs in other ways.
            Self::Stdio { .. } => true,
        }
    }

    /// The names of the secrets that are set.
    pub fn secret_names(&self) -> Vec<&str> {
        match self {
            Self::Http { headers, .. } => headers.keys().map(String::as_str).collect(),
            Self::Stdio { env, .. } => env.keys().map(String::as_str).collect(),
        }
    }

    /// Where it goes, without credentials or query, and without parts of its path that look like keys: for people and logs.
    pub fn address(&self) -> String {
        match self {
            Self::Http { url, .. } => {
                let plain = url.split(['?', '#']).next().unwrap_or_default();
                let (scheme, rest) = plain.split_once("://").unwrap_or(("", plain));
                let mut parts = rest.split('/');
                let authority = parts.next().unwrap_or_default();
                let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
                let separator = if scheme.is_empty() { "" } else { "://" };
                // Some makers put the key into the path.
                parts.fold(format!("{scheme}{separator}{host}"), |shown, part| {
                    let part = if redact::is_key_like(part) { redact::MARK } else { part };
                    format!("{shown}/{part}")
                })
            }
            Self::Stdio { command, .. } => command.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::plain_address;

    #[test]
    fn addresses_of_one_server_are_written_alike_and_carry_no_secret() {
        for (given, plain) in [
            ("https://MCP.Example.com:443/", "https://mcp.example.com"),
            ("HTTPS://mcp.example.com", "https://mcp.example.com"),
            ("http://u:pw@x.test:80/mcp?key=1#a", "http://x.test/mcp"),
            ("https://x.test:8443/MCP/", "https://x.test:8443/MCP/"),
            ("https://[::1]:443/mcp", "https://[::1]/mcp"),
            ("no address", "no address"),
        ] {
            assert_eq!(plain_address(given), plain);
        }
    }
}
