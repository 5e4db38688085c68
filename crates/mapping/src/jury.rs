//! Several seats produce the same artefact, and a verdict is made of what they gave.
//!
//! Seats are compared by what their artefact *gives* on the sample, never by how it is written: two
//! expressions with one outcome are one vote. What the seats agree on is not thereby right, so the
//! gate's score decides and the size of a vote only breaks a tie.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use crate::canonical;

#[cfg(test)]
mod tests;

/// What a seat's errors have in common with those of others of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    Heuristic,
    Model,
}

impl Family {
    /// How far two seats of the family err together: 0 not at all, 1 always. See
    /// [`effective_votes`].
    const fn correlation(self) -> f64 {
        match self {
            Self::Heuristic => 0.5,
            Self::Model => 0.7,
        }
    }
}

/// One seat, and what came of asking it.
#[derive(Debug, Clone, PartialEq)]
pub struct Seat {
    pub name: String,
    pub family: Family,
    /// An error is a seat that did not answer in time, or whose answer did not pass the gate.
    pub outcome: Result<Ballot, String>,
}

/// What a valid seat gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Ballot {
    /// The gate's, 0 to 1.
    pub score: f64,
    /// What the artefact gives on the sample; the vote is its hash.
    pub output: Value,
    /// The same by slot, so that a dispute can be named.
    pub slots: BTreeMap<String, Value>,
}

impl Ballot {
    /// Of a mapping: the entities it gives, and each attribute of them over all rows.
    pub fn of_entities(score: f64, entities: Vec<Value>) -> Self {
        let names: BTreeSet<&String> =
            entities.iter().filter_map(Value::as_object).flat_map(|it| it.keys()).collect();
        let column = |name: &str| {
            let values = entities.iter().map(|it| it.get(name).cloned().unwrap_or_default());
            Value::Array(values.collect())
        };
        let slots = names.into_iter().map(|it| (it.clone(), column(it))).collect();
        Self { score, slots, output: Value::Array(entities) }
    }
}

domain::words! {
    /// The rule that decided between seats.
    Rule, "rule of a jury" {
        Unanimity = "unanimity",
        GateScore = "gate_score",
        LargerVote = "larger_vote",
        /// Nothing told them apart: the first by name.
        SeatName = "seat_name",
    }
}

/// Seats with one outcome.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Vote {
    pub hash: String,
    /// In the order of their names.
    pub seats: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FailedSeat {
    pub seat: String,
    pub why: String,
}

/// What a jury came to. Nothing in it depends on the order of the seats.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdict {
    pub seats: usize,
    pub valid: usize,
    pub needed: usize,
    /// The largest first.
    pub votes: Vec<Vote>,
    /// Share of the valid seats on the largest vote; 0 without any.
    pub agreement: f64,
    /// The same by slot.
    pub slots: BTreeMap<String, f64>,
    pub effective_votes: f64,
    /// Name of a seat; none if no seat is valid.
    pub winner: Option<String>,
    /// None if there was nothing to decide.
    pub decided_by: Option<Rule>,
    /// Slots that the valid seats fill differently.
    pub disputed: Vec<String>,
    pub failed: Vec<FailedSeat>,
}

impl Verdict {
    pub fn has_quorum(&self) -> bool {
        self.valid >= self.needed && self.valid > 0
    }

    /// Sizes of the votes, the largest first: `[2, 1]`.
    pub fn split(&self) -> Vec<usize> {
        self.votes.iter().map(|it| it.seats.len()).collect()
    }
}

/// Two thirds of the seats, rounded up.
pub const fn quorum(seats: usize) -> usize {
    (2 * seats).div_ceil(3)
}

/// Judges. Seats have different names.
pub fn judge(seats: &[Seat]) -> Verdict {
    let mut valid: Vec<(&Seat, &Ballot)> =
        seats.iter().filter_map(|it| Some((it, it.outcome.as_ref().ok()?))).collect();
    valid.sort_by(|left, right| left.0.name.cmp(&right.0.name));
    let votes = votes(&valid);
    let slots = by_slot(&valid);
    let (winner, decided_by) = winner(&valid, &votes);
    let disputed = slots.iter().filter(|(_, share)| **share < 1.0).map(|(name, _)| name.clone());
    let failure = |it: &Seat| {
        let why = it.outcome.as_ref().err()?.clone();
        Some(FailedSeat { seat: it.name.clone(), why })
    };
    let mut failed: Vec<FailedSeat> = seats.iter().filter_map(failure).collect();
    failed.sort_by(|left, right| left.seat.cmp(&right.seat));
    Verdict {
        seats: seats.len(),
        valid: valid.len(),
        needed: quorum(seats.len()),
        agreement: share(votes.first().map_or(0, |it| it.seats.len()), valid.len()),
        effective_votes: effective_votes(valid.iter().map(|(it, _)| it.family)),
        disputed: disputed.collect(),
        votes,
        slots,
        winner,
        decided_by,
        failed,
    }
}

fn votes(valid: &[(&Seat, &Ballot)]) -> Vec<Vote> {
    let mut votes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (seat, ballot) in valid {
        votes.entry(canonical::hash(&ballot.output)).or_default().push(seat.name.clone());
    }
    let mut votes: Vec<Vote> =
        votes.into_iter().map(|(hash, seats)| Vote { hash, seats }).collect();
    votes.sort_by(|left, right| {
        right.seats.len().cmp(&left.seats.len()).then_with(|| left.seats.cmp(&right.seats))
    });
    votes
}

/// Share of the valid seats that give a slot its most frequent content. A slot that a seat does not
/// name is empty.
fn by_slot(valid: &[(&Seat, &Ballot)]) -> BTreeMap<String, f64> {
    let names: BTreeSet<&String> = valid.iter().flat_map(|(_, it)| it.slots.keys()).collect();
    let agreement = |name: &String| {
        let mut counts: BTreeMap<Option<String>, usize> = BTreeMap::new();
        for (_, ballot) in valid {
            let content = ballot.slots.get(name).filter(|it| !is_empty(it));
            *counts.entry(content.map(canonical::text)).or_default() += 1;
        }
        share(counts.into_values().max().unwrap_or(0), valid.len())
    };
    names.into_iter().map(|it| (it.clone(), agreement(it))).collect()
}

fn is_empty(content: &Value) -> bool {
    let items = content.as_array().map_or(std::slice::from_ref(content), Vec::as_slice);
    items.iter().all(domain::entity::is_absent)
}

/// The highest gate score, then the larger vote, then the first by name.
fn winner(valid: &[(&Seat, &Ballot)], votes: &[Vote]) -> (Option<String>, Option<Rule>) {
    let support = |seat: &Seat| {
        let vote = votes.iter().find(|it| it.seats.contains(&seat.name));
        vote.map_or(0, |it| it.seats.len())
    };
    let highest = valid.iter().map(|(_, it)| it.score).fold(f64::MIN, f64::max);
    let best: Vec<&Seat> = valid
        .iter()
        .filter(|(_, it)| it.score.total_cmp(&highest).is_eq())
        .map(|(it, _)| *it)
        .collect();
    let largest = best.iter().map(|it| support(it)).max().unwrap_or(0);
    let backed: Vec<&&Seat> = best.iter().filter(|it| support(it) == largest).collect();
    let winner = backed.first().map(|it| it.name.clone());
    // Seats on one vote need no rule between them.
    let votes_of = |seats: &[&Seat]| {
        let hit = |vote: &&Vote| seats.iter().any(|it| vote.seats.contains(&it.name));
        votes.iter().filter(hit).count()
    };
    let backed: Vec<&Seat> = backed.into_iter().copied().collect();
    let rule = match (votes.len(), votes_of(&best), votes_of(&backed)) {
        (0, _, _) => None,
        (1, _, _) => Some(Rule::Unanimity),
        (_, 1, _) => Some(Rule::GateScore),
        (_, _, 1) => Some(Rule::LargerVote),
        (_, _, _) => Some(Rule::SeatName),
    };
    (winner, rule)
}

/// What so many seats are worth as independent ones: Kish's `(Σw)² / Σᵢ Σⱼ wᵢ wⱼ ρᵢⱼ` with equal
/// weights, where ρ is how far two seats err together (1 with itself, the family's correlation
/// within a family, 0 across families). It lies between 1 and the number of seats, and says how
/// much an agreement weighs: three models of one mind are not three witnesses.
fn effective_votes(valid: impl Iterator<Item = Family>) -> f64 {
    let families: Vec<Family> = valid.collect();
    let count = |family| count(families.iter().filter(|it| **it == family).count());
    let total = count(Family::Heuristic) + count(Family::Model);
    if families.is_empty() {
        return 0.0;
    }
    let correlated = |family: Family| {
        let of_it = count(family);
        of_it + of_it * (of_it - 1.0) * family.correlation()
    };
    total * total / (correlated(Family::Heuristic) + correlated(Family::Model))
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { count(part) / count(whole) }
}

fn count(of: usize) -> f64 {
    f64::from(u32::try_from(of).unwrap_or(u32::MAX))
}
