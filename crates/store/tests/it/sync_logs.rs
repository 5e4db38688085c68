//! Runs and what they do to their connector, on both databases.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::connector::InstallationStatus::{self, Degraded, Disabled, Enabled, Processing};
use domain::id::{SyncLogId, WorkspaceConnectorId};
use domain::run::{LedgerLine, Refusal, SyncStatus, Tally, TriggerType};
use domain::{Reason, TargetModel};
use serde_json::json;
use store::sync_logs::{self, Beat, Next, Outcome, SyncLog};
use store::workspace_connectors::{self, Patch};
use store::{Condition, Edge, Error, Op, Page, Query, Tenant};
use testkit::{Db, make};
use uuid::Uuid;

testkit::each_database! {
    a_run_goes_from_scheduled_to_success,
    one_of_twenty_concurrent_schedules_wins,
    a_run_is_refused_with_a_reason,
    a_failed_run_may_be_tried_again_at_once,
    processing_never_overwrites_a_resting_state,
    a_person_who_puts_a_connector_aside_during_a_run_is_heard,
    a_run_starts_once_and_ends_once,
    an_unbalanced_ledger_is_never_a_success,
    the_database_itself_refuses_an_unbalanced_line,
    ledgers_of_many_runs_come_in_one_answer,
    runs_are_listed_in_pages_and_filtered,
    a_run_is_asked_to_stop,
    a_stranger_sees_no_run,
}

const GAP: Duration = Duration::from_secs(60);

async fn schedule(
    db: &Db,
    tenant: &Tenant,
    connector: WorkspaceConnectorId,
    at: DateTime<Utc>,
) -> Result<SyncLog, Refusal> {
    let trigger = TriggerType::Manual;
    sync_logs::schedule(&db.store, tenant, connector, trigger, GAP, at).await.unwrap()
}

async fn started(db: &Db, tenant: &Tenant, connector: WorkspaceConnectorId) -> SyncLogId {
    let run = schedule(db, tenant, connector, make::now()).await.unwrap().sync_log_id;
    sync_logs::start(&db.store, tenant, run, make::now()).await.unwrap();
    run
}

fn done(resting: InstallationStatus) -> Outcome {
    Outcome { error: None, ledger: Vec::new(), metadata: None, resting, evidence: None }
}

fn later(seconds: i64) -> DateTime<Utc> {
    make::now() + chrono::Duration::seconds(seconds)
}

async fn status(
    db: &Db,
    tenant: &Tenant,
    connector: WorkspaceConnectorId,
) -> (InstallationStatus, Option<InstallationStatus>) {
    let it = workspace_connectors::find(&db.store, tenant, connector).await.unwrap();
    (it.status, it.resting_status)
}

fn line(model: TargetModel, fetched: u64, inserted: u64) -> LedgerLine {
    let mut tally = Tally { fetched, mapped: fetched, inserted, ..Tally::default() };
    tally.updated = 1;
    tally.unchanged = 2;
    tally.waiting = 3;
    tally.truncated = true;
    tally.released = 7;
    tally.drop_rows(Reason::MappedEntitiesPartialDrop, 4);
    tally.drop_rows(Reason::EntityPersistFailed, 5);
    LedgerLine { target_model: model, tally }
}

async fn a_run_goes_from_scheduled_to_success(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let run = schedule(&db, &tenant, connector, make::now()).await.unwrap();
    assert_eq!((run.status, run.trigger), (SyncStatus::Scheduled, TriggerType::Manual));
    assert_eq!((run.workspace_connector, run.started_at), (connector, None));
    assert_eq!(status(&db, &tenant, connector).await, (Enabled, None));
    let run = sync_logs::start(&db.store, &tenant, run.sync_log_id, later(1)).await.unwrap();
    assert_eq!((run.status, run.started_at), (SyncStatus::InProgress, Some(later(1))));
    assert_eq!(status(&db, &tenant, connector).await, (Processing, Some(Enabled)));
    let outcome = Outcome {
        ledger: vec![line(TargetModel::Company, 25, 10), line(TargetModel::Invoice, 15, 0)],
        metadata: Some(json!({ "tools": 3 })),
        ..done(Enabled)
    };
    let id = run.sync_log_id;
    let run = sync_logs::settle(&db.store, &tenant, id, outcome.clone(), later(4)).await.unwrap();
    assert_eq!((run.status, run.error.as_deref()), (SyncStatus::Success, None));
    assert_eq!((run.completed_at, run.duration_ms), (Some(later(4)), Some(3000)));
    assert_eq!((&run.ledger, &run.metadata), (&outcome.ledger, &outcome.metadata));
    let found = sync_logs::find(&db.store, &tenant, id).await.unwrap();
    assert_eq!(SyncLog { ledger: outcome.ledger.clone(), ..found }, run);
    let ledgers = sync_logs::ledgers(&db.store, &tenant, &[id]).await.unwrap();
    assert_eq!(ledgers, [(id, outcome.ledger)]);
    let connector = workspace_connectors::find(&db.store, &tenant, connector).await.unwrap();
    assert_eq!((connector.status, connector.resting_status), (Enabled, None));
    assert_eq!(connector.last_success_at, Some(later(4)));
}

async fn one_of_twenty_concurrent_schedules_wins(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let mut asked = Vec::new();
    for _ in 0..20 {
        let (store, tenant) = (db.store.clone(), tenant.clone());
        asked.push(tokio::spawn(async move {
            let trigger = TriggerType::Api;
            sync_logs::schedule(&store, &tenant, connector, trigger, GAP, make::now()).await
        }));
    }
    let mut won = 0;
    for answer in asked {
        match answer.await.unwrap().unwrap() {
            Ok(_) => won += 1,
            Err(refusal) => assert_eq!(refusal, Refusal::AlreadyRunning),
        }
    }
    assert_eq!(won, 1);
    assert_eq!(db.number("select count(*) from workspace_connector_sync_logs").await, 1);
}

async fn a_run_is_refused_with_a_reason(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let unknown = WorkspaceConnectorId(Uuid::new_v4());
    assert_eq!(schedule(&db, &tenant, unknown, later(0)).await, Err(Refusal::NotFound));
    let run = started(&db, &tenant, connector).await;
    assert_eq!(schedule(&db, &tenant, connector, later(1)).await, Err(Refusal::AlreadyRunning));
    sync_logs::settle(&db.store, &tenant, run, done(Enabled), later(10)).await.unwrap();
    assert_eq!(schedule(&db, &tenant, connector, later(69)).await, Err(Refusal::SyncedRecently));
    let run = schedule(&db, &tenant, connector, later(70)).await.unwrap().sync_log_id;
    sync_logs::cancel(&db.store, &tenant, run, later(70)).await.unwrap();
    let patch = Patch { status: Some(Disabled), ..Patch::default() };
    workspace_connectors::update(&db.store, &tenant, connector, patch, later(70)).await.unwrap();
    assert_eq!(schedule(&db, &tenant, connector, later(99)).await, Err(Refusal::NotStartable));
    workspace_connectors::delete(&db.store, &tenant, connector, later(99)).await.unwrap();
    assert_eq!(schedule(&db, &tenant, connector, later(99)).await, Err(Refusal::NotFound));
}

async fn a_failed_run_may_be_tried_again_at_once(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let run = started(&db, &tenant, connector).await;
    let outcome = Outcome { error: Some("connection refused".to_owned()), ..done(Enabled) };
    let run = sync_logs::settle(&db.store, &tenant, run, outcome, later(1)).await.unwrap();
    assert_eq!(run.error.as_deref(), Some("connection refused"));
    assert!(schedule(&db, &tenant, connector, later(2)).await.is_ok());
}

async fn processing_never_overwrites_a_resting_state(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let run = started(&db, &tenant, connector).await;
    sync_logs::settle(&db.store, &tenant, run, done(Degraded), later(0)).await.unwrap();
    assert_eq!(status(&db, &tenant, connector).await, (Degraded, None));
    let run = schedule(&db, &tenant, connector, later(90)).await.unwrap().sync_log_id;
    sync_logs::start(&db.store, &tenant, run, later(90)).await.unwrap();
    assert_eq!(status(&db, &tenant, connector).await, (Processing, Some(Degraded)));
    // A run that has nothing to say of the connector leaves it where it was.
    sync_logs::settle(&db.store, &tenant, run, done(Processing), later(91)).await.unwrap();
    assert_eq!(status(&db, &tenant, connector).await, (Degraded, None));
    // Nor is a `processing` that a dead run left taken for a resting state.
    db.run("update workspace_connectors set status = 'processing', resting_status = 'degraded'")
        .await;
    let run = schedule(&db, &tenant, connector, later(200)).await.unwrap().sync_log_id;
    sync_logs::start(&db.store, &tenant, run, later(200)).await.unwrap();
    assert_eq!(status(&db, &tenant, connector).await, (Processing, Some(Degraded)));
}

async fn a_person_who_puts_a_connector_aside_during_a_run_is_heard(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let run = started(&db, &tenant, connector).await;
    let patch = Patch { status: Some(Disabled), ..Patch::default() };
    workspace_connectors::update(&db.store, &tenant, connector, patch, later(1)).await.unwrap();
    assert_eq!(status(&db, &tenant, connector).await, (Processing, Some(Disabled)));
    sync_logs::settle(&db.store, &tenant, run, done(Enabled), later(2)).await.unwrap();
    assert_eq!(status(&db, &tenant, connector).await, (Disabled, None));
    let patch = Patch { status: Some(Processing), ..Patch::default() };
    let refused =
        workspace_connectors::update(&db.store, &tenant, connector, patch, later(3)).await;
    assert!(matches!(refused, Err(Error::Invalid { .. })), "{refused:?}");
}

async fn a_run_starts_once_and_ends_once(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let run = started(&db, &tenant, connector).await;
    let again = sync_logs::start(&db.store, &tenant, run, later(1)).await;
    assert!(matches!(again, Err(Error::Conflict { .. })), "{again:?}");
    sync_logs::settle(&db.store, &tenant, run, done(Enabled), later(2)).await.unwrap();
    let again = sync_logs::settle(&db.store, &tenant, run, done(Enabled), later(3)).await;
    assert!(matches!(again, Err(Error::Conflict { .. })), "{again:?}");
    let unknown = SyncLogId(Uuid::new_v4());
    let settled = sync_logs::settle(&db.store, &tenant, unknown, done(Enabled), later(3)).await;
    assert!(matches!(settled, Err(Error::NotFound("sync_log"))), "{settled:?}");
}

async fn an_unbalanced_ledger_is_never_a_success(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let run = started(&db, &tenant, connector).await;
    let (sound, broken) = (line(TargetModel::Company, 25, 10), line(TargetModel::Invoice, 99, 0));
    let outcome = Outcome {
        ledger: vec![sound.clone(), broken],
        metadata: Some(json!({ "kept": true })),
        ..done(Enabled)
    };
    let run = sync_logs::settle(&db.store, &tenant, run, outcome, later(1)).await.unwrap();
    assert_eq!(run.status, SyncStatus::Error);
    assert_eq!(run.error.as_deref(), Some("the ledger does not account for every row of invoice"));
    assert_eq!(run.ledger, [sound]);
    let metadata = run.metadata.unwrap();
    assert_eq!(metadata["kept"], true);
    assert_eq!(metadata["unbalanced_ledger"][0]["fetched"], 99);
    let connector = workspace_connectors::find(&db.store, &tenant, connector).await.unwrap();
    assert_eq!(connector.last_success_at, None);
}

async fn the_database_itself_refuses_an_unbalanced_line(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let run = started(&db, &tenant, connector).await;
    let outcome = Outcome { ledger: vec![line(TargetModel::Company, 25, 10)], ..done(Enabled) };
    sync_logs::settle(&db.store, &tenant, run, outcome, later(1)).await.unwrap();
    let broken = std::panic::AssertUnwindSafe(db.run("update sync_ledger set fetched = 26"));
    let refused = futures_util::FutureExt::catch_unwind(broken).await;
    let why = *refused.unwrap_err().downcast::<String>().unwrap();
    assert!(why.contains("sync_ledger_conservation_check"), "{why}");
}

async fn ledgers_of_many_runs_come_in_one_answer(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let mut runs = Vec::new();
    for inserted in [10, 20] {
        let connector = make::connector(&db, &tenant).await;
        let run = started(&db, &tenant, connector).await;
        let ledger = vec![line(TargetModel::Company, inserted + 15, inserted)];
        let outcome = Outcome { ledger: ledger.clone(), ..done(Enabled) };
        sync_logs::settle(&db.store, &tenant, run, outcome, later(1)).await.unwrap();
        runs.push((run, ledger));
    }
    let connector = make::connector(&db, &tenant).await;
    runs.push((started(&db, &tenant, connector).await, Vec::new()));
    let asked: Vec<SyncLogId> = runs.iter().map(|it| it.0).collect();
    assert_eq!(sync_logs::ledgers(&db.store, &tenant, &asked).await.unwrap(), runs);
    assert!(sync_logs::ledgers(&db.store, &tenant, &[]).await.unwrap().is_empty());
}

async fn runs_are_listed_in_pages_and_filtered(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let (one, two) = (make::connector(&db, &tenant).await, make::connector(&db, &tenant).await);
    let mut runs = Vec::new();
    for at in 0..5 {
        let run = schedule(&db, &tenant, one, later(at)).await.unwrap().sync_log_id;
        sync_logs::cancel(&db.store, &tenant, run, later(at)).await.unwrap();
        runs.push(run);
    }
    runs.push(schedule(&db, &tenant, two, later(9)).await.unwrap().sync_log_id);
    runs.reverse();
    let mut query = Query { page: Page { size: 4, at: None, total: true }, ..Query::default() };
    let first = sync_logs::list(&db.store, &tenant, &query).await.unwrap();
    query.page.at = first.items.last().map(|it| Edge::After(it.1.clone()));
    let second = sync_logs::list(&db.store, &tenant, &query).await.unwrap();
    assert_eq!((first.total, first.has_after, second.has_after), (Some(6), true, false));
    let seen: Vec<SyncLogId> =
        first.items.iter().chain(&second.items).map(|it| it.0.sync_log_id).collect();
    assert_eq!(seen, runs);
    let matching = async |name: &str, value: store::Value| {
        let field = sync_logs::FIELDS.iter().find(|it| it.name == name).unwrap();
        let condition = Condition { field, op: Op::Eq, values: vec![value] };
        let query = Query { conditions: vec![condition], ..Query::default() };
        sync_logs::list(&db.store, &tenant, &query).await.unwrap().items.len()
    };
    assert_eq!(matching("workspace_connector", store::Value::Id(one.0)).await, 5);
    assert_eq!(matching("status", store::Value::Text("scheduled".to_owned())).await, 1);
    assert_eq!(matching("error", store::Value::Text("cancelled".to_owned())).await, 5);
}

async fn a_run_is_asked_to_stop(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let run = schedule(&db, &tenant, connector, later(0)).await.unwrap().sync_log_id;
    let ended = sync_logs::cancel(&db.store, &tenant, run, later(1)).await.unwrap();
    assert_eq!((ended.status, ended.error.as_deref()), (SyncStatus::Error, Some("cancelled")));
    let again = sync_logs::cancel(&db.store, &tenant, run, later(1)).await;
    assert!(matches!(again, Err(Error::Conflict { .. })), "{again:?}");
    let run = started(&db, &tenant, connector).await;
    let beat = async |progress: Option<serde_json::Value>| {
        sync_logs::beat(&db.store, &tenant, run, progress.as_ref(), later(3)).await.unwrap()
    };
    assert_eq!(beat(Some(json!({ "target": "invoice" }))).await, Beat::GoOn);
    let asked = sync_logs::cancel(&db.store, &tenant, run, later(2)).await.unwrap();
    assert_eq!(asked.status, SyncStatus::InProgress);
    assert_eq!(asked.metadata.unwrap()["progress"]["target"], "invoice");
    assert_eq!(beat(Some(json!({ "target": "people" }))).await, Beat::Stop);
    let outcome = Outcome { error: Some("stopped".to_owned()), ..done(Enabled) };
    sync_logs::settle(&db.store, &tenant, run, outcome, later(4)).await.unwrap();
    assert_eq!(beat(None).await, Beat::Ended);
}

async fn a_stranger_sees_no_run(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let stranger = make::workspace(&db, "stranger").await;
    let connector = make::connector(&db, &tenant).await;
    let run = schedule(&db, &tenant, connector, later(0)).await.unwrap().sync_log_id;
    let store = &db.store;
    assert_eq!(schedule(&db, &stranger, connector, later(0)).await, Err(Refusal::NotFound));
    let unknown = |it: Result<SyncLog, Error>| {
        assert!(matches!(it, Err(Error::NotFound("sync_log"))), "{it:?}");
    };
    unknown(sync_logs::find(store, &stranger, run).await);
    unknown(sync_logs::start(store, &stranger, run, later(0)).await);
    unknown(sync_logs::settle(store, &stranger, run, done(Enabled), later(0)).await);
    unknown(sync_logs::cancel(store, &stranger, run, later(0)).await);
    let beat = sync_logs::beat(store, &stranger, run, None, later(0)).await.unwrap();
    assert_eq!(beat, Beat::Ended);
    let silent = (run, later(0));
    let taken = sync_logs::interrupt(store, &stranger, silent, 9, later(0)).await;
    assert!(matches!(taken, Err(Error::Conflict { .. })), "{taken:?}");
    let back = sync_logs::hand_back(store, &stranger, run, later(0)).await;
    assert!(matches!(back, Err(Error::NotFound("sync_log"))), "{back:?}");
    let reserved = sync_logs::reserve(store, &stranger, connector, TriggerType::Api, later(0));
    assert_eq!(reserved.await.unwrap(), Err(Refusal::NotFound));
    let due = sync_logs::schedule_due(store, &stranger, connector, later(9_000_000)).await;
    assert_eq!(due.unwrap(), None);
    let next = Next::first(TriggerType::Initial);
    let later_on = sync_logs::schedule_later(store, &stranger, connector, &next, later(1)).await;
    assert!(!later_on.unwrap());
    let listed = sync_logs::list(store, &stranger, &Query::default()).await.unwrap();
    assert!(listed.items.is_empty());
    let ledger = vec![line(TargetModel::Company, 25, 10)];
    let outcome = Outcome { ledger, ..done(Enabled) };
    sync_logs::start(store, &tenant, run, later(0)).await.unwrap();
    sync_logs::settle(store, &tenant, run, outcome, later(0)).await.unwrap();
    assert_eq!(sync_logs::ledgers(store, &stranger, &[run]).await.unwrap(), [(run, vec![])]);
}
