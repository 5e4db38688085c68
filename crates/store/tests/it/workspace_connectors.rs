//! Connectors, their installations and sealed credentials, on both databases.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up has failed")]

use std::collections::BTreeMap;

use domain::TargetModel;
use domain::connector::{AuthorizationFlow, InstallationStatus, Secret, Transport};
use domain::id::{ConnectorId, SyncLogId};
use domain::run::TriggerType;
use serde_json::{Value, json};
use store::connectors::{self, Connector};
use store::workspace_connectors::{self, New, Patch, WorkspaceConnector};
use store::{Condition, Error, Op, Page, Query, Settings, Store, Tenant, sync_logs};
use testkit::{Db, make};
use uuid::Uuid;

testkit::each_database! {
    new_credentials_end_the_need_to_reconnect,
    an_installation_is_found_as_it_was_made,
    an_installation_is_changed,
    an_installation_is_made_with_its_first_run,
    installations_are_listed_and_filtered,
    a_workspace_is_fed_until_it_is_not,
    a_stranger_sees_no_connector_and_no_installation,
}

pub(crate) const SECRET: &str = "canary-3f0c1e9a7b5d";

/// PostgreSQL has no data directory to keep a key in.
pub(crate) fn sealing(key: u8) -> Settings {
    Settings { seal_key: Some([key; 32]), ..testkit::settings() }
}

pub(crate) async fn sealed(db: &Db) -> Store {
    db.reopen(sealing(7)).await
}

pub(crate) fn http() -> Transport {
    let headers = BTreeMap::from([("Authorization".to_owned(), Secret::new(SECRET))]);
    Transport::Http { url: format!("https://u:{SECRET}@mcp.example/x?token={SECRET}"), headers }
}

pub(crate) async fn custom(store: &Store, tenant: &Tenant, service_id: &str) -> Connector {
    let new = connectors::New {
        service_id: service_id.to_owned(),
        name: format!("The {service_id}"),
        provider: Some("Acme".to_owned()),
        supported_target_models: Some(vec![TargetModel::Invoice, TargetModel::Company]),
        ..connectors::New::default()
    };
    connectors::insert(store, tenant, new, make::now()).await.unwrap()
}

pub(crate) async fn installed(store: &Store, tenant: &Tenant) -> WorkspaceConnector {
    let connector = custom(store, tenant, "books").await.connector_id;
    let new = New::of(connector, "Books", http());
    workspace_connectors::insert(store, tenant, new, make::now()).await.unwrap()
}

pub(crate) fn not_found<T: std::fmt::Debug>(it: Result<T, Error>, wanted: &str) {
    assert!(matches!(&it, Err(Error::NotFound(what)) if *what == wanted), "{it:?}");
}

async fn an_installation_is_found_as_it_was_made(db: Db) {
    let store = sealed(&db).await;
    let tenant = make::workspace(&db, "acme").await;
    let connector = custom(&store, &tenant, "books").await.connector_id;
    let new = New {
        schedule_minutes: Some(60),
        paused: true,
        supported_target_models: Some(vec![TargetModel::Invoice]),
        ..New::of(connector, "Books", http())
    };
    let made = workspace_connectors::insert(&store, &tenant, new, make::now()).await.unwrap();
    assert_eq!((made.workspace, made.connector), (tenant.workspace(), connector));
    assert_eq!((made.status, made.resting_status), (InstallationStatus::Enabled, None));
    assert_eq!(made.address, "https://mcp.example/x");
    assert_eq!(made.secrets_set, ["Authorization"]);
    assert_eq!((made.schedule_minutes, made.paused), (Some(60), true));
    assert_eq!(made.supported_target_models, Some(vec![TargetModel::Invoice]));
    assert_eq!((made.installed_capabilities.as_ref(), made.last_success_at), (None, None));
    let unknown = New::of(ConnectorId(Uuid::new_v4()), "x", http());
    let refused = workspace_connectors::insert(&store, &tenant, unknown, make::now()).await;
    let Err(Error::Invalid { refusal, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!(refusal.attribute, "connector");
}

async fn an_installation_is_changed(db: Db) {
    let store = sealed(&db).await;
    let tenant = make::workspace(&db, "acme").await;
    let id = installed(&store, &tenant).await.workspace_connector_id;
    let stdio = Transport::Stdio {
        command: "/bin/books".to_owned(),
        args: vec!["--all".to_owned()],
        env: BTreeMap::new(),
    };
    let later = make::now() + chrono::Duration::seconds(1);
    let patch = Patch {
        transport: Some(stdio.clone()),
        status: Some(InstallationStatus::Suspended),
        schedule_minutes: Some(Some(5)),
        paused: Some(true),
        supported_target_models: Some(Some(vec![])),
        ..Patch::default()
    };
    let changed = workspace_connectors::update(&store, &tenant, id, patch, later).await.unwrap();
    assert_eq!((changed.name.as_str(), changed.address.as_str()), ("Books", "/bin/books"));
    assert_eq!(changed.secrets_set, [""; 0]);
    assert_eq!((changed.status, changed.paused), (InstallationStatus::Suspended, true));
    assert_eq!((changed.schedule_minutes, changed.updated_at), (Some(5), later));
    assert_eq!(workspace_connectors::transport(&store, &tenant, id).await.unwrap(), stdio);
    let patch = Patch { schedule_minutes: Some(Some(0)), ..Patch::default() };
    let refused = workspace_connectors::update(&store, &tenant, id, patch, later).await;
    assert!(matches!(refused, Err(Error::Invalid { .. })), "{refused:?}");
    let tools = json!({ "tools": ["a"], "hash": "h" });
    workspace_connectors::set_capabilities(&store, &tenant, id, &tools, later).await.unwrap();
    let found = workspace_connectors::find(&store, &tenant, id).await.unwrap();
    assert_eq!(found.installed_capabilities, Some(tools));
}

async fn an_installation_is_made_with_its_first_run(db: Db) {
    let store = sealed(&db).await;
    let tenant = make::workspace(&db, "acme").await;
    let plain = custom(&store, &tenant, "books").await.connector_id;
    let consent = connectors::New {
        service_id: "consent".to_owned(),
        name: "Consent".to_owned(),
        authorization_flow: AuthorizationFlow::Oauth2,
        ..connectors::New::default()
    };
    let consent = connectors::insert(&store, &tenant, consent, make::now()).await.unwrap();
    let bare =
        || Transport::Http { url: "https://mcp.example".to_owned(), headers: BTreeMap::new() };
    let at = make::now() + chrono::Duration::seconds(90);
    let first = |connector, transport| New {
        first_run_at: Some(at),
        ..New::of(connector, "Books", transport)
    };
    let due = async |new: New| {
        let made = workspace_connectors::insert(&store, &tenant, new, make::now()).await.unwrap();
        let id = made.workspace_connector_id;
        let due = sync_logs::due(&store, &store.operator(), at, 100).await.unwrap();
        let is_due = due.iter().any(|it| it.connector == id);
        let run = sync_logs::schedule_due(&store, &tenant, id, at).await.unwrap();
        assert_eq!(is_due, run.is_some());
        run.map(|it| it.trigger)
    };
    let initial = Some(TriggerType::Initial);
    assert_eq!(due(first(plain, http())).await, initial);
    let hourly = New { schedule_minutes: Some(60), ..first(plain, http()) };
    assert_eq!(due(hourly).await, initial);
    let sooner = New { schedule_minutes: Some(1), ..first(plain, http()) };
    assert_eq!(due(sooner).await, Some(TriggerType::Scheduled));
    assert_eq!(due(New { paused: true, ..first(plain, http()) }).await, None);
    assert_eq!(due(first(consent.connector_id, bare())).await, None, "a person is waited for");
    assert_eq!(due(first(plain, bare())).await, initial);
}

async fn installations_are_listed_and_filtered(db: Db) {
    let store = sealed(&db).await;
    let tenant = make::workspace(&db, "acme").await;
    let connector = custom(&store, &tenant, "books").await.connector_id;
    for (at, name) in ["one", "two", "three"].into_iter().enumerate() {
        let new = New { paused: name == "two", ..New::of(connector, name, http()) };
        let at = make::now() + chrono::Duration::seconds(at as i64);
        workspace_connectors::insert(&store, &tenant, new, at).await.unwrap();
    }
    let query = Query { page: Page { size: 2, at: None, total: true }, ..Query::default() };
    let page = workspace_connectors::list(&store, &tenant, &query).await.unwrap();
    let names: Vec<&str> = page.items.iter().map(|it| it.0.name.as_str()).collect();
    assert_eq!((names, page.total, page.has_after), (vec!["three", "two"], Some(3), true));
    let matching = async |name: &str, op: Op, value: store::Value| {
        let field = workspace_connectors::FIELDS.iter().find(|it| it.name == name).unwrap();
        let condition = Condition { field, op, values: vec![value] };
        let query = Query { conditions: vec![condition], ..Query::default() };
        let slice = workspace_connectors::list(&store, &tenant, &query).await.unwrap();
        slice.items.into_iter().map(|it| it.0.name).collect::<Vec<_>>()
    };
    assert_eq!(matching("paused", Op::Eq, store::Value::Bool(true)).await, ["two"]);
    assert_eq!(matching("connector", Op::Eq, store::Value::Id(connector.0)).await.len(), 3);
    assert_eq!(matching("name", Op::Contains, store::Value::Text("HRE".into())).await, ["three"]);
}

pub(crate) async fn tables(db: &Db) -> Vec<String> {
    let sql = if db.is_postgres() {
        "select tablename::text from pg_tables where schemaname = 'core_api'"
    } else {
        "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'"
    };
    db.words(sql).await
}

async fn a_workspace_is_fed_until_it_is_not(db: Db) {
    let owner = make::workspace(&db, "owner").await;
    let fed = make::workspace(&db, "fed").await;
    let id = make::connector(&db, &owner).await;
    let (store, now) = (&db.store, make::now());
    let model = TargetModel::Company;
    let run = SyncLogId(Uuid::new_v4());
    let rows = || vec![crate::missing::rejected_row(model, "c1")];
    let write = || store::rejected::insert_many(store, &fed, run, id, rows(), now);
    not_found(write().await, "workspace_connector");
    not_found(
        workspace_connectors::feed(store, &fed, &owner, id, now).await,
        "workspace_connector",
    );
    workspace_connectors::feed(store, &owner, &fed, id, now).await.unwrap();
    let again = workspace_connectors::feed(store, &owner, &fed, id, now).await;
    assert!(matches!(again, Err(Error::Conflict { .. })), "{again:?}");
    write().await.unwrap();
    let found = store::rejected::find_all(store, &fed, model, "c1").await.unwrap();
    assert_eq!(found[0].connector, id);
    // It is fed; it does not see the installation itself.
    not_found(workspace_connectors::find(store, &fed, id).await, "workspace_connector");
    workspace_connectors::unfeed(store, &fed, id, now).await.unwrap();
    not_found(workspace_connectors::unfeed(store, &fed, id, now).await, "workspace_connector");
    not_found(write().await, "workspace_connector");
    workspace_connectors::feed(store, &owner, &fed, id, now).await.unwrap();
}

async fn a_stranger_sees_no_connector_and_no_installation(db: Db) {
    let store = sealed(&db).await;
    let tenant = make::workspace(&db, "acme").await;
    let stranger = make::workspace(&db, "stranger").await;
    let made = installed(&store, &tenant).await;
    let (id, connector, now) = (made.workspace_connector_id, made.connector, make::now());
    not_found(connectors::find(&store, &stranger, connector).await, "connector");
    let patch = connectors::Patch { name: Some("Mine".to_owned()), ..Default::default() };
    not_found(connectors::update(&store, &stranger, connector, patch, now).await, "connector");
    not_found(connectors::delete(&store, &stranger, connector, now).await, "connector");
    let listed = connectors::list(&store, &stranger, &Query::default()).await.unwrap();
    assert!(listed.items.is_empty());
    let new = New::of(connector, "Mine", http());
    let refused = workspace_connectors::insert(&store, &stranger, new, now).await;
    assert!(matches!(refused, Err(Error::Invalid { .. })), "{refused:?}");
    let what = "workspace_connector";
    not_found(workspace_connectors::find(&store, &stranger, id).await, what);
    not_found(workspace_connectors::transport(&store, &stranger, id).await, what);
    let patch = Patch { name: Some("Mine".to_owned()), ..Patch::default() };
    not_found(workspace_connectors::update(&store, &stranger, id, patch, now).await, what);
    let tools: Value = json!({});
    let set = workspace_connectors::set_capabilities(&store, &stranger, id, &tools, now).await;
    not_found(set, what);
    not_found(workspace_connectors::delete(&store, &stranger, id, now).await, what);
    not_found(workspace_connectors::feed(&store, &stranger, &stranger, id, now).await, what);
    let listed = workspace_connectors::list(&store, &stranger, &Query::default()).await.unwrap();
    assert!(listed.items.is_empty());
    assert_eq!(workspace_connectors::find(&store, &tenant, id).await.unwrap(), made);
}

async fn new_credentials_end_the_need_to_reconnect(db: Db) {
    use InstallationStatus::{Degraded, Disabled, Enabled, Error, NeedReconnect, Suspended};
    let store = sealed(&db).await;
    let tenant = make::workspace(&db, "acme").await;
    let id = installed(&store, &tenant).await.workspace_connector_id;
    for (rested, rests) in [
        (NeedReconnect, Enabled),
        (Error, Enabled),
        (Degraded, Degraded),
        (Suspended, Suspended),
        (Disabled, Disabled),
    ] {
        let update = async |patch| {
            workspace_connectors::update(&store, &tenant, id, patch, make::now()).await.unwrap()
        };
        update(Patch { status: Some(rested), ..Patch::default() }).await;
        let patch = || Patch { transport: Some(http()), ..Patch::default() };
        assert_eq!(update(patch()).await.status, rests, "{rested}");
        // While a run is under way, what it will rest in is changed.
        update(Patch { status: Some(rested), ..Patch::default() }).await;
        db.run(&format!(
            "update workspace_connectors set status = 'processing', resting_status = '{rested}'"
        ))
        .await;
        let changed = update(patch()).await;
        assert_eq!(
            (changed.status, changed.resting_status),
            (InstallationStatus::Processing, Some(rests))
        );
        db.run("update workspace_connectors set status = 'enabled', resting_status = null").await;
    }
}
