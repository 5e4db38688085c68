//! A cycle among the foreign keys. The schemas have none, so references are added that make one.

use domain::TargetModel;
use domain::TargetModel::{Account, Company, Invoice, People};
use domain::reference::Reference;
use expect_test::expect;
use testkit::Db;

use crate::world::{World, ledger};

testkit::each_database! {
    an_optional_edge_is_cut_and_patched_in_a_second_pass,
    targets_of_a_cycle_that_cannot_be_cut_end,
}

/// The attribute holds the id of a parent, if the graph says so.
fn reference(
    child: TargetModel,
    attribute: &str,
    parent: TargetModel,
    required: bool,
) -> Reference {
    Reference {
        child,
        attribute: attribute.to_owned(),
        parents: vec![parent],
        naturals: Vec::new(),
        required,
        is_soft: false,
    }
}

async fn an_optional_edge_is_cut_and_patched_in_a_second_pass(db: Db) {
    let mut world = World::on(db).await;
    world.engine.settings.extra_references = vec![reference(Company, "description", People, false)];
    let transport = world.http("books", &[]).await;
    let connector = world.connector("books", transport).await;
    let report = world.sync(connector, &[People, Company]).await;
    let findings = world.findings(report.log.sync_log_id).await;
    let ours: Vec<&str> = findings
        .lines()
        .filter(|it| it.contains("cycle") || it.starts_with("company | fk_parent_missing"))
        .collect();
    expect![[r#"
        company | sync_fk_dag_cycle | - | - | foreign keys form a cycle: company → people → company; the optional edge company → people was cut
        people | sync_fk_dag_cycle | - | - | foreign keys form a cycle: company → people → company; the optional edge company → people was cut
        company | fk_parent_missing | list_companies | - | 1 company record(s) refer by `description` to people records that are neither in this run nor in the workspace; the reference is left empty"#]]
    .assert_eq(&ours.join("\n"));
    expect![[r#"
        success
        company: fetched 5 inserted 5 updated 0 unchanged 0 dropped [] waiting 0
        people: fetched 4 inserted 4 updated 0 unchanged 0 dropped [] waiting 0
    "#]]
    .assert_eq(&ledger(&report));
    let patched = "select company_external_id || ' > ' || coalesce(description, '-')
        from companies order by 1";
    let patched = world.db.words(patched).await.join(", ");
    assert_eq!(patched, "co_0 > ct_0, co_1 > ct_1, co_2 > ct_2, co_3 > ct_3, co_4 > -");
}

async fn targets_of_a_cycle_that_cannot_be_cut_end(db: Db) {
    let mut world = World::on(db).await;
    world.engine.settings.extra_references = vec![
        reference(People, "company_external_id", Company, true),
        reference(Company, "registered_value", People, true),
    ];
    let transport = world.http("ledger", &[]).await;
    let connector = world.connector("ledger", transport).await;
    let report = world.sync(connector, &[People, Company, Account, Invoice]).await;
    let findings = world.findings(report.log.sync_log_id).await;
    let cycle: Vec<&str> = findings.lines().filter(|it| it.contains("sync_fk")).collect();
    expect![[r#"
        company | sync_fk_dag_cycle | - | - | foreign keys form a cycle: company → people → company; no edge is optional, so these targets end
        people | sync_fk_dag_cycle | - | - | foreign keys form a cycle: company → people → company; no edge is optional, so these targets end"#]]
    .assert_eq(&cycle.join("\n"));
    expect![[r#"
        success
        account: fetched 3 inserted 3 updated 0 unchanged 0 dropped [] waiting 0
        invoice: fetched 60 inserted 60 updated 0 unchanged 0 dropped [] waiting 0
    "#]]
    .assert_eq(&ledger(&report));
}
