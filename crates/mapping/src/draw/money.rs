//! What the amounts of a source mean: their unit, and their sign.

use serde_json::Value;

use super::Hints;
use super::column::{Column, Columns};
use crate::path::{Path, Step};
use crate::plan::{EpochUnit, Transform};

/// The habits of a source, found once for all of its amounts.
#[derive(Debug, Default)]
pub(super) struct Money {
    /// Amounts count the smallest unit, whatever their name.
    all_minor: bool,
    currencies: Vec<Path>,
    /// The tool says that money going out is written positive.
    pub(super) out_is_positive: bool,
}

/// Words in a name that say which unit an amount counts.
const MINOR: &[&str] = &["cent", "minor", "penny", "pence"];

/// Names of a member that says which way the money went, the most telling first.
const DIRECTIONS: &[&str] = &[
    "credit debit indicator",
    "credit debit",
    "debit credit",
    "direction",
    "side",
    "sign",
    "transaction type",
    "entry type",
    "movement type",
    "type",
    "kind",
    "operation type",
    "category",
];

/// So many of them are about nothing else, wherever they stand.
const UNMISTAKABLE: usize = 6;

/// Words for money that leaves the account, and for money that comes in.
const OUT: &[&str] = &[
    "debit",
    "dbit",
    "debited",
    "out",
    "outgoing",
    "outflow",
    "outbound",
    "withdrawal",
    "withdraw",
    "spend",
    "spent",
    "expense",
    "payout",
    "refund",
    "sent",
    "purchase",
    "d",
    "dr",
];
const IN: &[&str] = &[
    "credit", "crdt", "credited", "in", "incoming", "inflow", "inbound", "deposit", "received",
    "receive", "income", "payment", "c", "cr",
];

impl Money {
    pub(super) fn of(columns: &Columns<'_>, hints: &Hints<'_>) -> Self {
        let says = hints.tool_description.to_lowercase();
        let says = says.split_whitespace().collect::<Vec<_>>().join(" ");
        let told =
            ["in cents", "integer cents", "minor unit", "smallest currency unit", "in pence"];
        let amounts = columns.columns.iter().filter(|it| is_amount(it));
        let whole = amounts.clone().count() > 0 && amounts.clone().all(|it| it.profile.is_whole());
        let nonzero = amounts.clone().any(|it| {
            let profile = &it.profile;
            profile.whole_texts || profile.positives + profile.negatives > 0
        });
        let currencies: Vec<&Column<'_>> =
            columns.columns.iter().filter(|it| is_currency(it)).collect();
        let lower = currencies.iter().any(|it| it.profile.in_lower_case);
        let out = ["positive means money out", "positive amounts are outflows", "positive = out"];
        Self {
            all_minor: told.iter().any(|it| says.contains(it))
                || (whole && nonzero && (lower || has_epochs(columns))),
            currencies: currencies.into_iter().map(|it| it.path.clone()).collect(),
            out_is_positive: out.iter().any(|it| says.contains(it)),
        }
    }

    /// The habits of lines: what holds for the record holds for them.
    pub(super) fn under(self, record: &Self) -> Self {
        Self { all_minor: self.all_minor || record.all_minor, ..self }
    }

    /// The transform for an amount that counts cents; none for one that does not.
    pub(super) fn minor_units(&self, column: &Column<'_>) -> Vec<Transform> {
        let says = |word: &String| MINOR.contains(&word.as_str());
        let whole = column.profile.is_whole();
        let named = column.words.iter().any(says) && !column.words.iter().any(|it| it == "percent");
        let object = column.words.iter().any(|it| it == "money");
        let textual = column.profile.number_texts.is_some();
        // Cents may be written for people, where the name says that they are cents.
        let is_told = (whole && (named || object || self.all_minor)) || (textual && named);
        if !is_told {
            return Vec::new();
        }
        // Cents are hundredths in any currency; a minor unit is what its currency says.
        let currency = match column.words.iter().any(|it| it == "cent") {
            true => None,
            false => self.nearest(&column.path),
        };
        vec![Transform::MinorUnits { currency }]
    }

    /// The currency that stands beside a value, else the one of the record.
    pub(super) fn nearest(&self, path: &Path) -> Option<Path> {
        let shared =
            |it: &&Path| it.0.iter().zip(&path.0).take_while(|(left, right)| left == right).count();
        let mut best: Option<&Path> = None;
        for it in &self.currencies {
            if best.is_none_or(|best| shared(&it) > shared(&best)) {
                best = Some(it);
            }
        }
        best.cloned()
    }
}

/// The transforms that give an amount its sign, when its column has none.
pub(super) fn sign(columns: &Columns<'_>, amount: &Column<'_>, money: &Money) -> Vec<Transform> {
    if amount.profile.negatives > 0 || amount.profile.is_empty() {
        return if money.out_is_positive { vec![Transform::Negate] } else { Vec::new() };
    }
    let beside = |it: &&Column<'_>| {
        let (above, over) = (it.path.0.split_last(), amount.path.0.split_last());
        let near = |path: Option<(&Step, &[Step])>| path.map(|(_, it)| it.to_vec());
        it.path.0.len() == 1 || near(above) == near(over)
    };
    let texts = || columns.columns.iter().filter(|it| it.profile.texts > 0);
    for (at, name) in DIRECTIONS.iter().enumerate() {
        let mut named = texts().filter(|it| it.words.join(" ") == *name);
        let apart = named.clone().next().filter(|_| at < UNMISTAKABLE);
        let named = named.find(beside).or(apart);
        if let Some(negative) = named.and_then(outgoing) {
            let path = named.map(|it| it.path.clone()).unwrap_or_default();
            return vec![Transform::SignFrom { path, negative }];
        }
    }
    if money.out_is_positive { vec![Transform::Negate] } else { Vec::new() }
}

/// The words of a column that mean money out; `None` if it does not speak of a direction.
fn outgoing(column: &Column<'_>) -> Option<Vec<String>> {
    let mut seen: Vec<&str> = column.values.iter().filter_map(|it| it.as_str()).collect();
    seen.sort_unstable();
    seen.dedup();
    let says = |text: &str, list: &[&str]| {
        super::names::words(text).iter().any(|it| list.contains(&it.as_str()))
    };
    let known = seen.iter().filter(|it| says(it, OUT) || says(it, IN)).count();
    if seen.is_empty() || seen.len() > 20 || known * 2 < seen.len() {
        return None;
    }
    let mut negative: Vec<String> =
        seen.iter().filter(|it| says(it, OUT)).map(|it| it.to_lowercase()).collect();
    // What the sample has not shown may still come.
    let usual = match seen.iter().all(|it| *it == it.to_lowercase() || *it == it.to_uppercase()) {
        true => ["debit", "dbit", "out", "outgoing", "withdrawal", "spend", "payout", "refund"]
            .as_slice(),
        false => &["debit", "withdrawal", "payout", "refund"],
    };
    negative.extend(usual.iter().map(|it| (*it).to_owned()));
    negative.sort();
    negative.dedup();
    Some(negative)
}

fn is_amount(column: &Column<'_>) -> bool {
    let names = ["amount", "total", "subtotal", "balance", "price", "tax", "net", "gross", "fee"];
    let says = |it: &String| names.contains(&it.as_str());
    let not = ["percent", "rate", "count", "id", "number", "quantity", "page"];
    let denies = |it: &String| not.contains(&it.as_str());
    (column.profile.numbers > 0 || column.profile.whole_texts)
        && column.words.iter().any(says)
        && !column.words.iter().any(denies)
        && column.profile.epoch.is_none()
}

/// Named so; or every value is a currency's code and the name says no more than that it is a code:
/// `{"amount": "12.00", "code": "EUR"}`.
fn is_currency(column: &Column<'_>) -> bool {
    let says = |it: &String| it == "currency";
    let is_code = |it: &&Value| it.as_str().is_some_and(|it| it.len() == 3);
    let codes = !column.values.is_empty() && column.values.iter().all(is_code);
    let bare = ["code", "id", "iso", "unit", "name"];
    let is_bare = column.words.last().is_some_and(|it| bare.contains(&it.as_str()));
    let known = is_bare && column.path.0.len() > 1 && column.profile.currencies > 0.99;
    codes && (column.words.iter().any(says) || known)
}

/// Times as seconds since 1970 are a habit of those who also count cents.
fn has_epochs(columns: &Columns<'_>) -> bool {
    let dated = |it: &&Column<'_>| {
        let says = ["date", "created", "at", "updated"];
        it.words.iter().any(|word| says.contains(&word.as_str()))
    };
    let seconds = |it: &Column<'_>| it.profile.epoch == Some(EpochUnit::Seconds);
    columns.columns.iter().filter(dated).any(seconds)
}
