//! What a path leads to, as JSONata reads paths: a list on the way stands for its items, and a
//! single item for itself.

use serde_json::Value;

use crate::path::{Path, Pick, Step};

#[derive(Debug)]
pub(super) enum Found<'a> {
    Absent,
    /// A value of the row as it stands there, which may be a list.
    One(&'a Value),
    /// What was found in several places.
    Many(Vec<&'a Value>),
}

impl<'a> Found<'a> {
    fn collapsed(mut items: Vec<&'a Value>) -> Self {
        match items.len() {
            0 => Self::Absent,
            1 => items.pop().map_or(Self::Absent, Self::One),
            _ => Self::Many(items),
        }
    }

    /// The items of a list; of anything else, itself.
    pub(super) fn into_items(self) -> Items<'a> {
        match self {
            Self::Absent => Items::Row([].iter()),
            Self::One(Value::Array(items)) => Items::Row(items.iter()),
            Self::One(it) => Items::Row(std::slice::from_ref(it).iter()),
            Self::Many(items) => Items::Many(items.into_iter()),
        }
    }
}

#[derive(Debug)]
pub(super) enum Items<'a> {
    Row(std::slice::Iter<'a, Value>),
    Many(std::vec::IntoIter<&'a Value>),
}

impl<'a> Iterator for Items<'a> {
    type Item = &'a Value;

    fn next(&mut self) -> Option<&'a Value> {
        match self {
            Self::Row(items) => items.next(),
            Self::Many(items) => items.next(),
        }
    }
}

pub(super) fn resolve<'a>(path: &Path, row: &'a Value) -> Found<'a> {
    match straight(&path.0, row) {
        Straight::To(it) => Found::One(it),
        Straight::Nowhere => Found::Absent,
        Straight::ThroughList => spread(&path.0, row),
    }
}

/// The objects that a path leads to: of a list its items, else the one that is there.
pub(super) fn objects<'a>(path: &Path, row: &'a Value) -> Vec<&'a Value> {
    match straight(&path.0, row) {
        Straight::To(it) => Found::One(it).into_items().filter(|it| it.is_object()).collect(),
        Straight::Nowhere => Vec::new(),
        Straight::ThroughList => {
            let Some((last, before)) = path.0.split_last() else { return Vec::new() };
            let parents = before.iter().fold(Found::One(row).into_items(), |items, step| {
                Found::Many(items.flat_map(|it| taken(step, it).into_items()).collect())
                    .into_items()
            });
            let found = parents.flat_map(|it| taken(last, it).into_items());
            found.filter(|it| it.is_object()).collect()
        }
    }
}

enum Straight<'a> {
    To(&'a Value),
    Nowhere,
    /// It takes the long way.
    ThroughList,
}

/// The way that most paths take, from object to object.
fn straight<'a>(steps: &[Step], row: &'a Value) -> Straight<'a> {
    let mut at = row;
    for step in steps {
        let members = match at {
            Value::Object(members) => members,
            Value::Array(_) => return Straight::ThroughList,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                return Straight::Nowhere;
            }
        };
        let picked = members.get(&step.name).and_then(|it| pick(&step.pick, it));
        match picked {
            Some(it) => at = it,
            None => return Straight::Nowhere,
        }
    }
    Straight::To(at)
}

/// One value counts as a list of itself.
fn pick<'a>(pick: &Pick, value: &'a Value) -> Option<&'a Value> {
    match pick {
        Pick::All => Some(value),
        Pick::At(index) => Found::One(value).into_items().nth(*index),
        Pick::Where { key, value: wanted } => {
            Found::One(value).into_items().find(|it| has(it, key, wanted))
        }
    }
}

fn has(item: &Value, key: &str, wanted: &str) -> bool {
    match item {
        Value::Object(members) => members.get(key).and_then(Value::as_str) == Some(wanted),
        Value::Array(_) => {
            matches!(looked_up(key, item), Found::One(Value::String(it)) if it == wanted)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Every step on each of the items that the step before gave.
fn spread<'a>(steps: &[Step], row: &'a Value) -> Found<'a> {
    let Some((last, before)) = steps.split_last() else { return Found::One(row) };
    let mut input: Vec<&Value> = Found::One(row).into_items().collect();
    for step in before {
        input = input.into_iter().flat_map(|it| taken(step, it).into_items()).collect();
    }
    let is_there = |it: &Found<'_>| !matches!(it, Found::Absent);
    let mut found: Vec<Found<'_>> =
        input.into_iter().map(|it| taken(last, it)).filter(is_there).collect();
    match found.as_slice() {
        // One list, found in one place, stays a list, also with a single item.
        [Found::One(Value::Array(_))] => found.pop().unwrap_or(Found::Absent),
        _ => Found::collapsed(found.into_iter().flat_map(Found::into_items).collect()),
    }
}

fn taken<'a>(step: &Step, item: &'a Value) -> Found<'a> {
    let found = looked_up(&step.name, item);
    let nothing = || Found::Many(Vec::new());
    match &step.pick {
        Pick::All => found,
        Pick::At(index) => found.into_items().nth(*index).map_or_else(nothing, Found::One),
        Pick::Where { key, value } => {
            let first = found.into_items().find(|it| has(it, key, value));
            first.map_or_else(nothing, Found::One)
        }
    }
}

/// A member; of a list the members of its items.
fn looked_up<'a>(name: &str, item: &'a Value) -> Found<'a> {
    match item {
        Value::Object(members) => members.get(name).map_or(Found::Absent, Found::One),
        Value::Array(items) => {
            let found = items.iter().flat_map(|it| looked_up(name, it).into_items());
            Found::collapsed(found.collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Found::Absent,
    }
}
