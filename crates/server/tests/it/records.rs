//! The twelve collections of records: what runs brought, and where from.

use std::collections::BTreeMap;

use domain::TargetModel;
use domain::id::SyncLogId;
use serde_json::{Value, json};
use server::routes;
use store::records::{self, Upsert};
use store::{Store, Tenant};
use testkit::{Db, make};

use crate::world::{Party, World};

testkit::each_database! {
    every_model_has_a_collection_that_shows_what_is_stored,
    a_record_says_where_it_came_from,
    records_are_filtered_sorted_and_searched,
    records_cannot_be_written,
}

/// One sound value of each model, in the order of [`TargetModel::ALL`].
fn samples() -> Vec<Value> {
    vec![
        json!({"company_external_id": "c1", "name": "secret of acme", "country": "FR"}),
        json!({"people_external_id": "p1", "full_name": "secret of acme", "email": "ada@acme.test"}),
        json!({"invoice_external_id": "i1", "status": "paid", "issue_date": "2026-05-01",
            "grand_total": "120.00", "items_total": 100, "tax_total": 20, "local_currency": "EUR"}),
        json!({"transaction_external_id": "t1", "booking_date": "2026-05-02",
            "instructed_amount": {"amount": "-0.30", "currency": "EUR"}}),
        json!({"account_external_id": "a1", "type": "bank", "balance": "-1234.50", "currency": "EUR"}),
        json!({"ledger_account_external_id": "l1", "name": "secret of acme",
            "account_number": "512", "account_class": 5, "is_active": true}),
        json!({"journal_external_id": "j1", "code": "BQ", "is_active": false}),
        json!({"journal_entry_external_id": "e1", "entry_date": "2026-05-03",
            "journal_external_id": "j1"}),
        json!({"email": "ada@acme.test", "is_primary": true}),
        json!({"payment_means_external_id": "m1", "type": "card", "card_exp_year": 2031}),
        json!({"invoice_transaction_external_id": "x1", "amount": "0.01",
            "invoice_external_id": "i1", "transaction_external_id": "t1"}),
        json!({"document_external_id": "d1", "filename": "secret of acme.pdf", "size": 12}),
    ]
}

pub(crate) async fn put(
    store: &Store,
    tenant: &Tenant,
    (connector, run): (domain::id::WorkspaceConnectorId, SyncLogId),
    model: TargetModel,
    mut value: Value,
) {
    for attribute in &model.schema().attributes {
        // The sample need not know the words of each list.
        if let (Some(word), Some(given)) =
            (attribute.allowed.first(), value.get_mut(&attribute.name))
            && !attribute.allowed.iter().any(|it| Some(it.as_str()) == given.as_str())
        {
            *given = json!(word);
        }
    }
    let entity = domain::entity::check(model, &value, make::now().date_naive());
    let entities = [entity.unwrap_or_else(|causes| panic!("{model}: {causes:?}"))];
    let batch = Upsert { run, connector, tool: "list_them", model, entities: &entities };
    let upserted = records::upsert(store, tenant, &batch, make::now()).await.unwrap();
    assert!(upserted.failed.is_empty(), "{upserted:?}");
}

/// A record of each model, of this party.
pub(crate) async fn fill(world: &World, party: &Party) {
    let of = (party.connector, party.run);
    for (model, value) in TargetModel::ALL.iter().zip(samples()) {
        put(&world.db.store, &party.tenant, of, *model, value).await;
    }
}

/// Whether a path of the route table is the collection of a model.
pub(crate) fn is_collection(path: &str) -> bool {
    COLLECTIONS.contains(&path)
}

/// Whether it is one record of one.
pub(crate) fn is_one(path: &str) -> bool {
    path.strip_suffix("/{id}").is_some_and(is_collection)
}

/// The id of a record of the party, in the collection of a path.
pub(crate) async fn any(world: &World, party: &Party, path: &str) -> String {
    let path = path.trim_end_matches("/{id}");
    let page = world.get(&party.read, path).await.expect(200).json();
    page["data"][0]["id"].as_str().unwrap().to_owned()
}

const COLLECTIONS: [&str; 12] = [
    "/v1/companies",
    "/v1/people",
    "/v1/invoices",
    "/v1/transactions",
    "/v1/accounts",
    "/v1/ledger-accounts",
    "/v1/journals",
    "/v1/journal-entries",
    "/v1/emails",
    "/v1/payment-means",
    "/v1/invoice-transactions",
    "/v1/documents",
];

async fn every_model_has_a_collection_that_shows_what_is_stored(db: Db) {
    let world = World::new(db).await;
    fill(&world, &world.acme).await;
    let mut seen = BTreeMap::new();
    for path in COLLECTIONS {
        assert!(routes::ALL.iter().any(|it| it.path == path), "{path}");
        let page = world.get(&world.acme.read, path).await.expect(200).json();
        let [row] = page["data"].as_array().unwrap().as_slice() else { panic!("{path}: {page}") };
        let own = row["links"]["self"].as_str().unwrap();
        assert!(own.starts_with(path), "{own}");
        let one = world.get(&world.acme.read, own).await.expect(200).json();
        assert_eq!(one["data"], *row);
        seen.insert(row["type"].as_str().unwrap().to_owned(), row["attributes"].clone());
        assert_eq!(world.get(&world.rival.read, path).await.expect(200).json()["data"], json!([]));
    }
    for (model, sample) in TargetModel::ALL.iter().zip(samples()) {
        let shown = seen[model.as_str()].as_object().unwrap();
        let names = model.schema().attributes.iter().map(|it| it.name.as_str());
        let names = ["record_id"].into_iter().chain(names);
        let names: Vec<_> = names.chain(["tool_name", "created_at", "updated_at"]).collect();
        assert_eq!(shown.keys().collect::<Vec<_>>(), names, "{model}");
        let id = model.external_id();
        assert_eq!(shown[id], sample[id]);
    }
    // Decimals keep their digits; money is an amount with its currency; what is absent is null.
    assert_eq!(seen["invoice"]["grand_total"], "120.00");
    assert_eq!(
        seen["transaction"]["instructed_amount"],
        json!({"amount": "-0.30", "currency": "EUR"})
    );
    assert_eq!(seen["invoice"]["due_date"], Value::Null);
    assert_eq!(seen["ledger_account"]["is_active"], true);
}

async fn a_record_says_where_it_came_from(db: Db) {
    let world = World::new(db).await;
    fill(&world, &world.acme).await;
    let (connector, run) = (world.acme.connector, world.acme.run);
    let uri = "/v1/invoices?include=workspace_connector,first_seen_run,last_seen_run&fields[workspace_connector]=name&fields[workspace_connector_sync_log]=status";
    let page = world.get(&world.acme.read, uri).await.expect(200).json();
    let to = &page["data"][0]["relationships"];
    assert_eq!(page["data"][0]["attributes"]["tool_name"], "list_them");
    assert_eq!(to["workspace_connector"]["data"]["id"], json!(connector));
    assert_eq!(to["first_seen_run"]["data"]["id"], json!(run));
    assert_eq!(to["last_seen_run"]["data"]["id"], json!(run));
    let included = page["included"].as_array().unwrap();
    let kinds: Vec<_> = included.iter().map(|it| it["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["workspace_connector", "workspace_connector_sync_log"]);
    let later = make::run(&world.db, connector).await;
    let same = samples().remove(2);
    let of = (connector, later);
    put(&world.db.store, &world.acme.tenant, of, TargetModel::Invoice, same).await;
    let page = world.get(&world.acme.read, uri).await.expect(200).json();
    assert_eq!(page["data"][0]["relationships"]["first_seen_run"]["data"]["id"], json!(run));
    assert_eq!(page["data"][0]["relationships"]["last_seen_run"]["data"]["id"], json!(later));
    assert_eq!(page["included"].as_array().unwrap().len(), 3);
}

async fn records_are_filtered_sorted_and_searched(db: Db) {
    let world = World::new(db).await;
    let of = (world.acme.connector, world.acme.run);
    for (id, total, day) in [("i1", 10, "2026-05-01"), ("i2", 200, "2026-05-02")] {
        let invoice = json!({"invoice_external_id": id, "status": "paid", "issue_date": day,
            "grand_total": total, "items_total": total, "tax_total": 0, "local_currency": "EUR"});
        put(&world.db.store, &world.acme.tenant, of, TargetModel::Invoice, invoice).await;
    }
    let key = &world.acme.read;
    let ids = async |query: &str| {
        let page = world.get(key, &format!("/v1/invoices?{query}")).await.expect(200).json();
        let rows = page["data"].as_array().unwrap().clone();
        let id = |it: &Value| it["attributes"]["invoice_external_id"].as_str().unwrap().to_owned();
        rows.iter().map(id).collect::<Vec<_>>()
    };
    assert_eq!(ids("filter[grand_total][gte]=100").await, ["i2"]);
    assert_eq!(ids("filter[issue_date][lt]=2026-05-02T00:00:00Z").await, ["i1"]);
    assert_eq!(ids("filter[external_id]=i1").await, ["i1"]);
    assert_eq!(ids("sort=external_id").await, ["i1", "i2"]);
    assert_eq!(ids("sort=-external_id&page[size]=1").await, ["i2"]);
    assert_eq!(ids("q=i2").await, ["i2"]);
    assert_eq!(
        ids(&format!("filter[workspace_connector]={}", world.rival.connector)).await,
        [""; 0]
    );
    for (query, expected) in [
        ("filter[grand_totel]=1", "400 unknown_parameter parameter filter[grand_totel]"),
        ("sort=grand_total", "400 invalid_parameter parameter sort"),
        ("include=tool", "400 invalid_parameter parameter include"),
        ("fields[invoice]=grand_totel", "400 invalid_parameter parameter fields[invoice]"),
    ] {
        let answer = world.get(key, &format!("/v1/invoices?{query}")).await;
        assert_eq!(answer.errors(), [expected]);
    }
    let one = world.get(key, "/v1/invoices?fields[invoice]=due_date&limit=1").await.json();
    assert_eq!(one["data"][0]["attributes"], json!({"due_date": null}));
    // The record of another model is not one of this.
    let page = world.get(key, "/v1/invoices?limit=1").await.json();
    let id = page["data"][0]["id"].as_str().unwrap();
    assert_eq!(world.get(key, &format!("/v1/companies/{id}")).await.errors(), ["404 not_found"]);
}

async fn records_cannot_be_written(db: Db) {
    let world = World::new(db).await;
    let body = json!({"data": {"type": "invoice", "attributes": {}}});
    let answer = world.post(&world.acme.admin, "/v1/invoices", &body).await;
    assert_eq!(answer.errors(), ["405 method_not_allowed"]);
}
