//! The two ways to a server.

mod events;
pub(crate) mod http;
pub(crate) mod message;
pub(crate) mod process;
pub(crate) mod stdio;

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use ::http::HeaderValue;

/// Where a server is. `Debug` prints the names of headers and variables, never their values.
#[derive(Clone, PartialEq, Eq)]
pub enum Endpoint {
    Http { url: String, headers: Vec<(String, String)> },
    Stdio { command: String, args: Vec<String>, env: Vec<(String, String)> },
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http { url, headers } => f
                .debug_struct("Http")
                // A query string or userinfo may carry a credential.
                .field("url", &without_secrets(url))
                .field("headers", &names(headers))
                .finish(),
            Self::Stdio { command, args, env } => f
                .debug_struct("Stdio")
                .field("command", command)
                // So may an argument.
                .field("args", &args.len())
                .field("env", &names(env))
                .finish(),
        }
    }
}

/// The bearer token of a connection, which may change while the connection lives: clones share it.
#[derive(Clone, Default)]
pub struct Bearer(Arc<RwLock<Option<HeaderValue>>>);

impl Bearer {
    /// From now on requests carry this token. One that no header can hold is none.
    pub fn set(&self, token: &str) {
        let header = HeaderValue::from_str(&format!("Bearer {token}")).ok().map(|mut it| {
            it.set_sensitive(true);
            it
        });
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = header;
    }

    pub(crate) fn header(&self) -> Option<HeaderValue> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bearer(…)")
    }
}

fn names(pairs: &[(String, String)]) -> Vec<&str> {
    pairs.iter().map(|(name, _)| name.as_str()).collect()
}

fn without_secrets(url: &str) -> String {
    match reqwest::Url::parse(url) {
        Ok(url) => format!("{}{}", url.origin().ascii_serialization(), url.path()),
        Err(_) => "unusable".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_header_variable_argument_or_query() {
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        let http = Endpoint::Http {
            url: "https://u:hunter2@example.com/mcp?key=hunter2".to_owned(),
            headers: vec![pair("authorization", "hunter2")],
        };
        let stdio = Endpoint::Stdio {
            command: "server".to_owned(),
            args: vec!["--key=hunter2".to_owned()],
            env: vec![pair("TOKEN", "hunter2")],
        };
        let shown = format!("{http:?} {stdio:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(shown.contains("authorization") && shown.contains("TOKEN"), "{shown}");
    }
}
