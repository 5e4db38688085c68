//! What names and values alone do not give: slots that follow from other slots.

use domain::TargetModel;
use serde_json::Value;

use super::money::sign;
use super::{Draft, Hints, Sketch, enums, names};
use crate::path::{Path, Pick};
use crate::plan::{Otherwise, Slot, Source, Transform};
use crate::records::ENCLOSING;

/// Applies the rules of the target to its drafts.
pub(super) fn all(sketch: &Sketch<'_, '_>, hints: &Hints<'_>, drafts: &mut [Draft]) {
    own_key_is_no_reference(sketch, drafts);
    one_text_once(drafts);
    currencies(sketch, drafts);
    match sketch.target {
        TargetModel::Company => domain(drafts),
        TargetModel::People => person(sketch, drafts),
        TargetModel::Invoice => {
            sides(sketch, hints, drafts);
            status(sketch, drafts);
            document_type(sketch, hints, drafts);
        }
        TargetModel::Transaction => {
            amount(sketch, drafts);
            currency(sketch, drafts, "instructed_amount.amount", "instructed_amount.currency");
            account_by_name(sketch, drafts);
        }
        TargetModel::Account => account_type(drafts),
        TargetModel::PaymentMeans => {
            holder(sketch, drafts);
            payment_type(drafts);
            of_others(drafts);
        }
        TargetModel::Email => display_name(drafts),
        TargetModel::InvoiceTransaction => allocation(sketch, hints, drafts),
        TargetModel::LedgerAccount
        | TargetModel::Journal
        | TargetModel::JournalEntry
        | TargetModel::Document => {}
    }
}

fn find<'d>(drafts: &'d [Draft], slot: &str) -> Option<&'d Draft> {
    drafts.iter().find(|it| it.slot.slot == slot && !it.slot.is_null())
}

fn path<'d>(drafts: &'d [Draft], slot: &str) -> Option<&'d Path> {
    match find(drafts, slot).map(|it| &it.slot.source) {
        Some(Source::Path(path)) => Some(path),
        _ => None,
    }
}

fn set(drafts: &mut [Draft], slot: &str, source: Source, transforms: Vec<Transform>) {
    if let Some(draft) = drafts.iter_mut().find(|it| it.slot.slot == slot) {
        draft.slot = Slot { slot: slot.to_owned(), source, transforms };
        draft.confidence = 0.7;
    }
}

fn constant(value: &str, reason: &str) -> Source {
    Source::Constant { value: Value::from(value), reason: reason.to_owned() }
}

/// The domain of the web site.
fn domain(drafts: &mut [Draft]) {
    if find(drafts, "domain").is_none()
        && let Some(path) = path(drafts, "website").cloned()
    {
        set(drafts, "domain", Source::Path(path), vec![Transform::Domain]);
    }
}

/// A full name from its parts, or the parts from a full name.
fn person(sketch: &Sketch<'_, '_>, drafts: &mut [Draft]) {
    let parts: Vec<Path> =
        ["first_name", "last_name"].iter().filter_map(|it| path(drafts, it).cloned()).collect();
    let full = path(drafts, "full_name").cloned();
    match full {
        None if !parts.is_empty() => {
            let source = Source::Concat { paths: parts, separator: " ".to_owned() };
            set(drafts, "full_name", source, Vec::new());
        }
        Some(full) if parts.is_empty() => {
            let spaced = sketch.columns.columns.iter().find(|it| it.path == full);
            if spaced.is_some_and(|it| it.profile.with_spaces > 0.5) {
                let mark = " ".to_owned();
                let first = vec![Transform::Before { mark: mark.clone() }];
                set(drafts, "first_name", Source::Path(full.clone()), first);
                set(drafts, "last_name", Source::Path(full), vec![Transform::After { mark }]);
            }
        }
        Some(_) | None => {}
    }
}

/// Whoever is not us is the receiver of what we sell and the issuer of what we buy.
fn sides(sketch: &Sketch<'_, '_>, hints: &Hints<'_>, drafts: &mut [Draft]) {
    let tool = super::words(hints.tool_name);
    let bought = ["bill", "supplier", "vendor", "purchase", "payable", "expense", "received"];
    let is_bill = tool.iter().any(|it| bought.contains(&it.as_str()));
    let has_issuer = path(drafts, "issuer_external_id").or(path(drafts, "issuer_name")).is_some();
    if !is_bill || has_issuer {
        // A bill's receiver is its buyer only by a buyer's name, never a field of ours.
        if has_issuer {
            for slot in ["receiver_external_id", "receiver_name"] {
                let own = path(drafts, slot).is_some_and(|it| speaks_of_customer(sketch, it));
                if !own {
                    set(
                        drafts,
                        slot,
                        Source::Null { reason: "only the issuer is named".to_owned() },
                        Vec::new(),
                    );
                }
            }
        }
        return;
    }
    for (from, to) in
        [("receiver_external_id", "issuer_external_id"), ("receiver_name", "issuer_name")]
    {
        if let Some(found) = find(drafts, from).cloned() {
            set(drafts, to, found.slot.source, found.slot.transforms);
            set(
                drafts,
                from,
                Source::Null { reason: "the receiver of a bill is ourselves".to_owned() },
                Vec::new(),
            );
        }
    }
}

fn speaks_of_customer(sketch: &Sketch<'_, '_>, path: &Path) -> bool {
    let names = ["customer", "client", "buyer", "receiver", "recipient", "debtor"];
    let column = sketch.columns.columns.iter().find(|it| it.path == *path);
    column.is_some_and(|it| it.words.iter().any(|word| names.contains(&word.as_str())))
}

/// A source without a status may still say what is left to pay.
fn status(sketch: &Sketch<'_, '_>, drafts: &mut [Draft]) {
    if find(drafts, "status").is_some() {
        return;
    }
    let words = |pairs: &[(&str, &str)], other: &str| Transform::Enum {
        words: pairs.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect(),
        other: Otherwise::Word(other.to_owned()),
    };
    let paid = sketch.columns.named(&["paid", "is paid", "fully paid", "invoice paid"]);
    if let Some(column) = paid.filter(|it| it.profile.only_booleans()) {
        let map = words(&[("true", "paid")], "issued");
        set(drafts, "status", Source::Path(column.path.clone()), vec![map]);
        return;
    }
    if let Some(draft) = find(drafts, "balance_due").cloned() {
        let map = words(&[("0", "paid")], "issued");
        let transforms = draft.slot.transforms.into_iter().chain([map]).collect();
        set(drafts, "status", draft.slot.source, transforms);
    }
}

/// What a tool calls invoices are invoices, unless its rows or its name say otherwise.
fn document_type(sketch: &Sketch<'_, '_>, hints: &Hints<'_>, drafts: &mut [Draft]) {
    let table = enums::table(TargetModel::Invoice, "document_type_code");
    let tells = path(drafts, "document_type_code").is_some_and(|it| {
        let column = sketch.columns.columns.iter().find(|column| column.path == *it);
        let values = column.map(|it| it.values.as_slice()).unwrap_or_default();
        table.is_some_and(|table| values.iter().any(|it| table.of(it) != Some("380")))
    });
    if tells {
        return;
    }
    let tool = super::words(hints.tool_name).join(" ");
    let source = if tool.contains("credit note") || tool.contains("credit memo") {
        constant("381", "the tool lists credit notes")
    } else {
        constant("380", "the tool lists invoices, and no field tells kinds of them apart")
    };
    set(drafts, "document_type_code", source, Vec::new());
}

/// The sign of an amount, or an amount in two columns.
fn amount(sketch: &Sketch<'_, '_>, drafts: &mut [Draft]) {
    let slot = "instructed_amount.amount";
    let incoming = ["paid in", "money in", "credit amount", "credit", "deposit", "amount in"];
    let outgoing = ["paid out", "money out", "debit amount", "debit", "withdrawal", "amount out"];
    let Some(path) = path(drafts, slot).cloned() else {
        let named = (sketch.columns.named(&incoming), sketch.columns.named(&outgoing));
        if let (Some(plus), Some(minus)) = named {
            let (plus, minus) = (plus.path.clone(), minus.path.clone());
            set(drafts, slot, Source::Difference { plus, minus }, Vec::new());
        }
        return;
    };
    let Some(column) = sketch.columns.columns.iter().find(|it| it.path == path) else { return };
    let signs = sign(sketch.columns, column, sketch.money);
    if let Some(draft) = drafts.iter_mut().find(|it| it.slot.slot == slot) {
        draft.slot.transforms.extend(signs);
    }
}

/// The currency that stands beside the amount, not one that stands elsewhere.
fn currency(sketch: &Sketch<'_, '_>, drafts: &mut [Draft], amount: &str, currency: &str) {
    let (Some(amount), Some(now)) = (path(drafts, amount), path(drafts, currency)) else { return };
    if let Some(nearest) = sketch.money.nearest(amount).filter(|it| it != now) {
        let column = sketch.columns.columns.iter().find(|it| it.path == nearest);
        let upper = column.filter(|it| it.profile.in_lower_case).map(|_| Transform::Upper);
        set(drafts, currency, Source::Path(nearest), upper.into_iter().collect());
    }
}

/// A currency that no name tells: the code that stands beside the amount, else the only one.
fn currencies(sketch: &Sketch<'_, '_>, drafts: &mut [Draft]) {
    let empty: Vec<String> = drafts
        .iter()
        .filter(|it| it.slot.is_null() && it.slot.slot.ends_with("currency"))
        .map(|it| it.slot.slot.clone())
        .collect();
    let amounts = [
        "amount",
        "grand_total",
        "balance",
        "instructed_amount.amount",
        "balance_due",
        "items_total",
    ];
    for slot in empty {
        let amount = amounts.iter().find_map(|it| path(drafts, it)).cloned().unwrap_or_default();
        // The currency of one item is not that of the record.
        let nearest = sketch.money.nearest(&amount);
        let is_own = |it: &Path| it.0.iter().all(|it| it.pick == Pick::All);
        let Some(nearest) = nearest.filter(is_own) else { continue };
        let column = sketch.columns.columns.iter().find(|it| it.path == nearest);
        let upper = column.filter(|it| it.profile.in_lower_case).map(|_| Transform::Upper);
        set(drafts, &slot, Source::Path(nearest), upper.into_iter().collect());
    }
}

/// An allocation stands between an invoice and a payment. Where it names one of them only, the other
/// is the record that it stands in; and a payment that names its invoice is an allocation itself.
fn allocation(sketch: &Sketch<'_, '_>, hints: &Hints<'_>, drafts: &mut [Draft]) {
    let tool = super::words(hints.tool_name);
    let says = |words: &[&str]| tool.iter().any(|it| words.contains(&it.as_str()));
    let enclosing = sketch.columns.columns.iter().find(|it| {
        let is_near = it.path.0.len() == 2 && it.path.names().next() == Some(ENCLOSING);
        is_near && it.words == [names::ABOVE, "id"]
    });
    if let Some(record) = enclosing {
        let is_of_invoice = says(&["invoice", "bill"]);
        let slot = if is_of_invoice { "invoice_external_id" } else { "transaction_external_id" };
        if find(drafts, slot).is_none() {
            let is_number = record.profile.numbers > 0;
            let transforms = is_number.then_some(Transform::Text).into_iter().collect();
            set(drafts, slot, Source::Path(record.path.clone()), transforms);
        }
    } else if says(&["payment", "receipt", "transaction"])
        && find(drafts, "transaction_external_id").is_none()
        && let Some(own) = find(drafts, "invoice_transaction_external_id").cloned()
        && own.slot.paths().first().is_some_and(|it| names::of_path(it) != ["id"])
    {
        set(drafts, "transaction_external_id", own.slot.source, own.slot.transforms);
    }
}

/// The holder's name, where it is kept in two parts.
fn holder(sketch: &Sketch<'_, '_>, drafts: &mut [Draft]) {
    if find(drafts, "holder_name").is_some() {
        return;
    }
    let named = |names: &[&str]| sketch.columns.named(names).map(|it| it.path.clone());
    let first = named(&["first name", "holder first name", "billing detail first name"]);
    let last = named(&["last name", "holder last name", "billing detail last name"]);
    if let (Some(first), Some(last)) = (first, last) {
        let source = Source::Concat { paths: vec![first, last], separator: " ".to_owned() };
        set(drafts, "holder_name", source, Vec::new());
    }
}

/// The name of the bank, or of the holder, is not that of the instrument; and the last digits of a
/// card are no account number.
fn of_others(drafts: &mut [Draft]) {
    let others = [path(drafts, "bank_name").cloned(), path(drafts, "holder_name").cloned()];
    let name = path(drafts, "name").cloned();
    if name.is_some() && others.contains(&name) {
        let reason = "the same field names the bank or the holder".to_owned();
        set(drafts, "name", Source::Null { reason }, Vec::new());
    }
    let digits = path(drafts, "card_last4").cloned();
    let is_card = find(drafts, "card_brand").is_some() || find(drafts, "card_exp_year").is_some();
    if digits.is_some() && is_card && path(drafts, "account_number") == digits.as_ref() {
        let reason = "the digits are those of a card".to_owned();
        set(drafts, "account_number", Source::Null { reason }, Vec::new());
    }
}

/// Where accounts have no id, movements name them by what they are called.
fn account_by_name(sketch: &Sketch<'_, '_>, drafts: &mut [Draft]) {
    if find(drafts, "account_external_id").is_some() {
        return;
    }
    let column = sketch.columns.named(&["account", "account name", "bank account"]);
    if let Some(column) = column.filter(|it| it.profile.only_texts()) {
        set(drafts, "account_external_id", Source::Path(column.path.clone()), Vec::new());
    }
}

fn account_type(drafts: &mut [Draft]) {
    if find(drafts, "type").is_none() {
        let reason = "no field tells kinds of accounts apart";
        set(drafts, "type", constant("other", reason), Vec::new());
    }
}

/// The kind of an instrument follows from which of its fields there are.
fn payment_type(drafts: &mut [Draft]) {
    if find(drafts, "type").is_some() {
        return;
    }
    let has = |slots: &[&str]| slots.iter().any(|it| find(drafts, it).is_some());
    let (word, reason) = if has(&["card_brand", "card_exp_month", "card_exp_year"]) {
        ("card", "the rows have the fields of a card")
    } else if has(&["iban", "account_number", "routing_number", "sort_code", "bic"]) {
        ("account", "the rows have the fields of a bank account")
    } else {
        ("other", "no field tells kinds of instruments apart")
    };
    set(drafts, "type", constant(word, reason), Vec::new());
}

/// The record's own key cannot at once be another record's.
fn own_key_is_no_reference(sketch: &Sketch<'_, '_>, drafts: &mut [Draft]) {
    let schema = sketch.target.schema();
    let Some(own) = path(drafts, &schema.external_id).cloned() else { return };
    for attribute in schema.attributes.iter().filter(|it| !it.refers_to.is_empty()) {
        if path(drafts, &attribute.name) == Some(&own) {
            let reason = "the same field is the key of the record".to_owned();
            set(drafts, &attribute.name, Source::Null { reason }, Vec::new());
        }
    }
}

/// A text that is already the name is no description of it.
fn one_text_once(drafts: &mut [Draft]) {
    let names = ["name", "account_name", "invoice_number", "reference_number", "filename"];
    let taken: Vec<Path> = names.iter().filter_map(|it| path(drafts, it).cloned()).collect();
    if path(drafts, "description").is_some_and(|it| taken.contains(it)) {
        let reason = "the same field is the name".to_owned();
        set(drafts, "description", Source::Null { reason }, Vec::new());
    }
}

/// `Ada <ada@example.org>` holds the name as well.
fn display_name(drafts: &mut [Draft]) {
    let Some(draft) = find(drafts, "email") else { return };
    if draft.slot.transforms.contains(&Transform::Address)
        && find(drafts, "display_name").is_none()
        && let Some(path) = path(drafts, "email").cloned()
    {
        let before = Transform::Before { mark: "<".to_owned() };
        set(drafts, "display_name", Source::Path(path), vec![before]);
    }
}
