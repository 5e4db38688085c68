//! The two ways to a server.

pub(crate) mod http;
pub(crate) mod message;
pub(crate) mod process;
pub(crate) mod stdio;

use std::fmt;

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

fn names(pairs: &[(String, String)]) -> Vec<&str> {
    pairs.iter().map(|(name, _)| name.as_str()).collect()
}

fn without_secrets(url: &str) -> String {
    match reqwest::Url::parse(url) {
        Ok(url) => format!("{}{}", url.origin().ascii_serialization(), url.path()),
        Err(_) => "unusable".to_owned(),
    }
}

/// The scopes that a `WWW-Authenticate` header asks for: `Bearer scope="a b"`.
pub(crate) fn challenge_scopes(challenge: &str) -> Vec<String> {
    let lower = challenge.to_ascii_lowercase();
    let start = lower.match_indices("scope=").find(|(at, _)| {
        let before = at.checked_sub(1).and_then(|it| lower.as_bytes().get(it));
        before.is_none_or(|it| matches!(it, b' ' | b','))
    });
    let rest = start.and_then(|(at, word)| challenge.get(at + word.len()..)).unwrap_or_default();
    let list = match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => rest.split([',', ' ']).next(),
    };
    list.unwrap_or_default().split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_read_from_a_challenge() {
        let scopes = |text| challenge_scopes(text).join("+");
        assert_eq!(scopes(r#"Bearer error="insufficient_scope", scope="a:read b""#), "a:read+b");
        assert_eq!(scopes("Bearer scope=a, realm=x"), "a");
        assert_eq!(scopes(r#"Bearer realm="max_scope=3""#), "");
        assert_eq!(scopes("Basic"), "");
    }

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
