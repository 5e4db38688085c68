//! Lists of bare texts.

use super::*;

#[test]
fn names_of_a_chart_are_its_accounts_with_their_kind() {
    check(
        TargetModel::LedgerAccount,
        "get_accounts",
        json!([
            { "_value": "Assets:Bank:Checking" }, { "_value": "Liabilities:Card" },
            { "_value": "Income:Salary" }, { "_value": "Expenses:Food" },
            { "_value": "Equity:Opening-Balances" },
        ]),
        expect![[r#"
            ledger_account_external_id <- _value
            name <- _value
            account_type <- _value | before | enum
            {"ledger_account_external_id":"Assets:Bank:Checking","name":"Assets:Bank:Checking","account_type":"ASSET"}"#]],
    );
}

#[test]
fn paths_are_documents() {
    check(
        TargetModel::Document,
        "search_files",
        json!([{ "_value": "/srv/contracts/lease.pdf" }, { "_value": "/srv/readme.md" }]),
        expect![[r#"
            document_external_id <- _value
            filename <- _value | after_last
            path <- _value
            {"document_external_id":"/srv/contracts/lease.pdf","filename":"lease.pdf","path":"/srv/contracts/lease.pdf"}"#]],
    );
}

#[test]
fn what_a_call_was_made_with_may_stand_beside_a_bare_text() {
    let rows = json!([
        { "_value": "/srv/contracts/lease.pdf", "folder": "/srv" }, { "_value": "/srv/readme.md", "folder": "/srv" },
    ]);
    let drawn = plan(TargetModel::Document, rows.as_array().unwrap(), &hints("search_files"));
    assert_eq!(drawn.missing_required, Vec::<String>::new());
}

#[test]
fn a_bare_text_is_no_invoice() {
    let rows = [json!({ "_value": "INV-1" }), json!({ "_value": "INV-2" })];
    let drawn = plan(TargetModel::Invoice, &rows, &hints("list_invoices"));
    assert!(drawn.missing_required.contains(&"grand_total".to_owned()));
}
