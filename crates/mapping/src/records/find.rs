//! Finding where the records are, from a sample of the rows.

use domain::TargetModel;
use serde_json::{Map, Value};

use super::{Only, Records, Test};
use crate::draw::{self, Drawn, Hints, words};
use crate::path::{Path, Pick, Step};

/// Rows that are looked at; more would not change it.
const SAMPLE: usize = 50;

/// Where the records of a target are in the rows of an answer.
pub fn find(target: TargetModel, rows: &[Value], hints: &Hints<'_>) -> Records {
    let rows: Vec<&Value> = rows.iter().take(SAMPLE).collect();
    let wrapped = wrapper(target, &rows, hints);
    let only = kind(target, &rows, wrapped.as_ref());
    if let Some(path) = wrapped {
        return Records { path, only };
    }
    let kept = Records { path: Path::default(), only: only.clone() };
    let rows: Vec<Value> = kept.of(rows.into_iter().cloned().collect());
    let path = items(target, &rows, hints).unwrap_or_default();
    Records { path, only }
}

/// Members that say nothing about what they hold.
const WRAPPERS: &[&str] =
    &["data", "node", "item", "record", "resource", "object", "entity", "element", "value"];

/// The one member in which each row keeps its record: `{"customer": {…}, "card": {…}}`.
fn wrapper(target: TargetModel, rows: &[&Value], hints: &Hints<'_>) -> Option<Path> {
    let fields: Option<Vec<&Map<String, Value>>> = rows.iter().map(|it| it.as_object()).collect();
    let fields = fields.filter(|it| !it.is_empty())?;
    // A row that has something to say itself is a record.
    let is_bare = |it: &&Map<String, Value>| {
        it.values().filter(|it| !it.is_object() && !it.is_array() && !it.is_null()).count() == 0
    };
    if !fields.iter().all(is_bare) {
        return None;
    }
    let holds = |name: &String| {
        let is_record = |it: &&Map<String, Value>| {
            let inner = it.get(name).and_then(Value::as_object);
            inner.is_some_and(|it| it.values().filter(|it| !it.is_object()).count() >= 2)
        };
        fields.iter().all(is_record)
    };
    let names: Vec<&String> = fields.first()?.keys().filter(|it| holds(it)).collect();
    let tool = words(hints.tool_name);
    let is_listed = |it: &&&String| words(it).last().is_some_and(|it| tool.contains(it));
    let is_named = |it: &&&String| speaks_of(target, it);
    let is_usual = |it: &&&String| WRAPPERS.contains(&words(it).join(" ").as_str());
    let only = (names.len() == 1).then(|| names.first()).flatten();
    let found = names.iter().find(is_listed).or_else(|| names.iter().find(is_named));
    let found = found.or_else(|| names.iter().find(is_usual)).or(only)?;
    Some(Path::default().join(Step::new(found)))
}

/// Whether a member's name has a word for the target in it.
fn speaks_of(target: TargetModel, name: &str) -> bool {
    let nouns = draw::nouns(target);
    words(name).iter().any(|it| nouns.contains(&it.as_str()))
}

/// Members that say of what kind a row is.
const KINDS: &[&str] = &[
    "type",
    "kind",
    "tag",
    "object",
    "object type",
    "item type",
    "entry type",
    "mime type",
    "class",
    "resource type",
    "contact type",
    "entity type",
    "party type",
    "legal form",
];

/// Words for what is no record of a target that otherwise has a like name.
const fn others(target: TargetModel) -> &'static [&'static str] {
    match target {
        TargetModel::Document => &["folder", "directory", "dir"],
        TargetModel::People => &["organization", "organisation", "company", "business"],
        TargetModel::Company => &["person", "individual", "people", "natural person"],
        TargetModel::Invoice
        | TargetModel::Transaction
        | TargetModel::Account
        | TargetModel::LedgerAccount
        | TargetModel::Journal
        | TargetModel::JournalEntry
        | TargetModel::Email
        | TargetModel::PaymentMeans
        | TargetModel::InvoiceTransaction => &[],
    }
}

/// What tells the rows of the target's kind apart, if there are rows of both kinds.
fn kind(target: TargetModel, rows: &[&Value], within: Option<&Path>) -> Option<Only> {
    let inner: Vec<&Value> =
        rows.iter().map(|it| within.and_then(|path| path.resolve(it)).unwrap_or(it)).collect();
    let at = |name: &str| {
        let path = within.cloned().unwrap_or_default();
        path.join(Step::new(name))
    };
    let mut names: Vec<&String> = Vec::new();
    for name in inner.iter().filter_map(|it| it.as_object()).flat_map(|it| it.keys()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let tells = |only: &Only| {
        let kept = Records { path: Path::default(), only: Some(only.clone()) };
        let left_out = rows.iter().filter(|it| !kept.is_of_kind(it)).count();
        left_out > 0 && left_out < rows.len()
    };
    let each = names
        .iter()
        .filter_map(|name| Some(Only { path: at(name), test: test(target, name, &inner)? }));
    each.into_iter().find(tells)
}

fn test(target: TargetModel, name: &str, rows: &[&Value]) -> Option<Test> {
    let said = words(name).join(" ");
    let values: Vec<&Value> = rows.iter().filter_map(|it| it.get(name)).collect();
    let flag = (target == TargetModel::Company)
        .then_some(true)
        .or_else(|| (target == TargetModel::People).then_some(false));
    let is_company = ["is company", "is organization", "company flag", "is business"];
    if let Some(wanted) = flag.filter(|_| is_company.contains(&said.as_str())) {
        return values.iter().all(|it| it.is_boolean()).then_some(Test::Is(wanted));
    }
    if target == TargetModel::Document && said == "file" && values.iter().all(|it| it.is_object()) {
        return Some(Test::Present);
    }
    if !KINDS.contains(&said.as_str()) {
        return None;
    }
    let mut texts: Vec<String> = values
        .iter()
        .filter_map(|it| it.as_str())
        .filter(|it| words(it).last().is_some_and(|it| others(target).contains(&it.as_str())))
        .map(str::to_owned)
        .collect();
    texts.sort();
    texts.dedup();
    (!texts.is_empty()).then_some(Test::Not(texts))
}

/// Words of lists whose items may be records of the target within rows of something else.
const fn lists(target: TargetModel) -> &'static [&'static str] {
    match target {
        TargetModel::Email => &["email"],
        TargetModel::InvoiceTransaction => &[
            "allocation",
            "application",
            "applied",
            "allocated",
            "line",
            "reference",
            "invoice",
            "payment",
            "paymentable",
            "bill",
            "link",
        ],
        TargetModel::Transaction => &["transaction", "movement", "entry", "split"],
        TargetModel::Account => &["account", "balance", "wallet"],
        TargetModel::PaymentMeans => &["card", "source", "method", "instrument", "bank"],
        TargetModel::JournalEntry => &["entry", "voucher", "journal"],
        TargetModel::LedgerAccount => &["account"],
        TargetModel::Document => &["attachment", "file", "document"],
        TargetModel::People => &["contact", "person", "people", "member"],
        TargetModel::Company | TargetModel::Invoice | TargetModel::Journal => &[],
    }
}

/// The list in the rows whose items make better records than the rows do: they fill required slots
/// that the rows leave empty.
fn items(target: TargetModel, rows: &[Value], hints: &Hints<'_>) -> Option<Path> {
    let lists = lists(target);
    if lists.is_empty() || rows.is_empty() {
        return None;
    }
    // A key that is made of others is missed only where those are.
    let is_derived = domain::entity::derivation(target).is_some();
    let counts = |it: &&String| !(is_derived && **it == target.external_id());
    let missing = |it: &Drawn| it.missing_required.iter().filter(counts).count();
    let drawn = draw::plan(target, rows, hints);
    let plain = missing(&drawn);
    let mut best: Option<(usize, Path)> = None;
    let found = candidates(rows, lists);
    let picked = picked(target, &drawn);
    let unnamed = picked.clone().filter(|it| !found.contains(it));
    for path in found.into_iter().chain(unnamed) {
        let records = Records { path: path.clone(), only: None };
        let within = records.of(rows.to_vec());
        if within.is_empty() {
            continue;
        }
        let left = missing(&draw::plan(target, &within, hints));
        let is_better = left < plain
            || (left == plain && picked.as_ref() == Some(&path))
            || (left == plain && is_meant(target, &path, rows, hints));
        if is_better && best.as_ref().is_none_or(|(most, _)| left < *most) {
            best = Some((left, path));
        }
    }
    best.map(|(_, path)| path)
}

/// The slot that makes the records of a target: where it is read from one item of a list, each item
/// is a record.
fn maker(target: TargetModel) -> Option<&'static str> {
    let makers =
        [(TargetModel::Email, "email"), (TargetModel::InvoiceTransaction, "invoice_external_id")];
    makers.into_iter().find(|(it, _)| *it == target).map(|(_, slot)| slot)
}

/// The list that the maker of the records is read from.
fn picked(target: TargetModel, drawn: &Drawn) -> Option<Path> {
    let slot = drawn.plan.slot(maker(target)?)?;
    let path = slot.paths().into_iter().next()?;
    let at = path.0.iter().position(|it| it.pick != Pick::All && !is_pair(it))?;
    let steps = path.0.iter().take(at + 1).map(|it| Step::new(&it.name));
    Some(Path(steps.collect()))
}

/// An item of a list of names and values is a field, not a record.
fn is_pair(step: &Step) -> bool {
    matches!(&step.pick, Pick::Where { key, .. } if key.eq_ignore_ascii_case("name") || key == "key")
}

/// One record of another kind that holds a list of the target's: an organization and its accounts.
fn is_meant(target: TargetModel, path: &Path, rows: &[Value], hints: &Hints<'_>) -> bool {
    let nouns = draw::nouns(target);
    let says = |words: Vec<String>| words.last().is_some_and(|it| nouns.contains(&it.as_str()));
    let list = path.0.last().map(|it| words(&it.name)).unwrap_or_default();
    target == TargetModel::Account && rows.len() == 1 && says(list) && !says(words(hints.tool_name))
}

/// Lists of the rows, at most two objects deep, whose name has one of the words.
fn candidates(rows: &[Value], names: &[&str]) -> Vec<Path> {
    let mut found = Vec::new();
    for row in rows {
        search(row, &Path::default(), names, &mut found);
    }
    found
}

fn search(value: &Value, path: &Path, names: &[&str], found: &mut Vec<Path>) {
    let Value::Object(fields) = value else { return };
    for (name, it) in fields {
        let here = path.join(Step::new(name));
        match it {
            Value::Array(items) if !items.is_empty() => {
                let is_named = words(name).iter().any(|it| names.contains(&it.as_str()));
                if is_named && !found.contains(&here) {
                    found.push(here);
                }
            }
            Value::Object(_) if path.0.len() < 2 => search(it, &here, names, found),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_)
            | Value::Object(_) => {}
        }
    }
}
