//! Credentials at rest: AES-256-GCM-SIV under the operator's key, bound to the row they are of.
//!
//! A sealed value is a version byte, a random nonce, and the ciphertext. The row's public id is
//! authenticated with it, so that a value copied to another row does not open there.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use aes_gcm_siv::aead::{Aead, KeyInit, Payload};
use aes_gcm_siv::{Aes256GcmSiv, Nonce};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::error::Error;
use crate::{Place, Store};

const VERSION: u8 = 1;
const NONCE: usize = 12;
const KEY_FILE: &str = "seal.key";

pub(crate) fn seal(store: &Store, row: Uuid, plain: &[u8]) -> Result<Vec<u8>, Error> {
    let nonce: [u8; NONCE] = rand::random();
    let payload = Payload { msg: plain, aad: row.as_bytes() };
    let key = match key(store)? {
        Found::Key(key) => key,
        Found::NoneAt(path) => make(&path)?,
    };
    let sealed = Aes256GcmSiv::new(&key.into())
        .encrypt(Nonce::from_slice(&nonce), payload)
        .map_err(|_opaque| Error::Sealed("it is too large"))?;
    Ok([&[VERSION], nonce.as_slice(), &sealed].concat())
}

pub(crate) fn open(store: &Store, row: Uuid, sealed: &[u8]) -> Result<Vec<u8>, Error> {
    let (version, rest) = sealed.split_first().ok_or(Error::Sealed("it is empty"))?;
    let (nonce, text) = rest.split_at_checked(NONCE).ok_or(Error::Sealed("it is cut short"))?;
    if *version != VERSION {
        return Err(Error::Sealed("a newer version of this program made it"));
    }
    let payload = Payload { msg: text, aad: row.as_bytes() };
    let Found::Key(key) = key(store)? else {
        return Err(Error::Sealed("the file `seal.key` is missing"));
    };
    Aes256GcmSiv::new(&key.into())
        .decrypt(Nonce::from_slice(nonce), payload)
        .map_err(|_opaque| Error::Sealed("the key is not the one that it was made with"))
}

enum Found {
    Key([u8; 32]),
    /// None yet, but here one may be made: by the first value to be sealed, never by one to be
    /// opened, since a lost key may come back.
    NoneAt(PathBuf),
}

impl Store {
    /// A key for another purpose, made of the one that seals: the same in every process that has it.
    pub fn derived_key(&self, purpose: &str) -> Result<[u8; 32], Error> {
        let key = match key(self)? {
            Found::Key(key) => key,
            Found::NoneAt(path) => make(&path)?,
        };
        Ok(Sha256::new().chain_update(key).chain_update(purpose).finalize().into())
    }
}

impl Store {
    /// The key of what browsers carry ([`crate::pass`]). Read once: every request needs it.
    pub(crate) fn pass_key(&self) -> Result<[u8; 32], Error> {
        if let Some(key) = self.0.pass_key.get() {
            return Ok(*key);
        }
        let key = self.derived_key("passes")?;
        Ok(*self.0.pass_key.get_or_init(|| key))
    }
}

fn key(store: &Store) -> Result<Found, Error> {
    if let Some(key) = store.settings().seal_key {
        return Ok(Found::Key(key));
    }
    let path = folder(store).ok_or(Error::Sealed("no key is set"))?.join(KEY_FILE);
    Ok(read(&path)?.map_or(Found::NoneAt(path), Found::Key))
}

/// The folder of the settings, else the database file's.
fn folder(store: &Store) -> Option<PathBuf> {
    let own = match store.place() {
        Place::Sqlite { data } => crate::sqlite::file(data).parent().map(Path::to_path_buf),
        Place::Postgres { .. } => None,
    };
    store.settings().seal_folder.clone().or(own)
}

fn read(path: &Path) -> Result<Option<[u8; 32]>, Error> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unusable(&error, "the file `seal.key` cannot be read")),
    };
    let bytes = text.trim().as_bytes();
    let digits = bytes.iter().map(|it| char::from(*it).to_digit(16));
    let Some(digits) = digits.collect::<Option<Vec<u32>>>().filter(|it| it.len() == 64) else {
        return Err(Error::Sealed("the file `seal.key` does not hold 64 hexadecimal digits"));
    };
    let mut key = [0; 32];
    for (byte, pair) in key.iter_mut().zip(digits.chunks(2)) {
        *byte = pair.iter().fold(0, |high, low| high << 4 | u8::try_from(*low).unwrap_or_default());
    }
    Ok(Some(key))
}

/// Written aside and linked into place: of two processes that start at once one wins, and neither
/// reads half a key.
fn make(path: &Path) -> Result<[u8; 32], Error> {
    let wrong = |error: std::io::Error| unusable(&error, "the file `seal.key` cannot be made");
    let key: [u8; 32] = rand::random();
    let text = domain::hex(&key);
    if let Some(folder) = path.parent() {
        crate::sqlite::make_private(folder)?;
    }
    let aside = path.with_extension(Uuid::new_v4().simple().to_string());
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&aside).map_err(wrong)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(wrong)?;
    let linked = std::fs::hard_link(&aside, path);
    std::fs::remove_file(&aside).map_err(wrong)?;
    match linked {
        Ok(()) => Ok(key),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            read(path)?.ok_or(Error::Sealed("the file `seal.key` went away"))
        }
        Err(error) => Err(wrong(error)),
    }
}

fn unusable(error: &std::io::Error, what: &'static str) -> Error {
    tracing::error!(error = error as &dyn std::error::Error, "{what}");
    Error::Sealed(what)
}
