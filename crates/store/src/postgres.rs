//! What only PostgreSQL has: roles, lanes for hot statements, the tenant setting.
//!
//! A lane is a connection that hot statements use one at a time. The driver's own pool sends a
//! message on every release (`ping`), which doubles the round trips of a one-statement request;
//! lanes do not. Everything else goes through the pool.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::connector::Secret;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, SqlxPostgresConnector,
    Statement, TransactionTrait,
};
use sqlx::postgres::{PgArguments, PgConnectOptions, PgPoolOptions, PgRow};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, SqlSafeStr};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout};

use crate::error::Error;
use crate::migration;
use crate::sql::{FromBoth, Sql};
use crate::tenant::Tenant;

pub(crate) const SCHEMA: &str = "core_api";
/// Owns nothing; what the service runs as.
pub(crate) const ROLE: &str = "wireline_service";

/// To get a connection, waiting and connecting included.
const ACQUIRE: Duration = Duration::from_secs(5);
/// For one statement on the client's side; the server gives up a little before.
const STATEMENT: Duration = Duration::from_secs(35);
/// A lane idle for longer is asked whether it lives before a statement is trusted to it.
const TRUSTED: Duration = Duration::from_secs(1);

/// A statement of a lane is planned once, for any values: planning costs more than most of them
/// do. Such a plan knows an average connector only, and would gather and sort all its rows rather
/// than walk an index in the order of the page, which is ruin for the connector with a million.
/// Sorting stays possible where no index has the order.
const LANE_SETTINGS: [(&str, &str); 3] = [
    ("plan_cache_mode", "force_generic_plan"),
    ("enable_bitmapscan", "off"),
    ("enable_sort", "off"),
];

pub(crate) struct Postgres {
    lanes: Lanes,
    pool: DatabaseConnection,
}

struct Lanes {
    options: PgConnectOptions,
    idle: Mutex<Vec<(PgConnection, Instant)>>,
    permits: Semaphore,
    closed: AtomicBool,
}

/// A connection out of its lane. It goes back only by [`Lane::put_back`]: one whose statement was
/// given up half-way is closed, its answer would be read by the next.
struct Lane<'a> {
    lanes: &'a Lanes,
    connection: PgConnection,
    reused: bool,
    _permit: SemaphorePermit<'a>,
}

pub(crate) fn check_url(url: &str) -> Result<(), Error> {
    url.parse::<PgConnectOptions>().map(|_| ()).map_err(Error::from)
}

fn options(url: &Secret) -> Result<PgConnectOptions, Error> {
    let options: PgConnectOptions = url.expose().parse()?;
    Ok(options
        .disable_statement_logging()
        .application_name("wireline")
        .options([("search_path", SCHEMA), ("jit", "off")]))
}

fn service_options(url: &Secret) -> Result<PgConnectOptions, Error> {
    let options = options(url)?.options([
        ("statement_timeout", "30s"),
        ("lock_timeout", "5s"),
        ("idle_in_transaction_session_timeout", "60s"),
    ]);
    Ok(if options.get_username() == ROLE { options } else { options.options([("role", ROLE)]) })
}

impl Postgres {
    pub(crate) async fn open(url: &Secret, connections: u32) -> Result<Self, Error> {
        let options = service_options(url)?;
        let pool = PgPoolOptions::new()
            .max_connections((connections / 2).max(1))
            .acquire_timeout(ACQUIRE)
            .max_lifetime(None)
            .connect_lazy_with(options.clone());
        let options = options.options(LANE_SETTINGS);
        let lanes = Lanes {
            options,
            idle: Mutex::new(Vec::new()),
            permits: Semaphore::new(connections.max(1) as usize),
            closed: AtomicBool::new(false),
        };
        let mut lane = lanes.take().await?;
        migration::refuse_if_behind(&migration::applied_postgres(&mut lane.connection).await?)?;
        lane.put_back();
        Ok(Self { lanes, pool: SqlxPostgresConnector::from_sqlx_postgres_pool(pool) })
    }

    pub(crate) fn pool(&self) -> sqlx::PgPool {
        self.pool.get_postgres_connection_pool().clone()
    }

    pub(crate) async fn close(&self) {
        self.lanes.close().await;
        // Nothing is left to be told of a pool that closes badly.
        self.pool.get_postgres_connection_pool().close().await;
    }

    pub(crate) async fn fetch<T: FromBoth>(&self, sql: Sql) -> Result<Vec<T>, Error> {
        let may_retry = !sql.writes();
        let (text, arguments) = sql.for_postgres()?;
        let text = AssertSqlSafe(text).into_sql_str();
        let mut lane = self.lanes.take().await?;
        let retry = (may_retry && lane.reused).then(|| (text.clone(), arguments.clone()));
        let query = sqlx::query_with(text, arguments);
        let rows = in_time(query.fetch_all(&mut lane.connection)).await;
        // The server may have gone away while the lane lay idle: once more, on a new one.
        let is_gone = rows.as_ref().is_err_and(|it| is_broken(it) && !is_late(it));
        let rows = self.settle(lane, rows);
        match retry.filter(|_| is_gone) {
            Some((text, arguments)) => read(self.fetch_with(text, arguments).await?),
            None => read(rows?),
        }
    }

    /// Rows of a statement that is not tried twice.
    pub(crate) async fn fetch_with(
        &self,
        text: impl SqlSafeStr,
        arguments: PgArguments,
    ) -> Result<Vec<PgRow>, Error> {
        let mut lane = self.lanes.take().await?;
        let query = sqlx::query_with(text, arguments);
        let rows = in_time(query.fetch_all(&mut lane.connection)).await;
        self.settle(lane, rows)
    }

    pub(crate) async fn execute(&self, sql: Sql) -> Result<u64, Error> {
        let (text, arguments) = sql.for_postgres()?;
        let mut lane = self.lanes.take().await?;
        let query = sqlx::query_with(AssertSqlSafe(text), arguments);
        let done = in_time(query.execute(&mut lane.connection)).await;
        Ok(self.settle(lane, done)?.rows_affected())
    }

    /// Puts the lane back, unless its connection broke: then no idle one is trusted either.
    fn settle<T>(&self, lane: Lane<'_>, result: Result<T, sqlx::Error>) -> Result<T, Error> {
        match &result {
            Err(error) if is_broken(error) => {
                drop(lane);
                self.lanes.clear();
            }
            Ok(_) | Err(_) => lane.put_back(),
        }
        result.map_err(Error::from)
    }

    pub(crate) async fn tenant_txn(&self, tenant: &Tenant) -> Result<DatabaseTransaction, Error> {
        self.txn_with("wireline.tenants", tenant.entry()).await
    }

    pub(crate) async fn operator_txn(&self) -> Result<DatabaseTransaction, Error> {
        self.txn_with("wireline.operator", "on".to_owned()).await
    }

    async fn txn_with(&self, setting: &str, value: String) -> Result<DatabaseTransaction, Error> {
        let txn = self.pool.begin().await?;
        txn.execute_raw(Statement::from_sql_and_values(
            DbBackend::Postgres,
            "select set_config($1, $2, true)",
            [setting.into(), value.into()],
        ))
        .await?;
        Ok(txn)
    }
}

impl Lanes {
    async fn take(&self) -> Result<Lane<'_>, Error> {
        let lane = timeout(ACQUIRE, async {
            let permit = self
                .permits
                .acquire()
                .await
                .map_err(|_closed| Error::from(sqlx::Error::PoolClosed))?;
            if let Some(connection) = self.living().await {
                return Ok(Lane { lanes: self, connection, reused: true, _permit: permit });
            }
            let connection = self.options.connect().await?;
            Ok(Lane { lanes: self, connection, reused: false, _permit: permit })
        });
        lane.await.unwrap_or_else(|_| Err(sqlx::Error::PoolTimedOut.into()))
    }

    async fn living(&self) -> Option<PgConnection> {
        loop {
            let (mut connection, since) = self.idle().pop()?;
            if since.elapsed() < TRUSTED {
                return Some(connection);
            }
            match timeout(TRUSTED, connection.ping()).await {
                Ok(Ok(())) => return Some(connection),
                // Its neighbours lay idle for longer: they are asked as well.
                Ok(Err(_)) | Err(_) => drop(connection),
            }
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<(PgConnection, Instant)>> {
        self.idle.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// After one broke, none is trusted.
    fn clear(&self) {
        self.idle().clear();
    }

    async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.permits.close();
        let idle = std::mem::take(&mut *self.idle());
        for (connection, _) in idle {
            if let Err(error) = connection.close().await {
                tracing::debug!(%error, "a connection did not close in good order");
            }
        }
    }
}

impl Lane<'_> {
    fn put_back(self) {
        if !self.lanes.closed.load(Ordering::Acquire) {
            self.lanes.idle().push((self.connection, Instant::now()));
        }
    }
}

fn read<T: FromBoth>(rows: Vec<PgRow>) -> Result<Vec<T>, Error> {
    rows.iter().map(|row| T::from_row(row).map_err(Error::from)).collect()
}

async fn in_time<T>(
    statement: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    timeout(STATEMENT, statement).await.unwrap_or_else(|_| Err(sqlx::Error::PoolTimedOut))
}

/// The connection, not the statement, is at fault.
fn is_broken(error: &sqlx::Error) -> bool {
    match error.as_database_error() {
        Some(it) => {
            it.code().is_some_and(|code| code.starts_with("57P0") || code.starts_with("08"))
        }
        None => matches!(
            error,
            sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::Protocol(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::WorkerCrashed
        ),
    }
}

/// Our own time ran out: another try would double it.
fn is_late(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::PoolTimedOut)
}

/// Creates schema and role as the owner, applies what is missing, grants what the service needs.
pub(crate) async fn migrate(url: &Secret) -> Result<Vec<String>, Error> {
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(ACQUIRE)
        .connect_with(options(url)?)
        .await?;
    pool.execute(AssertSqlSafe(migration::tenancy::before())).await?;
    let database = SqlxPostgresConnector::from_sqlx_postgres_pool(pool.clone());
    let applied = migration::up(&database).await?;
    pool.execute(AssertSqlSafe(migration::tenancy::grants())).await?;
    pool.close().await;
    Ok(applied)
}
