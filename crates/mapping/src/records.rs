//! Which part of a row is a record of a target, where the rows of an answer are not the records
//! themselves: each in a wrapper (`list.customer`), items of a list (`payment.allocations`), or
//! some of several kinds (files among folders).

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::path::Path;

mod find;
#[cfg(test)]
mod tests;

pub use find::find;

/// The member by which a record knows the row that it stands in, without the record itself.
pub const ENCLOSING: &str = "^";

/// Where the records are in the rows. The default: each row is one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Records {
    /// From the row to the record; every list on the way is followed to each of its items.
    #[serde(default, skip_serializing_if = "is_row")]
    pub path: Path,
    /// Rows that are of another kind are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<Only>,
}

/// What tells the rows of a kind from others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Only {
    pub path: Path,
    pub test: Test,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Test {
    Present,
    Is(bool),
    /// None of these texts; a row that says nothing stays.
    Not(Vec<String>),
}

/// What is said of a row that is left out.
impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Present => f.write_str("is absent"),
            Self::Is(wanted) => write!(f, "is {}", !wanted),
            Self::Not(texts) => write!(f, "is {}", texts.join(" or ")),
        }
    }
}

fn is_row(path: &Path) -> bool {
    path.0.is_empty()
}

impl Records {
    /// Whether each row is a record as it is.
    pub fn are_rows(&self) -> bool {
        self.path.0.is_empty() && self.only.is_none()
    }

    /// The records in the rows, in their order.
    pub fn of(&self, rows: Vec<Value>) -> Vec<Value> {
        if self.are_rows() {
            return rows;
        }
        let kept = rows.into_iter().filter(|it| self.is_of_kind(it));
        if self.path.0.is_empty() {
            return kept.collect();
        }
        kept.flat_map(|row| self.within(&row)).collect()
    }

    /// A path from a record, as a path from its row.
    pub fn from_row(&self, path: &Path) -> Path {
        match path.0.split_first() {
            Some((first, rest)) if first.name == ENCLOSING => Path(rest.to_vec()),
            _ => Path(self.path.0.iter().chain(&path.0).cloned().collect()),
        }
    }

    /// Rows that [`Self::of`] leaves out because they are of another kind.
    pub fn left_out(&self, rows: &[Value]) -> usize {
        rows.iter().filter(|it| !self.is_of_kind(it)).count()
    }

    fn is_of_kind(&self, row: &Value) -> bool {
        let Some(only) = &self.only else { return true };
        let value = only.path.resolve(row).filter(|it| !it.is_null());
        match &only.test {
            Test::Present => value.is_some(),
            Test::Is(wanted) => value.and_then(Value::as_bool).is_none_or(|it| it == *wanted),
            Test::Not(texts) => value
                .and_then(Value::as_str)
                .is_none_or(|it| !texts.iter().any(|text| text.eq_ignore_ascii_case(it))),
        }
    }

    fn within(&self, row: &Value) -> Vec<Value> {
        let names: Vec<&str> = self.path.names().collect();
        let mut found = Vec::new();
        collect(row, &names, &mut found);
        let enclosing = enclosing(row, &names);
        found.into_iter().map(|it| record(it, &enclosing)).collect()
    }
}

fn collect<'v>(value: &'v Value, names: &[&str], found: &mut Vec<&'v Value>) {
    if let Value::Array(items) = value {
        items.iter().for_each(|it| collect(it, names, found));
        return;
    }
    match names.split_first() {
        Some((name, rest)) => {
            if let Some(member) = value.get(name) {
                collect(member, rest, found);
            }
        }
        None if value.is_null() => {}
        None => found.push(value),
    }
}

/// The row without the records, and without other lists: each record carries it, so it stays small.
fn enclosing(row: &Value, names: &[&str]) -> Value {
    let Value::Object(fields) = row else { return Value::Null };
    let mut kept = Map::new();
    for (name, it) in fields {
        match names.split_first() {
            Some((first, rest)) if first == name => {
                if !rest.is_empty() && it.is_object() {
                    kept.insert(name.clone(), enclosing(it, rest));
                }
            }
            _ if it.is_array() => {}
            _ => {
                kept.insert(name.clone(), it.clone());
            }
        }
    }
    Value::Object(kept)
}

fn record(it: &Value, enclosing: &Value) -> Value {
    let plain = || Map::from_iter([("_value".to_owned(), it.clone())]);
    let mut fields = it.as_object().cloned().unwrap_or_else(plain);
    fields.insert(ENCLOSING.to_owned(), enclosing.clone());
    Value::Object(fields)
}
