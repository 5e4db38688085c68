//! The columns of a PostgreSQL row, read from their binary form.
//!
//! A page of fifty diagnostics has some seven hundred of them. The driver's own way compares and
//! clones a type for each, and takes times through three calendars; this one reads the bytes.
//! The statements that use it are prepared, and prepared statements answer in binary.

use chrono::{DateTime, Utc};
use sqlx::Row;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use crate::error::Source;

/// Microseconds from 1970 to 2000, where PostgreSQL counts from.
const EPOCH: i64 = 946_684_800_000_000;

#[derive(Clone, Copy)]
pub(crate) struct Raw<'r>(pub(crate) &'r PgRow);

impl<'r> Raw<'r> {
    fn bytes(self, column: usize) -> Result<Option<&'r [u8]>, sqlx::Error> {
        let value = self.0.try_get_raw(column)?;
        if sqlx::ValueRef::is_null(&value) {
            return Ok(None);
        }
        value.as_bytes().map(Some).map_err(sqlx::Error::Decode)
    }

    /// A column that is never null, by one of the readers below.
    pub(crate) fn some<T>(
        self,
        column: usize,
        read: impl Fn(Self, usize) -> Result<Option<T>, sqlx::Error>,
    ) -> Result<T, sqlx::Error> {
        read(self, column)?.ok_or_else(|| wrong("null in a column that has none".into()))
    }

    /// Text, or the word of a native enum.
    pub(crate) fn text(self, column: usize) -> Result<Option<&'r str>, sqlx::Error> {
        let text = self.bytes(column)?.map(std::str::from_utf8).transpose();
        text.map_err(|error| wrong(Box::new(error)))
    }

    pub(crate) fn string(self, column: usize) -> Result<Option<String>, sqlx::Error> {
        Ok(self.text(column)?.map(str::to_owned))
    }

    /// `bigint`.
    pub(crate) fn number(self, column: usize) -> Result<Option<i64>, sqlx::Error> {
        Ok(self.exactly(column)?.map(i64::from_be_bytes))
    }

    /// `integer`.
    pub(crate) fn integer(self, column: usize) -> Result<Option<i32>, sqlx::Error> {
        Ok(self.exactly(column)?.map(i32::from_be_bytes))
    }

    pub(crate) fn uuid(self, column: usize) -> Result<Option<Uuid>, sqlx::Error> {
        Ok(self.exactly(column)?.map(Uuid::from_bytes))
    }

    /// `timestamptz`.
    pub(crate) fn time(self, column: usize) -> Result<Option<DateTime<Utc>>, sqlx::Error> {
        let Some(micros) = self.number(column)? else { return Ok(None) };
        let time = micros.checked_add(EPOCH).and_then(DateTime::from_timestamp_micros);
        time.map(Some).ok_or_else(|| wrong("a time beyond the calendar".into()))
    }

    /// `jsonb`: its version, then the text.
    pub(crate) fn json(self, column: usize) -> Result<Option<serde_json::Value>, sqlx::Error> {
        match self.bytes(column)? {
            None => Ok(None),
            Some([1, text @ ..]) => {
                serde_json::from_slice(text).map(Some).map_err(|error| wrong(Box::new(error)))
            }
            Some(_) => Err(wrong("a jsonb of another version".into())),
        }
    }

    fn exactly<const N: usize>(self, column: usize) -> Result<Option<[u8; N]>, sqlx::Error> {
        let bytes = self.bytes(column)?.map(<[u8; N]>::try_from).transpose();
        bytes.map_err(|error| wrong(Box::new(error)))
    }
}

fn wrong(why: Source) -> sqlx::Error {
    sqlx::Error::Decode(why)
}
