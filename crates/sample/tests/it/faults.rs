//! Each fault does what it says, and the client says what it saw.

use std::time::{Duration, Instant};

use expect_test::{Expect, expect};
use mcp::{Error, Limits, Unusable};
use serde_json::json;

use crate::{LIMITS, World, http, stdio, stdio_within};

/// What a call of `list_invoices` comes to, in a word or two.
async fn outcome(world: &World) -> String {
    match world.call("list_invoices").await {
        Err(error) => format!("{} {:?}", error.kind(), error.http_status()),
        Ok(answer) => match mcp::answer::rows(&answer) {
            Ok(rows) => format!("{} rows", rows.rows.len()),
            Err(Unusable::ErrorShape { status, .. }) => format!("error shape {status:?}"),
            Err(Unusable::Unparseable { .. }) => "unparseable".to_owned(),
        },
    }
}

async fn check(faults: &[&str], expected: Expect) {
    let mut seen = String::new();
    for fault in faults {
        let over_stdio = outcome(&stdio("ledger", &[fault]).await.expect("connects")).await;
        let over_http = outcome(&http("ledger", &[fault]).await).await;
        seen.push_str(&format!("{fault}: {over_stdio} | {over_http}\n"));
    }
    expected.assert_eq(&seen);
}

#[tokio::test]
async fn a_refusal_is_told_from_a_failure_and_from_nothing() {
    check(
        &[
            "unauthorized",
            "forbidden",
            "unknown_tool",
            "server_error",
            "is_error",
            "error_sentence",
            "error_object",
            "empty",
            "prose",
            "huge=9",
            "die_midway=0",
            "noise_on_stdout",
            "empty:list_people",
        ],
        expect![[r#"
            unauthorized: unauthorized None | unauthorized Some(401)
            forbidden: unauthorized None | unauthorized Some(403)
            unknown_tool: unknown_tool None | unknown_tool None
            server_error: error shape Some(503) | http Some(503)
            is_error: error shape None | error shape None
            error_sentence: error shape None | error shape None
            error_object: error shape None | error shape None
            empty: 0 rows | 0 rows
            prose: unparseable | unparseable
            huge=9: too_large None | too_large None
            die_midway=0: closed None | closed None
            noise_on_stdout: 20 rows | 20 rows
            empty:list_people: 20 rows | 20 rows
        "#]],
    )
    .await;
}

#[tokio::test]
async fn a_missing_scope_is_named() {
    for world in [
        stdio("ledger", &["forbidden"]).await.expect("connects"),
        http("ledger", &["forbidden"]).await,
    ] {
        let Err(Error::Unauthorized { scopes, .. }) = world.call("list_invoices").await else {
            panic!("is not refused");
        };
        assert_eq!(scopes, ["list_invoices:read"]);
    }
}

#[tokio::test]
async fn a_connection_outlives_an_answer_that_was_too_large() {
    for world in [
        stdio("ledger", &["huge:list_invoices=9"]).await.expect("connects"),
        http("ledger", &["huge:list_invoices=9"]).await,
    ] {
        assert_eq!(outcome(&world).await, "too_large None");
        assert_eq!(world.rows("list_bank_accounts").await.expect("rows").rows.len(), 3);
    }
}

#[tokio::test]
async fn a_server_that_dies_in_a_call_is_noticed_at_once_with_its_last_words() {
    let world = stdio("ledger", &["die_midway=2"]).await.expect("connects");
    assert_eq!(outcome(&world).await, "20 rows");
    assert_eq!(outcome(&world).await, "20 rows");
    let before = Instant::now();
    let Err(Error::Closed { stderr, .. }) = world.call("list_invoices").await else {
        panic!("is not closed");
    };
    assert!(stderr.concat().contains("out of memory"), "{stderr:?}");
    assert!(before.elapsed() < Duration::from_secs(5));
    assert_eq!(outcome(&world).await, "closed None");
}

#[tokio::test]
async fn a_call_without_an_answer_times_out() {
    let limits = Limits { call: Duration::from_millis(300), ..LIMITS };
    let world = stdio_within("ledger", &["hang:list_invoices"], limits).await.expect("connects");
    assert_eq!(outcome(&world).await, "timeout None");
    assert_eq!(world.rows("list_bank_accounts").await.expect("rows").rows.len(), 3);
}

#[tokio::test]
async fn a_server_that_starts_too_slowly_is_given_up() {
    let limits = Limits { start: Duration::from_millis(200), ..LIMITS };
    let late = stdio_within("ledger", &["slow_start=5000"], limits).await;
    assert!(matches!(late, Err(Error::Timeout { .. })));
    assert!(stdio("ledger", &["slow_start=100"]).await.is_ok());
}

#[tokio::test]
async fn a_server_may_list_nothing_to_list() {
    for name in ["ledger", "brittle"] {
        let world = stdio(name, &["no_listing_tools"]).await.expect("connects");
        let tools = world.client.tools().await.expect("lists");
        assert!(!tools.is_empty() && tools.iter().all(|it| !it.name.starts_with("list_")));
    }
}

#[tokio::test]
async fn faults_in_the_rows_are_in_the_rows() {
    let first = async |fault: &str| {
        let world = stdio("ledger", &[fault]).await.expect("connects");
        world.rows("list_invoice_payments").await.expect("rows").rows
    };
    let rows = first("null_required=3").await;
    let nulls = rows.iter().filter(|it| it["amount"].is_null()).count();
    assert_eq!((rows.len(), nulls), (20, 7));
    assert_eq!(first("null_required").await.iter().filter(|it| it["amount"].is_null()).count(), 20);
    let drifted = &first("drift").await[0];
    assert!(drifted.get("amount").is_none() && drifted["amount_v2"].is_string());
    assert_eq!(first("missing_parent").await[4]["invoice_id"], "gone-4");
    assert!(first("wrong_types").await[0]["amount"].is_array());
}

#[tokio::test]
async fn the_brittle_server_fails_in_its_own_ways() {
    let world = http("brittle", &[]).await;
    let mut seen = String::new();
    for tool in ["list_companies", "list_bank_accounts", "list_transactions", "list_documents"] {
        let what = match world.call(tool).await {
            Err(error) => error.kind().to_owned(),
            Ok(answer) => match mcp::answer::rows(&answer) {
                Err(Unusable::ErrorShape { status, .. }) => format!("error shape {status:?}"),
                Err(Unusable::Unparseable { .. }) => "unparseable".to_owned(),
                Ok(rows) => format!("{} rows", rows.rows.len()),
            },
        };
        seen.push_str(&format!("{tool}: {what}\n"));
    }
    expect![[r#"
        list_companies: error shape Some(500)
        list_bank_accounts: error shape Some(503)
        list_transactions: unauthorized
        list_documents: unparseable
    "#]]
    .assert_eq(&seen);
    let (invoices, _) = world.read("list_invoices").await;
    let undated = invoices.iter().filter(|it| it["issue_date"] == json!(null)).count();
    assert_eq!((invoices.len(), undated), (24, 8));
    assert!(world.rows("list_people").await.expect("rows").rows.is_empty());
}
