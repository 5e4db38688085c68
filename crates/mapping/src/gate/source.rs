//! Checks that need to know where a slot is read: what varies there must not vanish on the way.

use std::collections::BTreeSet;

use domain::entity::is_absent;
use serde_json::Value;

use super::{Check, Doubt, ENOUGH, Trial, value};
use crate::path::Path;
use crate::plan::{Plan, Slot, Source, Transform};

/// Amounts of both signs in the source, and of one sign in the outcome.
pub(super) fn lost_signs(plan: &Plan, trial: &Trial<'_>) -> Vec<Doubt> {
    let lost = plan.slots.iter().filter(|slot| {
        let Some(path) = read_as_is(slot) else { return false };
        let source = trial.rows.iter().filter_map(|it| number(path.resolve(it)?));
        let outcome = trial.entities.iter().filter_map(|it| number(value(it, &slot.slot)?));
        signs(source) == (true, true) && matches!(signs(outcome), (true, false) | (false, true))
    });
    let says = |it: &Slot| format!("slot `{}` loses the sign of its amounts", it.slot);
    lost.map(|it| doubt(it, Check::Signs, says(it))).collect()
}

/// One value in the outcome, where the source has many.
pub(super) fn constants(plan: &Plan, trial: &Trial<'_>) -> Vec<Doubt> {
    let constant = plan.slots.iter().filter(|slot| {
        let Some(path) = read_as_is(slot) else { return false };
        let pairs = trial.rows.iter().zip(trial.entities).filter_map(|(row, entity)| {
            let source = path.resolve(row).filter(|it| !is_absent(it))?;
            Some((source.to_string(), value(entity, &slot.slot)?.to_string()))
        });
        let (source, outcome): (BTreeSet<String>, BTreeSet<String>) = pairs.unzip();
        source.len() >= ENOUGH && outcome.len() == 1
    });
    let says = |it: &Slot| format!("slot `{}` is constant where its source varies", it.slot);
    constant.map(|it| doubt(it, Check::Constants, says(it))).collect()
}

fn doubt(slot: &Slot, check: Check, says: String) -> Doubt {
    Doubt { check, slot: slot.slot.clone(), says }
}

/// The path of a slot whose values stay apart on the way: neither folded into few words nor chosen
/// by a sibling.
fn read_as_is(slot: &Slot) -> Option<&Path> {
    let folds = |it: &Transform| match it {
        Transform::Text
        | Transform::Number { .. }
        | Transform::MinorUnits { .. }
        | Transform::Negate
        | Transform::EpochTime { .. }
        | Transform::Address
        | Transform::FalseIsNull => false,
        // Times of one day are one date.
        Transform::Date { .. }
        | Transform::EpochDate { .. }
        | Transform::SignFrom { .. }
        | Transform::OnlyWhere { .. }
        | Transform::Above
        | Transform::Below
        | Transform::Enum { .. }
        | Transform::Upper
        | Transform::Lower
        | Transform::IsOneOf { .. }
        | Transform::Not
        | Transform::Before { .. }
        | Transform::After { .. }
        | Transform::AfterLast { .. }
        | Transform::First
        | Transform::Last
        | Transform::Domain => true,
    };
    match &slot.source {
        Source::Path(path) if !slot.transforms.iter().any(folds) => Some(path),
        Source::Path(_)
        | Source::FirstOf(_)
        | Source::Concat { .. }
        | Source::Difference { .. }
        | Source::Each { .. }
        | Source::Constant { .. }
        | Source::Null { .. } => None,
    }
}

/// Is any positive; is any negative?
fn signs(numbers: impl Iterator<Item = f64>) -> (bool, bool) {
    numbers.fold((false, false), |(above, below), it| (above || it > 0.0, below || it < 0.0))
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(it) => it.as_f64(),
        Value::String(it) => it.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}
