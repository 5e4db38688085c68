//! A writer of JSON straight into bytes. Answers are built without a tree in between: a page of
//! fifty rows is one buffer.

use std::fmt::Write as _;

use chrono::{DateTime, Datelike, Timelike, Utc};
use serde::Serialize;
use uuid::Uuid;

/// JSON under construction. Members of ours have plain names: [`Json::key`] does not escape.
#[derive(Debug, Default)]
pub(crate) struct Json(String);

impl Json {
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self(String::with_capacity(bytes))
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0.into_bytes()
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn open(&mut self) -> &mut Self {
        self.next();
        self.raw("{")
    }

    pub(crate) fn close(&mut self) -> &mut Self {
        self.raw("}")
    }

    /// A member that is an object, left out when nothing is written into it.
    pub(crate) fn object_unless_empty(
        &mut self,
        name: &'static str,
        write: impl FnOnce(&mut Self),
    ) {
        let before = self.0.len();
        self.key(name).open();
        let opened = self.0.len();
        write(self);
        if self.0.len() == opened {
            self.0.truncate(before);
        } else {
            self.close();
        }
    }

    pub(crate) fn open_list(&mut self) -> &mut Self {
        self.next();
        self.raw("[")
    }

    pub(crate) fn close_list(&mut self) -> &mut Self {
        self.raw("]")
    }

    /// The name of the next member. A plain name of ours.
    pub(crate) fn key(&mut self, name: &'static str) -> &mut Self {
        self.next();
        self.0.push('"');
        self.0.push_str(name);
        self.raw("\":")
    }

    /// Text that is JSON already.
    pub(crate) fn raw(&mut self, json: &str) -> &mut Self {
        self.0.push_str(json);
        self
    }

    /// A word of ours: nothing in it needs an escape.
    pub(crate) fn word(&mut self, word: &str) -> &mut Self {
        self.next();
        self.0.push('"');
        self.0.push_str(word);
        self.raw("\"")
    }

    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.next();
        self.0.push('"');
        let mut rest = text;
        while let Some(at) = special(rest.as_bytes()) {
            let (plain, tail) = rest.split_at(at);
            self.0.push_str(plain);
            // What needs an escape is one byte, so the tail begins with a whole character.
            let mut chars = tail.chars();
            self.escape(chars.next().map_or(b' ', |it| u8::try_from(it).unwrap_or(b' ')));
            rest = chars.as_str();
        }
        self.0.push_str(rest);
        self.raw("\"")
    }

    pub(crate) fn text_or_null(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.text(text),
            None => self.null(),
        }
    }

    pub(crate) fn uuid(&mut self, id: Uuid) -> &mut Self {
        self.word(id.hyphenated().encode_lower(&mut Uuid::encode_buffer()))
    }

    pub(crate) fn number(&mut self, number: u64) -> &mut Self {
        self.next();
        // Writing into a String cannot fail.
        write!(self.0, "{number}").unwrap_or_default();
        self
    }

    pub(crate) fn number_or_null(&mut self, number: Option<u64>) -> &mut Self {
        match number {
            Some(number) => self.number(number),
            None => self.null(),
        }
    }

    pub(crate) fn flag(&mut self, flag: bool) -> &mut Self {
        self.next();
        self.raw(if flag { "true" } else { "false" })
    }

    pub(crate) fn null(&mut self) -> &mut Self {
        self.next();
        self.raw("null")
    }

    /// `2026-06-01T14:32:07.000Z`.
    pub(crate) fn time(&mut self, time: DateTime<Utc>) -> &mut Self {
        self.next();
        self.0.push('"');
        push_time(&mut self.0, time);
        self.raw("\"")
    }

    pub(crate) fn time_or_null(&mut self, time: Option<DateTime<Utc>>) -> &mut Self {
        match time {
            Some(time) => self.time(time),
            None => self.null(),
        }
    }

    /// Anything else. A value that cannot be JSON is written as null.
    pub(crate) fn value(&mut self, value: &impl Serialize) -> &mut Self {
        match serde_json::to_string(value) {
            Ok(json) => {
                self.next();
                self.raw(&json)
            }
            Err(error) => {
                tracing::error!(%error, "a value is not JSON");
                self.null()
            }
        }
    }

    /// A comma, unless this is the first of its container or the value of a member.
    fn next(&mut self) {
        if !matches!(self.0.as_bytes().last(), None | Some(b'{' | b'[' | b':' | b'\n')) {
            self.0.push(',');
        }
    }

    fn escape(&mut self, byte: u8) {
        match byte {
            b'"' => self.0.push_str("\\\""),
            b'\\' => self.0.push_str("\\\\"),
            b'\n' => self.0.push_str("\\n"),
            b'\r' => self.0.push_str("\\r"),
            b'\t' => self.0.push_str("\\t"),
            // Writing into a String cannot fail.
            _ => write!(self.0, "\\u{byte:04x}").unwrap_or_default(),
        }
    }
}

/// The first byte that needs an escape. Sixteen at a time without a branch in between, which the
/// compiler turns into one comparison: most texts have none.
fn special(bytes: &[u8]) -> Option<usize> {
    const STEP: usize = 16;
    let is_special = |it: &u8| (*it < 0x20) | (*it == b'"') | (*it == b'\\');
    for (index, chunk) in bytes.chunks(STEP).enumerate() {
        if chunk.iter().fold(false, |found, it| found | is_special(it)) {
            return chunk.iter().position(is_special).map(|at| index * STEP + at);
        }
    }
    None
}

/// As [`domain::time::rfc3339`], several times as fast: a page of rows holds hundreds of times.
pub(crate) fn push_time(out: &mut String, time: DateTime<Utc>) {
    let year = time.year();
    if !(0..=9999).contains(&year) {
        return out.push_str(&domain::time::rfc3339(time));
    }
    let mut text = *b"0000-00-00T00:00:00.000Z";
    digits(&mut text[0..4], year.unsigned_abs());
    digits(&mut text[5..7], time.month());
    digits(&mut text[8..10], time.day());
    digits(&mut text[11..13], time.hour());
    digits(&mut text[14..16], time.minute());
    digits(&mut text[17..19], time.second());
    // A leap second is told by 1,000 and more.
    digits(&mut text[20..23], time.timestamp_subsec_millis().min(999));
    out.push_str(std::str::from_utf8(&text).unwrap_or_default());
}

fn digits(places: &mut [u8], mut number: u32) {
    for place in places.iter_mut().rev() {
        *place = b"0123456789"[(number % 10) as usize];
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_comes_back(text in ".*") {
            let mut json = Json::default();
            json.text(&text);
            prop_assert_eq!(serde_json::from_str::<String>(json.as_str()).unwrap(), text);
        }

        #[test]
        fn any_time_is_written_as_the_domain_writes_it(millis in -62_000_000_000_000_i64..260_000_000_000_000) {
            let time = DateTime::from_timestamp_millis(millis).unwrap();
            let mut out = String::new();
            push_time(&mut out, time);
            prop_assert_eq!(out, domain::time::rfc3339(time));
        }
    }

    #[test]
    fn commas_stand_between_and_nowhere_else() {
        let mut json = Json::default();
        json.open().key("a").number(1).key("b").open_list().null().flag(true).close_list();
        json.key("c").open().close().key("d").word("x").close();
        let mut empty = Json::default();
        empty.open().object_unless_empty("a", |_| {});
        empty.object_unless_empty("b", |it| {
            it.key("c").null();
        });
        assert_eq!(empty.close().as_str(), r#"{"b":{"c":null}}"#);
        assert_eq!(json.as_str(), r#"{"a":1,"b":[null,true],"c":{},"d":"x"}"#);
    }
}
