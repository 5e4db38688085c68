//! Tests of the jury: its verdicts, and the laws that hold for every one.

use expect_test::{Expect, expect};
use proptest::prelude::*;
use serde_json::json;

use super::*;

fn seat(name: &str, outcome: Result<(f64, Value), &str>) -> Seat {
    let outcome = outcome
        .map(|(score, rows)| Ballot::of_entities(score, rows.as_array().unwrap().clone()))
        .map_err(str::to_owned);
    Seat { name: name.to_owned(), family: Family::Heuristic, outcome }
}

fn check(seats: &[Seat], expected: Expect) {
    let it = judge(seats);
    let failed: Vec<String> =
        it.failed.iter().map(|it| format!("{}: {}", it.seat, it.why)).collect();
    let said = format!(
        "{}/{} valid, {} needed, quorum {}, split {:?}, agreement {:.2}, effective {:.2}, \
         winner {}, by {}, disputed {:?}, failed {failed:?}",
        it.valid,
        it.seats,
        it.needed,
        it.has_quorum(),
        it.split(),
        it.agreement,
        it.effective_votes,
        it.winner.as_deref().unwrap_or("none"),
        it.decided_by.map_or("none", Rule::as_str),
        it.disputed,
    );
    expected.assert_eq(&said);
}

#[test]
fn seats_that_give_the_same_are_one_vote_however_they_write_it() {
    let seats = [
        seat("names", Ok((0.9, json!([{ "a": 1, "b": null }])))),
        seat("values", Ok((0.9, json!([{ "a": 1.0 }])))),
        seat("structure", Ok((0.9, json!([{ "b": "", "a": 1 }])))),
    ];
    check(
        &seats,
        expect![
            "3/3 valid, 2 needed, quorum true, split [3], agreement 1.00, effective 1.50, winner names, by unanimity, disputed [], failed []"
        ],
    );
}

#[test]
fn the_higher_score_wins_against_the_larger_vote() {
    let seats = [
        seat("names", Ok((0.8, json!([{ "a": 1, "b": 2 }])))),
        seat("values", Ok((0.9, json!([{ "a": 1, "b": 3 }])))),
        seat("structure", Ok((0.8, json!([{ "a": 1, "b": 2 }])))),
    ];
    check(
        &seats,
        expect![[
            r#"3/3 valid, 2 needed, quorum true, split [2, 1], agreement 0.67, effective 1.50, winner values, by gate_score, disputed ["b"], failed []"#
        ]],
    );
}

#[test]
fn of_equal_scores_the_larger_vote_wins() {
    let seats = [
        seat("names", Ok((0.9, json!([{ "a": 1 }])))),
        seat("values", Ok((0.9, json!([{ "a": 2 }])))),
        seat("structure", Ok((0.9, json!([{ "a": 2 }])))),
    ];
    check(
        &seats,
        expect![[
            r#"3/3 valid, 2 needed, quorum true, split [2, 1], agreement 0.67, effective 1.50, winner structure, by larger_vote, disputed ["a"], failed []"#
        ]],
    );
}

#[test]
fn what_nothing_tells_apart_goes_to_the_first_by_name() {
    let seats = [
        seat("values", Ok((0.9, json!([{ "a": 2 }])))),
        seat("names", Ok((0.9, json!([{ "a": 1 }])))),
        seat("structure", Err("took too long")),
    ];
    check(
        &seats,
        expect![[
            r#"2/3 valid, 2 needed, quorum true, split [1, 1], agreement 0.50, effective 1.33, winner names, by seat_name, disputed ["a"], failed ["structure: took too long"]"#
        ]],
    );
}

#[test]
fn one_valid_seat_of_three_is_no_quorum() {
    let seats = [
        seat("names", Ok((0.9, json!([{ "a": 1 }])))),
        seat("values", Err("no key")),
        seat("structure", Err("no key")),
    ];
    check(
        &seats,
        expect![[
            r#"1/3 valid, 2 needed, quorum false, split [1], agreement 1.00, effective 1.00, winner names, by unanimity, disputed [], failed ["structure: no key", "values: no key"]"#
        ]],
    );
    check(
        &[],
        expect![
            "0/0 valid, 0 needed, quorum false, split [], agreement 0.00, effective 0.00, winner none, by none, disputed [], failed []"
        ],
    );
}

#[test]
fn models_that_agree_are_worth_less_than_a_model_and_a_heuristic() {
    let of = |families: &[Family]| effective_votes(families.iter().copied());
    let (heuristic, model) = (Family::Heuristic, Family::Model);
    assert!(of(&[model, model]) < of(&[heuristic, model]));
    assert!((of(&[heuristic, model]) - 2.0).abs() < 1e-9);
}

fn seats() -> impl Strategy<Value = Vec<Seat>> {
    let ballot = (0..4_u8, 0..3_u8, 0..3_u8).prop_map(|(score, a, b)| {
        Ok(Ballot::of_entities(f64::from(score) / 4.0, vec![json!({ "a": a, "b": b })]))
    });
    let outcome = prop_oneof![3 => ballot, 1 => Just(Err("failed".to_owned()))];
    let family = prop_oneof![Just(Family::Heuristic), Just(Family::Model)];
    prop::collection::vec((family, outcome), 0..9).prop_map(|all| {
        let named = all.into_iter().zip(0..);
        named
            .map(|((family, outcome), at): (_, u32)| Seat {
                name: format!("seat {at}"),
                family,
                outcome,
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn the_order_of_the_seats_changes_nothing(
        (sorted, shuffled) in seats().prop_flat_map(|it| (Just(it.clone()), Just(it).prop_shuffle()))
    ) {
        prop_assert_eq!(judge(&sorted), judge(&shuffled));
    }

    #[test]
    fn agreement_and_effective_votes_keep_their_bounds(seats in seats()) {
        let it = judge(&seats);
        let valid = count(it.valid);
        prop_assert_eq!(it.needed, (2 * it.seats).div_ceil(3));
        prop_assert_eq!(it.valid + it.failed.len(), it.seats);
        prop_assert_eq!(it.split().iter().sum::<usize>(), it.valid);
        prop_assert_eq!(it.winner.is_some(), it.valid > 0);
        if it.valid > 0 {
            prop_assert!(it.agreement >= 1.0 / valid && it.agreement <= 1.0);
            prop_assert!(it.effective_votes >= 1.0 - 1e-9 && it.effective_votes <= valid + 1e-9);
        }
        // Who agrees on the whole agrees on each slot.
        prop_assert!(it.slots.values().all(|share| *share >= it.agreement && *share <= 1.0));
        prop_assert_eq!(it.disputed.is_empty(), it.votes.len() <= 1);
    }

    #[test]
    fn no_seat_scores_higher_than_the_winner(seats in seats()) {
        let it = judge(&seats);
        let score = |name: &str| {
            let seat = seats.iter().find(|it| it.name == name).unwrap();
            seat.outcome.as_ref().unwrap().score
        };
        for vote in &it.votes {
            for seat in &vote.seats {
                prop_assert!(score(seat) <= score(it.winner.as_deref().unwrap()));
            }
        }
    }
}
