//! Before any target: `sync_fk_dag_cycle`, `target_skipped`.

use domain::TargetModel::{
    self, Account, Company, Invoice, InvoiceTransaction, People, Transaction,
};
use serde_json::{Value, json};

use crate::scenario::{Expected, Scenario, Scene, Wire, broken_server};

pub(super) fn sync_fk_dag_cycle() -> Vec<Scenario> {
    const CUT: &str = "foreign keys form a cycle: company → people → company; the optional edge \
                       company → people was cut";
    const WHOLE: &str = "foreign keys form a cycle: company → people → company; no edge is \
                         optional, so these targets end";
    vec![
        cycle(
            "an optional reference makes a cycle, and is cut",
            &[(Company, "description", People, false)],
            CUT,
            json!({ "path": ["company", "people", "company"], "cut": ["company", "people"] }),
        ),
        cycle(
            "a cycle has no reference that can be done without",
            &[
                (People, "company_external_id", Company, true),
                (Company, "registered_value", People, true),
            ],
            WHOLE,
            json!({ "cut": null }),
        ),
    ]
}

/// The schemas have no cycle: references are added that make one.
fn cycle(
    says: &'static str,
    references: &'static [(TargetModel, &'static str, TargetModel, bool)],
    detail: &'static str,
    context: Value,
) -> Scenario {
    let scene = Scene::of(Wire::Http, &[People, Company, Account]);
    let row =
        |target| Expected { target, tool: None, http: None, detail, context: context.clone() };
    Scenario {
        says,
        before: Vec::new(),
        inject: Scene { references, ..scene.clone() },
        rows: vec![row(Company), row(People)],
        repair: vec![scene],
    }
}

pub(super) fn target_skipped() -> Vec<Scenario> {
    let unsupported = Scene { supported: &[Account], ..Scene::of(Wire::Http, &[Invoice, Account]) };
    let unsupported = Scenario {
        says: "a target is asked for that the connector does not support",
        before: Vec::new(),
        repair: vec![Scene { supported: &[], ..unsupported.clone() }],
        inject: unsupported,
        rows: vec![Expected {
            target: Invoice,
            tool: None,
            http: None,
            detail: "invoice was not run: unsupported",
            context: json!({ "cause": "unsupported", "upstream": null }),
        }],
    };
    let upstream = broken_server(
        "a target fails without which another is of no use",
        Scene::of(Wire::Stdio, &[Account, Invoice, Transaction, InvoiceTransaction])
            .faulty(&["is_error:list_transactions"]),
        vec![Expected {
            target: InvoiceTransaction,
            tool: None,
            http: None,
            detail: "invoice_transaction was not run: upstream_failed (transaction)",
            context: json!({ "cause": "upstream_failed", "upstream": "transaction" }),
        }],
    );
    vec![unsupported, upstream]
}
