//! Why the store could not do what was asked. The driver's error is a source, never in the text.

use std::error::Error as StdError;

use domain::diagnostic::Refusal;
use sea_orm::{DbErr, RuntimeErr};

/// The driver's own error, for the log.
pub type Source = Box<dyn StdError + Send + Sync>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Foreign, unknown, deleted and expired rows are one and the same.
    #[error("no such {0}")]
    NotFound(&'static str),
    #[error("another {what} has this {field}")]
    Conflict { what: &'static str, field: &'static str },
    /// Row `index` of a batch cannot be taken; 0 for a single one.
    #[error("row {index}: {} {}", refusal.attribute, refusal.detail)]
    Invalid { index: usize, refusal: Refusal },
    /// Transient: a connection, a lock, a serialization failure, a timeout. Worth another try.
    #[error("the database is busy or away")]
    Busy(#[source] Source),
    #[error("the database lacks {} migration(s) (first: {}); run `wireline migrate`",
        missing.len(), missing.first().map_or("none", String::as_str))]
    NotMigrated { missing: Vec<String> },
    /// A sealed value cannot be opened or made.
    #[error("cannot open a sealed value: {0}")]
    Sealed(&'static str),
    #[error("the database refused a statement")]
    Database {
        #[source]
        source: Source,
        sqlstate: Option<String>,
        /// The constraint's name; on SQLite what its message names, e.g. `workspaces.name`.
        constraint: Option<String>,
    },
}

/// What kind of constraint a statement broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broken {
    Unique,
    Foreign,
    Check,
}

impl Error {
    pub(crate) fn invalid(index: usize, attribute: &'static str, detail: &str) -> Self {
        Self::Invalid { index, refusal: Refusal { attribute, detail: detail.to_owned() } }
    }

    /// Names the member whose unique constraint the statement may have broken.
    pub(crate) fn or_conflict(self, what: &'static str, field: &'static str) -> Self {
        match self.broken() {
            Some(Broken::Unique) => Self::Conflict { what, field },
            Some(Broken::Foreign | Broken::Check) | None => self,
        }
    }

    pub(crate) fn broken(&self) -> Option<Broken> {
        let Self::Database { sqlstate: Some(code), .. } = self else { return None };
        match code.as_str() {
            // PostgreSQL's SQLSTATE; SQLite's extended result codes.
            "23505" | "2067" | "1555" => Some(Broken::Unique),
            "23503" | "787" | "1811" => Some(Broken::Foreign),
            "23514" | "23502" | "22P02" | "275" | "1299" => Some(Broken::Check),
            _ => None,
        }
    }

    fn of_driver(error: &sqlx::Error, source: Source) -> Self {
        let Some(database) = error.as_database_error() else {
            let is_transient = matches!(
                error,
                sqlx::Error::Io(_)
                    | sqlx::Error::Tls(_)
                    | sqlx::Error::PoolTimedOut
                    | sqlx::Error::PoolClosed
                    | sqlx::Error::WorkerCrashed
                    | sqlx::Error::Protocol(_)
            );
            return if is_transient {
                Self::Busy(source)
            } else {
                Self::Database { source, sqlstate: None, constraint: None }
            };
        };
        let code = database.code().map(|it| it.into_owned());
        if code.as_deref().is_some_and(is_transient) {
            return Self::Busy(source);
        }
        let constraint = database
            .constraint()
            .map(str::to_owned)
            .or_else(|| database.message().split_once("failed: ").map(|it| it.1.to_owned()));
        Self::Database { source, sqlstate: code, constraint }
    }
}

/// Lost connections, locks, deadlocks, time-outs, a server that starts or stops; SQLite's BUSY.
fn is_transient(code: &str) -> bool {
    code.starts_with("08")
        || code.starts_with("57P0")
        || matches!(
            code,
            "40001" | "40P01" | "55P03" | "57014" | "53300" | "25P03" | "5" | "6" | "261" | "517"
        )
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        // Classified before it is boxed: the box hides its type.
        match Self::of_driver(&error, Box::from("")) {
            Self::Busy(_) => Self::Busy(Box::new(error)),
            Self::Database { sqlstate, constraint, .. } => {
                Self::Database { source: Box::new(error), sqlstate, constraint }
            }
            other @ (Self::NotFound(_)
            | Self::Conflict { .. }
            | Self::Invalid { .. }
            | Self::NotMigrated { .. }
            | Self::Sealed(_)) => other,
        }
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        if matches!(error, DbErr::ConnectionAcquire(_)) {
            return Self::Busy(Box::new(error));
        }
        let (DbErr::Conn(RuntimeErr::SqlxError(driver))
        | DbErr::Exec(RuntimeErr::SqlxError(driver))
        | DbErr::Query(RuntimeErr::SqlxError(driver))) = &error
        else {
            return Self::Database { source: Box::new(error), sqlstate: None, constraint: None };
        };
        let driver = driver.clone();
        Self::of_driver(&driver, Box::new(error))
    }
}
