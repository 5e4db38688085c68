//! How names, descriptions and arguments are read.

use super::*;

#[test]
fn a_word_before_a_verb_is_a_domain_and_a_word_after_it_the_object() {
    check(
        "
        crm_search_people | Search people
        books_list_invoices | List invoices
        books_pay_invoices | Pay invoices
        ",
        expect![[r#"
            people: crm_search_people
            invoice: books_list_invoices"#]],
    );
    check("invoices.list | List\ninvoices.get | Get | id", expect!["invoice: invoices.list"]);
    check(
        "listGLAccounts | Lists the accounts of the general ledger",
        expect!["ledger_account: listGLAccounts"],
    );
}

#[test]
fn a_noun_that_is_also_a_verb_changes_nothing_where_it_is_listed() {
    check("draft_list | List drafts\nrecord_invoices | Record invoices", expect![[]]);
    let tools =
        catalogue("register | Show the transaction register\nledger_stats | Show statistics");
    assert!(!Catalogue::of(specs(&tools)).may_change(0));
    let tools = catalogue("vendor_register | Register a vendor\nvendor_list | List vendors");
    assert!(Catalogue::of(specs(&tools)).may_change(0));
}

#[test]
fn a_tool_whose_name_has_no_verb_is_believed_when_it_says_that_it_changes_something() {
    check("acme_invoices | Issue invoices to a buyer", expect![[]]);
    check("acme_invoices | Returns all invoices", expect!["invoice: acme_invoices"]);
}

#[test]
fn a_verb_that_changes_counts_wherever_it_stands() {
    let tools = "acme_create_invoices | Invoices\nget_or_create_invoices | Invoices";
    check(tools, expect![[]]);
}

#[test]
fn what_stands_beside_an_open_noun_says_what_it_is() {
    check(
        "
        list_parties | List parties (customers or suppliers)
        list_papers | List documents
        list_documents | List documents such as invoices and bills
        ",
        expect![[r#"
            company: list_parties
            invoice: list_documents
            document: list_papers"#]],
    );
    // The fields of a record are no kinds of it.
    check(
        "list_customers | List customers (name, email, phone)",
        expect![[r#"
            company: list_customers
            people: list_customers"#]],
    );
}

#[test]
fn the_whole_comes_before_a_part_of_it() {
    check(
        "list_overdue_invoices | List overdue invoices\nlist_booked_invoices | List booked invoices",
        expect!["invoice: list_booked_invoices"],
    );
    check("list_overdue_invoices | List", expect!["invoice: list_overdue_invoices"]);
}

#[test]
fn a_tool_that_sums_up_does_not_list() {
    check("list_transaction_reports | Reports\nget_invoice_stats | Statistics", expect![[]]);
    check("analysis_of_transactions | List transactions by weekday", expect![[]]);
}

#[test]
fn a_tool_that_takes_ids_of_its_own_records_fetches_them() {
    check(
        "get_messages | Get messages of the mailbox | message_ids\nsearch_messages | Search the mailbox",
        expect!["email: search_messages"],
    );
}

#[test]
fn a_description_leads_to_its_verb_and_measures() {
    check("contacts | **Purpose:** List contacts of the address book", expect!["people: contacts"]);
    check("me_user | Get details on the current user", expect![[]]);
}

#[test]
fn languages_of_the_trade_keep_their_compounds() {
    check(
        "
        lister_factures_fournisseurs | Liste les factures
        lister_comptes_bancaires | Liste les comptes
        lister_ecritures | Liste les \u{e9}critures comptables
        lister_journaux | Liste les journaux
        creer_factures | Cr\u{e9}e des factures
        ",
        expect![[r#"
            invoice: lister_factures_fournisseurs
            account: lister_comptes_bancaires
            journal: lister_journaux
            journal_entry: lister_ecritures"#]],
    );
}

#[test]
fn a_parent_is_found_where_the_argument_says() {
    let schema = json!({
        "properties": { "entity": { "type": "string", "description": "A key from `list_groups`" } },
        "required": ["entity"],
    });
    let tools = [
        json!({ "name": "list_invoices", "description": "List invoices", "inputSchema": schema }),
        json!({ "name": "list_groups", "inputSchema": {} }),
    ];
    expect!["invoice: list_invoices"].assert_eq(&told(&tools));
    let catalogue = Catalogue::of(specs(&tools));
    let choice = catalogue.choose(TargetModel::Invoice);
    let evidence = &choice.ranked.first().unwrap().evidence;
    assert!(
        evidence.contains(&"requires entity, which list_groups lists".to_owned()),
        "{evidence:?}"
    );
    let supply = catalogue.supply(&catalogue.tools()[0], &choice.arguments, |_| true);
    assert!(matches!(supply, Supply::Chained(it) if it.parent == 1));
}

#[test]
fn a_tool_that_asks_for_what_nobody_knows_stands_only_where_no_other_can() {
    let passing = |lines: &str| {
        let tools = catalogue(lines);
        let found = Catalogue::of(specs(&tools)).candidates(TargetModel::Invoice, |_| true);
        let name = |it: &Scored| tools[it.index]["name"].as_str().unwrap().to_owned();
        (found.passing.iter().map(name).collect::<Vec<_>>(), found.is_parent_scoped)
    };
    let needy = "list_invoices | List invoices | passphrase";
    assert_eq!(passing(needy), (vec!["list_invoices".to_owned()], false));
    let both = format!("{needy}\nsearch_invoices | Search invoices");
    assert_eq!(passing(&both), (vec!["search_invoices".to_owned()], false));
    let within = "list_invoices | List invoices | vault_id";
    assert_eq!(passing(within), (vec!["list_invoices".to_owned()], true));
}
