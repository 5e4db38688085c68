//! Each thing that can go wrong, and the rows that say so.

use domain::Reason;
use domain::TargetModel;
use domain::TargetModel::{Account, Document, Invoice, Transaction};
use engine::Request;
use expect_test::{Expect, expect};
use store::rejected;
use testkit::Db;

use crate::world::World;

/// A fault of the healthy server, the targets to sync, and the table of findings.
async fn check(faults: &[&str], targets: &[TargetModel], expected: Expect) {
    let world = World::on(Db::sqlite().await).await;
    let transport = world.http("ledger", faults).await;
    let connector = world.connector("ledger", transport).await;
    let report = world.sync(connector, targets).await;
    expected.assert_eq(&world.findings(report.log.sync_log_id).await);

    // The repair: the same server without the fault, and the reason is gone.
    let healthy = world.http("ledger", &[]).await;
    world.redirect(connector, healthy).await;
    let repaired = world.sync(connector, targets).await;
    let after = world.findings(repaired.log.sync_log_id).await;
    let failures = ["tool_", "auth_", "empty_", "mapped_", "entity_", "mapping_", "no_suitable"];
    assert!(!failures.iter().any(|it| after.contains(&format!("| {it}"))), "{after}");
}

#[tokio::test]
async fn a_server_without_a_listing_tool_ends_each_target_with_no_suitable_tool() {
    check(&["no_listing_tools"], &[Invoice, Account], expect![[r#"
        invoice | no_suitable_tool | - | - | no tool of 7 candidates lists invoice records (0 forbidden)
        account | no_suitable_tool | - | - | no tool of 7 candidates lists account records (0 forbidden)
    "#]]).await;
}

#[tokio::test]
async fn a_tool_that_the_server_lists_and_does_not_know_is_not_found() {
    check(&["unknown_tool:list_invoices"], &[Invoice], expect![[r#"
        invoice | tool_not_found | list_invoices | - | the server has no tool `list_invoices` (named by: call)
    "#]]).await;
}

#[tokio::test]
async fn a_refused_credential_names_the_missing_scope() {
    check(&["unauthorized:list_invoices"], &[Invoice], expect![[r#"
        invoice | auth_scope_insufficient | list_invoices | 401 | list_invoices refused the credentials; missing: list_invoices:read
    "#]]).await;
}

#[tokio::test]
async fn a_forbidden_call_is_an_insufficient_scope() {
    check(&["forbidden:list_invoices"], &[Invoice], expect![[r#"
        invoice | auth_scope_insufficient | list_invoices | 403 | list_invoices refused the credentials; missing: list_invoices:read
    "#]]).await;
}

#[tokio::test]
async fn an_error_answer_is_a_failed_call() {
    check(&["is_error:list_invoices"], &[Invoice], expect![[r#"
        invoice | tool_execution_failed | list_invoices | 200 | list_invoices failed (is_error, attempt 1): list_invoices failed: the upstream system is down
    "#]]).await;
}

#[tokio::test]
async fn an_error_sentence_that_claims_success_is_a_failed_call() {
    check(&["error_sentence:list_invoices"], &[Invoice], expect![[r#"
        invoice | tool_execution_failed | list_invoices | 200 | list_invoices failed (error_shape, attempt 1): Error: the upstream system could not be reached
    "#]]).await;
}

#[tokio::test]
async fn an_error_object_that_claims_success_is_a_failed_call() {
    check(&["error_object:list_invoices"], &[Invoice], expect![[r#"
        invoice | tool_execution_failed | list_invoices | 200 | list_invoices failed (error_shape, attempt 1): the upstream system is down
    "#]]).await;
}

#[tokio::test]
async fn a_busy_server_is_asked_once_more_and_then_reported_with_its_code() {
    check(&["server_error:list_invoices"], &[Invoice], expect![[r#"
        invoice | tool_execution_failed | list_invoices | 503 | list_invoices failed (http, attempt 2): the server answered HTTP 503: the upstream system is down
    "#]]).await;
}

#[tokio::test]
async fn prose_is_never_guessed_at() {
    check(&["prose:list_invoices"], &[Invoice], expect![[r#"
        invoice | tool_execution_failed | list_invoices | 200 | list_invoices failed (unparseable, attempt 1): Here is an overview of what we have on file, in no particular order.
    "#]]).await;
}

#[tokio::test]
async fn no_rows_are_an_empty_result() {
    check(&["empty:list_invoices"], &[Invoice], expect![[r#"
        invoice | empty_result | list_invoices | 200 | list_invoices answered no rows in 1 page(s); no earlier run had any
    "#]]).await;
}

#[tokio::test]
async fn a_required_null_drops_the_whole_batch() {
    check(&["null_required:list_invoices"], &[Invoice], expect![[r#"
        invoice | mapped_entities_dropped | list_invoices | 200 | Validator rejected 60/60 mapped entities: required field 'issue_date' null after JSONata mapping for tool list_invoices
    "#]]).await;
}

#[tokio::test]
async fn a_required_null_in_some_rows_drops_those() {
    check(&["null_required:list_invoices=5"], &[Invoice], expect![[r#"
        invoice | mapped_entities_partial_drop | list_invoices | 200 | Validator rejected 12/60 mapped entities: required field 'issue_date' null after JSONata mapping for tool list_invoices
        invoice | fk_parent_missing | list_invoices | - | 48 invoice record(s) refer by `receiver_external_id` to company records that are neither in this run nor in the workspace; the reference is left empty
    "#]]).await;
}

#[tokio::test]
async fn a_server_that_dies_midway_keeps_what_was_read() {
    let world = World::on(Db::sqlite().await).await;
    let connector = world
        .connector("ledger", World::stdio("ledger", &["die_midway:list_transactions=2"]))
        .await;
    let report = world.sync(connector, &[Account, Transaction]).await;
    expect![[r#"
        transaction | tool_execution_failed | list_transactions | - | list_transactions failed (closed, attempt 1): the connection closed; its last words: fatal: out of memory while reading the ledger; 200 rows read before are kept
    "#]].assert_eq(&world.findings(report.log.sync_log_id).await);
    expect![[r#"
        error
        account: fetched 3 inserted 3 updated 0 unchanged 0 dropped [] waiting 0
        transaction: fetched 200 inserted 200 updated 0 unchanged 0 dropped [] waiting 0 truncated
    "#]]
    .assert_eq(&crate::world::ledger(&report));
}

#[tokio::test]
async fn a_pin_that_does_not_exist_says_so_with_the_nearest_names() {
    let world = World::on(Db::sqlite().await).await;
    let transport = world.http("ledger", &[]).await;
    let connector = world.connector("ledger", transport).await;
    let request = Request {
        targets: vec![Invoice],
        pins: [(Invoice, vec!["list_invoice".to_owned()])].into(),
        ..Request::default()
    };
    let report = world.sync_with(connector, &request).await;
    expect![[r#"
        invoice | tool_selection_pinned | list_invoice | - | tools pinned by request: list_invoice
        invoice | tool_not_found | list_invoice | - | the server has no tool `list_invoice` (named by: pin); nearest: list_invoices, list_invoice_payments, list_companies
    "#]].assert_eq(&world.findings(report.log.sync_log_id).await);
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_ends_every_target_with_a_row() {
    let world = World::on(Db::sqlite().await).await;
    let transport = domain::connector::Transport::Stdio {
        command: "/nonexistent/mcp-server".to_owned(),
        args: Vec::new(),
        env: Default::default(),
    };
    let connector = world.connector("gone", transport).await;
    let report = world.sync(connector, &[Invoice, Document]).await;
    expect![[r#"
        invoice | tool_execution_failed | - | - | the server failed (start, attempt 1): the server did not start: cannot run `/nonexistent/mcp-server`
        document | tool_execution_failed | - | - | the server failed (start, attempt 1): the server did not start: cannot run `/nonexistent/mcp-server`
    "#]].assert_eq(&world.findings(report.log.sync_log_id).await);
    expect![[r#"
        error
    "#]]
    .assert_eq(&crate::world::ledger(&report));
}

#[tokio::test]
async fn a_server_is_not_asked_while_what_was_decided_about_it_cannot_be_read() {
    let world = World::on(Db::sqlite().await).await;
    let transport = world.http("ledger", &[]).await;
    let connector = world.connector("ledger", transport).await;
    world.govern("ledger", serde_json::json!({"forbiden": ["list_invoices"]})).await;
    let report = world.sync(connector, &[Invoice]).await;
    expect![[r#"
        invoice | tool_execution_failed | - | - | the server failed (refused, attempt 1): refused: the connector's governance cannot be read: `forbiden` is no key here; did you mean `forbidden`?
    "#]]
    .assert_eq(&world.findings(report.log.sync_log_id).await);
    assert!(crate::world::ledger(&report).starts_with("error"));
}

#[tokio::test]
async fn the_brittle_server_ends_no_target_in_silence() {
    let world = World::on(Db::sqlite().await).await;
    let transport = world.http("brittle", &[]).await;
    let connector = world.connector("brittle", transport).await;
    let report = world.sync(connector, &[]).await;
    let findings = world.findings(report.log.sync_log_id).await;
    for target in TargetModel::ALL {
        let is_told = findings.lines().any(|it| it.starts_with(&format!("{target} |")));
        let has_rows = report.log.ledger.iter().any(|it| {
            it.target_model == *target
                && it.tally.fetched > 0
                && it.tally.dropped_total() + it.tally.waiting == 0
        });
        assert!(is_told || has_rows, "{target} ended in silence");
    }
    expect![[r#"
        company | tool_execution_failed | list_companies | 500 | list_companies failed (error_shape, attempt 1): Error: 500 Server Error: Internal Server Error for url: https://crm.example/v1/companies?[redacted]
        account | tool_execution_failed | list_bank_accounts | 503 | list_bank_accounts failed (is_error, attempt 2): Request failed with status code 503: bank gateway unavailable
        people | empty_result | list_people | 200 | list_people answered no rows in 1 page(s); no earlier run had any
        invoice | mapped_entities_partial_drop | list_invoices | 200 | Validator rejected 8/24 mapped entities: required field 'issue_date' null after JSONata mapping for tool list_invoices
        invoice | fk_parent_missing | list_invoices | - | 16 invoice record(s) refer by `receiver_external_id` to company records that are neither in this run nor in the workspace; the reference is left empty
        transaction | auth_scope_insufficient | list_transactions | - | list_transactions refused the credentials; missing: transactions.read
        journal | no_suitable_tool | - | - | no tool of 10 candidates lists journal records (0 forbidden)
        document | tool_execution_failed | list_documents | 200 | list_documents failed (unparseable, attempt 1): There are several folders. The most recent contracts are in the second one, and the older ones can be asked for at the front desk.
        journal_entry | no_suitable_tool | - | - | no tool of 10 candidates lists journal_entry records (0 forbidden)
        email | no_suitable_tool | - | - | no tool of 10 candidates lists email records (0 forbidden)
        payment_means | no_suitable_tool | - | - | no tool of 10 candidates lists payment_means records (0 forbidden)
        invoice_transaction | target_skipped | - | - | invoice_transaction was not run: upstream_failed (transaction)
    "#]].assert_eq(&findings);
    expect![[r#"
        success
        ledger_account: fetched 10 inserted 10 updated 0 unchanged 0 dropped [] waiting 0 truncated
        invoice: fetched 24 inserted 16 updated 0 unchanged 0 dropped [mapped_entities_partial_drop=8] waiting 0
    "#]].assert_eq(&crate::world::ledger(&report));
}

#[tokio::test]
async fn a_rejected_row_is_listed_under_the_reason_that_its_finding_has() {
    let world = World::on(Db::sqlite().await).await;
    let transport = world.http("ledger", &["null_required:list_invoices=5"]).await;
    let connector = world.connector("ledger", transport).await;
    world.sync(connector, &[Invoice]).await;
    let listed = rejected::list(&world.db.store, &world.tenant, connector, 100).await;
    let listed = listed.expect("listed");
    assert_eq!(listed.len(), 12);
    for rejection in listed {
        assert_eq!(rejection.row.reason, Reason::MappedEntitiesPartialDrop);
    }
}
