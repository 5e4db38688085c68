//! Sessions of people in a browser: opened with a key, and ended with it. Nothing is stored: the
//! cookie is the session, sealed.

use chrono::{DateTime, Duration, Utc};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use uuid::Uuid;

use crate::error::Error;
use crate::pass::{self, Pass};
use crate::tenant::{Access, Tenant};
use crate::{Store, api_keys};

/// How long a session lasts.
pub const LASTS: Duration = Duration::hours(12);
const PURPOSE: &str = "session";
const NONE: Error = Error::NotFound("session");

/// Who is signed in, and where.
#[derive(Debug, Clone)]
pub struct Session {
    pub tenant: Tenant,
    pub workspace_name: String,
    pub key_name: String,
    pub ends_at: DateTime<Utc>,
    /// What a form of this session carries, so that no other site can post one.
    pub csrf: String,
}

/// What a secret opened.
#[derive(Debug)]
pub enum Opened {
    /// The value of the cookie.
    Session(String),
    /// An operator's key: it opens nothing inside workspaces.
    Operator,
}

/// A session for whoever knows this secret; [`Error::NotFound`] if it opens nothing.
pub async fn open(store: &Store, secret: &str, now: DateTime<Utc>) -> Result<Opened, Error> {
    let proven = api_keys::proven(store, secret, now).await?;
    match proven.1.access {
        Access::Operator(_) => Ok(Opened::Operator),
        Access::Tenant(_) => {
            let pass = Pass {
                key_hash: proven.0,
                ends_at: now + LASTS,
                id: Uuid::new_v4(),
                connector: None,
            };
            pass::seal(store, PURPOSE, &pass).map(Opened::Session)
        }
    }
}

/// The session of a cookie; [`Error::NotFound`] once it or its key has ended.
pub async fn resume(store: &Store, cookie: &str, now: DateTime<Utc>) -> Result<Session, Error> {
    let pass = pass::open(store, PURPOSE, cookie, now)?.ok_or(NONE)?;
    let proven = api_keys::proven_by(store, pass.key_hash, now).await.map_err(gone)?;
    let Access::Tenant(tenant) = proven.access else { return Err(NONE) };
    Ok(Session {
        tenant,
        workspace_name: proven.names.workspace.clone(),
        key_name: proven.names.key.clone(),
        ends_at: pass.ends_at,
        csrf: csrf(store, pass.id)?,
    })
}

fn csrf(store: &Store, session: Uuid) -> Result<String, Error> {
    let mut mac = Hmac::<Sha256>::new_from_slice(&store.pass_key()?)
        .map_err(|_length| Error::Sealed("its key has no length"))?;
    mac.update(b"csrf");
    mac.update(session.as_bytes());
    Ok(domain::hex(&mac.finalize().into_bytes()))
}

fn gone(error: Error) -> Error {
    match error {
        Error::NotFound(_) => NONE,
        other @ (Error::Conflict { .. }
        | Error::Invalid { .. }
        | Error::Busy(_)
        | Error::NotMigrated { .. }
        | Error::Sealed(_)
        | Error::Database { .. }) => other,
    }
}
