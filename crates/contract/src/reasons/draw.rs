//! Drawing a mapping, saving it, and coming back to the last good one.

use domain::TargetModel::{Invoice, Transaction};
use serde_json::{Value, json};

use crate::scenario::{Expected, Scenario, Scene, Wire, broken_server};

fn row(detail: &'static str, context: Value) -> Expected {
    Expected { target: Invoice, tool: Some("list_invoices"), http: None, detail, context }
}

fn invoices(faults: &'static [&'static str]) -> Scene {
    Scene::of(Wire::Http, &[Invoice]).faulty(faults)
}

/// The healthy server first, then one that has changed; `after` runs after the change is undone.
fn changed(
    says: &'static str,
    faults: &'static [&'static str],
    rows: Vec<Expected>,
    after: usize,
) -> Scenario {
    Scenario {
        says,
        before: vec![invoices(&[])],
        inject: invoices(faults),
        rows,
        repair: vec![invoices(&[]); after],
    }
}

pub(super) fn schema_drift_detected() -> Vec<Scenario> {
    let drift = |detail, context| vec![Expected { http: Some(200), ..row(detail, context) }];
    vec![
        // The answer in its old shape is a change of shape once more, and then none.
        changed(
            "a field that the mapping reads has another name",
            &["drift:list_invoices"],
            drift(
                "the answer of list_invoices changed shape (breaking); gone: issue_date; new: \
                 issue_date_v2, revision",
                json!({
                    "breaking": true,
                    "declared_schema": false,
                    "gone": ["issue_date"],
                    "new": ["issue_date_v2", "revision"],
                }),
            ),
            2,
        ),
        changed(
            "the rows have a field that they did not have",
            &["new_field:list_invoices"],
            drift(
                "the answer of list_invoices changed shape (additive); new: revision",
                json!({ "breaking": false, "gone": [], "changed": [], "new": ["revision"] }),
            ),
            2,
        ),
    ]
}

pub(super) fn jsonata_generation_failed() -> Vec<Scenario> {
    vec![
        broken_server(
            "nothing of an invoice can be found in the rows, on either path",
            invoices(&["opaque:list_invoices"]),
            vec![
                row(
                    "the structured path gave no usable expression in * attempt(s): *",
                    json!({ "path": "structured", "attempts": "*", "first_error": "*" }),
                ),
                row(
                    "the legacy path gave no usable expression in * attempt(s): *",
                    json!({ "path": "legacy", "attempts": "*", "first_error": "*" }),
                ),
            ],
        ),
        broken_server(
            "the structured path fails, and the legacy one serves",
            Scene::of(Wire::Stdio, &[Transaction]).faulty(&["wordy:list_transactions"]),
            vec![Expected {
                target: Transaction,
                tool: Some("list_transactions"),
                ..row(
                    "the structured path gave no usable expression in * attempt(s): *",
                    json!({ "path": "structured", "attempts": "*", "first_error": "*" }),
                )
            }],
        ),
    ]
}

pub(super) fn structured_pipeline_degraded() -> Vec<Scenario> {
    [Wire::Http, Wire::Stdio]
        .map(|wire| {
            broken_server(
                "the rows come as text, where structured content was expected",
                Scene::of(wire, &[Invoice]).faulty(&["text_only:list_invoices"]),
                vec![row(
                    "stage fetch was replaced or skipped: the tool declares an output schema and \
                     sent no structured content; used instead: rows parsed from its text",
                    json!({ "stage": "fetch", "cause": "*", "substitute": "*" }),
                )],
            )
        })
        .into()
}

pub(super) fn structured_pipeline_fell_back_to_legacy() -> Vec<Scenario> {
    vec![broken_server(
        "the structured path gives nothing usable",
        Scene::of(Wire::Http, &[Transaction]).faulty(&["wordy:list_transactions"]),
        vec![Expected {
            target: Transaction,
            tool: Some("list_transactions"),
            ..row(
                "the structured path ended in draw: *; the one-shot generator ran",
                json!({ "stage": "draw", "cause": "*" }),
            )
        }],
    )]
}

pub(super) fn mapping_generation_hard_fail() -> Vec<Scenario> {
    [Wire::Http, Wire::Stdio]
        .map(|wire| {
            broken_server(
                "both paths fail, and no earlier mapping can serve",
                Scene::of(wire, &[Invoice]).faulty(&["opaque:list_invoices"]),
                vec![row(
                    "no mapping could be made and none is stored; structured: * attempt(s), *; \
                     legacy: * attempt(s), *",
                    json!({ "paths": [
                        { "path": "structured", "attempts": "*" },
                        { "path": "legacy", "attempts": "*" },
                    ] }),
                )],
            )
        })
        .into()
}

pub(super) fn blueprint_persistence_failed() -> Vec<Scenario> {
    let refused = Scene { store: Some(store::Fault::Blueprints), ..invoices(&[]) };
    vec![broken_server(
        "the database refuses the mapping",
        refused,
        vec![row(
            "the mapping was used but could not be saved: *",
            json!({ "sqlstate": "*", "constraint": "connector_mappings_version_check" }),
        )],
    )]
}

pub(super) fn regression_reverted() -> Vec<Scenario> {
    vec![
        changed(
            "a redrawn mapping gives fewer valid rows of the same sample",
            &["decoy:list_invoices=30"],
            vec![row(
                "version 2 scored worse than 1 (valid_rows *, was *); version 1 is back",
                json!({ "version": 2, "restored_version": 1, "metric": "valid_rows" }),
            )],
            2,
        ),
        changed(
            "after a change of version the accept rate of a run falls",
            &["decoy:list_invoices=50"],
            vec![row(
                "version 2 scored worse than 1 (accept_rate *, was *); version 1 is back",
                json!({ "version": 2, "restored_version": 1, "metric": "accept_rate" }),
            )],
            2,
        ),
    ]
}
