//! Words of providers for the words of a target.

use std::collections::BTreeMap;

use domain::TargetModel;
use serde_json::Value;

use super::column::share;
use super::names;
use crate::plan::{Otherwise, Transform, spelling};

/// The words of one attribute that is a closed list.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table {
    /// `ours: theirs|theirs`, a line each.
    lines: &'static str,
    /// Where an unknown word goes.
    other: Other,
}

#[derive(Debug, Clone, Copy)]
enum Other {
    Keep,
    Null,
    Word(&'static str),
}

pub(super) fn table(target: TargetModel, slot: &str) -> Option<Table> {
    let (lines, other) = match (target, slot) {
        (TargetModel::Invoice, "status") => (INVOICE_STATUS, Other::Keep),
        (TargetModel::Invoice, "document_type_code") => (DOCUMENT_TYPE, Other::Null),
        (TargetModel::Transaction, "status") => (TRANSACTION_STATUS, Other::Null),
        // Both models have a word for what they do not tell apart.
        (TargetModel::Account, "type") => (ACCOUNT_TYPE, Other::Word("other")),
        (TargetModel::PaymentMeans, "type") => (PAYMENT_TYPE, Other::Word("other")),
        (TargetModel::LedgerAccount, "account_type") => (LEDGER_TYPE, Other::Null),
        (TargetModel::Journal, "journal_type") => (JOURNAL_TYPE, Other::Word("miscellaneous")),
        (TargetModel::JournalEntry, "status") => (ENTRY_STATUS, Other::Null),
        _ => return None,
    };
    Some(Table { lines, other })
}

/// Endings of file names, for the media type of a document.
pub(super) const MIME: Table = Table { lines: EXTENSIONS, other: Other::Null };

impl Table {
    /// The map for a column: every word of ours, and those seen in the column that contain one; and
    /// the share of the values that is known. `None` if few values of the column are.
    pub(super) fn map(self, values: &[&Value]) -> Option<(Transform, f64)> {
        let mut words = BTreeMap::new();
        let mut known = 0_usize;
        for value in values {
            let Some(text) = said(value) else { continue };
            if let Some(ours) = self.ours(&text) {
                known += 1;
                words.insert(spelling(&text), ours.to_owned());
            }
        }
        if known * 2 < values.len() || known == 0 {
            return None;
        }
        // Later rows may hold words that the sample does not.
        for (ours, theirs) in self.pairs() {
            words.entry(theirs.to_owned()).or_insert_with(|| ours.to_owned());
        }
        let other = self.otherwise();
        Some((Transform::Enum { words, other }, share(known, values.len())))
    }

    /// Our word for a value.
    pub(super) fn of(self, value: &Value) -> Option<&'static str> {
        self.ours(&said(value)?)
    }

    pub(super) fn otherwise(self) -> Otherwise {
        match self.other {
            Other::Keep => Otherwise::Keep,
            Other::Null => Otherwise::Null,
            Other::Word(word) => Otherwise::Word(word.to_owned()),
        }
    }

    /// Tells one table from another.
    pub(super) fn source(self) -> &'static str {
        self.lines
    }

    fn pairs(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let line = |line: &'static str| line.split_once(": ");
        let each = |(ours, theirs): (&'static str, &'static str)| {
            theirs.split('|').map(move |it| (ours, it))
        };
        self.lines.lines().filter_map(line).flat_map(each)
    }

    /// An equal word, else the longest that the text contains as whole words.
    fn ours(self, text: &str) -> Option<&'static str> {
        let text = format!(" {} ", names::words(text).join(" "));
        let found = self.pairs().filter_map(|(ours, theirs)| {
            let theirs = format!(" {} ", names::words(theirs).join(" "));
            text.contains(&theirs).then_some((theirs.len(), ours))
        });
        found.max_by_key(|(length, _)| *length).map(|(_, ours)| ours)
    }
}

/// What a value says in words.
fn said(value: &Value) -> Option<String> {
    match value {
        Value::String(it) => Some(it.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

const INVOICE_STATUS: &str = "
draft: draft|pending|in review|submitted|scheduled|saved|unsent|new|awaiting approval|pending approval|proforma|not sent|unfinalized|unapproved|to validate|brouillon|entwurf|concept|borrador
issued: issued|open|posted|sent|unpaid|overdue|partially paid|partial|partly paid|authorised|authorized|approved|finalized|finalised|viewed|outstanding|awaiting payment|late|due|past due|payment due|not paid|validated|delivered|uncollectible|in payment|corrective|upcoming|unsettled|confirmed|active|accepted|reminded|disputed|emis|offen|verzonden
paid: paid|settled|completed|complete|closed|marked as paid|paid off|fully paid|payment received|archived paid|success|paye|bezahlt|betaald|pagado|pagata
canceled: canceled|cancelled|cancel|void|voided|deleted|refused|rejected|declined|written off|write off|reversed|refunded|expired|annule|storniert";

const DOCUMENT_TYPE: &str = "
380: invoice|bill|sale invoice|out invoice|in invoice|purchase invoice|accrec|accpay|standard|normal
381: credit note|creditnote|credit memo|out refund|in refund|refund|credit|avoir|gutschrift|accreccredit|accpaycredit
383: debit note|debit memo";

const TRANSACTION_STATUS: &str = "
booked: booked|posted|settled|completed|complete|executed|cleared|succeeded|success|available|paid|done|confirmed|authorised|reconciled|processed|approved|finalized|captured|sent|s
pending: pending|authorized|processing|in progress|scheduled|created|submitted|initiated|uncleared|hold|on hold|requires action|open|p
failed: failed|declined|rejected|returned|error|denied|refused|unsuccessful|bounced|blocked|d
canceled: canceled|cancelled|void|voided|deleted|reversed|reverted|expired|v";

const ACCOUNT_TYPE: &str = "
deposit: deposit|depository|checking|saving|current|current account|cash|bank|money market|cd|transaction|main|business|prepaid|e money|wallet|payment|giro|sight|standard|demand|debit|personal|balance|merchant
credit: credit|credit card|card|line of credit|charge card|revolving
loan: loan|mortgage|student|auto|debt|financing
investment: investment|brokerage|retirement|ira|401k|security|stock|isa|pension|crypto|mutual fund
payroll: payroll
other: other|unknown";

const PAYMENT_TYPE: &str = "
account: account|bank account|bank|us bank account|sepa debit|sepa|bacs debit|bacs|ach|iban|wire|direct debit|acss debit|transfer|bank transfer|mandate|au becs debit|virtual account|beneficiary
card: card|credit card|debit card|credit|debit|prepaid card|virtual card|physical|virtual
check: check|cheque
other: other|paypal|cash|wallet|apple pay|google pay|link|klarna";

const LEDGER_TYPE: &str = "
ASSET: asset|current asset|fixed asset|other asset|other current asset|non current asset|bank|cash|account receivable|receivable|inventory|prepayment|stock|fixed|current|accounts receivable|asset receivable|asset cash|asset current|asset fixed|asset prepayment|asset non current|deposit|active|aktiva
LIABILITY: liability|current liability|long term liability|other liability|other current liability|account payable|payable|currliab|termliab|credit card|liability payable|liability current|non current liability|accounts payable|passive|payg liability|wage payable liability|deferred income
EQUITY: equity|capital|retained earning|share capital|equity unaffected|owner equity|eigenkapital
REVENUE: revenue|income|sale|other income|otherincome|turnover|operating income|income other|produit|ertrag|profit
EXPENSE: expense|cost|cost of goods sold|cost of sale|direct cost|directcost|overhead|other expense|depreciation|depreciatn|wage expense|expense depreciation|expense direct cost|purchase|charge|aufwand|operating expense|superannuation expense";

const JOURNAL_TYPE: &str = "
sales: sale|sales|customer|receivable|revenue|income|vente|verkauf
purchases: purchase|purchases|supplier|vendor|payable|expense|achat|einkauf|bill
bank: bank|banque
cash: cash|caisse|kasse|petty cash
miscellaneous: miscellaneous|misc|general|other|manual|diverse|operation diverse|memorial|opening|closing";

const ENTRY_STATUS: &str = "
DRAFT: draft|pending|pending approval|unposted|open|new|submitted|unapproved|not posted|in review|false
VALIDATED: validated|posted|approved|published|booked|final|finalized|valid|processed|active|authorised|completed|true
LOCKED: locked|closed|archived|frozen|reconciled";

const EXTENSIONS: &str = "
application/pdf: pdf
image/png: png
image/jpeg: jpg|jpeg
image/gif: gif
image/tiff: tif|tiff
image/webp: webp
text/csv: csv
text/plain: txt
text/html: html|htm
application/json: json
application/xml: xml
application/zip: zip
application/msword: doc
application/vnd.openxmlformats-officedocument.wordprocessingml.document: docx
application/vnd.ms-excel: xls
application/vnd.openxmlformats-officedocument.spreadsheetml.sheet: xlsx
application/vnd.openxmlformats-officedocument.presentationml.presentation: pptx
message/rfc822: eml";
