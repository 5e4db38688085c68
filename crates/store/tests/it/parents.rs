//! How parents are found, who holds a number, and which account is the same, on both databases.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::collections::{BTreeMap, HashMap};

use domain::TargetModel;
use domain::entity::Entity;
use domain::id::{SyncLogId, WorkspaceConnectorId};
use domain::reference::NaturalKey;
use serde_json::json;
use store::Tenant;
use store::records::{self, Lookup, Match, Upsert, Wanted};
use testkit::{Db, make};
use uuid::Uuid;

use crate::records::{all, company, counts, entity, upsert};

testkit::each_database! {
    a_parent_is_found_by_its_id_in_the_connector_then_in_the_workspace,
    a_parent_is_found_by_its_name_if_one_has_it,
    every_natural_key_finds_its_record,
    a_number_that_another_connector_holds_is_refused_with_the_holder,
    an_account_that_changed_its_id_keeps_its_record,
    accounts_that_only_look_alike_stay_two,
}

async fn found(
    db: &Db,
    tenant: &Tenant,
    connector: WorkspaceConnectorId,
    (model, by): (TargetModel, Lookup),
    keys: &[&str],
) -> BTreeMap<String, String> {
    let wanted = Wanted { model, by, keys };
    let found: HashMap<String, Match> =
        records::matches(&db.store, tenant, connector, wanted).await.unwrap();
    let word = |it| match it {
        Match::One(id) => id,
        Match::Many => "many".to_owned(),
    };
    found.into_iter().map(|(key, it)| (key, word(it))).collect()
}

fn is(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, it)| ((*key).to_owned(), (*it).to_owned())).collect()
}

const BY_ID: (TargetModel, Lookup) = (TargetModel::Company, Lookup::Id);
const BY_NAME: (TargetModel, Lookup) = (TargetModel::Company, Lookup::By(NaturalKey::Name));

async fn a_parent_is_found_by_its_id_in_the_connector_then_in_the_workspace(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let stranger = make::workspace(&db, "stranger").await;
    let (one, two) = (make::connector(&db, &tenant).await, make::connector(&db, &tenant).await);
    let three = make::connector(&db, &tenant).await;
    let odd = "it's, \"2\"";
    upsert(&db, &tenant, one, &[company("c1", "One"), company(odd, "Two"), company("7", "Seven")])
        .await;
    upsert(&db, &tenant, three, &[company("c1", "Uno"), company("c9", "Nine")]).await;
    let keys = ["c1", odd, "c9", "7", "c4", "nul\0", ""];
    let own = found(&db, &tenant, one, BY_ID, &keys).await;
    assert_eq!(own, is(&[("c1", "c1"), (odd, odd), ("c9", "c9"), ("7", "7")]));
    // Two others have c1; and a small number of another provider is no evidence.
    let of_others = found(&db, &tenant, two, BY_ID, &keys).await;
    assert_eq!(of_others, is(&[("c1", "many"), (odd, odd), ("c9", "c9")]));
    assert!(found(&db, &stranger, one, BY_ID, &keys).await.is_empty());
    assert!(found(&db, &tenant, one, BY_ID, &[]).await.is_empty());
}

async fn a_parent_is_found_by_its_name_if_one_has_it(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let (one, two) = (make::connector(&db, &tenant).await, make::connector(&db, &tenant).await);
    let batch = [
        company("c1", " Harbour  ÖL Ltd"),
        company("c2", "Twin"),
        company("c3", "TWIN"),
        company("c4", &"long ".repeat(1000)),
    ];
    assert_eq!(upsert(&db, &tenant, one, &batch).await.inserted, 4);
    upsert(&db, &tenant, two, &[company("d1", "harbour öl ltd")]).await;
    let keys = ["harbour öl ltd", "twin", "nobody"];
    let own = found(&db, &tenant, one, BY_NAME, &keys).await;
    assert_eq!(own, is(&[("harbour öl ltd", "c1"), ("twin", "many")]));
    let own = found(&db, &tenant, two, BY_NAME, &keys).await;
    assert_eq!(own, is(&[("harbour öl ltd", "d1"), ("twin", "many")]));
    // A renamed record is found by its new name alone.
    upsert(&db, &tenant, one, &[company("c3", "Single")]).await;
    let own = found(&db, &tenant, one, BY_NAME, &["twin", "single"]).await;
    assert_eq!(own, is(&[("twin", "c2"), ("single", "c3")]));
}

async fn every_natural_key_finds_its_record(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let iban = "DE89370400440532013000";
    for (model, value, key, given) in [
        (
            TargetModel::People,
            json!({ "people_external_id": "x", "full_name": "Ada L." }),
            NaturalKey::Name,
            "ada l.",
        ),
        (
            TargetModel::People,
            json!({ "people_external_id": "x", "full_name": "Ada L.", "email": "Ada@Example.org" }),
            NaturalKey::Email,
            "ada@example.org",
        ),
        (
            TargetModel::Company,
            json!({ "company_external_id": "x", "name": "A", "email": "Info@A.org" }),
            NaturalKey::Email,
            "info@a.org",
        ),
        (
            TargetModel::Journal,
            json!({ "journal_external_id": "x", "code": "VT" }),
            NaturalKey::Code,
            "VT",
        ),
        (
            TargetModel::LedgerAccount,
            json!({ "ledger_account_external_id": "x", "name": "Bank", "account_number": "512" }),
            NaturalKey::AccountNumber,
            "512",
        ),
        (
            TargetModel::Invoice,
            json!({ "invoice_external_id": "x", "issue_date": "2026-05-01", "status": "paid", "grand_total": 1, "invoice_number": "R-1" }),
            NaturalKey::InvoiceNumber,
            "R-1",
        ),
        (
            TargetModel::Account,
            json!({ "account_external_id": "x", "type": "other", "iban": iban }),
            NaturalKey::Iban,
            iban,
        ),
    ] {
        upsert(&db, &tenant, connector, &[entity(model, &value)]).await;
        let found = found(&db, &tenant, connector, (model, Lookup::By(key)), &[given]).await;
        assert_eq!(found, is(&[(given, "x")]), "{model} {key}");
    }
}

fn ledger_account(id: &str, number: &str) -> Entity {
    let value = json!({ "ledger_account_external_id": id, "name": id, "account_number": number });
    entity(TargetModel::LedgerAccount, &value)
}

async fn a_number_that_another_connector_holds_is_refused_with_the_holder(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let (one, two) = (make::connector(&db, &tenant).await, make::connector(&db, &tenant).await);
    upsert(&db, &tenant, one, &[ledger_account("bank", "512")]).await;
    let batch = [ledger_account("b1", "512"), ledger_account("b2", "513")];
    let upserted = upsert(&db, &tenant, two, &batch).await;
    assert_eq!(counts(&upserted), (1, 0, 0, 1));
    let failed = &upserted.failed[0];
    assert_eq!(failed.index, 0);
    assert_eq!(failed.constraint.as_deref(), Some("ledger_accounts_account_number_key"));
    assert_eq!(
        failed.message,
        "account_number `512` is held by ledger_account `bank` of connector `Connector`"
    );
    // Its own connector may still change it, and nobody else took it over.
    let renamed = entity(
        TargetModel::LedgerAccount,
        &json!({ "ledger_account_external_id": "bank", "name": "Banque", "account_number": "512" }),
    );
    assert_eq!(counts(&upsert(&db, &tenant, one, &[renamed]).await), (0, 1, 0, 0));
}

fn account(id: &str, currency: &str) -> Entity {
    let value = json!({ "account_external_id": id, "type": "other", "currency": currency,
        "iban": "DE89370400440532013000" });
    entity(TargetModel::Account, &value)
}

/// A run that has read the whole list of accounts; how many were linked again.
async fn run(
    db: &Db,
    tenant: &Tenant,
    connector: WorkspaceConnectorId,
    accounts: &[Entity],
) -> u64 {
    let run = SyncLogId(Uuid::new_v4());
    let model = TargetModel::Account;
    let batch = Upsert { run, connector, tool: "list", model, entities: accounts };
    records::upsert(&db.store, tenant, &batch, make::now()).await.unwrap();
    records::relink_accounts(&db.store, tenant, connector, run).await.unwrap()
}

async fn an_account_that_changed_its_id_keeps_its_record(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    assert_eq!(run(&db, &tenant, connector, &[account("a1", "EUR")]).await, 0);
    let before = all(&db, &tenant, TargetModel::Account).await.remove(0);
    let card =
        json!({ "payment_means_external_id": "m", "type": "card", "account_external_id": "a1" });
    upsert(&db, &tenant, connector, &[entity(TargetModel::PaymentMeans, &card)]).await;
    assert_eq!(run(&db, &tenant, connector, &[account("new", "EUR")]).await, 1);
    let accounts = all(&db, &tenant, TargetModel::Account).await;
    assert_eq!(accounts.len(), 1);
    let after = &accounts[0];
    assert_eq!((after.record_id, after.first_seen_run), (before.record_id, before.first_seen_run));
    assert_eq!(after.external_id, "new");
    let card = all(&db, &tenant, TargetModel::PaymentMeans).await.remove(0);
    assert_eq!(card.values["account_external_id"], "new");
    assert_eq!(run(&db, &tenant, connector, &[account("new", "EUR")]).await, 0);
}

async fn accounts_that_only_look_alike_stay_two(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let (one, two) = (make::connector(&db, &tenant).await, make::connector(&db, &tenant).await);
    // Two at once, another currency, another connector.
    assert_eq!(run(&db, &tenant, one, &[account("a1", "EUR"), account("a2", "EUR")]).await, 0);
    assert_eq!(run(&db, &tenant, one, &[account("a3", "USD")]).await, 0);
    assert_eq!(run(&db, &tenant, two, &[account("a4", "EUR")]).await, 0);
    // Which of two that are gone it was cannot be told.
    assert_eq!(run(&db, &tenant, one, &[account("a5", "EUR")]).await, 0);
    assert_eq!(all(&db, &tenant, TargetModel::Account).await.len(), 5);
}
