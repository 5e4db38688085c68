//! Where a connector rests after its runs, and how it is told.

use domain::TargetModel::{Account, Company, Invoice, People, Transaction};
use domain::connector::InstallationStatus::{self, Degraded, Enabled, NeedReconnect};
use domain::health::{Health, HealthState};
use domain::id::WorkspaceConnectorId;
use domain::run::SyncStatus;
use engine::{Event, Progress, Request};
use store::{health, workspace_connectors};
use testkit::Db;
use tokio_util::sync::CancellationToken;

use crate::world::{World, now};

testkit::each_database! {
    structural_reasons_never_degrade,
    refused_on_every_tool_needs_a_reconnect_and_recovery_clears,
    a_run_of_other_targets_does_not_clear_what_is_degraded,
    a_cancelled_run_leaves_the_connector_where_it_rested,
    a_run_that_hits_its_caps_still_balances,
}

async fn rests(world: &World, connector: WorkspaceConnectorId) -> InstallationStatus {
    let found = workspace_connectors::find(&world.db.store, &world.tenant, connector).await;
    let found = found.expect("there");
    assert_eq!(found.resting_status, None);
    found.status
}

async fn how(world: &World, connector: WorkspaceConnectorId) -> Health {
    health::find(&world.db.store, &world.tenant, connector, now()).await.expect("told")
}

async fn structural_reasons_never_degrade(db: Db) {
    let world = World::on(db).await;
    let transport = world.http("ledger", &["no_listing_tools"]).await;
    let connector = world.connector("ledger", transport).await;
    for _ in 0..2 {
        world.sync(connector, &[]).await;
        assert_eq!(rests(&world, connector).await, Enabled);
        assert_eq!(how(&world, connector).await.state, HealthState::NoData);
    }
    let empty = world.http("ledger", &["empty"]).await;
    world.redirect(connector, empty).await;
    world.sync(connector, &[]).await;
    assert_eq!(rests(&world, connector).await, Enabled);
}

async fn refused_on_every_tool_needs_a_reconnect_and_recovery_clears(db: Db) {
    let world = World::on(db).await;
    let transport = world.http("ledger", &["unauthorized"]).await;
    let connector = world.connector("ledger", transport).await;
    let report = world.sync(connector, &[Company, Account]).await;
    assert_eq!(report.log.status, SyncStatus::Error);
    assert_eq!(rests(&world, connector).await, NeedReconnect);
    let told = how(&world, connector).await;
    assert_eq!(told.state, HealthState::NeedsReconnect);
    assert_eq!(told.since, report.log.completed_at);
    assert!(told.advice.starts_with("Reconnect"), "{}", told.advice);

    let healthy = world.http("ledger", &[]).await;
    world.redirect(connector, healthy).await;
    let report = world.sync(connector, &[Company, Account]).await;
    assert_eq!(rests(&world, connector).await, Enabled);
    let told = how(&world, connector).await;
    assert_eq!((told.state, told.since), (HealthState::Healthy, report.log.completed_at));
    assert_eq!(told.fresh_until, report.log.started_at);
}

async fn a_run_of_other_targets_does_not_clear_what_is_degraded(db: Db) {
    let world = World::on(db).await;
    let transport = world.http("ledger", &["null_required:list_invoices=5"]).await;
    let connector = world.connector("ledger", transport).await;
    world.sync(connector, &[Company, Invoice]).await;
    assert_eq!(rests(&world, connector).await, Degraded);
    world.sync(connector, &[Company, People]).await;
    assert_eq!(rests(&world, connector).await, Degraded);
    let healthy = world.http("ledger", &[]).await;
    world.redirect(connector, healthy).await;
    world.sync(connector, &[Invoice]).await;
    assert_eq!(rests(&world, connector).await, Enabled);
    assert_eq!(how(&world, connector).await.state, HealthState::Healthy);
}

async fn a_cancelled_run_leaves_the_connector_where_it_rested(db: Db) {
    let world = World::on(db).await;
    let transport = world.http("ledger", &["null_required:list_invoices=5"]).await;
    let connector = world.connector("ledger", transport).await;
    world.sync(connector, &[Company, Invoice]).await;
    assert_eq!(rests(&world, connector).await, Degraded);
    let before = how(&world, connector).await;
    let cancel = CancellationToken::new();
    let stop = cancel.clone();
    let progress = Progress::new(move |event| {
        if matches!(event, Event::Page { .. }) {
            stop.cancel();
        }
    });
    let targets = vec![Account, Transaction];
    let request = Request { targets, progress, cancel, ..Request::default() };
    let report = world.sync_with(connector, &request).await;
    assert_eq!(report.log.status, SyncStatus::Error);
    assert_eq!(rests(&world, connector).await, Degraded);
    assert_eq!(how(&world, connector).await, before);
}

async fn a_run_that_hits_its_caps_still_balances(db: Db) {
    let mut world = World::on(db).await;
    world.engine.settings.rows = 150;
    let transport = world.http("ledger", &[]).await;
    let connector = world.connector("ledger", transport).await;
    let report = world.sync(connector, &[Account, Transaction]).await;
    let line = report.log.ledger.iter().find(|it| it.target_model == Transaction).expect("a line");
    assert!(line.tally.truncated && line.tally.is_balanced(), "{line:?}");
    let told = how(&world, connector).await;
    let target = told.targets.iter().find(|it| it.target_model == Transaction).expect("a target");
    assert_eq!((target.state, target.fresh_until), (HealthState::Healthy, None));
}
