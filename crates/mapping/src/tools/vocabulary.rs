//! Dialects whose kinds of records have the same names on every server that speaks them, and which
//! no schema lists: a tool shows its dialect by its words, not by whose it is.

use domain::TargetModel;

use super::words::among;

/// How a dialect names a target; the score says how well the kind fits.
type Kind = (&'static str, f64);

/// The kind of record for a target in the dialect that a tool shows; `argument`: the words of the
/// argument that takes it.
pub(super) fn kind(target: TargetModel, argument: &[String], text: &str) -> Option<Kind> {
    let says = |words: &[&str]| words.iter().any(|it| text.contains(it));
    let takes = |list: &str| argument.last().is_some_and(|it| among(list, it));
    match () {
        () if takes("model") && says(&["odoo", "res.partner"]) => odoo(target),
        () if takes("object name sobject type")
            && says(&["soql", "sobject", "salesforce object"]) =>
        {
            soql(target)
        }
        () if takes("doctype") => doctype(target),
        () if takes("name entity set")
            && argument.iter().any(|it| it == "entity")
            && says(&["data entity", "data entities", "entity set"]) =>
        {
            data_entity(target)
        }
        () if takes("module") && says(&["crm"]) => module(target),
        () => None,
    }
}

/// A query in a language that the tool takes, and how well it finds the target.
pub(super) fn query(target: TargetModel, text: &str) -> Option<Kind> {
    if is_ledger_query(text) {
        return ledger_query(target);
    }
    let is_entities =
        text.contains("select * from") && text.contains("any") && text.contains("entity");
    (is_entities && text.contains("customer") && text.contains("vendor"))
        .then(|| entity_query(target))
        .flatten()
}

/// The query language of plain-text ledgers, which can only read.
pub(super) fn is_ledger_query(text: &str) -> bool {
    text.contains("bql") || text.contains("beancount query")
}

fn odoo(target: TargetModel) -> Option<Kind> {
    let word = match target {
        TargetModel::Company | TargetModel::People => "res.partner",
        TargetModel::Invoice | TargetModel::JournalEntry => "account.move",
        TargetModel::Transaction => "account.bank.statement.line",
        TargetModel::Account | TargetModel::PaymentMeans => "res.partner.bank",
        TargetModel::LedgerAccount => "account.account",
        TargetModel::Journal => "account.journal",
        TargetModel::Email => "mail.message",
        TargetModel::InvoiceTransaction => "account.partial.reconcile",
        TargetModel::Document => "ir.attachment",
    };
    Some((word, 0.9))
}

fn soql(target: TargetModel) -> Option<Kind> {
    match target {
        TargetModel::Company => Some(("Account", 0.9)),
        TargetModel::People => Some(("Contact", 0.9)),
        TargetModel::Email => Some(("EmailMessage", 0.7)),
        TargetModel::Document => Some(("ContentDocument", 0.7)),
        TargetModel::Invoice
        | TargetModel::Transaction
        | TargetModel::Account
        | TargetModel::PaymentMeans
        | TargetModel::InvoiceTransaction
        | TargetModel::LedgerAccount
        | TargetModel::Journal
        | TargetModel::JournalEntry => None,
    }
}

fn doctype(target: TargetModel) -> Option<Kind> {
    match target {
        TargetModel::Company => Some(("Customer", 0.85)),
        TargetModel::People => Some(("Contact", 0.85)),
        TargetModel::Invoice => Some(("Sales Invoice", 0.9)),
        TargetModel::Transaction => Some(("Bank Transaction", 0.8)),
        TargetModel::Account => Some(("Bank Account", 0.85)),
        TargetModel::PaymentMeans => Some(("Mode of Payment", 0.6)),
        TargetModel::InvoiceTransaction => Some(("Payment Entry", 0.75)),
        TargetModel::LedgerAccount => Some(("Account", 0.85)),
        TargetModel::JournalEntry => Some(("Journal Entry", 0.9)),
        TargetModel::Email => Some(("Communication", 0.65)),
        TargetModel::Document => Some(("File", 0.85)),
        TargetModel::Journal => None,
    }
}

fn data_entity(target: TargetModel) -> Option<Kind> {
    match target {
        TargetModel::Company => Some(("CustomersV3", 0.9)),
        TargetModel::People => Some(("ContactsV3", 0.75)),
        TargetModel::Invoice => Some(("SalesInvoiceHeadersV2", 0.75)),
        TargetModel::Account => Some(("BankAccounts", 0.75)),
        TargetModel::LedgerAccount => Some(("MainAccounts", 0.75)),
        TargetModel::Journal => Some(("JournalNames", 0.7)),
        TargetModel::JournalEntry => Some(("GeneralLedgerEntries", 0.7)),
        TargetModel::Transaction
        | TargetModel::PaymentMeans
        | TargetModel::InvoiceTransaction
        | TargetModel::Email
        | TargetModel::Document => None,
    }
}

fn module(target: TargetModel) -> Option<Kind> {
    match target {
        TargetModel::Company => Some(("Accounts", 0.8)),
        TargetModel::People => Some(("Contacts", 0.85)),
        TargetModel::Invoice => Some(("Invoices", 0.7)),
        TargetModel::Transaction
        | TargetModel::Account
        | TargetModel::PaymentMeans
        | TargetModel::InvoiceTransaction
        | TargetModel::LedgerAccount
        | TargetModel::Journal
        | TargetModel::JournalEntry
        | TargetModel::Email
        | TargetModel::Document => None,
    }
}

fn ledger_query(target: TargetModel) -> Option<Kind> {
    match target {
        TargetModel::JournalEntry => {
            let columns = "SELECT id, date, flag, payee, narration, account, number, currency";
            Some((columns, 0.9))
        }
        TargetModel::LedgerAccount => Some(("SELECT DISTINCT account", 0.75)),
        TargetModel::Transaction => Some((
            "SELECT id, date, payee, narration, account, number, currency \
             WHERE account ~ '^(Assets|Liabilities)'",
            0.6,
        )),
        TargetModel::Company
        | TargetModel::People
        | TargetModel::Account
        | TargetModel::PaymentMeans
        | TargetModel::Invoice
        | TargetModel::InvoiceTransaction
        | TargetModel::Journal
        | TargetModel::Email
        | TargetModel::Document => None,
    }
}

fn entity_query(target: TargetModel) -> Option<Kind> {
    match target {
        TargetModel::Company => Some(("SELECT * FROM Customer", 0.85)),
        TargetModel::People => Some(("SELECT * FROM Employee", 0.7)),
        TargetModel::Invoice => Some(("SELECT * FROM Invoice", 0.9)),
        TargetModel::Transaction => Some(("SELECT * FROM Purchase", 0.8)),
        TargetModel::LedgerAccount => Some(("SELECT * FROM Account", 0.8)),
        TargetModel::JournalEntry => Some(("SELECT * FROM JournalEntry", 0.9)),
        TargetModel::PaymentMeans => Some(("SELECT * FROM PaymentMethod", 0.65)),
        TargetModel::InvoiceTransaction => Some(("SELECT * FROM Payment", 0.75)),
        TargetModel::Document => Some(("SELECT * FROM Attachable", 0.7)),
        TargetModel::Account | TargetModel::Journal | TargetModel::Email => None,
    }
}
