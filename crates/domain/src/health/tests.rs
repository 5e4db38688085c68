//! Health from what runs have told.

use super::*;
use TargetModel::{Company, Document, Invoice, People};

/// A run: which hour, and per target the rows that arrived and what was noted.
fn run(hour: u32, targets: &[(TargetModel, u64, &[Reason])]) -> RunFacts {
    let at = |minute: u32| {
        let text = format!("2026-06-01T{hour:02}:{minute:02}:00Z");
        text.parse::<DateTime<Utc>>().unwrap()
    };
    let targets = targets.iter().map(|(model, rows, reasons)| {
        let tally = Tally { fetched: *rows, unchanged: *rows, ..Tally::default() };
        let reasons = reasons.iter().map(|it| (*it, it.impact())).collect();
        (*model, TargetFacts { tally, reasons })
    });
    RunFacts {
        started_at: Some(at(0)),
        completed_at: at(5),
        failed: false,
        cancelled: false,
        targets: targets.collect(),
    }
}

fn failed(run: RunFacts) -> RunFacts {
    RunFacts { failed: true, ..run }
}

fn of(runs: &[RunFacts]) -> Health {
    let mut seen: Vec<TargetModel> =
        runs.iter().flat_map(|it| it.targets.keys().copied()).collect();
    seen.sort();
    seen.dedup();
    assess(&seen, runs)
}

fn hour(time: Option<DateTime<Utc>>) -> Option<String> {
    time.map(|it| it.format("%H:%M").to_string())
}

const NO_TOOL: &[Reason] = &[Reason::NoSuitableTool];
const EMPTY: &[Reason] = &[Reason::EmptyResult];
const FAILED: &[Reason] = &[Reason::ToolExecutionFailed];
const REFUSED: &[Reason] = &[Reason::AuthScopeInsufficient];

#[test]
fn a_connector_that_never_ran_says_so() {
    let health = of(&[]);
    assert_eq!((health.state, health.since), (HealthState::NeverSynced, None));
    assert_eq!(health.advice, "Run a first sync.");
    let health = assess(&[Invoice], &[]);
    assert_eq!(health.targets[0].state, HealthState::NeverSynced);
}

#[test]
fn structural_reasons_never_degrade() {
    let many: Vec<_> =
        TargetModel::ALL.iter().filter(|it| **it != Invoice).map(|it| (*it, 0, NO_TOOL)).collect();
    let mut targets = many.clone();
    targets.push((Invoice, 10, &[]));
    let health = of(&[run(1, &targets), run(2, &targets)]);
    assert_eq!((health.state, hour(health.since)), (HealthState::Healthy, Some("01:05".into())));
    assert_eq!(hour(health.fresh_until), Some("02:00".into()));
    assert!(health.reasons.is_empty());
    assert_eq!(of(&[run(1, &many)]).state, HealthState::NoData);
    assert_eq!(of(&[run(1, &[(Invoice, 0, EMPTY)])]).state, HealthState::NoData);
    // An empty source is read to its end: nothing of it is missing.
    assert_eq!(
        hour(of(&[run(1, &[(Invoice, 0, EMPTY)])]).targets[0].fresh_until),
        Some("01:00".into())
    );
}

#[test]
fn one_failing_target_of_many_degrades_and_half_of_them_fail_the_whole() {
    let one = [(Company, 5, &[][..]), (People, 5, &[]), (Invoice, 0, FAILED)];
    let health = of(&[run(1, &one)]);
    assert_eq!((health.state, health.reasons), (HealthState::Degraded, FAILED.to_vec()));
    assert_eq!(health.fresh_until, None, "invoices were never complete");
    let half = [(Company, 5, &[][..]), (Document, 0, NO_TOOL), (Invoice, 0, FAILED)];
    assert_eq!(of(&[run(1, &half)]).state, HealthState::Failing);
}

#[test]
fn some_lost_rows_degrade_and_freshness_stands_still() {
    let drop: &[Reason] = &[Reason::MappedEntitiesPartialDrop];
    let health = of(&[run(1, &[(Invoice, 9, &[])]), run(2, &[(Invoice, 9, drop)])]);
    assert_eq!(health.state, HealthState::Degraded);
    assert_eq!(hour(health.since), Some("02:05".into()));
    assert_eq!(hour(health.fresh_until), Some("01:00".into()));
}

#[test]
fn a_reference_left_empty_is_no_matter_of_health() {
    let mut it = run(1, &[(Invoice, 9, &[Reason::FkParentMissing])]);
    assert_eq!(of(std::slice::from_ref(&it)).state, HealthState::Degraded);
    let facts = it.targets.get_mut(&Invoice).unwrap();
    facts.reasons.insert(Reason::FkParentMissing, Impact::Internal);
    assert_eq!(of(&[it]).state, HealthState::Healthy);
}

#[test]
fn refused_everywhere_needs_a_reconnect_and_recovery_clears() {
    let refused =
        failed(run(2, &[(Invoice, 0, REFUSED), (Company, 0, REFUSED), (Document, 0, NO_TOOL)]));
    let well = [(Invoice, 9, &[][..]), (Company, 2, &[])];
    let health = of(&[run(1, &well), refused.clone()]);
    assert_eq!(
        (health.state, hour(health.since)),
        (HealthState::NeedsReconnect, Some("02:05".into()))
    );
    assert_eq!(health.resting(true), InstallationStatus::NeedReconnect);
    let health = of(&[refused, run(3, &well)]);
    assert_eq!((health.state, hour(health.since)), (HealthState::Healthy, Some("03:05".into())));
    let lost = of(&[failed(run(1, &[(Invoice, 0, REFUSED)]))]);
    assert_eq!(lost.clone().at_rest(InstallationStatus::NeedReconnect), lost);
    let again = lost.at_rest(InstallationStatus::Enabled);
    assert_eq!(
        (again.state, again.advice.as_str()),
        (HealthState::Degraded, "It was reconnected since: run a sync.")
    );
    let one = run(1, &[(Invoice, 0, REFUSED), (Company, 2, &[]), (People, 2, &[])]);
    assert_eq!(of(&[one]).state, HealthState::Degraded);
}

#[test]
fn a_run_of_one_target_says_nothing_of_the_others() {
    let health =
        of(&[run(1, &[(Invoice, 0, FAILED), (Company, 3, &[])]), run(2, &[(Company, 3, &[])])]);
    assert_eq!(health.state, HealthState::Failing);
    let health =
        of(&[run(1, &[(Invoice, 0, FAILED)]), run(2, &[(Invoice, 0, &[Reason::TargetSkipped])])]);
    assert_eq!(health.targets[0].state, HealthState::Failing);
}

#[test]
fn a_run_that_was_cut_short_is_no_data_of_nothing() {
    let cut = failed(run(2, &[(Invoice, 0, &[])]));
    let health = of(&[run(1, &[(Invoice, 9, &[])]), cut.clone()]);
    assert_eq!(health.state, HealthState::Degraded);
    assert_eq!(health.targets[0].state, HealthState::Healthy);
    assert_eq!(hour(health.fresh_until), Some("01:00".into()));
    assert_eq!(of(std::slice::from_ref(&cut)).state, HealthState::Failing);
    let cancelled = RunFacts { cancelled: true, ..cut };
    assert_eq!(of(&[run(1, &[(Invoice, 9, &[])]), cancelled]).state, HealthState::Healthy);
}

#[test]
fn a_truncated_target_is_not_complete() {
    let mut it = run(1, &[(Invoice, 9, &[])]);
    it.targets.get_mut(&Invoice).unwrap().tally.truncated = true;
    let health = of(&[it]);
    assert_eq!((health.state, health.fresh_until), (HealthState::Healthy, None));
}

#[test]
fn a_target_whose_mapping_cannot_be_made_counts() {
    let hard: &[Reason] = &[Reason::MappingGenerationHardFail];
    let health = of(&[run(1, &[(Invoice, 0, hard), (Company, 2, &[]), (People, 2, &[])])]);
    assert_eq!((health.state, health.reasons), (HealthState::Degraded, hard.to_vec()));
}
