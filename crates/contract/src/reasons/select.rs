//! Choosing a tool: `no_suitable_tool`, `tool_not_found`, `tool_selection_pinned`.

use domain::TargetModel::{Account, Invoice};
use serde_json::json;

use crate::scenario::{Expected, Scenario, Scene, Wire, broken_server};

pub(super) fn no_suitable_tool() -> Vec<Scenario> {
    let row = |target, detail| Expected {
        target,
        tool: None,
        http: None,
        detail,
        context: json!({ "candidates": 7, "forbidden": 0, "best_tool": null, "best_score": null }),
    };
    [Wire::Http, Wire::Stdio]
        .map(|wire| {
            broken_server(
                "the server has no tool that lists anything",
                Scene::of(wire, &[Invoice, Account]).faulty(&["no_listing_tools"]),
                vec![
                    row(Invoice, "no tool of 7 candidates lists invoice records (0 forbidden)"),
                    row(Account, "no tool of 7 candidates lists account records (0 forbidden)"),
                ],
            )
        })
        .into()
}

pub(super) fn tool_not_found() -> Vec<Scenario> {
    let listed = |wire, http| {
        broken_server(
            "a tool is listed, and a call of it answers that there is none",
            Scene::of(wire, &[Invoice]).faulty(&["unknown_tool:list_invoices"]),
            vec![Expected {
                target: Invoice,
                tool: Some("list_invoices"),
                http,
                detail: "the server has no tool `list_invoices` (named by: call)*",
                context: json!({ "tool": "list_invoices", "source": "call" }),
            }],
        )
    };
    let pinned =
        Scene { pins: &[(Invoice, &["list_invoice"])], ..Scene::of(Wire::Http, &[Invoice]) };
    let pinned = Scenario {
        says: "a pin names a tool that the server does not have",
        before: Vec::new(),
        repair: vec![Scene {
            pins: &[(Invoice, &["list_invoices"])],
            ..Scene::of(Wire::Http, &[Invoice])
        }],
        inject: pinned,
        rows: vec![Expected {
            target: Invoice,
            tool: Some("list_invoice"),
            http: None,
            detail: "the server has no tool `list_invoice` (named by: pin); nearest: \
                     list_invoices, list_invoice_payments, list_companies",
            context: json!({
                "tool": "list_invoice",
                "source": "pin",
                "nearest": ["list_invoices", "list_invoice_payments", "list_companies"],
            }),
        }],
    };
    vec![listed(Wire::Http, None), listed(Wire::Stdio, None), pinned]
}

pub(super) fn tool_selection_pinned() -> Vec<Scenario> {
    let one = Scene { pins: &[(Invoice, &["list_invoices"])], ..Scene::of(Wire::Http, &[Invoice]) };
    let several = Scene {
        pins: &[(Invoice, &["list_invoices", "list_invoice_payments"])],
        ..Scene::of(Wire::Stdio, &[Invoice])
    };
    let unpinned = |it: &Scene| vec![Scene { pins: &[], ..it.clone() }];
    vec![
        Scenario {
            says: "one tool is pinned",
            before: Vec::new(),
            repair: unpinned(&one),
            inject: one,
            rows: vec![Expected {
                target: Invoice,
                tool: Some("list_invoices"),
                http: None,
                detail: "tools pinned by request: list_invoices",
                context: json!({ "source": "request", "tools": ["list_invoices"] }),
            }],
        },
        Scenario {
            says: "several tools are pinned",
            before: Vec::new(),
            repair: unpinned(&several),
            inject: several,
            rows: vec![Expected {
                target: Invoice,
                tool: None,
                http: None,
                detail: "tools pinned by request: list_invoices, list_invoice_payments",
                context: json!({
                    "source": "request",
                    "tools": ["list_invoices", "list_invoice_payments"],
                }),
            }],
        },
    ]
}
