//! What each piece of knowledge is worth.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::*;
use crate::id::DiagnosticId;

fn at(minutes: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_780_000_000, 0).expect("a time") + TimeDelta::minutes(minutes)
}

fn question() -> Question {
    Question { model: TargetModel::Invoice, key: Key::Id("42".to_owned()), connector: None }
}

fn known() -> Known {
    Known {
        connector: WorkspaceConnectorId(Uuid::from_u128(1)),
        name: "Books".to_owned(),
        is_scheduled: true,
        running: None,
        stored: None,
        waiting: None,
        rejected: None,
        runs: Vec::new(),
        unnamed: BTreeMap::new(),
        call: None,
    }
}

fn run(n: u128, fetched: u64, noted: Vec<Noted>) -> Looked {
    Looked {
        run: SyncLogId(Uuid::from_u128(n)),
        started_at: Some(at(0)),
        completed_at: Some(at(1)),
        error: None,
        tally: Some(Tally { fetched, inserted: fetched, ..Tally::default() }),
        noted,
    }
}

fn noted(reason: Reason) -> Noted {
    Noted {
        diagnostic_id: DiagnosticId(Uuid::from_u128(reason as u128)),
        reason,
        impact: reason.impact(),
        stage: reason.stage(),
        tool: None,
        detail: "as it was".to_owned(),
    }
}

fn refused(id: &str, run: u128, seen: i64) -> Refused {
    Refused {
        external_id: Some(id.to_owned()),
        tool: "list".to_owned(),
        reason: Reason::MappedEntitiesPartialDrop,
        field: "issue_date".to_owned(),
        cause: "required field 'issue_date' null".to_owned(),
        last_seen_run: SyncLogId(Uuid::from_u128(run)),
        since: at(0),
        seen_at: at(seen),
    }
}

fn held(run: u128, seen: i64) -> Held {
    Held {
        external_id: "42".to_owned(),
        tool: "list".to_owned(),
        parents: vec![Parent {
            attribute: "issuer_external_id".to_owned(),
            model: TargetModel::Company,
            external_id: "c7".to_owned(),
        }],
        last_seen_run: SyncLogId(Uuid::from_u128(run)),
        since: at(0),
        seen_at: at(seen),
    }
}

fn kept(run: u128) -> Kept {
    Kept {
        record_id: Uuid::from_u128(9),
        external_id: "42".to_owned(),
        last_seen_run: SyncLogId(Uuid::from_u128(run)),
        updated_at: at(1),
    }
}

#[test]
fn a_stored_record_is_here_whatever_else_is_known() {
    let runs = vec![run(1, 5, vec![noted(Reason::ToolExecutionFailed)])];
    let it = judge(&question(), Known { stored: Some(kept(1)), runs, ..known() });
    assert_eq!((it.verdict, it.record), (Verdict::Stored, Some(Uuid::from_u128(9))));
    assert!(it.says.starts_with("Invoice 42 is here: Books sent it"), "{}", it.says);
}

#[test]
fn a_stored_record_tells_that_a_newer_one_was_refused_and_that_it_is_no_longer_sent() {
    let runs = vec![run(2, 4, Vec::new()), run(1, 5, Vec::new())];
    let it = Known { stored: Some(kept(1)), rejected: Some(refused("42", 1, 1)), runs, ..known() };
    let it = judge(&question(), it);
    assert_eq!(it.complete_run, Some(SyncLogId(Uuid::from_u128(2))));
    assert_eq!(it.notes.len(), 2, "{:?}", it.notes);
    let seen = Known { stored: Some(kept(2)), runs: vec![run(2, 4, Vec::new())], ..known() };
    assert!(judge(&question(), seen).notes.is_empty());
}

#[test]
fn of_a_wait_and_a_refusal_the_later_one_answers() {
    let both = |wait, refusal| {
        let (waiting, rejected) = (Some(held(1, wait)), Some(refused("42", 1, refusal)));
        judge(&question(), Known { waiting, rejected, ..known() }).verdict
    };
    assert_eq!(both(2, 1), Verdict::Waiting);
    assert_eq!(both(1, 2), Verdict::Rejected);
}

#[test]
fn what_waits_names_its_parent_and_the_row_that_says_so() {
    let runs = vec![run(1, 5, vec![noted(Reason::FkParentMissing)])];
    let it = judge(&question(), Known { waiting: Some(held(1, 1)), runs, ..known() });
    assert_eq!((it.verdict, it.stage), (Verdict::Waiting, Some(Stage::Resolve)));
    assert_eq!(it.diagnostic, Some(noted(Reason::FkParentMissing).diagnostic_id));
    assert!(it.says.contains("for company c7"), "{}", it.says);
}

#[test]
fn what_ended_the_target_answers_for_a_record_of_which_nothing_is_known() {
    let runs = |fetched| vec![run(1, fetched, vec![noted(Reason::ToolExecutionFailed)])];
    let none = judge(&question(), Known { runs: runs(0), ..known() });
    assert_eq!((none.verdict, none.reason), (Verdict::NotRead, Some(Reason::ToolExecutionFailed)));
    let some = judge(&question(), Known { runs: runs(3), ..known() });
    assert_eq!(some.verdict, Verdict::NotReached);
}

#[test]
fn a_wall_of_credentials_outweighs_a_passing_failure() {
    let told = vec![noted(Reason::AuthScopeInsufficient), noted(Reason::ToolExecutionFailed)];
    let it = judge(&question(), Known { runs: vec![run(1, 0, told)], ..known() });
    assert_eq!(it.reason, Some(Reason::AuthScopeInsufficient));
}

#[test]
fn what_only_tells_keeps_nothing_away() {
    for reason in Reason::ALL.iter().filter(|it| it.impact() == Impact::None) {
        let runs = vec![run(1, 5, vec![noted(*reason)])];
        let it = judge(&question(), Known { runs, ..known() });
        assert_eq!((it.verdict, it.reason), (Verdict::NotSent, None), "{reason}");
    }
}

#[test]
fn a_complete_reading_without_it_says_that_the_provider_did_not_send_it() {
    let call = Asked {
        tool: "list_invoices".to_owned(),
        arguments: Some(serde_json::json!({"since": "2026-01-01"})),
    };
    let it = Known { runs: vec![run(1, 5, Vec::new())], call: Some(call), ..known() };
    let it = judge(&question(), it);
    assert_eq!(it.verdict, Verdict::NotSent);
    assert!(it.says.contains(r#"all 5 rows of list_invoices with {"since":"2026-01-01"}"#));
    let empty = run(1, 0, vec![noted(Reason::EmptyResult)]);
    let it = judge(&question(), Known { runs: vec![empty], ..known() });
    assert_eq!((it.verdict, it.reason), (Verdict::NotSent, Some(Reason::EmptyResult)));
}

#[test]
fn rows_without_an_identifier_may_be_it() {
    let unnamed = BTreeMap::from([(Reason::MappedEntitiesPartialDrop, 3)]);
    let it = judge(&question(), Known { runs: vec![run(1, 5, Vec::new())], unnamed, ..known() });
    assert_eq!(it.verdict, Verdict::RejectedUnnamed);
    assert!(it.says.contains("refused 3 row(s)"), "{}", it.says);
}

#[test]
fn a_reading_that_stopped_short_is_no_reading_of_everything() {
    let mut cut = run(1, 5, Vec::new());
    cut.tally.as_mut().expect("a tally").truncated = true;
    let before = run(2, 5, Vec::new());
    let it = judge(&question(), Known { runs: vec![cut, before], ..known() });
    assert_eq!(it.verdict, Verdict::NotReached);
    assert_eq!(it.complete_run, Some(SyncLogId(Uuid::from_u128(2))));
}

#[test]
fn before_the_first_run_nobody_has_looked() {
    let it = judge(&question(), known());
    assert_eq!(it.verdict, Verdict::NotSynced);
    let it = judge(&question(), Known { is_scheduled: false, ..known() });
    assert!(it.advice.contains("target models"), "{}", it.advice);
}

#[test]
fn the_best_account_is_the_answer() {
    let other = Known { waiting: Some(held(1, 1)), ..known() };
    let it = answer(&question(), vec![known(), other]);
    assert_eq!((it.verdict, it.accounts.len()), (Verdict::Waiting, 2));
    assert_eq!(answer(&question(), Vec::new()).verdict, Verdict::NotSynced);
}
