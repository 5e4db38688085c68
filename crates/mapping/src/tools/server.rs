//! What kind of server a catalogue is of: the same word means different things on different ones.

use domain::TargetModel;

use super::ToolSpec;
use super::name::{self, Name, raw};

/// What all tools of a server tell together.
#[derive(Debug, Default)]
pub(super) struct Server {
    /// What most names begin with.
    prefix: Vec<String>,
    is_mail: bool,
    has_money: bool,
    has_ledger: bool,
    has_invoices: bool,
    has_companies: bool,
    knows_invoices: bool,
}

const MAIL: &[&str] = &[
    "email", "emails", "mail", "inbox", "imap", "smtp", "message", "messages", "gmail", "mailbox",
];
const MONEY: &[&str] = &[
    "bank",
    "balance",
    "balances",
    "transaction",
    "transactions",
    "invoice",
    "invoices",
    "payment",
    "payments",
    "ledger",
    "wallet",
    "journal",
    "finance",
    "spending",
];
const LEDGER: &[&str] =
    &["journal", "ledger", "beancount", "trial", "posting", "postings", "bookkeeping"];
const INVOICES: &[&str] = &["invoice", "invoices", "bill", "bills", "voucher", "vouchers"];
const COMPANIES: &[&str] = &[
    "company",
    "companies",
    "organization",
    "organizations",
    "customers",
    "vendors",
    "suppliers",
    "clients",
];

impl Server {
    pub(super) fn of(tools: &[ToolSpec<'_>]) -> Self {
        let names: Vec<Vec<String>> = tools.iter().map(|it| raw(it.name)).collect();
        let speak = |list: &[&str]| {
            names.iter().filter(|it| it.iter().any(|word| list.contains(&word.as_str()))).count()
        };
        let describe = |phrase: &str| tools.iter().any(|it| text(it).contains(phrase));
        let mail = speak(MAIL);
        Self {
            prefix: prefix(&names),
            is_mail: mail >= 3 || (mail > 0 && mail * 3 >= tools.len()),
            has_money: speak(MONEY) > 0,
            has_ledger: speak(LEDGER) > 0
                || describe("chart of accounts")
                || describe("journal entr"),
            has_invoices: speak(INVOICES) > 0,
            has_companies: speak(COMPANIES) > 0,
            knows_invoices: describe("invoice") || describe("vendor"),
        }
    }

    pub(super) fn name(&self, tool: &ToolSpec<'_>) -> Name {
        name::read(tool.name, &self.prefix)
    }

    /// How far a word means the target here; 0 where it means something else.
    pub(super) fn weight(&self, target: TargetModel, word: &str, tool: &ToolSpec<'_>) -> f64 {
        let text = text(tool);
        let text = format!(" {} ", raw(&text).join(" "));
        let says = |words: &[&str]| words.iter().any(|it| text.contains(&format!(" {it} ")));
        let books =
            says(&["chart of accounts", "ledger", "postings", "posting", "expense accounts"]);
        let bank =
            says(&["bank", "balance", "balances", "wallet", "iban", "deposit", "credit card"]);
        let login = says(&[
            "email",
            "e mail",
            "mailbox",
            "imap",
            "oauth",
            "google account",
            "signed in",
            "login",
        ]);
        match (target, word) {
            (TargetModel::Account, "account") if login || !(self.has_money || bank) => 0.0,
            (TargetModel::Account, "account") if books && !bank => 0.62,
            (TargetModel::Account, "account") if self.has_ledger && !bank => 0.68,
            (TargetModel::Account, "balance") if self.is_mail => 0.0,
            (TargetModel::LedgerAccount, "account") if login => 0.0,
            (TargetModel::LedgerAccount, "account") if books => 1.0,
            (TargetModel::LedgerAccount, "account") if self.has_ledger && !bank => 0.9,
            (TargetModel::LedgerAccount, "account") => 0.0,
            (TargetModel::Company, "account")
                if says(&["crm", "company", "companies", "organizations"]) =>
            {
                1.0
            }
            (TargetModel::Company, "account") => 0.0,
            (TargetModel::Company, "contact") if self.has_invoices && !self.has_companies => 1.0,
            (TargetModel::Company, "contact") => 0.0,
            (TargetModel::Company, "store") if !self.has_money => 0.0,
            (TargetModel::Email, "message" | "thread" | "inbox") if !self.is_mail => 0.0,
            (TargetModel::Email, "email") if says(&["template", "campaign"]) => 0.3,
            (TargetModel::InvoiceTransaction, "payment") if !self.has_invoices => 0.0,
            (TargetModel::InvoiceTransaction, "payment" | "payment intent")
                if says(&["invoice", "invoices", "customer", "voucher"]) =>
            {
                0.9
            }
            (TargetModel::InvoiceTransaction, "payment" | "payment intent") => 0.6,
            (TargetModel::Invoice, "bill") if !self.knows_invoices => 0.5,
            (TargetModel::People, "address") if !self.is_mail => 0.0,
            (TargetModel::Document, "folder" | "directory") if self.is_mail => 0.0,
            (TargetModel::JournalEntry, "entry" | "journal" | "ledger") if !self.has_ledger => 0.0,
            (TargetModel::Journal, "journal")
                if says(&["query", "transaction", "transactions", "entries"]) =>
            {
                0.3
            }
            (TargetModel::People, "user" | "member") if self.is_mail => 0.5,
            (TargetModel::Document, "document") if says(&["documentation", "docs for"]) => 0.2,
            (TargetModel::Document, "attachment") if self.is_mail => 0.7,
            _ => 1.0,
        }
    }
}

/// Name and description, in lower case.
fn text(tool: &ToolSpec<'_>) -> String {
    let description = tool.description.unwrap_or_default().to_lowercase();
    format!("{} {description}", raw(tool.name).join(" "))
}

/// Words that three of four names begin with.
fn prefix(names: &[Vec<String>]) -> Vec<String> {
    let Some(first) = names.first().and_then(|it| it.first()) else { return Vec::new() };
    let mut candidates: Vec<&String> = names.iter().filter_map(|it| it.first()).collect();
    candidates.sort();
    let most = candidates.chunk_by(|left, right| left == right).max_by_key(|it| it.len());
    let (word, count) = most.and_then(|it| Some((*it.first()?, it.len()))).unwrap_or((first, 0));
    let is_verb = name::read(word, &[]).verb != name::Verb::None;
    if names.len() >= 3 && count * 4 >= names.len() * 3 && !is_verb {
        vec![word.clone()]
    } else {
        Vec::new()
    }
}
