//! How an entity names its parents.

use expect_test::expect;
use serde_json::{Value, json};

use super::today;
use crate::entity::*;

/// Where an entity names parents: attribute, item, id, natural keys.
fn claims(model: TargetModel, value: &Value) -> String {
    let entity = check(model, value, today()).unwrap();
    let mut lines = Vec::new();
    for reference in crate::reference::of(model) {
        for it in entity.claims(reference) {
            let names: Vec<String> = it
                .naturals
                .iter()
                .map(|(natural, key)| format!("{} {} `{key}`", natural.parent, natural.key))
                .collect();
            let item = it.item.map_or(String::new(), |it| format!("[{it}]"));
            let id = it.id.as_deref().unwrap_or("-");
            lines.push(format!("{}{item}: {id} {}", reference.attribute, names.join(", ")));
        }
    }
    lines.join("\n")
}

#[test]
fn parents_are_claimed_by_id_and_by_natural_key() {
    let entry = json!({
        "journal_entry_external_id": "e", "entry_date": "2026-05-01", "journal_code": "VT",
        "lines": [
            { "ledger_account_external_id": "l1", "debit": 1 },
            { "ledger_account_account_number": "4100", "credit": 1 },
            { "label": "no account" },
        ],
    });
    expect![[r#"
        journal_external_id: - journal code `VT`
        lines.ledger_account_external_id[0]: l1 
        lines.ledger_account_external_id[1]: - ledger_account account_number `4100`"#]]
    .assert_eq(&claims(TargetModel::JournalEntry, &entry));
    let card = json!({
        "payment_means_external_id": "p", "type": "card", "holder_external_id": "h",
        "holder_name": " Ada  Byron",
    });
    expect!["holder_external_id: h company name `ada byron`, people name `ada byron`"]
        .assert_eq(&claims(TargetModel::PaymentMeans, &card));
}

#[test]
fn a_parent_that_was_found_is_written_where_it_was_claimed() {
    let entry = json!({
        "journal_entry_external_id": "e", "entry_date": "2026-05-01",
        "lines": [{ "debit": 1 }, { "ledger_account_account_number": "4100", "credit": 1 }],
    });
    let mut entity = check(TargetModel::JournalEntry, &entry, today()).unwrap();
    let mut references = crate::reference::of(TargetModel::JournalEntry);
    let lines = references.find(|it| it.attribute.starts_with("lines")).unwrap();
    entity.link(lines, Some(1), Some("gl_4100"));
    assert_eq!(entity.to_json()["lines"][1]["ledger_account_external_id"], "gl_4100");
    entity.link(lines, Some(1), None);
    assert!(entity.to_json()["lines"][1].get("ledger_account_external_id").is_none());
}
