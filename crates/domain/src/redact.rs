//! Secrets leave a text before it is stored: known key names, URL queries, credentials of headers,
//! keys of well-known makers, long high-entropy words, and every credential of the connector's own
//! configuration, as it was written and encoded.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock, PoisonError, RwLock, RwLockReadGuard};

use regex::{Captures, Regex};
use serde_json::Value;

use crate::connector::Transport;

mod forms;
#[cfg(test)]
mod tests;

pub(crate) use forms::is_key_like;

/// What stands where a secret stood.
pub const MARK: &str = "[redacted]";

/// Credentials this long are removed from names as well; a shorter one may be a part of any word,
/// and a name is looked up by its letters.
const NAME_MIN: usize = 12;

/// Removes secrets from texts of one connector. Clones share what they know.
#[derive(Default, Clone)]
pub struct Redactor {
    /// The longest first.
    known: Arc<RwLock<Vec<String>>>,
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Redactor({} known)", self.read().len())
    }
}

/// Words that name a secret wherever they stand, e.g. in `X-Api-Key` or `DB_PASSWORD`.
const SECRET_NAMES: &str = r"api[_-]?(?:key|token)|(?:access|account|private|secret|signing|encryption|subscription)[_-]?key(?:[_-]?id)?|(?:access|refresh|auth|id|bearer|session|csrf|xsrf)[_-]?token|token|client[_-]?secret|secret|pass(?:word|wd|phrase|code)?|pwd|credentials?|signature|sig|jwt|session[_-]?(?:id|key)|sessid|code[_-]?verifier|authorization|cookie|dsn|connection[_-]?string";

fn rule(text: &str) -> Regex {
    Regex::new(text).unwrap_or_else(|error| unreachable!("redaction rule: {error}"))
}

static RULES: LazyLock<[Regex; 7]> = LazyLock::new(|| {
    [
        // the query of a URL, whatever else is in it
        r#"(https?://[^\s"'<>?]+\?)([^\s"'<>]+)"#.to_owned(),
        // A cookie to the end of its line: it has many parts.
        r#"(?i)(\b(?:set-)?cookie\\?["']?\s*[:=]\s*\\?["']?)([^\s"'\\\[\]][^\r\n"\[\]]{2,})"#.to_owned(),
        // name: "a value in quotes"
        format!(r#"(?i)((?:{SECRET_NAMES})\\?["']?\s*[:=]\s*\\?"\s*)([^"\\\s\[\]][^"\\\r\n\[\]]{{2,}})"#),
        // name=value, "name": "value", name: value
        format!(
            r#"(?i)((?:{SECRET_NAMES})\\?["']?\s*[:=]\s*\\?["']?)(?:(?:bearer|basic|token|digest)\s+)?([^\s"'\\&,;<>{{}}\[\])]{{3,}})"#
        ),
        r"(?i)(\b(?:bearer|basic)\s+)([A-Za-z0-9._~+/=-]{6,})".to_owned(),
        // user:password@ or token@ in a URL
        r"(://)([^/\s@\[\]]+)@".to_owned(),
        // keys that say whose they are
        r"(\b)((?:[spr]k_(?:live|test)_|wl_[a-z]+_|gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|sk-|AKIA|ASIA|AIza|ya29\.|eyJ)[A-Za-z0-9_.-]{8,})".to_owned(),
    ]
    .map(|it| rule(&it))
});

static WORD: LazyLock<Regex> = LazyLock::new(|| rule(r"[A-Za-z0-9_+/=-]{24,}"));

/// A member whose whole value is secret, by its name.
static SECRET_NAME: LazyLock<Regex> =
    LazyLock::new(|| rule(&format!(r"(?i)^(?:[a-z0-9]+[_-])*(?:{SECRET_NAMES})$")));

impl Redactor {
    /// `known`: credentials, each removed in any of its encodings. Values under four characters are
    /// no secrets and would blank innocent text.
    pub fn new<'a>(known: impl IntoIterator<Item = &'a str>) -> Self {
        Self { known: Arc::new(RwLock::new(forms::of_values(known))) }
    }

    /// Credentials that came up later, such as a token that was renewed.
    pub fn learn<'a>(&self, more: impl IntoIterator<Item = &'a str>) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.extend(forms::of_values(more));
        forms::order(&mut known);
    }

    fn read(&self) -> RwLockReadGuard<'_, Vec<String>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// For everything that is said by or about the server reached by this.
    pub fn of(transport: &Transport) -> Self {
        Self::new(forms::of_transport(transport).iter().map(String::as_str))
    }

    /// The text without its secrets.
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut out = self.label(text);
        if WORD.find_iter(&out).any(|it| is_random(it.as_str())) {
            let cleaned = WORD.replace_all(&out, |it: &Captures<'_>| {
                if is_random(&it[0]) { MARK.to_owned() } else { it[0].to_owned() }
            });
            out = Cow::Owned(cleaned.into_owned());
        }
        out
    }

    /// What a person calls a thing: as [`Self::text`], but a long word is not taken for a key because
    /// it looks like one.
    pub fn label<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut out = self.without_known(text, 0);
        for rule in RULES.iter() {
            if rule.is_match(&out) {
                out = Cow::Owned(rule.replace_all(&out, by_rule).into_owned());
            }
        }
        out
    }

    /// A name, of a tool or a field: only the connector's own long credentials leave it, since a name
    /// that merely looks like a key must still be found under its letters.
    pub fn name<'t>(&self, name: &'t str) -> Cow<'t, str> {
        self.without_known(name, NAME_MIN)
    }

    /// Every string inside a JSON value, the values of members named like secrets, and the names.
    pub fn json(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Cow::Owned(clean) = self.text(text) {
                    *text = clean;
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|it| self.json(it)),
            Value::Object(members) => {
                if members.keys().any(|it| self.name(it).len() != it.len()) {
                    let named = std::mem::take(members).into_iter();
                    members.extend(named.map(|(name, it)| (self.name(&name).into_owned(), it)));
                }
                for (name, value) in members {
                    if SECRET_NAME.is_match(name) { blank(value) } else { self.json(value) }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Every string inside a JSON value, as a name.
    pub fn names(&self, value: &mut Value) {
        match value {
            Value::String(name) => {
                if let Cow::Owned(clean) = self.name(name) {
                    *name = clean;
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|it| self.names(it)),
            Value::Object(members) => members.values_mut().for_each(|it| self.names(it)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Between marks only: a mark is never taken for a part of a secret, so that a text that was
    /// cleaned stays as it is.
    fn without_known<'t>(&self, text: &'t str, shortest: usize) -> Cow<'t, str> {
        let mut out = Cow::Borrowed(text);
        for secret in self.read().iter().filter(|it| it.len() >= shortest) {
            if out.contains(secret.as_str()) {
                let parts: Vec<String> =
                    out.split(MARK).map(|it| it.replace(secret.as_str(), MARK)).collect();
                out = Cow::Owned(parts.join(MARK));
            }
        }
        out
    }
}

/// A member named like a secret loses whatever it holds, but not the fact that it is there.
fn blank(value: &mut Value) {
    match value {
        Value::String(_) | Value::Number(_) => *value = Value::from(MARK),
        Value::Array(items) => items.iter_mut().for_each(blank),
        Value::Object(members) => members.values_mut().for_each(blank),
        Value::Null | Value::Bool(_) => {}
    }
}

/// Whether what is named so is a secret: `api_key`, `DB_PASSWORD`, `X-Auth-Token`.
fn is_secret_name(name: &str) -> bool {
    SECRET_NAME.is_match(name)
}

fn by_rule(it: &Captures<'_>) -> String {
    let tail = if it[0].ends_with('@') { "@" } else { "" };
    format!("{}{MARK}{tail}", &it[1])
}

/// A long word of mixed kinds with nearly as many different characters as a random one has.
/// UUIDs and words of the trade (`mapped_entities_partial_drop`) stay.
fn is_random(word: &str) -> bool {
    let is_uuid = word.len() == 36 && word.split('-').map(str::len).eq([8, 4, 4, 4, 12]);
    let has = |kind: fn(&char) -> bool| word.chars().any(|c| kind(&c));
    let kinds =
        [has(char::is_ascii_digit), has(char::is_ascii_lowercase), has(char::is_ascii_uppercase)];
    let digits = word.chars().filter(char::is_ascii_digit).count();
    // A name with a version in it has a digit or two; a key of two kinds has a fifth at least.
    let is_name = kinds.iter().filter(|it| **it).count() < 3 && digits * 5 < word.len();
    !is_uuid && kinds[0] && !is_name && entropy_bits(word) >= 3.3
}

/// Shannon entropy per character.
fn entropy_bits(word: &str) -> f64 {
    let mut counts = [0_u32; 128];
    for byte in word.bytes().filter(u8::is_ascii) {
        counts[usize::from(byte)] += 1;
    }
    let n = f64::from(counts.iter().sum::<u32>());
    counts.iter().filter(|it| **it > 0).map(|it| f64::from(*it) / n).map(|p| -p * p.log2()).sum()
}
