//! What becomes of the rows: `mapped_entities_dropped`, `mapped_entities_partial_drop`,
//! `fk_parent_missing`, `entity_persist_failed`.

use domain::TargetModel::{Account, Company, Invoice, InvoiceTransaction, Transaction};
use serde_json::{Value, json};

use crate::scenario::{Expected, Scenario, Scene, Wire, broken_server};

fn invoices(http: Option<u16>, detail: &'static str, context: Value) -> Vec<Expected> {
    vec![Expected { target: Invoice, tool: Some("list_invoices"), http, detail, context }]
}

fn nulls(count: u64) -> Value {
    json!([{
        "field": "issue_date",
        "rule": "null_required",
        "count": count,
        "says": "required field 'issue_date' null",
    }])
}

pub(super) fn mapped_entities_dropped() -> Vec<Scenario> {
    [Wire::Http, Wire::Stdio]
        .map(|wire| {
            broken_server(
                "a required field is null in every row",
                Scene::of(wire, &[Company, Invoice]).faulty(&["null_required:list_invoices"]),
                invoices(
                    wire.ok(),
                    "Validator rejected 60/60 mapped entities: required field 'issue_date' null \
                     after JSONata mapping for tool list_invoices",
                    json!({ "rejected": 60, "total": 60, "causes": nulls(60) }),
                ),
            )
        })
        .into()
}

pub(super) fn mapped_entities_partial_drop() -> Vec<Scenario> {
    [Wire::Http, Wire::Stdio]
        .map(|wire| {
            broken_server(
                "a required field is null in every fifth row",
                Scene::of(wire, &[Company, Invoice]).faulty(&["null_required:list_invoices=5"]),
                invoices(
                    wire.ok(),
                    "Validator rejected 12/60 mapped entities: required field 'issue_date' null \
                     after JSONata mapping for tool list_invoices",
                    json!({ "rejected": 12, "total": 60, "causes": nulls(12) }),
                ),
            )
        })
        .into()
}

pub(super) fn fk_parent_missing() -> Vec<Scenario> {
    let optional = broken_server(
        "every transaction names an account that does not exist",
        Scene::of(Wire::Http, &[Account, Transaction])
            .faulty(&["missing_parent:list_transactions"]),
        vec![Expected {
            target: Transaction,
            tool: Some("list_transactions"),
            http: None,
            detail: "24 transaction record(s) refer by `account_external_id` to account records \
                     that are neither in this run nor in the workspace; the reference is left \
                     empty",
            context: json!({
                "key": "account_external_id",
                "parent": "account",
                "children": 24,
                "sample_parents": ["gone-0", "gone-1", "gone-2", "gone-3", "gone-4"],
                "required": false,
                "impact": "internal",
            }),
        }],
    );
    let required = broken_server(
        "a payment cannot do without its invoice, and every third names none that exists",
        Scene::of(Wire::Stdio, &[Company, Account, Invoice, Transaction, InvoiceTransaction])
            .faulty(&["missing_parent:list_invoice_payments=3"]),
        vec![Expected {
            target: InvoiceTransaction,
            tool: Some("list_invoice_payments"),
            http: None,
            detail: "* invoice_transaction record(s) refer by `invoice_external_id` to invoice \
                     records that are neither in this run nor in the workspace; they wait for it",
            context: json!({
                "key": "invoice_external_id",
                "parent": "invoice",
                "children": "*",
                "required": true,
            }),
        }],
    );
    vec![optional, required]
}

pub(super) fn entity_persist_failed() -> Vec<Scenario> {
    let refused = Scene {
        store: Some(store::Fault::Records { every: 3 }),
        ..Scene::of(Wire::Http, &[Account])
    };
    vec![broken_server(
        "the database refuses every third record",
        refused,
        vec![Expected {
            target: Account,
            tool: Some("list_bank_accounts"),
            http: None,
            detail: "1 account record(s) could not be stored: *",
            context: json!({
                "sqlstate": "*",
                "constraint": "accounts_external_id_check",
                "count": 1,
                "sample_key": "*",
            }),
        }],
    )]
}
