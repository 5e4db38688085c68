//! Answers in the manner of five providers. None of them is one.

use domain::TargetModel;
use serde_json::{Value, json};

use super::subject::Payload;

pub(super) fn by_hand() -> Vec<Payload> {
    let of = |name: &str, target, tool: &str, row: fn(usize) -> Value| Payload {
        name: name.to_owned(),
        target,
        tool: tool.to_owned(),
        rows: (0..6).map(row).collect(),
    };
    vec![
        of("snake-books", TargetModel::Invoice, "list_invoices", invoice),
        of("camel-bank", TargetModel::Transaction, "list_transactions", transaction),
        of("pascal-crm", TargetModel::People, "list_contacts", person),
        of("flat-register", TargetModel::Company, "list_companies", company),
        of("ledger-chart", TargetModel::LedgerAccount, "list_ledger_accounts", account),
    ]
}

fn pick<'a>(of: &[&'a str], at: usize) -> &'a str {
    of.get(at % of.len().max(1)).copied().unwrap_or_default()
}

fn invoice(at: usize) -> Value {
    let net = 100 + 37 * at;
    json!({
        "id": format!("inv_{}", 4100 + at),
        "invoice_number": format!("2026-{:04}", 17 + at),
        "status": pick(&["paid", "draft", "issued"], at),
        "issue_date": format!("2026-04-{:02}", 3 + at),
        "due_date": format!("2026-05-{:02}", 3 + at),
        "currency": "EUR",
        "net_total": net,
        "tax_total": f64::from(u32::try_from(net).unwrap_or_default()) * 0.2,
        "grand_total": f64::from(u32::try_from(net).unwrap_or_default()) * 1.2,
        "customer": { "id": format!("c{}", 9 + at), "name": pick(&["Nord Lumber", "Atelier Vif", "Kade BV"], at) },
        "memo": format!("Delivery {}", at + 1),
        "lines": [
            { "description": "Boards", "quantity": 2 + at, "unit_price": 12.5, "total": 25.0 },
            { "description": "Freight", "quantity": 1, "unit_price": 40, "total": 40 },
        ],
        "locale": "de",
        "revision": at,
    })
}

fn transaction(at: usize) -> Value {
    json!({
        "transactionId": format!("T-{}", 77120 + at),
        "accountId": "acc-1",
        "bookingDate": format!("2026-03-{:02}", 11 + at),
        "valueDate": format!("2026-03-{:02}", 12 + at),
        "transactionAmount": {
            "amount": format!("{}{}.{:02}", if at.is_multiple_of(2) { "-" } else { "" }, 12 + 9 * at, 5 * at),
            "currency": "EUR",
        },
        "counterpartyName": pick(&["Stadtwerke", "Maria Lind", "Papierhaus"], at),
        "remittanceInformation": format!("Invoice {}", 300 + at),
        "status": pick(&["booked", "pending"], at),
        "channel": "api",
    })
}

fn person(at: usize) -> Value {
    let (first, last) =
        (pick(&["Ada", "Jonas", "Inès"], at), pick(&["Berg", "Okoro", "Costa", "Dahl"], at));
    json!({
        "Id": 520 + at,
        "FirstName": first,
        "LastName": last,
        "FullName": format!("{first} {last}"),
        "Email": format!("{}.{}@example.org", first.to_lowercase().replace('è', "e"), at),
        "Phone": format!("+49 30 5550{at}"),
        "JobTitle": pick(&["Buyer", "Head of Sales"], at),
        "Company": { "Id": 40 + at, "Name": pick(&["Nord Lumber", "Kade BV"], at) },
        "OptIn": at.is_multiple_of(2),
    })
}

fn company(at: usize) -> Value {
    json!({
        "uid": format!("org-{}", 15 + at),
        "name": pick(&["Nord Lumber GmbH", "Atelier Vif SARL", "Kade BV", "Fjell AS"], at),
        "vat_number": format!("DE{}", 123_456_780 + at),
        "email": format!("office{at}@example.com"),
        "phone": format!("+31 20 555 01{at}"),
        "website": format!("https://www.example{at}.com"),
        "street": format!("Harbour Road {}", 4 + at),
        "postal_code": format!("10{}15", at),
        "city": pick(&["Hamburg", "Lyon", "Breda"], at),
        "country": pick(&["DE", "FR", "NL"], at),
        "rating": at,
        "segment": pick(&["a", "b"], at),
    })
}

fn account(at: usize) -> Value {
    json!({
        "id": 9000 + at,
        "code": format!("{}", 1000 * (1 + at) + 200),
        "name": pick(&["Cash", "Receivables", "Payables", "Capital", "Sales", "Rent"], at),
        "type": pick(&["asset", "asset", "liability", "equity", "revenue", "expense"], at),
        "description": format!("Booked by rule {at}"),
        "active": at != 4,
        "balance_cached": 10 * at,
    })
}
