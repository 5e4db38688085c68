//! How records find their parents: by name, code and number, in any order, across connectors.

use domain::TargetModel::{
    Account, Company, Email, Invoice, Journal, JournalEntry, LedgerAccount, People,
};
use expect_test::expect;
use testkit::Db;

use crate::world::{World, ledger};

testkit::each_database! {
    parents_are_found_by_name_code_and_number,
    children_may_come_before_their_parents_and_pages_before,
    a_second_run_of_children_first_changes_nothing,
    a_number_that_another_connector_holds_is_told_with_its_holder,
    a_parent_of_another_connector_is_found_in_the_workspace,
}

async fn parents_are_found_by_name_code_and_number(db: Db) {
    let world = World::on(db).await;
    let transport = world.http("books", &[]).await;
    let connector = world.connector("books", transport).await;
    let targets = [Company, People, Invoice, LedgerAccount, Journal, JournalEntry, Email];
    let report = world.sync(connector, &targets).await;
    let findings = world.findings(report.log.sync_log_id).await;
    let missing: Vec<&str> =
        findings.lines().filter(|it| it.contains("fk_parent_missing")).collect();
    expect![[r#"
        people | fk_parent_missing | list_contacts | - | 2 people record(s) refer by `company_external_id` to company records that are neither in this run nor in the workspace (of 1 the name is that of several); the reference is left empty
        invoice | fk_parent_missing | list_invoices | - | 2 invoice record(s) refer by `receiver_external_id` to company records that are neither in this run nor in the workspace (of 1 the name is that of several); the reference is left empty
        journal_entry | fk_parent_missing | list_journal_entries | - | 1 journal_entry record(s) refer by `journal_external_id` to journal records that are neither in this run nor in the workspace; they wait for it"#]]
    .assert_eq(&missing.join("\n"));
    expect![[r#"
        success
        company: fetched 5 inserted 5 updated 0 unchanged 0 dropped [] waiting 0
        ledger_account: fetched 14 inserted 14 updated 0 unchanged 0 dropped [] waiting 0
        people: fetched 4 inserted 4 updated 0 unchanged 0 dropped [] waiting 0
        invoice: fetched 4 inserted 4 updated 0 unchanged 0 dropped [] waiting 0
        journal: fetched 2 inserted 2 updated 0 unchanged 0 dropped [] waiting 0
        journal_entry: fetched 6 inserted 5 updated 0 unchanged 0 dropped [] waiting 1
        email: fetched 3 inserted 3 updated 0 unchanged 0 dropped [] waiting 0
    "#]]
    .assert_eq(&ledger(&report));
    let links = |table: &str, child: &str, parent: &str| {
        let sql = format!(
            "select {child} || ' > ' || coalesce({parent}, '-') from {table} order by {child}"
        );
        let db = &world.db;
        async move { db.words(&sql).await.join(", ") }
    };
    assert_eq!(
        links("people", "people_external_id", "company_external_id").await,
        "ct_0 > co_0, ct_1 > co_1, ct_2 > -, ct_3 > -"
    );
    assert_eq!(
        links("invoices", "invoice_external_id", "receiver_external_id").await,
        "iv_0 > co_0, iv_1 > co_1, iv_2 > -, iv_3 > -"
    );
    assert_eq!(
        links("journal_entries", "journal_entry_external_id", "journal_external_id").await,
        "je_0 > jr_0, je_1 > jr_1, je_2 > jr_0, je_3 > jr_1, je_4 > jr_0"
    );
    assert_eq!(
        links("emails", "email", "people_external_id").await,
        "contact0@example.org > ct_0, contact1@example.org > ct_1, contact2@example.org > ct_2"
    );
    let line = if world.db.is_postgres() {
        "select distinct lines -> 0 ->> 'ledger_account_external_id' from journal_entries"
    } else {
        "select distinct lines ->> '$[0].ledger_account_external_id' from journal_entries"
    };
    assert_eq!(world.db.words(line).await, ["gl_1200"]);
}

async fn children_may_come_before_their_parents_and_pages_before(db: Db) {
    let world = World::on(db).await;
    let transport = world.http("books", &["missing_parent:list_ledger_accounts=7"]).await;
    let connector = world.connector("books", transport).await;
    let report = world.sync(connector, &[LedgerAccount]).await;
    // The fault strikes the first row of all, and the eighth.
    let findings = world.findings(report.log.sync_log_id).await;
    let findings: Vec<&str> =
        findings.lines().filter(|it| it.contains("fk_parent_missing")).collect();
    expect!["ledger_account | fk_parent_missing | list_ledger_accounts | - | 2 ledger_account record(s) refer by `parent_external_id` to ledger_account records that are neither in this run nor in the workspace; the reference is left empty"]
        .assert_eq(&findings.join("\n"));
    let linked = "select count(*) from ledger_accounts c join ledger_accounts p
        on p.ledger_account_external_id = c.parent_external_id";
    assert_eq!(world.db.number(linked).await, 7);
    let dangling = "select count(*) from ledger_accounts where parent_external_id like 'gone%'";
    assert_eq!(world.db.number(dangling).await, 0);
}

async fn a_second_run_of_children_first_changes_nothing(db: Db) {
    let world = World::on(db).await;
    let transport = world.http("books", &[]).await;
    let connector = world.connector("books", transport).await;
    world.sync(connector, &[LedgerAccount]).await;
    let linked = "select count(*) from ledger_accounts where parent_external_id is not null";
    assert_eq!(world.db.number(linked).await, 9);
    let again = world.sync(connector, &[LedgerAccount]).await;
    expect![[r#"
        success
        ledger_account: fetched 14 inserted 0 updated 0 unchanged 14 dropped [] waiting 0
    "#]]
    .assert_eq(&ledger(&again));
    assert_eq!(world.db.number(linked).await, 9);
}

async fn a_number_that_another_connector_holds_is_told_with_its_holder(db: Db) {
    let world = World::on(db).await;
    let transport = world.http("ledger", &[]).await;
    let one = world.connector("first", transport).await;
    world.sync(one, &[LedgerAccount]).await;
    let transport = world.http("books", &[]).await;
    let two = world.connector("second", transport).await;
    let report = world.sync(two, &[LedgerAccount]).await;
    let findings = world.findings(report.log.sync_log_id).await;
    let failed: Vec<&str> =
        findings.lines().filter(|it| it.contains("entity_persist_failed")).collect();
    expect!["ledger_account | entity_persist_failed | list_ledger_accounts | - | 14 ledger_account record(s) could not be stored: account_number `6300` is held by ledger_account `gl_6300` of connector `first`, e.g. gl_6300"]
        .assert_eq(&failed.join("\n"));
    assert_eq!(world.db.number("select count(*) from ledger_accounts").await, 14);
    // Entries that name accounts by number find them in the chart that the workspace has.
    let report = world.sync(two, &[Journal, JournalEntry]).await;
    expect![[r#"
        success
        journal: fetched 2 inserted 2 updated 0 unchanged 0 dropped [] waiting 0
        journal_entry: fetched 6 inserted 5 updated 0 unchanged 0 dropped [] waiting 1
    "#]]
    .assert_eq(&ledger(&report));
}

async fn a_parent_of_another_connector_is_found_in_the_workspace(db: Db) {
    let world = World::on(db).await;
    let transport = world.http("ledger", &[]).await;
    let one = world.connector("first", transport).await;
    world.sync(one, &[Company, Account]).await;
    let transport = world.http("ledger", &[]).await;
    let two = world.connector("second", transport).await;
    let report = world.sync(two, &[People]).await;
    let findings = world.findings(report.log.sync_log_id).await;
    assert!(!findings.contains("fk_parent_missing"), "{findings}");
    let linked = "select count(*) from people where company_external_id is not null";
    assert_eq!(world.db.number(linked).await, 30);
}
