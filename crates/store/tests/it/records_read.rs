//! Reading records, on both databases.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up has failed")]

use domain::TargetModel;
use domain::entity::Entity;
use domain::id::SyncLogId;
use serde_json::{Value, json};
use store::records::{self, Upsert};
use store::{Condition, Edge, Error, Op, Page, Query, Sort};
use testkit::{Db, make};
use uuid::Uuid;

use crate::records::{all, company, counts, entity, one_of_each, sound, upsert};

testkit::each_database! {
    every_model_is_stored_and_read_as_it_was,
    decimals_keep_every_digit,
    what_a_tool_gave_before_is_counted,
    a_page_of_records_goes_on_where_it_ended,
    records_are_filtered_by_what_they_hold,
    a_fed_workspace_has_records_of_its_own,
    a_stranger_sees_no_record,
}

async fn every_model_is_stored_and_read_as_it_was(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    for entity in one_of_each() {
        let model = &entity.model;
        let upserted = upsert(&db, &tenant, connector, std::slice::from_ref(&entity)).await;
        assert_eq!(counts(&upserted), (1, 0, 0, 0), "{model}: {:?}", upserted.failed);
        let stored = all(&db, &tenant, *model).await;
        let [record] = stored.as_slice() else { panic!("{model}: one record") };
        assert_eq!(record.external_id, entity.external_id);
        assert_eq!(record.connector, connector);
        assert_eq!(record.tool, "list");
        // Read back through the validator, the record is the entity that was written.
        let again = sound(*model, Value::Object(record.values.clone()));
        assert_eq!(again.content_hash(), entity.content_hash(), "{model}: {:?}", record.values);
    }
}

async fn decimals_keep_every_digit(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let amounts = [
        "0.3",
        "0.30",
        "0.1000000000000000055511151231",
        "1234567890123456789012345678",
        "-79228162514264337593543950335",
        "0.0000000000000000000000000001",
        "99999999999999999.99",
    ];
    let entities: Vec<Entity> = amounts
        .iter()
        .enumerate()
        .map(|(index, amount)| {
            let id = format!("a{index}");
            sound(
                TargetModel::Account,
                json!({ "account_external_id": id, "type": "x", "balance": amount }),
            )
        })
        .collect();
    let upserted = upsert(&db, &tenant, connector, &entities).await;
    assert_eq!(counts(&upserted), (amounts.len() as u64, 0, 0, 0));
    let query = Query {
        sort: Some(Sort { field: field(TargetModel::Account, "external_id"), descending: false }),
        ..Query::default()
    };
    let slice = records::list(&db.store, &tenant, TargetModel::Account, &query).await.unwrap();
    let stored: Vec<&Value> = slice.items.iter().map(|it| &it.0.values["balance"]).collect();
    assert_eq!(stored, amounts.map(Value::from).iter().collect::<Vec<_>>());
}

async fn what_a_tool_gave_before_is_counted(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let before = async |tool: &'static str| {
        let model = TargetModel::Company;
        records::seen_before(&db.store, &tenant, connector, model, tool).await.unwrap()
    };
    assert_eq!(before("list").await, None);
    upsert(&db, &tenant, connector, &[company("c1", "One"), company("c2", "Two")]).await;
    assert_eq!(before("list").await, Some(2));
    assert_eq!(before("search").await, None);
}

fn field(model: TargetModel, name: &str) -> &'static store::Field {
    records::fields(model).iter().find(|it| it.name == name).unwrap()
}

async fn a_page_of_records_goes_on_where_it_ended(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let batch: Vec<Entity> = (0..25).map(|it| company(&format!("c{it:02}"), "x")).collect();
    upsert(&db, &tenant, connector, &batch).await;
    for sort in records::SORTS {
        let field = field(TargetModel::Company, sort);
        let mut query = Query {
            sort: Some(Sort { field, descending: false }),
            page: Page { size: 10, at: None, total: true },
            ..Query::default()
        };
        let mut seen = Vec::new();
        loop {
            let slice =
                records::list(&db.store, &tenant, TargetModel::Company, &query).await.unwrap();
            assert_eq!(slice.total, Some(25));
            let more = slice.has_after;
            query.page.at = slice.items.last().map(|it| Edge::After(it.1.clone()));
            seen.extend(slice.items.into_iter().map(|it| it.0.external_id));
            if !more {
                break;
            }
        }
        let wanted: Vec<String> = (0..25).map(|it| format!("c{it:02}")).collect();
        assert_eq!(seen, wanted, "by {sort}");
    }
}

async fn records_are_filtered_by_what_they_hold(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let (one, two) = (make::connector(&db, &tenant).await, make::connector(&db, &tenant).await);
    let invoice = |id: &str, date: &str, total: &str| {
        sound(
            TargetModel::Invoice,
            json!({ "invoice_external_id": id, "status": "paid", "issue_date": date,
                "grand_total": total, "description": format!("for {id}") }),
        )
    };
    upsert(&db, &tenant, one, &[invoice("i1", "2026-01-31", "9.99")]).await;
    upsert(&db, &tenant, two, &[invoice("i2", "2026-02-01", "10.00")]).await;
    let active = |id: &str, is_active: bool| {
        entity(
            TargetModel::Journal,
            &json!({ "journal_external_id": id, "code": id, "is_active": is_active }),
        )
    };
    upsert(&db, &tenant, one, &[active("on", true), active("off", false)]).await;
    let found = async |model: TargetModel, name: &str, op: Op, value: store::Value| {
        let field = field(model, name);
        let query = Query {
            conditions: vec![Condition { field, op, values: vec![value] }],
            page: Page { total: true, ..Page::default() },
            ..Query::default()
        };
        let slice = records::list(&db.store, &tenant, model, &query).await.unwrap();
        assert_eq!(slice.total, Some(slice.items.len() as u64));
        slice.items.into_iter().map(|it| it.0.external_id).collect::<Vec<_>>()
    };
    let model = TargetModel::Invoice;
    let february = "2026-02-01T00:00:00Z".parse().unwrap();
    assert_eq!(found(model, "issue_date", Op::Gte, store::Value::Time(february)).await, ["i2"]);
    assert_eq!(found(model, "issue_date", Op::Lt, store::Value::Time(february)).await, ["i1"]);
    assert_eq!(found(model, "grand_total", Op::Gte, store::Value::Number(10)).await, ["i2"]);
    assert_eq!(found(model, "external_id", Op::Eq, store::Value::Text("i1".into())).await, ["i1"]);
    assert_eq!(
        found(model, "description", Op::EndsWith, store::Value::Text("I2".into())).await,
        ["i2"]
    );
    assert_eq!(found(model, "workspace_connector", Op::Eq, store::Value::Id(one.0)).await, ["i1"]);
    assert_eq!(found(model, "due_date", Op::Gt, store::Value::Time(february)).await, [""; 0]);
    let journals = TargetModel::Journal;
    assert_eq!(found(journals, "is_active", Op::Eq, store::Value::Bool(true)).await, ["on"]);
    let query = Query { search: Some("FOR i1".to_owned()), ..Query::default() };
    let slice = records::list(&db.store, &tenant, model, &query).await.unwrap();
    assert_eq!(slice.items.len(), 1);
}

async fn a_fed_workspace_has_records_of_its_own(db: Db) {
    let owner = make::workspace(&db, "owner").await;
    let destination = make::workspace(&db, "destination").await;
    let connector = make::connector(&db, &owner).await;
    store::workspace_connectors::feed(&db.store, &owner, &destination, connector, make::now())
        .await
        .unwrap();
    upsert(&db, &destination, connector, &[company("c1", "One")]).await;
    assert!(all(&db, &owner, TargetModel::Company).await.is_empty());
    let record = all(&db, &destination, TargetModel::Company).await.remove(0);
    assert_eq!(record.connector, connector);
}

async fn a_stranger_sees_no_record(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let stranger = make::workspace(&db, "stranger").await;
    let connector = make::connector(&db, &tenant).await;
    upsert(&db, &tenant, connector, &[company("c1", "One")]).await;
    let model = TargetModel::Company;
    let id = all(&db, &tenant, model).await[0].record_id;
    let found = records::find(&db.store, &stranger, model, id).await;
    assert!(matches!(found, Err(Error::NotFound("record"))), "{found:?}");
    assert!(records::find_all(&db.store, &stranger, model, "c1").await.unwrap().is_empty());
    assert!(all(&db, &stranger, model).await.is_empty());
    assert_eq!(records::count(&db.store, &stranger, model).await.unwrap(), 0);
    let before = records::seen_before(&db.store, &stranger, connector, model, "list").await;
    assert_eq!(before.unwrap(), None);
    let entities = [company("c1", "Mine now")];
    let run = SyncLogId(Uuid::new_v4());
    let batch = Upsert { run, connector, tool: "list", model, entities: &entities };
    let taken = records::upsert(&db.store, &stranger, &batch, make::now()).await;
    assert!(matches!(taken, Err(Error::NotFound("workspace_connector"))), "{taken:?}");
}
