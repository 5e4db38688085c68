//! Rows with one fingerprint are one issue: counted exactly, resolved by evidence, regressed by a
//! mapping that is no older, each transition once, on both databases.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::connector::InstallationStatus;
use domain::id::{SyncIssueId, SyncLogId, WorkspaceConnectorId};
use domain::issue::{Cause, Evidence, Ran, Spike, State, Wish};
use domain::run::TriggerType;
use domain::{Diagnostic, NewDiagnostic, Reason, TargetModel};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use serde_json::json;
use store::issues::{self, Issue, Patch};
use store::sync_logs::{self, Outcome};
use store::{Error, Query, Settings, Store, Tenant, diagnostics};
use testkit::{Db, make};

testkit::each_database! {
    rows_of_one_fingerprint_are_one_issue,
    facts_about_a_provider_open_nothing,
    counts_are_exact_whatever_the_batches,
    counts_are_exact_with_many_writers_at_once,
    an_issue_is_opened_once_by_many_writers,
    above_a_rate_rows_are_counted_and_each_run_keeps_its_first,
    a_corrected_row_counts_for_the_issue_that_it_moves_to,
    an_issue_outlives_its_rows_by_one_retention,
    the_blast_radius_counts_what_is_missing_now,
    a_stranger_finds_changes_and_learns_nothing,
}

pub(crate) fn later(minutes: i64) -> DateTime<Utc> {
    make::now() + chrono::Duration::minutes(minutes)
}

pub(crate) struct World {
    pub(crate) db: Db,
    pub(crate) store: Store,
    pub(crate) tenant: Tenant,
    pub(crate) connector: WorkspaceConnectorId,
}

impl World {
    pub(crate) async fn new(db: Db) -> Self {
        let tenant = make::workspace(&db, "acme").await;
        let connector = make::connector(&db, &tenant).await;
        Self { store: db.store.clone(), tenant, connector, db }
    }

    pub(crate) fn row(&self, version: impl Into<Option<u32>>) -> NewDiagnostic {
        let context = version.into().map(|it| json!({ "mapping_version": it, "rejected": 12 }));
        NewDiagnostic { context, ..make::diagnostic(self.connector) }
    }

    pub(crate) async fn write(&self, row: NewDiagnostic, minute: i64) -> Diagnostic {
        diagnostics::insert(&self.store, &self.tenant, row, later(minute)).await.unwrap()
    }

    /// The one issue that there is.
    pub(crate) async fn issue(&self) -> Issue {
        let query = Query::default();
        let all = issues::list(&self.store, &self.tenant, &query).await.unwrap().items;
        assert_eq!(all.len(), 1, "{all:?}");
        all.into_iter().next().unwrap().0
    }

    pub(crate) async fn story(&self, issue: &Issue) -> Vec<(Option<State>, State, Cause)> {
        let all = issues::transitions(&self.store, &self.tenant, issue).await.unwrap();
        all.into_iter().rev().map(|it| (it.from, it.to, it.cause)).collect()
    }

    pub(crate) async fn ask(&self, id: SyncIssueId, wish: Wish, minute: i64) -> Issue {
        let patch = Patch { wish: Some(wish), note: None };
        issues::update(&self.store, &self.tenant, id, &patch, later(minute)).await.unwrap()
    }

    pub(crate) async fn start(&self, minute: i64) -> SyncLogId {
        let gap = Duration::ZERO;
        let (store, tenant) = (&self.store, &self.tenant);
        let run = sync_logs::schedule(
            store,
            tenant,
            self.connector,
            TriggerType::Api,
            gap,
            later(minute),
        );
        let run = run.await.unwrap().unwrap().sync_log_id;
        sync_logs::start(store, tenant, run, later(minute)).await.unwrap();
        run
    }

    pub(crate) async fn settle(
        &self,
        run: SyncLogId,
        error: Option<&str>,
        evidence: Evidence,
        minute: i64,
    ) {
        let outcome = Outcome {
            error: error.map(str::to_owned),
            ledger: Vec::new(),
            metadata: None,
            resting: InstallationStatus::Enabled,
            evidence: Some(evidence),
        };
        sync_logs::settle(&self.store, &self.tenant, run, outcome, later(minute)).await.unwrap();
    }

    /// A run that begins and ends at a minute.
    pub(crate) async fn ran(&self, minute: i64, change: impl FnOnce(&mut Evidence)) -> SyncLogId {
        let run = self.start(minute).await;
        let mut evidence = evidence(minute);
        change(&mut evidence);
        self.settle(run, None, evidence, minute).await;
        run
    }
}

pub(crate) fn evidence(minute: i64) -> Evidence {
    let ran = Ran {
        target: TargetModel::Invoice,
        tool: "pennylane_get_invoices".to_owned(),
        mapping_version: Some(3),
        arrived: 5,
        written: 5,
    };
    Evidence { started_at: later(minute), ran: vec![ran], noted: Vec::new() }
}

async fn rows_of_one_fingerprint_are_one_issue(db: Db) {
    let world = World::new(db).await;
    let first = world.write(world.row(2), 0).await;
    world.write(NewDiagnostic { detail: "other words".to_owned(), ..world.row(3) }, 5).await;
    let backdated = NewDiagnostic { occurred_at: Some(later(-600)), ..world.row(1) };
    world.write(backdated, 6).await;
    let issue = world.issue().await;
    assert_eq!(first.issue(), Some(issue.id));
    assert_eq!(
        (issue.fingerprint.as_str(), issue.connector),
        (&*first.fingerprint, world.connector)
    );
    assert_eq!((issue.count, issue.not_stored, issue.state), (3, 0, State::Open));
    assert_eq!((issue.first_seen_at, issue.last_seen_at), (later(-600), later(5)));
    assert_eq!((issue.mapping_version, issue.affected_records), (Some(3), 12));
    assert_eq!(world.story(&issue).await, [(None, State::Open, Cause::Seen)]);
    let trend = issues::trend(&world.store, &world.tenant, &issue, later(10)).await.unwrap();
    assert_eq!((trend.len(), trend[13].day.as_str(), trend[13].count), (14, "2026-06-01", 3));
    let found = issues::find(&world.store, &world.tenant, issue.id).await.unwrap();
    assert_eq!(found, issue);
    // Another tool is another issue.
    world.write(NewDiagnostic { tool_name: None, ..world.row(3) }, 7).await;
    let query = Query::default();
    let all = issues::list(&world.store, &world.tenant, &query).await.unwrap();
    assert_eq!(all.items.len(), 2);
}

async fn facts_about_a_provider_open_nothing(db: Db) {
    let world = World::new(db).await;
    for reason in [Reason::NoSuitableTool, Reason::EmptyResult, Reason::TargetSkipped] {
        let row = NewDiagnostic { reason, ..world.row(None) };
        assert_eq!(world.write(row, 0).await.issue(), None);
    }
    let query = Query::default();
    assert!(issues::list(&world.store, &world.tenant, &query).await.unwrap().items.is_empty());
    let context = Some(json!({ "rows_before": 7 }));
    world.write(NewDiagnostic { reason: Reason::EmptyResult, context, ..world.row(None) }, 1).await;
    assert_eq!(world.issue().await.reason, Reason::EmptyResult);
}

/// Which of three tools, how many minutes ago.
fn batches() -> impl Strategy<Value = Vec<Vec<(u8, i64)>>> {
    let row = (0..3u8, 0..3_000i64);
    prop::collection::vec(prop::collection::vec(row, 1..8), 1..8)
}

async fn counts_are_exact_whatever_the_batches(db: Db) {
    let world = World::new(db).await;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut wanted = [0; 3];
    for _ in 0..8 {
        let batches = batches().new_tree(&mut runner).unwrap().current();
        for batch in batches {
            let rows = batch.iter().map(|(tool, ago)| NewDiagnostic {
                tool_name: Some(format!("tool {tool}")),
                occurred_at: Some(later(-ago)),
                ..world.row(None)
            });
            let rows: Vec<_> = rows.collect();
            for (tool, _) in &batch {
                wanted[usize::from(*tool)] += 1;
            }
            match rows.len() {
                1 => drop(world.write(rows[0].clone(), 0).await),
                _ => drop(
                    diagnostics::insert_many(&world.store, &world.tenant, rows, later(0))
                        .await
                        .unwrap(),
                ),
            }
        }
    }
    let query = Query::default();
    for (issue, _) in issues::list(&world.store, &world.tenant, &query).await.unwrap().items {
        let tool: usize = issue.tool_name.as_deref().unwrap()[5..].parse().unwrap();
        assert_eq!(issue.count, wanted[tool]);
        let days = issues::trend(&world.store, &world.tenant, &issue, later(0)).await.unwrap();
        assert_eq!(days.iter().map(|it| it.count).sum::<u64>(), wanted[tool]);
    }
}

async fn counts_are_exact_with_many_writers_at_once(db: Db) {
    let world = World::new(db).await;
    let tasks: Vec<_> = (0..8)
        .map(|n| {
            // Each has its own writers, as a process has.
            let (place, tenant) = (world.db.place.clone(), world.tenant.clone());
            let rows: Vec<_> = (0..25)
                .map(|it| NewDiagnostic {
                    tool_name: Some(format!("tool {}", (it * 7 + n) % 5)),
                    ..world.row(None)
                })
                .collect();
            tokio::spawn(async move {
                let store = Store::open(&place, testkit::settings()).await.unwrap();
                for row in rows.clone() {
                    diagnostics::insert(&store, &tenant, row, later(0)).await.unwrap();
                }
                diagnostics::insert_many(&store, &tenant, rows, later(1)).await.unwrap();
                store.close().await;
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let query = Query::default();
    let all = issues::list(&world.store, &world.tenant, &query).await.unwrap().items;
    assert_eq!(all.len(), 5);
    for (issue, _) in all {
        assert_eq!(issue.count, 80);
        let trend = issues::trend(&world.store, &world.tenant, &issue, later(1)).await.unwrap();
        assert_eq!(trend[13].count, 80);
    }
}

async fn an_issue_is_opened_once_by_many_writers(db: Db) {
    let world = World::new(db).await;
    let writes: Vec<_> = (0..20)
        .map(|_| {
            let (store, tenant, row) = (world.store.clone(), world.tenant.clone(), world.row(None));
            tokio::spawn(async move {
                diagnostics::insert(&store, &tenant, row, later(0)).await.unwrap();
            })
        })
        .collect();
    for write in writes {
        write.await.unwrap();
    }
    let issue = world.issue().await;
    assert_eq!(issue.count, 20);
    assert_eq!(world.story(&issue).await.len(), 1);
}

async fn above_a_rate_rows_are_counted_and_each_run_keeps_its_first(db: Db) {
    let mut world = World::new(db).await;
    let spike = Spike { per_hour: 10 };
    world.store = world.db.reopen(Settings { spike, ..testkit::settings() }).await;
    let record = async |run: SyncLogId, count: usize, minute: i64| {
        let row = NewDiagnostic { sync_log: Some(run), ..world.row(3) };
        let rows = vec![row; count];
        diagnostics::record(&world.store, &world.tenant, rows, later(minute)).await.unwrap()
    };
    let first = world.start(0).await;
    assert_eq!(record(first, 4, 0).await, 4);
    assert_eq!(record(first, 40, 1).await, 6);
    world.settle(first, None, Evidence { ran: Vec::new(), ..evidence(0) }, 2).await;
    let second = world.start(3).await;
    assert_eq!(record(second, 30, 3).await, 1);
    assert_eq!(record(second, 5, 3).await, 0);
    let issue = world.issue().await;
    assert_eq!((issue.count, issue.not_stored), (79, 68));
    assert_eq!(issue.not_stored_since, Some(later(1)));
    let stored = "select count(*) from connector_sync_diagnostics";
    assert_eq!(world.db.number(stored).await, 11);
    let trend = issues::trend(&world.store, &world.tenant, &issue, later(4)).await.unwrap();
    assert_eq!(trend[13].count, 79);
    // What a client writes is stored, whatever the rate; and an hour later runs store again.
    world.write(world.row(3), 4).await;
    assert_eq!(world.db.number(stored).await, 12);
    assert_eq!(record(second, 20, 64).await, 10);
}

async fn a_corrected_row_counts_for_the_issue_that_it_moves_to(db: Db) {
    let world = World::new(db).await;
    let row = world.write(world.row(3), 0).await;
    world.write(world.row(3), 1).await;
    let patch = domain::diagnostic::Patch {
        tool_name: Some(Some("the other".to_owned())),
        ..Default::default()
    };
    let id = row.diagnostic_id;
    diagnostics::update(&world.store, &world.tenant, id, patch, later(2)).await.unwrap();
    let query = Query::default();
    let all = issues::list(&world.store, &world.tenant, &query).await.unwrap().items;
    let mut counts: Vec<_> =
        all.into_iter().map(|(it, _)| (it.tool_name.unwrap(), it.count)).collect();
    counts.sort();
    assert_eq!(counts, [("pennylane_get_invoices".to_owned(), 1), ("the other".to_owned(), 1)]);
    // Rows that are deleted did occur.
    diagnostics::delete(&world.store, &world.tenant, id, later(3)).await.unwrap();
    let all = issues::list(&world.store, &world.tenant, &query).await.unwrap().items;
    assert!(all.iter().all(|(it, _)| it.count == 1));
}

async fn an_issue_outlives_its_rows_by_one_retention(db: Db) {
    let world = World::new(db).await;
    world.write(world.row(3), 0).await;
    let days = i64::from(world.tenant.retention().days);
    let operator = world.store.operator();
    let after = |days: i64| make::now() + chrono::Duration::days(days) + chrono::Duration::hours(1);
    diagnostics::prune_all(&world.store, &operator, after(days)).await.unwrap();
    assert_eq!(world.db.number("select count(*) from connector_sync_diagnostics").await, 0);
    assert_eq!(world.issue().await.count, 1);
    diagnostics::prune_all(&world.store, &operator, after(days * 2)).await.unwrap();
    for table in ["sync_issues", "sync_issue_days", "sync_issue_transitions"] {
        assert_eq!(world.db.number(&format!("select count(*) from {table}")).await, 0, "{table}");
    }
}

async fn the_blast_radius_counts_what_is_missing_now(db: Db) {
    use store::pending::{Parent, Pending};
    let world = World::new(db).await;
    let run = world.start(0).await;
    world.write(NewDiagnostic { sync_log: Some(run), ..world.row(3) }, 0).await;
    let tool = "pennylane_get_invoices".to_owned();
    let rejected: Vec<_> = ["a", "b", "c"]
        .iter()
        .map(|id| store::rejected::Rejected {
            tool: tool.clone(),
            reason: Reason::MappedEntitiesDropped,
            ..crate::missing::rejected_row(TargetModel::Invoice, id)
        })
        .collect();
    let (store, tenant, connector) = (&world.store, &world.tenant, world.connector);
    store::rejected::insert_many(store, tenant, run, connector, rejected, later(0)).await.unwrap();
    let parent = Parent {
        attribute: "invoice_external_id".to_owned(),
        model: TargetModel::Invoice,
        external_id: "i1".to_owned(),
    };
    let waits = Pending {
        parents: vec![parent],
        ..crate::missing::pending_row(TargetModel::InvoiceTransaction, "x")
    };
    store::pending::put(store, tenant, run, connector, &[waits], later(0)).await.unwrap();
    let radius = issues::blast_radius(store, tenant, &world.issue().await).await.unwrap();
    assert_eq!((radius.rejected, radius.waiting), (3, 0));
    assert_eq!(radius.models, [TargetModel::InvoiceTransaction]);
    assert_eq!(radius.dependants.len(), 1);
    assert_eq!(radius.dependants[0].waiting, 1);
}

async fn a_stranger_finds_changes_and_learns_nothing(db: Db) {
    let world = World::new(db).await;
    world.write(world.row(3), 0).await;
    let issue = world.issue().await;
    let stranger = make::workspace(&world.db, "stranger").await;
    let store = &world.store;
    let unknown = |it: Option<Error>| {
        assert!(matches!(it, Some(Error::NotFound("sync_issue"))), "{it:?}");
    };
    unknown(issues::find(store, &stranger, issue.id).await.err());
    let patch = Patch { wish: Some(Wish::Resolve), note: Some(Some("mine".to_owned())) };
    unknown(issues::update(store, &stranger, issue.id, &patch, later(1)).await.err());
    assert!(issues::list(store, &stranger, &Query::default()).await.unwrap().items.is_empty());
    assert!(issues::transitions(store, &stranger, &issue).await.unwrap().is_empty());
    let trend = issues::trend(store, &stranger, &issue, later(1)).await.unwrap();
    assert!(trend.iter().all(|it| it.count == 0));
    let radius = issues::blast_radius(store, &stranger, &issue).await.unwrap();
    assert_eq!((radius.rejected, radius.waiting, radius.dependants.len()), (0, 0, 0));
    assert_eq!(world.issue().await, issue);
}
