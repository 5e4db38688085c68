//! Servers that answer strangely, and what is not lost over it.

use axum::http::StatusCode;
use domain::TargetModel::{Account, Company, Invoice, InvoiceTransaction, Transaction};
use expect_test::expect;
use serde_json::{Value, json};
use store::{mappings, pending};
use testkit::Db;

use crate::script::{Args, tool};
use crate::world::{World, ledger};

testkit::each_database! {
    an_empty_page_in_the_middle_does_not_end_the_reading,
    a_record_that_comes_twice_is_one_duplicate_and_costs_nothing_else,
    a_row_that_cannot_be_stored_does_not_take_those_that_wait,
    a_row_that_names_a_parent_in_vain_bytes_does_not_take_its_page,
    a_nul_in_the_sample_does_not_keep_the_mapping_from_being_saved,
    a_tool_with_a_nul_in_its_name_is_called_and_remembered,
    a_pin_that_leads_nowhere_is_told,
    a_parent_that_is_given_up_leaves_the_ledger_truncated,
}

fn company(id: usize, city: &str) -> Value {
    json!({"id": format!("c{id}"), "name": format!("Comp {id}"), "email": format!("a{id}@x{id}.com"), "city": city})
}

fn companies(from: usize, to: usize) -> Vec<Value> {
    (from..to).map(|it| company(it, "Paris")).collect()
}

fn invoice(id: &str, customer: &str) -> Value {
    json!({"id": id, "number": id, "issue_date": "2026-05-01", "total_amount": 12.5,
        "currency": "EUR", "status": "paid", "customer_id": customer})
}

async fn an_empty_page_in_the_middle_does_not_end_the_reading(db: Db) {
    let world = World::on(db).await;
    let answer = |_: String, args: Args| async move {
        Ok(match args.get("cursor").and_then(Value::as_str) {
            None => json!({"companies": companies(0, 5), "next_cursor": "p2", "has_more": true}),
            Some("p2") => json!({"companies": [], "next_cursor": "p3", "has_more": true}),
            Some(_) => json!({"companies": companies(5, 10), "has_more": false}),
        })
    };
    let transport = world.scripted(&[tool("list_companies", &["cursor"], &[])], answer).await;
    let connector = world.connector("odd", transport).await;
    let report = world.sync(connector, &[Company]).await;
    expect![[r#"
        success
        company: fetched 10 inserted 10 updated 0 unchanged 0 dropped [] waiting 0
    "#]]
    .assert_eq(&ledger(&report));
}

async fn a_record_that_comes_twice_is_one_duplicate_and_costs_nothing_else(db: Db) {
    let world = World::on(db).await;
    let answer = |_: String, _: Args| async move {
        let mut rows = companies(0, 20);
        rows.push(company(3, "Lyon"));
        Ok(rows.into())
    };
    let transport = world.scripted(&[tool("list_companies", &[], &[])], answer).await;
    let connector = world.connector("odd", transport).await;
    let report = world.sync(connector, &[Company]).await;
    expect![[r#"
        success
        company: fetched 21 inserted 20 updated 0 unchanged 0 dropped [mapped_entities_partial_drop=1] waiting 0
    "#]]
    .assert_eq(&ledger(&report));
    expect![[r#"
        company | mapped_entities_partial_drop | list_companies | 200 | Validator rejected 1/21 mapped entities: field 'company_external_id' already used by another record of this run after JSONata mapping for tool list_companies
    "#]].assert_eq(&world.findings(report.log.sync_log_id).await);
}

async fn a_row_that_cannot_be_stored_does_not_take_those_that_wait(db: Db) {
    let world = World::on(db).await;
    let answer = |_: String, _: Args| async move {
        let row = |id: &str, transaction: &str| json!({"id": id, "invoice_id": "i1", "transaction_id": transaction, "amount": 12.5});
        Ok(json!([row("l1", "t1"), row("l2", "t2"), row("l3", "t3\u{0}")]))
    };
    let tools = [tool("list_invoice_payments", &[], &[])];
    let transport = world.scripted(&tools, answer).await;
    let connector = world.connector("odd", transport).await;
    let report = world.sync(connector, &[InvoiceTransaction]).await;
    expect![[r#"
        success
        invoice_transaction: fetched 3 inserted 0 updated 0 unchanged 0 dropped [entity_persist_failed=1] waiting 2
    "#]].assert_eq(&ledger(&report));
    expect![[r#"
        invoice_transaction | fk_parent_missing | list_invoice_payments | - | 2 invoice_transaction record(s) refer by `invoice_external_id` to invoice records that are neither in this run nor in the workspace; they wait for it
        invoice_transaction | fk_parent_missing | list_invoice_payments | - | 2 invoice_transaction record(s) refer by `transaction_external_id` to transaction records that are neither in this run nor in the workspace; they wait for it
        invoice_transaction | entity_persist_failed | list_invoice_payments | - | 1 invoice_transaction record(s) could not be stored: a text holds a NUL character, e.g. l3
    "#]].assert_eq(&world.findings(report.log.sync_log_id).await);
    let (store, model) = (&world.db.store, InvoiceTransaction);
    let waiting = pending::count(store, &world.tenant, connector, model).await;
    assert_eq!(waiting.expect("counted"), 2);
}

async fn a_row_that_names_a_parent_in_vain_bytes_does_not_take_its_page(db: Db) {
    let world = World::on(db).await;
    let answer = |tool: String, _: Args| async move {
        Ok(match tool.as_str() {
            "list_companies" => json!(companies(1, 3)),
            _ => json!([invoice("i1", "c1"), invoice("i2", "zz"), invoice("i3", "c\u{0}")]),
        })
    };
    let tools = [tool("list_companies", &[], &[]), tool("list_invoices", &[], &[])];
    let transport = world.scripted(&tools, answer).await;
    let connector = world.connector("odd", transport).await;
    let report = world.sync(connector, &[Company, Invoice]).await;
    expect![[r#"
        success
        company: fetched 2 inserted 2 updated 0 unchanged 0 dropped [] waiting 0
        invoice: fetched 3 inserted 2 updated 0 unchanged 0 dropped [entity_persist_failed=1] waiting 0
    "#]]
    .assert_eq(&ledger(&report));
    expect![[r#"
        invoice | fk_parent_missing | list_invoices | - | 1 invoice record(s) refer by `receiver_external_id` to company records that are neither in this run nor in the workspace; the reference is left empty
        invoice | entity_persist_failed | list_invoices | - | 1 invoice record(s) could not be stored: a text holds a NUL character, e.g. i3
    "#]].assert_eq(&world.findings(report.log.sync_log_id).await);
}

async fn a_nul_in_the_sample_does_not_keep_the_mapping_from_being_saved(db: Db) {
    let world = World::on(db).await;
    let answer = |_: String, _: Args| async move {
        let mut rows = companies(0, 3);
        // Not in the mapping, and in the sample all the same.
        rows.iter_mut().for_each(|it| it["scratch"] = "a\u{0}b".into());
        Ok(rows.into())
    };
    let transport = world.scripted(&[tool("list_companies", &[], &[])], answer).await;
    let connector = world.connector("odd", transport).await;
    let report = world.sync(connector, &[Company]).await;
    expect![[""]].assert_eq(&world.findings(report.log.sync_log_id).await);
    let store = &world.db.store;
    let live = mappings::find_live(store, &world.tenant, connector, Company, "list_companies");
    let sample = live.await.expect("read").expect("saved").sample;
    assert_eq!(sample[0]["scratch"], "a\u{fffd}b");
}

async fn a_tool_with_a_nul_in_its_name_is_called_and_remembered(db: Db) {
    let world = World::on(db).await;
    let name = "list_companies\u{0}";
    let answer = move |tool: String, _: Args| async move {
        assert_eq!(tool, name);
        Ok(companies(0, 3).into())
    };
    let transport = world.scripted(&[tool(name, &[], &[])], answer).await;
    let connector = world.connector("odd", transport).await;
    for inserted in [3, 0] {
        let report = world.sync(connector, &[Company]).await;
        let line = report.log.ledger.first().expect("a line");
        assert_eq!((line.tally.fetched, line.tally.inserted), (3, inserted));
        assert_eq!(world.findings(report.log.sync_log_id).await, "");
    }
    let (store, tenant) = (&world.db.store, &world.tenant);
    let chosen = store::workspace_connectors::tool_choices(store, tenant, connector).await;
    let chosen = chosen.expect("read").expect("kept");
    assert_eq!(chosen["targets"]["company"]["name"], "list_companies\u{fffd}");
    let found = store::workspace_connectors::find(store, tenant, connector).await.expect("there");
    let offered = found.installed_capabilities.expect("kept");
    assert_eq!(offered["tools"], json!(["list_companies\u{fffd}"]));
}

async fn a_pin_that_leads_nowhere_is_told(db: Db) {
    let world = World::on(db).await;
    let answer = |_: String, _: Args| async move { Ok(companies(0, 3).into()) };
    let transport = world.scripted(&[tool("list_companies", &[], &[])], answer).await;
    let connector = world.connector("odd", transport).await;
    // As it may stand in a database of yesterday: today it is refused where it is made.
    let slots = json!({"name": {"path": "names[", "reason": "x"}});
    world.govern("odd", json!({"targets": {"company": {"slots": slots}}})).await;
    let report = world.sync(connector, &[Company]).await;
    expect![[r#"
        company | structured_pipeline_degraded | list_companies | - | stage draw was replaced or skipped: slot `name` is pinned to what leads nowhere: `names[` is not a path; used instead: the slot is drawn as if it were not pinned
    "#]].assert_eq(&world.findings(report.log.sync_log_id).await);
}

async fn a_parent_that_is_given_up_leaves_the_ledger_truncated(db: Db) {
    let world = World::on(db).await;
    let answer = |tool: String, args: Args| async move {
        if tool == "list_accounts" {
            let account =
                |id: &str| json!({"id": id, "name": id, "currency": "EUR", "type": "deposit"});
            return Ok(json!([account("a0"), account("a1")]));
        }
        let account = args.get("account_id").and_then(Value::as_str).unwrap_or_default();
        let row = |it: u32| {
            json!({"id": format!("{account}-{it}"), "amount": -1.5, "currency": "EUR",
                "date": format!("2026-02-0{it}"), "description": "coffee"})
        };
        match account {
            "a0" => Err(StatusCode::INTERNAL_SERVER_ERROR),
            _ => Ok((1..4).map(row).collect()),
        }
    };
    let accounts = tool("list_accounts", &[], &[]);
    let transactions = tool("list_transactions", &["account_id"], &["account_id"]);
    let transport = world.scripted(&[accounts, transactions], answer).await;
    let connector = world.connector("odd", transport).await;
    let report = world.sync(connector, &[Account, Transaction]).await;
    expect![[r#"
        success
        account: fetched 2 inserted 2 updated 0 unchanged 0 dropped [] waiting 0
        transaction: fetched 3 inserted 3 updated 0 unchanged 0 dropped [] waiting 0 truncated
    "#]]
    .assert_eq(&ledger(&report));
    expect![[r#"
        transaction | tool_execution_failed | list_transactions | 500 | list_transactions failed (http, attempt 1): the server answered HTTP 500
    "#]].assert_eq(&world.findings(report.log.sync_log_id).await);
}
