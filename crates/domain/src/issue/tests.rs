//! What is an issue, when it changes, and what shows it to be over.

use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::reason::{Class, Stage};

fn at(minute: i64) -> DateTime<Utc> {
    let start: DateTime<Utc> = "2026-06-01T12:00:00Z".parse().expect("a time");
    start + Duration::minutes(minute)
}

fn standing(state: State) -> Standing {
    Standing {
        state,
        count: 5,
        muted_until: None,
        muted_until_count: None,
        resolved_at: None,
        resolved_version: None,
        hour_count: 1,
        hour_limit: None,
    }
}

fn row(minute: i64, mapping_version: Option<u32>) -> Sighting {
    Sighting { occurred_at: at(minute), mapping_version }
}

#[test]
fn facts_about_a_provider_are_no_issues_and_every_other_failure_is() {
    for reason in Reason::ALL {
        let is_one = concerns(*reason, reason.impact(), None);
        let is_fact = matches!(reason, Reason::NoSuitableTool | Reason::EmptyResult);
        assert_eq!(is_one, reason.class() == Class::Failure && !is_fact, "{reason}");
        assert!(!concerns(*reason, Impact::None, None));
    }
    let dried_up = json!({"rows_before": 7});
    assert!(concerns(Reason::EmptyResult, Impact::NoData, Some(&dried_up)));
    let never = json!({"rows_before": null});
    assert!(!concerns(Reason::EmptyResult, Impact::NoData, Some(&never)));
}

#[test]
fn a_late_event_of_an_older_mapping_does_not_reopen() {
    let fixed = Standing {
        resolved_at: Some(at(10)),
        resolved_version: Some(4),
        ..standing(State::Resolved)
    };
    let regressed = Some((State::Regressed, Cause::SeenAgain));
    assert_eq!(fixed.seen(&[row(20, Some(3))], at(20)), None);
    assert_eq!(fixed.seen(&[row(9, Some(4))], at(20)), None);
    assert_eq!(fixed.seen(&[row(9, None), row(20, Some(3))], at(20)), None);
    assert_eq!(fixed.seen(&[row(20, Some(4))], at(20)), regressed);
    assert_eq!(fixed.seen(&[row(20, Some(3)), row(20, Some(5))], at(20)), regressed);
    assert_eq!(fixed.seen(&[row(20, None)], at(20)), regressed);
}

#[test]
fn a_mute_ends_by_time_by_count_and_by_escalation() {
    let muted = standing(State::Muted);
    assert_eq!(muted.seen(&[row(0, None)], at(0)), None);
    let timed = Standing { muted_until: Some(at(30)), ..muted.clone() };
    assert_eq!(timed.seen(&[], at(29)), None);
    assert_eq!(timed.seen(&[], at(30)), Some((State::Open, Cause::MuteTimeOver)));
    let counted = Standing { muted_until_count: Some(6), ..muted.clone() };
    assert_eq!(counted.seen(&[], at(0)), None);
    let counted = Standing { count: 6, ..counted };
    assert_eq!(counted.seen(&[], at(0)), Some((State::Open, Cause::MuteCountReached)));
    let rising = Standing { hour_count: 60, hour_limit: Some(60), ..muted };
    assert_eq!(rising.seen(&[], at(0)), Some((State::Escalating, Cause::RateRose)));
}

#[test]
fn what_is_usual_is_the_mean_of_a_week() {
    let usual = |hours, rows, known| Usual { age: Duration::hours(hours), rows, known };
    assert_eq!(rate_limit(usual(23, 5_000, 0)), None);
    assert_eq!(rate_limit(usual(24, 0, 0)), Some(RATE_MIN));
    assert_eq!(rate_limit(usual(24, 240, 0)), Some(30));
    assert_eq!(rate_limit(usual(24 * 30, 1_680, 0)), Some(30));
    // What a person saw when they muted it must be passed several times.
    assert_eq!(rate_limit(usual(1, 0, 50)), Some(150));
}

fn issue() -> Unresolved {
    Unresolved {
        target: TargetModel::Invoice,
        tool: Some("list".to_owned()),
        reason: Reason::MappedEntitiesPartialDrop,
        stage: Stage::Check,
        last_seen_at: at(0),
        mapping_version: Some(3),
        live_version: Some(3),
    }
}

fn evidence() -> Evidence {
    let ran = Ran {
        target: TargetModel::Invoice,
        tool: "list".to_owned(),
        mapping_version: Some(3),
        arrived: 2,
        written: 0,
    };
    Evidence { started_at: at(1), ran: vec![ran], noted: Vec::new() }
}

fn ran(change: impl Fn(&mut Ran)) -> Evidence {
    let mut it = evidence();
    it.ran.iter_mut().for_each(change);
    it
}

#[test]
fn only_a_later_run_of_the_same_target_and_tool_with_rows_resolves() {
    let issue = issue();
    let resolves = |it: &Evidence| it.resolves(&issue).is_some();
    assert!(resolves(&evidence()));
    assert!(!resolves(&Evidence { started_at: at(0), ..evidence() }));
    assert!(!resolves(&ran(|it| it.arrived = 0)));
    assert!(!resolves(&ran(|it| it.target = TargetModel::Company)));
    assert!(!resolves(&ran(|it| it.tool = "other".to_owned())));
    assert!(!resolves(&ran(|it| it.mapping_version = Some(2))));
    assert!(!resolves(&ran(|it| it.mapping_version = None)));
    assert!(resolves(&ran(|it| it.mapping_version = Some(4))));
    let noted = |tool: &str| {
        let (target, reason) = (TargetModel::Invoice, Reason::MappedEntitiesPartialDrop);
        let noted = vec![Noted { target, tool: Some(tool.to_owned()), reason }];
        Evidence { noted, ..evidence() }
    };
    assert!(!resolves(&noted("list")));
    assert!(resolves(&noted("other")));
}

#[test]
fn a_version_that_was_stepped_back_to_is_as_new_as_any() {
    let back = ran(|it| it.mapping_version = Some(2));
    assert!(back.resolves(&Unresolved { live_version: Some(2), ..issue() }).is_some());
    assert!(back.resolves(&issue()).is_none());
}

#[test]
fn what_could_not_be_stored_is_over_when_something_was() {
    let issue =
        Unresolved { reason: Reason::EntityPersistFailed, stage: Stage::Persist, ..issue() };
    assert!(evidence().resolves(&issue).is_none());
    assert!(ran(|it| it.written = 1).resolves(&issue).is_some());
}

#[test]
fn a_tool_that_was_not_there_is_missed_no_more_when_another_reads_the_target() {
    let issue = Unresolved { reason: Reason::ToolNotFound, stage: Stage::Select, ..issue() };
    assert!(ran(|it| it.tool = "other".to_owned()).resolves(&issue).is_some());
    assert!(ran(|it| it.target = TargetModel::People).resolves(&issue).is_none());
}

#[test]
fn models_downstream_are_those_whose_records_refer_to_it() {
    use TargetModel as M;
    assert_eq!(downstream(M::InvoiceTransaction), []);
    assert_eq!(downstream(M::Invoice), [M::InvoiceTransaction]);
    assert!(downstream(M::Company).contains(&M::InvoiceTransaction));
    assert!(!downstream(M::LedgerAccount).contains(&M::LedgerAccount));
}

#[test]
fn the_first_row_of_a_run_is_stored_whatever_the_rate() {
    let spike = Spike { per_hour: 2 };
    assert!(spike.stores(1, false));
    assert!(!spike.stores(2, false));
    assert!(spike.stores(2_000, true));
    assert!(Spike { per_hour: 0 }.stores(2_000, false));
}

proptest! {
    #[test]
    fn an_issue_never_moves_to_the_state_that_it_is_in(
        state in prop::sample::select(State::ALL),
        counts in (0..9u64, 0..9u64, prop::option::of(0..9u64), prop::option::of(0..9u64)),
        times in (prop::option::of(0..9i64), prop::option::of(0..9i64), 0..9i64),
        versions in (prop::option::of(1..4u32), prop::option::of(1..4u32)),
    ) {
        let it = Standing {
            state,
            count: counts.0,
            hour_count: counts.1,
            muted_until_count: counts.2,
            hour_limit: counts.3,
            muted_until: times.0.map(at),
            resolved_at: times.1.map(at),
            resolved_version: versions.0,
        };
        let rows = [row(times.2, versions.1)];
        if let Some((to, cause)) = it.seen(&rows, at(5)) {
            prop_assert_ne!(to, state);
            prop_assert_eq!(to == State::Regressed, state == State::Resolved);
            prop_assert_ne!(cause, Cause::Person);
            // Asked again in the state it came to, there is nothing to say but a rate that rose.
            let then = Standing { state: to, ..it };
            prop_assert!(then.seen(&rows, at(5)).is_none_or(|it| it.1 == Cause::RateRose));
        }
    }

    #[test]
    fn an_older_mapping_never_reopens(fix in 2..9u32, older in 1..9u32, minute in 0..99i64) {
        let fixed = Standing { resolved_version: Some(fix), ..standing(State::Resolved) };
        let reopened = fixed.seen(&[row(minute, Some(older))], at(100)).is_some();
        prop_assert_eq!(reopened, older >= fix);
    }

    #[test]
    fn ids_of_issues_are_those_of_their_fingerprint(a in "[a-f0-9]{32}", b in "[a-f0-9]{32}") {
        let (one, other) = (WorkspaceId(Uuid::from_u128(1)), WorkspaceId(Uuid::from_u128(2)));
        prop_assert_eq!(id_of(one, &a), id_of(one, &a));
        prop_assert_ne!(id_of(one, &a), id_of(other, &a));
        prop_assert_eq!(id_of(one, &a) == id_of(one, &b), a == b);
    }
}
