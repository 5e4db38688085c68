//! Mappings and their versions, on both databases.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use domain::TargetModel;
use domain::id::{ConnectorMappingId, WorkspaceConnectorId};
use serde_json::{Value, json};
use store::mappings::{self, Generator, Mapping, NewMapping, RegenerationReason};
use store::{Condition, Error, Op, Query, Tenant};
use testkit::{Db, make};

testkit::each_database! {
    a_mapping_is_found_as_it_was_saved,
    a_new_version_is_live_and_the_old_one_is_kept,
    one_mapping_is_live_for_each_target_and_tool,
    a_mapping_is_marked_and_counted,
    an_old_version_is_restored,
    a_deleted_version_keeps_its_number,
    concurrent_saves_leave_one_live_version,
    mappings_are_filtered,
    a_stranger_sees_no_mapping,
    what_a_mapping_stands_for_moves_on_without_a_new_version,
    a_version_that_did_worse_is_kept_and_never_live,
}

const MODEL: TargetModel = TargetModel::Invoice;

fn new(connector: WorkspaceConnectorId, expression: &str) -> NewMapping {
    NewMapping {
        plan: json!({ "slots": { "name": { "path": "a.b" } } }),
        tool_arguments: json!({ "limit": 100 }),
        input_fingerprint: "f1".to_owned(),
        target_schema_hash: Some("t1".to_owned()),
        slot_report: json!([{ "slot": "name", "fill": 0.5 }]),
        jury: json!({ "seats": 3 }),
        ..NewMapping::of(connector, MODEL, "list_invoices", Generator::Structured, expression)
    }
}

async fn save(db: &Db, tenant: &Tenant, new: NewMapping) -> Mapping {
    mappings::save(&db.store, tenant, new, make::now()).await.unwrap()
}

async fn live(db: &Db, tenant: &Tenant, connector: WorkspaceConnectorId) -> Option<Mapping> {
    mappings::find_live(&db.store, tenant, connector, MODEL, "list_invoices").await.unwrap()
}

async fn a_mapping_is_found_as_it_was_saved(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    assert_eq!(live(&db, &tenant, connector).await, None);
    let wanted = new(connector, "$.{\"a\": 1}");
    let saved = save(&db, &tenant, wanted.clone()).await;
    assert_eq!((saved.version, saved.is_live, saved.needs_regeneration), (1, true, false));
    assert_eq!(
        (saved.connector, saved.model, saved.tool.as_str()),
        (connector, MODEL, "list_invoices")
    );
    assert_eq!((&saved.expression, &saved.plan), (&wanted.expression, &wanted.plan));
    assert_eq!((&saved.slot_report, &saved.jury), (&wanted.slot_report, &wanted.jury));
    assert_eq!((&saved.pagination_plan, &saved.stats), (&Value::Null, &Value::Null));
    assert_eq!(saved.target_schema_hash.as_deref(), Some("t1"));
    assert_eq!(saved.created_at, make::now());
    assert_eq!(live(&db, &tenant, connector).await, Some(saved.clone()));
    assert_eq!(mappings::find(&db.store, &tenant, saved.id).await.unwrap(), saved);
}

async fn a_new_version_is_live_and_the_old_one_is_kept(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    for expression in ["one", "two", "three"] {
        save(&db, &tenant, new(connector, expression)).await;
    }
    let versions = mappings::versions(&db.store, &tenant, connector, MODEL, "list_invoices").await;
    let versions: Vec<(u32, String, bool)> =
        versions.unwrap().into_iter().map(|it| (it.version, it.expression, it.is_live)).collect();
    let wanted = [(3, "three", true), (2, "two", false), (1, "one", false)];
    assert_eq!(versions, wanted.map(|(version, text, live)| (version, text.to_owned(), live)));
}

async fn one_mapping_is_live_for_each_target_and_tool(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let (one, two) = (make::connector(&db, &tenant).await, make::connector(&db, &tenant).await);
    for (connector, model, tool) in
        [(one, MODEL, "a"), (one, MODEL, "b"), (one, TargetModel::Company, "a"), (two, MODEL, "a")]
    {
        let new = NewMapping::of(connector, model, tool, Generator::Legacy, "x");
        assert_eq!(save(&db, &tenant, new).await.version, 1);
    }
    assert_eq!(db.number("select count(*) from connector_mappings where is_live").await, 4);
}

async fn a_mapping_is_marked_and_counted(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let id = save(&db, &tenant, new(connector, "one")).await.id;
    let reason = RegenerationReason::Drift;
    let marked = mappings::mark(&db.store, &tenant, id, reason, make::now()).await.unwrap();
    assert!(marked.needs_regeneration);
    assert_eq!(marked.regeneration_reason, Some(reason));
    let stats = json!({ "rows": 12 });
    let counted = mappings::set_stats(&db.store, &tenant, id, &stats, make::now()).await.unwrap();
    assert_eq!((counted.stats, counted.last_good_version), (stats, None));
    let good = mappings::mark_good(&db.store, &tenant, id, make::now()).await.unwrap();
    assert_eq!(good.last_good_version, Some(1));
}

async fn an_old_version_is_restored(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let old = save(&db, &tenant, new(connector, "old")).await;
    save(&db, &tenant, new(connector, "new")).await;
    let restored = mappings::restore(&db.store, &tenant, old.id, make::now()).await.unwrap();
    assert_eq!((restored.version, restored.is_live), (1, true));
    assert_eq!(live(&db, &tenant, connector).await.unwrap().expression, "old");
    assert_eq!(save(&db, &tenant, new(connector, "newer")).await.version, 3);
    // The live one may be restored as well: nothing changes.
    let newest = live(&db, &tenant, connector).await.unwrap();
    let again = mappings::restore(&db.store, &tenant, newest.id, make::now()).await.unwrap();
    assert_eq!(again, newest);
}

async fn a_deleted_version_keeps_its_number(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let id = save(&db, &tenant, new(connector, "one")).await.id;
    mappings::delete(&db.store, &tenant, id, make::now()).await.unwrap();
    assert_eq!(live(&db, &tenant, connector).await, None);
    let again = mappings::delete(&db.store, &tenant, id, make::now()).await;
    assert!(matches!(again, Err(Error::NotFound("connector_mapping"))), "{again:?}");
    assert_eq!(save(&db, &tenant, new(connector, "two")).await.version, 2);
}

async fn concurrent_saves_leave_one_live_version(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let mut saves = Vec::new();
    for it in 0..10 {
        let (store, tenant) = (db.store.clone(), tenant.clone());
        let new = new(connector, &it.to_string());
        saves.push(tokio::spawn(
            async move { mappings::save(&store, &tenant, new, make::now()).await },
        ));
    }
    let mut saved = 0;
    for save in saves {
        match save.await.unwrap() {
            Ok(_) => saved += 1,
            Err(error) => {
                assert!(matches!(error, Error::Conflict { .. } | Error::Busy(_)), "{error:?}")
            }
        }
    }
    assert!(saved >= 1);
    assert_eq!(db.number("select count(*) from connector_mappings").await, saved);
    assert_eq!(db.number("select count(*) from connector_mappings where is_live").await, 1);
}

async fn mappings_are_filtered(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let (one, two) = (make::connector(&db, &tenant).await, make::connector(&db, &tenant).await);
    for connector in [one, one, two] {
        save(&db, &tenant, new(connector, "x")).await;
    }
    let matching = async |name: &str, value: store::Value| {
        let field = mappings::FIELDS.iter().find(|it| it.name == name).unwrap();
        let condition = Condition { field, op: Op::Eq, values: vec![value] };
        let query = Query { conditions: vec![condition], ..Query::default() };
        mappings::list(&db.store, &tenant, &query).await.unwrap().items.len()
    };
    assert_eq!(matching("workspace_connector", store::Value::Id(one.0)).await, 2);
    assert_eq!(matching("is_live", store::Value::Bool(true)).await, 2);
    assert_eq!(matching("is_live", store::Value::Bool(false)).await, 1);
    assert_eq!(matching("version", store::Value::Number(1)).await, 2);
    assert_eq!(matching("target_model", store::Value::Text("invoice".to_owned())).await, 3);
}

async fn a_stranger_sees_no_mapping(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let stranger = make::workspace(&db, "stranger").await;
    let connector = make::connector(&db, &tenant).await;
    let id: ConnectorMappingId = save(&db, &tenant, new(connector, "one")).await.id;
    let (store, now) = (&db.store, make::now());
    let unknown = |it: Result<Mapping, Error>| {
        assert!(matches!(it, Err(Error::NotFound("connector_mapping"))), "{it:?}");
    };
    unknown(mappings::find(store, &stranger, id).await);
    unknown(mappings::mark(store, &stranger, id, RegenerationReason::Manual, now).await);
    unknown(mappings::set_stats(store, &stranger, id, &json!({}), now).await);
    unknown(mappings::mark_good(store, &stranger, id, now).await);
    unknown(mappings::restore(store, &stranger, id, now).await);
    let deleted = mappings::delete(store, &stranger, id, now).await;
    assert!(matches!(deleted, Err(Error::NotFound("connector_mapping"))), "{deleted:?}");
    assert_eq!(live(&db, &stranger, connector).await, None);
    let versions = mappings::versions(store, &stranger, connector, MODEL, "list_invoices").await;
    assert!(versions.unwrap().is_empty());
    assert!(mappings::list(store, &stranger, &Query::default()).await.unwrap().items.is_empty());
    let saved = mappings::save(store, &stranger, new(connector, "mine"), now).await;
    assert!(matches!(saved, Err(Error::NotFound("workspace_connector"))), "{saved:?}");
    assert_eq!(live(&db, &tenant, connector).await.unwrap().expression, "one");
}

async fn what_a_mapping_stands_for_moves_on_without_a_new_version(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let saved = save(&db, &tenant, new(connector, "one")).await;
    let standing = mappings::Standing {
        input_fingerprint: "f2".to_owned(),
        input_shape: json!({ "id": ["string"] }),
        output_schema_hash: Some("o2".to_owned()),
        target_schema_hash: Some("t2".to_owned()),
        governance_hash: None,
    };
    let (store, now) = (&db.store, make::now());
    let moved = mappings::refresh(store, &tenant, &saved, standing.clone(), now).await.unwrap();
    assert_eq!((moved.version, mappings::Standing::of(&moved)), (1, standing.clone()));

    // What an administrator has asked for meanwhile is not taken back.
    mappings::mark(store, &tenant, saved.id, RegenerationReason::Manual, now).await.unwrap();
    let kept = mappings::refresh(store, &tenant, &moved, standing.clone(), now).await.unwrap();
    assert!(kept.needs_regeneration);
    let done = mappings::refresh(store, &tenant, &kept, standing.clone(), now).await.unwrap();
    assert_eq!((done.needs_regeneration, done.regeneration_reason), (false, None));

    let stranger = make::workspace(&db, "stranger").await;
    let refused = mappings::refresh(store, &stranger, &saved, standing, now).await;
    assert!(matches!(refused, Err(Error::NotFound("connector_mapping"))), "{refused:?}");
}

async fn a_version_that_did_worse_is_kept_and_never_live(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let good = save(&db, &tenant, new(connector, "good")).await;
    let worse = mappings::keep(&db.store, &tenant, new(connector, "worse"), make::now()).await;
    let worse = worse.unwrap();
    assert_eq!((worse.version, worse.is_live), (2, false));
    assert_eq!(worse.regeneration_reason, Some(RegenerationReason::Regression));
    assert_eq!(live(&db, &tenant, connector).await.unwrap().expression, "good");
    let found = mappings::find_version(&db.store, &tenant, &worse, 1).await.unwrap();
    assert_eq!(found.map(|it| it.id), Some(good.id));
    assert_eq!(mappings::find_version(&db.store, &tenant, &worse, 3).await.unwrap(), None);
}
