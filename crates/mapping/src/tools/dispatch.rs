//! Tools that list several kinds of records, one by an argument: `list_records(resource=…)`.

use domain::TargetModel;
use serde_json::{Map, Value, json};

use super::name::{self, Verb, raw};
use super::{ToolSpec, arguments, nouns};

/// The arguments with which a dispatcher lists a target.
#[derive(Debug)]
pub(super) struct Selected {
    pub(super) word: String,
    /// The noun of ours that the word was taken for.
    pub(super) noun: &'static str,
    pub(super) score: f64,
    pub(super) arguments: Map<String, Value>,
}

/// Arguments that say of what kind the records are.
const KINDS: &[&str] = &[
    "entity",
    "entity type",
    "resource",
    "resource type",
    "object",
    "object type",
    "module",
    "model",
    "record type",
    "collection",
    "service",
    "doctype",
    "entity name",
    "table",
    "kind",
];

/// Arguments that say what to do.
const ACTIONS: &[&str] = &["action", "operation", "method", "command"];

/// Whether the tool lists nothing by itself: it has to be told of which kind.
pub(super) fn is_dispatcher(tool: &ToolSpec<'_>) -> bool {
    argument(tool, KINDS)
        .or_else(|| argument(tool, ACTIONS))
        .is_some_and(|it| is_required(tool, it))
}

/// How a dispatcher is told to list a target; `None` if it cannot, or is none.
pub(super) fn selected(target: TargetModel, tool: &ToolSpec<'_>) -> Option<Selected> {
    let told = ["type", "info", "schema", "field", "metadata", "catalog", "help", "documentation"];
    if raw(tool.name).iter().any(|it| told.contains(&it.trim_end_matches('s'))) {
        return None;
    }
    let kind = argument(tool, KINDS).filter(|it| is_required(tool, it));
    let action = argument(tool, ACTIONS).filter(|it| is_required(tool, it));
    match (kind, action) {
        (Some(kind), action) => {
            let mut selected = by_kind(target, tool, kind)?;
            if let Some(action) = action {
                let word = listing(&choices(tool, action)).unwrap_or_else(|| "list".to_owned());
                selected.arguments.insert(action.to_owned(), json!(word));
            }
            Some(selected)
        }
        (None, Some(action)) => by_action(target, tool, action),
        (None, None) => by_query(target, tool),
    }
}

/// Whether a dispatcher is told both of which kind and to list: it does no more than that then,
/// whatever else it could do.
pub fn is_bound(tool: &ToolSpec<'_>) -> bool {
    let bound = |names| argument(tool, names).is_some_and(|it| is_required(tool, it));
    bound(KINDS) && bound(ACTIONS)
}

fn by_kind(target: TargetModel, tool: &ToolSpec<'_>, kind: &str) -> Option<Selected> {
    if let Some((word, score)) = odoo(target, tool, kind) {
        let arguments = Map::from_iter([(kind.to_owned(), json!(word))]);
        return Some(Selected { word: word.to_owned(), noun: "", score, arguments });
    }
    let each = choices(tool, kind).into_iter().filter_map(|word| {
        let (object, score) = (crate::draw::words(&spaced(&word)), 0.9);
        let found = nouns::matching(target, &object)?;
        Some((found.score * score, word))
    });
    let (score, word) = each.max_by(|left, right| left.0.total_cmp(&right.0))?;
    let arguments = Map::from_iter([(kind.to_owned(), json!(word))]);
    // A word that half means the target is no reason to trust a dispatcher with it.
    let noun = noun(target, &word);
    (score >= 0.6).then_some(Selected { word, noun, score, arguments })
}

/// `accounts_operations(action = list_account)`
fn by_action(target: TargetModel, tool: &ToolSpec<'_>, action: &str) -> Option<Selected> {
    let each = choices(tool, action).into_iter().filter_map(|word| {
        let name = name::read(&word, &[]);
        if name.verb != Verb::Lists {
            return None;
        }
        let found = nouns::matching(target, &name.object)?;
        let parts = raw(&word);
        let says = |it: &str| parts.iter().any(|part| part == it);
        let narrowed = if says("by") {
            0.5
        } else if says("list") {
            0.95
        } else {
            0.9
        };
        Some((found.score * narrowed, word))
    });
    let (score, word) = each.max_by(|left, right| left.0.total_cmp(&right.0))?;
    let arguments = Map::from_iter([(action.to_owned(), json!(word))]);
    let noun = nouns::matching(target, &name::read(&word, &[]).object).map_or("", |it| it.word);
    (score >= 0.6).then_some(Selected { word, noun, score, arguments })
}

/// `query("SELECT * FROM Invoice")`, where the tool names what can be selected.
fn by_query(target: TargetModel, tool: &ToolSpec<'_>) -> Option<Selected> {
    let query = argument(tool, &["query", "sql"]).filter(|it| is_required(tool, it))?;
    if !tool.description?.to_lowercase().contains("select * from") {
        return None;
    }
    let each = choices(tool, query).into_iter().filter_map(|word| {
        let is_name = word.starts_with(|it: char| it.is_ascii_uppercase());
        let found = nouns::matching(target, &crate::draw::words(&word)).filter(|_| is_name)?;
        Some((found.score * 0.9, word))
    });
    let (score, word) = each.max_by(|left, right| left.0.total_cmp(&right.0))?;
    let text = format!("SELECT * FROM {word}");
    let arguments = Map::from_iter([(query.to_owned(), json!(text))]);
    let noun = noun(target, &word);
    (score >= 0.75).then_some(Selected { word, noun, score, arguments })
}

fn noun(target: TargetModel, word: &str) -> &'static str {
    nouns::matching(target, &crate::draw::words(&spaced(word))).map_or("", |it| it.word)
}

fn argument<'a>(tool: &ToolSpec<'a>, names: &[&str]) -> Option<&'a str> {
    let properties = tool.input_schema.get("properties").and_then(Value::as_object)?;
    let is = |it: &&String| names.contains(&raw(it).join(" ").as_str());
    properties.keys().find(is).map(String::as_str)
}

fn is_required(tool: &ToolSpec<'_>, name: &str) -> bool {
    let required = tool.input_schema.get("required").and_then(Value::as_array);
    required.is_some_and(|it| it.iter().any(|it| it == name))
}

/// The words that an argument may be: its enumeration, else those that its description, or the
/// tool's, names one after another.
fn choices(tool: &ToolSpec<'_>, name: &str) -> Vec<String> {
    let property = arguments::property(tool, name);
    let allowed = arguments::words(property);
    if !allowed.is_empty() {
        return allowed.into_iter().map(str::to_owned).collect();
    }
    let told = property.get("description").and_then(Value::as_str).unwrap_or_default();
    let texts = [told, tool.description.unwrap_or_default()];
    let words = texts.iter().flat_map(|it| it.split([',', ':', '.', ';', '(', ')', '\n']));
    let clean =
        |it: &str| it.trim().trim_matches(|letter: char| "'\"`*".contains(letter)).to_owned();
    words.map(clean).filter(|it| !it.is_empty() && !it.contains(' ')).collect()
}

fn listing(choices: &[String]) -> Option<String> {
    let lists = |it: &&String| name::read(it, &[]).verb == Verb::Lists;
    choices.iter().find(lists).cloned()
}

/// `bankaccounts` and `bank_accounts` are bank accounts.
fn spaced(word: &str) -> String {
    let lower = word.to_lowercase();
    match lower.strip_prefix("bank") {
        Some("accounts" | "account") => "bank account".to_owned(),
        _ => word.to_owned(),
    }
}

/// Odoo's models have the same names on every server of it, and no schema lists them.
fn odoo(target: TargetModel, tool: &ToolSpec<'_>, kind: &str) -> Option<(&'static str, f64)> {
    let text = format!("{} {}", tool.name, tool.description.unwrap_or_default()).to_lowercase();
    let verb = name::read(tool.name, &["odoo".to_owned()]).verb;
    if raw(kind) != ["model"] || !text.contains("odoo") || verb != Verb::Lists {
        return None;
    }
    let word = match target {
        TargetModel::Company | TargetModel::People => "res.partner",
        TargetModel::Invoice | TargetModel::JournalEntry => "account.move",
        TargetModel::Transaction => "account.bank.statement.line",
        TargetModel::Account | TargetModel::PaymentMeans => "res.partner.bank",
        TargetModel::LedgerAccount => "account.account",
        TargetModel::Journal => "account.journal",
        TargetModel::Email => "mail.message",
        TargetModel::InvoiceTransaction => "account.partial.reconcile",
        TargetModel::Document => "ir.attachment",
    };
    // The tool that does nothing but search and read is the one to use; a bare search gives ids.
    let name = raw(tool.name);
    let plain = ["odoo", "search", "records", "read"];
    let own = name.iter().filter(|it| !plain.contains(&it.as_str())).count();
    let reads = name.iter().any(|it| it == "read" || it == "records");
    Some((word, if own == 0 && reads { 0.9 } else { 0.7 }))
}
