//! The things that tools list, by the names that servers give them.

use std::sync::LazyLock;

use domain::TargetModel;

use super::closeness::closeness;
use crate::draw::words;

/// A noun found in an object.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) word: &'static str,
    /// 0 to 1.
    pub(super) score: f64,
}

/// How well an object names a target; `None` if it does not.
pub(super) fn matching(target: TargetModel, object: &[String]) -> Option<Found> {
    let nouns = NOUNS.iter().filter(|it| it.target == target);
    let found = nouns.filter_map(|it| {
        let closeness = closeness(object, &it.words)?;
        Some(Found { word: it.word, score: it.weight * closeness })
    });
    found.max_by(|left, right| left.score.total_cmp(&right.score))
}

/// Whether an object clearly names a target, whichever.
pub(super) fn is_known(object: &[String]) -> bool {
    let known = |it: &TargetModel| matching(*it, object).is_some_and(|found| found.score >= 0.8);
    TargetModel::ALL.iter().any(known)
}

struct Noun {
    target: TargetModel,
    word: &'static str,
    words: Vec<String>,
    weight: f64,
}

/// Split into words once: a catalogue of hundreds of tools asks for them thousands of times.
static NOUNS: LazyLock<Vec<Noun>> = LazyLock::new(|| {
    let of = |target: &TargetModel| {
        let target = *target;
        let noun = move |it: &(&'static str, f64)| Noun {
            target,
            word: it.0,
            words: words(it.0),
            weight: it.1,
        };
        table(target).iter().map(noun)
    };
    TargetModel::ALL.iter().flat_map(of).collect()
});

type Weights = &'static [(&'static str, f64)];

/// Nouns with their weight: below 1 where the word often means something else as well.
const fn table(target: TargetModel) -> Weights {
    match target {
        TargetModel::Company => COMPANY,
        TargetModel::People => PEOPLE,
        TargetModel::Invoice => INVOICE,
        TargetModel::Transaction => TRANSACTION,
        TargetModel::Account => ACCOUNT,
        TargetModel::LedgerAccount => LEDGER_ACCOUNT,
        TargetModel::Journal => JOURNAL,
        TargetModel::JournalEntry => JOURNAL_ENTRY,
        TargetModel::Email => EMAIL,
        TargetModel::PaymentMeans => PAYMENT_MEANS,
        TargetModel::InvoiceTransaction => INVOICE_TRANSACTION,
        TargetModel::Document => DOCUMENT,
    }
}

const COMPANY: Weights = &[
    ("third party", 0.9),
    ("business partner", 1.0),
    ("counterparty", 0.85),
    ("correspondent", 0.75),
    ("merchant", 0.6),
    ("provider", 0.8),
    ("party", 0.7),
    ("relation", 0.75),
    ("subsidiary", 0.7),
    ("legal entity", 0.75),
    ("agency", 0.55),
    ("trading partner", 0.9),
    ("company", 1.0),
    ("organization", 1.0),
    ("customer", 0.95),
    ("vendor", 0.9),
    ("supplier", 0.88),
    ("client", 0.93),
    ("business", 0.7),
    ("debtor", 0.8),
    ("creditor", 0.8),
    ("partner", 0.8),
    ("payee", 0.72),
    ("store", 0.6),
    ("contact", 0.85),
    ("company info", 0.55),
    ("account", 0.85),
];

const PEOPLE: Weights = &[
    ("user account", 0.68),
    ("individual", 0.8),
    ("worker", 0.85),
    ("team member", 0.75),
    ("personnel", 0.85),
    ("guest", 0.55),
    ("person", 1.0),
    ("people", 1.0),
    ("contact", 0.97),
    ("employee", 0.93),
    ("staff", 0.85),
    ("member", 0.7),
    ("workspace member", 0.75),
    ("membership", 0.75),
    ("user", 0.7),
    ("customer", 0.62),
    ("client", 0.6),
    ("candidate", 0.7),
    ("lead", 0.62),
    ("address book", 0.8),
    ("attendee", 0.6),
    ("address", 0.65),
];

const INVOICE: Weights = &[
    ("cfdi", 0.95),
    ("nfe", 0.9),
    ("nfse", 0.9),
    ("dte", 0.85),
    ("expense", 0.58),
    ("purchase bill", 0.9),
    ("accounts receivable", 0.6),
    ("invoice", 1.0),
    ("bill", 0.85),
    ("voucher", 0.8),
    ("credit note", 0.68),
    ("sale document", 0.8),
    ("receivable", 0.6),
    ("invoice new", 0.9),
    ("credit memo", 0.68),
];

const TRANSACTION: Weights = &[
    ("bank line", 0.85),
    ("bank entry", 0.85),
    ("mutation", 0.7),
    ("deposit", 0.58),
    ("payment order", 0.62),
    ("bank statement line", 0.95),
    ("payment transaction", 0.95),
    ("transaction history", 0.9),
    ("transaction register", 1.0),
    ("statement entry", 0.8),
    ("transaction", 1.0),
    ("bank transaction", 1.0),
    ("movement", 0.8),
    ("payment", 0.75),
    ("payment intent", 0.75),
    ("charge", 0.72),
    ("transfer", 0.7),
    ("payout", 0.62),
    ("register", 0.92),
    ("withdrawal", 0.62),
    ("refund", 0.62),
    ("bank feed", 0.85),
    ("operation", 0.5),
    ("statement line", 0.8),
    ("balance transaction", 0.95),
];

const ACCOUNT: Weights = &[
    ("cash account", 1.0),
    ("cashbox", 0.7),
    ("bank", 0.56),
    ("credit card", 0.58),
    ("account", 0.9),
    ("bank account", 1.0),
    ("financial account", 1.0),
    ("wallet", 0.8),
    ("balance", 0.65),
    ("bank balance", 0.7),
    ("account balance", 0.75),
    ("wallet balance", 0.65),
];

const LEDGER_ACCOUNT: Weights = &[
    ("gl code", 0.9),
    ("account plan", 0.9),
    ("nominal", 0.8),
    ("nominal ledger account", 1.0),
    ("account chart", 0.9),
    ("account code", 0.8),
    ("ledger account", 1.0),
    ("gl account", 1.0),
    ("chart-of-account", 1.0),
    ("general ledger account", 1.0),
    ("nominal account", 1.0),
    ("nominal code", 0.9),
    ("account", 0.85),
    ("accounting account", 1.0),
    ("posting category", 0.7),
    ("trial balance", 0.56),
];

const JOURNAL: Weights = &[
    ("daybook", 0.9),
    ("day book", 0.9),
    ("journal type", 0.6),
    ("journal", 0.95),
    ("accounting journal", 1.0),
    ("ledger journal", 0.9),
];

const JOURNAL_ENTRY: Weights = &[
    ("journal batch", 0.75),
    // `batches`, made singular by its last letter.
    ("journal batche", 0.75),
    ("journal line", 0.9),
    ("journal item", 0.9),
    ("journal voucher", 0.9),
    ("gl entry", 0.95),
    ("gl transaction", 0.85),
    ("ledger transaction", 0.8),
    ("ledger posting", 0.95),
    ("bookkeeping entry", 0.95),
    ("accounting year entry", 0.8),
    ("journal entry", 1.0),
    ("manual journal", 1.0),
    ("ledger entry", 0.95),
    ("general ledger", 0.8),
    ("accounting entry", 0.95),
    ("posting", 0.85),
    ("entry", 0.6),
    ("journal transaction", 0.9),
    ("journal", 0.56),
    ("ledger", 0.54),
];

const EMAIL: Weights = &[
    ("mail message", 1.0),
    ("mail", 0.9),
    ("outlook message", 1.0),
    ("conversation", 0.5),
    ("email", 1.0),
    ("message", 0.9),
    ("inbox", 0.85),
    ("email metadata", 0.95),
    ("gmail message", 1.0),
    ("email message", 1.0),
    ("thread", 0.65),
    ("gmail", 0.9),
    ("gmail thread", 0.65),
];

const PAYMENT_MEANS: Weights = &[
    ("credit card", 0.95),
    ("debit card", 0.95),
    ("payment option", 0.6),
    ("iban", 0.7),
    ("sepa mandate", 0.8),
    ("direct debit mandate", 0.8),
    ("payee account", 0.75),
    ("counterpart", 0.56),
    ("payment method", 1.0),
    ("card", 0.85),
    ("beneficiary", 0.9),
    ("payment source", 0.9),
    ("payment instrument", 1.0),
    ("mandate", 0.75),
    ("bank detail", 0.8),
    ("external account", 0.6),
    ("payment card", 0.95),
    ("recipient", 0.58),
    ("store payment method", 0.7),
];

const INVOICE_TRANSACTION: Weights = &[
    ("payment receipt", 0.6),
    ("invoice allocation", 1.0),
    ("invoice settlement", 0.9),
    ("settlement", 0.55),
    ("supplier payment", 0.85),
    ("vendor payment", 0.85),
    ("payment reconciliation", 0.6),
    ("client payment", 0.85),
    ("invoice payment", 1.0),
    ("payment allocation", 1.0),
    ("allocation", 0.9),
    ("bill payment", 0.95),
    ("customer payment", 0.9),
    ("payment application", 0.9),
    ("payment", 0.8),
    ("payment intent", 0.6),
];

const DOCUMENT: Weights = &[
    ("doc", 0.68),
    ("pdf", 0.6),
    ("upload", 0.6),
    ("blob", 0.7),
    ("attachable", 0.8),
    ("drive item", 1.0),
    ("tax doc", 0.75),
    ("media file", 0.85),
    ("document", 0.95),
    ("file", 1.0),
    ("attachment", 0.9),
    ("workbook", 0.85),
    ("drive", 0.85),
    ("drive file", 1.0),
    ("folder", 0.7),
    ("directory", 0.6),
    ("directory tree", 0.75),
    ("google doc", 0.65),
    ("statement", 0.62),
    ("spreadsheet", 0.6),
    ("gdrive", 0.85),
];
