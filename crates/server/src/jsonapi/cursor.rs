//! Cursors: the place of a row in its order, sealed. A client can neither read one (it holds an
//! internal key) nor make one, nor use one of another list, sort or workspace.

use std::fmt;

use aes_gcm_siv::aead::{Aead as _, Payload};
use aes_gcm_siv::{Aes256GcmSiv, KeyInit as _, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::DateTime;
use domain::id::WorkspaceId;
use store::{Mark, SortKey};

pub(crate) struct Cursors(Aes256GcmSiv);

impl fmt::Debug for Cursors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cursors")
    }
}

/// What a cursor belongs to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope<'a> {
    /// None: a list of the operator, over every workspace.
    pub(crate) workspace: Option<WorkspaceId>,
    /// The list and its sort, e.g. `connector_sync_diagnostic -occurred_at`.
    pub(crate) order: &'a str,
}

impl Scope<'_> {
    fn bytes(self) -> Vec<u8> {
        let workspace = self.workspace.map(|it| it.0).unwrap_or_default();
        [workspace.as_bytes(), self.order.as_bytes()].concat()
    }
}

impl Cursors {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self(Aes256GcmSiv::new(key.into()))
    }

    pub(crate) fn seal(&self, mark: &Mark, scope: Scope<'_>) -> String {
        let mut plain = Vec::with_capacity(24);
        plain.extend(mark.pk.to_be_bytes());
        match &mark.key {
            SortKey::Time(time) => {
                plain.push(b't');
                plain.extend(time.timestamp_millis().to_be_bytes());
            }
            SortKey::Number(number) => {
                plain.push(b'n');
                plain.extend(number.to_be_bytes());
            }
            SortKey::Text(text) => {
                plain.push(b's');
                plain.extend(text.as_bytes());
            }
        }
        // The nonce is fixed: in this mode equal texts then give equal seals and nothing else
        // leaks, and a page that is asked for twice has the same links.
        let aad = scope.bytes();
        let sealed = self.0.encrypt(&Nonce::default(), Payload { msg: &plain, aad: &aad });
        URL_SAFE_NO_PAD.encode(sealed.unwrap_or_default())
    }

    /// The mark, if this is a cursor of ours for this scope.
    pub(crate) fn open(&self, cursor: &str, scope: Scope<'_>) -> Option<Mark> {
        let sealed = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let aad = scope.bytes();
        let payload = Payload { msg: &sealed, aad: &aad };
        let plain = self.0.decrypt(&Nonce::default(), payload).ok()?;
        let (pk, rest) = plain.split_first_chunk::<8>()?;
        let (tag, key) = rest.split_first()?;
        let number = || key.try_into().ok().map(i64::from_be_bytes);
        let key = match tag {
            b't' => SortKey::Time(DateTime::from_timestamp_millis(number()?)?),
            b'n' => SortKey::Number(number()?),
            b's' => SortKey::Text(String::from_utf8(key.to_vec()).ok()?),
            _ => return None,
        };
        Some(Mark { key, pk: i64::from_be_bytes(*pk) })
    }
}

#[cfg(test)]
mod tests {
    use domain::id::WorkspaceId;

    use super::*;

    fn scope(order: &str) -> Scope<'_> {
        Scope { workspace: Some(WorkspaceId(uuid::Uuid::from_u128(7))), order }
    }

    #[test]
    fn a_cursor_opens_where_it_belongs_and_nowhere_else() {
        let cursors = Cursors::new(&[1; 32]);
        for key in [
            SortKey::Time(DateTime::from_timestamp_millis(1_780_000_000_123).unwrap()),
            SortKey::Number(-5),
            SortKey::Text("ä".to_owned()),
        ] {
            let mark = Mark { key, pk: 42 };
            let cursor = cursors.seal(&mark, scope("x -a"));
            assert_eq!(cursors.open(&cursor, scope("x -a")), Some(mark));
            assert_eq!(cursors.open(&cursor, scope("x a")), None);
            let elsewhere = Scope { workspace: None, order: "x -a" };
            assert_eq!(cursors.open(&cursor, elsewhere), None);
            assert_eq!(Cursors::new(&[2; 32]).open(&cursor, scope("x -a")), None);
        }
    }

    #[test]
    fn a_changed_cursor_is_none() {
        let cursors = Cursors::new(&[1; 32]);
        let cursor = cursors.seal(&Mark { key: SortKey::Number(1), pk: 1 }, scope("x"));
        for at in 0..cursor.len() {
            let mut changed = cursor.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(cursors.open(&changed, scope("x")), None, "{changed}");
        }
        assert_eq!(cursors.open("", scope("x")), None);
    }
}
