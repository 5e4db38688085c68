//! Which fields a plan reads, told from its data alone: the judge of what drift says.

use std::collections::BTreeSet;

use mapping::path::{Path, Pick};
use mapping::plan::{Plan, Slot, Source};
use serde_json::Value;

/// The names on the way to a field; lists on the way are followed to each item.
pub(super) type Field = Vec<String>;

/// Fields that a plan reads, those that choose an item or a row among them.
pub(super) fn read(plan: &Plan) -> BTreeSet<Field> {
    let mut all: BTreeSet<Field> = BTreeSet::new();
    let only = plan.records.only.iter().map(|it| it.path.clone());
    for path in plan.paths().into_iter().chain(only) {
        for (at, step) in path.0.iter().enumerate() {
            if let Pick::Where { key, .. } = &step.pick {
                let list = path.names().take(at + 1).map(str::to_owned);
                all.insert(list.chain([key.clone()]).collect());
            }
        }
        all.insert(names(&path));
    }
    all
}

pub(super) fn names(path: &Path) -> Field {
    path.names().map(str::to_owned).collect()
}

/// Plain fields that have a value in some row, with one of those values.
pub(super) fn plain(rows: &[Value]) -> Vec<(Field, Value)> {
    let mut found = Vec::new();
    rows.iter().for_each(|it| collect(it, &Vec::new(), &mut found));
    found
}

fn collect(value: &Value, at: &Field, found: &mut Vec<(Field, Value)>) {
    match value {
        Value::Null => {}
        Value::Array(items) => items.iter().for_each(|it| collect(it, at, found)),
        Value::Object(fields) => {
            for (name, it) in fields {
                let below = at.iter().chain([name]).cloned().collect();
                collect(it, &below, found);
            }
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            if !found.iter().any(|(it, _)| it == at) {
                found.push((at.clone(), value.clone()));
            }
        }
    }
}

/// Whether a field that the plan reads is gone, or has a type that it did not have.
pub(super) fn is_broken(plan: &Plan, before: &[Value], after: &[Value]) -> bool {
    read(plan).iter().any(|field| {
        let (was, is) = (types(before, field), types(after, field));
        let is_gone = !was.is_empty() && is.is_empty();
        let told = |it: &BTreeSet<String>| {
            it.iter().filter(|it| !it.ends_with("null")).cloned().collect::<BTreeSet<_>>()
        };
        let (was, is) = (told(&was), told(&is));
        is_gone || (!was.is_empty() && !is.is_subset(&was))
    })
}

/// The types of all values at a field; of a list also those of its items.
fn types(rows: &[Value], field: &[String]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    rows.iter().for_each(|it| follow(it, field, &mut found));
    found
}

fn follow(value: &Value, field: &[String], found: &mut BTreeSet<String>) {
    match (value, field.split_first()) {
        (_, None) => told(value, "", found),
        (Value::Array(items), Some(_)) => items.iter().for_each(|it| follow(it, field, found)),
        (Value::Object(fields), Some((name, rest))) => {
            if let Some(below) = fields.get(name) {
                follow(below, rest, found);
            }
        }
        (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_), Some(_)) => {}
    }
}

fn told(value: &Value, list: &str, found: &mut BTreeSet<String>) {
    let word = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    found.insert(format!("{list}{word}"));
    if let Value::Array(items) = value {
        items.iter().for_each(|it| told(it, &format!("{list}[]"), found));
    }
}

/// The slots that are read from any of these fields, by the names that their values have.
pub(super) fn slots_of(plan: &Plan, fields: &[Field]) -> Vec<String> {
    let is_one = |path: &Path| fields.contains(&names(&plan.records.from_row(path)));
    let mut found = Vec::new();
    for slot in &plan.slots {
        match &slot.source {
            Source::Each { path, slots } => {
                let below = |it: &Path| Path(path.0.iter().chain(&it.0).cloned().collect());
                let reads = |it: &&Slot| it.own_paths().iter().any(|it| is_one(&below(it)));
                let inner = slots.iter().filter(reads);
                found.extend(inner.map(|it| format!("{}.{}", slot.slot, it.slot)));
                if is_one(path) {
                    found.push(slot.slot.clone());
                }
            }
            Source::Path(_)
            | Source::FirstOf(_)
            | Source::Concat { .. }
            | Source::Difference { .. }
            | Source::Constant { .. }
            | Source::Null { .. } => {
                if slot.own_paths().iter().any(is_one) {
                    found.push(slot.slot.clone());
                }
            }
        }
    }
    found
}

/// Whether a slot is one of these, or within one.
pub(super) fn is_among(slot: &str, slots: &[String]) -> bool {
    slots.iter().any(|it| {
        slot.strip_prefix(it.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}
