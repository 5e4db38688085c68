//! Made-up companies, people, accounts, movements and invoices. A row is a function of its index.

mod words;

use serde_json::{Value, json};

use words::{COSTS, FAMILY, FIRMS, GIVEN, TITLES};

pub(crate) const COMPANIES: usize = 12;
pub(crate) const PEOPLE: usize = 30;
pub(crate) const ACCOUNTS: usize = 3;
pub(crate) const INVOICES: usize = 60;
/// Every so many transactions one pays an invoice.
const PER_INVOICE: usize = 4;
/// The last day with data: 30 June 2026, counted from 1 January 1970.
const LAST_DAY: i64 = 20_634;

/// A number that looks random and is the same every time.
fn mixed(seed: usize) -> u64 {
    let seed = u64::try_from(seed).unwrap_or(u64::MAX);
    let mut it = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    it = (it ^ (it >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    it = (it ^ (it >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    it ^ (it >> 31)
}

/// One of a list, by index, around and around.
fn pick<T>(list: &[T], index: usize) -> Option<&T> {
    list.get(index.checked_rem(list.len())?)
}

pub(crate) fn company_id(index: usize) -> String {
    format!("cmp_{:03}", index % COMPANIES + 1)
}

pub(crate) fn account_id(index: usize) -> String {
    format!("acc_{:02}", index % ACCOUNTS + 1)
}

pub(crate) fn invoice_id(index: usize) -> String {
    format!("inv_{:04}", index + 1)
}

pub(crate) fn transaction_id(index: usize) -> String {
    format!("txn_{:07}", index + 1)
}

pub(crate) fn invoice_number(index: usize) -> String {
    format!("2026-{:04}", 1_000 + index)
}

pub(crate) fn company(index: usize) -> Value {
    let Some(firm) = pick(&FIRMS, index) else { return Value::Null };
    let (postal_code, city, country) = firm.place;
    json!({
        "id": company_id(index),
        "name": firm.name,
        "legal_name": firm.legal,
        "vat_number": format!("{country}{:09}", mixed(index) % 1_000_000_000),
        "website": format!("https://www.{}", firm.domain),
        "email": format!("office@{}", firm.domain),
        "phone": format!("+44 20 7946 0{:03}", mixed(index + 50) % 1_000),
        "address": {
            "street": firm.street, "postal_code": postal_code, "city": city, "country": country,
        },
        "created_at": format!("{}T08:{:02}:00Z", day(LAST_DAY - 400 + index_days(index * 9)), index),
    })
}

pub(crate) fn company_name(index: usize) -> &'static str {
    pick(&FIRMS, index).map_or("", |it| it.name)
}

pub(crate) fn person(index: usize) -> Value {
    let given = pick(&GIVEN, index).copied().unwrap_or_default();
    let family = pick(&FAMILY, index * 7 / 3).copied().unwrap_or_default();
    let firm = pick(&FIRMS, index);
    let plain = |it: &str| it.to_lowercase().replace('ö', "o");
    json!({
        "person_id": 7_000 + index,
        "first_name": given,
        "last_name": family,
        "full_name": format!("{given} {family}"),
        "job_title": pick(&TITLES, index),
        "work_email":
            format!("{}.{}@{}", plain(given), plain(family), firm.map_or("", |it| it.domain)),
        "phone": if index.is_multiple_of(5) { Value::Null } else {
            Value::from(format!("+44 161 496 0{:03}", mixed(index + 90) % 1_000))
        },
        "company_id": company_id(index),
        "updated": (LAST_DAY - index_days(index * 3)) * 86_400 + 32_400,
    })
}

pub(crate) fn account(index: usize) -> Value {
    const KINDS: [(&str, &str, &str); ACCOUNTS] = [
        ("Operating account", "checking", "12840.55"),
        ("Tax reserve", "savings", "30500.00"),
        ("Company card", "credit_card", "-1287.40"),
    ];
    let (name, kind, balance) = pick(&KINDS, index).copied().unwrap_or_default();
    let number = format!("{:010}", 532_013_000 + index);
    let is_card = kind == "credit_card";
    json!({
        "account_id": account_id(index),
        "name": name,
        "type": kind,
        "iban": if is_card { Value::Null } else { iban("DE", &format!("37040044{number}")).into() },
        "bic": if is_card { Value::Null } else { "COBADEFFXXX".into() },
        "bank": "Hafenbank",
        "holder": "Tern Workshop GmbH",
        "balance": { "amount": balance, "currency": "EUR" },
        "opened": "2023-02-01",
    })
}

/// An IBAN with its check digits.
fn iban(country: &str, account: &str) -> String {
    let digits = format!("{account}{country}00");
    let remainder = digits.chars().fold(0_u32, |it, char| {
        // Letters count from ten, and so take two places.
        let value = char.to_digit(36).unwrap_or_default();
        (it * if value > 9 { 100 } else { 10 } + value) % 97
    });
    format!("{country}{:02}{account}", 98 - remainder)
}

/// The day of a transaction, newest first: two a day, or all within four years when there are many.
fn transaction_day(index: usize, total: usize) -> i64 {
    let per_day = (total / 1_460).max(2);
    LAST_DAY - index_days(index / per_day)
}

/// Amount in cents, signed; every fourth transaction pays an invoice.
pub(crate) fn transaction(index: usize, total: usize) -> Value {
    let date = day(transaction_day(index, total));
    let (counterparty, text, cents) = match paid_invoice(index) {
        Some(invoice) => {
            let text = format!("Invoice {}", invoice_number(invoice));
            (company_name(invoice), text, gross_cents(invoice))
        }
        None => {
            let (name, text) = pick(&COSTS, index).copied().unwrap_or_default();
            (name, text.to_owned(), -cents(mixed(index + 7) % 48_000 + 1_250))
        }
    };
    json!({
        "transaction_id": transaction_id(index),
        "account_id": account_id(if index.is_multiple_of(9) { 2 } else { 0 }),
        "booked_on": date,
        "executed_at": format!("{date}T{:02}:{:02}:00Z", 8 + index % 9, index % 60),
        "amount_cents": cents,
        "currency": "EUR",
        "counterparty": counterparty,
        "description": text,
        "status": if index < 3 { "pending" } else { "booked" },
    })
}

/// The invoice that a transaction pays.
pub(crate) fn paid_invoice(transaction: usize) -> Option<usize> {
    let invoice = transaction / PER_INVOICE;
    let pays = transaction % PER_INVOICE == PER_INVOICE - 1;
    (pays && invoice < INVOICES && status(invoice) == "paid").then_some(invoice)
}

fn status(invoice: usize) -> &'static str {
    match invoice % 6 {
        0 => "open",
        4 if invoice.is_multiple_of(4) => "draft",
        _ => "paid",
    }
}

fn net_cents(invoice: usize) -> i64 {
    cents(mixed(invoice + 300) % 420_000 + 8_000) / 100 * 100
}

fn gross_cents(invoice: usize) -> i64 {
    let net = net_cents(invoice);
    net + net * 19 / 100
}

pub(crate) fn invoice(index: usize) -> Value {
    let paid_on = LAST_DAY - index_days((index * PER_INVOICE + PER_INVOICE - 1) / 2);
    let issued = paid_on - 20;
    let (net, gross) = (net_cents(index), gross_cents(index));
    let money = |cents: i64| json!({ "amount": decimal(cents), "currency": "EUR" });
    let hours = 1 + i64::try_from(mixed(index) % 20).unwrap_or_default();
    json!({
        "id": invoice_id(index),
        "number": invoice_number(index),
        "status": status(index),
        "issue_date": day(issued),
        "due_date": day(issued + 30),
        "customer": { "id": company_id(index), "name": company_name(index) },
        "net": money(net),
        "tax": money(gross - net),
        "total": money(gross),
        "open_amount": money(if status(index) == "paid" { 0 } else { gross }),
        "memo": format!("Workshop services, lot {}", index + 1),
        "lines": [
            { "text": "Design", "quantity": hours, "line_total": decimal(net / 2) },
            { "text": "Manufacture", "quantity": 1, "line_total": decimal(net - net / 2) },
        ],
    })
}

/// The allocation of a payment to an invoice, one for each paid invoice.
pub(crate) fn payment(invoice: usize) -> Value {
    json!({
        "payment_id": format!("pay_{:04}", invoice + 1),
        "invoice_id": invoice_id(invoice),
        "transaction_id": transaction_id(invoice * PER_INVOICE + PER_INVOICE - 1),
        "amount": decimal(gross_cents(invoice)),
        "currency": "EUR",
        "paid_on": day(LAST_DAY - index_days((invoice * PER_INVOICE + PER_INVOICE - 1) / 2)),
    })
}

/// The invoices that are paid by a transaction that exists.
pub(crate) fn paid_invoices(transactions: usize) -> Vec<usize> {
    let exists = |it: &usize| it * PER_INVOICE + PER_INVOICE <= transactions;
    (0..INVOICES).filter(|it| status(*it) == "paid").filter(exists).collect()
}

pub(crate) const CHART: [(&str, &str, &str, &str); 14] = [
    ("1000", "Current assets", "asset", ""),
    ("1200", "Bank", "asset", "1000"),
    ("1210", "Tax reserve", "asset", "1000"),
    ("1400", "Trade receivables", "asset", "1000"),
    ("2000", "Liabilities", "liability", ""),
    ("2100", "Trade payables", "liability", "2000"),
    ("2200", "VAT payable", "liability", "2000"),
    ("3000", "Share capital", "equity", ""),
    ("4000", "Revenue", "income", ""),
    ("4100", "Revenue from services", "income", "4000"),
    ("6000", "Operating expenses", "expense", ""),
    ("6100", "Rent", "expense", "6000"),
    ("6200", "Energy", "expense", "6000"),
    ("6300", "Travel", "expense", "6000"),
];

pub(crate) fn ledger_account(index: usize) -> Value {
    let (code, name, kind, parent) = pick(&CHART, index).copied().unwrap_or_default();
    json!({
        "id": format!("gl_{code}"),
        "code": code,
        "name": name,
        "type": kind,
        "active": true,
        "parent_id": if parent.is_empty() { Value::Null } else { format!("gl_{parent}").into() },
    })
}

fn cents(amount: u64) -> i64 {
    i64::try_from(amount).unwrap_or(i64::MAX)
}

fn index_days(index: usize) -> i64 {
    i64::try_from(index).unwrap_or(i64::MAX / 4)
}

/// Cents as a decimal text: `-12.05`.
pub(crate) fn decimal(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    let cents = cents.unsigned_abs();
    format!("{sign}{}.{:02}", cents / 100, cents % 100)
}

/// `YYYY-MM-DD` of a day counted from 1 January 1970, by the usual civil calendar formula.
pub(crate) fn day(days: i64) -> String {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let date = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{date:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calendar_is_right() {
        assert_eq!(day(0), "1970-01-01");
        assert_eq!(day(LAST_DAY), "2026-06-30");
        assert_eq!(day(LAST_DAY - 851), "2024-03-01");
        assert_eq!(day(LAST_DAY - 852), "2024-02-29");
    }

    #[test]
    fn ibans_have_their_check_digits() {
        assert_eq!(iban("DE", "370400440532013000"), "DE89370400440532013000");
    }

    #[test]
    fn a_payment_is_a_transaction_of_the_same_amount() {
        for invoice in paid_invoices(240) {
            let payment = payment(invoice);
            let at = (0..240).find(|it| transaction_id(*it) == payment["transaction_id"]);
            let movement = transaction(at.expect("exists"), 240);
            let cents = movement["amount_cents"].as_i64().expect("a number");
            assert_eq!(decimal(cents), payment["amount"]);
            assert_eq!(movement["booked_on"], payment["paid_on"]);
        }
    }

    #[test]
    fn an_invoice_adds_up() {
        for index in 0..INVOICES {
            assert_eq!(
                net_cents(index) + (gross_cents(index) - net_cents(index)),
                gross_cents(index)
            );
            assert!(invoice(index)["issue_date"].is_string());
        }
    }
}
