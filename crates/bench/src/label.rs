//! The labels of a mapping case, and where they say that a value stands.

use std::collections::BTreeMap;

use domain::TargetModel;
use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Deserialize)]
pub(crate) struct Case {
    pub(crate) case: String,
    /// File beside the folder of the labels.
    pub(crate) payload: String,
    pub(crate) target: TargetModel,
    /// `data`, `QueryResponse.Payment / Line` (an item of a list is the record),
    /// `entries[type=file]` (some are not), `list.customer` (each in a wrapper).
    pub(crate) records_root: String,
    nested: Option<Nested>,
    pub(crate) fields: BTreeMap<String, Field>,
    /// Attributes that the payload says nothing of.
    pub(crate) none_available: Vec<String>,
    /// What each record is to become.
    pub(crate) expected: Vec<Value>,
}

#[derive(Debug, Deserialize)]
struct Nested {
    attribute: String,
    source_array: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Field {
    /// Null for what is the same in every record.
    source_path: Option<String>,
    #[serde(default)]
    accepted_alternatives: Vec<String>,
    /// By alternative: its value in each record.
    #[serde(default)]
    alternative_values: BTreeMap<String, Vec<Value>>,
}

/// A path from the payload to a value: list positions and conditions belong to the step that they
/// stand behind, and what is said only of records is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place(String);

impl Place {
    pub(crate) fn of(steps: &[&str]) -> Self {
        let steps: Vec<&str> = steps.iter().copied().filter(|it| !it.is_empty()).collect();
        Self(steps.join("."))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Case {
    /// What the endpoint is called: `quickbooks__bills` is of `bills`.
    pub(crate) fn endpoint(&self) -> &str {
        let endpoint = self.case.split_once("__").map_or(self.case.as_str(), |(_, it)| it);
        endpoint.split_once("--").map_or(endpoint, |(it, _)| it)
    }

    /// The record that an item of a list belongs to, and the item; both without conditions.
    fn root(&self) -> (String, String) {
        // The nodes of a graph's edges are its records, whichever of the two is named.
        let root = self.records_root.replace("(root array)", "").replace("edges.node", "edges");
        let (above, item) = root.split_once(" / ").unwrap_or((&root, ""));
        (unconditional(above), unconditional(item))
    }

    pub(crate) fn root_place(&self) -> Place {
        let (above, item) = self.root();
        Place::of(&[&above, &item])
    }

    /// Where a field may be read, the best first.
    pub(crate) fn places(&self, slot: &str) -> Vec<Place> {
        let Some(field) = self.fields.get(slot) else { return Vec::new() };
        let paths = field.source_path.iter().chain(&field.accepted_alternatives);
        paths.map(|it| self.place(slot, it)).collect()
    }

    fn place(&self, slot: &str, path: &str) -> Place {
        let (above, item) = self.root();
        if let Some(path) = path.strip_prefix('/') {
            return Place::of(&[path]);
        }
        if let Some(path) = path.strip_prefix('^') {
            return Place::of(&[&above, path]);
        }
        let nested = self.nested.as_ref().filter(|it| {
            slot.strip_prefix(it.attribute.as_str()).is_some_and(|it| it.starts_with('.'))
        });
        let list = nested.map_or(String::new(), |it| unconditional(&it.source_array));
        Place::of(&[&above, &item, &list, path])
    }

    /// Values other than the expected one that a field may have in a record.
    pub(crate) fn alternatives(&self, slot: &str, record: usize) -> impl Iterator<Item = &Value> {
        let field = self.fields.get(slot).into_iter();
        field.flat_map(|it| it.alternative_values.values()).filter_map(move |it| it.get(record))
    }

    /// Whether the labels say anything of an attribute.
    pub(crate) fn speaks_of(&self, slot: &str) -> bool {
        self.fields.contains_key(slot) || self.none_available.iter().any(|it| it == slot)
    }
}

/// `entries[type=file]` without its condition; `.` for the record itself.
fn unconditional(path: &str) -> String {
    let path = if path == "." { "" } else { path };
    let mut depth = 0_u32;
    let keep = |it: &char| {
        let inside = depth > 0 || *it == '[';
        match it {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        !inside
    };
    path.chars().filter(keep).collect()
}
