//! Calling the tool: `auth_scope_insufficient`, `tool_execution_failed`, `empty_result`.

use std::time::Duration;

use domain::TargetModel::{Account, Invoice, Transaction};
use serde_json::{Value, json};

use crate::scenario::{Expected, Scenario, Scene, Wire, broken_server};

fn row(http: Option<u16>, detail: &'static str, context: Value) -> Vec<Expected> {
    vec![Expected { target: Invoice, tool: Some("list_invoices"), http, detail, context }]
}

fn of_invoices(
    says: &'static str,
    wire: Wire,
    faults: &'static [&'static str],
    rows: Vec<Expected>,
) -> Scenario {
    broken_server(says, Scene::of(wire, &[Invoice]).faulty(faults), rows)
}

pub(super) fn auth_scope_insufficient() -> Vec<Scenario> {
    const DETAIL: &str = "list_invoices refused the credentials; missing: list_invoices:read";
    let context = json!({ "missing_scopes": ["list_invoices:read"], "refresh_tried": false });
    vec![
        of_invoices(
            "the server answers 401",
            Wire::Http,
            &["unauthorized:list_invoices"],
            row(Some(401), DETAIL, context.clone()),
        ),
        of_invoices(
            "the server answers 403 and names the scope",
            Wire::Http,
            &["forbidden:list_invoices"],
            row(Some(403), DETAIL, context.clone()),
        ),
        of_invoices(
            "a typed answer says that a scope is missing",
            Wire::Stdio,
            &["forbidden:list_invoices"],
            row(None, DETAIL, context),
        ),
    ]
}

pub(super) fn tool_execution_failed() -> Vec<Scenario> {
    let mut all = disguised();
    all.extend([
        of_invoices(
            "the server answers 503, twice",
            Wire::Http,
            &["server_error:list_invoices"],
            row(
                Some(503),
                "list_invoices failed (http, attempt 2): the server answered HTTP 503: the \
                 upstream system is down",
                json!({ "kind": "http", "attempts": 2, "rows_before": 0, "said": "*" }),
            ),
        ),
        of_invoices(
            "the text of an answer names 503, twice",
            Wire::Stdio,
            &["server_error:list_invoices"],
            row(
                Some(503),
                "list_invoices failed (is_error, attempt 2): 503 Service Unavailable",
                json!({ "kind": "is_error", "attempts": 2 }),
            ),
        ),
        broken_server(
            "the server does not answer in time",
            Scene {
                call: Duration::from_millis(800),
                ..Scene::of(Wire::Stdio, &[Invoice]).faulty(&["timeout:list_invoices"])
            },
            row(
                None,
                "list_invoices failed (timeout, attempt 1): *",
                json!({ "kind": "timeout", "attempts": 1 }),
            ),
        ),
        broken_server(
            "the process dies between two pages",
            Scene {
                sample: "ledger:rows=240",
                ..Scene::of(Wire::Stdio, &[Account, Transaction])
                    .faulty(&["die_midway:list_transactions=2"])
            },
            vec![Expected {
                target: Transaction,
                tool: Some("list_transactions"),
                http: None,
                detail: "list_transactions failed (closed, attempt 1): the connection closed; its \
                         last words: fatal: out of memory while reading the ledger; 200 rows read \
                         before are kept",
                context: json!({ "kind": "closed", "rows_before": 200 }),
            }],
        ),
    ]);
    all
}

/// Failure that looks like success.
fn disguised() -> Vec<Scenario> {
    vec![
        of_invoices(
            "the answer is marked as an error",
            Wire::Http,
            &["is_error:list_invoices"],
            row(
                Some(200),
                "list_invoices failed (is_error, attempt 1): list_invoices failed: the upstream \
                 system is down",
                json!({ "kind": "is_error", "attempts": 1, "rows_before": 0, "said": "*" }),
            ),
        ),
        of_invoices(
            "an error sentence claims success",
            Wire::Stdio,
            &["error_sentence:list_invoices"],
            row(
                None,
                "list_invoices failed (error_shape, attempt 1): Error: the upstream system could \
                 not be reached",
                json!({ "kind": "error_shape" }),
            ),
        ),
        of_invoices(
            "an error object claims success",
            Wire::Http,
            &["error_object:list_invoices"],
            row(
                Some(200),
                "list_invoices failed (error_shape, attempt 1): the upstream system is down",
                json!({ "kind": "error_shape" }),
            ),
        ),
        of_invoices(
            "the answer is prose",
            Wire::Http,
            &["prose:list_invoices"],
            row(
                Some(200),
                "list_invoices failed (unparseable, attempt 1): Here is an overview of what we \
                 have on file, in no particular order.",
                json!({ "kind": "unparseable" }),
            ),
        ),
    ]
}

pub(super) fn empty_result() -> Vec<Scenario> {
    let empty = |wire: Wire| {
        of_invoices(
            "the tool answers no rows",
            wire,
            &["empty:list_invoices"],
            row(
                wire.ok(),
                "list_invoices answered no rows in 1 page(s); no earlier run had any",
                json!({ "pages": 1, "arguments": ["limit"], "rows_before": null }),
            ),
        )
    };
    let after_rows = Scenario {
        says: "the tool had rows before, and has none now",
        before: vec![Scene::of(Wire::Http, &[Invoice])],
        inject: Scene::of(Wire::Http, &[Invoice]).faulty(&["empty:list_invoices"]),
        rows: row(
            Some(200),
            "list_invoices answered no rows in 1 page(s); an earlier run had 60",
            json!({ "pages": 1, "arguments": ["limit"], "rows_before": 60 }),
        ),
        repair: vec![Scene::of(Wire::Http, &[Invoice])],
    };
    vec![empty(Wire::Http), empty(Wire::Stdio), after_rows]
}
