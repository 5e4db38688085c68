//! What an authorization server has granted an installation, and a person's way to it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::connector::Secret;

/// Tokens of an installation. Stored sealed, never answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    pub access_token: Secret,
    /// None: it cannot be renewed without a person.
    pub refresh_token: Option<Secret>,
    pub expires_at: Option<DateTime<Utc>>,
    pub scopes: Vec<String>,
    /// Who gave it and as whom we hold it, as the protocol's client wrote it down.
    pub party: Secret,
}

impl Grant {
    /// Whether the access token is of no use `margin` from now.
    pub fn is_stale(&self, now: DateTime<Utc>, margin: chrono::Duration) -> bool {
        self.expires_at.is_some_and(|at| at <= now + margin)
    }

    /// The scopes of these that were not granted. A grant that names none is not judged.
    pub fn lacks(&self, scopes: &[String]) -> Vec<String> {
        if self.scopes.is_empty() {
            return Vec::new();
        }
        scopes.iter().filter(|it| !self.scopes.contains(it)).cloned().collect()
    }
}

/// An authorization that a person was sent on. Kept sealed until the answer comes or its time is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow {
    /// Proves that the code is redeemed by who asked for it (PKCE).
    pub verifier: Secret,
    pub party: Secret,
    pub expires_at: DateTime<Utc>,
}

/// Where to send a person, and until when they may come back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    pub url: String,
    pub expires_at: DateTime<Utc>,
}

/// What a person comes back with.
#[derive(Clone, Default)]
pub struct Answer {
    /// Proves which flow it ends.
    pub state: String,
    pub code: Option<String>,
    /// One word: `access_denied` and the like.
    pub error: Option<String>,
    /// Who answers, if it says so.
    pub issuer: Option<String>,
}

impl Answer {
    /// From the parameters of the address that the person was sent back to.
    pub fn of<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        pairs.into_iter().fold(Self::default(), |mut answer, (name, value)| {
            match name {
                "state" => value.clone_into(&mut answer.state),
                "code" => answer.code = Some(value.to_owned()),
                "error" => answer.error = Some(value.to_owned()),
                "iss" => answer.issuer = Some(value.to_owned()),
                _ => {}
            }
            answer
        })
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer").field("error", &self.error).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant() -> Grant {
        Grant {
            access_token: Secret::new("a-secret"),
            refresh_token: Some(Secret::new("b-secret")),
            expires_at: DateTime::from_timestamp(1_000, 0),
            scopes: vec!["invoices:read".to_owned()],
            party: Secret::new("c-secret"),
        }
    }

    #[test]
    fn a_grant_is_stale_before_it_expires() {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).expect("a time");
        let margin = chrono::Duration::seconds(60);
        assert!(!grant().is_stale(at(900), margin));
        assert!(grant().is_stale(at(940), margin));
        let lasting = Grant { expires_at: None, ..grant() };
        assert!(!lasting.is_stale(at(9_000), margin));
    }

    #[test]
    fn only_scopes_that_were_not_granted_are_lacking() {
        let wanted = ["invoices:read".to_owned(), "people:read".to_owned()];
        assert_eq!(grant().lacks(&wanted), ["people:read"]);
        assert!(Grant { scopes: Vec::new(), ..grant() }.lacks(&wanted).is_empty());
    }

    #[test]
    fn debug_shows_no_token() {
        assert!(!format!("{:?}", grant()).contains("secret"));
    }
}
