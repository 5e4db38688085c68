//! The rows of a sample, turned into columns: one for each path that leads to a plain value.

use std::collections::BTreeMap;

use serde_json::Value;

use super::names;
use super::profile::Profile;
use crate::path::{Path, Step};

/// Levels below which a row is not searched, and paths beyond which it is not.
const DEPTH: usize = 6;
const COLUMNS: usize = 800;

/// Names of a member that tells the items of a list apart: `Phones[PhoneType=DEFAULT]`.
const DISCRIMINATORS: &[&str] = &[
    "type",
    "kind",
    "label",
    "phone type",
    "address type",
    "transaction type",
    "name",
    "code",
    "key",
    "field",
];

/// Words that one mark may have; a list of names and values may have many names.
const WORDS: usize = 6;
const NAMES: usize = 60;

/// One path to plain values.
#[derive(Debug)]
pub(super) struct Column<'a> {
    pub(super) path: Path,
    /// The path in words.
    pub(super) words: Vec<String>,
    /// Values that are there, at most one for each row.
    pub(super) values: Vec<&'a Value>,
    pub(super) profile: Profile,
}

/// A list of objects within the rows.
#[derive(Debug)]
pub(super) struct Children<'a> {
    pub(super) path: Path,
    pub(super) words: Vec<String>,
    /// The items of all rows together.
    pub(super) items: Vec<&'a Value>,
}

#[derive(Debug, Default)]
pub(super) struct Columns<'a> {
    pub(super) columns: Vec<Column<'a>>,
    pub(super) children: Vec<Children<'a>>,
    pub(super) rows: Vec<&'a Value>,
}

impl<'a> Columns<'a> {
    pub(super) fn of(rows: &[&'a Value]) -> Self {
        let mut columns = Self { rows: rows.to_vec(), ..Self::default() };
        columns.add(&Path::default(), rows);
        columns
    }

    /// A column by its words, whatever its place.
    pub(super) fn named(&self, phrases: &[&str]) -> Option<&Column<'a>> {
        phrases.iter().find_map(|phrase| {
            let words = names::words(phrase);
            self.columns.iter().find(|it| it.words == words && !it.values.is_empty())
        })
    }

    fn add(&mut self, path: &Path, values: &[&'a Value]) {
        if path.0.len() > DEPTH || self.columns.len() >= COLUMNS {
            return;
        }
        let plain: Vec<&Value> =
            values.iter().copied().filter(|it| !it.is_array() && !it.is_object()).collect();
        if !plain.is_empty() && !path.0.is_empty() {
            self.add_plain(path, plain);
        }
        self.add_members(path, values);
        if !path.0.is_empty() {
            self.add_items(path, values);
        }
    }

    fn add_plain(&mut self, path: &Path, mut values: Vec<&'a Value>) {
        values.retain(|it| !domain::entity::is_absent(it));
        let profile = Profile::of(&values);
        let words = names::of_path(path);
        self.columns.push(Column { path: path.clone(), words, values, profile });
    }

    fn add_members(&mut self, path: &Path, values: &[&'a Value]) {
        for (name, members) in members(values) {
            self.add(&path.join(Step::new(name)), &members);
        }
    }

    /// A list is reached by its first items, or by a mark that its items carry.
    fn add_items(&mut self, path: &Path, values: &[&'a Value]) {
        let lists: Vec<&Vec<Value>> = values.iter().filter_map(|it| it.as_array()).collect();
        let Some((step, above)) = path.0.split_last() else { return };
        let with = |step: Step| Path(above.iter().cloned().chain([step]).collect());
        let longest = lists.iter().map(|it| it.len()).max().unwrap_or(0);
        let objects: Vec<&Value> =
            lists.iter().flat_map(|it| it.iter()).filter(|it| it.is_object()).collect();
        // A short list of plain values may be a tuple: `[7, "Azure Interior"]`.
        let most = if objects.is_empty() && longest <= 3 { longest } else { longest.min(1) };
        for at in 0..most {
            let items: Vec<&Value> = lists.iter().filter_map(|it| it.get(at)).collect();
            self.add(&with(Step::at(&step.name, at)), &items);
        }
        if objects.is_empty() {
            return;
        }
        for (key, value) in marks(&objects) {
            let step = Step::matching(&step.name, key, value);
            let is_it = |it: &&&Value| it.get(key).and_then(Value::as_str) == Some(value);
            let items: Vec<&Value> = lists
                .iter()
                .filter_map(|list| list.iter().collect::<Vec<_>>().iter().find(is_it).copied())
                .collect();
            self.add(&with(step), &items);
        }
        let words = names::of_path(path);
        self.children.push(Children { path: path.clone(), words, items: objects });
    }
}

impl Column<'_> {
    pub(super) fn fill_rate(&self, rows: usize) -> f64 {
        share(self.values.len(), rows)
    }
}

/// A share of a count; 0 of nothing.
pub(super) fn share(part: usize, whole: usize) -> f64 {
    let count = |it: usize| f64::from(u32::try_from(it).unwrap_or(u32::MAX));
    if whole == 0 { 0.0 } else { count(part) / count(whole) }
}

/// The values of each member over many objects, in the order in which the members are first seen.
fn members<'a>(values: &[&'a Value]) -> Vec<(&'a str, Vec<&'a Value>)> {
    let mut members: Vec<(&str, Vec<&Value>)> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, value) in values.iter().filter_map(|it| it.as_object()).flatten() {
        let place = *places.entry(name).or_insert_with(|| {
            members.push((name, Vec::new()));
            members.len() - 1
        });
        if let Some((_, values)) = members.get_mut(place) {
            values.push(value);
        }
    }
    members
}

/// Members by which the items of a list can be told apart, with each of their few words.
fn marks<'a>(items: &[&'a Value]) -> Vec<(&'a str, &'a str)> {
    let mut marks: Vec<(&str, &str)> = Vec::new();
    for (name, values) in members(items) {
        if !DISCRIMINATORS.contains(&names::words(name).join(" ").as_str()) {
            continue;
        }
        let mut words: Vec<&str> = values.iter().filter_map(|it| it.as_str()).collect();
        words.sort_unstable();
        words.dedup();
        let is_pair = items.iter().all(|it| it.as_object().is_some_and(|it| it.len() <= 3));
        let most = if is_pair { NAMES } else { WORDS };
        if words.len() <= most && words.iter().all(|it| !it.is_empty() && it.len() <= 40) {
            marks.extend(words.into_iter().map(|word| (name, word)));
        }
    }
    marks
}
