//! Which tools are called, with what, and what is said of it.

use domain::Reason;
use domain::TargetModel::{self, Account, Company, Document, Invoice, People, Transaction};
use engine::{Report, Request};
use serde_json::{Value, json};
use testkit::Db;

use crate::world::{World, ledger};

testkit::each_database! {
    a_choice_is_kept_while_the_tools_stand_and_made_anew_when_its_tool_is_gone,
    what_is_decided_about_a_connector_holds_for_its_runs,
}

/// The ledger of a run and what it found, without the juries.
async fn told(world: &World, report: &Report) -> String {
    format!("{}{}", ledger(report), world.findings(report.log.sync_log_id).await)
}

/// How often a jury chose a tool.
async fn juries(world: &World, report: &Report) -> usize {
    let rows = world.rows(report.log.sync_log_id).await;
    rows.iter().filter(|it| it.reason == Reason::JuryRun && it.tool_name.is_none()).count()
}

/// Holds a run against lines that it must tell, in this order.
fn check(told: &str, lines: &[&str]) {
    let mut rest = told;
    for line in lines {
        let Some((_, after)) = rest.split_once(line) else { panic!("no `{line}` in\n{told}") };
        rest = after;
    }
}

/// One run over a sample server.
async fn run(server: &str, governance: Value, targets: &[TargetModel]) -> String {
    let world = World::on(Db::sqlite().await).await;
    let transport = world.http(server, &[]).await;
    let connector = world.connector(server, transport).await;
    world.govern(server, governance).await;
    let report = world.sync(connector, targets).await;
    told(&world, &report).await
}

async fn a_choice_is_kept_while_the_tools_stand_and_made_anew_when_its_tool_is_gone(db: Db) {
    let world = World::on(db).await;
    let transport = world.http("ledger", &[]).await;
    let connector = world.connector("ledger", transport).await;
    let first = world.sync(connector, &[Account]).await;
    assert_eq!(juries(&world, &first).await, 1);
    let second = world.sync(connector, &[Account]).await;
    assert_eq!(juries(&world, &second).await, 0);
    check(&told(&world, &second).await, &["account: fetched 3 inserted 0 updated 0 unchanged 3"]);

    let other = world.http("nested", &[]).await;
    world.redirect(connector, other).await;
    let third = world.sync(connector, &[Account]).await;
    assert_eq!(juries(&world, &third).await, 1);
    let lines = [
        "account: fetched 3 ",
        "account | tool_not_found | list_bank_accounts | - | the server has no tool `list_bank_accounts` (named by: remembered)",
    ];
    check(&told(&world, &third).await, &lines);
}

async fn what_is_decided_about_a_connector_holds_for_its_runs(db: Db) {
    let world = World::on(db).await;
    let transport = world.http("nested", &[]).await;
    let connector = world.connector("nested", transport).await;
    let sql = "select id, full_name, email from people";
    let pin = json!({ "name": "run_query", "arguments": { "sql": sql } });
    let governance =
        json!({ "forbidden": ["list_accounts"], "targets": { "people": { "tools": [pin] } } });
    world.govern("nested", governance).await;
    let report = world.sync(connector, &[People, Account]).await;
    let told = told(&world, &report).await;
    check(&told, &["people: fetched 30 inserted 30 "]);
    check(&told, &["people | tool_selection_pinned | run_query | - | tools pinned by governance"]);
    check(&told, &["account | no_suitable_tool | - | - |", "(1 forbidden)"]);
}

#[tokio::test]
async fn a_tool_that_lists_within_a_parent_is_called_for_each_and_its_rows_name_it() {
    let told = run("nested", json!({}), &[Account, Transaction]).await;
    check(&told, &["account: fetched 3 inserted 3 ", "transaction: fetched 240 inserted 240 "]);
    assert!(!told.contains("| fk_parent_missing |"), "{told}");
}

#[tokio::test]
async fn a_dispatcher_is_told_which_records_and_to_list_them() {
    let told = run("nested", json!({}), &[Company, Invoice]).await;
    check(&told, &["company: fetched 12 inserted 12 ", "invoice: fetched 60 inserted 60 "]);
}

#[tokio::test]
async fn tools_within_a_parent_that_nobody_lists_are_not_run_and_said_first() {
    let told = run("nested", json!({}), &[Document, Account]).await;
    check(&told, &["account: fetched 3 inserted 3 "]);
    check(&told, &["document | target_skipped | - | - | document was not run: parent_scoped_only"]);
}

#[tokio::test]
async fn a_forbidden_tool_is_not_called_even_if_a_run_asks_for_it() {
    let world = World::on(Db::sqlite().await).await;
    let transport = world.http("ledger", &[]).await;
    let connector = world.connector("ledger", transport).await;
    let forbidden = json!({ "forbidden": ["list_invoices", "list_invoice_payments"] });
    world.govern("ledger", forbidden).await;
    let report = world.sync(connector, &[Invoice]).await;
    check(&told(&world, &report).await, &["invoice | no_suitable_tool |", "(2 forbidden)"]);
    let request = Request {
        targets: vec![Invoice],
        pins: [(Invoice, vec!["list_invoices".to_owned()])].into(),
        ..Request::default()
    };
    let report = world.sync_with(connector, &request).await;
    let lines = ["invoice | tool_selection_pinned | list_invoices |", "(1 forbidden)"];
    check(&told(&world, &report).await, &lines);
}

#[tokio::test]
async fn a_tool_that_changes_something_is_not_called_because_it_is_pinned() {
    let governance = json!({ "targets": { "invoice": { "tools": ["create_invoice"] } } });
    let told = run("ledger", governance, &[Invoice]).await;
    check(&told, &["invoice | tool_selection_pinned |", "invoice | no_suitable_tool |"]);
}

#[tokio::test]
async fn several_pinned_tools_feed_one_target_and_one_that_is_gone_stops_none() {
    let tools = json!(["list_firms", "list_companies", "list_bank_accounts"]);
    let governance = json!({ "targets": { "company": { "tools": tools } } });
    let told = run("ledger", governance, &[Company]).await;
    // Twelve companies and three accounts were read for it.
    check(&told, &["company: fetched 15 "]);
    check(&told, &["company | tool_not_found | list_firms |", "(named by: pin)"]);
}
