//! The healthy server: accounting and banking of a small workshop.

use serde_json::{Value, json};

use crate::data;
use crate::listing::{Form, Listing, Other, Reply, Style};

pub(crate) const LISTINGS: [Listing; 7] = [
    Listing {
        name: "list_companies",
        description: "List the companies we do business with: customers and suppliers, with legal \
                      name, VAT number, website and address.",
        style: Style::Cursor(5),
        form: Form::Structured,
        member: "data",
        required: "name",
        parent: None,
        count: |_| data::COMPANIES,
        row: |it, _| data::company(it),
    },
    Listing {
        name: "list_people",
        description: "List contact persons at the companies, with job title, e-mail and phone.",
        style: Style::Page(12),
        form: Form::Text,
        member: "people",
        required: "full_name",
        parent: Some("company_id"),
        count: |_| data::PEOPLE,
        row: |it, _| data::person(it),
    },
    Listing {
        name: "list_bank_accounts",
        description: "List our own bank accounts with IBAN and current balance.",
        style: Style::All,
        form: Form::ResultText,
        member: "accounts",
        required: "account_id",
        parent: None,
        count: |_| data::ACCOUNTS,
        row: |it, _| data::account(it),
    },
    Listing {
        name: "list_transactions",
        description: "List bank transactions, newest first. `amount_cents` is signed: negative is \
                      money out.",
        style: Style::Offset(100),
        form: Form::Structured,
        member: "transactions",
        required: "booked_on",
        parent: Some("account_id"),
        count: |scale| scale.transactions,
        row: |it, scale| data::transaction(it, scale.transactions),
    },
    Listing {
        name: "list_invoices",
        description: "List sales invoices with customer, dates, net, tax and total.",
        style: Style::LimitOnly(200),
        form: Form::Structured,
        member: "invoices",
        required: "issue_date",
        parent: None,
        count: |_| data::INVOICES,
        row: |it, _| data::invoice(it),
    },
    Listing {
        name: "list_invoice_payments",
        description: "List which bank transaction paid which invoice, and with how much.",
        style: Style::Cursor(25),
        form: Form::Text,
        member: "items",
        required: "amount",
        parent: Some("invoice_id"),
        count: |scale| data::paid_invoices(scale.transactions).len(),
        row: |it, scale| {
            let paid = data::paid_invoices(scale.transactions);
            paid.get(it).map_or(Value::Null, |it| data::payment(*it))
        },
    },
    Listing {
        name: "list_ledger_accounts",
        description: "List the chart of accounts (general ledger accounts) with code, name, type \
                      and parent.",
        style: Style::Offset(50),
        form: Form::Structured,
        member: "ledger_accounts",
        required: "name",
        parent: Some("parent_id"),
        count: |_| data::CHART.len(),
        row: |it, _| data::ledger_account(it),
    },
];

pub(crate) const OTHERS: [Other; 7] = [
    Other {
        name: "get_company",
        description: "Get one company by its id.",
        required: &["company_id"],
        changes: false,
    },
    Other {
        name: "get_exchange_rates",
        description: "Get today's exchange rates to the euro.",
        required: &[],
        changes: false,
    },
    Other {
        name: "search_help",
        description: "Search the help pages of the accounting software.",
        required: &["question"],
        changes: false,
    },
    Other {
        name: "create_invoice",
        description: "Create a new sales invoice for a company.",
        required: &["company_id", "amount"],
        changes: true,
    },
    Other {
        name: "send_invoice",
        description: "Send an invoice to the customer by e-mail.",
        required: &["invoice_id"],
        changes: true,
    },
    Other {
        name: "update_company",
        description: "Change the address or name of a company.",
        required: &["company_id"],
        changes: true,
    },
    Other {
        name: "delete_transaction",
        description: "Delete a bank transaction.",
        required: &["transaction_id"],
        changes: true,
    },
];

/// What the other tools answer. Those that would change something change nothing.
pub(crate) fn other(name: &str, args: &rmcp::model::JsonObject) -> Reply {
    match name {
        "get_company" => {
            let wanted = args.get("company_id").and_then(Value::as_str).unwrap_or_default();
            match (0..data::COMPANIES).find(|it| data::company_id(*it) == wanted) {
                Some(at) => Reply::Structured(data::company(at)),
                None => Reply::Failed(format!("Company {wanted} not found")),
            }
        }
        "get_exchange_rates" => Reply::Structured(json!({
            "base": "EUR", "rates": { "USD": "1.0840", "GBP": "0.8512", "SEK": "11.2350" },
        })),
        "search_help" => Reply::Text(
            "Invoices are found under Sales. To correct one, cancel it and write another."
                .to_owned(),
        ),
        _ => Reply::Text("This is a sample: nothing was changed.".to_owned()),
    }
}
