//! The seats of a mapping's jury: each draws a plan of its own, and only what passes the gate
//! counts.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use domain::{TargetModel, entity};
use serde_json::{Map, Value};

use crate::draw::{self, Drawn, Hints, Lead, Pin};
use crate::expression::{Expression, ExpressionError, Limits};
use crate::gate::{self, Check, Doubt, Judgement, Trial};
use crate::jury::{self, Ballot, Family, Seat, Verdict};
use crate::legacy;
use crate::native::Program;
use crate::plan::Slot;
use crate::records::{self, Records};

#[cfg(test)]
mod tests;

/// What every seat is given.
#[derive(Debug, Clone)]
pub struct Case {
    pub target: TargetModel,
    /// Where the records are in the rows of the answer.
    pub records: Records,
    /// The records of a sample.
    pub rows: Vec<Value>,
    pub tool_name: String,
    pub tool_description: String,
    pub output_schema: Option<Value>,
    pub pins: Vec<Pin>,
    pub today: NaiveDate,
}

impl Case {
    /// With the records that are in the rows of an answer, for all else that it says.
    #[must_use]
    pub fn over(self, rows: Vec<Value>) -> Self {
        let records = records::find(self.target, &rows, &self.hints());
        Self { rows: records.of(rows), records, ..self }
    }

    /// What a strategy draws from the rows, not yet tried.
    pub fn drawn(&self, strategy: Lead) -> Drawn {
        let mut drawn = draw::by(strategy, self.target, &self.rows, &self.hints(), &self.pins);
        drawn.plan.records = self.records.clone();
        drawn
    }

    pub(crate) fn hints(&self) -> Hints<'_> {
        Hints {
            tool_name: &self.tool_name,
            tool_description: &self.tool_description,
            output_schema: self.output_schema.as_ref(),
        }
    }
}

/// A plan that has been tried on the sample.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    pub drawn: Drawn,
    /// JSONata.
    pub expression: String,
    /// One for each row; null where the expression failed.
    pub entities: Vec<Value>,
    pub judgement: Judgement,
    /// Optional slots that were emptied because their values were of no use.
    pub repaired: Vec<String>,
}

impl Candidate {
    /// Written as it is, without a plan, for the rows as they came.
    pub fn is_free_form(&self) -> bool {
        self.drawn.plan.slots.is_empty()
    }
}

/// Why a seat gave nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failed {
    pub message: String,
    /// Character at which the expression stops making sense, when that is known.
    pub position: Option<usize>,
}

impl From<ExpressionError> for Failed {
    fn from(error: ExpressionError) -> Self {
        Self { message: format!("{}: {}", error.code, error.message), position: error.position }
    }
}

impl Failed {
    pub fn because(message: impl Into<String>) -> Self {
        Self { message: message.into(), position: None }
    }
}

/// One seat's answer: a plan drawn by what it goes by, compiled, and tried.
pub fn answer(case: &Case, strategy: Lead) -> Result<Candidate, Failed> {
    tried(case, case.drawn(strategy))
}

/// The answer of the one-shot generator: a field goes into the slot of its name.
pub fn legacy(case: &Case) -> Result<Candidate, Failed> {
    let mut drawn = legacy::plan(case.target, &case.rows);
    drawn.plan.records = case.records.clone();
    case.pins.iter().for_each(|it| drawn.pin(it));
    tried(case, drawn)
}

/// Compiles and evaluates. An optional slot whose values are of no use is emptied, once: the rest
/// of the plan need not be lost over it.
///
/// # Errors
/// The plan reads nothing that the target requires, or its expression does not run.
pub fn tried(case: &Case, mut drawn: Drawn) -> Result<Candidate, Failed> {
    let attributes = case.target.schema().attributes.iter();
    let required: Vec<&str> =
        attributes.filter(|it| it.required).map(|it| it.name.as_str()).collect();
    if drawn.missing_required.len() >= required.len() {
        let missing = drawn.missing_required.join("`, `");
        let message = format!("no path of the rows fits a required attribute (`{missing}`)");
        return Err(Failed::because(message));
    }
    let mut repaired = Vec::new();
    loop {
        let expression = crate::compile(&drawn.plan);
        // Whatever carries the plan out, its expression is what is stored and read: it must stand.
        Expression::parse(&expression, &Limits::default())?;
        let program = Program::of(&drawn.plan);
        let entities: Vec<Value> = case.rows.iter().map(|it| program.evaluate(it)).collect();
        let judgement = gate::judge(&Trial {
            target: case.target,
            rows: &case.rows,
            entities: &entities,
            plan: Some(&drawn.plan),
            today: case.today,
        });
        let can_go = |it: &&Doubt| {
            is_optional(it, &required)
                && (it.check != Check::Keys || is_keyed_by_content(case, &entities))
        };
        let optional: Vec<&Doubt> = judgement.doubts.iter().filter(can_go).collect();
        if optional.is_empty() || !repaired.is_empty() {
            return Ok(Candidate { drawn, expression, entities, judgement, repaired });
        }
        for doubt in optional {
            if drawn.empty(&doubt.slot, &doubt.says) {
                repaired.push(doubt.slot.clone());
            }
        }
        if repaired.is_empty() {
            return Ok(Candidate { drawn, expression, entities, judgement, repaired });
        }
    }
}

fn is_optional(doubt: &Doubt, required: &[&str]) -> bool {
    let name = doubt.slot.split('.').next().unwrap_or_default();
    !name.is_empty() && !required.contains(&name)
}

/// Whether most records would have a key if none were mapped: a doubtful key is better than none.
fn is_keyed_by_content(case: &Case, entities: &[Value]) -> bool {
    let slot = case.target.external_id();
    let is_keyed = |entity: &&Map<String, Value>| {
        let bare = entity.iter().filter(|(name, _)| *name != slot);
        let bare: Map<_, _> = bare.map(|(name, it)| (name.clone(), it.clone())).collect();
        let checked = entity::check(case.target, &Value::Object(bare), case.today);
        checked.err().is_none_or(|causes| causes.iter().all(|it| it.field != slot))
    };
    let keyed = entities.iter().filter_map(Value::as_object).filter(is_keyed).count();
    keyed * 2 > entities.len()
}

/// What the rows become; null for a row whose evaluation failed.
///
/// # Errors
/// No row has an outcome.
pub fn entities(outcomes: Vec<Result<Value, ExpressionError>>) -> Result<Vec<Value>, Failed> {
    if outcomes.iter().all(Result::is_err)
        && let Some(Err(error)) = outcomes.first()
    {
        return Err(error.clone().into());
    }
    Ok(outcomes.into_iter().map(Result::unwrap_or_default).collect())
}

/// What a jury came to, and the mapping of the winning seat; none without a quorum.
#[derive(Debug, Clone)]
pub struct Held {
    pub verdict: Verdict,
    pub winner: Option<Candidate>,
    /// Required slots that some sound seat found a source for, other than a language model.
    pub offered: BTreeSet<String>,
}

/// Seats the answers, by the name of their seat. A seat that leaves a required slot empty has
/// failed only if another shows that the sample has something for it: what a source does not have
/// is for the validator to say, row by row.
///
/// What a language model claims is no such evidence, or one that was talked into filling a slot
/// could unseat all others. Nor does it win by a better score alone: unless it fills a required slot
/// that no other seat fills, it counts for no more than the best of them, so that votes decide.
pub fn hold(answers: BTreeMap<String, Result<Candidate, Failed>>) -> Held {
    let others = || answers.iter().filter(|(seat, _)| family(seat) == Family::Heuristic);
    let offered: BTreeSet<String> = others()
        .filter_map(|(_, it)| it.as_ref().ok())
        .filter(|it| it.judgement.doubts.is_empty())
        .flat_map(|it| it.judgement.filled().map(str::to_owned))
        .collect();
    let valid =
        others().filter_map(|(_, it)| it.as_ref().ok().filter(|it| passes(it, &offered).is_ok()));
    let best = valid.map(|it| it.judgement.score).reduce(f64::max);
    let score = |family: Family, it: &Judgement| match (family, best) {
        (Family::Model, Some(best)) if it.filled().all(|slot| offered.contains(slot)) => {
            it.score.min(best)
        }
        (Family::Model | Family::Heuristic, _) => it.score,
    };
    let seats: Vec<Seat> = answers
        .iter()
        .map(|(name, answer)| {
            let family = family(name);
            let passed = answer.as_ref().map_err(Clone::clone).and_then(|it| {
                passes(it, &offered)?;
                Ok(Ballot::of_entities(score(family, &it.judgement), it.entities.clone()))
            });
            let outcome = passed.map_err(|it| it.message);
            Seat { name: name.clone(), family, outcome }
        })
        .collect();
    let verdict = jury::judge(&seats);
    let winner = verdict.winner.as_ref().filter(|_| verdict.has_quorum());
    let winner = winner.and_then(|name| answers.get(name)?.as_ref().ok()).cloned();
    Held { verdict, winner, offered }
}

/// A seat of ours has the name of its lead; any other is a language model.
fn family(seat: &str) -> Family {
    match seat.parse::<Lead>() {
        Ok(_) => Family::Heuristic,
        Err(_) => Family::Model,
    }
}

/// What the heuristic seats come to.
#[derive(Debug)]
pub struct Sat {
    pub verdict: Verdict,
    pub mapping: Result<Candidate, Failed>,
    /// The jury had no quorum: the mapping is that of the one-shot generator.
    pub is_legacy: bool,
}

/// Has every heuristic seat draw, one after the other, and their jury decide; without a quorum the
/// one-shot generator draws. A run does the same, with its seats side by side and within their time.
pub fn sit(case: &Case) -> Sat {
    let answer = |lead: &Lead| (lead.as_str().to_owned(), answer(case, *lead));
    let Held { verdict, winner, offered } = hold(Lead::ALL.iter().map(answer).collect());
    let is_legacy = winner.is_none();
    let legacy = || legacy(case).and_then(|it| passes(&it, &offered).map(|()| it));
    Sat { verdict, mapping: winner.map_or_else(legacy, Ok), is_legacy }
}

/// Whether a candidate passes the gate, given what the sample is known to offer.
pub fn passes(it: &Candidate, offered: &BTreeSet<String>) -> Result<(), Failed> {
    if !it.judgement.doubts.is_empty() {
        return Err(Failed::because(it.judgement.says()));
    }
    match it.judgement.unfilled().find(|slot| offered.contains(*slot)) {
        Some(slot) => Err(Failed::because(format!(
            "required slot `{slot}` is null in every row, though the rows have something for it"
        ))),
        None => Ok(()),
    }
}

impl Drawn {
    /// A pinned slot of a plan that copies: from its path as it is, or from nothing.
    fn pin(&mut self, pin: &Pin) {
        let Some(slot) = self.plan.slots.iter_mut().find(|it| it.slot == pin.slot) else { return };
        *slot = match &pin.path {
            Some(path) => Slot::copy(&pin.slot, path.clone()),
            None => Slot::null(&pin.slot, pin.reason.clone()),
        };
        self.missing_required.retain(|it| *it != pin.slot || pin.path.is_none());
        for it in self.report.iter_mut().filter(|it| it.slot == pin.slot) {
            it.path = pin.path.as_ref().map(ToString::to_string);
            (it.confidence, it.pinned) = (1.0, true);
        }
    }

    /// Empties a slot of the plan; false if there is nothing to empty.
    fn empty(&mut self, slot: &str, reason: &str) -> bool {
        let name = slot.split('.').next().unwrap_or_default();
        let within = |it: &str| it == slot || (it.split('.').next() == Some(name) && slot == name);
        let mut emptied = false;
        for it in &mut self.plan.slots {
            // A member of a list is emptied with its list.
            if within(&it.slot) || it.slot == name {
                emptied |= !it.is_null();
                *it = Slot::null(&it.slot, reason);
            }
        }
        for it in self.report.iter_mut().filter(|it| within(&it.slot) || it.slot == name) {
            it.path = None;
            it.transforms.clear();
            (it.fill_rate, it.confidence) = (0.0, 0.0);
        }
        emptied
    }
}
