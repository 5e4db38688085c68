//! The catalogue, on both databases.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up has failed")]

use domain::TargetModel;
use domain::connector::{AuthorizationFlow, ConnectorStatus};
use domain::governance::Governance;
use serde_json::json;
use store::connectors::{self, Entry, Published};
use store::workspace_connectors::{self, New};
use store::{Error, Query};
use testkit::{Db, make};

use crate::workspace_connectors::{custom, http, not_found, sealed};

testkit::each_database! {
    a_custom_connector_is_found_again,
    the_same_service_again_is_the_same_row,
    the_same_address_again_is_the_same_row,
    a_bad_connector_is_refused_by_attribute,
    a_custom_connector_is_changed_and_removed,
    a_global_connector_is_everyones_to_read_and_nobodys_to_change,
    the_catalogue_follows_its_files_and_nothing_is_written_twice,
}

async fn a_custom_connector_is_found_again(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let made = custom(&db.store, &tenant, "books").await;
    assert!(made.is_custom);
    assert_eq!(
        made.supported_target_models,
        Some(vec![TargetModel::Invoice, TargetModel::Company])
    );
    assert_eq!((made.created_at, made.updated_at), (make::now(), make::now()));
    let found = connectors::find(&db.store, &tenant, made.connector_id).await.unwrap();
    assert_eq!(found, made);
    let listed = connectors::list(&db.store, &tenant, &Query::default()).await.unwrap();
    assert_eq!(listed.items[0].0, made);
}

async fn the_same_service_again_is_the_same_row(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let other = make::workspace(&db, "other").await;
    let made = custom(&db.store, &tenant, "books").await;
    assert_eq!(custom(&db.store, &tenant, "books").await, made);
    assert_ne!(custom(&db.store, &other, "books").await.connector_id, made.connector_id);
    assert_eq!(db.number("select count(*) from connectors").await, 2);
}

async fn the_same_address_again_is_the_same_row(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let other = make::workspace(&db, "other").await;
    let add = async |tenant, service_id: &str, address: &str| {
        let new = connectors::New {
            service_id: service_id.to_owned(),
            name: service_id.to_owned(),
            address: Some(address.to_owned()),
            ..connectors::New::default()
        };
        connectors::insert(&db.store, tenant, new, make::now()).await
    };
    let made = add(&tenant, "erp", "https://MCP.example.com/mcp?key=s3cr3t").await.unwrap();
    let kept = json!({"transport": "http", "url": "https://mcp.example.com/mcp"});
    assert_eq!(made.transport, Some(kept));
    let again = add(&tenant, "another", "https://mcp.example.com:443/mcp").await.unwrap();
    assert_eq!(again, made);
    let taken = add(&tenant, "erp", "https://elsewhere.example.com").await;
    assert!(matches!(taken, Err(Error::Conflict { field: "service_id", .. })), "{taken:?}");
    assert_ne!(add(&other, "erp", "https://mcp.example.com/mcp").await.unwrap(), made);
    assert_eq!(db.number("select count(*) from connectors").await, 2);
}

async fn a_bad_connector_is_refused_by_attribute(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    for (service_id, name, attribute) in
        [("", "x", "service_id"), ("a b", "x", "service_id"), ("ab", "", "name")]
    {
        let new = connectors::New {
            service_id: service_id.to_owned(),
            name: name.to_owned(),
            ..connectors::New::default()
        };
        let refused = connectors::insert(&db.store, &tenant, new, make::now()).await;
        let Err(Error::Invalid { refusal, .. }) = refused else { panic!("{refused:?}") };
        assert_eq!(refusal.attribute, attribute);
    }
}

async fn a_custom_connector_is_changed_and_removed(db: Db) {
    let store = sealed(&db).await;
    let tenant = make::workspace(&db, "acme").await;
    let id = custom(&store, &tenant, "books").await.connector_id;
    let later = make::now() + chrono::Duration::seconds(1);
    let patch = connectors::Patch {
        name: Some("New name".to_owned()),
        supported_target_models: Some(None),
        governance: Some(Some(json!({ "pins": [] }))),
        ..connectors::Patch::default()
    };
    let changed = connectors::update(&store, &tenant, id, patch, later).await.unwrap();
    assert_eq!((changed.name.as_str(), changed.provider.as_deref()), ("New name", Some("Acme")));
    assert_eq!((changed.supported_target_models, changed.updated_at), (None, later));
    assert_eq!(changed.governance, Some(json!({ "pins": [] })));
    let new = New::of(id, "Books", http());
    let installed = workspace_connectors::insert(&store, &tenant, new, later).await.unwrap();
    let decided =
        workspace_connectors::governance(&store, &tenant, installed.workspace_connector_id).await;
    assert_eq!(decided.unwrap(), Some(json!({ "pins": [] })));
    let stranger = make::workspace(&db, "stranger").await;
    let foreign =
        workspace_connectors::governance(&store, &stranger, installed.workspace_connector_id).await;
    not_found(foreign, "workspace_connector");
    let used = connectors::delete(&store, &tenant, id, later).await;
    assert!(matches!(used, Err(Error::Conflict { .. })), "{used:?}");
    let installed = installed.workspace_connector_id;
    workspace_connectors::delete(&store, &tenant, installed, later).await.unwrap();
    connectors::delete(&store, &tenant, id, later).await.unwrap();
    not_found(connectors::find(&store, &tenant, id).await, "connector");
    not_found(connectors::delete(&store, &tenant, id, later).await, "connector");
    assert_ne!(custom(&store, &tenant, "books").await.connector_id, id);
}

async fn a_global_connector_is_everyones_to_read_and_nobodys_to_change(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    make::connector(&db, &tenant).await;
    let stranger = make::workspace(&db, "stranger").await;
    let listed = connectors::list(&db.store, &stranger, &Query::default()).await.unwrap();
    let global = &listed.items[0].0;
    assert!(!global.is_custom);
    let id = global.connector_id;
    assert_eq!(connectors::find(&db.store, &stranger, id).await.unwrap(), *global);
    let patch = connectors::Patch { name: Some("Mine".to_owned()), ..Default::default() };
    let changed = connectors::update(&db.store, &tenant, id, patch, make::now()).await;
    not_found(changed, "connector");
    not_found(connectors::delete(&db.store, &tenant, id, make::now()).await, "connector");
}

async fn the_catalogue_follows_its_files_and_nothing_is_written_twice(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let entry = |name: &str, pin: &str| Entry {
        service_id: "qonto".to_owned(),
        name: name.to_owned(),
        provider: Some("Qonto".to_owned()),
        authorization_flow: AuthorizationFlow::ApiKey,
        supported_target_models: Some(vec![TargetModel::Invoice]),
        status: ConnectorStatus::Available,
        transport: Some(json!({ "transport": "stdio", "command": "qonto" })),
        governance: Governance::parse(&json!({ "targets": { "invoice": { "tools": [pin] } } }))
            .unwrap(),
    };
    let publish = async |entry: Entry, at| {
        connectors::publish(&db.store, &db.store.operator(), &[entry], at).await.unwrap()
    };
    let now = make::now();
    let later = now + chrono::Duration::seconds(5);
    let (added, none) = (Published { added: 1, changed: 0 }, Published::default());
    assert_eq!(publish(entry("Qonto", "list_invoices"), now).await, added);
    assert_eq!(publish(entry("Qonto", "list_invoices"), later).await, none);
    let changed = publish(entry("Qonto", "list_client_invoices"), later).await;
    assert_eq!(changed, Published { added: 0, changed: 1 });

    let listed = connectors::list(&db.store, &tenant, &Query::default()).await.unwrap();
    let [(found, _)] = listed.items.as_slice() else { panic!("{:?}", listed.items) };
    assert_eq!((found.created_at, found.updated_at, found.is_custom), (now, later, false));
    let governance = Governance::parse(found.governance.as_ref().unwrap()).unwrap();
    assert_eq!(governance.pins(TargetModel::Invoice)[0].name, "list_client_invoices");
}
