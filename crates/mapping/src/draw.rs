//! Which value of a row belongs into which slot of a target.
//!
//! A slot is matched by the names that providers use for it ([`phrases`]), by what the values look
//! like ([`profile`], [`fit`]), and by a few rules for what names and values alone do not tell
//! ([`key`], [`money`], [`lists`], [`repair`]). No name of a provider appears in any of it.

use std::collections::BTreeSet;

use domain::TargetModel;
use domain::schema::{Attribute, Kind};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::path::Path;
use crate::plan::{Plan, Slot, Source, Transform};

mod adopt;
mod column;
mod days;
mod enums;
mod fit;
mod key;
mod lists;
mod money;
mod names;
mod phrases;
mod pin;
mod profile;
mod repair;
mod report;
mod score;
mod shortlist;
#[cfg(test)]
mod tests;
mod texts;

use column::Columns;
use fit::Role;
use money::Money;

pub(crate) use key::is_identifier;
pub(crate) use names::words;
pub(crate) use phrases::nouns;
pub use pin::Pin;
pub(crate) use report::drawn;
pub(crate) use shortlist::{Field, Likely, Shortlist};

/// Rows that a plan is drawn from; more would not change it.
const SAMPLE: usize = 200;

domain::words! {
    /// What a seat goes by first. The names are the best guide by far, so every seat reads them;
    /// they differ in what they do when names and the rest disagree, or when no name helps.
    Lead, "lead of a seat" {
        Names = "names",
        /// What the values look like.
        Values = "values",
        /// Where a value stands in the record.
        Structure = "structure",
    }
}

/// What is known about the rows beside themselves. Descriptions are data; none is obeyed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hints<'a> {
    pub tool_name: &'a str,
    pub tool_description: &'a str,
    pub output_schema: Option<&'a Value>,
}

/// A plan, and how sure each of its slots is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Drawn {
    pub plan: Plan,
    pub report: Vec<SlotReport>,
    /// Required slots that the source does not fill.
    pub missing_required: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SlotReport {
    pub slot: String,
    /// The path, or the paths joined by `, `; `None` for a constant and for null.
    pub path: Option<String>,
    pub transforms: Vec<Transform>,
    /// Share of the rows in which the source of the slot is present.
    pub fill_rate: f64,
    /// 0 to 1; how good the match of name and values is.
    pub confidence: f64,
    /// Fixed by a person, not drawn.
    pub pinned: bool,
}

/// A slot on its way into a plan.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    slot: Slot,
    confidence: f64,
}

/// Draws a plan from sample rows. Every slot of the target appears in it, some as null.
pub fn plan(target: TargetModel, rows: &[Value], hints: &Hints<'_>) -> Drawn {
    by(Lead::Names, target, rows, hints, &[])
}

/// As [`plan`], by a strategy; slots that are pinned are as their pin says.
pub fn by(
    strategy: Lead,
    target: TargetModel,
    rows: &[Value],
    hints: &Hints<'_>,
    pins: &[Pin],
) -> Drawn {
    amended(strategy, (target, rows), hints, pins, |_, _| {})
}

/// As by the names, with slots that somebody else has decided in the place of what was drawn. One
/// that comes without a transform is read as its values ask for, like a pin.
pub(crate) fn decided(
    target: TargetModel,
    rows: &[Value],
    hints: &Hints<'_>,
    pins: &[Pin],
    slots: Vec<Slot>,
) -> Drawn {
    amended(Lead::Names, (target, rows), hints, pins, |sketch, drafts| {
        for mut slot in slots {
            if slot.transforms.is_empty()
                && let Some(path) = slot.paths().first()
            {
                slot.transforms = pin::transforms(sketch, &slot.slot, path);
            }
            let confidence = if slot.is_null() { 0.0 } else { DECIDED };
            let draft = Draft { slot, confidence };
            match drafts.iter_mut().find(|it| it.slot.slot == draft.slot.slot) {
                Some(it) => *it = draft,
                None => drafts.push(draft),
            }
        }
    })
}

/// How sure a slot is that was decided by somebody who does not say how sure: neither.
const DECIDED: f64 = 0.5;

fn amended(
    strategy: Lead,
    (target, rows): (TargetModel, &[Value]),
    hints: &Hints<'_>,
    pins: &[Pin],
    amend: impl FnOnce(&Sketch<'_, '_>, &mut Vec<Draft>),
) -> Drawn {
    let sample = distinct(rows.iter().take(SAMPLE));
    let columns = Columns::of(&sample);
    let money = Money::of(&columns, hints);
    let sketch = Sketch { strategy, target, columns: &columns, money: &money };
    let mut drafts = Vec::new();
    for attribute in &target.schema().attributes {
        sketch.attribute(attribute, hints, &mut drafts);
    }
    texts::draw(&sketch, &mut drafts);
    repair::all(&sketch, hints, &mut drafts);
    adopt::required(&sketch, &mut drafts);
    amend(&sketch, &mut drafts);
    pin::apply(&sketch, pins, &mut drafts);
    let mut drawn = drawn(target, &sample, drafts);
    for line in &mut drawn.report {
        line.pinned = pins.iter().any(|it| it.slot == line.slot);
    }
    drawn
}

/// The paths that could fill each slot, the likeliest first; nothing of slots that are pinned.
pub(crate) fn shortlist(
    target: TargetModel,
    rows: &[Value],
    hints: &Hints<'_>,
    pins: &[Pin],
) -> Shortlist {
    let sample = distinct(rows.iter().take(SAMPLE));
    let columns = Columns::of(&sample);
    let money = Money::of(&columns, hints);
    shortlist::of(&Sketch { strategy: Lead::Names, target, columns: &columns, money: &money }, pins)
}

/// Pages overlap: a row that came twice must not make its identifier look repeated.
fn distinct<'a>(rows: impl Iterator<Item = &'a Value>) -> Vec<&'a Value> {
    let mut seen = BTreeSet::new();
    rows.filter(|it| seen.insert(it.to_string())).collect()
}

/// What all slots of a target are drawn from.
struct Sketch<'s, 'a> {
    strategy: Lead,
    target: TargetModel,
    columns: &'s Columns<'a>,
    money: &'s Money,
}

impl Sketch<'_, '_> {
    fn attribute(&self, attribute: &Attribute, hints: &Hints<'_>, drafts: &mut Vec<Draft>) {
        let name = attribute.name.as_str();
        if name == self.target.external_id() && self.target != TargetModel::Email {
            drafts.push(key::draw(self));
            return;
        }
        match attribute.kind {
            Kind::List => drafts.push(lists::draw(self, attribute, hints)),
            Kind::Money | Kind::Object => {
                let members = attribute.items.iter();
                drafts.extend(members.map(|it| self.slot(&format!("{name}.{}", it.name), it)));
            }
            Kind::Text
            | Kind::Decimal
            | Kind::Integer
            | Kind::Boolean
            | Kind::Date
            | Kind::DateTime
            | Kind::Email
            | Kind::Uri => drafts.push(self.slot(name, attribute)),
        }
    }

    /// One slot from the column that suits it best, or null.
    fn slot(&self, slot: &str, attribute: &Attribute) -> Draft {
        self.named_slot(slot, slot, attribute)
    }

    /// As [`Self::slot`], for a slot that the phrases know by a longer name.
    fn named_slot(&self, slot: &str, known_as: &str, attribute: &Attribute) -> Draft {
        let role = fit::role(self.target, known_as, attribute);
        let entry = phrases::of(self.target).iter().find(|it| it.slot == known_as);
        let found = entry.map(|it| score::ranked(self, it, role));
        let found = found.unwrap_or_default();
        let Some(best) = found.first() else {
            return Draft::null(slot, "no field of this name and kind");
        };
        let mut transforms = best.fit.transforms.clone();
        if role == Role::Boolean && is_negated(&best.column.words) {
            transforms.push(Transform::Not);
        }
        let confidence = best.score;
        let mut paths: Vec<Path> = match role {
            // Amounts of different names are different amounts.
            Role::Name | Role::Date | Role::DateTime | Role::Email | Role::Phone => {
                let chosen = score::coalesced(&found, self.columns);
                chosen.into_iter().map(|it| it.column.path.clone()).collect()
            }
            Role::Id
            | Role::Text
            | Role::Amount
            | Role::Number
            | Role::Integer
            | Role::Boolean
            | Role::Web
            | Role::Domain
            | Role::Currency
            | Role::Iban
            | Role::FileName
            | Role::Mime
            | Role::Word(_) => vec![best.column.path.clone()],
        };
        let source = match paths.len() {
            1 => Source::Path(paths.remove(0)),
            _ => Source::FirstOf(paths),
        };
        let slot = Slot { slot: slot.to_owned(), source, transforms };
        Draft { slot, confidence }
    }
}

impl Draft {
    pub(crate) fn sure(slot: Slot) -> Self {
        Self { slot, confidence: 1.0 }
    }

    pub(crate) fn null(slot: &str, reason: &str) -> Self {
        Self { slot: Slot::null(slot, reason), confidence: 0.0 }
    }
}

/// `blocked` says the opposite of `is_active`.
fn is_negated(words: &[String]) -> bool {
    let opposite = [
        "blocked",
        "archived",
        "disabled",
        "inactive",
        "deprecated",
        "deleted",
        "barred",
        "hidden",
        "locked",
        "suspended",
    ];
    words.iter().any(|it| opposite.contains(&it.as_str()))
}
