//! Documents that come in, read member by member from a tree: every fault is told with the pointer
//! of its member, all of them at once, and nothing is ignored in silence.

use std::str::FromStr;

use domain::nearest::nearest;
use serde_json::{Map, Value};

use super::document::Kind;
use crate::code::Code;
use crate::problem::{Fault, Problem};

/// The faults found so far.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn add(&mut self, code: Code, pointer: String, detail: impl Into<String>) {
        self.0.push(Fault::at(code, pointer, detail.into()));
    }

    /// The value, if nothing was wrong on the way.
    pub(crate) fn or<T>(self, value: Option<T>) -> Result<T, Problem> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ if self.0.is_empty() => {
                Err(Problem::pointer(Code::MissingMember, "", "the document lacks a member"))
            }
            _ => Err(Problem::of(self.0)),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// Whether a new resource or a known one is meant.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Meant<'a> {
    New,
    Known(&'a str),
}

/// A resource object that came in.
#[derive(Debug)]
pub(crate) struct Incoming<'a> {
    pub(crate) attributes: Members<'a>,
    pub(crate) relationships: Members<'a>,
    pub(crate) meta: Members<'a>,
}

static NO_MEMBERS: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);

/// `data` of a document.
pub(crate) fn data<'a>(document: &'a Value, faults: &mut Faults) -> Option<&'a Value> {
    match document.as_object() {
        Some(members) => {
            let data = members.get("data");
            if data.is_none() {
                faults.add(Code::MissingMember, "/data".to_owned(), "a document has `data`");
            }
            data
        }
        None => {
            faults.add(Code::InvalidMember, String::new(), "a document is an object with `data`");
            None
        }
    }
}

/// A resource object at a place of the document.
pub(crate) fn resource<'a>(
    value: &'a Value,
    at: &str,
    kind: &'static Kind,
    meant: Meant<'_>,
    faults: &mut Faults,
) -> Option<Incoming<'a>> {
    let Some(members) = value.as_object() else {
        faults.add(
            Code::InvalidMember,
            at.to_owned(),
            format!("must be a resource object, is {}", kind_of(value)),
        );
        return None;
    };
    check_identity(members, at, kind, meant, faults);
    let mut part = |name: &str| {
        let pointer = format!("{at}/{name}");
        match members.get(name) {
            None => Some(Members::new(&NO_MEMBERS, pointer)),
            Some(Value::Object(part)) => Some(Members::new(part, pointer)),
            Some(other) => {
                faults.add(
                    Code::InvalidMember,
                    pointer,
                    format!("must be an object, is {}", kind_of(other)),
                );
                None
            }
        }
    };
    let (attributes, relationships, meta) =
        (part("attributes"), part("relationships"), part("meta"));
    Some(Incoming { attributes: attributes?, relationships: relationships?, meta: meta? })
}

fn check_identity(
    members: &Map<String, Value>,
    at: &str,
    kind: &'static Kind,
    meant: Meant<'_>,
    faults: &mut Faults,
) {
    match (meant, members.get("id")) {
        (Meant::New, None) => {}
        (Meant::New, Some(_)) => {
            faults.add(Code::ClientIdForbidden, format!("{at}/id"), "ids are made by the server");
        }
        (Meant::Known(_), None) => {
            faults.add(Code::MissingMember, format!("{at}/id"), "a change names the id it is for");
        }
        (Meant::Known(id), Some(given)) => {
            if !given.as_str().is_some_and(|it| it.eq_ignore_ascii_case(id)) {
                faults.add(Code::IdMismatch, format!("{at}/id"), "is not the id in the path");
            }
        }
    }
    let pointer = || format!("{at}/type");
    match members.get("type") {
        Some(Value::String(given)) if given == kind.name => {}
        Some(Value::String(_)) => {
            faults.add(Code::TypeMismatch, pointer(), format!("must be `{}` here", kind.name));
        }
        Some(other) => {
            faults.add(
                Code::InvalidMember,
                pointer(),
                format!("must be a string, is {}", kind_of(other)),
            );
        }
        None => faults.add(Code::MissingMember, pointer(), format!("must be `{}`", kind.name)),
    }
}

/// An object whose members are asked for one by one; what nobody asked for is a fault.
#[derive(Debug)]
pub(crate) struct Members<'a> {
    given: &'a Map<String, Value>,
    at: String,
    known: Vec<&'static str>,
}

impl<'a> Members<'a> {
    pub(crate) fn new(given: &'a Map<String, Value>, at: String) -> Self {
        Self { given, at, known: Vec::new() }
    }

    pub(crate) fn pointer(&self, name: &str) -> String {
        format!("{}/{}", self.at, name.replace('~', "~0").replace('/', "~1"))
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.given.contains_key(name)
    }

    /// The member as it is; from now on it is a known one.
    pub(crate) fn raw(&mut self, name: &'static str) -> Option<&'a Value> {
        self.known.push(name);
        self.given.get(name)
    }

    /// A member that is not the client's to set.
    pub(crate) fn immutable(&mut self, name: &'static str, faults: &mut Faults) {
        if self.raw(name).is_some() {
            faults.add(
                Code::ImmutableMember,
                self.pointer(name),
                format!("`{name}` is made by the server"),
            );
        }
    }

    /// Absent: none. Null: some none.
    pub(crate) fn nullable<T>(
        &mut self,
        name: &'static str,
        faults: &mut Faults,
        read: impl Fn(&'a Value) -> Result<T, String>,
    ) -> Option<Option<T>> {
        let value = self.raw(name)?;
        if value.is_null() {
            return Some(None);
        }
        match read(value) {
            Ok(value) => Some(Some(value)),
            Err(detail) => {
                faults.add(Code::InvalidMember, self.pointer(name), format!("`{name}` {detail}"));
                None
            }
        }
    }

    /// A member that may be absent and is never null.
    pub(crate) fn optional<T>(
        &mut self,
        name: &'static str,
        faults: &mut Faults,
        read: impl Fn(&'a Value) -> Result<T, String>,
    ) -> Option<T> {
        match self.nullable(name, faults, read)? {
            Some(value) => Some(value),
            None => {
                faults.add(
                    Code::InvalidMember,
                    self.pointer(name),
                    format!("`{name}` must not be null"),
                );
                None
            }
        }
    }

    pub(crate) fn required<T>(
        &mut self,
        name: &'static str,
        faults: &mut Faults,
        read: impl Fn(&'a Value) -> Result<T, String>,
    ) -> Option<T> {
        if !self.has(name) {
            self.known.push(name);
            faults.add(Code::MissingMember, self.pointer(name), format!("`{name}` is required"));
            return None;
        }
        self.optional(name, faults, read)
    }

    /// The id of a to-one relationship. Absent: none. `data: null`: some none.
    pub(crate) fn linked(
        &mut self,
        name: &'static str,
        kind: &str,
        faults: &mut Faults,
    ) -> Option<Option<&'a str>> {
        let value = self.raw(name)?;
        let at = self.pointer(name);
        let Some(data) = value.as_object().and_then(|it| it.get("data")) else {
            faults.add(Code::InvalidMember, at, "a relationship is an object with `data`");
            return None;
        };
        if data.is_null() {
            return Some(None);
        }
        let at = format!("{at}/data");
        let (given_kind, id) = (data.get("type"), data.get("id").and_then(Value::as_str));
        if given_kind.and_then(Value::as_str) != Some(kind) {
            faults.add(Code::InvalidMember, format!("{at}/type"), format!("must be `{kind}`"));
        }
        if id.is_none() {
            faults.add(Code::InvalidMember, format!("{at}/id"), "must be the id, a string");
        }
        Some(Some(id?))
    }

    /// Whatever was not asked for is a fault, with the nearest member that there is.
    pub(crate) fn finish(self, faults: &mut Faults) {
        for name in self
            .given
            .keys()
            .filter(|it| !self.known.contains(&it.as_str()) && !it.starts_with('@'))
        {
            let detail = match nearest(name, self.known.iter().copied()) {
                Some(near) => format!("has no meaning here; did you mean `{near}`?"),
                None => "has no meaning here".to_owned(),
            };
            faults.add(Code::UnknownMember, self.pointer(name), detail);
        }
    }
}

/// The kind of a JSON value, for people.
pub(crate) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

fn wrong(expected: &str, value: &Value) -> String {
    format!("must be {expected}, is {}", kind_of(value))
}

pub(crate) fn text(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| wrong("a string", value))
}

/// Trimmed, without NUL, this many characters.
pub(crate) fn sized_text(min: usize, max: usize) -> impl Fn(&Value) -> Result<String, String> {
    move |value| {
        let given = text(value)?.trim();
        let length = given.chars().count();
        if !(min..=max).contains(&length) {
            return Err(format!("must have {min} to {max} characters, has {length}"));
        }
        if given.contains('\0') {
            return Err("holds a NUL character".to_owned());
        }
        Ok(given.to_owned())
    }
}

pub(crate) fn flag(value: &Value) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| wrong("a boolean", value))
}

/// A whole number of a range.
pub(crate) fn number<T: TryFrom<i64>>(min: i64, max: i64) -> impl Fn(&Value) -> Result<T, String> {
    move |value| {
        let number = value.as_i64().filter(|it| (min..=max).contains(it));
        number
            .and_then(|it| T::try_from(it).ok())
            .ok_or_else(|| format!("must be a whole number from {min} to {max}"))
    }
}

/// One of a closed list of words.
pub(crate) fn word<T: FromStr<Err = domain::words::UnknownWord>>(
    value: &Value,
) -> Result<T, String> {
    text(value)?.parse().map_err(|error| format!("has an {error}"))
}

pub(crate) fn time(value: &Value) -> Result<chrono::DateTime<chrono::Utc>, String> {
    rfc3339(text(value)?)
        .ok_or_else(|| "must be a time, e.g. `2026-06-01T14:32:07.000Z`".to_owned())
}

pub(crate) fn rfc3339(given: &str) -> Option<chrono::DateTime<chrono::Utc>> {
    chrono::DateTime::parse_from_rfc3339(given).ok().map(|it| it.to_utc())
}

pub(crate) fn object(value: &Value) -> Result<&Map<String, Value>, String> {
    value.as_object().ok_or_else(|| wrong("an object", value))
}

/// A list of words.
pub(crate) fn words<T: FromStr<Err = domain::words::UnknownWord>>(
    value: &Value,
) -> Result<Vec<T>, String> {
    let items = value.as_array().ok_or_else(|| wrong("an array", value))?;
    items.iter().map(word).collect()
}
