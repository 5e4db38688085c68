//! Runs that something befalls: a lost key, a database that refuses, others that end them, a wish
//! to stop.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use domain::TargetModel::{Account, Company, Document, Invoice, Transaction};
use domain::connector::InstallationStatus::NeedReconnect;
use domain::id::{SyncLogId, WorkspaceConnectorId};
use domain::run::{SyncStatus, TriggerType};
use engine::{Engine, Event, Progress, Recorder, Request};
use expect_test::expect;
use serde_json::json;
use store::sync_logs::{self, SyncLog};
use store::workspace_connectors;
use testkit::Db;
use tokio_util::sync::CancellationToken;

use crate::script::{Args, tool};
use crate::world::{World, ledger, now};

testkit::each_database! {
    a_seal_that_does_not_open_ends_every_target_with_a_row,
    a_page_whose_parents_cannot_be_looked_up_is_not_stored,
    a_run_that_others_have_ended_says_nothing_more,
    a_run_whose_connector_cannot_be_read_is_ended,
}

async fn scheduled(world: &World, connector: WorkspaceConnectorId) -> SyncLog {
    let (store, tenant, gap) = (&world.db.store, &world.tenant, Duration::ZERO);
    let made = sync_logs::schedule(store, tenant, connector, TriggerType::Manual, gap, now()).await;
    made.expect("the store answers").expect("no refusal")
}

/// The engine of a process that has another key to the seals.
async fn with_another_key(world: &World) -> Engine {
    let settings = store::Settings { seal_key: Some([8; 32]), ..store::Settings::default() };
    let store = world.db.reopen(settings).await;
    let recorder = Recorder::start(store.clone(), world.engine.settings.findings_kept, now);
    Engine { store, recorder, ..world.engine.clone() }
}

async fn a_seal_that_does_not_open_ends_every_target_with_a_row(db: Db) {
    let world = World::on(db).await;
    let transport = world.http("ledger", &[]).await;
    let connector = world.connector("ledger", transport).await;
    let engine = with_another_key(&world).await;
    let log = scheduled(&world, connector).await;
    let request = Request { targets: vec![Invoice, Document], ..Request::default() };
    let report = engine.sync(&world.tenant, &log, &request).await.expect("settled");
    expect![[r#"
        invoice | tool_execution_failed | - | - | the server failed (refused, attempt 1): refused: how the connector is reached is sealed and cannot be opened: the key is not the one that it was made with
        document | tool_execution_failed | - | - | the server failed (refused, attempt 1): refused: how the connector is reached is sealed and cannot be opened: the key is not the one that it was made with
    "#]].assert_eq(&world.findings(report.log.sync_log_id).await);
    expect!["the server could not be reached: refused: how the connector is reached is sealed and cannot be opened: the key is not the one that it was made with"].assert_eq(report.log.error.as_deref().unwrap_or_default());
    let rests = workspace_connectors::find(&world.db.store, &world.tenant, connector).await;
    assert_eq!(rests.expect("there").status, NeedReconnect);
    // Whoever has the key can still run it.
    let healed = world.sync(connector, &[Company]).await;
    assert_eq!(healed.log.status, SyncStatus::Success);
}

async fn a_run_whose_connector_cannot_be_read_is_ended(db: Db) {
    let world = World::on(db).await;
    let transport = world.http("ledger", &[]).await;
    let connector = world.connector("ledger", transport).await;
    let log = scheduled(&world, connector).await;
    world.db.run("update workspace_connectors set supported_target_models = '[1]'").await;
    let request = Request::default();
    let report = world.engine.sync(&world.tenant, &log, &request).await.expect("settled");
    assert_eq!(report.log.status, SyncStatus::Error);
    expect!["the store refused while reading the connector"]
        .assert_eq(report.log.error.as_deref().unwrap_or_default());
}

async fn a_page_whose_parents_cannot_be_looked_up_is_not_stored(db: Db) {
    let world = World::on(db).await;
    let transport = world.http("ledger", &[]).await;
    let connector = world.connector("ledger", transport).await;
    world.db.run("alter table companies rename to mislaid").await;
    let report = world.sync(connector, &[Invoice]).await;
    expect![[r#"
        success
        invoice: fetched 60 inserted 0 updated 0 unchanged 0 dropped [entity_persist_failed=60] waiting 0
    "#]].assert_eq(&ledger(&report));
    assert_eq!(world.db.number("select count(*) from invoices").await, 0);
    expect![[r#"
        invoice | entity_persist_failed | list_invoices | - | 60 invoice record(s) could not be stored: the database refused a statement, e.g. inv_0001
    "#]].assert_eq(&world.findings(report.log.sync_log_id).await);
}

async fn a_run_that_others_have_ended_says_nothing_more(db: Db) {
    let world = World::on(db).await;
    let (store, tenant) = (world.db.store.clone(), world.tenant.clone());
    let run = Arc::new(OnceLock::<SyncLogId>::new());
    let known = Arc::clone(&run);
    // Taken for dead while its server answers.
    let answer = move |_: String, _: Args| {
        let (store, tenant) = (store.clone(), tenant.clone());
        let id = *known.get().expect("the run is known");
        async move {
            loop {
                let live = sync_logs::find(&store, &tenant, id).await.expect("there");
                let silent = (id, live.updated_at);
                let ended = sync_logs::interrupt(&store, &tenant, silent, 0, now()).await;
                if ended.is_ok() || live.status != SyncStatus::InProgress {
                    break;
                }
            }
            Ok(json!([{"id": "1", "name": "One"}, {"id": "2", "name": "Two"}]))
        }
    };
    let tools = [tool("list_companies", &[], &[]), tool("list_invoices", &[], &[])];
    let transport = world.scripted(&tools, answer).await;
    let connector = world.connector("odd", transport).await;
    let log = scheduled(&world, connector).await;
    run.set(log.sync_log_id).expect("set once");
    let request = Request { targets: vec![Company, Invoice], ..Request::default() };
    let report = world.engine.sync(&world.tenant, &log, &request).await;
    assert!(report.is_err(), "it was ended by others: {report:?}");
    assert!(request.cancel.is_cancelled());
    assert!(world.engine.recorder.flush(Duration::from_secs(30)).await);
    assert_eq!(world.findings(log.sync_log_id).await, "");
    assert_eq!(world.db.number("select count(*) from companies").await, 0);
}

/// The findings of a run that is asked to stop at an event, and its ledger.
async fn stopped_at(world: &World, name: &str, at: fn(&Event) -> bool) -> String {
    let transport = world.http("ledger", &[name]).await;
    let connector = world.connector("ledger", transport).await;
    let cancel = CancellationToken::new();
    let stop = cancel.clone();
    let progress = Progress::new(move |event| {
        if at(&event) {
            stop.cancel();
        }
    });
    let targets = vec![Account, Company, Transaction];
    let request = Request { targets, progress, cancel, ..Request::default() };
    let report = world.sync_with(connector, &request).await;
    assert_eq!(report.log.error.as_deref(), Some(engine::ASKED_TO_STOP));
    world.findings(report.log.sync_log_id).await
}

#[tokio::test]
async fn a_run_that_is_asked_to_stop_says_so_of_what_it_left_out() {
    let world = World::on(Db::sqlite().await).await;
    let told =
        stopped_at(&world, "empty:nothing", |it: &Event| matches!(it, Event::Page { .. })).await;
    expect![[r#"
        company | target_skipped | - | - | company was not run: stopped
        account | target_skipped | - | - | account was not run: stopped
        transaction | target_skipped | - | - | transaction was not run: stopped
    "#]]
    .assert_eq(&told);
}

#[tokio::test]
async fn a_run_that_is_asked_to_stop_does_not_wait_for_an_answer() {
    let mut world = World::on(Db::sqlite().await).await;
    world.engine.settings.limits.call = Duration::from_hours(1);
    let is_asked = |it: &Event| matches!(it, Event::TargetStarted { .. });
    let stopping = stopped_at(&world, "timeout", is_asked);
    let told = tokio::time::timeout(Duration::from_secs(60), stopping).await;
    expect![[r#"
        company | target_skipped | - | - | company was not run: stopped
        account | target_skipped | - | - | account was not run: stopped
        transaction | target_skipped | - | - | transaction was not run: stopped
    "#]]
    .assert_eq(&told.expect("at once"));
}
