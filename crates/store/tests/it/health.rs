//! How a connector is, from what its runs have left in the store, on both databases.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::connector::InstallationStatus;
use domain::health::HealthState;
use domain::id::{SyncLogId, WorkspaceConnectorId};
use domain::run::{LedgerLine, Tally, TriggerType};
use domain::{NewDiagnostic, Reason, TargetModel};
use serde_json::json;
use store::sync_logs::{self, Outcome};
use store::{Error, Tenant, diagnostics, health, workspace_connectors};
use testkit::{Db, make};

testkit::each_database! {
    a_connector_that_never_ran_has_no_health_yet,
    health_follows_what_the_last_runs_noted,
    a_row_may_narrow_the_impact_of_its_reason,
    a_cancelled_run_says_nothing,
    a_stranger_learns_nothing_of_health,
}

fn later(minutes: i64) -> DateTime<Utc> {
    make::now() + chrono::Duration::minutes(minutes)
}

/// A run that began and ended at a minute, with one target.
async fn run(
    db: &Db,
    tenant: &Tenant,
    connector: WorkspaceConnectorId,
    minute: i64,
    (rows, noted): (u64, Vec<NewDiagnostic>),
) -> SyncLogId {
    let gap = Duration::ZERO;
    let scheduled =
        sync_logs::schedule(&db.store, tenant, connector, TriggerType::Api, gap, later(minute));
    let id = scheduled.await.unwrap().unwrap().sync_log_id;
    sync_logs::start(&db.store, tenant, id, later(minute)).await.unwrap();
    let noted: Vec<NewDiagnostic> =
        noted.into_iter().map(|it| NewDiagnostic { sync_log: Some(id), ..it }).collect();
    if !noted.is_empty() {
        diagnostics::insert_many(&db.store, tenant, noted, later(minute)).await.unwrap();
    }
    let tally = Tally { fetched: rows, mapped: rows, inserted: rows, ..Tally::default() };
    let outcome = Outcome {
        error: None,
        ledger: vec![LedgerLine { target_model: TargetModel::Invoice, tally }],
        metadata: None,
        resting: InstallationStatus::Enabled,
        evidence: None,
    };
    sync_logs::settle(&db.store, tenant, id, outcome, later(minute + 1)).await.unwrap();
    id
}

fn row(connector: WorkspaceConnectorId, reason: Reason) -> NewDiagnostic {
    NewDiagnostic { reason, ..make::diagnostic(connector) }
}

async fn a_connector_that_never_ran_has_no_health_yet(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let health = health::find(&db.store, &tenant, connector, later(0)).await.unwrap();
    assert_eq!((health.state, health.since), (HealthState::NeverSynced, None));
    assert_eq!(health.targets.len(), 12);
}

async fn health_follows_what_the_last_runs_noted(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    run(&db, &tenant, connector, 0, (5, Vec::new())).await;
    for minute in [10, 20] {
        let noted = vec![row(connector, Reason::MappedEntitiesPartialDrop)];
        run(&db, &tenant, connector, minute, (5, noted)).await;
    }
    let find = || health::find(&db.store, &tenant, connector, later(60));
    let health = find().await.unwrap();
    assert_eq!((health.state, health.since), (HealthState::Degraded, Some(later(11))));
    assert_eq!(health.fresh_until, Some(later(0)));
    assert_eq!(health.reasons, [Reason::MappedEntitiesPartialDrop]);
    run(&db, &tenant, connector, 30, (5, Vec::new())).await;
    let health = find().await.unwrap();
    assert_eq!((health.state, health.since), (HealthState::Healthy, Some(later(31))));
    assert_eq!(health.fresh_until, Some(later(30)));
    let patch = workspace_connectors::Patch {
        status: Some(InstallationStatus::NeedReconnect),
        ..Default::default()
    };
    workspace_connectors::update(&db.store, &tenant, connector, patch, later(40)).await.unwrap();
    assert_eq!(find().await.unwrap().state, HealthState::NeedsReconnect);
}

async fn a_row_may_narrow_the_impact_of_its_reason(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let mut optional = row(connector, Reason::FkParentMissing);
    optional.context = Some(json!({ "impact": "internal" }));
    run(&db, &tenant, connector, 0, (5, vec![optional.clone()])).await;
    let health = health::find(&db.store, &tenant, connector, later(60)).await.unwrap();
    assert_eq!(health.state, HealthState::Healthy);
    let both = vec![row(connector, Reason::FkParentMissing), optional];
    run(&db, &tenant, connector, 10, (5, both)).await;
    let health = health::find(&db.store, &tenant, connector, later(60)).await.unwrap();
    assert_eq!(health.state, HealthState::Degraded);
}

async fn a_cancelled_run_says_nothing(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    run(&db, &tenant, connector, 0, (5, Vec::new())).await;
    let gap = Duration::ZERO;
    let next = sync_logs::schedule(&db.store, &tenant, connector, TriggerType::Api, gap, later(10));
    let next = next.await.unwrap().unwrap().sync_log_id;
    sync_logs::cancel(&db.store, &tenant, next, later(11)).await.unwrap();
    let health = health::find(&db.store, &tenant, connector, later(60)).await.unwrap();
    assert_eq!((health.state, health.since), (HealthState::Healthy, Some(later(1))));
}

async fn a_stranger_learns_nothing_of_health(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let stranger = make::workspace(&db, "stranger").await;
    let connector = make::connector(&db, &tenant).await;
    run(&db, &tenant, connector, 0, (5, vec![row(connector, Reason::EmptyResult)])).await;
    let found = health::find(&db.store, &stranger, connector, later(60)).await;
    assert!(matches!(found, Err(Error::NotFound("workspace_connector"))), "{found:?}");
    let history = health::history(&db.store, &stranger, connector, later(60)).await.unwrap();
    assert!(history.is_empty());
}
