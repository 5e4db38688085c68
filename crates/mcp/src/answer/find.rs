//! Where in a JSON value the rows are.

use serde_json::{Map, Value};

use super::{Rows, zip};

mod names;

use names::{ABOUT, ASIDE, PARTS, USUAL};

/// How many objects deep a list may be.
const LEVELS: usize = 5;

/// `None` when there are no rows and the value is not a way to say so either.
pub(super) fn rows(value: &Value, root: Option<&str>) -> Option<Rows> {
    if let Some(found) = root.and_then(|it| at_root(value, it)) {
        return Some(found);
    }
    match value {
        Value::Null => Some(Rows::none()),
        Value::Array(items) => Some(Rows::list(of_list(items), list_kind(items))),
        Value::Object(fields) if fields.is_empty() => Some(Rows::none()),
        Value::Object(fields) => of_object(value, fields),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// The list at a known path, whatever else there is.
fn at_root(value: &Value, root: &str) -> Option<Rows> {
    if root.is_empty() {
        return None;
    }
    let path: Vec<&str> = root.split('.').collect();
    let list = path.iter().try_fold(value, |it, key| it.get(*key))?;
    let items = list.as_array()?;
    match tabled(value) {
        Some(found) if found.root == root => Some(found),
        Some(_) | None => Some(Rows {
            rows: of_list(items),
            root: root.to_owned(),
            envelope: Some(without(value, &path)),
            kind: list_kind(items),
        }),
    }
}

fn list_kind(items: &[Value]) -> &'static str {
    match items.first() {
        Some(Value::Object(_)) | None => "json",
        Some(Value::Array(_)) if grid(items).is_some() => "table",
        Some(_) => "scalars",
    }
}

/// The rows that a list stands for: its objects, the nodes in its edges, a grid's lines below its
/// first, or a record for each scalar.
fn of_list(items: &[Value]) -> Vec<Value> {
    if let Some(rows) = grid(items) {
        return rows;
    }
    let node = |it: &Value| it.get("node").filter(|it| it.is_object()).cloned();
    let is_edge = |it: &Value| it.as_object().is_some_and(|it| it.len() <= 2);
    if !items.is_empty() && items.iter().all(is_edge) {
        let nodes: Option<Vec<Value>> = items.iter().map(node).collect();
        if let Some(nodes) = nodes {
            return nodes;
        }
    }
    items
        .iter()
        .map(|it| match it {
            Value::Object(_) => it.clone(),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => serde_json::json!({ "_value": it }),
        })
        .collect()
}

/// `[["id","total"],[1,2]]`: names, then as many cells in each line.
fn grid(items: &[Value]) -> Option<Vec<Value>> {
    let (first, lines) = items.split_first()?;
    let names = first.as_array().filter(|it| it.len() > 1 && !lines.is_empty())?;
    let names: Option<Vec<String>> =
        names.iter().map(|it| it.as_str().map(str::to_owned)).collect();
    zipped(&names?, lines)
}

fn zipped(names: &[String], lines: &[Value]) -> Option<Vec<Value>> {
    lines
        .iter()
        .map(|it| {
            let cells = it.as_array().filter(|it| it.len() == names.len())?;
            Some(zip(names, cells.iter().cloned()))
        })
        .collect()
}

fn of_object(value: &Value, fields: &Map<String, Value>) -> Option<Rows> {
    if let Some(found) = tabled(value) {
        return Some(found);
    }
    // Before their own lists are looked at.
    if let Some(rows) = keyed(fields).filter(|it| it.len() > 1) {
        return Some(Rows::list(rows, "keyed"));
    }
    let mut found = Vec::new();
    lists(fields, &mut Vec::new(), &mut found);
    let best = found.into_iter().max_by(|a, b| a.score().total_cmp(&b.score()));
    match best {
        Some(list)
            if !(is_whole(fields) && list.path.len() == 1 && !list.is_of_records(fields)) =>
        {
            Some(Rows {
                rows: of_list(list.items),
                root: list.path.join("."),
                envelope: Some(without(value, &list.path)),
                kind: list_kind(list.items),
            })
        }
        Some(_) => Some(Rows::list(vec![value.clone()], "record")),
        None => without_lists(value, fields, ""),
    }
}

/// An object that holds no list: records by key, a record, a record in a wrapper, or nothing.
fn without_lists(value: &Value, fields: &Map<String, Value>, root: &str) -> Option<Rows> {
    if let Some(rows) = keyed(fields) {
        return Some(Rows { root: root.to_owned(), ..Rows::list(rows, "keyed") });
    }
    let mut inner = fields.iter().filter_map(|(key, it)| Some((key, it, it.as_object()?)));
    let only = inner.next().filter(|_| inner.next().is_none());
    let about = |(key, it): (&String, &Value)| is_about(key) || it.is_object() || it.is_null();
    if let Some((key, value, fields)) = only.filter(|_| fields.iter().all(about))
        && root.matches('.').count() < LEVELS
    {
        let path = if root.is_empty() { key.clone() } else { format!("{root}.{key}") };
        return without_lists(value, fields, &path);
    }
    if is_record(value) {
        return Some(Rows { root: root.to_owned(), ..Rows::list(vec![value.clone()], "record") });
    }
    let counts_some = fields.values().any(|it| it.as_f64().is_some_and(|it| it > 0.0));
    let says = fields.get("message").and_then(Value::as_str).unwrap_or_default();
    let is_quiet = says.is_empty() || super::failure::says_nothing_found(says);
    let none = is_quiet && !counts_some && fields.keys().all(|it| is_about(it) || is_usual(it));
    let is_empty = none || (!root.is_empty() && fields.is_empty());
    is_empty.then(|| Rows { envelope: Some(value.clone()), ..Rows::none() })
}

/// A list and the path to it.
struct List<'a> {
    path: Vec<&'a str>,
    items: &'a [Value],
}

impl List<'_> {
    /// Larger is better, nearer is better, a usual name is better; what stands aside is worst.
    fn score(&self) -> f64 {
        let name = self.path.last().copied().unwrap_or_default();
        let objects = self.items.iter().filter(|it| it.is_object() || it.is_array()).count();
        // No answer has so many rows that a float would blur their order.
        let size = f64::from(u32::try_from(objects).unwrap_or(u32::MAX)).ln_1p();
        let level = f64::from(u8::try_from(self.path.len()).unwrap_or(u8::MAX));
        let bonus = if is_usual(name) { 2.0 } else { 0.0 };
        let aside = self.path.iter().any(|it| ASIDE.contains(it));
        let scalars = objects == 0 && !self.items.is_empty();
        size - 1.2 * level + bonus
            - if aside { 20.0 } else { 0.0 }
            - if scalars { 3.0 } else { 0.0 }
    }

    /// Whether its items are what an answer is about, and not the parts of one record: its name says
    /// so, or each says more of itself than the object that they stand in.
    fn is_of_records(&self, around: &Map<String, Value>) -> bool {
        let name = self.path.last().copied().unwrap_or_default().to_ascii_lowercase();
        let is_part = PARTS.iter().any(|it| name.contains(it));
        let own = around.values().filter(|it| !it.is_array()).count();
        let says_more = |it: &Value| it.as_object().is_some_and(|it| it.len() > own);
        is_usual(&name) || (!is_part && own <= 5 && self.items.iter().all(says_more))
    }
}

fn is_usual(name: &str) -> bool {
    USUAL.iter().any(|it| it.eq_ignore_ascii_case(name))
}

fn lists<'a>(fields: &'a Map<String, Value>, path: &mut Vec<&'a str>, found: &mut Vec<List<'a>>) {
    for (key, value) in fields {
        path.push(key);
        match value {
            Value::Array(items) => found.push(List { path: path.clone(), items }),
            Value::Object(inner)
                if path.len() < LEVELS && (!has_identity(inner) || has_connection(inner)) =>
            {
                lists(inner, path, found);
            }
            Value::Object(_)
            | Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_) => {}
        }
        path.pop();
    }
}

/// `{columns, rows}` and its like, bare or in wrappers.
fn tabled(value: &Value) -> Option<Rows> {
    let mut path = Vec::new();
    let mut inner = value;
    for _ in 0..LEVELS {
        let fields = inner.as_object()?;
        if let Some((name, rows)) = table(fields) {
            path.push(name);
            let envelope = Some(without(value, &path));
            return Some(Rows { rows, root: path.join("."), envelope, kind: "table" });
        }
        let mut objects = fields.iter().filter(|(_, it)| it.is_object());
        let (key, next) = objects.next().filter(|_| objects.next().is_none())?;
        path.push(key);
        inner = next;
    }
    None
}

/// The member that holds the lines, and the lines as objects.
fn table(fields: &Map<String, Value>) -> Option<(&'static str, Vec<Value>)> {
    const NAMES: [&str; 7] =
        ["columns", "fields", "headers", "header", "column_names", "cols", "types"];
    const LINES: [&str; 4] = ["rows", "data", "values", "records"];
    let columns = NAMES.iter().find_map(|it| fields.get(*it)?.as_array())?;
    let names: Option<Vec<String>> = columns
        .iter()
        .map(|it| it.as_str().or_else(|| it.get("name")?.as_str()).map(str::to_owned))
        .collect();
    let names = names.filter(|it| !it.is_empty())?;
    let (member, lines) = LINES.iter().find_map(|it| Some((*it, fields.get(*it)?.as_array()?)))?;
    Some((member, zipped(&names, lines)?))
}

/// Records by key: every value an object, and all of them alike.
fn keyed(fields: &Map<String, Value>) -> Option<Vec<Value>> {
    let objects: Option<Vec<&Map<String, Value>>> = fields.values().map(Value::as_object).collect();
    let objects = objects.filter(|it| !it.is_empty())?;
    let first = objects.first().filter(|it| !it.is_empty())?;
    let alike = objects.iter().all(|it| {
        let shared = it.keys().filter(|key| first.contains_key(*key)).count();
        shared * 2 > it.len().max(first.len())
    });
    let looks_like_id = |key: &str| key.chars().any(|it| it.is_ascii_digit());
    let ids = fields.keys().all(|it| looks_like_id(it)) && has_scalars(first, 1);
    let names = objects.len() > 1 && !fields.keys().any(|it| is_usual(it) || is_about(it));
    (alike && (ids || names)).then(|| {
        let rows = fields.iter().map(|(key, value)| {
            let mut row = Map::new();
            row.insert("_key".to_owned(), Value::from(key.as_str()));
            row.extend(
                value.as_object().into_iter().flatten().map(|(k, v)| (k.clone(), v.clone())),
            );
            Value::Object(row)
        });
        rows.collect()
    })
}

/// Whether an object looks like a record of something, and not like a wrapper.
pub(super) fn is_record(value: &Value) -> bool {
    let Some(fields) = value.as_object() else { return false };
    has_scalars(fields, 2) || (has_identity(fields) && has_scalars(fields, 1))
}

/// At least `least` scalar fields that do not speak about an answer.
fn has_scalars(fields: &Map<String, Value>, least: usize) -> bool {
    let own = |(key, it): &(&String, &Value)| {
        !it.is_object() && !it.is_array() && !it.is_null() && !is_about(key)
    };
    fields.iter().filter(own).count() >= least
}

fn has_identity(fields: &Map<String, Value>) -> bool {
    ["id", "_id", "Id", "ID", "uuid", "Uuid"]
        .iter()
        .any(|it| fields.get(*it).is_some_and(|it| it.is_string() || it.is_number()))
}

/// A member with edges or nodes: what a graph lists beneath one of its own records.
fn has_connection(fields: &Map<String, Value>) -> bool {
    fields.values().any(|it| it.get("edges").is_some() || it.get("nodes").is_some())
}

/// A record that has lists of its own: its lines, its tags. An answer may have an id, too; it is
/// told by what it says of pages.
fn is_whole(fields: &Map<String, Value>) -> bool {
    const PAGES: [&str; 5] = ["pagination", "paging", "meta", "pageinfo", "page_info"];
    let pages = |(key, it): (&String, &Value)| {
        it.is_object() && PAGES.contains(&key.to_ascii_lowercase().as_str())
    };
    has_identity(fields) && has_scalars(fields, 3) && !fields.iter().any(pages)
}

fn is_about(name: &str) -> bool {
    let plain: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|it| it.to_ascii_lowercase())
        .collect();
    ABOUT.contains(&plain.as_str())
}

/// A copy without what is at `path`.
fn without(value: &Value, path: &[&str]) -> Value {
    let (Value::Object(fields), Some((first, rest))) = (value, path.split_first()) else {
        return value.clone();
    };
    let kept = fields.iter().filter_map(|(key, it)| {
        let on_path = key == first;
        if on_path && rest.is_empty() {
            return None;
        }
        Some((key.clone(), if on_path { without(it, rest) } else { it.clone() }))
    });
    Value::Object(kept.collect())
}
