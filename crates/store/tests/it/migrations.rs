//! How a database comes to be, and what is refused.

use domain::connector::Secret;
use domain::{Reason, TargetModel};
use store::{Error, Place, Settings, Store, diagnostics};
use testkit::{Db, cluster, make};

testkit::each_database! { migrating_again_changes_nothing, the_seeds_columns_are_there }

async fn migrating_again_changes_nothing(db: Db) {
    assert_eq!(Store::migrate(&db.place).await.unwrap(), Vec::<String>::new());
    let tenant = make::workspace(&db, "acme").await;
    assert_eq!(Store::migrate(&db.place).await.unwrap(), Vec::<String>::new());
    assert!(store::workspaces::find(&db.store, &tenant).await.is_ok());
    db.store.check().await.unwrap();
}

async fn the_seeds_columns_are_there(db: Db) {
    let sql = if db.is_postgres() {
        "select column_name::text || ' ' || coalesce(nullif(udt_name, ''), data_type)
                || case is_nullable when 'NO' then ' not null' else '' end
           from information_schema.columns where table_schema = 'core_api'
            and table_name = 'connector_sync_diagnostics' order by ordinal_position"
    } else {
        "select name from pragma_table_info('connector_sync_diagnostics') order by cid"
    };
    let columns = db.words(sql).await;
    let seed = [
        "pk int8 not null",
        "diagnostic_id uuid not null",
        "target_model target_model_enum not null",
        "tool_name text",
        "reason sync_failure_reason_enum not null",
        "http_status int4",
        "detail text not null",
        "occurred_at timestamptz not null",
        "created_at timestamptz not null",
        "updated_at timestamptz",
        "deleted_at timestamptz",
        "workspace_pk int8 not null",
        "workspace_connector_pk int8 not null",
    ];
    for (column, wanted) in columns.iter().zip(seed) {
        let wanted = if db.is_postgres() { wanted } else { wanted.split(' ').next().unwrap() };
        assert_eq!(column, wanted);
    }
}

#[tokio::test]
async fn the_native_enums_are_the_seeds_in_its_order() {
    let db = Db::postgres().await;
    let words = |name: &str| format!("select unnest(enum_range(null::{name}))::text");
    let models: Vec<_> = TargetModel::ALL.iter().map(|it| it.as_str()).collect();
    assert_eq!(db.words(&words("target_model_enum")).await, models);
    let reasons: Vec<_> = Reason::ALL.iter().map(|it| it.as_str()).collect();
    assert_eq!(db.words(&words("sync_failure_reason_enum")).await, reasons);
}

#[tokio::test]
async fn a_database_that_is_behind_is_refused_with_what_it_lacks() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let place = Place::Sqlite { data: data.clone() };
    let lacks = |it: Result<Store, Error>| match it {
        Err(Error::NotMigrated { missing }) => missing,
        other => panic!("{other:?}"),
    };
    let missing = lacks(Store::open(&place, Settings::default()).await);
    assert!(!data.exists(), "looking makes nothing");
    assert_eq!(Store::migrate(&place).await.unwrap(), missing);
    assert!(Store::open(&place, Settings::default()).await.is_ok());
    let mode = std::os::unix::fs::PermissionsExt::mode(&data.metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o700);

    let db = Db::postgres().await;
    db.run("delete from seaql_migrations where version like 'm0002%'").await;
    db.run("create database never_migrated").await;
    let url = cluster::url("never_migrated");
    let never = Place::Postgres { url: Secret::new(url) };
    assert_eq!(lacks(Store::open(&never, Settings::default()).await), missing);
    db.run("drop database never_migrated with (force)").await;
}

#[tokio::test]
async fn sqlite_keeps_what_it_acknowledged() {
    let db = Db::sqlite().await;
    assert_eq!(db.words("pragma journal_mode").await, ["wal"]);
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let new = make::diagnostic(connector);
    let made = diagnostics::insert(&db.store, &tenant, new, make::now()).await.unwrap();
    // Gone without a good-bye, as by `kill -9`: a copy of the files as they are now.
    let copy = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(db.directory().unwrap()).unwrap() {
        let file = file.unwrap().path();
        std::fs::copy(&file, copy.path().join(file.file_name().unwrap())).unwrap();
    }
    let place = Place::Sqlite { data: copy.path().to_owned() };
    let store = Store::open(&place, Settings::default()).await.unwrap();
    let found = diagnostics::find(&store, &tenant, made.diagnostic_id, make::now()).await;
    assert_eq!(found.unwrap(), made);
}

#[test]
fn a_place_is_named_by_its_url() {
    let data = || std::path::PathBuf::from("/data");
    let named = |it: Option<&str>| format!("{:?}", Place::parse(it, data()).unwrap());
    assert_eq!(named(None), r#"Sqlite { data: "/data" }"#);
    assert_eq!(named(Some("sqlite:")), r#"Sqlite { data: "/data" }"#);
    assert_eq!(named(Some("sqlite:/x/y.db")), r#"Sqlite { data: "/x/y.db" }"#);
    assert_eq!(named(Some("sqlite:///x")), r#"Sqlite { data: "/x" }"#);
    let secret = named(Some("postgres://me:secret@host/db"));
    assert!(!secret.contains("secret@"), "{secret}");
    for wrong in ["mysql://x", "/just/a/path", ""] {
        assert!(Place::parse(Some(wrong), data()).is_err(), "{wrong}");
    }
}

/// Policies hold an owner that is no superuser too; its foreign keys must work nevertheless.
#[tokio::test(flavor = "multi_thread")]
async fn an_owner_without_privileges_may_migrate_and_serve() {
    let db = Db::postgres().await;
    let name = format!("owned_{}", std::process::id());
    db.run(&format!("create role {name} login; grant wireline_service to {name}")).await;
    db.run(&format!("create database {name} owner {name} template template0")).await;
    let url = cluster::url(&name).replace("postgres@", &format!("{name}@"));
    let place = Place::Postgres { url: Secret::new(url) };
    assert!(!Store::migrate(&place).await.unwrap().is_empty());
    let store = Store::open(&place, testkit::settings()).await.unwrap();
    let operator = store.operator();
    let new = store::workspaces::New { name: "acme".to_owned(), ..Default::default() };
    let made = store::workspaces::insert(&store, &operator, new, make::now()).await.unwrap();
    let id = made.workspace_id.to_string();
    let tenant = store::tenant::of(&store, &operator, &id).await.unwrap();
    let key = store::api_keys::New {
        name: "k".to_owned(),
        role: domain::connector::Role::Read,
        expiration_at: None,
    };
    let (_, secret) = store::api_keys::insert(&store, &tenant, key, make::now()).await.unwrap();
    assert!(store.authenticate(secret.expose(), make::now()).await.is_ok());
    store::workspaces::delete(&store, &tenant).await.unwrap();
    store.close().await;
    db.run(&format!("drop database {name} with (force)")).await;
    db.run(&format!("drop role {name}")).await;
}
