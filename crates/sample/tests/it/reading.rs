//! The healthy server is read to the end, by every way of paging.

use std::collections::HashSet;

use expect_test::expect;

use crate::{World, http, stdio};

async fn check_all(world: &World) {
    let mut found = String::new();
    for tool in [
        "list_companies",
        "list_people",
        "list_bank_accounts",
        "list_transactions",
        "list_invoices",
        "list_invoice_payments",
        "list_ledger_accounts",
    ] {
        let (rows, calls) = world.read(tool).await;
        let distinct: HashSet<String> = rows.iter().map(ToString::to_string).collect();
        assert_eq!(distinct.len(), rows.len(), "{tool} repeats itself");
        found.push_str(&format!("{tool}: {} rows in {calls} calls\n", rows.len()));
    }
    expect![[r#"
        list_companies: 12 rows in 3 calls
        list_people: 30 rows in 3 calls
        list_bank_accounts: 3 rows in 1 calls
        list_transactions: 240 rows in 3 calls
        list_invoices: 60 rows in 1 calls
        list_invoice_payments: 45 rows in 2 calls
        list_ledger_accounts: 14 rows in 1 calls
    "#]]
    .assert_eq(&found);
}

#[tokio::test]
async fn every_listing_is_read_to_its_end_over_stdio() {
    let world = stdio("ledger", &[]).await.expect("connects");
    assert_eq!(world.client.server().name, "sample-ledger");
    check_all(&world).await;
    assert_eq!(world.call("list_invoices").await.expect("answers").http_status, None);
    world.client.close().await;
}

#[tokio::test]
async fn every_listing_is_read_to_its_end_over_http() {
    let world = http("ledger", &[]).await;
    check_all(&world).await;
    assert_eq!(world.call("list_invoices").await.expect("answers").http_status, Some(200));
    world.client.close().await;
}

#[tokio::test]
async fn references_between_records_hold() {
    let world = http("ledger", &[]).await;
    let ids = async |tool: &str, key: &str| -> HashSet<String> {
        world.read(tool).await.0.iter().map(|it| it[key].to_string()).collect()
    };
    let companies = ids("list_companies", "id").await;
    assert!(ids("list_people", "company_id").await.is_subset(&companies));
    let accounts = ids("list_bank_accounts", "account_id").await;
    assert!(ids("list_transactions", "account_id").await.is_subset(&accounts));
    let invoices = ids("list_invoices", "id").await;
    assert!(ids("list_invoice_payments", "invoice_id").await.is_subset(&invoices));
    let movements = ids("list_transactions", "transaction_id").await;
    assert!(ids("list_invoice_payments", "transaction_id").await.is_subset(&movements));
}

#[tokio::test]
async fn data_is_as_much_as_asked_for() {
    let world = http("ledger:rows=1234", &[]).await;
    let (rows, calls) = world.read("list_transactions").await;
    assert_eq!((rows.len(), calls), (1_234, 13));
}

#[tokio::test]
async fn calls_may_run_at_the_same_time() {
    for world in [stdio("ledger", &[]).await.expect("connects"), http("ledger", &[]).await] {
        let (a, b, c) = tokio::join!(
            world.rows("list_invoices"),
            world.rows("list_people"),
            world.rows("list_bank_accounts"),
        );
        let counts = [a, b, c].map(|it| it.expect("rows").rows.len());
        assert_eq!(counts, [20, 12, 3]);
    }
}

#[tokio::test]
async fn the_tool_list_is_the_same_over_both_transports() {
    let (one, other) = (stdio("ledger", &[]).await.expect("connects"), http("ledger", &[]).await);
    let hash =
        async |world: &World| mcp::tool_list_hash(&world.client.tools().await.expect("lists"));
    assert_eq!(hash(&one).await, hash(&other).await);
}
