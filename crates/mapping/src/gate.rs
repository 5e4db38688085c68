//! Whether what a mapping gives on a sample is good enough to use it, and how good it is.
//!
//! The gate looks at values alone: what seats agree on does not interest it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, Months, NaiveDate};
use domain::TargetModel;
use domain::entity::{self, Rule, is_absent};
use domain::schema::{Attribute, Kind};
use serde_json::Value;

use crate::draw;
use crate::plan::{Plan, Source};

mod source;
#[cfg(test)]
mod tests;

/// Rows from which a key that repeats, or a constant, says something about the mapping.
const ENOUGH: usize = 3;
/// Years ahead of today in which a date is still believed.
const YEARS_AHEAD: u32 = 50;
/// A share of the rows from which a slot counts as filled.
pub const FILLED: f64 = 0.5;

domain::words! {
    /// What the gate looks at.
    Check, "check of the gate" {
        Evaluates = "evaluates",
        Required = "required",
        Form = "form",
        Signs = "signs",
        Dates = "dates",
        Keys = "keys",
        Constants = "constants",
    }
}

/// A mapping's outcome on a sample.
#[derive(Debug, Clone, Copy)]
pub struct Trial<'a> {
    pub target: TargetModel,
    pub rows: &'a [Value],
    /// What each row became; null for a row that could not be evaluated.
    pub entities: &'a [Value],
    /// None for a free-form expression, whose sources are not known.
    pub plan: Option<&'a Plan>,
    pub today: NaiveDate,
}

/// What speaks against a mapping. It names slots, never values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    pub check: Check,
    pub slot: String,
    pub says: String,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// 0 to 1.
    pub score: f64,
    /// Anything that the mapping is at fault for. Empty required slots are not among them: whether
    /// that is its fault depends on the source, see [`Judgement::fill`].
    pub doubts: Vec<Doubt>,
    /// Required slots, with the share of the rows in which each is filled.
    pub fill: BTreeMap<String, f64>,
}

impl Judgement {
    /// Required slots that no row fills.
    pub fn unfilled(&self) -> impl Iterator<Item = &str> {
        self.fill.iter().filter(|(_, share)| **share == 0.0).map(|(slot, _)| slot.as_str())
    }

    /// Required slots that the mapping fills in most rows.
    pub fn filled(&self) -> impl Iterator<Item = &str> {
        self.fill.iter().filter(|(_, share)| **share >= FILLED).map(|(slot, _)| slot.as_str())
    }

    /// In words, for a log.
    pub fn says(&self) -> String {
        let says: Vec<&str> = self.doubts.iter().map(|it| it.says.as_str()).collect();
        says.join("; ")
    }
}

/// Judges a mapping by what it gives.
pub fn judge(trial: &Trial<'_>) -> Judgement {
    let entities: Vec<&Value> = trial.entities.iter().filter(|it| it.is_object()).collect();
    let fill = fill(trial.target, trial.entities);
    if entities.is_empty() {
        let says = "the expression gives no entity on the sample".to_owned();
        let doubt = Doubt { check: Check::Evaluates, slot: String::new(), says };
        return Judgement { score: 0.0, doubts: vec![doubt], fill };
    }
    let (form, sound) = misshapen(trial.target, &entities);
    let days = implausible(trial, &entities);
    let keys = repeated_keys(trial, &entities);
    let signs = trial.plan.map(|it| source::lost_signs(it, trial)).unwrap_or_default();
    let constants = trial.plan.map(|it| source::constants(it, trial)).unwrap_or_default();
    let slots = trial.target.schema().attributes.len();
    let without = |doubts: &[Doubt]| 1.0 - share(doubts.len().min(slots), slots);
    let filled = fill.values().sum::<f64>() / count(fill.len().max(1));
    let parts = [
        (3.0, filled),
        (2.0, share(entities.len(), trial.entities.len())),
        (2.0, sound),
        (2.0, if keys.is_empty() { 1.0 } else { 0.0 }),
        (1.0, without(&days)),
        (1.0, without(&signs)),
        (1.0, without(&constants)),
    ];
    let weights: f64 = parts.iter().map(|(weight, _)| weight).sum();
    let score = parts.iter().map(|(weight, part)| weight * part).sum::<f64>() / weights;
    let doubts = [form, days, keys, signs, constants].concat();
    Judgement { score: (score * 10_000.0).round() / 10_000.0, doubts, fill }
}

/// Required slots; of an amount, its currency counts as well. A key that the validator can make of
/// other attributes need not be mapped.
pub(crate) fn required(target: TargetModel) -> Vec<String> {
    let is_derived =
        |it: &Attribute| it.name == target.external_id() && entity::derivation(target).is_some();
    let required = target.schema().attributes.iter().filter(|it| it.required && !is_derived(it));
    let slots = required.flat_map(|it| match it.kind {
        Kind::Money => {
            it.items.iter().map(|member| format!("{}.{}", it.name, member.name)).collect()
        }
        Kind::Text
        | Kind::Decimal
        | Kind::Integer
        | Kind::Boolean
        | Kind::Date
        | Kind::DateTime
        | Kind::Email
        | Kind::Uri
        | Kind::List
        | Kind::Object => vec![it.name.clone()],
    });
    slots.collect()
}

/// Required slots, each with the share of the entities that fill it.
pub(crate) fn fill(target: TargetModel, entities: &[Value]) -> BTreeMap<String, f64> {
    let filled = |slot: &str| entities.iter().filter(|it| value(it, slot).is_some()).count();
    let share_of = |slot: String| {
        let share = share(filled(&slot), entities.len());
        (slot, share)
    };
    required(target).into_iter().map(share_of).collect()
}

/// The required slots that an entity fills.
pub fn filled(target: TargetModel, entity: &Value) -> Vec<String> {
    required(target).into_iter().filter(|it| value(entity, it).is_some()).collect()
}

/// What stands in a slot, if it is there.
fn value<'v>(entity: &'v Value, slot: &str) -> Option<&'v Value> {
    let found = slot.split('.').try_fold(entity, |value, name| value.get(name));
    found.filter(|it| !is_absent(it))
}

/// Attributes whose values are of the wrong type or form in more than half of the rows that have
/// them: the mapping is at fault then, not a row. With it, the share of values that are sound.
fn misshapen(target: TargetModel, entities: &[&Value]) -> (Vec<Doubt>, f64) {
    // Which days are plausible is judged elsewhere.
    let causes = entities.iter().filter_map(|it| entity::check(target, it, NaiveDate::MAX).err());
    let mut counts: BTreeMap<(String, Rule), usize> = BTreeMap::new();
    for cause in causes.flatten().filter(|it| is_of_form(it.rule)) {
        *counts.entry((cause.field, cause.rule)).or_default() += 1;
    }
    let present = |field: &str| {
        let name = field.split('.').next().unwrap_or_default();
        entities.iter().filter(|it| value(it, name).is_some()).count()
    };
    let all: usize = target.schema().attributes.iter().map(|it| present(&it.name)).sum();
    let wrong: usize = counts.values().sum();
    let mostly = counts.into_iter().filter(|((field, _), count)| count * 2 > present(field));
    let doubts = mostly.map(|((slot, rule), _)| Doubt {
        says: format!("slot `{slot}` breaks the rule {rule}"),
        check: Check::Form,
        slot,
    });
    (doubts.collect(), 1.0 - share(wrong.min(all), all))
}

fn is_of_form(rule: Rule) -> bool {
    match rule {
        Rule::WrongType
        | Rule::BadPattern
        | Rule::BadFormat
        | Rule::NotInEnum
        | Rule::UnknownField
        | Rule::TooLong => true,
        Rule::NullRequired
        | Rule::TooShort
        | Rule::BadChecksum
        | Rule::OutOfRange
        | Rule::TotalsDoNotAddUp
        | Rule::Unbalanced
        | Rule::MissingCurrency
        | Rule::EvaluationFailed
        | Rule::DuplicateKey => false,
    }
}

/// Dates that are mostly before computers or far ahead: seconds read as milliseconds, or a number
/// that is no date.
fn implausible(trial: &Trial<'_>, entities: &[&Value]) -> Vec<Doubt> {
    let latest = trial.today.checked_add_months(Months::new(12 * YEARS_AHEAD));
    let is_odd = |it: &NaiveDate| it.year() <= 1970 || latest.is_some_and(|latest| *it > latest);
    let attributes = trial.target.schema().attributes.iter();
    let dated = attributes.filter(|it| matches!(it.kind, Kind::Date | Kind::DateTime));
    let mostly = dated.filter(|it| {
        let texts = entities.iter().filter_map(|entity| value(entity, &it.name)?.as_str());
        let days: Vec<NaiveDate> = texts.filter_map(day).collect();
        days.iter().filter(|it| is_odd(it)).count() * 2 > days.len()
    });
    let doubt = |it: &Attribute| Doubt {
        check: Check::Dates,
        slot: it.name.clone(),
        says: format!("dates of slot `{}` are not plausible", it.name),
    };
    mostly.map(doubt).collect()
}

fn day(text: &str) -> Option<NaiveDate> {
    text.get(..10)?.parse().ok()
}

/// A key that is the same in different rows cannot be the key. Equal rows may share one, and a
/// record that changed between two pages may come twice: one in fifty is let pass, and more where
/// the source names it as the key.
fn repeated_keys(trial: &Trial<'_>, entities: &[&Value]) -> Vec<Doubt> {
    // Many messages come from one address.
    if trial.target == TargetModel::Email {
        return Vec::new();
    }
    let slot = trial.target.external_id();
    let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for entity in entities {
        if let Some(key) = value(entity, slot) {
            keys.entry(key.to_string()).or_default().insert(entity.to_string());
        }
    }
    let records: usize = keys.values().map(BTreeSet::len).sum();
    let repeated = records - keys.len();
    let is_named_so = || is_named_as_key(trial, slot);
    let says = match () {
        () if entities.len() >= ENOUGH && keys.len() == 1 && repeated > 0 => {
            format!("key `{slot}` is the same in every row")
        }
        () if repeated * 50 <= entities.len() => return Vec::new(),
        () if is_key_with_repeats(trial.target, records, keys.len()) && is_named_so() => {
            return Vec::new();
        }
        () => format!("key `{slot}` repeats in {repeated} row(s)"),
    };
    vec![Doubt { check: Check::Keys, slot: slot.to_owned(), says }]
}

/// Of values that the source names as the key, a few that come again are records that come again:
/// one in ten, and one at least. Those are told one by one (`duplicate_key`); without a key every
/// row would be lost. An allocation is known by what it stands between: an id that comes again there
/// is that of its payment.
pub(crate) fn is_key_with_repeats(target: TargetModel, records: usize, keys: usize) -> bool {
    target != TargetModel::InvoiceTransaction
        && keys * 2 > records
        && records - keys <= (records / 10).max(1)
}

fn is_named_as_key(trial: &Trial<'_>, slot: &str) -> bool {
    let source = trial.plan.and_then(|it| it.slot(slot)).map(|it| &it.source);
    matches!(source, Some(Source::Path(path)) if draw::is_identifier(trial.target, path))
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 1.0 } else { count(part) / count(whole) }
}

fn count(of: usize) -> f64 {
    f64::from(u32::try_from(of).unwrap_or(u32::MAX))
}
