//! What only SQLite has: one file in a data directory, one writer, a few readers.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sea_orm::{
    DatabaseConnection, DatabaseTransaction, SqliteTransactionMode, SqlxSqliteConnector,
    TransactionOptions, TransactionTrait,
};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, Sqlite as Driver, SqlitePool, Transaction};

use crate::error::Error;
use crate::migration;
use crate::sql::{FromBoth, Sql};

const ACQUIRE: Duration = Duration::from_secs(5);
const READERS: u32 = 4;

pub(crate) struct Sqlite {
    write: SqlitePool,
    read: SqlitePool,
    writer: DatabaseConnection,
    reader: DatabaseConnection,
}

/// The data directory, or a file in it, names the file.
pub(crate) fn file(data: &Path) -> PathBuf {
    if data.extension().is_some_and(|it| it == "db") {
        data.to_owned()
    } else {
        data.join("wireline.db")
    }
}

fn options(data: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file(data))
        .journal_mode(SqliteJournalMode::Wal)
        // An acknowledged write survives the machine, not only the process.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(ACQUIRE)
        .pragma("cache_size", "-8192")
        .pragma("temp_store", "memory")
        .disable_statement_logging()
}

impl Sqlite {
    pub(crate) async fn open(data: &Path) -> Result<Self, Error> {
        if !file(data).exists() {
            return migration::refuse_if_behind(&[]).map(|()| unreachable!("migrations exist"));
        }
        let pool = |connections| {
            SqlitePoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(ACQUIRE)
                .test_before_acquire(false)
                .max_lifetime(None)
                .idle_timeout(None)
        };
        let write = pool(1).connect_with(options(data)).await?;
        migration::refuse_if_behind(&migration::applied_sqlite(&write).await?)?;
        let read = pool(READERS).connect_lazy_with(options(data).read_only(true));
        Ok(Self {
            writer: SqlxSqliteConnector::from_sqlx_sqlite_pool(write.clone()),
            reader: SqlxSqliteConnector::from_sqlx_sqlite_pool(read.clone()),
            write,
            read,
        })
    }

    pub(crate) async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }

    pub(crate) fn write_pool(&self) -> SqlitePool {
        self.write.clone()
    }

    pub(crate) fn reader(&self) -> &DatabaseConnection {
        &self.reader
    }

    pub(crate) async fn fetch<T: FromBoth>(&self, sql: Sql) -> Result<Vec<T>, Error> {
        let pool = if sql.writes() { &self.write } else { &self.read };
        let (text, arguments) = sql.for_sqlite()?;
        Ok(sqlx::query_as_with(AssertSqlSafe(text), arguments).fetch_all(pool).await?)
    }

    pub(crate) async fn execute(&self, sql: Sql) -> Result<u64, Error> {
        let (text, arguments) = sql.for_sqlite()?;
        let done = sqlx::query_with(AssertSqlSafe(text), arguments).execute(&self.write).await?;
        Ok(done.rows_affected())
    }

    /// A copy as of one moment in a new file, which may not be there yet.
    pub(crate) async fn backup(&self, file: &Path) -> Result<(), Error> {
        let mut new = std::fs::OpenOptions::new();
        new.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut new, 0o600);
        drop(new.open(file).map_err(sqlx::Error::Io)?);
        // Into an empty file is as good as into none.
        let name = file.display().to_string();
        sqlx::query("vacuum into $1").bind(name).execute(&self.write).await?;
        Ok(())
    }

    /// Every transaction that writes takes the lock at once: one that begins by reading and
    /// writes later fails under load whatever its time-out.
    pub(crate) async fn begin_immediate(&self) -> Result<DatabaseTransaction, Error> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        Ok(self.writer.begin_with_options(options).await?)
    }

    /// The same for plain statements.
    pub(crate) async fn begin_plain(&self) -> Result<Transaction<'static, Driver>, Error> {
        Ok(self.write.begin_with("begin immediate").await?)
    }
}

/// Makes the data directory and applies what is missing, on one connection: others would keep
/// the old schema.
pub(crate) async fn migrate(data: &Path) -> Result<Vec<String>, Error> {
    let file = file(data);
    if let Some(directory) = file.parent() {
        make_private(directory)?;
    }
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .connect_with(options(data).create_if_missing(true))
        .await?;
    let database = SqlxSqliteConnector::from_sqlx_sqlite_pool(pool.clone());
    let applied = migration::up(&database).await?;
    pool.close().await;
    Ok(applied)
}

/// Mode 0700 for a directory that we make; one that is there keeps the mode its owner chose.
pub(crate) fn make_private(directory: &Path) -> Result<(), Error> {
    if directory.as_os_str().is_empty() || directory.is_dir() {
        return Ok(());
    }
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory).map_err(|error| sqlx::Error::Io(error).into())
}
