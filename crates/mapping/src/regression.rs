//! Whether a mapping does worse than the one before it, on the same sample.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use domain::TargetModel;
use domain::entity;
use serde::Serialize;
use serde_json::Value;

use crate::gate;

#[cfg(test)]
mod tests;

/// Points that a fill rate, or the share of accepted rows, may fall.
pub const TOLERANCE: f64 = 0.1;

/// What a mapping makes of a sample.
#[derive(Debug, Clone, PartialEq)]
pub struct Measure {
    pub valid_rows: usize,
    pub distinct_keys: usize,
    /// By required slot.
    pub fill: BTreeMap<String, f64>,
}

/// A measure that got worse.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Worse {
    /// `valid_rows`, `distinct_keys`, or a fill rate, e.g. `fill_rate of issue_date`.
    pub metric: String,
    pub before: f64,
    pub after: f64,
}

impl Measure {
    /// Of entities, one for each row of the sample.
    pub fn of(target: TargetModel, entities: &[Value], today: NaiveDate) -> Self {
        let checked = entities.iter().filter_map(|it| entity::check(target, it, today).ok());
        let keys: Vec<String> = checked.map(|it| it.external_id).collect();
        Self {
            valid_rows: keys.len(),
            distinct_keys: keys.into_iter().collect::<BTreeSet<String>>().len(),
            fill: gate::fill(target, entities),
        }
    }
}

/// The first thing in which `after` is worse than `before`: fewer valid rows, a required slot that
/// is filled more than ten points less often, fewer distinct keys.
pub fn worse(before: &Measure, after: &Measure) -> Option<Worse> {
    if after.valid_rows < before.valid_rows {
        return Some(counts("valid_rows", before.valid_rows, after.valid_rows));
    }
    let fell = before.fill.iter().find_map(|(slot, was)| {
        let now = after.fill.get(slot).copied().unwrap_or(0.0);
        let metric = format!("fill_rate of {slot}");
        (was - now > TOLERANCE + 1e-9).then_some(Worse { metric, before: *was, after: now })
    });
    let keys = (after.distinct_keys < before.distinct_keys)
        .then(|| counts("distinct_keys", before.distinct_keys, after.distinct_keys));
    fell.or(keys)
}

fn counts(metric: &str, before: usize, after: usize) -> Worse {
    let count = |it: usize| f64::from(u32::try_from(it).unwrap_or(u32::MAX));
    Worse { metric: metric.to_owned(), before: count(before), after: count(after) }
}
