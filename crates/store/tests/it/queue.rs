//! Runs and their jobs, connectors whose time has come, and runs that are taken over.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::TargetModel;
use domain::connector::InstallationStatus::{self, Degraded, Enabled, Processing};
use domain::id::{SyncLogId, WorkspaceConnectorId};
use domain::run::{Refusal, SyncStatus, TriggerType};
use store::records::{self, Upsert};
use store::sync_logs::{self, Beat, Due, Next, Outcome, SyncLog};
use store::workspace_connectors::{self, Patch};
use store::{Error, Tenant, queue};
use testkit::{Db, make};

testkit::each_database! {
    a_job_lives_as_long_as_its_run_waits,
    whoever_runs_it_themselves_needs_no_job,
    a_lost_job_is_made_again,
    a_connector_that_is_due_is_scheduled_once,
    times_that_were_missed_are_left_out,
    a_paused_or_disabled_connector_is_not_run_by_itself,
    a_retry_waits_for_its_time_and_says_where_it_comes_from,
    a_silent_run_is_ended_and_another_takes_its_place,
    a_run_that_its_own_worker_breaks_off_loses_no_attempt,
    a_run_that_speaks_is_not_taken,
    attempts_come_to_an_end,
    a_run_that_was_taken_over_writes_nothing_more,
    a_run_is_handed_back,
}

fn later(seconds: i64) -> DateTime<Utc> {
    make::now() + chrono::Duration::seconds(seconds)
}

struct World {
    db: Db,
    tenant: Tenant,
    connector: WorkspaceConnectorId,
}

impl World {
    async fn on(db: Db) -> Self {
        let tenant = make::workspace(&db, "acme").await;
        let connector = make::connector(&db, &tenant).await;
        Self { db, tenant, connector }
    }

    async fn jobs(&self) -> i64 {
        let table = if self.db.is_postgres() { "apalis.jobs" } else { "Jobs" };
        self.db.number(&format!("select count(*) from {table}")).await
    }

    async fn schedule(&self) -> Result<SyncLog, Refusal> {
        let (trigger, gap) = (TriggerType::Api, Duration::ZERO);
        let (store, tenant) = (&self.db.store, &self.tenant);
        sync_logs::schedule(store, tenant, self.connector, trigger, gap, later(0)).await.unwrap()
    }

    async fn started(&self) -> SyncLogId {
        let run = self.schedule().await.unwrap().sync_log_id;
        sync_logs::start(&self.db.store, &self.tenant, run, later(0)).await.unwrap();
        run
    }

    async fn find(&self, run: SyncLogId) -> SyncLog {
        sync_logs::find(&self.db.store, &self.tenant, run).await.unwrap()
    }

    async fn settle(&self, run: SyncLogId) -> Result<SyncLog, Error> {
        let (error, ledger, metadata) = (None, Vec::new(), None);
        let outcome = Outcome { error, ledger, metadata, resting: Enabled, evidence: None };
        sync_logs::settle(&self.db.store, &self.tenant, run, outcome, later(1)).await
    }

    async fn patch(&self, patch: Patch, at: DateTime<Utc>) {
        let (store, tenant) = (&self.db.store, &self.tenant);
        workspace_connectors::update(store, tenant, self.connector, patch, at).await.unwrap();
    }

    async fn due(&self, at: DateTime<Utc>) -> Vec<Due> {
        let store = &self.db.store;
        sync_logs::due(store, &store.operator(), at, 10).await.unwrap()
    }

    async fn schedule_due(&self, at: DateTime<Utc>) -> Option<SyncLog> {
        let (store, tenant) = (&self.db.store, &self.tenant);
        sync_logs::schedule_due(store, tenant, self.connector, at).await.unwrap()
    }

    async fn status(&self) -> InstallationStatus {
        let found = workspace_connectors::find(&self.db.store, &self.tenant, self.connector).await;
        found.unwrap().status
    }
}

async fn a_job_lives_as_long_as_its_run_waits(db: Db) {
    let world = World::on(db).await;
    let (store, tenant) = (&world.db.store, &world.tenant);
    let run = world.schedule().await.unwrap().sync_log_id;
    assert_eq!(world.jobs().await, 1);
    assert_eq!(world.schedule().await, Err(Refusal::AlreadyRunning));
    assert_eq!(world.jobs().await, 1);
    sync_logs::start(store, tenant, run, later(0)).await.unwrap();
    assert_eq!(world.jobs().await, 0);
    world.settle(run).await.unwrap();
    let run = world.schedule().await.unwrap().sync_log_id;
    sync_logs::cancel(store, tenant, run, later(0)).await.unwrap();
    assert_eq!(world.jobs().await, 0);
    world.schedule().await.unwrap();
    workspace_connectors::delete(store, tenant, world.connector, later(0)).await.unwrap();
    assert_eq!(world.jobs().await, 0);
    let other = make::connector(&world.db, tenant).await;
    let (trigger, gap) = (TriggerType::Api, Duration::ZERO);
    sync_logs::schedule(store, tenant, other, trigger, gap, later(0)).await.unwrap().unwrap();
    assert_eq!(world.jobs().await, 1);
    store::workspaces::delete(store, tenant).await.unwrap();
    assert_eq!(world.jobs().await, 0);
}

async fn whoever_runs_it_themselves_needs_no_job(db: Db) {
    let world = World::on(db).await;
    let (store, tenant) = (&world.db.store, &world.tenant);
    let manual = TriggerType::Manual;
    let reserve = async || {
        sync_logs::reserve(store, tenant, world.connector, manual, later(0)).await.unwrap()
    };
    let run = reserve().await.unwrap();
    assert_eq!((run.status, world.jobs().await), (SyncStatus::Scheduled, 0));
    assert_eq!(reserve().await, Err(Refusal::AlreadyRunning));
}

async fn a_lost_job_is_made_again(db: Db) {
    let world = World::on(db).await;
    let store = &world.db.store;
    let run = world.schedule().await.unwrap();
    let mend = async |at| queue::mend(store, &store.operator(), at).await.unwrap();
    assert_eq!(mend(later(600)).await, 0, "it has its job");
    queue::discard(store, &store.operator(), run.sync_log_id).await.unwrap();
    assert_eq!(mend(later(10)).await, 0, "someone may be about to start it");
    assert_eq!(mend(later(600)).await, 1);
    assert_eq!((mend(later(600)).await, world.jobs().await), (0, 1));
}

async fn a_connector_that_is_due_is_scheduled_once(db: Db) {
    let world = World::on(db).await;
    assert!(world.due(later(99_999_999)).await.is_empty());
    world.patch(Patch { schedule_minutes: Some(Some(10)), ..Patch::default() }, later(0)).await;
    assert!(world.due(later(599)).await.is_empty());
    let workspace = world.tenant.workspace();
    assert_eq!(world.due(later(600)).await, [Due { workspace, connector: world.connector }]);
    let mut asked = Vec::new();
    for _ in 0..10 {
        let (store, tenant) = (world.db.store.clone(), world.tenant.clone());
        let connector = world.connector;
        asked.push(tokio::spawn(async move {
            sync_logs::schedule_due(&store, &tenant, connector, later(600)).await.unwrap()
        }));
    }
    let mut made = Vec::new();
    for answer in asked {
        made.extend(answer.await.unwrap());
    }
    assert_eq!(made.len(), 1);
    assert_eq!((made[0].trigger, world.jobs().await), (TriggerType::Scheduled, 1));
    assert!(world.due(later(1_199)).await.is_empty());
    assert!(!world.due(later(1_200)).await.is_empty());
}

async fn times_that_were_missed_are_left_out(db: Db) {
    let world = World::on(db).await;
    world.patch(Patch { schedule_minutes: Some(Some(10)), ..Patch::default() }, later(0)).await;
    let run = world.schedule_due(later(6_050)).await.unwrap();
    // In step with the schedule: at 600 s and every 600 s from there.
    assert!(world.due(later(6_599)).await.is_empty());
    assert_eq!(world.due(later(6_600)).await.len(), 1);
    assert_eq!(world.schedule_due(later(6_600)).await, None, "a run is under way");
    assert!(world.due(later(6_601)).await.is_empty());
    assert_eq!(world.find(run.sync_log_id).await.status, SyncStatus::Scheduled);
}

async fn a_paused_or_disabled_connector_is_not_run_by_itself(db: Db) {
    let world = World::on(db).await;
    let patch = Patch { schedule_minutes: Some(Some(1)), paused: Some(true), ..Patch::default() };
    world.patch(patch, later(0)).await;
    assert!(world.due(later(600)).await.is_empty());
    assert_eq!(world.schedule_due(later(600)).await, None);
    let disabled = Some(InstallationStatus::Disabled);
    world
        .patch(Patch { paused: Some(false), status: disabled, ..Patch::default() }, later(0))
        .await;
    assert_eq!(world.schedule_due(later(600)).await, None);
    assert!(world.due(later(601)).await.is_empty(), "until its next time");
}

async fn a_retry_waits_for_its_time_and_says_where_it_comes_from(db: Db) {
    let world = World::on(db).await;
    let (store, tenant) = (&world.db.store, &world.tenant);
    let run = world.started().await;
    world.settle(run).await.unwrap();
    let next = Next { trigger: TriggerType::Initial, attempt: 2, retry_of: Some(run) };
    let ask = async |at| {
        sync_logs::schedule_later(store, tenant, world.connector, &next, at).await.unwrap()
    };
    assert!(ask(later(60)).await);
    let failed = world.find(run).await.metadata.unwrap();
    assert_eq!(failed["next_retry_at"], domain::time::rfc3339(later(60)));
    assert!(!ask(later(90)).await, "another run comes sooner");
    assert!(world.due(later(59)).await.is_empty());
    let again = world.schedule_due(later(60)).await.unwrap();
    assert_eq!((again.trigger, sync_logs::attempt(&again)), (TriggerType::Initial, 2));
    assert_eq!(again.metadata.as_ref().unwrap()["retry_of"], run.to_string());
    assert!(world.due(later(99_999)).await.is_empty(), "once");
    // Whoever asks for a run meanwhile has made the retry needless.
    sync_logs::cancel(store, tenant, again.sync_log_id, later(61)).await.unwrap();
    assert!(ask(later(90)).await);
    world.schedule().await.unwrap();
    assert!(world.due(later(99_999)).await.is_empty());
}

async fn interrupt(
    world: &World,
    run: SyncLogId,
    beat_at: DateTime<Utc>,
    attempts: u32,
) -> Result<Option<SyncLog>, Error> {
    let silent = (run, beat_at);
    sync_logs::interrupt(&world.db.store, &world.tenant, silent, attempts, later(90)).await
}

async fn a_silent_run_is_ended_and_another_takes_its_place(db: Db) {
    let world = World::on(db).await;
    world.patch(Patch { status: Some(Degraded), ..Patch::default() }, later(0)).await;
    let run = world.started().await;
    let store = &world.db.store;
    let running = sync_logs::running(store, &store.operator()).await.unwrap();
    assert_eq!(
        running.iter().map(|it| (it.run, it.beat_at)).collect::<Vec<_>>(),
        [(run, later(0))]
    );
    assert_eq!(world.status().await, Processing);
    let next = interrupt(&world, run, later(0), 5).await.unwrap().unwrap();
    let ended = world.find(run).await;
    assert_eq!((ended.status, ended.completed_at), (SyncStatus::Error, Some(later(90))));
    assert_eq!(ended.error.as_deref(), Some("interrupted: its worker is gone"));
    assert_eq!(ended.metadata.unwrap()["continued_by"], next.sync_log_id.to_string());
    assert_eq!((next.status, next.trigger), (SyncStatus::Scheduled, TriggerType::Api));
    assert_eq!(sync_logs::attempt(&next), 2);
    assert_eq!(next.metadata.unwrap()["continues"], run.to_string());
    assert_eq!((world.status().await, world.jobs().await), (Degraded, 1));
    let tenant = sync_logs::tenant_of(store, &store.operator(), run).await.unwrap();
    assert_eq!(tenant.workspace(), world.tenant.workspace());
}

async fn a_run_that_its_own_worker_breaks_off_loses_no_attempt(db: Db) {
    let world = World::on(db).await;
    let run = world.started().await;
    let (store, silent) = (&world.db.store, (run, later(0)));
    let next = sync_logs::give_up(store, &world.tenant, silent, later(90)).await.unwrap().unwrap();
    assert_eq!((sync_logs::attempt(&next), world.jobs().await), (1, 1));
    let ended = world.find(run).await;
    assert_eq!(ended.error.as_deref(), Some("handed back: its worker was stopped"));
    assert_eq!(ended.metadata.unwrap()["continued_by"], next.sync_log_id.to_string());
}

async fn a_run_that_speaks_is_not_taken(db: Db) {
    let world = World::on(db).await;
    let run = world.started().await;
    let beat = sync_logs::beat(&world.db.store, &world.tenant, run, None, later(5)).await;
    assert_eq!(beat.unwrap(), Beat::GoOn);
    let taken = interrupt(&world, run, later(0), 5).await;
    assert!(matches!(taken, Err(Error::Conflict { .. })), "{taken:?}");
    assert_eq!(world.find(run).await.status, SyncStatus::InProgress);
    let scheduled = make::connector(&world.db, &world.tenant).await;
    let other = World { connector: scheduled, ..world };
    let waiting = other.schedule().await.unwrap();
    let taken = interrupt(&other, waiting.sync_log_id, waiting.updated_at, 5).await;
    assert!(matches!(taken, Err(Error::Conflict { .. })), "{taken:?}");
}

async fn attempts_come_to_an_end(db: Db) {
    let world = World::on(db).await;
    let mut run = world.started().await;
    for attempt in 2..=3 {
        let next = interrupt(&world, run, later(0), 3).await.unwrap().unwrap();
        assert_eq!(sync_logs::attempt(&next), attempt);
        run = next.sync_log_id;
        sync_logs::start(&world.db.store, &world.tenant, run, later(0)).await.unwrap();
    }
    assert_eq!(interrupt(&world, run, later(0), 3).await.unwrap(), None);
    assert_eq!((world.jobs().await, world.status().await), (0, Enabled));
    assert!(world.schedule().await.is_ok());
}

async fn a_run_that_was_taken_over_writes_nothing_more(db: Db) {
    let world = World::on(db).await;
    let (store, tenant, connector) = (&world.db.store, &world.tenant, world.connector);
    let run = world.started().await;
    let entity = crate::records::one_of_each().into_iter().next().unwrap();
    let entities = std::slice::from_ref(&entity);
    let batch = Upsert { run, connector, tool: "list", model: entity.model, entities };
    interrupt(&world, run, later(0), 5).await.unwrap().unwrap();
    let refused = |it: Result<(), Error>| {
        assert!(matches!(it, Err(Error::Conflict { what: "sync_log", .. })), "{it:?}");
    };
    refused(records::upsert(store, tenant, &batch, later(91)).await.map(drop));
    let rows = [crate::missing::pending_row(TargetModel::People, "x")];
    refused(store::pending::put(store, tenant, run, connector, &rows, later(91)).await);
    let rows = vec![crate::missing::rejected_row(TargetModel::Company, "x")];
    refused(store::rejected::insert_many(store, tenant, run, connector, rows, later(91)).await);
    refused(world.settle(run).await.map(drop));
    let beat = sync_logs::beat(store, tenant, run, None, later(91)).await.unwrap();
    assert_eq!(beat, Beat::Ended);
    assert_eq!(records::count(store, tenant, entity.model).await.unwrap(), 0);
}

async fn a_run_is_handed_back(db: Db) {
    let world = World::on(db).await;
    let (store, tenant) = (&world.db.store, &world.tenant);
    let run = world.started().await;
    let (error, ledger, metadata) = (Some("asked to stop".to_owned()), Vec::new(), None);
    let outcome = Outcome { error, ledger, metadata, resting: Processing, evidence: None };
    sync_logs::settle(store, tenant, run, outcome, later(1)).await.unwrap();
    assert_eq!(world.status().await, Enabled, "it has nothing to say of its connector");
    let next = sync_logs::hand_back(store, tenant, run, later(2)).await.unwrap().unwrap();
    let ended = world.find(run).await;
    assert_eq!(ended.error.as_deref(), Some("handed back: its worker was stopped"));
    assert_eq!(ended.metadata.unwrap()["continued_by"], next.sync_log_id.to_string());
    assert_eq!((sync_logs::attempt(&next), world.jobs().await), (1, 1), "no attempt was lost");
}
