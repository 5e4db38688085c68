//! Credentials at rest, on both databases.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use store::workspace_connectors::{self, New};
use store::{Error, Settings, Store};
use testkit::{Db, make};

use crate::workspace_connectors::{
    SECRET, custom, http, installed, not_found, sealed, sealing, tables,
};

testkit::each_database! {
    a_transport_comes_back_out_of_its_seal,
    a_seal_opens_with_its_own_key_and_row_only,
    a_secret_is_nowhere_in_the_data,
    a_removed_installation_leaves_no_credentials,
}

async fn a_transport_comes_back_out_of_its_seal(db: Db) {
    let store = sealed(&db).await;
    let tenant = make::workspace(&db, "acme").await;
    let id = installed(&store, &tenant).await.workspace_connector_id;
    assert_eq!(workspace_connectors::transport(&store, &tenant, id).await.unwrap(), http());
}

async fn a_seal_opens_with_its_own_key_and_row_only(db: Db) {
    let store = sealed(&db).await;
    let tenant = make::workspace(&db, "acme").await;
    let one = installed(&store, &tenant).await.workspace_connector_id;
    let two = installed(&store, &tenant).await.workspace_connector_id;
    let open = async |store: &Store, id| workspace_connectors::transport(store, &tenant, id).await;
    let other = db.reopen(sealing(8)).await;
    let wrong = open(&other, one).await;
    assert!(matches!(wrong, Err(Error::Sealed(_))), "{wrong:?}");
    // Another row's seal, an empty one, one that was tampered with.
    let id = db.uuid(one.0);
    for sealed in [
        "(select transport from workspace_connectors where workspace_connector_id = $)",
        if db.is_postgres() { "''::bytea" } else { "x''" },
        if db.is_postgres() { "'\\x0102'::bytea" } else { "x'0102'" },
    ] {
        let sealed = sealed.replace('$', &id);
        let two_id = db.uuid(two.0);
        db.run(&format!(
            "update workspace_connectors set transport = {sealed}
              where workspace_connector_id = {two_id}"
        ))
        .await;
        let wrong = open(&store, two).await;
        assert!(matches!(wrong, Err(Error::Sealed(_))), "{sealed}: {wrong:?}");
    }
    assert!(open(&store, one).await.is_ok());
}

/// Every text and byte of every table, as one string.
async fn everything(db: &Db) -> String {
    let mut all = String::new();
    for table in tables(db).await {
        let sql = if db.is_postgres() {
            format!("select to_jsonb(t)::text from {table} t")
        } else {
            let columns =
                db.words(&format!("select name from pragma_table_xinfo('{table}')")).await;
            let columns: Vec<String> =
                columns.iter().map(|it| format!("coalesce(quote(\"{it}\"), '')")).collect();
            format!("select {} from {table}", columns.join(" || ' ' || "))
        };
        all.extend(db.words(&sql).await);
    }
    all
}

fn hex(text: &str) -> String {
    text.bytes().map(|it| format!("{it:02x}")).collect()
}

async fn a_secret_is_nowhere_in_the_data(db: Db) {
    let store = sealed(&db).await;
    let tenant = make::workspace(&db, "acme").await;
    let made = installed(&store, &tenant).await;
    assert!(!format!("{made:?}").contains(SECRET));
    let all = everything(&db).await;
    assert!(all.contains("mcp.example"));
    assert!(!all.contains(SECRET) && !all.to_lowercase().contains(&hex(SECRET)));
    let Some(directory) = db.directory() else { return };
    for entry in std::fs::read_dir(directory).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(SECRET.len()).any(|it| it == SECRET.as_bytes()));
    }
}

async fn a_removed_installation_leaves_no_credentials(db: Db) {
    let store = sealed(&db).await;
    let tenant = make::workspace(&db, "acme").await;
    let id = installed(&store, &tenant).await.workspace_connector_id;
    let trigger = domain::run::TriggerType::Manual;
    let gap = std::time::Duration::ZERO;
    let run = store::sync_logs::schedule(&store, &tenant, id, trigger, gap, make::now()).await;
    let run = run.unwrap().unwrap().sync_log_id;
    workspace_connectors::delete(&store, &tenant, id, make::now()).await.unwrap();
    not_found(workspace_connectors::find(&store, &tenant, id).await, "workspace_connector");
    not_found(workspace_connectors::transport(&store, &tenant, id).await, "workspace_connector");
    let gone = workspace_connectors::delete(&store, &tenant, id, make::now()).await;
    not_found(gone, "workspace_connector");
    let left = "select count(*) from workspace_connectors where transport is not null";
    assert_eq!(db.number(left).await, 0);
    let run = store::sync_logs::find(&store, &tenant, run).await.unwrap();
    assert_eq!(run.status, domain::run::SyncStatus::Error);
}

#[tokio::test]
async fn a_key_is_made_in_the_data_directory_and_kept_there() {
    let unsealed = Settings { seal_key: None, ..testkit::settings() };
    let db = Db::sqlite_with(unsealed.clone()).await;
    let tenant = make::workspace(&db, "acme").await;
    let id = installed(&db.store, &tenant).await.workspace_connector_id;
    let file = db.directory().unwrap().join("seal.key");
    let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(&file).unwrap());
    assert_eq!(mode & 0o777, 0o600);
    let again = db.reopen(unsealed).await;
    assert_eq!(workspace_connectors::transport(&again, &tenant, id).await.unwrap(), http());
    let key = std::fs::read(&file).unwrap();
    std::fs::write(&file, "not a key").unwrap();
    let broken = workspace_connectors::transport(&again, &tenant, id).await;
    assert!(matches!(broken, Err(Error::Sealed(_))), "{broken:?}");
    // No new key is made to open what another has sealed: the old one may still come back.
    std::fs::remove_file(&file).unwrap();
    let lost = workspace_connectors::transport(&again, &tenant, id).await;
    assert!(matches!(lost, Err(Error::Sealed(_))) && !file.exists(), "{lost:?}");
    std::fs::write(&file, key).unwrap();
    assert!(workspace_connectors::transport(&again, &tenant, id).await.is_ok());
}

#[tokio::test]
async fn postgres_needs_to_be_given_a_key() {
    let settings = Settings { seal_key: None, ..testkit::settings() };
    let db = Db::postgres_with(settings).await;
    let tenant = make::workspace(&db, "acme").await;
    let connector = custom(&db.store, &tenant, "books").await.connector_id;
    let new = New::of(connector, "Books", http());
    let refused = workspace_connectors::insert(&db.store, &tenant, new, make::now()).await;
    assert!(matches!(refused, Err(Error::Sealed(_))), "{refused:?}");
}
