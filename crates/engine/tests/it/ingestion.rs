//! What arrives: right values, once, and unchanged the second time.

use domain::TargetModel;
use domain::TargetModel::{Account, Company, Invoice, People, Transaction};
use expect_test::expect;
use store::records;
use testkit::Db;

use crate::world::{World, ledger};

testkit::each_database! {
    the_healthy_server_is_ingested_whole_and_the_second_run_changes_nothing,
    what_was_read_before_a_crash_is_there_and_a_second_run_adds_only_the_rest,
}

async fn the_healthy_server_is_ingested_whole_and_the_second_run_changes_nothing(db: Db) {
    let world = World::on(db).await;
    let transport = world.http("ledger", &[]).await;
    let connector = world.connector("ledger", transport).await;
    let targets = [Company, People, Account, Transaction, Invoice];

    let first = world.sync(connector, &targets).await;
    let told = world.findings(first.log.sync_log_id).await;
    expect![[r#"
        success
        company: fetched 12 inserted 12 updated 0 unchanged 0 dropped [] waiting 0
        account: fetched 3 inserted 3 updated 0 unchanged 0 dropped [] waiting 0
        people: fetched 30 inserted 30 updated 0 unchanged 0 dropped [] waiting 0
        invoice: fetched 60 inserted 60 updated 0 unchanged 0 dropped [] waiting 0
        transaction: fetched 240 inserted 240 updated 0 unchanged 0 dropped [] waiting 0
    "#]]
    .assert_eq(&format!("{}{told}", ledger(&first)));

    let second = world.sync(connector, &targets).await;
    let told = world.findings(second.log.sync_log_id).await;
    expect![[r#"
        success
        company: fetched 12 inserted 0 updated 0 unchanged 12 dropped [] waiting 0
        account: fetched 3 inserted 0 updated 0 unchanged 3 dropped [] waiting 0
        people: fetched 30 inserted 0 updated 0 unchanged 30 dropped [] waiting 0
        invoice: fetched 60 inserted 0 updated 0 unchanged 60 dropped [] waiting 0
        transaction: fetched 240 inserted 0 updated 0 unchanged 240 dropped [] waiting 0
    "#]]
    .assert_eq(&format!("{}{told}", ledger(&second)));
}

async fn what_was_read_before_a_crash_is_there_and_a_second_run_adds_only_the_rest(db: Db) {
    let world = World::on(db).await;
    let dying = World::stdio("ledger", &["die_midway:list_transactions=2"]);
    let connector = world.connector("ledger", dying).await;
    let cut = world.sync(connector, &[Account, Transaction]).await;
    let kept = stored(&world, Transaction).await;
    assert!(kept > 0 && kept == fetched(&cut, Transaction), "{}", ledger(&cut));

    world.redirect(connector, World::stdio("ledger", &[])).await;
    let whole = world.sync(connector, &[Account, Transaction]).await;
    let line = whole.log.ledger.iter().find(|it| it.target_model == Transaction).expect("a line");
    assert_eq!(line.tally.unchanged, kept);
    assert_eq!(stored(&world, Transaction).await, line.tally.fetched);
}

async fn stored(world: &World, model: TargetModel) -> u64 {
    records::count(&world.db.store, &world.tenant, model).await.expect("counted")
}

fn fetched(report: &engine::Report, model: TargetModel) -> u64 {
    let lines = report.log.ledger.iter().filter(|it| it.target_model == model);
    lines.map(|it| it.tally.fetched).sum()
}
