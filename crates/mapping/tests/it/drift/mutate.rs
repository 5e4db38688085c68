//! What providers do to their answers from one release to the next.

use std::collections::BTreeSet;

use mapping::plan::Plan;
use serde_json::{Map, Value, json};

use super::fields::{self, Field};

domain::words! {
    /// A kind of change.
    Kind, "kind of change" {
        /// A field that is read gets another name of the trade, or the same in another spelling.
        Renamed = "renamed",
        /// … or a name that says nothing.
        Obscured = "obscured",
        /// A number or a truth value is written as text.
        Retyped = "retyped",
        /// A text becomes an object around it.
        Wrapped = "wrapped",
        /// Fields move into an object beside them.
        Nested = "nested",
        Dropped = "dropped",
        /// Fields of no concern come, some with names that are read elsewhere.
        Added = "added",
        /// Fields that nobody reads are renamed, dropped and retyped.
        Unread = "unread",
    }
}

impl Kind {
    /// Whether it breaks a mapping by what it is; none where that depends on the other rows, which may
    /// have had the new type all along.
    pub(super) const fn breaks(self) -> Option<bool> {
        match self {
            Self::Renamed | Self::Obscured | Self::Nested | Self::Dropped => Some(true),
            Self::Retyped | Self::Wrapped => None,
            Self::Added | Self::Unread => Some(false),
        }
    }
}

/// Rows after a change.
pub(super) struct Mutated {
    pub(super) rows: Vec<Value>,
    /// Fields by their old place that were changed, and those whose values are gone.
    pub(super) touched: Vec<Field>,
    pub(super) lost: Vec<Field>,
}

/// Chance with a seed, so that a drill is the same every time.
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn of(seed: &str) -> Self {
        let mix = |all: u64, it: u8| (all ^ u64::from(it)).wrapping_mul(0x0100_0000_01b3);
        Self(seed.bytes().fold(0xcbf2_9ce4_8422_2325, mix))
    }

    /// By the method named `SplitMix64`.
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let it = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let it = (it ^ (it >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let most = u64::try_from(most.max(1)).unwrap_or(u64::MAX);
        usize::try_from((it ^ (it >> 31)) % most).unwrap_or_default()
    }

    /// Some of several, in an order of chance.
    fn some(&mut self, mut of: Vec<Field>, most: usize) -> Vec<Field> {
        let mut taken = Vec::new();
        while taken.len() < most && !of.is_empty() {
            taken.push(of.swap_remove(self.below(of.len())));
        }
        taken
    }
}

/// Changes the rows under a plan; none where they have no field for such a change.
pub(super) fn by(kind: Kind, rows: &[Value], plan: &Plan, chance: &mut Chance) -> Option<Mutated> {
    let all = fields::plain(rows);
    let read: BTreeSet<Field> = plan.paths().iter().map(fields::names).collect();
    let is_read = |it: &&(Field, Value)| read.contains(&it.0);
    let of = |wanted: fn(&Value) -> bool| -> Vec<Field> {
        let fit = all.iter().filter(is_read).filter(|(_, it)| wanted(it));
        fit.map(|(field, _)| field.clone()).collect()
    };
    let mut rows = rows.to_vec();
    let touched = match kind {
        Kind::Renamed => renamed(&mut rows, chance.some(of(|_| true), 2), chance),
        Kind::Obscured => obscured(&mut rows, chance.some(of(|_| true), 1), chance),
        Kind::Retyped => {
            let wanted = of(|it| it.is_number() || it.is_boolean());
            each(&mut rows, chance.some(wanted, 2), as_text)
        }
        Kind::Wrapped => each(&mut rows, chance.some(of(Value::is_string), 1), wrap),
        Kind::Nested => nested(&mut rows, &of(|_| true), chance),
        Kind::Dropped => {
            let drop = |fields: &mut Map<String, Value>, name: &str| {
                fields.remove(name);
            };
            each(&mut rows, chance.some(of(|_| true), 1), drop)
        }
        Kind::Added => {
            let names: Vec<String> = read.iter().filter_map(|it| it.last().cloned()).collect();
            add(&mut rows, &names, chance);
            return Some(Mutated { rows, touched: Vec::new(), lost: Vec::new() });
        }
        Kind::Unread => {
            let known = fields::read(plan);
            let is_other = |it: &&(Field, Value)| !known.contains(&it.0);
            let other: Vec<Field> = all.iter().filter(is_other).map(|it| it.0.clone()).collect();
            unread(&mut rows, chance.some(other, 3), chance)
        }
    };
    let lost = if kind == Kind::Dropped { touched.clone() } else { Vec::new() };
    (!touched.is_empty()).then_some(Mutated { rows, touched, lost })
}

fn each(
    rows: &mut [Value],
    fields: Vec<Field>,
    change: fn(&mut Map<String, Value>, &str),
) -> Vec<Field> {
    fields.iter().for_each(|it| everywhere(rows, it, &mut |at, name| change(at, name)));
    fields
}

/// Changes the object that a field is a member of, wherever it is.
fn everywhere(
    rows: &mut [Value],
    field: &[String],
    change: &mut impl FnMut(&mut Map<String, Value>, &str),
) {
    rows.iter_mut().for_each(|it| within(it, field, change));
}

fn within(
    value: &mut Value,
    field: &[String],
    change: &mut impl FnMut(&mut Map<String, Value>, &str),
) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|it| within(it, field, change)),
        Value::Object(fields) => match field {
            [name] if fields.contains_key(name) => change(fields, name),
            [name, rest @ ..] if !rest.is_empty() => {
                if let Some(below) = fields.get_mut(name) {
                    within(below, rest, change);
                }
            }
            [] | [..] => {}
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn as_text(fields: &mut Map<String, Value>, name: &str) {
    if let Some(it) = fields.get_mut(name).filter(|it| it.is_number() || it.is_boolean()) {
        *it = Value::String(it.to_string());
    }
}

fn wrap(fields: &mut Map<String, Value>, name: &str) {
    if let Some(it) = fields.get_mut(name).filter(|it| it.is_string()) {
        *it = json!({ "value": it.take() });
    }
}

fn renamed(rows: &mut [Value], fields: Vec<Field>, chance: &mut Chance) -> Vec<Field> {
    for field in &fields {
        let Some(old) = field.last() else { continue };
        let new = if chance.below(2) == 0 { synonym(old) } else { respelled(old) };
        rename(rows, field, &new);
    }
    fields
}

fn obscured(rows: &mut [Value], fields: Vec<Field>, chance: &mut Chance) -> Vec<Field> {
    for field in &fields {
        let new = format!("x{}", 100 + chance.below(900));
        rename(rows, field, &new);
    }
    fields
}

fn rename(rows: &mut [Value], field: &[String], new: &str) {
    everywhere(rows, field, &mut |fields, old| {
        let mut name = new.to_owned();
        while fields.contains_key(&name) {
            name.push('2');
        }
        if let Some(it) = fields.remove(old) {
            fields.insert(name, it);
        }
    });
}

/// Up to three fields of one object move into an object of their own.
fn nested(rows: &mut [Value], of: &[Field], chance: &mut Chance) -> Vec<Field> {
    let Some(first) = chance.some(of.to_vec(), 1).pop() else { return Vec::new() };
    let beside = |it: &&Field| {
        it.len() == first.len()
            && it.split_last().map(|it| it.1) == first.split_last().map(|it| it.1)
    };
    let moved = chance.some(of.iter().filter(beside).cloned().collect(), 3);
    let into = ["details", "attributes", "info"];
    let mut into = into.get(chance.below(into.len())).map_or("details", |it| *it).to_owned();
    while fields::plain(rows).iter().any(|(it, _)| it.contains(&into)) {
        into.push_str("_v2");
    }
    for field in &moved {
        everywhere(rows, field, &mut |fields, name| {
            let Some(it) = fields.remove(name) else { return };
            let inner = fields.entry(into.as_str()).or_insert_with(|| json!({}));
            if let Value::Object(inner) = inner {
                inner.insert(name.to_owned(), it);
            }
        });
    }
    moved
}

/// What a release brings that no mapping asked for.
fn add(rows: &mut [Value], read: &[String], chance: &mut Chance) {
    let twin = read.get(chance.below(read.len())).map_or("id", String::as_str);
    for (at, row) in rows.iter_mut().enumerate() {
        let Value::Object(fields) = row else { continue };
        fields.insert("etag_rev".to_owned(), json!(format!("W/{at}")));
        fields.insert("beta_flags".to_owned(), json!(["a", "b"]));
        if at.is_multiple_of(2) {
            fields.insert("audit_trail".to_owned(), json!({ twin: null, "actor": "system" }));
        }
    }
}

/// The first is renamed, the second dropped, the third retyped.
fn unread(rows: &mut [Value], fields: Vec<Field>, chance: &mut Chance) -> Vec<Field> {
    for (at, field) in fields.iter().enumerate() {
        match at {
            0 => rename(rows, field, &format!("x{}", 100 + chance.below(900))),
            1 => everywhere(rows, field, &mut |fields, name| {
                fields.remove(name);
            }),
            _ => everywhere(rows, field, &mut |fields, name| {
                fields.insert(name.to_owned(), json!(["moved"]));
            }),
        }
    }
    fields
}

/// Names that another release, or another provider, has for the same; the longest that fits.
const SYNONYMS: &[(&str, &str)] = &[
    ("first name", "given name"),
    ("last name", "family name"),
    ("full name", "display name"),
    ("company name", "organization name"),
    ("file name", "filename"),
    ("filename", "file name"),
    ("issue date", "invoice date"),
    ("due date", "payment due date"),
    ("booking date", "posting date"),
    ("created at", "creation date"),
    ("job title", "position"),
    ("postal code", "zip code"),
    ("mime type", "content type"),
    ("vat number", "tax id"),
    ("id", "identifier"),
    ("name", "display name"),
    ("amount", "total amount"),
    ("number", "no"),
    ("email", "email address"),
    ("phone", "phone number"),
    ("currency", "currency code"),
    ("status", "state"),
    ("state", "status"),
    ("description", "memo"),
    ("memo", "description"),
    ("note", "comment"),
    ("iban", "iban number"),
    ("country", "country code"),
    ("city", "town"),
    ("zip", "postal code"),
    ("website", "homepage"),
    ("quantity", "qty"),
    ("size", "file size"),
];

fn synonym(name: &str) -> String {
    let words = words(name);
    let joined = words.join(" ");
    let fits = |it: &&(&str, &str)| joined == it.0 || joined.ends_with(&format!(" {}", it.0));
    let Some((old, new)) = SYNONYMS.iter().find(fits) else { return respelled(name) };
    let kept = joined.strip_suffix(old).unwrap_or_default();
    let all: Vec<String> =
        kept.split_whitespace().chain(new.split_whitespace()).map(str::to_owned).collect();
    if name.starts_with(char::is_uppercase) {
        return camel(&all, true);
    }
    if name.chars().any(char::is_uppercase) { camel(&all, false) } else { all.join("_") }
}

/// `due_date` for `dueDate` and the other way round; `Total` for `total`.
fn respelled(name: &str) -> String {
    let words = words(name);
    if name.chars().any(char::is_uppercase) {
        return words.join("_").to_lowercase();
    }
    camel(&words, words.len() == 1)
}

fn camel(words: &[String], with_first: bool) -> String {
    let upper = |it: &str| {
        let mut letters = it.chars();
        letters.next().map(char::to_uppercase).into_iter().flatten().chain(letters).collect()
    };
    let cased = words.iter().enumerate().map(|(at, it)| match at {
        0 if !with_first => it.clone(),
        _ => upper(it),
    });
    cased.collect::<Vec<String>>().concat()
}

/// The words of a name, in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for it in name.chars() {
        let is_break = !it.is_alphanumeric() || (it.is_uppercase() && was_lower);
        if is_break {
            words.push(String::new());
        }
        was_lower = it.is_lowercase() || it.is_numeric();
        if let Some(word) = words.last_mut().filter(|_| it.is_alphanumeric()) {
            word.extend(it.to_lowercase());
        }
    }
    words.retain(|it| !it.is_empty());
    words
}
