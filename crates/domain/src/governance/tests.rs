//! What a governance document may say, and how a wrong one is refused.

use serde_json::json;

use super::*;

fn check(document: &Value, fault: &str) {
    assert_eq!(Governance::parse(document).unwrap_err().to_string(), fault);
}

#[test]
fn a_document_is_read_whole() {
    let governance = Governance::parse(&json!({
        "forbidden": ["wipe"],
        "targets": {
            "invoice": {
                "tools": ["list_invoices", {"name": "query", "arguments": {"sql": "select 1"}}],
                "forbidden": ["search_invoices"],
                "slots": {"due_date": {"path": null, "reason": "never given"}},
                "hints": ["amounts are in cents"],
            },
        },
    }));
    let governance = governance.unwrap();
    let names: Vec<&str> =
        governance.pins(TargetModel::Invoice).iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["list_invoices", "query"]);
    assert!(governance.is_forbidden(TargetModel::Company, "wipe"));
    assert!(governance.is_forbidden(TargetModel::Invoice, "search_invoices"));
    assert!(!governance.is_forbidden(TargetModel::Company, "search_invoices"));
    assert_eq!(Governance::parse(&governance.to_json()).unwrap(), governance);
}

#[test]
fn a_slot_is_left_empty_with_null_or_by_saying_so() {
    let slot = |it: Value| {
        Governance::parse(&json!({"targets": {"invoice": {"slots": {"due_date": it}}}})).unwrap()
    };
    let null = slot(json!({"path": null, "reason": "x"}));
    assert_eq!(slot(json!({"empty": true, "reason": "x"})), null);
}

#[test]
fn what_is_unknown_is_refused_with_the_nearest_name() {
    check(&json!({"target": {}}), "`target` is no key here; did you mean `targets`?");
    check(
        &json!({"targets": {"invoices": {}}}),
        "`targets.invoices` is no target model here; did you mean `invoice`?",
    );
    check(
        &json!({"targets": {"invoice": {"tool": []}}}),
        "`targets.invoice.tool` is no key here; did you mean `tools`?",
    );
    check(
        &json!({"targets": {"invoice": {"slots": {"due_dat": {}}}}}),
        "`targets.invoice.slots.due_dat` is no slot of invoice here; did you mean `due_date`?",
    );
    check(
        &json!({"targets": {"invoice": {"tools": [{"nam": "x"}]}}}),
        "`targets.invoice.tools[0].nam` is no key here; did you mean `name`?",
    );
}

#[test]
fn what_is_incomplete_or_at_odds_with_itself_is_refused() {
    check(&json!([]), "is not an object");
    check(
        &json!({"targets": {"invoice": {"tools": ["a"], "forbidden": ["a"]}}}),
        "`targets.invoice` pins `a` and forbids it",
    );
    check(
        &json!({"targets": {"invoice": {"slots": {"due_date": {"path": "due"}}}}}),
        "`targets.invoice.slots.due_date` needs a `reason`",
    );
    check(
        &json!({"targets": {"invoice": {"slots": {"due_date": {"reason": "x"}}}}}),
        "`targets.invoice.slots.due_date` needs a `path`, or `empty = true`",
    );
    check(
        &json!({"targets": {"invoice": {"slots": {"due_date": {"empty": 1, "reason": "x"}}}}}),
        "`targets.invoice.slots.due_date.empty` is `true`, in place of a `path`",
    );
    check(
        &json!({"targets": {"invoice": {"tools": [" "]}}}),
        "`targets.invoice.tools[0]` is not a text, or is empty",
    );
}

#[test]
fn the_hash_is_of_what_was_decided_and_not_of_how_it_was_written() {
    let hash = |document: Value| Governance::parse(&document).unwrap().hash(TargetModel::Invoice);
    let one = json!({"targets": {"invoice": {
        "tools": [{"name": "q", "arguments": {"a": 1, "b": 2}}], "hints": []}}});
    let other = json!({"targets": {"company": {"hints": ["x"]}, "invoice": {
        "tools": [{"arguments": {"b": 2, "a": 1}, "name": "q"}]}}});
    assert_eq!(hash(one.clone()), hash(other));
    let changed =
        json!({"targets": {"invoice": {"tools": [{"name": "q", "arguments": {"a": 1}}]}}});
    assert_ne!(hash(one), hash(changed));
    assert_eq!(hash(json!({"targets": {"invoice": {}}})), None);
    assert_eq!(hash(json!({})), None);
}
