//! The drift drill: answers whose fields are renamed, retyped, nested, dropped and added under a
//! mapping. Is breaking told from additive, does a redraw find the values again, and is a redraw that
//! does worse always taken back?

use std::path::PathBuf;

use mapping::drift::{self, Reads};
use mapping::plan::{Plan, Slot, Source};
use mapping::regression::{self, Measure};
use mapping::shape::Shape;
use serde_json::{Value, json};

use crate::cases::{self, CASES};
use crate::reference::setting;

mod fields;
mod mutate;
mod payloads;
mod subject;
mod tally;

use mutate::{Chance, Kind, Mutated};
use subject::{Drawn, Payload, TODAY};
use tally::{Score, Tally};

/// Breaking and additive told apart; values found again by a redraw.
const TOLD_APART: f64 = 0.95;
const RESTORED: f64 = 0.9;

#[test]
fn answers_that_change_are_told_apart_redrawn_and_reverted() {
    let tally = drill(payloads::by_hand());
    println!("{tally}");
    tally.holds(TOLD_APART, RESTORED);
}

/// The same on real answers, where a folder of them is at hand.
#[test]
fn answers_of_real_providers_that_change_are_told_apart_redrawn_and_reverted() {
    let Some(folder) = setting(CASES).map(PathBuf::from) else { return };
    let files = cases::files(&folder.join("gold"));
    let tally = drill(files.iter().map(|it| Payload::of_case(&folder, &cases::json(it))).collect());
    println!("{tally}");
    assert!(tally.payloads >= 40, "{} payloads", tally.payloads);
    tally.holds(TOLD_APART, RESTORED);
}

fn drill(payloads: Vec<Payload>) -> Tally {
    let mut tally = Tally::default();
    for payload in payloads {
        let Some(before) = payload.draw(&payload.rows) else { continue };
        tally.payloads += 1;
        let mut chance = Chance::of(&payload.name);
        for kind in Kind::ALL {
            if let Some(mutated) = mutate::by(*kind, &payload.rows, &before.plan, &mut chance) {
                changed(&payload, &before, *kind, &mutated, &mut tally);
            }
        }
        spoiled(&payload, &before, &mut tally);
    }
    tally
}

/// One change, as a run would meet it: drift is judged; breaking drift has the mapping drawn anew,
/// and the better of the two serves.
fn changed(payload: &Payload, before: &Drawn, kind: Kind, mutated: &Mutated, tally: &mut Tally) {
    let (was, now) = (Shape::of(&payload.rows), Shape::of(&mutated.rows));
    let drift = drift::between(&was, &now, Reads::Plan(&before.plan));
    let told = drift.as_ref().is_some_and(|it| it.is_breaking);
    let is_breaking = fields::is_broken(&before.plan, &payload.rows, &mutated.rows);
    if let Some(meant) = kind.breaks() {
        assert_eq!(is_breaking, meant, "{} {kind:?}: the judge is wrong", payload.name);
    }
    tally.told(kind, told == is_breaking, || {
        format!("{} {kind:?}: breaking is {is_breaking}, told {told}: {drift:?}", payload.name)
    });
    let kept = before.again(&mutated.rows);
    let served = match payload.draw(&mutated.rows).filter(|_| told) {
        Some(redrawn) if is_worse(payload, &kept, &redrawn.entities).is_none() => redrawn.entities,
        Some(_) | None => kept,
    };
    let lost = fields::slots_of(&before.plan, &mutated.lost);
    let touched = fields::slots_of(&before.plan, &mutated.touched);
    let is_at_hand = |slot: &str| !fields::is_among(slot, &lost);
    let of_touched = |slot: &str| is_at_hand(slot) && fields::is_among(slot, &touched);
    let all = Score::of(&before.entities, &served, is_at_hand);
    let missed = all.missed.iter().map(|it| format!("{} {kind:?}: {it}", payload.name)).collect();
    let touched = Score::of(&before.entities, &served, of_touched);
    tally.served(kind, told, (&all, &touched), missed);
}

fn is_worse(payload: &Payload, before: &[Value], after: &[Value]) -> Option<regression::Worse> {
    let measure = |it: &[Value]| Measure::of(payload.target, it, TODAY);
    regression::worse(&measure(before), &measure(after))
}

/// Redraws that are worse on purpose: a required slot is empty, or every record has one key.
fn spoiled(payload: &Payload, before: &Drawn, tally: &mut Tally) {
    let good = Measure::of(payload.target, &before.entities, TODAY);
    let filled = good.fill.iter().filter(|(_, share)| **share > regression::TOLERANCE);
    let mut worse: Vec<Plan> =
        filled.map(|(slot, _)| before.plan_with(slot, Slot::null(slot, "spoiled"))).collect();
    if good.distinct_keys > 1 {
        let key = payload.target.external_id();
        let source =
            Source::Constant { value: json!("one@example.com"), reason: "spoiled".to_owned() };
        let slot = Slot { slot: key.to_owned(), source, transforms: Vec::new() };
        worse.push(before.plan_with(key, slot));
    }
    for plan in worse {
        let entities = before.by(&plan);
        let reverted = is_worse(payload, &before.entities, &entities).is_some();
        tally.spoiled(reverted, || format!("{}: a worse redraw would stay", payload.name));
    }
    let same = is_worse(payload, &before.entities, &before.entities);
    assert_eq!(same, None, "{}: what is as good stays", payload.name);
}
