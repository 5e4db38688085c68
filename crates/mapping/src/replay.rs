//! What another mapping would make of the same records, told before anything is switched: which
//! entities come and go, which slots differ, and what would be written about it.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use domain::entity::{self, Cause, Causes, Entity, Rule, is_absent};
use domain::evidence::{Call, Dropped};
use domain::{Finding, Reason, TargetModel};
use serde::Serialize;
use serde_json::Value;

use crate::canonical;
use crate::expression::ExpressionError;
use crate::plan::Plan;
use crate::regression::{self, Measure, Worse};

#[cfg(test)]
mod tests;

/// What a mapping made of each record, in their order.
pub type Outcomes = Vec<Result<Value, ExpressionError>>;

/// Two mappings on the same records.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Replay {
    /// How many records all this rests on.
    pub records: usize,
    pub before: Side,
    pub after: Side,
    /// Of whole entities.
    pub entities: Counts,
    /// By attribute of the target; those without a value on either side are left out.
    pub slots: BTreeMap<String, Counts>,
    pub differences: Vec<Difference>,
    pub rejected: Vec<Rejected>,
    /// For what a redraw that comes to this would be reverted.
    pub worse: Option<Worse>,
}

/// What one of the mappings comes to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Side {
    pub accepted: usize,
    pub rejected: usize,
    /// Rows of the log that a run over these records would write.
    pub reasons: Vec<Told>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Told {
    pub reason: Reason,
    pub detail: String,
}

/// How many are the same under both mappings, differ, or are there under one of them alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    pub same: usize,
    pub changed: usize,
    pub only_before: usize,
    pub only_after: usize,
    pub neither: usize,
}

/// A slot of one record that the two mappings fill otherwise.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// From 1, in the order of the records.
    pub record: usize,
    pub slot: String,
    /// Null: empty.
    pub before: Value,
    pub after: Value,
}

/// A record that the validator refuses under one of the mappings, with its words; an empty list
/// where it is accepted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rejected {
    pub record: usize,
    pub before: Vec<String>,
    pub after: Vec<String>,
}

/// A record under one mapping.
struct Judged {
    /// As mapped; null where the evaluation failed.
    mapped: Value,
    checked: Result<Entity, Vec<Cause>>,
}

/// Holds the outcomes of two mappings on the same records against each other.
pub fn compare(
    (target, tool): (TargetModel, &str),
    before: Outcomes,
    after: Outcomes,
    today: NaiveDate,
) -> Replay {
    let (before, after) = (judged(target, before, today), judged(target, after, today));
    let mut replay = Replay {
        records: before.len().max(after.len()),
        before: side((target, tool), &before),
        after: side((target, tool), &after),
        entities: Counts::default(),
        slots: BTreeMap::new(),
        differences: Vec::new(),
        rejected: Vec::new(),
        worse: regression::worse(&measure(target, &before, today), &measure(target, &after, today)),
    };
    for (at, (before, after)) in before.iter().zip(&after).enumerate() {
        replay.record(target, at + 1, before, after);
    }
    replay.slots.retain(|_, it| it.neither < replay.records);
    replay
}

/// The plan that stands, with one slot as another plan has it: what a pin does, and nothing that a
/// redraw from a few records would do besides.
#[must_use]
pub fn with_slot(standing: &Plan, other: &Plan, name: &str) -> Plan {
    let mut plan = standing.clone();
    if let Some(slot) = other.slot(name) {
        match plan.slots.iter_mut().find(|it| it.slot == name) {
            Some(it) => *it = slot.clone(),
            None => plan.slots.push(slot.clone()),
        }
    }
    plan
}

impl Replay {
    fn record(&mut self, target: TargetModel, record: usize, before: &Judged, after: &Judged) {
        let (Slots(left), Slots(right)) = slots(target, before, after);
        let mut differs = false;
        for attribute in &target.schema().attributes {
            let slot = &attribute.name;
            let (left, right) = (left.get(slot), right.get(slot));
            let texts = (left.map(|it| &it.text), right.map(|it| &it.text));
            self.slots.entry(slot.clone()).or_default().add(texts.0, texts.1);
            if texts.0 != texts.1 {
                differs = true;
                let value = |it: Option<&Shown>| it.map(|it| it.value.clone()).unwrap_or_default();
                let (before, after) = (value(left), value(right));
                self.differences.push(Difference { record, slot: slot.clone(), before, after });
            }
        }
        let accepted = |it: &Judged, differs: bool| it.checked.is_ok().then_some(differs);
        self.entities.add(accepted(before, false).as_ref(), accepted(after, differs).as_ref());
        if before.checked.is_err() || after.checked.is_err() {
            let (before, after) = (before.says(), after.says());
            self.rejected.push(Rejected { record, before, after });
        }
    }
}

impl Counts {
    fn add<T: PartialEq>(&mut self, before: Option<&T>, after: Option<&T>) {
        let count = match (before, after) {
            (Some(before), Some(after)) if before == after => &mut self.same,
            (Some(_), Some(_)) => &mut self.changed,
            (Some(_), None) => &mut self.only_before,
            (None, Some(_)) => &mut self.only_after,
            (None, None) => &mut self.neither,
        };
        *count += 1;
    }
}

impl Judged {
    /// The causes of its rejection, in words.
    fn says(&self) -> Vec<String> {
        self.checked.as_ref().err().into_iter().flatten().map(Cause::says).collect()
    }
}

/// As a run checks the records of a page, keys that come twice included.
fn judged(target: TargetModel, outcomes: Outcomes, today: NaiveDate) -> Vec<Judged> {
    let mut seen: BTreeMap<String, [u8; 32]> = BTreeMap::new();
    let mut twins: BTreeMap<String, u32> = BTreeMap::new();
    let each = outcomes.into_iter().map(|outcome| {
        let (mapped, checked) = match outcome {
            Ok(mapped) => {
                let checked = entity::check(target, &mapped, today);
                (mapped, checked)
            }
            Err(error) => {
                let says = format!("{}: {}", error.code, error.message);
                (Value::Null, Err(vec![Cause::new("", Rule::EvaluationFailed, says)]))
            }
        };
        let checked = checked.and_then(|it| {
            let it = if it.has_derived_key() { numbered(&mut twins, it) } else { it };
            let content = it.content_hash();
            match *seen.entry(it.external_id.clone()).or_insert(content) == content {
                true => Ok(it),
                false => Err(vec![Cause::new(
                    target.external_id(),
                    Rule::DuplicateKey,
                    "one record a key",
                )]),
            }
        });
        Judged { mapped, checked }
    });
    each.collect()
}

/// Equal records without an identifier of their own are several records.
fn numbered(twins: &mut BTreeMap<String, u32>, it: Entity) -> Entity {
    let count = twins.entry(it.external_id.clone()).or_default();
    *count += 1;
    match *count {
        1 => it,
        n => it.numbered(n),
    }
}

fn side((target, tool): (TargetModel, &str), judged: &[Judged]) -> Side {
    let mut causes = Causes::default();
    let refused: Vec<&Vec<Cause>> =
        judged.iter().filter_map(|it| it.checked.as_ref().err()).collect();
    refused.iter().for_each(|it| causes.add(it));
    let mut causes = causes.most_frequent();
    causes.truncate(3);
    let (rejected, total) = (refused.len() as u64, judged.len() as u64);
    let dropped = (rejected > 0).then(|| {
        let evidence = Dropped { rejected, total, causes };
        let finding = Finding::mapped_entities_dropped(target, &Call::of(tool), &evidence);
        Told { reason: finding.reason(), detail: finding.detail().to_owned() }
    });
    Side {
        accepted: judged.len() - refused.len(),
        rejected: refused.len(),
        reasons: dropped.into_iter().collect(),
    }
}

fn measure(target: TargetModel, judged: &[Judged], today: NaiveDate) -> Measure {
    let entities: Vec<Value> = judged.iter().map(|it| it.mapped.clone()).collect();
    Measure::of(target, &entities, today)
}

/// A value, and the text by which it is compared.
struct Shown {
    text: String,
    value: Value,
}

struct Slots(BTreeMap<String, Shown>);

/// The values of one record under both mappings. Sound entities are compared as the store would:
/// `12.50` is `12.5`, and a key that was derived counts. Of anything else only what was mapped is
/// known.
fn slots(target: TargetModel, before: &Judged, after: &Judged) -> (Slots, Slots) {
    if let (Ok(before), Ok(after)) = (&before.checked, &after.checked) {
        return (of_entity(before), of_entity(after));
    }
    (of_mapped(target, before), of_mapped(target, after))
}

fn of_entity(it: &Entity) -> Slots {
    let shown = it.values.iter().map(|(name, value)| {
        (name.clone(), Shown { text: value.canonical(), value: value.to_json() })
    });
    Slots(shown.collect())
}

fn of_mapped(target: TargetModel, it: &Judged) -> Slots {
    let members = target.schema().attributes.iter().filter_map(|attribute| {
        let value = it.mapped.get(&attribute.name)?;
        let text = canonical::text(value);
        // An amount without any of its members is no amount.
        let is_empty = is_absent(value) || text == "{}" || text == "[]";
        (!is_empty).then(|| (attribute.name.clone(), Shown { text, value: value.clone() }))
    });
    Slots(members.collect())
}
