//! How fast ten thousand invoices are mapped: natively, interpreted, and by the reference engine,
//! in turn and in one process. It prints and never judges: a machine has its moods.
//!
//! ```text
//! WIRELINE_TEST_SPEED=7 WIRELINE_TEST_REFERENCE=…/node_modules/jsonata \
//!     cargo nextest run --release --workspace --test native --no-capture -E 'test(speed)'
//! ```

use std::fs;
use std::time::Instant;

use domain::TargetModel;
use mapping::expression::{Limits, apply};
use mapping::native::Program;
use mapping::plan::Plan;
use serde_json::{Value, json};

use crate::reference::{Reference, setting};

/// How many rounds.
const ROUNDS: &str = "WIRELINE_TEST_SPEED";

#[test]
fn speed_of_ten_thousand_invoices() {
    let Some(rounds) = setting(ROUNDS).and_then(|it| it.parse::<u32>().ok()) else { return };
    let mut reference = Reference::start().expect("the reference engine");
    let text = Value::Array((0..10_000).map(invoice).collect()).to_string();
    let file = tempfile::NamedTempFile::new().expect("a file");
    fs::write(file.path(), &text).expect("a file");
    let (plan, source) = (plan(), mapping::compile(&plan()));
    let mut runs = Runs::default();
    // One more to warm up, which is not counted.
    for round in 0..=rounds {
        let mut round_of = Runs::default();
        let native = round_of.time(0, &text, |rows| {
            let program = Program::of(&plan);
            rows.iter().map(|it| program.evaluate(it)).collect()
        });
        let within = round_of.time(1, &text, |rows| {
            let outcomes = apply(&source, rows, &Limits::default()).expect("an expression");
            outcomes.into_iter().collect::<Result<_, _>>().expect("no failed row")
        });
        assert_eq!(native, within);
        for (way, whole) in [(2, false), (3, true)] {
            let request = json!({ "expression": source, "file": file.path(), "whole": whole });
            let answer = reference.ask(&request);
            let took = |name: &str| answer[name].as_f64().expect("a time");
            round_of.0[way].push([took("total"), took("evaluation")]);
            let out: Vec<Value> =
                serde_json::from_str(answer["out"].as_str().expect("entities")).expect("JSON");
            assert!(out == serde_json::from_str::<Vec<Value>>(&native).expect("JSON"));
        }
        if round > 0 {
            runs.add(round_of);
        }
    }
    runs.print(text.len());
}

/// Milliseconds of each way: from text to text, and of the evaluation alone.
#[derive(Debug, Default)]
struct Runs([Vec<[f64; 2]>; 4]);

const WAYS: [&str; 4] = ["native", "interpreted", "reference, row by row", "reference, at once"];

impl Runs {
    fn time(&mut self, way: usize, text: &str, work: impl Fn(&[Value]) -> Vec<Value>) -> String {
        let ms = |since: Instant| since.elapsed().as_secs_f64() * 1000.0;
        let began = Instant::now();
        let rows: Vec<Value> = serde_json::from_str(text).expect("JSON");
        let parsed = Instant::now();
        let entities = work(&rows);
        let evaluation = ms(parsed);
        let out = serde_json::to_string(&entities).expect("JSON");
        self.0[way].push([ms(began), evaluation]);
        out
    }

    fn add(&mut self, other: Self) {
        for (all, one) in self.0.iter_mut().zip(other.0) {
            all.extend(one);
        }
    }

    fn median(&self, way: usize, of: usize) -> f64 {
        let mut times: Vec<f64> = self.0[way].iter().map(|it| it[of]).collect();
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    }

    /// Against the faster way to use the reference engine.
    fn print(&self, bytes: usize) {
        println!("{bytes} bytes, medians of {} rounds", self.0[0].len());
        let best = |of| self.median(2, of).min(self.median(3, of));
        for (way, name) in WAYS.iter().enumerate() {
            let [total, evaluation] = [0, 1].map(|of| self.median(way, of));
            let [times, times_evaluation] = [best(0) / total, best(1) / evaluation];
            println!(
                "{name:>22}: text to text {total:7.1} ms, {times:5.1} x; \
                 evaluation {evaluation:7.1} ms, {times_evaluation:5.1} x"
            );
        }
    }
}

/// As a provider might list it: nested, with decorated amounts and days of its own.
fn invoice(n: u32) -> Value {
    let amount =
        |cents: u32| format!("{},{:03}.{:02}", cents / 100_000, cents / 100 % 1000, cents % 100);
    let price = |line: u32| 100_000 + (n * 7919 + line * 104_729) % 900_000;
    let lines = (0..2 + n % 3).map(|line| {
        json!({
            "LineNo": line + 1,
            "ItemCode": format!("SKU-{:05}", (n * 31 + line) % 99_999),
            "Description": format!("Service no. {} for the period {}", line + 1, n % 12 + 1),
            "Qty": line + 1,
            "UnitPrice": amount(price(line)),
            "LineAmount": amount(price(line) * (line + 1)),
            "TaxRate": 19,
        })
    });
    let net: u32 = (0..2 + n % 3).map(|line| price(line) * (line + 1)).sum();
    json!({
        "InvoiceId": 4_000_000 + n,
        "InvoiceNumber": format!("INV-2025-{n:06}"),
        "Type": if n.is_multiple_of(9) { "ACCRECCREDIT" } else { "ACCREC" },
        "Status": one_of(&["DRAFT", "PAST_DUE", "Paid", "voided"], n),
        "InvoiceDate": format!("{:02}/{:02}/2025", n % 28 + 1, n % 12 + 1),
        "DueDate": format!("2026-{:02}-{:02}T00:00:00Z", n % 12 + 1, n % 28 + 1),
        "CurrencyCode": one_of(&["eur", "usd", "gbp"], n),
        "Contact": {
            "ContactId": format!("c-{:06}", n % 700),
            "Name": format!("Customer {} Ltd", n % 700),
            "Emails": [{ "Type": "billing", "Address": format!("ap{}@example.org", n % 700) }],
        },
        "Lines": lines.collect::<Vec<_>>(),
        "Totals": { "Net": amount(net), "Tax": amount(net / 100 * 19), "Gross": amount(net + net / 100 * 19) },
        "AmountDueCents": if n % 4 == 2 { 0 } else { net + net / 100 * 19 },
        "UpdatedAt": 1_764_720_000_000_u64 + u64::from(n) * 1000,
        "Notes": null,
    })
}

fn one_of(words: &[&str], n: u32) -> String {
    words[n as usize % words.len()].to_owned()
}

fn plan() -> Plan {
    let number = json!({ "number": { "comma": false } });
    let slot = |slot: &str, path: &str, transforms: &[Value]| json!({ "slot": slot, "source": { "path": path }, "transforms": transforms });
    let date = |format: &str| json!({ "date": { "format": format } });
    let words = json!({ "enum": {
        "words": { "draft": "draft", "past due": "issued", "paid": "paid", "voided": "canceled" },
        "other": "keep",
    }});
    let lines = [
        slot("description", "Description", &[]),
        slot("quantity", "Qty", &[]),
        slot("unit_price", "UnitPrice", std::slice::from_ref(&number)),
        slot("line_total", "LineAmount", std::slice::from_ref(&number)),
    ];
    let plan = json!({ "target": TargetModel::Invoice, "slots": [
        slot("invoice_external_id", "InvoiceId", &[json!("text")]),
        slot("invoice_number", "InvoiceNumber", &[]),
        slot("issue_date", "InvoiceDate", &[date("day_first")]),
        slot("due_date", "DueDate", &[date("iso")]),
        slot("local_currency", "CurrencyCode", &[json!("upper")]),
        slot("items_total", "Totals.Net", std::slice::from_ref(&number)),
        slot("tax_total", "Totals.Tax", std::slice::from_ref(&number)),
        slot("grand_total", "Totals.Gross", std::slice::from_ref(&number)),
        slot("balance_due", "AmountDueCents", &[json!({ "minor_units": { "currency": "CurrencyCode" } })]),
        slot("status", "Status", &[words]),
        slot("receiver_external_id", "Contact.ContactId", &[]),
        slot("receiver_name", "Contact.Name", &[]),
        slot("receiver_email", "Contact.Emails[Type=billing].Address", &[json!("lower")]),
        { "slot": "items", "source": { "each": { "path": "Lines", "slots": lines } } },
        { "slot": "document_type_code", "source": { "constant": { "value": "380", "reason": "" } } },
    ]});
    serde_json::from_value(plan).expect("a plan")
}
