//! The things that tools list, by the names that servers give them.

use domain::TargetModel;

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
    let found = table(target).iter().filter_map(|(word, weight)| {
        let noun = words(word);
        let closeness = closeness(object, &noun)?;
        Some(Found { word, score: weight * closeness })
    });
    found.max_by(|left, right| left.score.total_cmp(&right.score))
}

/// Whether an object clearly names a target, whichever.
pub(super) fn is_known(object: &[String]) -> bool {
    let known = |it: &TargetModel| matching(*it, object).is_some_and(|found| found.score >= 0.8);
    TargetModel::ALL.iter().any(known)
}

/// The head of an English compound is its last word: invoice items are items.
fn closeness(object: &[String], noun: &[String]) -> Option<f64> {
    if object == noun {
        return Some(1.0);
    }
    if let Some(before) = object.strip_suffix(noun) {
        let weigh = |it: &String| match it.as_str() {
            it if STRANGE.contains(&it) => 0.3,
            it if PLAIN.contains(&it) => 0.97,
            _ => 0.85,
        };
        return Some(before.iter().map(weigh).product());
    }
    let after = object.strip_prefix(noun)?;
    after.iter().all(|it| TAILS.contains(&it.as_str())).then_some(0.93)
}

/// Words before a noun that leave it what it is.
const PLAIN: &[&str] = &[
    "client",
    "customer",
    "supplier",
    "vendor",
    "sale",
    "sales",
    "sent",
    "received",
    "purchase",
    "bank",
    "business",
    "financial",
    "wallet",
    "crm",
    "external",
    "incoming",
    "outgoing",
    "posted",
    "saved",
    "sepa",
    "linked",
    "connected",
    "drive",
    "google",
    "provider",
    "open",
    "manual",
];

/// Words before a noun that make it another thing.
const STRANGE: &[&str] = &[
    "recurring",
    "template",
    "draft",
    "scheduled",
    "deleted",
    "tax",
    "custom",
    "email",
    "mail",
    "calendar",
    "shared",
    "team",
    "public",
    "related",
    "similar",
    "duplicate",
    "uncategorized",
    "pending",
    "pull",
    "deal",
    "lead",
    "schema",
    "quickfile",
    "git",
    "product",
    "unread",
    "service",
];

/// Words after a noun that leave it what it is.
const TAILS: &[&str] =
    &["overview", "metadata", "info", "detail", "summary", "directory", "object"];

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
    ("contact", 0.72),
    ("entreprise", 0.9),
    ("societe", 0.9),
    ("fournisseur", 0.85),
    ("kunde", 0.9),
    ("kunden", 0.9),
    ("lieferant", 0.85),
    ("klant", 0.9),
    ("klanten", 0.9),
    ("leverancier", 0.85),
    ("empresa", 0.9),
    ("cliente", 0.9),
    ("proveedor", 0.85),
    ("azienda", 0.9),
    ("clienti", 0.9),
    ("fornitore", 0.85),
    ("firma", 0.85),
    ("bedrijf", 0.9),
    ("company info", 0.55),
    ("account", 0.55),
];

const PEOPLE: Weights = &[
    ("person", 1.0),
    ("people", 1.0),
    ("contact", 0.97),
    ("employee", 0.93),
    ("staff", 0.85),
    ("member", 0.7),
    ("workspace member", 0.75),
    ("membership", 0.75),
    ("user", 0.62),
    ("customer", 0.62),
    ("client", 0.6),
    ("candidate", 0.7),
    ("lead", 0.56),
    ("personne", 0.95),
    ("employe", 0.9),
    ("kontakt", 0.95),
    ("kontakte", 0.95),
    ("mitarbeiter", 0.9),
    ("medewerker", 0.9),
    ("persona", 0.95),
    ("empleado", 0.9),
    ("contatto", 0.95),
    ("address book", 0.8),
    ("attendee", 0.6),
    ("address", 0.65),
];

const INVOICE: Weights = &[
    ("invoice", 1.0),
    ("bill", 0.85),
    ("voucher", 0.8),
    ("credit note", 0.68),
    ("sale document", 0.8),
    ("facture", 1.0),
    ("rechnung", 1.0),
    ("rechnungen", 1.0),
    ("factuur", 1.0),
    ("facturen", 1.0),
    ("factura", 1.0),
    ("fattura", 1.0),
    ("fatture", 1.0),
    ("receivable", 0.6),
    ("invoice new", 0.9),
    ("credit memo", 0.68),
];

const TRANSACTION: Weights = &[
    ("transaction", 1.0),
    ("bank transaction", 1.0),
    ("movement", 0.8),
    ("payment", 0.75),
    ("payment intent", 0.75),
    ("charge", 0.72),
    ("transfer", 0.7),
    ("payout", 0.62),
    ("register", 0.7),
    ("withdrawal", 0.6),
    ("refund", 0.56),
    ("bank feed", 0.85),
    ("umsatz", 0.9),
    ("umsaetze", 0.9),
    ("transactie", 0.95),
    ("transaccion", 0.95),
    ("movimiento", 0.85),
    ("movimento", 0.85),
    ("transazione", 0.95),
    ("operation", 0.5),
    ("statement line", 0.8),
    ("balance transaction", 0.95),
];

const ACCOUNT: Weights = &[
    ("account", 0.9),
    ("bank account", 1.0),
    ("financial account", 1.0),
    ("wallet", 0.8),
    ("balance", 0.65),
    ("bank balance", 0.7),
    ("account balance", 0.75),
    ("konto", 0.9),
    ("konten", 0.9),
    ("bankkonto", 1.0),
    ("compte", 0.9),
    ("compte bancaire", 1.0),
    ("rekening", 0.9),
    ("cuenta", 0.9),
    ("conto", 0.9),
    ("wallet balance", 0.65),
];

const LEDGER_ACCOUNT: Weights = &[
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
    ("sachkonto", 1.0),
    ("sachkonten", 1.0),
    ("plan comptable", 1.0),
    ("grootboekrekening", 1.0),
];

const JOURNAL: Weights = &[
    ("journal", 0.95),
    ("accounting journal", 1.0),
    ("ledger journal", 0.9),
    ("dagboek", 0.95),
    ("diario", 0.9),
    ("giornale", 0.9),
];

const JOURNAL_ENTRY: Weights = &[
    ("journal entry", 1.0),
    ("manual journal", 1.0),
    ("ledger entry", 0.95),
    ("general ledger", 0.8),
    ("accounting entry", 0.95),
    ("posting", 0.85),
    ("entry", 0.6),
    ("journal transaction", 0.9),
    ("ecriture", 0.9),
    ("buchung", 0.9),
    ("buchungen", 0.9),
    ("boeking", 0.9),
    ("journal", 0.56),
    ("ledger", 0.56),
    ("asiento", 0.9),
];

const EMAIL: Weights = &[
    ("email", 1.0),
    ("message", 0.9),
    ("inbox", 0.85),
    ("email metadata", 0.95),
    ("gmail message", 1.0),
    ("email message", 1.0),
    ("thread", 0.65),
    ("gmail", 0.9),
    ("gmail thread", 0.65),
    ("courriel", 1.0),
    ("correo", 1.0),
    ("nachricht", 0.9),
];

const PAYMENT_MEANS: Weights = &[
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
    ("zahlungsart", 0.9),
    ("moyen de paiement", 0.9),
];

const INVOICE_TRANSACTION: Weights = &[
    ("invoice payment", 1.0),
    ("payment allocation", 1.0),
    ("allocation", 0.9),
    ("bill payment", 0.95),
    ("customer payment", 0.9),
    ("payment application", 0.9),
    ("payment", 0.7),
    ("payment intent", 0.6),
];

const DOCUMENT: Weights = &[
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
    ("statement", 0.56),
    ("dokument", 0.95),
    ("dokumente", 0.95),
    ("fichier", 1.0),
    ("datei", 1.0),
    ("bestand", 0.9),
    ("documento", 0.95),
    ("spreadsheet", 0.6),
    ("gdrive", 0.85),
];
