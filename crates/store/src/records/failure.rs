//! Why the database refused an entity.

use sea_orm::{DbErr, RuntimeErr};

use super::FailedRow;
use crate::Error;

/// A row's content is at fault, not the connection, the statement or the connector.
pub(super) fn is_of_a_row(error: &Error) -> bool {
    let Error::Database { sqlstate: Some(code), .. } = error else { return false };
    match code.as_str() {
        // The connector is gone: no row of it can be written.
        "23503" | "787" => false,
        // SQLite: CHECK, NOT NULL, UNIQUE, too big, wrong type.
        "275" | "1299" | "2067" | "1555" | "18" | "20" => true,
        // PostgreSQL: data, integrity, limits (an index row too large).
        state => state.len() == 5 && ["22", "23", "54"].iter().any(|it| state.starts_with(it)),
    }
}

pub(super) fn failure(index: usize, error: &Error) -> FailedRow {
    let Error::Database { source, sqlstate, constraint } = error else {
        unreachable!("only database errors are of a row");
    };
    let driver = match source.downcast_ref::<DbErr>() {
        Some(DbErr::Exec(RuntimeErr::SqlxError(it)) | DbErr::Query(RuntimeErr::SqlxError(it))) => {
            it.as_database_error().map(|it| it.message().to_owned())
        }
        Some(_) | None => None,
    };
    FailedRow {
        index,
        sqlstate: sqlstate.clone(),
        constraint: constraint.as_deref().map(named),
        message: driver.unwrap_or_else(|| error.to_string()),
    }
}

/// SQLite names the columns of a unique index instead of the index.
fn named(constraint: &str) -> String {
    match constraint.rsplit(", ").next().and_then(|it| it.split_once('.')) {
        Some((table, column)) => format!("{table}_{column}_key"),
        None => constraint.to_owned(),
    }
}

pub(super) fn unstorable(index: usize) -> FailedRow {
    FailedRow {
        index,
        sqlstate: Some("22021".to_owned()),
        constraint: None,
        message: "a text holds a NUL character".to_owned(),
    }
}
