//! Tests of the choice of tools, on catalogues made by hand.

use expect_test::{Expect, expect};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

mod context;
mod readings;

/// A catalogue, a line each: name, description, required arguments.
fn catalogue(lines: &str) -> Vec<Value> {
    let tool = |line: &str| {
        let mut parts = line.split('|').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let description = parts.next().unwrap_or_default();
        let required: Vec<&str> = parts.next().unwrap_or_default().split_whitespace().collect();
        let each = required.iter().map(|it| ((*it).to_owned(), json!({ "type": "string" })));
        let properties: Map<String, Value> = each.collect();
        json!({
            "name": name, "description": description,
            "inputSchema": { "properties": properties, "required": required },
        })
    };
    lines.trim().lines().map(|it| tool(it.trim())).collect()
}

fn specs(tools: &[Value]) -> Vec<ToolSpec<'_>> {
    tools.iter().map(spec).collect()
}

fn spec(it: &Value) -> ToolSpec<'_> {
    let hint = |name: &str| it["annotations"][name].as_bool();
    ToolSpec {
        name: it["name"].as_str().unwrap_or_default(),
        description: it["description"].as_str(),
        input_schema: &it["inputSchema"],
        output_schema: None,
        read_only: hint("readOnlyHint"),
        destructive: hint("destructiveHint"),
    }
}

fn choose(target: TargetModel, tools: &[Value]) -> Choice {
    Catalogue::of(specs(tools)).choose(target)
}

/// The chosen tool of each target that has one, with its arguments.
fn told(tools: &[Value]) -> String {
    let specs = specs(tools);
    let catalogue = Catalogue::of(specs.clone());
    let line = |target: &TargetModel| {
        let choice = catalogue.choose(*target);
        let tool = specs.get(choice.chosen?)?;
        let arguments = Value::Object(choice.arguments);
        let arguments =
            if arguments == json!({}) { String::new() } else { format!(" {arguments}") };
        Some(format!("{target}: {}{arguments}", tool.name))
    };
    TargetModel::ALL.iter().filter_map(line).collect::<Vec<_>>().join("\n")
}

fn check(lines: &str, expected: Expect) {
    expected.assert_eq(&told(&catalogue(lines)));
}

#[test]
fn tools_that_list_are_chosen_over_tools_that_fetch_or_change() {
    check(
        "
        list_invoices | List all invoices
        get_invoice | Get one invoice | invoice_id
        create_invoice | Create an invoice and return the list of invoices
        list_invoice_templates | List templates
        search_customers | Search customers by name
        send_invoice | Send an invoice
        list_bank_transactions | List bank transactions
        ",
        expect![[r#"
            company: search_customers
            people: search_customers
            invoice: list_invoices
            transaction: list_bank_transactions"#]],
    );
}

#[test]
fn a_tool_that_may_change_something_is_never_chosen() {
    let tool = |annotations: Value| {
        vec![json!({ "name": "list_invoices", "inputSchema": {}, "annotations": annotations })]
    };
    let chosen = |annotations| choose(TargetModel::Invoice, &tool(annotations)).chosen;
    assert_eq!(chosen(json!({})), Some(0));
    assert_eq!(chosen(json!({ "readOnlyHint": true })), Some(0));
    assert_eq!(chosen(json!({ "destructiveHint": true })), None);
    for name in
        ["create_invoices", "invoices_delete", "pay_invoices", "sendInvoices", "void_invoices"]
    {
        let tools =
            [json!({ "name": name, "description": "List all invoices", "inputSchema": {} })];
        assert_eq!(choose(TargetModel::Invoice, &tools).chosen, None, "{name}");
    }
}

#[test]
fn accounts_of_a_mail_server_hold_no_money() {
    check(
        "
        list_accounts | List configured email accounts
        list_messages | List messages of a mailbox
        search_emails | Search emails
        list_folders | List folders
        send_email | Send
        ",
        expect!["email: search_emails"],
    );
}

#[test]
fn accounts_of_the_books_are_no_bank_accounts() {
    check(
        "
        list_accounts | List the chart of accounts
        list_bank_accounts | List bank accounts with balances
        list_journals | List journals
        list_journal_entries | List posted journal entries
        ",
        expect![[r#"
            account: list_bank_accounts
            ledger_account: list_accounts
            journal: list_journals
            journal_entry: list_journal_entries"#]],
    );
}

#[test]
fn bills_are_invoices_only_where_invoices_are_known() {
    check(
        "get_upcoming_bills | Upcoming bills\nlist_transactions | List",
        expect!["transaction: list_transactions"],
    );
    check("list_bills | List bills from vendors", expect!["invoice: list_bills"]);
}

#[test]
fn people_of_the_business_come_before_users_and_leads() {
    check(
        "
        list_users | List users
        list_leads | List leads
        list_persons | List persons
        list_organizations | List organizations
        ",
        expect![[r#"
            company: list_organizations
            people: list_persons"#]],
    );
}

#[test]
fn a_description_speaks_where_the_name_does_not() {
    check(
        "
        account_overview | List accounts with balances and context
        search | Search for files in the drive | query
        data_status | Check data coverage
        refresh_data | Refresh accounts
        ",
        expect![[r#"
            account: account_overview
            document: search {"query":""}"#]],
    );
}

#[test]
fn other_languages_are_understood_a_little() {
    check(
        "lister_factures | Liste des factures\nlister_clients | Liste des clients",
        expect![[r#"
        company: lister_clients
        people: lister_clients
        invoice: lister_factures"#]],
    );
    check("rechnungen_auflisten | Listet Rechnungen", expect!["invoice: rechnungen_auflisten"]);
    check("buscar_facturas | Busca facturas", expect!["invoice: buscar_facturas"]);
    check("zoeken_facturen | Zoekt facturen", expect!["invoice: zoeken_facturen"]);
    check("elenca_fatture | Elenca le fatture", expect!["invoice: elenca_fatture"]);
}

#[test]
fn what_all_tools_begin_with_says_nothing() {
    check(
        "
        acme_invoices_search | Search
        acme_invoices_get | Get | id
        acme_contacts_search | Search
        acme_contacts_create | Create
        ",
        expect![[r#"
            company: acme_contacts_search
            people: acme_contacts_search
            invoice: acme_invoices_search"#]],
    );
}

#[test]
fn a_dispatcher_is_told_of_which_kind() {
    let tools = [json!({
        "name": "list_records", "description": "Search a collection",
        "inputSchema": {
            "properties": {
                "resource": { "type": "string", "enum": ["customers", "sales_invoices", "chart_of_accounts", "bank_accounts"] },
                "limit": { "type": "integer" },
            },
            "required": ["resource"],
        },
    })];
    expect![[r#"
        company: list_records {"resource":"customers"}
        people: list_records {"resource":"customers"}
        invoice: list_records {"resource":"sales_invoices"}
        account: list_records {"resource":"bank_accounts"}
        ledger_account: list_records {"resource":"chart_of_accounts"}"#]]
    .assert_eq(&told(&tools));
}

#[test]
fn a_dispatcher_by_action_is_told_to_list() {
    let tools = [json!({
        "name": "transactions_operations", "description": "Manage transactions",
        "inputSchema": {
            "properties": { "action": { "type": "string", "enum": ["get_transaction", "list_transactions", "delete_transaction"] } },
            "required": ["action"],
        },
    })];
    expect![[r#"transaction: transactions_operations {"action":"list_transactions"}"#]]
        .assert_eq(&told(&tools));
}

#[test]
fn required_arguments_are_as_wide_as_they_can_be() {
    let schema = json!({
        "properties": {
            "start_date": { "type": "string", "format": "date" },
            "end_date": { "type": "string", "format": "date-time" },
            "status": { "type": "string", "enum": ["open", "all"] },
            "page_size": { "type": "integer", "maximum": 50 },
            "page": { "type": "integer" },
            "params": { "$ref": "#/$defs/Params" },
            "archived": { "type": "boolean" },
            "order": { "type": "string", "default": "asc" },
            "optional": { "type": "string", "enum": ["all"] },
        },
        "required": ["start_date", "end_date", "status", "page_size", "page", "params", "archived", "order"],
    });
    let tool = ToolSpec {
        name: "list_invoices",
        description: None,
        input_schema: &schema,
        output_schema: None,
        read_only: None,
        destructive: None,
    };
    expect![[r#"{"start_date":"1970-01-01","end_date":"2099-12-31T00:00:00Z","status":"all","page_size":50,"page":1,"params":{},"archived":false,"order":"asc"}"#]]
        .assert_eq(&Value::Object(arguments(TargetModel::Invoice, &tool)).to_string());
}

#[test]
fn evidence_is_told() {
    let tools = catalogue("get_attachments | Get attachments | message_id");
    let choice = choose(TargetModel::Document, &tools);
    let first = choice.ranked.first().unwrap();
    let expected = [
        "name speaks of attachment",
        "name reads many",
        "requires message_id, which no tool lists",
    ];
    assert_eq!(first.evidence, expected);
    let tools = catalogue("get_invoice | Get one invoice | invoice_id");
    let choice = choose(TargetModel::Invoice, &tools);
    let expected = [
        "name speaks of invoice",
        "against: name reads one",
        "against: requires invoice_id, by which it fetches what is known already",
    ];
    assert_eq!(choice.ranked.first().unwrap().evidence, expected);
    assert_eq!(choice.chosen, None);
}

proptest! {
    #[test]
    fn choosing_is_total(name in "\\PC{0,30}", description in "\\PC{0,60}", property in "\\PC{0,12}", kind in "[a-z]{0,8}") {
        let tools = [json!({
            "name": name, "description": description,
            "inputSchema": { "properties": { (property.as_str()): { "type": kind } }, "required": [property] },
        })];
        for target in TargetModel::ALL {
            let choice = choose(*target, &tools);
            prop_assert!(choice.ranked.iter().all(|it| (0.0..=1.0).contains(&it.score)));
        }
    }
}
