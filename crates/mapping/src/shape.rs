//! The shape of an answer: which paths it has, and of which type. Drift is a change of it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sha2::{Digest, Sha256};

#[cfg(test)]
mod tests;

/// Rows that a shape is taken from; more would only cost time.
const ROWS: usize = 50;

/// An object with more members than this, seen over all rows, is a map with keys that are data.
const MAP_KEYS: usize = 32;

/// Levels below which a document is not followed.
const DEPTH: usize = 32;

/// The sorted set of paths with their JSON types. Null says nothing about a type, so a path that
/// is sometimes null has the type it otherwise has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shape {
    /// Path to types; an empty set is a path that was only ever null.
    pub paths: BTreeMap<String, BTreeSet<&'static str>>,
}

/// The fingerprint of the rows' [`Shape`].
pub fn fingerprint(rows: &[Value]) -> String {
    Shape::of(rows).fingerprint()
}

impl Shape {
    pub fn of(rows: &[Value]) -> Self {
        let mut shape = Self::default();
        let rows: Vec<&Value> = rows.iter().take(ROWS).collect();
        shape.add("", &rows, 0);
        shape
    }

    /// SHA-256 in hexadecimal; independent of the order of keys, and of rows with nothing new.
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        for (path, types) in &self.paths {
            let types: Vec<&str> = types.iter().copied().collect();
            hash.update(format!("{path} : {}\n", types.join("|")));
        }
        domain::hex(&hash.finalize())
    }

    /// Adds all values that stand at one path, of all rows together: whether an object is a map
    /// can only be told from all of them.
    fn add(&mut self, path: &str, values: &[&Value], depth: usize) {
        let types = self.paths.entry(path.to_owned()).or_default();
        types.extend(values.iter().filter_map(|it| json_type(it)));
        if depth == DEPTH {
            return;
        }
        let items: Vec<&Value> =
            values.iter().filter_map(|it| it.as_array()).flatten().take(ROWS * ROWS).collect();
        if !items.is_empty() {
            self.add(&format!("{path}[]"), &items, depth + 1);
        }
        let mut members: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
        for (name, value) in values.iter().filter_map(|it| it.as_object()).flatten() {
            members.entry(name).or_default().push(value);
        }
        if is_map(&members, values.len()) {
            let all: Vec<&Value> = members.into_values().flatten().collect();
            self.add(&join(path, "*"), &all, depth + 1);
        } else {
            for (name, values) in members {
                self.add(&join(path, &name.replace('.', "\\.")), &values, depth + 1);
            }
        }
    }
}

impl Shape {
    /// Path to types, to be kept.
    pub fn to_json(&self) -> Value {
        let types = |it: &BTreeSet<&'static str>| it.iter().copied().map(Value::from).collect();
        let paths = self.paths.iter().map(|(path, it)| (path.clone(), Value::Array(types(it))));
        Value::Object(paths.collect())
    }

    /// A kept shape; none if it is none.
    pub fn from_json(kept: &Value) -> Option<Self> {
        const TYPES: [&str; 5] = ["boolean", "number", "string", "array", "object"];
        let word = |it: &Value| TYPES.into_iter().find(|word| it.as_str() == Some(*word));
        let types = |it: &Value| -> Option<BTreeSet<&'static str>> {
            it.as_array()?.iter().map(word).collect()
        };
        let paths = kept.as_object()?.iter().map(|(path, it)| Some((path.clone(), types(it)?)));
        Some(Self { paths: paths.collect::<Option<_>>()? })
    }
}

/// Many members, few of which most objects share: the keys are data. A wide record has many
/// members too, but each row has them.
fn is_map(members: &BTreeMap<&str, Vec<&Value>>, objects: usize) -> bool {
    if members.len() <= MAP_KEYS {
        return false;
    }
    let shared = members.values().filter(|it| it.len() * 2 > objects).count();
    shared * 2 < members.len() || (objects == 1 && has_one_type(members))
}

/// The only case that one object alone can decide: more than 32 members that are all alike.
fn has_one_type(members: &BTreeMap<&str, Vec<&Value>>) -> bool {
    let types: BTreeSet<&str> = members.values().flatten().filter_map(|it| json_type(it)).collect();
    types.len() == 1 && !types.contains("string")
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn json_type(value: &Value) -> Option<&'static str> {
    match value {
        Value::Null => None,
        Value::Bool(_) => Some("boolean"),
        Value::Number(_) => Some("number"),
        Value::String(_) => Some("string"),
        Value::Array(_) => Some("array"),
        Value::Object(_) => Some("object"),
    }
}
