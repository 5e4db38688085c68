//! The only crate that speaks SQL: one store on two databases, SQLite (embedded) and PostgreSQL.
//!
//! Time and chance are arguments. The tenant comes first, and only this crate can make one
//! ([`Store::authenticate`], [`tenant::of`]). Verbs of a module, in this order: insert, find, list,
//! update, delete, and what is its own.
//!
//! Two ways to a row: hot statements are plain SQL built by [`sql::Sql`] and run over the lanes of
//! [`postgres`] or the pools of [`sqlite`]; everything else is `SeaORM` inside
//! [`Store::tenant_txn`] or [`Store::tenant_read`].

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::connector::Secret;
use domain::issue::Spike;
use domain::retention::Retention;
use sea_orm::{DatabaseTransaction, TransactionTrait};
use tokio::sync::{mpsc, watch};

pub mod api_keys;
mod cache;
mod cell;
pub mod connectors;
pub mod diagnostics;
pub(crate) mod entity;
mod error;
pub mod grants;
pub mod health;
mod inspect;
pub mod issues;
pub mod mappings;
mod migration;
pub mod missing;
mod pass;
pub mod pending;
mod postgres;
pub mod query;
pub mod queue;
mod raw;
pub mod records;
pub mod rejected;
mod seal;
pub mod search;
pub mod sessions;
mod sql;
mod sqlite;
pub mod sync_logs;
pub mod tenant;
pub mod viewers;
pub mod webhooks;
pub mod workspace_connectors;
pub mod workspaces;

pub use error::{Error, Source};
pub use query::{
    Condition, Edge, Field, FieldKind, Mark, Op, Page, Query, Slice, Sort, SortKey, Value,
};
pub use tenant::{Access, Operator, Tenant};

use cache::Caches;
use postgres::Postgres;
use sqlite::Sqlite;

/// Where the data is.
#[derive(Debug, Clone)]
pub enum Place {
    /// A data directory (file `wireline.db`), or a file that ends in `.db`.
    Sqlite {
        data: PathBuf,
    },
    Postgres {
        url: Secret,
    },
}

impl Place {
    /// `postgres://…`, `sqlite:PATH`, or nothing: the data directory.
    pub fn parse(database: Option<&str>, data: PathBuf) -> Result<Self, Error> {
        match database {
            None => Ok(Self::Sqlite { data }),
            Some(url) if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
                postgres::check_url(url)?;
                Ok(Self::Postgres { url: Secret::new(url) })
            }
            Some(url) => match url.strip_prefix("sqlite:") {
                Some(path) if !path.trim_start_matches("//").is_empty() => {
                    Ok(Self::Sqlite { data: path.trim_start_matches("//").into() })
                }
                Some(_) => Ok(Self::Sqlite { data }),
                None => Err(Error::Database {
                    source: "a database is named by postgres://… or sqlite:PATH".into(),
                    sqlstate: None,
                    constraint: None,
                }),
            },
        }
    }
}

#[derive(Debug, Clone)]
pub struct Settings {
    pub retention: Retention,
    /// Connections to PostgreSQL for hot statements; a few more serve the rest.
    pub connections: u32,
    pub dice: Dice,
    /// Read by background writers alone; everyone else gives the time.
    pub clock: fn() -> DateTime<Utc>,
    /// How long a proven key is taken at its word.
    pub auth_cache: Duration,
    /// Seals credentials; None: the file `seal.key` in `seal_folder`, made at first use.
    pub seal_key: Option<[u8; 32]>,
    /// None: beside the SQLite database; PostgreSQL has no folder of its own.
    pub seal_folder: Option<PathBuf>,
    /// Above which rate runs' rows of one issue are counted rather than stored.
    pub spike: Spike,
    /// None, but for the contracts of reasons.
    pub fault: Option<Fault>,
}

/// Makes the database itself refuse what is sound, by its own constraints: the contracts of
/// `blueprint_persistence_failed` and `entity_persist_failed` need a refusal that is real.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A mapping is saved as version 0, which a CHECK forbids.
    Blueprints,
    /// Of the records of a statement, every so many has no external id, which a CHECK forbids.
    Records { every: usize },
}

impl Default for Settings {
    fn default() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the default clock of background writers")]
        let clock = Utc::now;
        Self {
            retention: Retention::default(),
            connections: 16,
            dice: Dice::random(),
            clock,
            auth_cache: Duration::from_secs(30),
            seal_key: None,
            seal_folder: None,
            spike: Spike::default(),
            fault: None,
        }
    }
}

/// Where chance comes from: a roll for each written row.
#[derive(Clone)]
pub struct Dice(Arc<dyn Fn() -> u32 + Send + Sync>);

impl Dice {
    pub fn random() -> Self {
        Self(Arc::new(rand::random))
    }

    pub fn fixed(roll: u32) -> Self {
        Self(Arc::new(move || roll))
    }

    /// Rolls that a test has loaded.
    pub fn loaded(roll: impl Fn() -> u32 + Send + Sync + 'static) -> Self {
        Self(Arc::new(roll))
    }

    pub fn roll(&self) -> u32 {
        (self.0)()
    }
}

impl std::fmt::Debug for Dice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Dice")
    }
}

/// A handle on the data; cheap to clone.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    database: Database,
    place: Place,
    settings: Settings,
    caches: Caches,
    queues: diagnostics::Queues,
    pruner: mpsc::Sender<diagnostics::Errand>,
    written: watch::Sender<u64>,
    /// Moves with what may be in the outbox of webhooks since.
    outbox: watch::Sender<()>,
    pass_key: OnceLock<[u8; 32]>,
    statements: AtomicU64,
}

pub(crate) enum Database {
    Postgres(Box<Postgres>),
    Sqlite(Sqlite),
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Store").field(&self.0.place).finish()
    }
}

impl Store {
    /// Opens what [`Store::migrate`] made. Refuses a database that is behind this binary.
    pub async fn open(place: &Place, settings: Settings) -> Result<Self, Error> {
        let database = match place {
            Place::Sqlite { data } => Database::Sqlite(Sqlite::open(data).await?),
            Place::Postgres { url } => {
                Database::Postgres(Box::new(Postgres::open(url, settings.connections).await?))
            }
        };
        let (queues, waiting) = diagnostics::Queues::new();
        let (pruner, errands) = mpsc::channel(1024);
        let store = Self(Arc::new(Inner {
            database,
            place: place.clone(),
            caches: Caches::new(settings.auth_cache),
            settings,
            queues,
            pruner,
            written: watch::Sender::new(0),
            outbox: watch::Sender::new(()),
            pass_key: OnceLock::new(),
            statements: AtomicU64::new(0),
        }));
        diagnostics::spawn_background(&store, waiting, errands);
        Ok(store)
    }

    /// Brings the database up to this binary; the names of the migrations applied.
    pub async fn migrate(place: &Place) -> Result<Vec<String>, Error> {
        match place {
            Place::Sqlite { data } => sqlite::migrate(data).await,
            Place::Postgres { url } => postgres::migrate(url).await,
        }
    }

    pub fn is_postgres(&self) -> bool {
        matches!(self.0.database, Database::Postgres(_))
    }

    pub fn retention(&self) -> Retention {
        self.0.settings.retention
    }

    /// Copies the embedded database into a new file (mode 0600), whole and as of one moment, while
    /// others go on. False: this is PostgreSQL, which has its own ways.
    pub async fn backup(&self, file: &Path) -> Result<bool, Error> {
        match &self.0.database {
            Database::Postgres(_) => Ok(false),
            Database::Sqlite(it) => it.backup(file).await.map(|()| true),
        }
    }

    /// Readiness: one round trip.
    pub async fn check(&self) -> Result<(), Error> {
        let mut sql = self.sql();
        sql.push("select cast(1 as bigint)");
        self.fetch::<(i64,)>(sql).await.map(|_| ())
    }

    /// The person on the machine itself: for the command line only.
    pub fn operator(&self) -> Operator {
        Operator(())
    }

    /// Moves with each diagnostic that this process commits.
    pub fn written(&self) -> watch::Receiver<u64> {
        self.0.written.subscribe()
    }

    /// How many statements were run for callers so far; a transaction counts as one more. For tests
    /// that hold a page to a number.
    pub fn statements(&self) -> u64 {
        self.0.statements.load(Ordering::Relaxed)
    }

    fn count_statement(&self) {
        self.0.statements.fetch_add(1, Ordering::Relaxed);
    }

    /// Waits for what is under way in the background (prunes after writes).
    pub async fn idle(&self) {
        let (done, wait) = tokio::sync::oneshot::channel();
        if self.0.pruner.send(diagnostics::Errand::Tell(done)).await.is_ok() {
            // An error means the pruner is gone: nothing is under way.
            wait.await.unwrap_or_default();
        }
    }

    /// Lets go of every connection. Statements that come later fail with [`Error::Busy`].
    pub async fn close(&self) {
        self.idle().await;
        match &self.0.database {
            Database::Postgres(it) => it.close().await,
            Database::Sqlite(it) => it.close().await,
        }
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    pub(crate) fn place(&self) -> &Place {
        &self.0.place
    }

    pub(crate) fn caches(&self) -> &Caches {
        &self.0.caches
    }

    pub(crate) fn database(&self) -> &Database {
        &self.0.database
    }

    /// A statement to be built for this database.
    pub(crate) fn sql(&self) -> sql::Sql {
        sql::Sql::new(if self.is_postgres() {
            sql::Dialect::Postgres
        } else {
            sql::Dialect::Sqlite
        })
    }

    /// Runs a plain statement and reads its rows; on SQLite over the writer if it writes.
    pub(crate) async fn fetch<T: sql::FromBoth>(&self, sql: sql::Sql) -> Result<Vec<T>, Error> {
        self.count_statement();
        match &self.0.database {
            Database::Postgres(it) => it.fetch(sql).await,
            Database::Sqlite(it) => it.fetch(sql).await,
        }
    }

    /// Runs a plain statement for its effect; the number of rows it touched.
    pub(crate) async fn execute(&self, sql: sql::Sql) -> Result<u64, Error> {
        self.count_statement();
        match &self.0.database {
            Database::Postgres(it) => it.execute(sql).await,
            Database::Sqlite(it) => it.execute(sql).await,
        }
    }

    /// A transaction that writes, inside one tenant. Commit it; dropped, it is rolled back.
    pub(crate) async fn tenant_txn(&self, tenant: &Tenant) -> Result<DatabaseTransaction, Error> {
        self.count_statement();
        match &self.0.database {
            Database::Postgres(it) => it.tenant_txn(tenant).await,
            Database::Sqlite(it) => it.begin_immediate().await,
        }
    }

    /// A transaction that reads, inside one tenant: on SQLite from the readers' pool.
    pub(crate) async fn tenant_read(&self, tenant: &Tenant) -> Result<DatabaseTransaction, Error> {
        self.count_statement();
        match &self.0.database {
            Database::Postgres(it) => it.tenant_txn(tenant).await,
            Database::Sqlite(it) => Ok(it.reader().begin().await?),
        }
    }

    /// A transaction over every tenant, that writes.
    pub(crate) async fn operator_txn(&self, _: &Operator) -> Result<DatabaseTransaction, Error> {
        match &self.0.database {
            Database::Postgres(it) => it.operator_txn().await,
            Database::Sqlite(it) => it.begin_immediate().await,
        }
    }
}
