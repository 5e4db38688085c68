//! Names whose words nobody parted: `customerid`, `jobtitle`, `invoicenumber`.

/// Words of names, as parts of a longer one. None is the end of another by chance only: `count` is
/// not here because of `account` and `discount`.
const PARTS: &[&str] = &[
    "account",
    "address",
    "amount",
    "associated",
    "bank",
    "base",
    "bill",
    "billing",
    "birth",
    "booking",
    "business",
    "card",
    "cardholder",
    "city",
    "client",
    "company",
    "contact",
    "country",
    "created",
    "creation",
    "credit",
    "creditor",
    "currency",
    "customer",
    "date",
    "debit",
    "debtor",
    "department",
    "description",
    "display",
    "document",
    "domain",
    "due",
    "email",
    "employee",
    "entry",
    "exchange",
    "expiry",
    "external",
    "file",
    "first",
    "full",
    "given",
    "gross",
    "holder",
    "home",
    "invoice",
    "issue",
    "item",
    "job",
    "journal",
    "last",
    "ledger",
    "legal",
    "line",
    "mailing",
    "mobile",
    "modified",
    "name",
    "net",
    "note",
    "notes",
    "number",
    "office",
    "open",
    "order",
    "organization",
    "paid",
    "parent",
    "partner",
    "party",
    "payment",
    "people",
    "person",
    "phone",
    "postal",
    "posting",
    "price",
    "product",
    "purchase",
    "quantity",
    "reference",
    "registration",
    "routing",
    "sales",
    "sort",
    "state",
    "status",
    "street",
    "subtotal",
    "supplier",
    "tax",
    "term",
    "terms",
    "text",
    "time",
    "title",
    "total",
    "transaction",
    "type",
    "unit",
    "updated",
    "user",
    "value",
    "vat",
    "vendor",
    "voucher",
    "web",
    "website",
    "work",
];

/// Parts that only end a word: too short, or too common, to begin one.
const ENDS: &[&str] = &["id", "no", "at", "on", "code", "url"];

/// Words that look parted and are one.
const WHOLE: &[&str] = &["timeline", "online", "deadline", "username", "unittype", "website"];

/// The parts of a word, if all of it is parts; else the word.
pub(super) fn parted(word: &str) -> Vec<String> {
    let whole = || vec![word.to_owned()];
    if word.len() < 6 || PARTS.contains(&word) || WHOLE.contains(&word) {
        return whole();
    }
    parts(word).map_or_else(whole, |it| it.into_iter().map(str::to_owned).collect())
}

fn parts(word: &str) -> Option<Vec<&str>> {
    if word.is_empty() {
        return Some(Vec::new());
    }
    // The longest part first: `subtotal` before `sub`.
    let mut starts: Vec<&str> = PARTS.iter().copied().filter(|it| word.starts_with(it)).collect();
    starts.sort_by_key(|it| std::cmp::Reverse(it.len()));
    for start in starts {
        let rest = word.strip_prefix(start)?;
        if ENDS.contains(&rest) {
            return Some(vec![start, rest]);
        }
        if let Some(mut more) = parts(rest) {
            more.insert(0, start);
            return Some(more);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glued_name_is_parted_only_when_all_of_it_is_words() {
        let check = |word: &str, expected: &str| assert_eq!(parted(word).join(" "), expected);
        check("customerid", "customer id");
        check("associatedcompanyid", "associated company id");
        check("jobtitle", "job title");
        check("createdat", "created at");
        check("accountant", "accountant");
        check("subtotal", "subtotal");
        check("discount", "discount");
        check("companion", "companion");
    }
}
