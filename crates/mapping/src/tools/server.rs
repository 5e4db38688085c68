//! What kind of server a catalogue is of: the same word means different things on different ones.

use domain::TargetModel;

use super::ToolSpec;
use super::apposition::Apposition;
use super::languages::english;
use super::name::{self, Described, Name, Verb, raw};
use super::words::among;

/// A catalogue, read once.
#[derive(Debug, Default)]
pub(super) struct Server {
    tools: Vec<Read>,
    is_mail: bool,
    is_crm: bool,
    has_money: bool,
    has_ledger: bool,
    has_invoices: bool,
    has_companies: bool,
    /// It speaks of accounting other than by its journals.
    is_accounting: bool,
    /// It knows what is owed to others.
    keeps_books: bool,
    knows_invoices: bool,
    stores_files: bool,
}

/// How much of a description is read: what comes later is about details.
const HEAD: usize = 1_000;

/// What a tool says of itself.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) name: Name,
    pub(super) described: Option<Described>,
    pub(super) beside: Apposition,
    /// Words of name and description, between spaces.
    text: String,
    /// Of these, what comes first.
    head: String,
}

impl Read {
    fn of(tool: &ToolSpec<'_>, prefix: &[String]) -> Self {
        let description = tool.description.unwrap_or_default();
        let described = name::described(description);
        let head: String = description.chars().take(HEAD).collect();
        let words = [raw(tool.name), raw(&head)].concat();
        Self {
            name: name::read_with(tool.name, prefix, described.as_ref()),
            described,
            beside: Apposition::of(description),
            head: format!(" {} ", words.get(..words.len().min(16)).unwrap_or(&words).join(" ")),
            text: format!(" {} ", words.join(" ")),
        }
    }

    pub(super) fn says(&self, words: &[&str]) -> bool {
        words.iter().any(|it| self.text.contains(&format!(" {it} ")))
    }
}

const MAIL: &str =
    "email emails mail mails inbox imap smtp gmail mailbox mailboxes outlook unread draft drafts";
const CHAT: &[&str] = &[
    "channel",
    "channels",
    "chat",
    "chats",
    "conversation",
    "conversations",
    "slack",
    "discord",
    "sms",
    "whatsapp",
    "telegram",
    "dm",
    "room",
    "rooms",
    "talk",
    "forum",
    "thread_ts",
];
const MONEY: &str = "bank balance balances transaction transactions invoice invoices payment payments ledger \
    wallet wallets finance spending payout payouts bookkeeping iban";
const LEDGER: &str = "journal journals ledger beancount trial posting postings bookkeeping";
const COMPANIES: &str =
    "company companies organization organizations customers vendors suppliers clients";
const CRM: &str = "lead leads deal deals opportunity opportunities crm pipeline pipelines";

impl Server {
    pub(super) fn of(tools: &[ToolSpec<'_>]) -> Self {
        let plain: Vec<Vec<String>> = tools.iter().map(|it| raw(it.name)).collect();
        let names: Vec<Vec<String>> = plain.iter().map(|it| english(it)).collect();
        let prefix = prefix(&plain);
        // What all names begin with says nothing, unless they all say it of their records.
        let speak_of = |list: &str, skipped: usize| {
            let says = |it: &&Vec<String>| it.iter().skip(skipped).any(|word| among(list, word));
            names.iter().filter(says).count()
        };
        let speak = |list: &str| speak_of(list, 0);
        let read: Vec<Read> = tools.iter().map(|it| Read::of(it, &prefix)).collect();
        let describe = |words: &[&str]| read.iter().filter(|it| it.says(words)).count();
        let mail = speak(MAIL);
        let about_mail =
            describe(&["email", "emails", "imap", "mailbox", "mailboxes", "inbox", "e mail"]);
        // A tool or two for everything name little; their descriptions name it.
        let few = tools.len() <= 8 && describe(&["payments", "invoices", "bank", "accounting"]) > 0;
        let has_books = describe(&[
            "chart of account",
            "chart of accounts",
            "journal entry",
            "journal entries",
            "double entry",
            "general ledger",
            "debit",
            "debits",
            "trial balance",
        ]) > 0;
        let knows_invoices = describe(&["invoice", "invoices", "vendor", "vendors"]) > 0;
        Self {
            is_mail: (mail >= 3 && mail * 4 >= tools.len())
                || mail * 3 >= tools.len().max(1)
                || about_mail * 2 >= tools.len().max(1),
            is_crm: speak(CRM) > 0,
            has_money: speak(MONEY) > 0 || few,
            has_ledger: speak(LEDGER) > 0 || has_books,
            has_invoices: speak("invoice invoices voucher vouchers cfdi") > 0
                || (speak("bill bills") > 0 && speak("vendor vendors supplier suppliers") > 0),
            has_companies: speak(COMPANIES) > 0,
            stores_files: speak("file files folder folders") >= 3,
            is_accounting: describe(&[
                "accounting",
                "ledger",
                "general ledger",
                "chart of accounts",
                "double entry",
                "debit",
                "debits",
                "trial balance",
            ]) > 0,
            keeps_books: has_books
                || speak("bill bills expense expenses supplier suppliers vendor vendors") > 0,
            knows_invoices,
            tools: read,
        }
    }

    pub(super) fn read(&self, index: usize) -> Option<&Read> {
        self.tools.get(index)
    }

    /// How far a word means the target here; 0 where it means something else.
    pub(super) fn weight(&self, target: TargetModel, word: &str, read: &Read) -> f64 {
        if word.is_empty() {
            return 1.0;
        }
        match target {
            TargetModel::Account => self.account(word, read),
            TargetModel::LedgerAccount => self.ledger_account(word, read),
            TargetModel::Company => self.company(word, read),
            TargetModel::People => self.people(word, read),
            TargetModel::Email => self.email(word, read),
            TargetModel::Document => self.document(word, read),
            TargetModel::InvoiceTransaction => self.allocation(word, read),
            TargetModel::Journal | TargetModel::JournalEntry => self.books(target, word, read),
            TargetModel::Invoice => match word {
                "bill" if !self.knows_invoices => 0.5,
                "expense" if !self.has_invoices => 0.0,
                "voucher" if read.says(&["discount", "coupon", "gift"]) => 0.0,
                _ => 1.0,
            },
            TargetModel::Transaction => match word {
                "transfer" | "operation" | "deposit" | "charge" | "register" | "movement"
                    if !self.has_money =>
                {
                    0.0
                }
                _ => 1.0,
            },
            TargetModel::PaymentMeans => match word {
                "card" | "recipient" | "mandate" | "credit card" if !self.has_money => 0.0,
                "recipient" if self.is_mail => 0.0,
                _ => 1.0,
            },
        }
    }

    fn account(&self, word: &str, read: &Read) -> f64 {
        let bank = is_of_bank(read);
        match word {
            "account" if is_login(read) && !bank => 0.0,
            "account" if !(self.has_money || bank) => 0.0,
            // A plain ledger keeps its bank accounts among the others; a chart only names them.
            "account" if read.says(&["chart of accounts"]) && !bank => 0.5,
            "account" if is_of_books(read) && !bank => 0.72,
            "account" if self.has_ledger && !bank => 0.72,
            "balance" | "bank" if self.is_mail || !self.has_money => 0.0,
            _ => 1.0,
        }
    }

    fn ledger_account(&self, word: &str, read: &Read) -> f64 {
        match word {
            "account" if read.name.object.iter().any(|it| among("bank cash card wallet", it)) => {
                0.0
            }
            "account" if is_login(read) && !is_of_bank(read) => 0.0,
            "account" if is_of_books(read) => 1.0,
            "account" if self.has_ledger && !is_of_bank(read) => 0.9,
            "account" => 0.0,
            _ => 1.0,
        }
    }

    fn company(&self, word: &str, read: &Read) -> f64 {
        match word {
            "account" if read.says(&["crm", "company", "companies", "organizations"]) => 1.0,
            "account" if self.is_crm && !self.has_money && !is_login(read) => 0.9,
            "account" => 0.0,
            // `get_organization_details` tells of oneself.
            "company" | "organization" | "business"
                if ends(read, "detail info profile setting") =>
            {
                0.75
            }
            // Whoever may sign in to several lists those first; they are own entities.
            "company" | "organization" | "business"
                if read.says(&["can access", "has access", "have access", "switch"]) =>
            {
                0.7
            }
            "contact" if self.has_invoices && !self.has_companies => 1.0,
            "contact" | "relation" => 0.0,
            "store" | "merchant" if !self.has_money => 0.0,
            "provider" | "party" if !(self.has_money || self.has_invoices) => 0.0,
            _ => 1.0,
        }
    }

    fn people(&self, word: &str, _read: &Read) -> f64 {
        match word {
            "address" if !self.is_mail => 0.0,
            "user" | "member" if self.is_mail => 0.5,
            _ => 1.0,
        }
    }

    fn email(&self, word: &str, read: &Read) -> f64 {
        let mail = read.says(&[
            "email",
            "emails",
            "mail",
            "mailbox",
            "imap",
            "inbox",
            "gmail",
            "outlook",
            "mailboxes",
            "mails",
            "e mail",
            "e mails",
        ]);
        match word {
            "message" | "thread" | "inbox" | "conversation" if read.says(CHAT) && !mail => 0.0,
            "message" | "thread" | "inbox" | "conversation" if !(mail || self.is_mail) => 0.0,
            "email" if read.says(&["template", "templates", "campaign", "campaigns"]) => 0.3,
            _ => 1.0,
        }
    }

    fn document(&self, word: &str, read: &Read) -> f64 {
        match word {
            "folder" | "directory" if self.is_mail || read.says(&["mail", "email", "mailbox"]) => {
                0.0
            }
            "document" | "doc" if read.says(&["documentation", "docs for"]) => 0.2,
            "attachment" if self.is_mail => 0.9,
            // Files of one format, where others are kept beside them.
            "doc" | "google doc" if self.stores_files => 0.9,
            "statement" if read.says(&["sql", "income statement", "profit"]) => 0.0,
            _ => 1.0,
        }
    }

    fn allocation(&self, word: &str, read: &Read) -> f64 {
        let bills = ["invoice", "invoices", "customer", "voucher", "payable", "receivable"];
        match word {
            "payment" | "payment intent" | "settlement" if !self.has_invoices => 0.0,
            "payment" | "payment intent" if read.says(&bills) => 0.9,
            "payment" if self.keeps_books => 0.75,
            "payment" | "payment intent" => 0.6,
            _ => 1.0,
        }
    }

    fn books(&self, target: TargetModel, word: &str, read: &Read) -> f64 {
        match (target, word) {
            (TargetModel::JournalEntry, "entry" | "journal" | "ledger") if !self.has_ledger => 0.0,
            // A journal of days and moods keeps no books.
            _ if !(self.has_money || self.is_accounting) => 0.3,
            (TargetModel::JournalEntry, "ledger")
                if read.name.is_plural
                    && !read.name.object.is_empty()
                    && read.says(&["ledgers"]) =>
            {
                0.0
            }
            // A manual journal is an entry.
            (TargetModel::Journal, "journal")
                if read.name.object.iter().any(|it| it == "manual") =>
            {
                0.3
            }
            (TargetModel::Journal, "journal")
                if read.says(&["query", "transaction", "transactions", "entries"]) =>
            {
                0.3
            }
            _ => 1.0,
        }
    }
}

fn ends(read: &Read, list: &str) -> bool {
    read.name.object.last().is_some_and(|it| among(list, it))
}

fn is_of_books(read: &Read) -> bool {
    read.says(&[
        "chart of accounts",
        "chart of account",
        "plan comptable",
        "general ledger",
        "ledger account",
        "ledger accounts",
        "the ledger",
        "postings",
        "posting",
        "expense accounts",
    ])
}

fn is_of_bank(read: &Read) -> bool {
    read.says(&["bank", "balance", "balances", "wallet", "iban", "deposit", "credit card", "cash"])
}

/// Accounts that somebody signs in to.
fn is_login(read: &Read) -> bool {
    let says = |words: &[&str]| words.iter().any(|it| read.head.contains(&format!(" {it} ")));
    says(&[
        "email",
        "mail",
        "mailbox",
        "imap",
        "oauth",
        "google account",
        "google accounts",
        "signed in",
        "login",
        "user account",
        "user accounts",
        "comptes utilisateurs",
        "username",
    ])
}

/// Words that three of four names begin with.
fn prefix(names: &[Vec<String>]) -> Vec<String> {
    let mut prefix: Vec<String> = Vec::new();
    while let Some(word) = next(names, &prefix) {
        prefix.push(word);
    }
    prefix
}

fn next(names: &[Vec<String>], prefix: &[String]) -> Option<String> {
    let mut words: Vec<&String> =
        names.iter().filter_map(|it| it.strip_prefix(prefix)?.first()).collect();
    words.sort();
    let most = words.chunk_by(|left, right| left == right).max_by_key(|it| it.len())?;
    let word = *most.first()?;
    let is_verb = name::read(word, &[]).verb != Verb::None;
    (names.len() >= 3 && most.len() * 4 >= names.len() * 3 && !is_verb && prefix.len() < 3)
        .then(|| word.clone())
}
