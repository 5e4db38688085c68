//! A sealed paper that a browser carries: which key made it, until when it holds, and what it opens.
//! Nobody can read or change one without the key that seals, and what was made for one purpose
//! opens nothing else.

use aes_gcm_siv::aead::{Aead, KeyInit, Payload};
use aes_gcm_siv::{Aes256GcmSiv, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use domain::id::WorkspaceConnectorId;
use uuid::Uuid;

use crate::Store;
use crate::error::Error;

const NONCE: usize = 12;

pub(crate) struct Pass {
    /// Of the secret of the key behind it: with the key, the pass ends.
    pub(crate) key_hash: [u8; 32],
    pub(crate) ends_at: DateTime<Utc>,
    /// Of this pass alone.
    pub(crate) id: Uuid,
    /// None: all that the key's workspace holds.
    pub(crate) connector: Option<WorkspaceConnectorId>,
}

pub(crate) fn seal(store: &Store, purpose: &str, pass: &Pass) -> Result<String, Error> {
    let mut plain = Vec::with_capacity(72);
    plain.extend(pass.key_hash);
    plain.extend(pass.ends_at.timestamp_millis().to_be_bytes());
    plain.extend(pass.id.as_bytes());
    plain.extend(pass.connector.iter().flat_map(|it| *it.0.as_bytes()));
    let nonce: [u8; NONCE] = rand::random();
    let sealed = cipher(store)?
        .encrypt(Nonce::from_slice(&nonce), Payload { msg: &plain, aad: purpose.as_bytes() })
        .map_err(|_opaque| Error::Sealed("it is too large"))?;
    Ok(URL_SAFE_NO_PAD.encode([nonce.as_slice(), &sealed].concat()))
}

/// None: not of ours, not for this purpose, or past its end.
pub(crate) fn open(
    store: &Store,
    purpose: &str,
    text: &str,
    now: DateTime<Utc>,
) -> Result<Option<Pass>, Error> {
    let cipher = cipher(store)?;
    Ok(unseal(&cipher, purpose, text).filter(|it| it.ends_at > now))
}

fn unseal(cipher: &Aes256GcmSiv, purpose: &str, text: &str) -> Option<Pass> {
    let sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (nonce, sealed) = sealed.split_at_checked(NONCE)?;
    let payload = Payload { msg: sealed, aad: purpose.as_bytes() };
    let plain = cipher.decrypt(Nonce::from_slice(nonce), payload).ok()?;
    let (key_hash, rest) = plain.split_first_chunk::<32>()?;
    let (ends_at, rest) = rest.split_first_chunk::<8>()?;
    let (id, rest) = rest.split_first_chunk::<16>()?;
    let connector = match rest {
        [] => None,
        _ => Some(WorkspaceConnectorId(Uuid::from_slice(rest).ok()?)),
    };
    let ends_at = DateTime::from_timestamp_millis(i64::from_be_bytes(*ends_at))?;
    Some(Pass { key_hash: *key_hash, ends_at, id: Uuid::from_bytes(*id), connector })
}

fn cipher(store: &Store) -> Result<Aes256GcmSiv, Error> {
    Ok(Aes256GcmSiv::new(&store.pass_key()?.into()))
}
