//! How close what a tool speaks of is to a noun.

use super::words::among;

/// The head of an English compound is its last word: invoice items are items.
pub(super) fn closeness(object: &[String], noun: &[String]) -> Option<f64> {
    let object = unversioned(object);
    if object == noun {
        return Some(1.0);
    }
    if let Some(before) = object.strip_suffix(noun) {
        return Some(before.iter().map(|it| weight(it, noun)).product());
    }
    let after = object.strip_prefix(noun)?;
    after.iter().all(|it| among(TAILS, it)).then_some(0.93)
}

/// `CustomersV3` are customers.
fn unversioned(object: &[String]) -> &[String] {
    let is_version = |it: &String| {
        let digits = it.strip_prefix('v').unwrap_or(it);
        it == "v" || (!digits.is_empty() && digits.chars().all(|it| it.is_ascii_digit()))
    };
    let kept = object.len() - object.iter().rev().take_while(|it| is_version(it)).count();
    if kept == 0 { object } else { object.get(..kept).unwrap_or(object) }
}

/// What a word before a noun leaves of it.
fn weight(word: &str, noun: &[String]) -> f64 {
    let of = |list: &str| noun.last().is_some_and(|it| among(list, it));
    match word {
        "email" | "mail" if of("attachment message thread address contact") => 0.97,
        "user" if !of("account") => 0.85,
        // An account of the books holds no money.
        "ledger" | "gl" | "nominal" if noun == ["account"] => 0.3,
        _ if among(STRANGE, word) => 0.3,
        _ if among(PLAIN, word) => 0.97,
        _ if among(SOME, word) => 0.78,
        _ => 0.85,
    }
}

/// Leave it what it is.
const PLAIN: &str = "client customer supplier vendor sale sales received purchase bank business financial wallet \
    crm external incoming outgoing posted booked saved sepa linked connected drive google \
    provider manual issued ar ap accounts company org organization \
    workspace legal gl accounting";

/// Leave a part of it.
const SOME: &str = "overdue unpaid paid open due stale upcoming unseen unread pending archived approved sent \
    late outstanding inactive favorite starred filtered flagged important recurring similar";

/// Make it another thing.
const STRANGE: &str = "template draft scheduled deleted tax custom email calendar shared team public related \
    duplicate uncategorized pull deal lead schema git product service user forwarding shipping \
    delivery stock inventory log gift report source config api vat sub audit test system \
    repository commit push failed";

/// Words after a noun that leave it what it is.
const TAILS: &str =
    "profile information overview metadata info detail summary directory object master record";
