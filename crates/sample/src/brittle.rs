//! The server that misbehaves, each tool in its own way, as real ones do.

use serde_json::{Value, json};

use crate::data;
use crate::listing::{Form, Listing, Other, Reply, Style};

pub(crate) const LISTINGS: [Listing; 4] = [
    Listing {
        name: "list_invoices",
        description: "List invoices with number, dates and totals.",
        style: Style::Page(10),
        form: Form::Text,
        member: "results",
        required: "issue_date",
        parent: None,
        count: |_| 24,
        row: |it, _| {
            let mut row = data::invoice(it);
            // Imported from the old system, which kept no date.
            if it % 3 == 1 {
                row["issue_date"] = Value::Null;
            }
            row
        },
    },
    Listing {
        name: "list_people",
        description: "List people: contacts with their e-mail and employer.",
        style: Style::All,
        form: Form::Structured,
        member: "people",
        required: "full_name",
        parent: None,
        count: |_| 0,
        row: |it, _| data::person(it),
    },
    Listing {
        name: "list_invoice_payments",
        description: "List payments allocated to invoices.",
        style: Style::Offset(50),
        form: Form::Structured,
        member: "payments",
        required: "amount",
        parent: Some("invoice_id"),
        count: |_| 8,
        row: |it, _| {
            let mut row = data::payment(it);
            // Half of them name an invoice that was never listed.
            if it % 2 == 1 {
                row["invoice_id"] = json!(format!("inv_9{it:03}"));
            }
            row
        },
    },
    Listing {
        name: "list_ledger_accounts",
        description: "List general ledger accounts (chart of accounts).",
        style: Style::LimitOnly(10),
        form: Form::Structured,
        member: "value",
        required: "name",
        parent: None,
        count: |_| data::CHART.len(),
        row: |it, _| data::ledger_account(it),
    },
];

pub(crate) const OTHERS: [Other; 6] = [
    Other {
        name: "list_companies",
        description: "List companies: customers and suppliers.",
        required: &[],
        changes: false,
    },
    Other {
        name: "list_bank_accounts",
        description: "List bank accounts with balances.",
        required: &[],
        changes: false,
    },
    Other {
        name: "list_transactions",
        description: "List bank transactions.",
        required: &[],
        changes: false,
    },
    Other {
        name: "list_documents",
        description: "List documents and attached files.",
        required: &[],
        changes: false,
    },
    Other {
        name: "get_status",
        description: "Get the status of the upstream systems.",
        required: &[],
        changes: false,
    },
    Other {
        name: "delete_invoice",
        description: "Delete an invoice.",
        required: &["invoice_id"],
        changes: true,
    },
];

/// What the tools that list no rows answer.
pub(crate) fn other(name: &str) -> Reply {
    match name {
        "list_companies" => Reply::Text(
            "Error: 500 Server Error: Internal Server Error for url: \
             https://crm.example/v1/companies?api_token=not-a-real-token-4711&limit=100"
                .to_owned(),
        ),
        "list_bank_accounts" => Reply::Failed(
            "Request failed with status code 503: bank gateway unavailable".to_owned(),
        ),
        "list_transactions" => scope_missing("transactions.read"),
        "list_documents" => Reply::Text(
            "There are several folders. The most recent contracts are in the second one, and \
             the older ones can be asked for at the front desk."
                .to_owned(),
        ),
        "get_status" => Reply::Structured(json!({ "crm": "degraded", "bank": "down" })),
        _ => Reply::Text("This is a sample: nothing was changed.".to_owned()),
    }
}

/// The typed answer that a scope is missing.
pub(crate) fn scope_missing(scope: &str) -> Reply {
    Reply::FailedWith(json!({
        "error": "insufficient_scope",
        "message": format!("the token lacks the scope {scope}"),
        "required_scopes": [scope],
    }))
}
