//! How close the name of a column is to a phrase, and which columns suit a slot.

use std::collections::BTreeSet;

use domain::TargetModel;
use domain::entity::is_absent;
use serde_json::Value;

use super::column::{Column, Columns};
use super::fit::{Fit, Role, fit};
use super::phrases::{self, Entry, Phrase};
use super::{Lead, Sketch, names};
use crate::path::{Pick, Step};

/// Below this, a likeness is chance.
pub(super) const THRESHOLD: f64 = 0.58;

/// Words beside a phrase that do not change what it says.
const NEUTRAL: &[&str] = &[
    "enclosing",
    "merge",
    "field",
    "v",
    "primary",
    "main",
    "default",
    "billing",
    "bill",
    "address",
    "location",
    "office",
    "head",
    "raw",
    "current",
    "contact",
    "default",
    "my",
    "iso",
    "utc",
    "string",
    "standard",
    "general",
    "basic",
    "metadata",
    "summary",
    "status",
    "transition",
    "core",
    "common",
    "x",
    "detail",
    "identifier",
    "identification",
    "cent",
    "minor",
    "in",
    "penny",
];

/// Words beside a phrase that make it speak of something else.
pub(super) const HOSTILE: &[&str] = &[
    "shipping",
    "ship",
    "delivery",
    "previous",
    "old",
    "parent",
    "owner",
    "creator",
    "updated",
    "modified",
    "user",
    "assignee",
    "manager",
    "secondary",
    "alternate",
    "alternative",
    "fax",
    "first",
    "last",
    "middle",
    "line",
    "item",
    "by",
    "count",
    "cc",
    "bcc",
    "holder",
    "cardholder",
    "currency",
    "vendor",
    "customer",
    "supplier",
    "client",
    "company",
    "organization",
    "merchant",
    "employee",
    "account",
    "percent",
    "rate",
    "discount",
    "template",
    "theme",
    "custom",
    "sync",
    "deleted",
    "archived",
    "expected",
    "birth",
    "linked",
    "logo",
    "image",
    "photo",
    "avatar",
    "icon",
    "tag",
    "thumbnail",
    "hash",
    "token",
    "version",
    "foreign",
    "exchange",
    "home",
    "base",
    "min",
    "max",
    "limit",
    "reminder",
    "next",
    "pipeline",
    "stage",
    "social",
    "facebook",
    "twitter",
    "linkedin",
    "skype",
    "etag",
    "editor",
    "author",
    "tax",
    "vat",
];

/// One column for one slot.
#[derive(Debug, Clone)]
pub(super) struct Candidate<'c, 'a> {
    pub(super) column: &'c Column<'a>,
    pub(super) fit: Fit,
    pub(super) score: f64,
}

/// How much each kind of evidence counts, as powers: what is at most 1 and is raised to a higher
/// power counts more.
struct Weights {
    name: f64,
    fit: f64,
    place: f64,
}

impl Weights {
    const fn of(strategy: Lead) -> Self {
        match strategy {
            Lead::Names => Self { name: 1.0, fit: 1.0, place: 1.0 },
            Lead::Values => Self { name: 0.6, fit: 2.0, place: 1.0 },
            Lead::Structure => Self { name: 1.0, fit: 1.0, place: 4.0 },
        }
    }
}

/// Lists whose items are records of their own; the first of them is not a field of the row.
const LISTS: &[&str] =
    &["line", "item", "row", "position", "entry", "posting", "transaction", "detail", "product"];

/// Columns that a slot may be filled from, the best first; none that is not good enough.
pub(super) fn ranked<'c, 'a>(
    sketch: &Sketch<'c, 'a>,
    entry: &Entry,
    role: Role,
) -> Vec<Candidate<'c, 'a>> {
    let columns = sketch.columns;
    let weights = Weights::of(sketch.strategy);
    let candidate = |column: &'c Column<'a>| {
        let name = name_score(&column.words, entry, sketch.target);
        // The values cannot make a name better, so a poor one need not be looked at.
        if name < THRESHOLD {
            return None;
        }
        let fit = fit(role, column, sketch.money)?;
        let score = name.powf(weights.name)
            * fit.score.powf(weights.fit)
            * place(column).powf(weights.place)
            * (0.9 + 0.1 * column.fill_rate(columns.rows.len()));
        (score >= THRESHOLD).then_some(Candidate { column, fit, score })
    };
    let mut found: Vec<Candidate<'_, '_>> = columns.columns.iter().filter_map(candidate).collect();
    found.sort_by(|left, right| right.score.total_cmp(&left.score));
    found
}

/// The best candidate, and those after it that hold the same where it is absent.
pub(super) fn coalesced<'r, 'c, 'a>(
    found: &'r [Candidate<'c, 'a>],
    columns: &Columns<'a>,
) -> Vec<&'r Candidate<'c, 'a>> {
    let Some(best) = found.first() else { return Vec::new() };
    let is_there = |row: &Value, it: &Candidate<'_, '_>| {
        it.column.path.resolve(row).is_some_and(|it| !is_absent(it))
    };
    let mut chosen = vec![best];
    let mut empty: Vec<&Value> =
        columns.rows.iter().copied().filter(|row| !is_there(row, best)).collect();
    for it in found.iter().skip(1) {
        let helps = empty.iter().any(|row| is_there(row, it));
        let alike = it.fit.transforms == best.fit.transforms && it.score > best.score - 0.25;
        if chosen.len() < 3 && helps && alike {
            chosen.push(it);
            empty.retain(|row| !is_there(row, it));
        }
    }
    chosen
}

/// A value near the top of the row is the likelier one.
fn place(column: &Column<'_>) -> f64 {
    let depth = u32::try_from(column.path.0.len()).unwrap_or(u32::MAX);
    let main = ["default", "primary", "main"];
    let path = &column.path.0;
    let steps = path.iter().enumerate().map(|(at, step)| {
        let says =
            |step: &Step| names::words(&step.name).iter().any(|it| LISTS.contains(&it.as_str()));
        // The list may be wrapped: `lines.data[0]`.
        let wrapper = at.checked_sub(1).and_then(|it| path.get(it));
        let is_record = || says(step) || wrapper.is_some_and(says);
        let pick = match &step.pick {
            Pick::All => 1.0,
            Pick::At(_) | Pick::Where { .. } if is_record() => 0.5,
            Pick::At(0) => 0.97,
            Pick::At(_) => 0.95,
            Pick::Where { value, .. } if main.contains(&value.to_lowercase().as_str()) => 0.99,
            // Which of them is meant is not known, so the first is.
            Pick::Where { key, .. } if names::is_name(key) => 0.97,
            Pick::Where { .. } => 0.94,
        };
        // `$state`, `@odata.type`, `__typename`: of the protocol, not of the record.
        if step.name.starts_with(['$', '@', '_']) { pick * 0.8 } else { pick }
    });
    (1.0 - 0.015 * f64::from(depth.saturating_sub(1))) * steps.product::<f64>()
}

/// 0 to 1. Earlier phrases of an entry count more.
pub(super) fn name_score(words: &[String], entry: &Entry, target: TargetModel) -> f64 {
    let nouns = phrases::nouns(target);
    let ranked = entry.phrases.iter().zip(0_u32..).map(|(phrase, rank)| {
        let weight = (1.0 - 0.01 * f64::from(rank)).max(0.75);
        weight * closeness(words, phrase, (nouns, &entry.vocabulary))
    });
    ranked.fold(0.0, f64::max)
}

/// `vocabulary`: words of other names of the slot.
fn closeness(
    words: &[String],
    phrase: &Phrase,
    (nouns, vocabulary): (&[&str], &BTreeSet<String>),
) -> f64 {
    let Phrase { words: phrase, is_exact } = phrase;
    if words == phrase {
        return 1.0;
    }
    if *is_exact || phrase.is_empty() {
        return 0.0;
    }
    let outside = |rest: &[String], strange: f64| {
        let weigh = |it: &String| match it.as_str() {
            word if phrase.contains(it) || nouns.contains(&word) => 0.97,
            word if NEUTRAL.contains(&word) => 0.97,
            word if HOSTILE.contains(&word) => 0.4,
            _ if vocabulary.contains(it) => 0.9,
            _ => strange,
        };
        rest.iter().map(weigh).product::<f64>()
    };
    if let Some(rest) = words.strip_suffix(phrase.as_slice()) {
        return 0.98 * outside(rest, 0.68);
    }
    if let Some(rest) = words.strip_prefix(phrase.as_slice()) {
        let trailing = [
            "raw",
            "string",
            "iso",
            "utc",
            "formatted",
            "full",
            "display",
            "date",
            "time",
            "amount",
            "value",
        ];
        let main = ["primary", "main", "default", "business", "work", "office", "private", "home"];
        let unit = ["cent", "minor", "in", "unit", "penny"];
        let plain = rest.iter().all(|it| trailing.contains(&it.as_str()));
        let unit = rest.iter().all(|it| unit.contains(&it.as_str()));
        let main = rest.iter().all(|it| main.contains(&it.as_str()));
        return if unit {
            0.99
        } else if plain {
            0.9
        } else if main {
            0.8
        } else {
            0.85 * outside(rest, 0.5).min(0.6)
        };
    }
    0.0
}
