//! From drafts to a plan with its report.

use domain::TargetModel;
use domain::schema::{Attribute, Kind};
use serde_json::Value;

use super::column::share;
use super::{Draft, Drawn, SlotReport};
use crate::path::Path;
use crate::plan::{Plan, Slot, Source};
use crate::records::Records;

/// Puts a plan together, and says of each slot how often its source is there.
pub(crate) fn drawn(target: TargetModel, sample: &[&Value], drafts: Vec<Draft>) -> Drawn {
    let mut report = Vec::new();
    for draft in &drafts {
        lines(&draft.slot, "", draft.confidence, sample, &mut report);
    }
    let slots = drafts.into_iter().map(|it| it.slot).collect();
    let plan = Plan { target, records: Records::default(), slots };
    let missing_required = required(target).filter(|it| !is_filled(&plan, it)).collect();
    Drawn { plan, report, missing_required }
}

fn lines(slot: &Slot, above: &str, confidence: f64, rows: &[&Value], report: &mut Vec<SlotReport>) {
    let name = format!("{above}{}", slot.slot);
    let paths: Vec<&Path> = match &slot.source {
        Source::Path(path) | Source::Each { path, .. } => vec![path],
        Source::FirstOf(paths) | Source::Concat { paths, .. } => paths.iter().collect(),
        Source::Difference { plus, minus } => vec![plus, minus],
        Source::Constant { .. } | Source::Null { .. } => Vec::new(),
    };
    let there = |row: &&&Value| {
        paths.iter().any(|it| it.resolve(row).is_some_and(|it| !domain::entity::is_absent(it)))
    };
    let constant = matches!(slot.source, Source::Constant { .. });
    let filled = if constant { rows.len() } else { rows.iter().filter(there).count() };
    let texts: Vec<String> = paths.iter().map(ToString::to_string).collect();
    report.push(SlotReport {
        slot: name.clone(),
        path: (!texts.is_empty()).then(|| texts.join(", ")),
        transforms: slot.transforms.clone(),
        fill_rate: share(filled, rows.len()),
        confidence,
        pinned: false,
    });
    if let Source::Each { path, slots } = &slot.source {
        let items: Vec<&Value> =
            rows.iter().filter_map(|it| path.resolve(it)?.as_array()).flatten().collect();
        for inner in slots {
            lines(inner, &format!("{name}."), confidence, &items, report);
        }
    }
}

/// Slots without which every row is rejected: for an amount with its currency, both.
fn required(target: TargetModel) -> impl Iterator<Item = String> {
    let names = |it: &Attribute| match it.kind {
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
    };
    target.schema().attributes.iter().filter(|it| it.required).flat_map(names)
}

fn is_filled(plan: &Plan, slot: &str) -> bool {
    plan.slot(slot).is_some_and(|it| !it.is_null())
}
