//! Words of the trade in other languages, put into English before anything is read off them.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Singular forms, plural forms, English. Forms that mean something else in English stay out.
const NOUNS: &[(&str, &str, &str)] = &[
    (
        "facture factuur factura fattura rechnung faktura fatura",
        "factures facturen facturas fatture rechnungen fakturen faturas",
        "invoice",
    ),
    ("avoir gutschrift creditnota abono", "avoirs gutschriften creditnotas abonos", "credit note"),
    ("beleg", "belege", "voucher"),
    ("kunde klant cliente", "kunden klanten clientes clienti", "client"),
    (
        "fournisseur lieferant leverancier proveedor fornitore fornecedor",
        "fournisseurs lieferanten leveranciers proveedores fornitori fornecedores",
        "supplier",
    ),
    ("debiteur debitor deudor", "debiteurs debiteuren debitoren deudores", "debtor"),
    ("crediteur kreditor acreedor", "crediteurs crediteuren kreditoren acreedores", "creditor"),
    (
        "entreprise societe firma bedrijf empresa azienda unternehmen",
        "entreprises societes firmen bedrijven empresas aziende",
        "company",
    ),
    ("thirdparty", "thirdparties tiers terceros", "third party"),
    ("relatie", "relaties", "relation"),
    ("kontakt contacto contatto", "kontakte contacten contactos contatti", "contact"),
    ("personne", "personnes personen personas persone", "person"),
    (
        "salarie mitarbeiter medewerker empleado dipendente employe",
        "salaries mitarbeitende medewerkers empleados dipendenti employes",
        "employee",
    ),
    (
        "utilisateur benutzer gebruiker usuario utente",
        "utilisateurs gebruikers usuarios utenti",
        "user",
    ),
    (
        "konto compte rekening cuenta conto conta",
        "konten comptes rekeningen cuentas conti",
        "account",
    ),
    (
        "bankkonto bankrekening bankaccount",
        "bankkonten bankrekeningen bankaccounts",
        "bank account",
    ),
    ("sachkonto grootboekrekening", "sachkonten grootboekrekeningen", "ledger account"),
    ("kontenplan rekeningschema", "", "chart-of-account"),
    (
        "zahlung paiement betaling pago pagamento",
        "zahlungen paiements betalingen pagos pagamenti",
        "payment",
    ),
    (
        "virement ueberweisung uberweisung overboeking transferencia bonifico",
        "virements ueberweisungen uberweisungen overboekingen transferencias bonifici",
        "transfer",
    ),
    (
        "umsatz transactie transaccion transazione kontobewegung",
        "umsatze umsaetze transacties transacciones transazioni kontobewegungen",
        "transaction",
    ),
    (
        "mouvement movimiento movimento bankmutatie mutatie",
        "mouvements movimientos movimenti bankmutaties mutaties",
        "movement",
    ),
    ("dagboek diario giornale", "journaux dagboeken diarios giornali", "journal"),
    (
        "ecriture buchung buchungssatz boeking asiento",
        "ecritures buchungen buchungssatze boekingen asientos",
        "journal entry",
    ),
    ("zahlungsart zahlungsmittel betaalwijze", "zahlungsarten betaalwijzen", "payment method"),
    (
        "beneficiaire begunstigde beneficiario",
        "beneficiaires begunstigden beneficiarios",
        "beneficiary",
    ),
    ("karte kaart tarjeta", "karten kaarten tarjetas cartes", "card"),
    ("anhang bijlage adjunto allegato", "anhange bijlagen adjuntos allegati", "attachment"),
    ("dokument documento", "dokumente documenten documentos documenti", "document"),
    ("fichier datei bestand archivo", "fichiers dateien bestanden archivos", "file"),
    ("courriel correo", "courriels correos", "email"),
    ("nachricht mensaje messaggio", "nachrichten mensajes messaggi", "message"),
    (
        "commande bestellung bestelling pedido ordine",
        "commandes bestellungen bestellingen pedidos ordini",
        "order",
    ),
    ("devis angebot offerte presupuesto", "angebote offertes presupuestos preventivi", "quote"),
    ("produit produkt producto prodotto", "produits produkte productos prodotti", "product"),
    ("", "salesinvoices", "sales invoice"),
    ("", "purchaseinvoices", "purchase invoice"),
    ("creditnote", "creditnotes", "credit note"),
    ("journalentry", "journalentries", "journal entry"),
    ("ledgeraccount", "ledgeraccounts", "ledger account"),
    ("businesspartner", "businesspartners", "business partner"),
    ("paymentmethod", "paymentmethods", "payment method"),
    ("", "organisations", "organization"),
    ("inv", "invs", "invoice"),
];

const OTHERS: &[(&str, &str)] = &[
    ("lister liste listet auflisten listar lista elencare elenca elenco lijst", "list"),
    (
        "rechercher recherche suchen suche zoeken zoek buscar busca buscador cercare cerca ricerca chercher",
        "search",
    ),
    (
        "obtenir obtener obtiene abrufen ruft ophalen haal ottieni ottenere recuperer recupera \
         consulter consultar consulta mostrar muestra zeige zeigt anzeigen affiche afficher toon",
        "get",
    ),
    ("crear creer creare crea cree erstellen erstellt anlegen aanmaken criar genera", "create"),
    (
        "actualizar aktualisieren modifier modificar modifica bijwerken aggiornare aggiorna",
        "update",
    ),
    ("eliminar elimina supprimer loeschen loschen verwijderen eliminare borrar", "delete"),
    ("enviar envia envoyer senden versturen inviare invia", "send"),
    ("cancelar cancela annuler stornieren annuleren annullare", "cancel"),
    ("descargar descarga telecharger herunterladen scarica", "download"),
    ("anadir agregar ajouter hinzufugen hinzufuegen toevoegen aggiungi aggiungere", "add"),
    ("tous toutes alle todos todas tutti tutte", "all"),
    ("des du di dei delle von van", "of"),
    ("les die los las gli het il", "the"),
    ("pour fur fuer per voor para", "for"),
];

/// Two words or more that are one thing.
const PHRASES: &[(&str, &str)] = &[
    ("comptes bancaires", "bank accounts"),
    ("compte bancaire", "bank account"),
    ("cuentas bancarias", "bank accounts"),
    ("conti correnti", "bank accounts"),
    ("plan comptable", "chart-of-account"),
    ("plan contable", "chart-of-account"),
    ("plan de cuentas", "chart-of-account"),
    ("piano dei conti", "chart-of-account"),
    ("chart of accounts", "chart-of-account"),
    ("chart of account", "chart-of-account"),
    ("ecritures comptables", "journal entries"),
    ("asientos contables", "journal entries"),
    ("prima nota", "journal entries"),
    ("moyens de paiement", "payment methods"),
    ("metodos de pago", "payment methods"),
    ("metodi di pagamento", "payment methods"),
    ("pieces jointes", "attachments"),
    ("notes de credit", "credit notes"),
    ("notas de credito", "credit notes"),
    ("factures fournisseurs", "supplier invoices"),
    ("factures clients", "client invoices"),
    ("e mails", "emails"),
    ("e mail", "email"),
    ("e invoices", "invoices"),
    ("e invoice", "invoice"),
    ("sub accounts", "subaccounts"),
];

/// Each foreign word with its English ones, made once: whole descriptions are put into English.
static WORDS: LazyLock<HashMap<&'static str, Vec<String>>> = LazyLock::new(|| {
    let split = |meaning: String| meaning.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let forms = |forms: &'static str| forms.split_whitespace();
    let mut words = HashMap::new();
    for (one, many, meaning) in NOUNS {
        words.extend(forms(one).map(|it| (it, split((*meaning).to_owned()))));
        words.extend(forms(many).map(|it| (it, split(plural(meaning)))));
    }
    for (own, meaning) in OTHERS {
        words.extend(forms(own).map(|it| (it, split((*meaning).to_owned()))));
    }
    words
});

/// Words as they would be in English.
pub(super) fn english(words: &[String]) -> Vec<String> {
    let folded: Vec<String> = words.iter().map(|it| fold(it)).collect();
    let mut text = format!(" {} ", folded.join(" "));
    for (phrase, meaning) in PHRASES {
        if text.contains(phrase) {
            text = text.replace(&format!(" {phrase} "), &format!(" {meaning} "));
        }
    }
    let each = text.split_whitespace();
    each.flat_map(|it| WORDS.get(it).cloned().unwrap_or_else(|| vec![it.to_owned()])).collect()
}

fn plural(noun: &str) -> String {
    match noun.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None if noun == "chart-of-account" => noun.to_owned(),
        None => format!("{noun}s"),
    }
}

/// Without accents, because names of tools are written both ways.
fn fold(word: &str) -> String {
    let plain = |letter: char| match letter {
        'à' | 'á' | 'â' | 'ä' | 'ã' | 'å' => 'a',
        'è' | 'é' | 'ê' | 'ë' => 'e',
        'ì' | 'í' | 'î' | 'ï' => 'i',
        'ò' | 'ó' | 'ô' | 'ö' | 'õ' => 'o',
        'ù' | 'ú' | 'û' | 'ü' => 'u',
        'ç' => 'c',
        'ñ' => 'n',
        _ => letter,
    };
    word.chars().map(plain).collect()
}
