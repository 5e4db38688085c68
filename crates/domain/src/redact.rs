//! Secrets leave a text before it is stored: known key names, URL queries, credentials of headers,
//! long high-entropy words, and every credential of the connector's own configuration, verbatim.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// What stands where a secret stood.
pub const MARK: &str = "[redacted]";

/// Removes secrets from texts of one connector.
#[derive(Default, Clone)]
pub struct Redactor {
    verbatim: Vec<String>,
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Redactor({} verbatim)", self.verbatim.len())
    }
}

static RULES: LazyLock<[Regex; 4]> = LazyLock::new(|| {
    [
        // name=value, "name": "value", name: value
        r#"(?i)((?:api[_-]?(?:key|token)|(?:access|refresh|auth|id|bearer|session|csrf)[_-]?token|token|client[_-]?secret|secret(?:[_-]?key)?|pass(?:word|wd|phrase)?|private[_-]?key|credential|signature|sig|jwt|x-api-key|cookie|authorization)["']?\s*[:=]\s*["']?)(?:(?:bearer|basic|token)\s+)?([^\s"'&,;<>{}\[\])]{3,})"#,
        r"(?i)(\b(?:bearer|basic)\s+)([A-Za-z0-9._~+/=-]{6,})",
        // user:password@ in a URL
        r"(://)([^/\s:@]+:[^/\s@]+)@",
        // the query of a URL
        r#"(https?://[^\s"'<>?]+\?)([^\s"'<>]+)"#,
    ]
    .map(|rule| Regex::new(rule).unwrap_or_else(|error| unreachable!("redaction rule: {error}")))
});

static WORD: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"[A-Za-z0-9_+/=-]{24,}")
        .unwrap_or_else(|error| unreachable!("redaction rule: {error}"))
});

impl Redactor {
    /// `verbatim`: the connector's own credentials. Values under four characters are no secrets
    /// and would blank innocent text.
    pub fn new<'a>(verbatim: impl IntoIterator<Item = &'a str>) -> Self {
        let mut verbatim: Vec<String> = verbatim
            .into_iter()
            .flat_map(|it| [Some(it), it.split_once(' ').map(|(_, rest)| rest)])
            .flatten()
            .filter(|it| it.chars().count() >= 4)
            .map(str::to_owned)
            .collect();
        // The longest first, so that a credential inside another leaves no tail.
        verbatim.sort_by_key(|it| std::cmp::Reverse(it.len()));
        verbatim.dedup();
        Self { verbatim }
    }

    /// The text without its secrets.
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut out = Cow::Borrowed(text);
        for secret in &self.verbatim {
            if out.contains(secret.as_str()) {
                out = Cow::Owned(out.replace(secret.as_str(), MARK));
            }
        }
        for rule in RULES.iter() {
            if rule.is_match(&out) {
                out = Cow::Owned(rule.replace_all(&out, by_rule).into_owned());
            }
        }
        if WORD.find_iter(&out).any(|it| is_random(it.as_str())) {
            let cleaned = WORD.replace_all(&out, |it: &Captures<'_>| {
                if is_random(&it[0]) { MARK.to_owned() } else { it[0].to_owned() }
            });
            out = Cow::Owned(cleaned.into_owned());
        }
        out
    }

    /// Every string inside a JSON value, and the values of members named like secrets.
    pub fn json(&self, value: &mut serde_json::Value) {
        match value {
            serde_json::Value::String(text) => {
                if let Cow::Owned(clean) = self.text(text) {
                    *text = clean;
                }
            }
            serde_json::Value::Array(items) => items.iter_mut().for_each(|it| self.json(it)),
            serde_json::Value::Object(members) => members.values_mut().for_each(|it| self.json(it)),
            serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) => {
            }
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn check(given: &str, expected: &str) {
        assert_eq!(Redactor::new(["s3cr3t-value"]).text(given), expected);
    }

    #[test]
    fn secrets_leave_and_the_sentence_stays() {
        check(
            "401 for https://x.test/a?api_token=abc123&x=1",
            "401 for https://x.test/a?[redacted]",
        );
        check("Authorization: Bearer abc.def-ghi", "Authorization: [redacted]");
        check("bad header bearer abcdefgh", "bad header bearer [redacted]");
        check(
            r#"{"refresh_token":"r-12345","page":2}"#,
            r#"{"refresh_token":"[redacted]","page":2}"#,
        );
        check("said s3cr3t-value twice", "said [redacted] twice");
        check("postgres://me:pw@host/db is down", "postgres://[redacted]@host/db is down");
        check("key sk4Jd8sLq02mZpX7vB1nT5yR9 refused", "key [redacted] refused");
    }

    #[test]
    fn words_of_the_trade_and_ids_stay() {
        for text in [
            "Validator rejected 12/12 mapped entities: required field 'issue_date' null",
            "mapped_entities_partial_drop structured_pipeline_fell_back_to_legacy",
            "run 0c2e4d1b-9b4a-4d1b-9b4a-001122334455 ended",
            "tool pennylane_get_customer_invoices_v2 answered",
        ] {
            assert_eq!(Redactor::default().text(text), text);
        }
    }
}
