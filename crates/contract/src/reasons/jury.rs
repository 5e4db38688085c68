//! A jury's verdict: `jury_run`, `jury_partial`, `jury_disagreement`, `jury_quorum_lost`.

use domain::TargetModel::{Company, Invoice, Transaction};
use serde_json::{Value, json};

use crate::scenario::{Expected, Scenario, Scene, Wire, broken_server};

fn row(detail: &'static str, context: Value) -> Expected {
    Expected { target: Invoice, tool: Some("list_invoices"), http: None, detail, context }
}

/// The same mapping serves again, so that no jury is called.
pub(super) fn jury_run() -> Vec<Scenario> {
    let scene = |wire| Scene::of(wire, &[Invoice]);
    [Wire::Http, Wire::Stdio]
        .map(|wire| Scenario {
            says: "a mapping is drawn for the first time",
            before: Vec::new(),
            inject: scene(wire),
            rows: vec![row(
                "mapping jury: 3/3 seats valid, agreement *, winner *",
                json!({
                    "purpose": "mapping", "seats": 3, "valid": 3, "needed": 2,
                    "agreement": "*", "effective_votes": "*", "winner": "*",
                    "duration_ms": "*", "cost_micros": 0,
                }),
            )],
            repair: vec![scene(wire)],
        })
        .into()
}

pub(super) fn jury_partial() -> Vec<Scenario> {
    vec![broken_server(
        "the names of the fields say nothing, so that the seat that goes by names fails",
        Scene::of(Wire::Http, &[Invoice]).faulty(&["nameless:list_invoices"]),
        vec![row(
            "mapping jury met its quorum with 2/3 seats; failed: names: *",
            json!({ "purpose": "mapping", "seats": 3, "valid": 2, "needed": 2, "failed": ["*"] }),
        )],
    )]
}

pub(super) fn jury_disagreement() -> Vec<Scenario> {
    vec![broken_server(
        "a field can be read in two ways",
        Scene::of(Wire::Http, &[Company]).faulty(&["two_readings:list_companies"]),
        vec![Expected {
            target: Company,
            tool: Some("list_companies"),
            http: None,
            detail: "mapping jury was split * (agreement *) on *; decided by *",
            context: json!({ "purpose": "mapping", "split": "*", "decided_by": "*" }),
        }],
    )]
}

pub(super) fn jury_quorum_lost() -> Vec<Scenario> {
    let none = broken_server(
        "no seat finds what an invoice must have",
        Scene::of(Wire::Http, &[Invoice]).faulty(&["opaque:list_invoices"]),
        vec![row(
            "mapping jury: * of 2 needed seats valid (*); fallback: none",
            json!({ "purpose": "mapping", "seats": 3, "needed": 2, "fallback": null }),
        )],
    );
    let legacy = broken_server(
        "the seats fail, and the one-shot generator serves",
        Scene::of(Wire::Stdio, &[Transaction]).faulty(&["wordy:list_transactions"]),
        vec![Expected {
            target: Transaction,
            tool: Some("list_transactions"),
            http: None,
            detail: "mapping jury: * of 2 needed seats valid (*); fallback: legacy",
            context: json!({ "purpose": "mapping", "fallback": "legacy", "impact": "internal" }),
        }],
    );
    let late = Scenario {
        says: "every seat is late, and the last good mapping serves",
        before: vec![Scene::of(Wire::Http, &[Invoice])],
        inject: Scene {
            seat_time: Some(std::time::Duration::ZERO),
            marked: true,
            ..Scene::of(Wire::Http, &[Invoice])
        },
        rows: vec![row(
            "mapping jury: 0 of 2 needed seats valid (*); fallback: last good mapping, version 1",
            json!({ "valid": 0, "needed": 2, "impact": "internal" }),
        )],
        repair: vec![Scene::of(Wire::Http, &[Invoice])],
    };
    vec![none, legacy, late]
}
