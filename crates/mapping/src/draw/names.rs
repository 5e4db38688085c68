//! Field names as words: `BillAddr.Line1`, `billing_address.line_1` and `billingAddressLine1`
//! say the same.

use crate::path::{Path, Pick, Step};
use crate::records::ENCLOSING;

mod glued;

/// A step that says nothing about what is below it.
const WRAPPERS: &[&str] = &[
    "field",
    "attribute",
    "property",
    "value",
    "data",
    "detail",
    "object",
    "record",
    "item",
    "info",
    "content",
    "node",
];

/// A last step that says nothing beside its parent's name: `CustomerRef.value`.
const TAILS: &[&str] = &["value", "text", "raw", "identification"];

/// The word for what stands in the row that encloses a record.
pub(super) const ABOVE: &str = "enclosing";

/// The words of one name, in lower case and singular, abbreviations written out.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let letters: Vec<char> = name.chars().collect();
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|it| letters.get(it));
        let after = letters.get(at + 1);
        let starts = match before {
            Some(before) if letter.is_uppercase() => {
                before.is_lowercase()
                    || before.is_numeric()
                    || after.is_some_and(|it| it.is_lowercase())
            }
            Some(before) => letter.is_numeric() != before.is_numeric(),
            None => false,
        };
        if starts || !letter.is_alphanumeric() {
            words.push(std::mem::take(&mut word));
        }
        if letter.is_alphanumeric() {
            word.extend(letter.to_lowercase());
        }
    }
    words.push(word);
    // `IDs` and `URLs` leave a lonely plural behind.
    words.retain(|it| !it.is_empty());
    let words = words.into_iter().map(|it| singular(&it));
    words.flat_map(|it| glued::parted(&it)).flat_map(|it| in_full(&it)).collect()
}

/// The words of a path. Wrappers, references and empty tails are left out.
pub(super) fn of_path(path: &Path) -> Vec<String> {
    let steps: Vec<Vec<String>> = path.0.iter().map(of_step).collect();
    let last = steps.len().saturating_sub(1);
    let says_something = |(at, step): &(usize, Vec<String>)| {
        let one = step.join(" ");
        let is_tail = *at == last && last > 0 && TAILS.contains(&one.as_str());
        let is_wrapper = *at < last && WRAPPERS.contains(&one.as_str());
        !is_tail && !is_wrapper
    };
    let kept = steps.into_iter().enumerate().filter(says_something);
    let mut words: Vec<String> = kept.flat_map(|(_, step)| step).filter(|it| it != "ref").collect();
    // `EmailAddr.Address`, `Addresses[…].AddressLine1`
    words.dedup();
    // `Account_Name.id` is the id of what `Account_Name.name` names.
    if words.ends_with(&["name".to_owned(), "id".to_owned()]) {
        words.remove(words.len() - 2);
    }
    words
}

/// Members by which a list of names and values tells its items apart: `headers[name=From].value`.
const NAMED_BY: &[&str] = &["name", "key", "field"];

/// Marks that say what the item is, not only which of its like: `links[type=Invoice].id`.
const TELLING: &[&str] = &[
    "invoice", "bill", "iban", "bic", "swift", "email", "phone", "vat", "tax", "mobile", "number",
    "sort", "routing", "bban",
];

/// Whether items are told apart by what they are called, rather than by their kind.
pub(super) fn is_name(key: &str) -> bool {
    NAMED_BY.contains(&key.to_lowercase().as_str())
}

fn of_step(step: &Step) -> Vec<String> {
    if step.name == ENCLOSING {
        return vec![ABOVE.to_owned()];
    }
    let mut all = words(&step.name);
    if let Pick::Where { key, value } = &step.pick {
        let marked = words(value);
        if is_name(key) || marked.iter().any(|it| TELLING.contains(&it.as_str())) {
            all.extend(marked);
        }
    }
    all
}

fn singular(word: &str) -> String {
    let keep = word.len() <= 3 || ["ss", "us", "is"].iter().any(|it| word.ends_with(it));
    match word {
        _ if keep => word.to_owned(),
        _ if ["sses", "xes", "ches", "shes"].iter().any(|it| word.ends_with(it)) => {
            word.strip_suffix("es").unwrap_or(word).to_owned()
        }
        _ => match word.strip_suffix("ies") {
            Some(stem) => format!("{stem}y"),
            None => word.strip_suffix('s').unwrap_or(word).to_owned(),
        },
    }
}

/// Abbreviations, and words that providers write as one.
fn in_full(word: &str) -> Vec<String> {
    let full: &[&str] = match word {
        "addr" | "adr" => &["address"],
        "num" | "no" | "nr" | "nbr" | "numero" | "nummer" => &["number"],
        "acct" | "acc" => &["account"],
        "desc" | "descr" => &["description"],
        "qty" | "quant" => &["quantity"],
        "amt" => &["amount"],
        "txn" | "trx" | "tx" | "transact" => &["transaction"],
        "org" | "organisation" => &["organization"],
        "tel" | "telephone" | "phonenumber" => &["phone"],
        "curr" | "ccy" | "cur" => &["currency"],
        "cust" => &["customer"],
        "inv" => &["invoice"],
        "ext" => &["external"],
        "exp" | "expiry" | "expiration" | "expire" => &["expiry"],
        "mail" => &["email"],
        "zip" | "zipcode" | "postcode" | "plz" | "postalcode" => &["postal"],
        "firstname" | "forename" | "givenname" | "fname" => &["first"],
        "lastname" | "surname" | "familyname" | "lname" => &["last"],
        "companyname" => &["company"],
        "guid" | "uuid" | "uid" => &["id"],
        "filename" => &["file"],
        "dob" => &["birth"],
        "vatin" => &["vat"],
        "incl" => &["including"],
        "excl" => &["excluding"],
        "btw" | "tva" | "iva" | "mwst" | "ust" | "gst" => &["vat"],
        other => &[other],
    };
    full.iter().map(|it| (*it).to_owned()).collect()
}
