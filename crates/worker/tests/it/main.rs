//! Workers on real databases and real servers.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a helper that cannot go on is a failed test"
)]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use domain::TargetModel;
use domain::connector::{InstallationStatus, Transport};
use domain::id::WorkspaceConnectorId;
use domain::retry::Retries;
use domain::run::{SyncStatus, TriggerType};
use engine::{Engine, Recorder};
use sample::Sample;
use store::query::Query;
use store::sync_logs::{self, SyncLog};
use store::{Tenant, connectors, workspace_connectors};
use testkit::{Db, make};
use tokio_util::sync::CancellationToken;
use worker::{Settings, Workers};

mod webhooks;

testkit::each_database! {
    runs_that_wait_are_carried_out,
    a_run_that_failed_for_a_passing_reason_is_tried_again_and_not_for_ever,
    a_run_that_failed_for_a_lasting_reason_is_not_tried_again,
    a_connector_is_run_when_its_time_has_come,
    a_silent_run_is_rescued,
    a_connector_that_was_put_aside_is_not_run_any_more,
}

struct World {
    db: Db,
    tenant: Tenant,
    servers: CancellationToken,
    workers: Option<Workers>,
}

impl Drop for World {
    fn drop(&mut self) {
        self.servers.cancel();
    }
}

#[expect(clippy::disallowed_methods, reason = "the edge of a test reads the clock")]
fn now() -> DateTime<Utc> {
    Utc::now()
}

impl World {
    async fn on(db: Db) -> Self {
        let tenant = make::workspace(&db, "acme").await;
        Self { db, tenant, servers: CancellationToken::new(), workers: None }
    }

    fn work(&mut self) {
        let settings = engine::Settings {
            reach: reach::Reach { private_addresses: true, plain_http: true },
            beat: Duration::from_millis(300),
            ..engine::Settings::default()
        };
        let store = self.db.store.clone();
        let recorder = Recorder::start(store.clone(), 1_000, now);
        let engine = Engine { store, recorder, settings, clock: now };
        let settings = Settings {
            runs: 2,
            lease: Duration::from_secs(2),
            retries: Retries { attempts: 2, pause: Duration::from_secs(1) },
            grace: Duration::ZERO,
            poll: Duration::from_millis(50),
            ..Settings::default()
        };
        self.workers = Some(Workers::start(engine, settings));
    }

    async fn stop(mut self) {
        if let Some(workers) = self.workers.take() {
            workers.stop().await;
        }
    }

    /// A connector to a sample server of its own, for accounts.
    async fn connector(&self, name: &str, faults: &[&str]) -> WorkspaceConnectorId {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/mcp", listener.local_addr().expect("an address"));
        let faults = faults.iter().map(|it| it.parse().expect("a fault")).collect();
        let stop = self.servers.clone();
        tokio::spawn(sample::serve_http(Sample::LEDGER, faults, listener, stop));
        let (service_id, title) = (name.to_owned(), name.to_owned());
        let new = connectors::New { service_id, name: title, ..connectors::New::default() };
        let (store, tenant) = (&self.db.store, &self.tenant);
        let made = connectors::insert(store, tenant, new, now()).await.expect("a connector");
        let transport = Transport::Http { url, headers: BTreeMap::new() };
        let mut new = workspace_connectors::New::of(made.connector_id, name, transport);
        new.supported_target_models = Some(vec![TargetModel::Account]);
        let made = workspace_connectors::insert(store, tenant, new, now()).await;
        made.expect("an installation").workspace_connector_id
    }

    async fn schedule(&self, connector: WorkspaceConnectorId) {
        let (store, gap, trigger) = (&self.db.store, Duration::ZERO, TriggerType::Api);
        let asked = sync_logs::schedule(store, &self.tenant, connector, trigger, gap, now());
        asked.await.expect("the store answers").expect("no refusal");
    }

    /// All runs, the oldest first, as soon as there are so many and they have ended.
    async fn ended(&self, runs: usize) -> Vec<SyncLog> {
        let since = Instant::now();
        loop {
            let slice = sync_logs::list(&self.db.store, &self.tenant, &Query::default()).await;
            let logs = slice.expect("listed").items.into_iter().map(|it| it.0);
            let logs: Vec<SyncLog> = logs.rev().collect();
            let is_over =
                |it: &SyncLog| matches!(it.status, SyncStatus::Success | SyncStatus::Error);
            if logs.len() >= runs && logs.iter().all(is_over) {
                return logs;
            }
            assert!(since.elapsed() < Duration::from_secs(120), "{logs:#?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

fn member<'a>(log: &'a SyncLog, name: &str) -> &'a serde_json::Value {
    &log.metadata.as_ref().expect("metadata")[name]
}

async fn runs_that_wait_are_carried_out(db: Db) {
    let mut world = World::on(db).await;
    for name in ["a", "b", "c", "d"] {
        let connector = world.connector(name, &[]).await;
        world.schedule(connector).await;
    }
    world.work();
    for log in world.ended(4).await {
        assert_eq!(log.status, SyncStatus::Success, "{log:?}");
    }
    assert!(world.db.number("select count(*) from accounts").await > 0);
    world.stop().await;
}

async fn a_run_that_failed_for_a_passing_reason_is_tried_again_and_not_for_ever(db: Db) {
    let mut world = World::on(db).await;
    let connector = world.connector("down", &["server_error"]).await;
    world.schedule(connector).await;
    world.work();
    let logs = world.ended(2).await;
    let [first, second] = logs.as_slice() else { panic!("{logs:#?}") };
    assert!(first.error.is_some() && second.error.is_some());
    assert!(member(first, "next_retry_at").is_string(), "{first:?}");
    assert_eq!(member(second, "attempt"), 2);
    assert_eq!(*member(second, "retry_of"), first.sync_log_id.to_string());
    assert!(member(second, "next_retry_at").is_null(), "it was the last");
    assert_eq!(second.trigger, first.trigger);
    world.stop().await;
}

async fn a_run_that_failed_for_a_lasting_reason_is_not_tried_again(db: Db) {
    let mut world = World::on(db).await;
    let connector = world.connector("locked", &["unauthorized"]).await;
    world.schedule(connector).await;
    world.work();
    let logs = world.ended(1).await;
    assert!(logs[0].error.is_some(), "{logs:?}");
    assert!(member(&logs[0], "next_retry_at").is_null(), "{logs:?}");
    world.stop().await;
}

async fn a_connector_is_run_when_its_time_has_come(db: Db) {
    let mut world = World::on(db).await;
    let connector = world.connector("hourly", &[]).await;
    let patch = workspace_connectors::Patch {
        schedule_minutes: Some(Some(60)),
        ..workspace_connectors::Patch::default()
    };
    let an_hour_ago = now() - chrono::Duration::hours(1);
    let (store, tenant) = (&world.db.store, &world.tenant);
    workspace_connectors::update(store, tenant, connector, patch, an_hour_ago)
        .await
        .expect("a schedule");
    world.work();
    let logs = world.ended(1).await;
    assert_eq!((logs.len(), logs[0].trigger), (1, TriggerType::Scheduled));
    assert_eq!(logs[0].status, SyncStatus::Success, "{logs:?}");
    world.stop().await;
}

/// Of a process that started a run and is no more.
async fn a_silent_run_is_rescued(db: Db) {
    let mut world = World::on(db).await;
    let connector = world.connector("left", &[]).await;
    let (store, tenant) = (&world.db.store, &world.tenant);
    let manual = TriggerType::Manual;
    let left = sync_logs::reserve(store, tenant, connector, manual, now()).await;
    let left = left.expect("the store answers").expect("no refusal").sync_log_id;
    sync_logs::start(store, tenant, left, now()).await.expect("started");
    world.work();
    let logs = world.ended(2).await;
    let [dead, next] = logs.as_slice() else { panic!("{logs:#?}") };
    assert_eq!((dead.sync_log_id, next.status), (left, SyncStatus::Success), "{logs:#?}");
    assert_eq!(*member(next, "continues"), left.to_string());
    assert!(dead.completed_at <= next.started_at, "one after the other");
    world.stop().await;
}

async fn a_connector_that_was_put_aside_is_not_run_any_more(db: Db) {
    let mut world = World::on(db).await;
    let connector = world.connector("aside", &[]).await;
    world.schedule(connector).await;
    let patch = workspace_connectors::Patch {
        status: Some(InstallationStatus::Suspended),
        ..workspace_connectors::Patch::default()
    };
    let (store, tenant) = (&world.db.store, &world.tenant);
    workspace_connectors::update(store, tenant, connector, patch, now()).await.expect("changed");
    world.work();
    let logs = world.ended(1).await;
    assert_eq!(logs[0].error.as_deref(), Some("cancelled"), "{logs:?}");
    assert_eq!(world.db.number("select count(*) from accounts").await, 0);
    world.stop().await;
}
