//! The names under which providers keep each attribute, the most telling first.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use domain::TargetModel;

use super::names;

/// One attribute's names, as words.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) slot: &'static str,
    pub(super) phrases: Vec<Phrase>,
    /// Words that may stand beside any of the names. Of amounts there are none: each word makes
    /// another amount of it.
    pub(super) vocabulary: BTreeSet<String>,
}

/// One name. Some say what they say only by themselves; they are written with `=` in the tables.
#[derive(Debug)]
pub(super) struct Phrase {
    pub(super) words: Vec<String>,
    pub(super) is_exact: bool,
}

/// The names for every slot of a target.
pub(super) fn of(target: TargetModel) -> &'static [Entry] {
    static TABLES: LazyLock<Vec<Vec<Entry>>> =
        LazyLock::new(|| TargetModel::ALL.iter().map(|it| parse(table(*it))).collect());
    let place = TargetModel::ALL.iter().position(|it| *it == target);
    place.and_then(|it| TABLES.get(it)).map_or(&[], Vec::as_slice)
}

fn parse(table: &'static str) -> Vec<Entry> {
    let entry = |line: &'static str| {
        let (slot, phrases) = line.split_once(':')?;
        let (slot, phrases) = (slot.trim(), phrases.split('|').map(phrase).collect::<Vec<_>>());
        let all = phrases.iter().filter(|it| !it.is_exact).flat_map(|it| it.words.clone());
        let vocabulary = if is_amount(slot) { BTreeSet::new() } else { all.collect() };
        Some(Entry { slot, phrases, vocabulary })
    };
    table.lines().filter_map(entry).collect()
}

fn is_amount(slot: &str) -> bool {
    let amounts = ["total", "amount", "balance", "price", "debit", "credit", "quantity", "size"];
    amounts.iter().any(|it| slot.contains(it)) && !slot.ends_with("currency")
}

fn phrase(text: &str) -> Phrase {
    let text = text.trim();
    let exact = text.strip_prefix('=');
    Phrase { words: names::words(exact.unwrap_or(text)), is_exact: exact.is_some() }
}

/// Words before or after a phrase that do not change what it says, for a target.
pub(crate) fn nouns(target: TargetModel) -> &'static [&'static str] {
    match target {
        TargetModel::Company => &[
            "company",
            "organization",
            "customer",
            "client",
            "vendor",
            "supplier",
            "business",
            "contact",
            "account",
            "partner",
            "merchant",
        ],
        TargetModel::People => {
            &["person", "people", "contact", "employee", "user", "member", "staff"]
        }
        TargetModel::Invoice => {
            &["invoice", "bill", "document", "voucher", "receipt", "sale", "line", "item"]
        }
        TargetModel::Transaction => &["transaction", "payment", "entry", "movement", "bank"],
        TargetModel::Account => &["account", "bank", "wallet"],
        TargetModel::LedgerAccount => &["account", "ledger", "gl"],
        TargetModel::Journal => &["journal", "book"],
        TargetModel::JournalEntry => {
            &["journal", "entry", "transaction", "posting", "line", "voucher"]
        }
        TargetModel::Email => &["email", "message"],
        TargetModel::PaymentMeans => {
            &["payment", "method", "instrument", "bank", "account", "beneficiary", "recipient"]
        }
        TargetModel::InvoiceTransaction => &["payment", "allocation", "applied"],
        TargetModel::Document => &["file", "document", "attachment"],
    }
}

const fn table(target: TargetModel) -> &'static str {
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

const COMPANY: &str = "
name: name|display name|company name|company|organization name|organization|account name|contact name|business name|trading name|trade name|customer name|vendor name|supplier name|client name|legal name|registered name|fully qualified name|full name|title|label|nom|raison sociale|firma|naam|razon social|ragione sociale|nombre|denominazione|card name|denomination|account display name|employer name|nombre fiscal|partner name|name alias|legal entity|ragione
registered_name: legal name|registered name|legal business name|legal entity name|raison sociale|ragione sociale|razon social
trade_name: trade name|trading name|trading as|doing business as|dba|nom commercial|brand name
description: description|about|company description|notes|note|comment|bio|summary|details|remark|remarks|background|overview
domain: domain|domain name|primary domain|company domain|email domain
website: website|web address uri|website url|web site|web|web address|homepage|home page|site|company url|url|site web|internet
registered_value: registration number|company number|company registration number|business registration number|registered number|commercial register number|chamber of commerce|coc number|kvk|kvk number|siren|siret|crn|organization number|registry number|company id number|handelsregister|business number|abn|corporate identification number|organization nr|org number|company reg number|registration no|national identifier|cvr|identification number|trade register number|id prof 1|chamber of commerce number
registry_country: registry country|registration country|country of registration|country of incorporation|incorporation country
tax_id_value: tax id|tax number|vat number|vat id|vat|tax registration number|tax identification number|vat registration number|tax id value|tva|numero tva|tva intracommunautaire|vat code|btw number|btw|ust id|ustid|partita iva|nif|cif|gstin|gst number|ein|tin|tax|vat reg number|vat identification number|federal tax id|fiscal code|codice fiscale|tax identifier|vat tin|fiscal id|fiscal number|tax reg number|vat no|taxpayer id|taxpayer identification number|tax id number
tax_id_type: tax id type|tax type|tax scheme
email: email|email address|primary email address|primary email|contact email|billing email|main email|e mail|email 1|invoice email|courriel|email 1 address|accounts email|e mail address|email address value
phone: phone|phone number|primary phone|primary phone free form number|telephone|work phone|office phone|main phone|business phone|contact phone|mobile|mobile phone|phone work|telefon|telefoon|telefono|telephone number|phone 1|telephone 1|main phone number|phone number 1|mobile number
street: street|address line 1|line 1|street address|address 1|address street|address line|street 1|address|street name|billing street|bill address line 1|route|rue|strasse|straat|calle|via|adresse|mailing street|line 1 address|address street 1|street address 1|address line 1 text
city: city|town|locality|address city|billing city|city name|ville|ort|stad|plaats|ciudad|citta|address locality|place|mailing city|address town|city town
region: state|region|country sub division code|province|county|state code|province code|country subdivision code|address state|billing state|admin area level 1|administrative area|department|state name|region name|state province|mailing state|state region
postal_code: postal|postal code|billing postal code|billing code|address postal|code postal|zip code|address postal code|cap|cp|zip|mailing postal code|postal zone|mailing zip
country: country code|country|address country|billing country|country region|country name|country alpha 2|pays|land|pais|paese|country iso|mailing country|country code iso|country iso code|country 2";

const PEOPLE: &str = "
full_name: full name|display name|name|contact name|person name|complete name|formatted name|nom complet|contact full name|display as|name full|legal name
first_name: first name|first|given name|given|prenom|vorname|voornaam|nombre|nome|name first|first given name
last_name: last name|last|family name|family|surname|nom de famille|nachname|achternaam|apellido|cognome|name last|last family name
job_title: job title|title|position|role title|occupation|function|job|poste|funktion|organization title|company title|employment title|role|headline|designation|role name
email: email|email address|primary email|primary email address|work email|business email|login email|e mail|email 1|user principal name|courriel|email address value|e mail address|personal email|contact email address
phone: phone|phone number|mobile|mobile phone|cell phone|work phone|business phone|primary phone|mobile number|direct phone|phone work|telefon|telefono|sms|phone number value|tel work|cell|handphone
company_external_id: company id|organization id|account id|business id|employer id|customer id|client id|company|account|organization|target record id|company target record id|associated company id|org id|account ref id|parent customer id|employer company id
company_name: company name|organization name|company|organization|account name|employer|employer name|business name|billing company|societe|firma|org name|account display name|company business name|employer organization name";

const INVOICE: &str = "
invoice_number: invoice number|document number|doc number|number|bill number|voucher number|invoice no|sequence number|reference code|invoice code|=name|numero|rechnungsnummer|factuurnummer|numero facture|displayed as|display number|document no|invoice reference|formatted number|full number|number formatted|sequential number|invoice document number|tran id|booked invoice number|document reference|invoice num|invoice nr
reference_number: reference number|purchase order number|customer purchase order reference|po number|order number|external document number|vendor invoice number|customer reference|your reference|purchase order|order reference|reference|ref|external reference|external invoice reference|your order number|po reference|customer order number|external id number
status: status|invoice status|state|document status|payment status|voucher status|payment state|statut|stato|estado
issue_date: issue date|invoice date|issued at|issued on|document date|issued|date of issue|bill date|transaction date|txn date|voucher date|date string|invoiced on|invoiced at|date|posting date|sent date|finalized at|effective at|create date|dated on|date of invoice|billing date|tran date|date of document|created on|created at|created|creation date|date facture|rechnungsdatum|factuurdatum|fecha|invoice created date|doc date|date issued|date invoice|issue at|bill issue date
due_date: due date|payment term due date|due on|due at|payment due date|due date string|payment due|deadline|due|date due|date echeance|echeance|faelligkeitsdatum|vervaldatum|fecha vencimiento|maturity date|expire by|pay by|date of payment|valid until|date lim reglement|date due payment|due by|expiration date|expires at|payment deadline
document_type_code: document type code|invoice type code|type code|document type|invoice type|voucher type|invoice kind|bill type|kind|type|move type|is credit note
local_currency: currency code|currency|invoice currency|local currency|document currency|currency iso|currency name|devise|waehrung|valuta|moneda
items_total: subtotal|sub total|total excluding tax|net amount|total net amount|net total|total net|amount excluding tax|amount untaxed|total before tax|total amount excluding tax|untaxed amount|amount without tax|total ht|net|excl tax|nettobetrag|total excluding vat|subtotal amount|total net price|total price excluding tax|price excluding tax|currency amount before tax|amount before tax|total before vat|net total amount|taxable amount|sum net|netto|importe neto|imponibile|total without tax|pre tax amount|net value|amount net|total net value|sum net amount|untaxed total|taxable total
tax_total: total tax|tax total|tax amount|total tax amount|vat amount|tax|amount tax|total vat|vat total|vat|total tva|currency tax|tax value|mwst|sum tax|total taxes and charges|tax money|total tax money|iva total|sales tax value|amount vat|vat sum|total vat amount|sales tax|total sales tax|sum vat|tax sum|vat value|tax total value|taxes
grand_total: total including tax|grand total|total amount including tax|total amount|amount total|total|invoice total|total gross amount|gross amount|gross total|amount including tax|total gross|total with tax|total ttc|amount with tax|total amt|amount dc|amount|invoice amount|currency amount|total price|gross|montant|betrag|bedrag|importe|importo|total price including tax|price including tax|sum gross|total due|brutto|importe total|totale|total money|amount in tax|rounded total|base grand total|doc total|amount inclusive of tax|total value|amount gross|gross value|final amount|total amount value|invoice value|amount total value
balance_due: balance due|amount due|amount remaining|remaining amount|due amount|open amount|outstanding amount|outstanding|amount outstanding|amount residual|remaining|open balance|balance|amount open|unpaid amount|residual|balance amount|remaining amount with tax|total unpaid|unpaid total|amount to pay|to pay|still due|left to pay|outstanding balance|unpaid|remaining balance|balance remaining|rest|due value|remainder|payments pending|payment pending|rest amount|amount unpaid|amount still due|open balance amount|amount outstanding value|total remaining
paid_amount: paid amount|amount paid|total paid|amount received|payment total|paid total|paid|paid to date|total amount paid|paid value|amount already paid|sum paid|already paid|amount settled|total payments|payments total|total payment|received amount
items.description: description|item description|name|title|label|item name|product name|product|text|memo|note|designation|details|product description|item|subject|line description|product label
items.quantity: quantity|qty|item quantity|sale item line detail qty|item based expense line detail qty|count|units|hours|number of units|amount decimal|qty ordered|quantity ordered|number
items.unit_price: unit price|unit amount|price|rate|unit cost|price per unit|net unit price|price unit|list price|unit net price|sale item line detail unit price|item based expense line detail unit price|cost|price amount|net price|base price money|price net|price excluding tax|unit price excluding tax|unit price amount|amount per unit|price net amount|unit net amount|sub price|unit price net amount|base price
items.line_total: line total|line amount|amount|total|subtotal|net amount|price subtotal|total price|extended price|line total amount|total amount|item total|line item total|total price excluding tax|total price excluding tax with discount|gross amount|total net amount|net total|total amount excluding tax|amount excluding tax|row total|line net amount|line item amount|total money|total value|net value|line net total|line amount excluding tax|total ht|base amount|net total amount
terms: payment term name|payment terms|term name|terms|payment term|sales term name|conditions|payment conditions|terms of payment|payment condition|payment terms name|net term|payment term description|payment terms in days|payment term label
description: description|memo|customer memo|private note|note|notes|subject|narration|comment|remark|public note|title|customer message|customer notes|customer note|remarks|header|footer|message|intro|introduction|note to customer
issuer_external_id: vendor id|supplier id|seller id|issuer id|vendor|supplier|seller|issuer|creditor id|creditor|payee id
issuer_name: vendor name|supplier name|seller name|issuer name|vendor|supplier|seller|issuer|creditor name|creditor|payee name|vendor display name|supplier label
receiver_external_id: customer id|client id|buyer id|receiver id|customer|client|buyer|receiver|recipient id|debtor id|debtor|contact id|partner id|ordered by|bill to id|sell to customer id|invoice to|customer number|account id|contact|customer ref|invoice to id|bill to customer id|debtor number|company id|recipient customer id|party id|customer account id|account|socid|entity id|card code|debtor account number|customer customer number
receiver_name: customer name|client name|buyer name|receiver name|customer|client|recipient name|recipient|bill to name|contact name|partner name|partner id|partner|ordered by name|invoice to name|debtor name|sell to customer name|customer display name|billing address company|billing name|bill to company|organization name|account name|company name|contact company name|billing company name|contact full name|account company|customer company|party name|customer company name|current organization|bill to|customer full name|account holder name|address name|user name|customer display|buyer|bill to company name|entity name|card name";

const TRANSACTION: &str = "
account_external_id: account id|bank account id|account|bank account|source account id|wallet id|card account id|account number|financial account|account external id|account uid|balance id|monetary account id|source id|account guid|asset account id|wallet|profile id|bank account uid|ledger id
instructed_amount.amount: amount|transaction amount|instructed amount|signed amount|amount amount|total|net amount|value|total amount|gross amount|amount in minor|settled amount|local amount|amount money amount|montant|betrag|bedrag|importe|importo|amount value|bill amount amount|amount in account currency|amount in cents|native amount|billing amount|source amount|amount paid|total paid|transaction value|net|gross
instructed_amount.currency: currency|currency code|amount currency|transaction amount currency|transaction amount currency code|transaction currency|iso currency code|instructed amount currency|local currency|amount money currency|total currency|devise|waehrung|valuta|moneda
booking_date: booking date|booked at|booked on|posting date|posted at|posted on|posted|post date|posted date|transaction date|date|settled at|settlement date|completed at|payment date|transaction initiation date|txn date|date string|executed at|entry date|operation date|date operation|buchungstag|boekdatum|fecha|emitted at|created|created at|created on|timestamp|booked date|date booked|date settled|settled date|settled on|created date|completed date|completed on|date created|date completed|process date|processed at|processing date|time|when|value date|estimated posted date
value_date: value date|available on|value dated on|valuta|valuta date|date valeur|wertstellung|valutadatum|interest date|date value|value date time|available at
executed_at: executed at|settled at|transacted at|transaction initiation date|transaction time|completed at|timestamp|authorized at|occurred at|datetime|emitted at|execution time|created|created at|booked date time|booking date time|date time|transaction date time|processed at|completed date|authorized date time|created time|local timestamp
status: status|state|transaction status|booking status|pending|is pending|settlement status|transaction state
scheme: scheme|scheme id|payment method|rail|payment scheme|payment type|payment channel|operation type|payment rail|payment method type|transfer type|transaction type name|channel
remittance.unstructured: remittance information unstructured|remittance information|remittance|description|narration|memo|reference|details|note|transaction subject|label|beneficiary reference|purpose|communication|statement descriptor|libelle|verwendungszweck|omschrijving|concepto|causale|original description|payment reference|text|private note|description original|description display|descriptor|statement description|message|bank description|external memo|remittance information unstructured array|additional information|counterparty reference|notes|transfer reference|description detail|detail description|bank memo
remittance.structured_reference: structured reference|remittance information structured|structured communication|creditor reference|end to end id|end to end identification|end to end|kid|ocr|payment reference number|structured message|remittance structured|ocr number
counterparty_name: counterparty name|counterparty|merchant name|merchant|contact name|payee|payee name|payer name|creditor name|debtor name|beneficiary name|other party|customer name|vendor name|recipient name|sender name|remitter account holder name|counter party name|payment source account holder name|partner name|name|counterparty alias display name|counterparty nickname|counter name|contra account name|destination name|source name|other account holder name|display name|opposing account name|related party name|payor name|biller name|customer display name|billing detail name|contact display name|from name|to name";

const ACCOUNT: &str = "
account_name: account name|display name|name|nickname|label|title|official name|description|account label|alias|account holder label|product name|friendly name|custom name|bank account name|ledger name|account alias
type: account type|type|category|kind|class|account category|account class
subtype: subtype|sub type|subcategory|account subtype|account sub type|account type|type name|product|product type|account type detail|kind|cash account type|account product
account_number: account number|number|mask|last 4|last four|masked account number|account number masked|bban|account no|bank account number|account mask|account id number|identifiers account number|full account number|number masked|bank account no|identifier|nuban|clabe
iban: iban|account iban|iban number
bic: bic|swift|swift code|bic swift|swift bic|bic code
routing_number: routing number|aba|aba routing number|bank code|routing|ach routing number|branch code|national bank code|blz|ifsc|ifsc code|bsb|transit number
sort_code: sort code|sortcode
currency: currency|currency code|account currency|iso currency code|balance currency|local currency|devise|waehrung
balance: current balance|balance|balance current|book balance|ledger balance|balance amount|current balance in minor|booked balance|account balance|total balance|balance value|available balance|balance available|solde|saldo|amount|balance amount amount|current amount|balances current|balances|booked|total|settled balance|cleared balance|current balance amount|balance value value|balance money|amount value|ending balance|virtual balance|available amount|interim available|closing booked
bank_name: bank name|institution name|institution|bank|financial institution|organization name|org name|provider name|financial institution name|connection name|bank title|provider|connector name|institution display name|aspsp name|bank code name
holder_name: holder name|account holder name|owner name|account holder|account owner|owner|holder|beneficiary name|legal name|company name|customer name|parties identity name|legal business name|user name|profile name|holder full name|account owner name|account names name|parties name|owners name|owner full name";

const LEDGER_ACCOUNT: &str = "
account_number: account number|account code|code|number|nominal code|nominal account|acct num|gl code|account no|external code|ledger code|id number|numero compte|kontonummer|account id number|account nr|display number|account reference|nominal|reference number|short code|kod|fully qualified account number
name: account name|name|display name|label|title|description|full name|fully qualified name|nom|bezeichnung|naam|nombre|descrizione|libelle|displayed as|account label|account description|ledger name|full account name
description: description|note|notes|comment|detail
account_type: classification|account type|type|category|class|account class|account category|type name|group|internal group|root type|nature|account group|ledger account group id|ledger account type|ledger account classification|class type|report type|nature code|account kind|account classification|account type name|section
account_class: account class|class number|class
is_active: is active|active|enabled|status|archived|is archived|blocked|is blocked|disabled|inactive|deprecated|is inactive|visible|usable|included in chart|is enabled|state|deleted|barred|locked|hidden|suspended
parent_external_id: parent account id|parent id|parent|parent account|parent ref|parent account external id|parent ledger account id";

const JOURNAL: &str = "
code: code|journal code|short code|symbol|book code|short name|journal symbol|number|journal number|abbreviation|identifier|prefix|series|symbol code|external code|journal id code
name: name|display name|description|label|journal name|title|nom|bezeichnung|naam
journal_type: type|journal type|kind|category|type description
is_active: is active|active|enabled|status|archived|is archived|blocked|is blocked|disabled|inactive
default_debit_account_external_id: default debit account id|default debit account|debit account|gl account|default account id|default account|default gl account
default_credit_account_external_id: default credit account id|default credit account|credit account";

const JOURNAL_ENTRY: &str = "
journal_external_id: journal id|journal|book id|voucher series|journal series|series
journal_code: journal code|journal symbol|journal short name|book code|journal display name code|voucher series|journal series|series|voucher serie
entry_number: entry number|journal number|voucher number|transaction number|voucher no|document number|doc number|number|journal entry number|reference number|move name|sequence number|journal no|entry no|displayed as|display number|piece number|document field 1|bill no|piece ref|reference
entry_date: entry date|posting date|journal date|transaction date|txn date|posted at|posted on|accounting date|booking date|document date|date|posted date|voucher date|created at|tran date|issued on|doc date|dated on|bookkeeping date|entered at|recorded at|voucher posting date|entry at
label: label|description|narration|memo|private note|title|notes|note|reference|name|text|comment|subject|libelle
status: status|state|entry status|posted
currency: currency|currency code|currency iso|devise
lines.ledger_account_external_id: ledger account id|account id|gl account id|general ledger account id|account|gl account|ledger account|chart account id|nominal id|nominal account id|account reference id|account reference|category id|general ledger account|plan item id|debit account id|account ref id|category|category url|account number id|ledger account number
lines.ledger_account_account_number: account number|account code|nominal code|ledger account nominal code|gl code|ledger account code|code|ledger account number|account no
lines.label: description|label|memo|narration|note|text|name|user remark|details|posting description|remark|transaction information|line description|line memo|comment|reference
lines.debit: debit amount|debit|debit value|amount debit|dr|debit in account currency|debits|debet|soll|home debit|base debit|debit value amount|debit total
lines.credit: credit amount|credit|credit value|amount credit|cr|credit in account currency|credits|haben|home credit|base credit";

const EMAIL: &str = "
email: email|email address|address|from email address|from address|from email|sender email|sender address|sender|from|value|mail from|reply to|header from|payload header from|email value|from address email|primary email address
display_name: display name|from name|sender name|name|full name|from email address name|sender email address name|enclosing full name|enclosing name|enclosing display name|from sender name|sender display name
label: label|email type|kind|=type|=category|=kind
is_primary: is primary|primary|is default|default|main
people_external_id: person id|people id|contact id|user id|owner id|employee id|enclosing id|enclosing resource name|subscriber id|enclosing contact id
company_external_id: company id|organization id|account id|customer id";

const PAYMENT_MEANS: &str = "
name: nickname|label|name|display name|alias|description|title
type: type|payment method type|method type|instrument type|kind|payment type|account type|object|payment method object|source type|recipient type
iban: iban|iban number|iban last 4
bic: bic|swift|swift code|bic swift|bank bic|bic code
account_number: account number|account number last 4|bank account number|masked account number|us bank account last 4|bank account last 4|account last 4|account mask|=last 4|last 4 digits account|account number masked|account number last four|number masked|iban or account number|bank account last four|account number ending|account ending|account number last 4 digits|number ending
routing_number: routing number|aba|aba routing number|us bank account routing number|bank routing number|ach routing number|abartn|wire routing number|routing code|national id|bank code|branch code|ifsc|ifsc code|bsb|transit number|bank transit number|fedwire
sort_code: sort code|bacs debit sort code|sortcode
bank_name: bank name|institution name|bank|us bank account bank name|issuer|issuing bank|institution|routing number bank|bank display name|card issuer|issuer name|bank title
holder_name: holder name|account holder name|cardholder name|card holder name|card holder|billing detail name|beneficiary name|owner name|name on card|account name|account holder|holder
card_brand: card brand|brand|scheme|network|card type|card network|card scheme|card association|issuer brand|card type name|brand name
card_last4: card last 4|last 4|last four|card last four|last 4 digits|card number last 4|masked pan
card_exp_month: expiry month|card expiry month|exp month|expiration month|card expiration month
card_exp_year: expiry year|card expiry year|exp year|expiration year|card expiration year
currency: currency|currency code
holder_external_id: holder id|customer id|customer|owner id|user id|person id|company id|client id|account holder id|contact id|account holder party id|recipient id|customer reference|profile|payee id|counterparty id|customer code|client
account_external_id: account id|balance account id|bank account id|account|funding account id";

const INVOICE_TRANSACTION: &str = "
invoice_external_id: invoice id|invoice|bill id|applied to invoice id|applies to invoice id|document id|invoice invoice id|target document id|bill|invoice reference|artefact id|related object id|reference name|invoice number|voucher id|applied invoice id|link id|paid object id|object id|invoice uuid|bill payment bill id|invoice ref|doc id|target id|allocated to id|related document id|linked transaction id|linked invoice id
invoice_number: invoice number|applied to invoice number|applies to invoice number|invoice invoice number|bill number|document number|artefact displayed as|reference name|invoice no|invoice display number|applied invoice number|document reference
transaction_external_id: transaction id|payment id|payment intent|bank transaction id|charge id|payment|transaction|payment payment intent|customer payment id|financial mutation id|parent|enclosing payment id|transaction no|mutation id|bank line id|receipt id|transactionid
amount: allocated amount|amount applied|amount|applied amount|allocation amount|amount allocated|payment amount|amount paid|total|total amount|value|price|amount value|allocated|applied|line amount|paid amount|amount used|sum|currency amount|amount amount
currency: currency code|currency|payment currency|invoice currency code|allocation currency
allocated_on: allocation date|allocated on|payment date|allocated at|applied on|applied at|date|posting date|transaction date|paid at|paid on|status transition paid at|created at|created|enclosing payment date|enclosing date|enclosing posting date|create date|date paid|enclosing transaction date|enclosing created at|payment created at";

const DOCUMENT: &str = "
filename: file name|file|filename|name|title|original name|original filename|file leaf ref|display name|document name|subject|displayed as|attachment name|title original|file display name
path: path|folder path|full path|parent reference path|path display|path lower|file path|folder|file dir ref|directory|location|relative path|path lower case|key|parent path|storage path|fullpath|full name path
type: mime type|content type|mime|media type|file type|file mime type|type|format|extension|mimetype|file format|filetype|mime content type
size: size|file size|byte size|size bytes|content length|bytes|file size display|length|file size bytes|size in bytes|byte count|content size|length bytes|filesize
url: url|web url|web view link|download url|href|link|file url|permalink|view url|public url|content url|web content link|preview url|view link|document url|public link|shared link|location url|download link|url private|web view|direct link|download uri|file uri|uri|self link|alternate link|private url
uploaded_at: uploaded at|created at|created date time|created|created time|uploaded on|upload date|date created|creation date|created on|last modified date time|modified at|updated at|modified time|last modified|server modified|client modified|creation|create date|date uploaded|uploaded|upload time|added at|date added|inserted at
company_external_id: company id|customer id|client id|vendor id|organization id";
