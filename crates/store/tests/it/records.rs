//! What `records` promises, on both databases.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up has failed")]

use domain::TargetModel;
use domain::entity::{Entity, check};
use domain::id::{SyncLogId, WorkspaceConnectorId};
use serde_json::{Value, json};
use store::records::{self, FailedRow, Upsert, Upserted};
use store::{Error, Page, Query, Tenant};
use testkit::{Db, make};
use uuid::Uuid;

testkit::each_database! {
    a_record_is_inserted_then_unchanged_then_updated,
    a_record_named_twice_in_a_batch_counts_twice_and_is_written_once,
    a_bad_row_fails_alone,
    many_bad_rows_fail_alone,
    a_text_with_a_nul_fails_alone,
    a_batch_of_many_chunks_is_counted_in_full,
    an_unchanged_record_is_not_rewritten,
    provenance_does_not_move,
    an_address_named_by_two_connectors_is_one_record,
    a_connector_that_is_gone_takes_no_record,
    a_stored_record_is_no_longer_missing,
}

pub(crate) fn entity(model: TargetModel, value: &Value) -> Entity {
    let today = make::now().date_naive();
    check(model, value, today).unwrap_or_else(|causes| panic!("{model}: {causes:?}"))
}

pub(crate) fn company(id: &str, name: &str) -> Entity {
    entity(TargetModel::Company, &json!({ "company_external_id": id, "name": name }))
}

fn journal(id: &str, code: &str) -> Entity {
    entity(TargetModel::Journal, &json!({ "journal_external_id": id, "code": code }))
}

pub(crate) async fn upsert(
    db: &Db,
    tenant: &Tenant,
    connector: WorkspaceConnectorId,
    entities: &[Entity],
) -> Upserted {
    upsert_in(db, tenant, connector, SyncLogId(Uuid::new_v4()), entities).await
}

async fn upsert_in(
    db: &Db,
    tenant: &Tenant,
    connector: WorkspaceConnectorId,
    run: SyncLogId,
    entities: &[Entity],
) -> Upserted {
    let model = entities[0].model;
    let batch = Upsert { run, connector, tool: "list", model, entities };
    records::upsert(&db.store, tenant, &batch, make::now()).await.unwrap()
}

pub(crate) fn counts(it: &Upserted) -> (u64, u64, u64, usize) {
    (it.inserted, it.updated, it.unchanged, it.failed.len())
}

pub(crate) async fn all(db: &Db, tenant: &Tenant, model: TargetModel) -> Vec<records::Record> {
    let query = Query { page: Page::first(500), ..Query::default() };
    let slice = records::list(&db.store, tenant, model, &query).await.unwrap();
    slice.items.into_iter().map(|it| it.0).collect()
}

async fn a_record_is_inserted_then_unchanged_then_updated(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let both = [company("c1", "One"), company("c2", "Two")];
    assert_eq!(counts(&upsert(&db, &tenant, connector, &both).await), (2, 0, 0, 0));
    assert_eq!(counts(&upsert(&db, &tenant, connector, &both).await), (0, 0, 2, 0));
    let mixed = [company("c1", "One"), company("c2", "Zwei"), company("c3", "Three")];
    assert_eq!(counts(&upsert(&db, &tenant, connector, &mixed).await), (1, 1, 1, 0));
    assert_eq!(records::count(&db.store, &tenant, TargetModel::Company).await.unwrap(), 3);
    let found = records::find_all(&db.store, &tenant, TargetModel::Company, "c2").await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].values["name"], "Zwei");
    let id = found[0].record_id;
    let one = records::find(&db.store, &tenant, TargetModel::Company, id).await.unwrap();
    assert_eq!(one, found[0]);
}

fn samples() -> Vec<Value> {
    let account = json!({ "account_external_id": "a1", "type": "bank", "balance": "-1234.50",
        "currency": "EUR" });
    vec![
        json!({ "company_external_id": "c1", "name": "it's \"one\" \\ \u{1f980}\n", "country": "FR" }),
        json!({ "people_external_id": "p1", "full_name": "Ada L.", "email": "ada@example.com",
            "company_external_id": "c1" }),
        json!({ "invoice_external_id": "i1", "status": "paid", "issue_date": "2026-05-01",
            "grand_total": "120.00", "items_total": 100, "tax_total": 20, "local_currency": "EUR" }),
        json!({ "transaction_external_id": "t1", "booking_date": "2026-05-02",
            "instructed_amount": { "amount": "-0.30", "currency": "EUR" },
            "executed_at": "2026-05-02T08:09:10.123+02:00" }),
        account,
        json!({ "ledger_account_external_id": "l1", "name": "Bank", "account_number": "512",
            "account_class": 5, "is_active": true }),
        json!({ "journal_external_id": "j1", "code": "BQ", "is_active": false }),
        json!({ "journal_entry_external_id": "e1", "entry_date": "2026-05-03",
            "journal_external_id": "j1" }),
        json!({ "email": "Ada@Example.com", "is_primary": true }),
        json!({ "payment_means_external_id": "m1", "type": "card", "card_exp_year": 2031 }),
        json!({ "invoice_transaction_external_id": "x1", "amount": "0.01",
            "invoice_external_id": "i1", "transaction_external_id": "t1" }),
        json!({ "document_external_id": "d1", "filename": "a.pdf", "size": 9_007_199_254_740_993_i64,
            "uploaded_at": "2026-05-02T08:09:10Z" }),
    ]
}

/// What a schema allows, whatever words of its enums the sample did not know.
pub(crate) fn sound(model: TargetModel, mut value: Value) -> Entity {
    for attribute in &model.schema().attributes {
        if let (Some(word), Some(given)) =
            (attribute.allowed.first(), value.get_mut(&attribute.name))
            && !attribute.allowed.iter().any(|it| Some(it.as_str()) == given.as_str())
        {
            *given = json!(word);
        }
    }
    entity(model, &value)
}

pub(crate) fn one_of_each() -> Vec<Entity> {
    TargetModel::ALL.iter().zip(samples()).map(|(model, it)| sound(*model, it)).collect()
}

async fn a_record_named_twice_in_a_batch_counts_twice_and_is_written_once(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let batch = [company("c1", "a"), company("c1", "b"), company("c1", "b"), company("c2", "x")];
    assert_eq!(counts(&upsert(&db, &tenant, connector, &batch).await), (2, 1, 1, 0));
    let found = records::find_all(&db.store, &tenant, TargetModel::Company, "c1").await.unwrap();
    assert_eq!(found[0].values["name"], "b");
    assert_eq!(counts(&upsert(&db, &tenant, connector, &batch[1..3]).await), (0, 0, 2, 0));
}

async fn a_bad_row_fails_alone(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    upsert(&db, &tenant, connector, &[journal("j0", "BQ")]).await;
    let mut batch: Vec<Entity> =
        (1..=300).map(|it| journal(&format!("j{it}"), &format!("C{it}"))).collect();
    batch.insert(137, journal("again", "BQ"));
    let upserted = upsert(&db, &tenant, connector, &batch).await;
    assert_eq!(counts(&upserted), (300, 0, 0, 1));
    let FailedRow { index, sqlstate, constraint, message } = &upserted.failed[0];
    assert_eq!(*index, 137);
    assert_eq!(constraint.as_deref(), Some("journals_code_key"));
    assert_eq!(sqlstate.as_deref(), Some(if db.is_postgres() { "23505" } else { "2067" }));
    assert!(!message.contains("again") && !message.is_empty(), "{message}");
    assert_eq!(records::count(&db.store, &tenant, TargetModel::Journal).await.unwrap(), 301);
}

async fn many_bad_rows_fail_alone(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    // Two rows of a batch claim each code: the first stands.
    let batch: Vec<Entity> =
        (0..100).map(|it| journal(&format!("j{it}"), &format!("C{}", it / 2))).collect();
    let upserted = upsert(&db, &tenant, connector, &batch).await;
    assert_eq!(counts(&upserted), (50, 0, 0, 50));
    let failed: Vec<usize> = upserted.failed.iter().map(|it| it.index).collect();
    assert_eq!(failed, (0..100).filter(|it| it % 2 == 1).collect::<Vec<_>>());
}

async fn a_text_with_a_nul_fails_alone(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let batch = [company("c1", "a\0b"), company("c2", "\\u0000 as text is fine")];
    let upserted = upsert(&db, &tenant, connector, &batch).await;
    assert_eq!(counts(&upserted), (1, 0, 0, 1));
    assert_eq!(upserted.failed[0].index, 0);
    assert_eq!(upserted.failed[0].sqlstate.as_deref(), Some("22021"));
}

async fn a_batch_of_many_chunks_is_counted_in_full(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let mut batch: Vec<Entity> =
        (0..1234).map(|it| company(&format!("c{it}"), &format!("Company {it}"))).collect();
    assert_eq!(counts(&upsert(&db, &tenant, connector, &batch).await), (1234, 0, 0, 0));
    for it in (0..1234).step_by(100) {
        batch[it] = company(&format!("c{it}"), "renamed");
    }
    assert_eq!(counts(&upsert(&db, &tenant, connector, &batch).await), (0, 13, 1221, 0));
    assert_eq!(records::count(&db.store, &tenant, TargetModel::Company).await.unwrap(), 1234);
}

async fn an_unchanged_record_is_not_rewritten(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let one = [company("c1", "One")];
    let (first, second) = (SyncLogId(Uuid::new_v4()), SyncLogId(Uuid::new_v4()));
    upsert_in(&db, &tenant, connector, first, &one).await;
    let later = make::now() + chrono::Duration::hours(1);
    let batch = Upsert {
        run: second,
        connector,
        tool: "other",
        model: TargetModel::Company,
        entities: &one,
    };
    records::upsert(&db.store, &tenant, &batch, later).await.unwrap();
    let record = all(&db, &tenant, TargetModel::Company).await.remove(0);
    assert_eq!((record.created_at, record.updated_at), (make::now(), make::now()));
    assert_eq!((record.first_seen_run, record.last_seen_run), (first, second));
    assert_eq!(record.tool, "list");
    let renamed = [company("c1", "Uno")];
    let batch = Upsert { entities: &renamed, ..batch };
    records::upsert(&db.store, &tenant, &batch, later).await.unwrap();
    let record = all(&db, &tenant, TargetModel::Company).await.remove(0);
    assert_eq!((record.created_at, record.updated_at), (make::now(), later));
    assert_eq!(record.first_seen_run, first);
}

async fn provenance_does_not_move(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let (one, two) = (make::connector(&db, &tenant).await, make::connector(&db, &tenant).await);
    upsert(&db, &tenant, one, &[company("c1", "of one")]).await;
    // The same id from another connector is another record.
    let upserted = upsert(&db, &tenant, two, &[company("c1", "of two")]).await;
    assert_eq!(counts(&upserted), (1, 0, 0, 0));
    upsert(&db, &tenant, two, &[company("c1", "of two, renamed")]).await;
    let mut held: Vec<(WorkspaceConnectorId, String)> = all(&db, &tenant, TargetModel::Company)
        .await
        .into_iter()
        .map(|it| (it.connector, it.values["name"].as_str().unwrap().to_owned()))
        .collect();
    held.sort_by_key(|it| it.1.clone());
    assert_eq!(held, [(one, "of one".to_owned()), (two, "of two, renamed".to_owned())]);
    assert_eq!(db.number("select count(*) from companies_workspace_connectors").await, 2);
}

async fn an_address_named_by_two_connectors_is_one_record(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let (one, two) = (make::connector(&db, &tenant).await, make::connector(&db, &tenant).await);
    let address = |name: &str| {
        entity(TargetModel::Email, &json!({ "email": "ada@example.com", "display_name": name }))
    };
    assert_eq!(counts(&upsert(&db, &tenant, one, &[address("Ada")]).await), (1, 0, 0, 0));
    assert_eq!(counts(&upsert(&db, &tenant, two, &[address("Lady A.")]).await), (0, 0, 1, 0));
    let record = all(&db, &tenant, TargetModel::Email).await.remove(0);
    assert_eq!((record.connector, &record.values["display_name"]), (one, &json!("Ada")));
    assert_eq!(db.number("select count(*) from emails_workspace_connectors").await, 2);
    // Its own connector may still change it.
    assert_eq!(counts(&upsert(&db, &tenant, one, &[address("Ada L.")]).await), (0, 1, 0, 0));
}

async fn a_connector_that_is_gone_takes_no_record(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    upsert(&db, &tenant, connector, &[company("c1", "One")]).await;
    store::workspace_connectors::delete(&db.store, &tenant, connector, make::now()).await.unwrap();
    let entities = [company("c2", "Two")];
    let run = SyncLogId(Uuid::new_v4());
    let model = TargetModel::Company;
    let batch = Upsert { run, connector, tool: "list", model, entities: &entities };
    let refused = records::upsert(&db.store, &tenant, &batch, make::now()).await;
    assert!(matches!(refused, Err(Error::NotFound("workspace_connector"))), "{refused:?}");
    // What it brought stays.
    assert_eq!(all(&db, &tenant, model).await.len(), 1);
}

async fn a_stored_record_is_no_longer_missing(db: Db) {
    use store::{pending, rejected};
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let run = SyncLogId(Uuid::new_v4());
    let model = TargetModel::Company;
    let row = |id: &str| crate::missing::rejected_row(model, id);
    let rows = vec![row("c1"), row("c2")];
    rejected::insert_many(&db.store, &tenant, run, connector, rows, make::now()).await.unwrap();
    let rows = [crate::missing::pending_row(model, "c1"), crate::missing::pending_row(model, "c2")];
    pending::put(&db.store, &tenant, run, connector, &rows, make::now()).await.unwrap();
    upsert(&db, &tenant, connector, &[company("c1", "One")]).await;
    for (id, missing) in [("c1", 0), ("c2", 1)] {
        let rejected = rejected::find_all(&db.store, &tenant, model, id).await.unwrap();
        let waiting = pending::find_all(&db.store, &tenant, model, id).await.unwrap();
        assert_eq!((rejected.len(), waiting.len()), (missing, missing), "{id}");
    }
}
