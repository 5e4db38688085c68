//! Worker processes that are stopped, killed and put to sleep, on PostgreSQL.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use domain::id::{SyncLogId, WorkspaceConnectorId};
use domain::run::{SyncStatus, TriggerType};
use store::sync_logs::{self, SyncLog};
use store::{Place, Tenant};
use tempfile::TempDir;
use testkit::{Db, make};

use crate::binary::wireline;
use crate::slow::SlowServer;

/// The seal key of the test's own store, in base64.
pub(crate) const SEAL_KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
const PATIENCE: Duration = Duration::from_secs(120);

/// A worker process, killed with the test.
struct Working {
    child: Child,
}

impl Drop for Working {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Working {
    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status();
        assert!(sent.is_ok_and(|it| it.success()), "{name}");
    }

    fn end(&mut self) -> ExitStatus {
        self.child.wait().expect("it ends")
    }
}

/// A database, and everything to work on it.
struct World {
    db: Db,
    tenant: Tenant,
    folder: TempDir,
}

impl World {
    async fn new() -> Self {
        let db = Db::postgres().await;
        let tenant = make::workspace(&db, "acme").await;
        let folder = TempDir::with_prefix("wireline-").expect("a folder");
        Self { db, tenant, folder }
    }

    /// Starts a worker process, and waits until it works.
    fn worker(&self) -> Working {
        let Place::Postgres { url } = &self.db.place else { unreachable!("asked for PostgreSQL") };
        let mut command = wireline(self.folder.path());
        let mut child = command
            .env("WIRELINE_DATABASE_URL", url.expose())
            .env("WIRELINE_SEAL_KEY", SEAL_KEY)
            .env("WIRELINE_DATABASE_CONNECTIONS", "6")
            .env("WIRELINE_RUN_LEASE_S", "2")
            .env("WIRELINE_RUN_GRACE_S", "0")
            .env("WIRELINE_RUN_ATTEMPTS", "50")
            .arg("work")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("wireline starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("its output");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        assert!(line.starts_with("working on PostgreSQL"), "{line}");
        Working { child }
    }

    async fn schedule(&self, connector: WorkspaceConnectorId) -> Option<SyncLogId> {
        let (store, gap) = (&self.db.store, Duration::ZERO);
        let trigger = TriggerType::Api;
        let asked = sync_logs::schedule(store, &self.tenant, connector, trigger, gap, now());
        asked.await.expect("the store answers").ok().map(|it| it.sync_log_id)
    }

    async fn log(&self, run: SyncLogId) -> SyncLog {
        sync_logs::find(&self.db.store, &self.tenant, run).await.expect("a run")
    }

    /// Looks again and again until it is so.
    async fn until(&self, run: SyncLogId, is_so: impl Fn(&SyncLog) -> bool) -> SyncLog {
        let since = Instant::now();
        loop {
            let log = self.log(run).await;
            if is_so(&log) {
                return log;
            }
            assert!(since.elapsed() < PATIENCE, "still {log:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The run that took the place of this one, when it has ended.
    async fn next(&self, log: &SyncLog) -> SyncLog {
        let next = log.metadata.as_ref().expect("metadata")["continued_by"].clone();
        let next: SyncLogId = serde_json::from_value(next).expect("a run goes on");
        self.until(next, is_over).await
    }

    async fn count(&self, sql: &str) -> i64 {
        self.db.number(sql).await
    }
}

#[expect(clippy::disallowed_methods, reason = "the edge of a test reads the clock")]
fn now() -> chrono::DateTime<chrono::Utc> {
    chrono::Utc::now()
}

fn is_over(log: &SyncLog) -> bool {
    matches!(log.status, SyncStatus::Success | SyncStatus::Error)
}

/// Rows of transactions that the run has told of so far.
fn told(log: &SyncLog) -> u64 {
    let fetched = "/progress/targets/transaction/fetched";
    let rows = log.metadata.as_ref().and_then(|it| it.pointer(fetched)?.as_u64());
    rows.unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_worker_hands_its_run_back_and_another_finishes_it() {
    let world = World::new().await;
    let server = SlowServer::start(4_000).await;
    let connector = server.install(&world.db, &world.tenant, "slow").await;
    let mut first = world.worker();
    let run = world.schedule(connector).await.expect("a run");
    let seen = world.until(run, |it| told(it) > 0).await;
    assert_eq!(seen.status, SyncStatus::InProgress, "progress is visible while it runs: {seen:?}");
    let _second = world.worker();
    let since = Instant::now();
    first.signal("-TERM");
    assert!(first.end().success());
    assert!(since.elapsed() < Duration::from_secs(20), "{:?}", since.elapsed());
    let stopped = world.log(run).await;
    assert_eq!(stopped.error.as_deref(), Some("handed back: its worker was stopped"));
    let next = world.next(&stopped).await;
    assert_eq!((next.status, next.trigger), (SyncStatus::Success, TriggerType::Api), "{next:?}");
    assert_eq!(next.metadata.expect("metadata")["continues"], run.to_string());
    assert_eq!(world.count("select count(*) from transactions").await, 4_000);
    assert_eq!(server.most_at_once(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_in_another_process_is_cancelled() {
    let world = World::new().await;
    let server = SlowServer::start(4_000).await;
    let connector = server.install(&world.db, &world.tenant, "slow").await;
    let _worker = world.worker();
    let run = world.schedule(connector).await.expect("a run");
    world.until(run, |it| told(it) > 0).await;
    let asked = sync_logs::cancel(&world.db.store, &world.tenant, run, now()).await;
    assert_eq!(asked.expect("it runs").status, SyncStatus::InProgress);
    let ended = world.until(run, is_over).await;
    assert_eq!(ended.error.as_deref(), Some(engine::ASKED_TO_STOP));
    assert!(ended.metadata.expect("metadata")["continued_by"].is_null());
    let stored = world.count("select count(*) from transactions").await;
    assert!(stored > 0 && stored < 4_000, "{stored}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_slept_through_its_lease_writes_nothing_more() {
    let world = World::new().await;
    let server = SlowServer::start(4_000).await;
    let connector = server.install(&world.db, &world.tenant, "slow").await;
    let mut sleeper = world.worker();
    let run = world.schedule(connector).await.expect("a run");
    world.until(run, |it| told(it) > 0).await;
    sleeper.signal("-STOP");
    let _other = world.worker();
    let taken = world.until(run, is_over).await;
    assert_eq!(taken.error.as_deref(), Some("interrupted: its worker is gone"));
    let before = world.log(run).await;
    sleeper.signal("-CONT");
    let next = world.next(&taken).await;
    assert_eq!(next.status, SyncStatus::Success, "{next:?}");
    sleeper.signal("-TERM");
    assert!(sleeper.end().success());
    assert_eq!(world.log(run).await, before, "it could not settle what was taken from it");
    let id = next.sync_log_id;
    let stale = format!("select count(*) from transactions where last_seen_run <> '{id}'");
    assert_eq!(world.count(&stale).await, 0);
    assert_eq!(world.count("select count(*) from transactions").await, 4_000);
}

/// `WIRELINE_DRILL_RUNS=50` for the long drill.
#[expect(clippy::disallowed_methods, reason = "tests have no settings file")]
fn drill_runs() -> usize {
    std::env::var("WIRELINE_DRILL_RUNS").ok().and_then(|it| it.parse().ok()).unwrap_or(6)
}

#[expect(clippy::print_stdout, reason = "the drill says what it did")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_workers_lose_no_run_and_no_two_run_one_connector() {
    const ROWS: usize = 2_000;
    let world = World::new().await;
    let mut servers = Vec::new();
    let mut connectors = Vec::new();
    for n in 0..3 {
        let server = SlowServer::start(ROWS).await;
        connectors.push(server.install(&world.db, &world.tenant, &format!("slow-{n}")).await);
        servers.push(server);
    }
    let mut workers: Vec<Working> = (0..3).map(|_| world.worker()).collect();
    let (mut asked, mut kills, mut chance) = (0, 0, 20_261_125_usize);
    let since = Instant::now();
    let live = "select count(*) from workspace_connector_sync_logs
                 where status in ('scheduled', 'in_progress')";
    let running = "select count(*) from workspace_connector_sync_logs where status = 'in_progress'";
    loop {
        for connector in &connectors {
            if asked < drill_runs() && world.schedule(*connector).await.is_some() {
                asked += 1;
            }
        }
        let left = world.count(live).await;
        if asked == drill_runs() && left == 0 {
            break;
        }
        assert!(since.elapsed() < PATIENCE * 5, "{left} runs do not end");
        // A linear congruence is chance enough, and the same each time.
        chance =
            chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let pause = 200 + (chance >> 33) % 1_500;
        tokio::time::sleep(Duration::from_millis(pause as u64)).await;
        // A kill between two runs would show nothing.
        if kills < drill_runs() && world.count(running).await > 0 {
            // Each in its turn: one of them may have all the runs.
            let victim = kills % workers.len();
            workers[victim].signal("-KILL");
            workers[victim].end();
            workers[victim] = world.worker();
            kills += 1;
        }
    }
    let killed = world
        .count("select count(*) from workspace_connector_sync_logs where error like 'interrupted%'")
        .await;
    println!("{asked} runs, {kills} kills, {killed} runs interrupted, {:?}", since.elapsed());
    assert!(killed > 0, "no kill has met a run");
    account_for_everything(&world, &connectors, asked, ROWS).await;
    for server in &servers {
        assert_eq!(server.most_at_once(), 1, "two workers spoke to one server");
    }
}

async fn account_for_everything(
    world: &World,
    connectors: &[WorkspaceConnectorId],
    asked: usize,
    rows: usize,
) {
    let none = [
        (
            "overlapping runs",
            "select count(*) from workspace_connector_sync_logs a
            join workspace_connector_sync_logs b
              on b.workspace_connector_pk = a.workspace_connector_pk and b.pk > a.pk
             and a.started_at < b.completed_at and b.started_at < a.completed_at",
        ),
        (
            "unbalanced lines",
            "select count(*) from sync_ledger where fetched <>
            inserted + updated + unchanged + dropped_total + waiting",
        ),
        (
            "records twice",
            "select count(*) - count(distinct (source_workspace_connector_pk,
            transaction_external_id)) from transactions",
        ),
        (
            "runs that failed",
            "select count(*) from workspace_connector_sync_logs
            where status = 'error' and error not like 'interrupted%'",
        ),
        ("jobs left", "select count(*) from apalis.jobs"),
        (
            "connectors left in processing",
            "select count(*) from workspace_connectors
            where status = 'processing'",
        ),
    ];
    for (what, sql) in none {
        assert_eq!(world.count(sql).await, 0, "{what}");
    }
    let ended_well = "select count(*) from workspace_connector_sync_logs where status = 'success'";
    assert_eq!(world.count(ended_well).await, asked as i64, "each run asked for ends well, once");
    let stored = world.count("select count(*) from transactions").await;
    assert_eq!(stored, (rows * connectors.len()) as i64);
}
