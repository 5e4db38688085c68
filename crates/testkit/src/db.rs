//! A database of its own for each test, cloned from one that is migrated once.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::UNIX_EPOCH;

use domain::connector::Secret;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgPool, SqlitePool};
use store::{Dice, Place, Settings, Store};

use crate::cluster;

/// A migrated database, and the store on it.
#[derive(Debug)]
pub struct Db {
    pub place: Place,
    pub store: Store,
    raw: Raw,
    /// Removed with the value.
    _directory: Option<tempfile::TempDir>,
}

/// Behind the store's back, as the owner: what no tenant can see.
#[derive(Debug)]
enum Raw {
    Postgres(PgPool),
    Sqlite(SqlitePool),
}

impl Db {
    pub async fn sqlite() -> Self {
        Self::sqlite_with(settings()).await
    }

    pub async fn postgres() -> Self {
        Self::postgres_with(settings()).await
    }

    pub async fn sqlite_with(settings: Settings) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let data = directory.path().join("data");
        let place = Place::Sqlite { data: data.clone() };
        Store::migrate(&place).await.expect("SQLite migrates");
        let options = SqliteConnectOptions::new()
            .filename(data.join("wireline.db"))
            .foreign_keys(true)
            .busy_timeout(std::time::Duration::from_secs(10));
        let raw = SqlitePoolOptions::new().max_connections(1).connect_lazy_with(options);
        let store = Store::open(&place, settings).await.expect("a migrated store opens");
        Self { place, store, raw: Raw::Sqlite(raw), _directory: Some(directory) }
    }

    pub async fn postgres_with(settings: Settings) -> Self {
        let name = clone_template().await;
        let url = cluster::url(&name);
        let place = Place::Postgres { url: Secret::new(url.clone()) };
        let options: PgConnectOptions = url.parse().expect("our own URL");
        let options = options.options([
            ("search_path", "core_api"),
            // Where the owner is no superuser, the policies hold it as well.
            ("wireline.operator", "on"),
        ]);
        let raw = PgPoolOptions::new().max_connections(2).connect_lazy_with(options);
        let store = Store::open(&place, settings).await.expect("a migrated store opens");
        Self { place, store, raw: Raw::Postgres(raw), _directory: None }
    }

    /// The same data through another store, as another process would open it.
    pub async fn reopen(&self, settings: Settings) -> Store {
        Store::open(&self.place, settings).await.expect("a migrated store opens")
    }

    pub fn is_postgres(&self) -> bool {
        matches!(self.raw, Raw::Postgres(_))
    }

    /// The data directory of SQLite.
    pub fn directory(&self) -> Option<PathBuf> {
        self._directory.as_ref().map(|it| it.path().join("data"))
    }

    /// Runs any SQL as the owner, past every policy.
    pub async fn run(&self, sql: &str) {
        let done = match &self.raw {
            Raw::Postgres(it) => it.execute(AssertSqlSafe(sql)).await.map(|_| ()),
            Raw::Sqlite(it) => it.execute(AssertSqlSafe(sql)).await.map(|_| ()),
        };
        done.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// A number that a statement answers.
    pub async fn number(&self, sql: &str) -> i64 {
        let number: Result<(i64,), _> = match &self.raw {
            Raw::Postgres(it) => sqlx::query_as(AssertSqlSafe(sql)).fetch_one(it).await,
            Raw::Sqlite(it) => sqlx::query_as(AssertSqlSafe(sql)).fetch_one(it).await,
        };
        number.unwrap_or_else(|error| panic!("{sql}: {error}")).0
    }

    /// The first column of every row, as text.
    pub async fn words(&self, sql: &str) -> Vec<String> {
        let words: Result<Vec<(String,)>, _> = match &self.raw {
            Raw::Postgres(it) => sqlx::query_as(AssertSqlSafe(sql)).fetch_all(it).await,
            Raw::Sqlite(it) => sqlx::query_as(AssertSqlSafe(sql)).fetch_all(it).await,
        };
        words.unwrap_or_else(|error| panic!("{sql}: {error}")).into_iter().map(|it| it.0).collect()
    }

    /// How a literal of bytes is written here, e.g. of a uuid.
    pub fn uuid(&self, id: uuid::Uuid) -> String {
        match self.raw {
            Raw::Postgres(_) => format!("'{id}'"),
            Raw::Sqlite(_) => format!("x'{}'", id.simple()),
        }
    }
}

/// Dice that never prune, and few connections: a test run has many stores.
pub fn settings() -> Settings {
    Settings {
        dice: Dice::fixed(1),
        connections: 8,
        seal_key: Some([7; 32]),
        ..Settings::default()
    }
}

async fn clone_template() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let template = template_name();
    let mut server = server().await;
    if !exists(&mut server, &template).await {
        // Two processes at once would both make it.
        let _lock = tokio::task::spawn_blocking(cluster::lock).await.expect("a lock");
        if !exists(&mut server, &template).await {
            make_template(&mut server, &template).await;
        }
    }
    sweep(&mut server, 2).await;
    let name = format!("d_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let clone = format!("create database {name} template {template}");
    execute(&mut server, &clone).await;
    server.close().await.ok();
    name
}

async fn server() -> sqlx::PgConnection {
    let url = tokio::task::spawn_blocking(|| cluster::url("postgres")).await.expect("a server");
    let options: PgConnectOptions = url.parse().expect("our own URL");
    options.connect().await.expect("the test server takes connections")
}

/// A template for each build of a test binary: its migrations are those of the store in it.
fn template_name() -> String {
    let binary = std::env::current_exe().expect("we run");
    let about = std::fs::metadata(&binary).expect("we are a file");
    let built = about.modified().ok().and_then(|it| it.duration_since(UNIX_EPOCH).ok());
    let stem = binary.file_stem().and_then(|it| it.to_str()).unwrap_or("test");
    let stem = stem.replace(|it: char| !it.is_ascii_alphanumeric(), "_");
    format!("t_{stem}_{}", built.map_or(0, |it| it.as_micros()))
}

async fn make_template(server: &mut sqlx::PgConnection, name: &str) {
    let stem = name.rsplit_once('_').map_or(name, |it| it.0);
    for old in names(server, &format!("{stem}_%")).await {
        execute(server, &format!("drop database if exists {old} with (force)")).await;
    }
    sweep(server, usize::MAX).await;
    let making = format!("{name}_making");
    execute(server, &format!("drop database if exists {making} with (force)")).await;
    execute(server, &format!("create database {making} template template0")).await;
    let place = Place::Postgres { url: Secret::new(cluster::url(&making)) };
    Store::migrate(&place).await.expect("PostgreSQL migrates");
    execute(server, &format!("alter database {making} rename to {name}")).await;
}

/// Databases of processes that have ended.
async fn sweep(server: &mut sqlx::PgConnection, at_most: usize) {
    let left = names(server, "d\\_%")
        .await
        .into_iter()
        .filter(|name| name.split('_').nth(1).is_none_or(|pid| !cluster::is_alive(pid)));
    for name in left.take(at_most) {
        execute(server, &format!("drop database if exists {name} with (force)")).await;
    }
}

async fn names(server: &mut sqlx::PgConnection, like: &str) -> Vec<String> {
    sqlx::query_scalar("select datname::text from pg_database where datname like $1")
        .bind(like)
        .fetch_all(server)
        .await
        .expect("the catalog answers")
}

async fn exists(server: &mut sqlx::PgConnection, name: &str) -> bool {
    sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
        .bind(name)
        .fetch_one(server)
        .await
        .expect("the catalog answers")
}

/// Retries what another process can be in the way of: a template in use, a drop at the same time.
async fn execute(server: &mut sqlx::PgConnection, sql: &str) {
    for attempt in 0.. {
        match server.execute(AssertSqlSafe(sql)).await {
            Ok(_) => return,
            Err(sqlx::Error::Database(error))
                if attempt < 50
                    && matches!(
                        error.code().as_deref(),
                        Some("55006" | "XX000" | "23505" | "40001")
                    ) =>
            {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
            Err(error) => panic!("{sql}: {error}"),
        }
    }
}
