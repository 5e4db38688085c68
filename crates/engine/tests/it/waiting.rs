//! Rows that wait for a parent: counted once, released when it comes.

use domain::TargetModel;
use domain::TargetModel::{Account, Invoice, InvoiceTransaction, Transaction};
use expect_test::expect;
use store::pending;
use testkit::Db;

use crate::world::{World, ledger};

testkit::each_database! {
    waiting_rows_are_released_by_the_run_that_brings_their_parents,
    a_waiting_row_that_comes_again_waits_once,
    parents_that_another_run_brought_release_at_the_start,
    an_account_under_a_new_identifier_is_the_same_account,
}

const WAITING: &str = "select count(*) from pending_entities";
const STORED: &str = "select count(*) from invoice_transactions";

async fn waiting_rows_are_released_by_the_run_that_brings_their_parents(db: Db) {
    let world = World::on(db).await;
    let transport = world.http("ledger", &[]).await;
    let connector = world.connector("ledger", transport).await;
    let first = world.sync(connector, &[InvoiceTransaction]).await;
    let all = fetched(&first, InvoiceTransaction);
    assert!(all > 0);
    assert_eq!((world.db.number(WAITING).await, world.db.number(STORED).await), (all, 0));

    let second = world.sync(connector, &[Account, Invoice, Transaction]).await;
    assert_eq!((world.db.number(WAITING).await, world.db.number(STORED).await), (0, all));
    let line = second.log.ledger.iter().find(|it| it.target_model == InvoiceTransaction);
    let line = line.expect("released rows have a line");
    assert_eq!((line.tally.released, line.tally.fetched), (all.unsigned_abs(), 0));
    let metadata = second.log.metadata.expect("metadata");
    assert_eq!(metadata["released"], all);

    let third = world.sync(connector, &[InvoiceTransaction]).await;
    let line = third.log.ledger.first().expect("a line");
    assert_eq!((line.tally.unchanged, line.tally.released), (all.unsigned_abs(), 0));
}

async fn a_waiting_row_that_comes_again_waits_once(db: Db) {
    let world = World::on(db).await;
    let transport = world.http("ledger", &[]).await;
    let connector = world.connector("ledger", transport).await;
    let first = world.sync(connector, &[InvoiceTransaction]).await;
    let again = world.sync(connector, &[InvoiceTransaction]).await;
    assert_eq!(ledger(&first), ledger(&again));
    let all = fetched(&again, InvoiceTransaction);
    assert_eq!(world.db.number(WAITING).await, all);

    // All in one run: released when the invoices and the payments are there, then read again.
    let whole = world.sync(connector, &[Account, Invoice, Transaction, InvoiceTransaction]).await;
    assert_eq!((world.db.number(WAITING).await, world.db.number(STORED).await), (0, all));
    let of = |model: TargetModel| {
        let line = whole.log.ledger.iter().find(|it| it.target_model == model);
        line.expect("a line").tally.clone()
    };
    let tally = of(InvoiceTransaction);
    assert_eq!((tally.released, tally.unchanged), (all.unsigned_abs(), all.unsigned_abs()));
}

async fn parents_that_another_run_brought_release_at_the_start(db: Db) {
    let world = World::on(db).await;
    let transport = world.http("ledger", &[]).await;
    let connector = world.connector("ledger", transport).await;
    let waits = world.sync(connector, &[InvoiceTransaction]).await;
    let all = fetched(&waits, InvoiceTransaction);
    let transport = world.http("ledger", &[]).await;
    let other = world.connector("other", transport).await;
    world.sync(other, &[Account, Invoice, Transaction]).await;
    // Rows are released by a run of the connector that they came from.
    assert_eq!(world.db.number(WAITING).await, all);
    let report = world.sync(connector, &[Account]).await;
    expect![[r#"
        success
        account: fetched 3 inserted 3 updated 0 unchanged 0 dropped [] waiting 0
    "#]]
    .assert_eq(&ledger(&report));
    assert_eq!((world.db.number(WAITING).await, world.db.number(STORED).await), (0, all));
    let left = pending::models(&world.db.store, &world.tenant, connector).await.expect("asked");
    assert!(left.is_empty());
}

async fn an_account_under_a_new_identifier_is_the_same_account(db: Db) {
    let world = World::on(db).await;
    let transport = world.http("ledger", &[]).await;
    let connector = world.connector("ledger", transport).await;
    world.sync(connector, &[Account, Transaction]).await;
    let before = world.db.words(IDS).await;
    world
        .db
        .run(
            "update accounts set account_external_id = 'old-' || account_external_id
              where iban is not null;
             update transactions set account_external_id = 'old-' || account_external_id
              where account_external_id in ('acc_01', 'acc_02')",
        )
        .await;
    let report = world.sync(connector, &[Account]).await;
    expect![[r#"
        success
        account: fetched 3 inserted 0 updated 2 unchanged 1 dropped [] waiting 0
    "#]]
    .assert_eq(&ledger(&report));
    assert_eq!(world.db.words(IDS).await, before);
    let dangling = "select count(*) from transactions where account_external_id like 'old-%'";
    assert_eq!(world.db.number(dangling).await, 0);
}

const IDS: &str = "select account_external_id || ' ' || created_at from accounts order by 1";

fn fetched(report: &engine::Report, model: TargetModel) -> i64 {
    let lines = report.log.ledger.iter().filter(|it| it.target_model == model);
    lines.map(|it| it.tally.fetched).sum::<u64>().cast_signed()
}
