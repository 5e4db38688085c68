//! The same word on different servers, and tools that are told of which kind.

use super::*;

/// A tool whose required argument is described.
fn asked(name: &str, description: &str, argument: &str, told: &str) -> Value {
    json!({
        "name": name, "description": description,
        "inputSchema": {
            "properties": { (argument): { "type": "string", "description": told } },
            "required": [argument],
        },
    })
}

#[test]
fn messages_of_a_chat_are_no_emails() {
    check("list_messages | List messages of a channel\nlist_channels | List", expect![[]]);
    check(
        "list_messages | List messages of the mailbox\nlist_mailboxes | List mailboxes",
        expect!["email: list_messages"],
    );
}

#[test]
fn accounts_of_users_are_people() {
    check("search_user_accounts | Search user accounts", expect!["people: search_user_accounts"]);
}

#[test]
fn cards_of_a_board_pay_for_nothing() {
    check("list_cards | List the cards of a board", expect![[]]);
    check(
        "list_cards | List cards\nlist_transactions | List",
        expect![[r#"
            transaction: list_transactions
            payment_means: list_cards"#]],
    );
}

#[test]
fn a_journal_of_days_keeps_no_books() {
    check("list_journal_entries | List what you wrote each day", expect![[]]);
}

#[test]
fn a_manual_journal_is_an_entry() {
    check(
        "list_manual_journals | List manual journals\nlist_invoices | List",
        expect![[r#"
            invoice: list_invoices
            journal_entry: list_manual_journals"#]],
    );
}

#[test]
fn an_own_company_is_read_where_no_other_is_listed() {
    check("get_company_info | Get the company", expect!["company: get_company_info"]);
    check(
        "get_company_info | Get the company\nlist_customers | List\nlist_employees | List",
        expect![[r#"
            company: list_customers
            people: list_employees"#]],
    );
}

#[test]
fn an_argument_that_says_which_one_is_no_kind() {
    let tools =
        [asked("list_events", "List events: transactions, accounts", "entity", "Key of one")];
    expect![[]].assert_eq(&told(&tools));
}

#[test]
fn an_open_dispatcher_is_told_in_its_dialect() {
    let tools = [asked("list_documents", "List documents", "doctype", "")];
    assert!(told(&tools).contains(r#"invoice: list_documents {"doctype":"Sales Invoice"}"#));
    let tools = [asked("query_records", "Query any object using SOQL", "objectName", "API name")];
    expect![[r#"
        company: query_records {"objectName":"Account"}
        people: query_records {"objectName":"Contact"}
        email: query_records {"objectName":"EmailMessage"}
        document: query_records {"objectName":"ContentDocument"}"#]]
    .assert_eq(&told(&tools));
}

#[test]
fn quoted_words_are_choices() {
    let tools = [asked("list_records", "List records", "party_type", "'Customer' or 'Supplier'")];
    assert!(told(&tools).contains(r#"company: list_records {"party_type":"Customer"}"#));
}

#[test]
fn a_tool_for_every_action_is_told_to_list_and_nothing_else() {
    let action = json!({ "type": "string", "enum": ["create", "list", "delete"] });
    let schema = json!({ "properties": { "action": action }, "required": ["action"] });
    let tools = [json!({ "name": "manage_invoices", "inputSchema": schema })];
    expect![[r#"invoice: manage_invoices {"action":"list"}"#]].assert_eq(&told(&tools));
    let schema =
        json!({ "properties": { "action": { "enum": ["create"] } }, "required": ["action"] });
    let tools = [json!({ "name": "manage_invoices", "inputSchema": schema })];
    expect![[]].assert_eq(&told(&tools));
}

#[test]
fn a_plain_ledger_is_asked_in_its_query_language() {
    let tools = [asked("run_query", "Run a BQL query", "query", "")];
    let told = told(&tools);
    assert!(told.contains("journal_entry: run_query {\"query\":\"SELECT id"), "{told}");
    assert!(is_bound(&specs(&tools)[0]));
}

#[test]
fn files_of_one_format_are_not_the_files_of_a_store() {
    check(
        "list_folder | List the contents of a folder\nmove_file | Move\nrename_file | Rename\n\
         list_google_docs | List Google documents",
        expect!["document: list_folder"],
    );
    check("list_google_docs | List Google documents", expect!["document: list_google_docs"]);
}

#[test]
fn what_is_told_to_be_a_document_is_one() {
    check(
        "invoices_list | Lists invoice documents of the inbox",
        expect![[r#"
            invoice: invoices_list
            document: invoices_list"#]],
    );
}
