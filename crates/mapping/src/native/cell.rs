//! A value on its way from a row into a slot.

use std::borrow::Cow;

use serde_json::Value;

use crate::number::{self, copied};

#[derive(Debug)]
pub(super) enum Cell<'a> {
    Absent,
    Null,
    Bool(bool),
    Number(f64),
    Text(Cow<'a, str>),
    /// A list or an object of the row.
    Whole(&'a Value),
    /// Values from different places in the row.
    Many(Vec<&'a Value>),
    /// A list that was made, or an item of it.
    Made(Value),
}

impl<'a> Cell<'a> {
    pub(super) fn of(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(it) => Self::Bool(*it),
            Value::Number(it) => match number::double(it) {
                Some(it) => Self::Number(it),
                None => Self::Text(it.to_string().into()),
            },
            Value::String(it) => Self::Text(it.into()),
            Value::Array(_) | Value::Object(_) => Self::Whole(value),
        }
    }

    pub(super) fn into_value(self) -> Option<Value> {
        match self {
            Self::Absent => None,
            Self::Null => Some(Value::Null),
            Self::Bool(it) => Some(Value::Bool(it)),
            Self::Number(it) => Some(number::json(it)),
            Self::Text(it) => Some(Value::String(it.into_owned())),
            Self::Whole(it) => Some(copied(it)),
            Self::Many(items) => Some(Value::Array(items.into_iter().map(copied).collect())),
            Self::Made(it) => Some(it),
        }
    }
}
