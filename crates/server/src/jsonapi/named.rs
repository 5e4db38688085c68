//! The parameters of a question, each by its name, as a query or as the arguments of a tool. Nothing
//! is ignored.

use std::borrow::Cow;
use std::str::FromStr;

use axum::http::Uri;
use chrono::{DateTime, Utc};
use domain::nearest::nearest;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::filter;
use crate::code::Code;
use crate::problem::Problem;

/// A parameter that an operation takes.
#[derive(Debug)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) takes: Takes,
    /// For the documentation.
    pub(crate) says: &'static str,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Takes {
    Text,
    Id,
    Time,
    /// One of a closed list.
    Words(fn() -> Vec<&'static str>),
    /// A whole number from 1 to this.
    Count(u16),
}

/// What was given: each known, and each once.
#[derive(Debug)]
pub(crate) struct Parameters(Vec<(&'static str, String)>);

impl Parameters {
    pub(crate) fn read(uri: &Uri, known: &'static [Parameter]) -> Result<Self, Problem> {
        let query = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
        Self::of(query, known)
    }

    /// The arguments of a tool; null is as good as absent.
    pub(crate) fn of_json(
        arguments: &Map<String, Value>,
        known: &'static [Parameter],
    ) -> Result<Self, Problem> {
        let mut given = Vec::with_capacity(arguments.len());
        for (name, value) in arguments {
            let value = match value {
                Value::Null => continue,
                Value::String(it) => Cow::Borrowed(it.as_str()),
                Value::Number(it) => Cow::Owned(it.to_string()),
                Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
                    let detail = "is no text";
                    return Err(Problem::parameter(Code::InvalidParameter, name, detail));
                }
            };
            given.push((Cow::Borrowed(name.as_str()), value));
        }
        Self::of(given.into_iter(), known)
    }

    fn of<'a>(
        given: impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)>,
        known: &'static [Parameter],
    ) -> Result<Self, Problem> {
        let mut all: Vec<(&'static str, String)> = Vec::new();
        for (name, value) in given {
            let Some(found) = known.iter().find(|it| it.name == name) else {
                return Err(unknown(&name, known));
            };
            let value = found.checked(value.trim())?;
            if all.iter().any(|it| it.0 == found.name) {
                return Err(found.refused("is given twice"));
            }
            all.push((found.name, value));
        }
        Ok(Self(all))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|it| it.0 == name).map(|it| it.1.as_str())
    }

    /// One that must be there.
    pub(crate) fn required(&self, name: &'static str) -> Result<&str, Problem> {
        let lacks = || Problem::parameter(Code::InvalidParameter, name, "is required");
        self.get(name).ok_or_else(lacks)
    }

    /// One that was checked to be of this type when it was read.
    pub(crate) fn parsed<T: FromStr>(&self, name: &'static str) -> Result<Option<T>, Problem> {
        let wrong = |_| Problem::parameter(Code::InvalidParameter, name, "cannot be read");
        self.get(name).map(|it| it.parse().map_err(wrong)).transpose()
    }

    pub(crate) fn time(&self, name: &str) -> Option<DateTime<Utc>> {
        self.get(name).and_then(filter::time)
    }
}

impl Parameter {
    fn refused(&self, detail: impl Into<Cow<'static, str>>) -> Problem {
        Problem::parameter(Code::InvalidParameter, self.name, detail)
    }

    fn checked(&self, value: &str) -> Result<String, Problem> {
        if value.contains(['\u{fffd}', '\0']) {
            return Err(self.refused("is not UTF-8 text"));
        }
        if value.is_empty() {
            return Err(self.refused("is empty"));
        }
        let is_good = match self.takes {
            Takes::Text => true,
            Takes::Id => value.len() == 36 && value.parse::<Uuid>().is_ok(),
            Takes::Time => filter::time(value).is_some(),
            Takes::Words(words) => return one_of(self, &words(), value),
            Takes::Count(max) => value.parse::<u16>().is_ok_and(|it| (1..=max).contains(&it)),
        };
        match (is_good, self.takes) {
            (true, _) => Ok(value.to_owned()),
            (false, Takes::Time) => {
                Err(self.refused("is no time: write 2026-06-01 or 2026-06-01T14:32:07Z"))
            }
            (false, Takes::Count(max)) => {
                Err(self.refused(format!("write a whole number from 1 to {max}")))
            }
            (false, Takes::Text | Takes::Id | Takes::Words(_)) => Err(self.refused("is no uuid")),
        }
    }
}

fn one_of(parameter: &Parameter, words: &[&'static str], value: &str) -> Result<String, Problem> {
    if words.contains(&value) {
        return Ok(value.to_owned());
    }
    let shown = domain::diagnostic::shorten(value, 60);
    let hint = match nearest(value, words.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are: {}", filter::list(words.iter().copied())),
    };
    Err(parameter.refused(format!("`{shown}` is no {}; {hint}", parameter.name)))
}

fn unknown(name: &str, known: &'static [Parameter]) -> Problem {
    let detail = match nearest(name, known.iter().map(|it| it.name)) {
        Some(near) => format!("this has no meaning here; did you mean `{near}`?"),
        None => "this has no meaning here".to_owned(),
    };
    let name = name.replace(['\u{fffd}', '\0'], "?");
    Problem::parameter(Code::UnknownParameter, name, detail)
}
