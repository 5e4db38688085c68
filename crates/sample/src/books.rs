//! The server whose records name one another by name, code and number, and in any order: children
//! before their parents, two companies of one name, parents that are never listed.

use serde_json::{Value, json};

use crate::data;
use crate::listing::{Form, Listing, Other, Style};

pub(crate) const LISTINGS: [Listing; 7] = [
    Listing {
        name: "list_companies",
        description: "List companies: customers and suppliers, by name.",
        style: Style::Cursor(4),
        form: Form::Structured,
        member: "companies",
        required: "name",
        parent: None,
        count: |_| COMPANIES.len(),
        // Whom to ask for stands where others describe; of the last one nobody has heard.
        row: |it, _| {
            json!({
                "id": format!("co_{it}"),
                "name": COMPANIES.get(it),
                "description": format!("ct_{it}"),
            })
        },
    },
    Listing {
        name: "list_contacts",
        description: "List contact persons (people) with e-mail and the company they work for.",
        style: Style::All,
        form: Form::Structured,
        member: "contacts",
        required: "full_name",
        parent: None,
        count: |_| EMPLOYERS.len(),
        row: |it, _| {
            json!({
                "id": format!("ct_{it}"),
                "full_name": format!("Contact No {it}"),
                "email": format!("contact{it}@example.org"),
                "company_name": EMPLOYERS.get(it),
            })
        },
    },
    Listing {
        name: "list_invoices",
        description: "List sales invoices with number, dates, customer and total.",
        style: Style::Page(50),
        form: Form::Structured,
        member: "invoices",
        required: "issue_date",
        parent: None,
        count: |_| EMPLOYERS.len(),
        row: |it, _| {
            json!({
                "id": format!("iv_{it}"),
                "invoice_number": format!("R-{it}"),
                "status": "paid",
                "issue_date": data::day(20_600),
                "customer_name": EMPLOYERS.get(it),
                "total_amount": "119.00",
                "currency": "EUR",
            })
        },
    },
    Listing {
        name: "list_ledger_accounts",
        description: "List the chart of accounts (general ledger accounts) with number, name, type \
                      and parent.",
        style: Style::Offset(4),
        form: Form::Structured,
        member: "ledger_accounts",
        required: "name",
        parent: Some("parent_id"),
        count: |_| data::CHART.len(),
        // From the last to the first: most children come pages before their parents.
        row: |it, _| data::ledger_account(data::CHART.len() - 1 - it),
    },
    Listing {
        name: "list_journals",
        description: "List accounting journals with their code.",
        style: Style::All,
        form: Form::Structured,
        member: "journals",
        required: "code",
        parent: None,
        count: |_| JOURNALS.len(),
        row: |it, _| {
            let (code, name) = JOURNALS.get(it).copied().unwrap_or_default();
            json!({ "id": format!("jr_{it}"), "code": code, "name": name })
        },
    },
    Listing {
        name: "list_journal_entries",
        description: "List journal entries with their lines: account number, debit and credit.",
        style: Style::Offset(10),
        form: Form::Structured,
        member: "journal_entries",
        required: "entry_date",
        parent: Some("journal_code"),
        count: |_| 6,
        row: |it, _| entry(it),
    },
    Listing {
        name: "list_emails",
        description: "List e-mail addresses in the address book.",
        style: Style::All,
        form: Form::Structured,
        member: "emails",
        required: "email",
        parent: None,
        count: |_| 3,
        row: |it, _| json!({ "email": format!("Contact{it}@Example.org") }),
    },
];

pub(crate) const OTHERS: [Other; 0] = [];

/// Two of them have one name.
const COMPANIES: [&str; 5] =
    ["Northwind Sails", "Harbour Light", "Twin Peaks Trading", "Twin Peaks Trading", "Mill & Sons"];

/// As other records write it: another case, a name of two, one that is nowhere.
const EMPLOYERS: [&str; 4] =
    ["Northwind Sails", "HARBOUR  light", "Twin Peaks Trading", "Nobody Knows Ltd"];

const JOURNALS: [(&str, &str); 2] = [("SA", "Sales"), ("BK", "Bank")];

/// The last one is in a journal that is never listed.
fn entry(index: usize) -> Value {
    let code = if index == 5 { "XX" } else { JOURNALS.get(index % 2).map_or("", |it| it.0) };
    json!({
        "id": format!("je_{index}"),
        "journal_code": code,
        "entry_number": format!("{}", 100 + index),
        "entry_date": data::day(20_500 + i64::try_from(index).unwrap_or_default()),
        "label": format!("Entry {index}"),
        "currency": "EUR",
        "lines": [
            { "account_number": "1200", "label": "in", "debit": 100 + index, "credit": 0 },
            { "account_number": "4100", "label": "out", "debit": 0, "credit": 100 + index },
        ],
    })
}
