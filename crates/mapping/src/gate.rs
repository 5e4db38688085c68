//! Whether the entities that a mapping gives on a sample are good enough to use it.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use domain::TargetModel;
use domain::entity::{self, Cause, Rule, is_absent};
use serde_json::Value;

#[cfg(test)]
mod tests;

/// Rows from which a key that repeats, or a constant, says something about the mapping.
const ENOUGH: usize = 3;

/// Checks entities that an expression gave, one for each row of the sample. The reasons name
/// slots, never values.
pub fn check(target: TargetModel, sample: &[Value]) -> Result<(), Vec<String>> {
    if sample.is_empty() {
        return Err(vec!["the expression gives no entity on the sample".to_owned()]);
    }
    let mut doubts = unfilled(target, sample);
    doubts.extend(misshapen(target, sample));
    doubts.extend(repeated_keys(target, sample));
    if doubts.is_empty() { Ok(()) } else { Err(doubts) }
}

/// Required attributes that no row fills.
fn unfilled(target: TargetModel, sample: &[Value]) -> Vec<String> {
    let is_filled =
        |name: &str| sample.iter().any(|it| it.get(name).is_some_and(|it| !is_absent(it)));
    // A key that the validator can make of other attributes need not be mapped.
    let has_key = entity::derivation(target).is_some();
    let is_derived = |name: &str| has_key && name == target.external_id();
    let required = target.schema().attributes.iter().filter(|it| it.required);
    let required = required.filter(|it| !is_derived(&it.name));
    let missing = required.filter(|it| !is_filled(&it.name));
    missing.map(|it| format!("required slot `{}` is null in every row", it.name)).collect()
}

/// Attributes whose values are of the wrong type or form in more than half of the rows that have
/// them: the mapping is at fault then, not a row.
fn misshapen(target: TargetModel, sample: &[Value]) -> Vec<String> {
    // Which days are plausible is for the validator to say, which knows what day it is.
    let judged = sample.iter().filter_map(|it| entity::check(target, it, NaiveDate::MAX).err());
    let mut counts: BTreeMap<(String, Rule), usize> = BTreeMap::new();
    for cause in judged.flatten().filter(is_of_form) {
        *counts.entry((cause.field, cause.rule)).or_default() += 1;
    }
    let present = |field: &str| {
        let pointer = format!("/{}", field.split('.').next().unwrap_or_default());
        sample.iter().filter(|it| it.pointer(&pointer).is_some_and(|it| !is_absent(it))).count()
    };
    let mostly = counts.into_iter().filter(|((field, _), count)| count * 2 > present(field));
    mostly.map(|((field, rule), _)| format!("slot `{field}` breaks the rule {rule}")).collect()
}

fn is_of_form(cause: &Cause) -> bool {
    match cause.rule {
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

/// A key that is the same in different rows cannot be the key. Equal rows may share one.
fn repeated_keys(target: TargetModel, sample: &[Value]) -> Vec<String> {
    // Many messages come from one address.
    if target == TargetModel::Email {
        return Vec::new();
    }
    let slot = target.external_id();
    let mut keys: BTreeMap<String, &Value> = BTreeMap::new();
    let mut repeated = 0_usize;
    for row in sample {
        let Some(key) = row.get(slot).filter(|it| !is_absent(it)) else { continue };
        let first = *keys.entry(key.to_string()).or_insert(row);
        repeated += usize::from(first != row);
    }
    match () {
        () if sample.len() >= ENOUGH && keys.len() == 1 && repeated > 0 => {
            vec![format!("key `{slot}` is the same in every row")]
        }
        () if repeated > 0 => vec![format!("key `{slot}` repeats in {repeated} row(s)")],
        () => Vec::new(),
    }
}
