//! Plain SQL for both databases: text, binds, and the conditions of a [`Query`].
//!
//! The text depends on the shape of a query only, never on its values, so that a connection keeps
//! one prepared statement for each shape. Both databases read `$1`, row values, and
//! `is distinct from`; what differs is asked of [`Dialect`].

use std::fmt::Write;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseTransaction};
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments, FromRow};
use uuid::Uuid;

use crate::cell;
use crate::error::{Error, Source};
use crate::query::{Edge, Mark, Op, Page, Query, SortKey, Value};
use crate::tenant::Tenant;

/// Runs a plain statement inside a transaction and reads its rows.
pub(crate) async fn fetch_in<T: FromBoth>(
    txn: &DatabaseTransaction,
    sql: Sql,
) -> Result<Vec<T>, Error> {
    let rows = txn.query_all_raw(sql.for_txn()).await?;
    let read = rows.iter().map(|row| match (row.try_as_pg_row(), row.try_as_sqlite_row()) {
        (Some(row), _) => T::from_row(row),
        (None, Some(row)) => T::from_row(row),
        (None, None) => unreachable!("a row is of one of two databases"),
    });
    Ok(read.collect::<Result<_, sqlx::Error>>()?)
}

/// The same for its effect; the number of rows it touched.
pub(crate) async fn execute_in(txn: &DatabaseTransaction, sql: Sql) -> Result<u64, Error> {
    Ok(txn.execute_raw(sql.for_txn()).await?.rows_affected())
}

/// Rows that either database can give.
pub(crate) trait FromBoth:
    for<'r> FromRow<'r, PgRow> + for<'r> FromRow<'r, SqliteRow> + Send + Unpin + 'static
{
}

impl<T> FromBoth for T where
    T: for<'r> FromRow<'r, PgRow> + for<'r> FromRow<'r, SqliteRow> + Send + Unpin + 'static
{
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Postgres,
    Sqlite,
}

impl Dialect {
    /// The column of the tenant in a statement whose rows another key finds. SQLite, which does not know
    /// how many rows there are of each, would as soon walk those of the whole workspace.
    pub(crate) const fn beside_key(self) -> &'static str {
        match self {
            Self::Postgres => "workspace_pk",
            Self::Sqlite => "+workspace_pk",
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) enum Bind {
    Text(Option<String>),
    Number(Option<i64>),
    /// A `smallint` on PostgreSQL.
    Small(i16),
    Time(Option<DateTime<Utc>>),
    Id(Uuid),
    MaybeId(Option<Uuid>),
    Bytes(Vec<u8>),
    /// A list for [`Sql::any`].
    Texts(Vec<String>),
    Numbers(Vec<i64>),
    Smalls(Vec<i16>),
}

#[derive(Debug)]
pub(crate) struct Sql {
    pub(crate) dialect: Dialect,
    text: String,
    binds: Vec<Bind>,
    /// Goes to the one writer on SQLite, and is not tried again when its connection breaks.
    writes: bool,
}

impl Sql {
    pub(crate) fn new(dialect: Dialect) -> Self {
        Self { dialect, text: String::with_capacity(512), binds: Vec::new(), writes: false }
    }

    pub(crate) fn writing(mut self) -> Self {
        self.writes = true;
        self
    }

    pub(crate) fn writes(&self) -> bool {
        self.writes
    }

    pub(crate) fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    pub(crate) fn bind(&mut self, value: Bind) -> &mut Self {
        self.binds.push(value);
        self.put(format_args!("${}", self.binds.len()))
    }

    fn put(&mut self, text: std::fmt::Arguments<'_>) -> &mut Self {
        self.text.write_fmt(text).unwrap_or_else(|_| unreachable!("a string takes any text"));
        self
    }

    pub(crate) fn text_bind(&mut self, value: impl Into<String>) -> &mut Self {
        self.bind(Bind::Text(Some(value.into())))
    }

    pub(crate) fn number(&mut self, value: i64) -> &mut Self {
        self.bind(Bind::Number(Some(value)))
    }

    pub(crate) fn time(&mut self, value: DateTime<Utc>) -> &mut Self {
        self.bind(Bind::Time(Some(value)))
    }

    /// On PostgreSQL the gate of a tenant, evaluated once before any row is looked at: it sets
    /// what the row-level policies read, for this statement alone. Then ` and `.
    pub(crate) fn gate(&mut self, tenant: &Tenant) -> &mut Self {
        self.gate_as("enter", tenant.entry())
    }

    /// [`Self::gate`] by another function of `core_api`.
    pub(crate) fn gate_as(&mut self, function: &str, argument: String) -> &mut Self {
        if self.dialect == Dialect::Postgres {
            self.put(format_args!("(select core_api.{function}("));
            self.text_bind(argument).push(")) and ");
        }
        self
    }

    /// `column = any(list)`: one text for any length.
    pub(crate) fn any(&mut self, column: &str, list: Bind) -> &mut Self {
        match self.dialect {
            Dialect::Postgres => self.put(format_args!("{column} = any(")).bind(list).push(")"),
            Dialect::Sqlite => self
                .put(format_args!("{column} in (select value from json_each("))
                .bind(list)
                .push("))"),
        }
    }

    /// A word as the native enum it is on PostgreSQL.
    pub(crate) fn word(&mut self, word: &str, enumeration: &str) -> &mut Self {
        self.text_bind(word);
        match self.dialect {
            Dialect::Postgres => self.put(format_args!("::text::core_api.{enumeration}")),
            Dialect::Sqlite => self,
        }
    }

    /// The pattern of a text operator, compared without regard to case.
    pub(crate) fn like(&mut self, column: &str, op: Op, text: &str) -> &mut Self {
        let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        let pattern = match op {
            Op::StartsWith => format!("{escaped}%"),
            Op::EndsWith => format!("%{escaped}"),
            Op::Contains
            | Op::Eq
            | Op::Neq
            | Op::In
            | Op::Gt
            | Op::Gte
            | Op::Lt
            | Op::Lte
            | Op::IsNull => format!("%{escaped}%"),
        };
        let like = match self.dialect {
            Dialect::Postgres => "ilike",
            Dialect::Sqlite => "like",
        };
        self.put(format_args!("{column} {like} ")).text_bind(pattern).push(" escape '\\'")
    }

    /// `column op value` for operators that compare with one value. A null is unlike any value.
    pub(crate) fn compare(&mut self, column: &str, op: Op, value: Bind) -> &mut Self {
        let sign = match op {
            Op::Neq => "is distinct from",
            Op::Gt => ">",
            Op::Gte => ">=",
            Op::Lt => "<",
            Op::Lte => "<=",
            Op::Eq | Op::In | Op::Contains | Op::StartsWith | Op::EndsWith | Op::IsNull => "=",
        };
        self.put(format_args!("{column} {sign} ")).bind(value)
    }

    /// A condition on a column that stands for its field as it is.
    pub(crate) fn condition(&mut self, column: &str, op: Op, values: &[Value]) -> &mut Self {
        match (op, values) {
            (Op::IsNull, [Value::Bool(false)]) => self.put(format_args!("{column} is not null")),
            (Op::IsNull, _) => self.put(format_args!("{column} is null")),
            (Op::Contains | Op::StartsWith | Op::EndsWith, [Value::Text(text)]) => {
                self.like(column, op, text)
            }
            (_, [value]) => self.compare(column, op, value.bind()),
            (_, []) => self.push("1 = 0"),
            // Neither driver takes a list of ids as they are stored.
            (_, ids @ [Value::Id(_), ..]) => {
                cell::ids(self, column, ids.iter().filter_map(Value::id));
                self
            }
            (_, many) => self.any(column, Value::list(many)),
        }
    }

    /// `(sort, pk)` beyond the mark of a page, then order and limit. One row more than the page
    /// tells whether there is another. The limit is text, in few steps: a bound one would hide
    /// from the planner that only a page is wanted.
    pub(crate) fn page(&mut self, column: &str, pk: &str, descending: bool, page: &Page) {
        let (mark, backwards) = match &page.at {
            Some(Edge::After(mark)) => (Some(mark), false),
            Some(Edge::Before(mark)) => (Some(mark), true),
            None => (None, false),
        };
        let down = descending != backwards;
        if let Some(mark) = mark {
            let sign = if down { "<" } else { ">" };
            self.put(format_args!(" and ({column}, {pk}) {sign} ("))
                .bind(mark.bind())
                .push(", ")
                .number(mark.pk)
                .push(")");
        }
        let order = if down { "desc" } else { "asc" };
        let limit = [21, 51, 101, 201].into_iter().find(|it| page.size < *it).unwrap_or(501);
        self.put(format_args!(" order by {column} {order}, {pk} {order} limit {limit}"));
    }

    /// For a transaction of the other way to a row. Its lists are JSON on SQLite alone.
    pub(crate) fn for_txn(self) -> sea_orm::Statement {
        let backend = match self.dialect {
            Dialect::Postgres => sea_orm::DbBackend::Postgres,
            Dialect::Sqlite => sea_orm::DbBackend::Sqlite,
        };
        let binds = self.binds.into_iter().map(|bind| -> sea_orm::Value {
            match bind {
                Bind::Text(it) => it.into(),
                Bind::Number(it) => it.into(),
                Bind::Small(it) => it.into(),
                Bind::Time(it) => it.into(),
                Bind::Id(it) => it.into(),
                Bind::MaybeId(it) => it.into(),
                Bind::Bytes(it) => it.into(),
                Bind::Texts(it) => serde_json::json!(it).to_string().into(),
                Bind::Numbers(it) => serde_json::json!(it).to_string().into(),
                Bind::Smalls(it) => serde_json::json!(it).to_string().into(),
            }
        });
        sea_orm::Statement::from_sql_and_values(backend, self.text, binds.collect::<Vec<_>>())
    }

    pub(crate) fn for_postgres(self) -> Result<(String, PgArguments), Error> {
        let mut arguments = PgArguments::default();
        for bind in self.binds {
            match bind {
                Bind::Text(it) => arguments.add(it),
                Bind::Number(it) => arguments.add(it),
                Bind::Small(it) => arguments.add(it),
                Bind::Time(it) => arguments.add(it),
                Bind::Id(it) => arguments.add(it),
                Bind::MaybeId(it) => arguments.add(it),
                Bind::Bytes(it) => arguments.add(it),
                Bind::Texts(it) => arguments.add(it),
                Bind::Numbers(it) => arguments.add(it),
                Bind::Smalls(it) => arguments.add(it),
            }
            .map_err(unencodable)?;
        }
        Ok((self.text, arguments))
    }

    pub(crate) fn for_sqlite(self) -> Result<(String, SqliteArguments), Error> {
        let mut arguments = SqliteArguments::default();
        for bind in self.binds {
            match bind {
                Bind::Text(it) => arguments.add(it),
                Bind::Number(it) => arguments.add(it),
                Bind::Small(it) => arguments.add(it),
                Bind::Time(it) => arguments.add(it),
                Bind::Id(it) => arguments.add(it),
                Bind::MaybeId(it) => arguments.add(it),
                Bind::Bytes(it) => arguments.add(it),
                Bind::Texts(it) => arguments.add(sqlx::types::Json(it)),
                Bind::Numbers(it) => arguments.add(sqlx::types::Json(it)),
                Bind::Smalls(it) => arguments.add(sqlx::types::Json(it)),
            }
            .map_err(unencodable)?;
        }
        Ok((self.text, arguments))
    }
}

fn unencodable(source: Source) -> Error {
    Error::Database { source, sqlstate: None, constraint: None }
}

impl Value {
    pub(crate) fn bind(&self) -> Bind {
        match self {
            Self::Text(it) => Bind::Text(Some(it.clone())),
            Self::Number(it) => Bind::Number(Some(*it)),
            Self::Time(it) => Bind::Time(Some(*it)),
            Self::Id(it) => Bind::Id(*it),
            Self::Bool(it) => Bind::Number(Some(i64::from(*it))),
        }
    }

    /// A list of numbers or of words; ids are resolved before they come here.
    fn list(values: &[Self]) -> Bind {
        let numbers: Vec<i64> = values
            .iter()
            .filter_map(|it| match it {
                Self::Number(number) => Some(*number),
                Self::Text(_) | Self::Time(_) | Self::Id(_) | Self::Bool(_) => None,
            })
            .collect();
        if numbers.len() == values.len() {
            return Bind::Numbers(numbers);
        }
        Bind::Texts(values.iter().map(Self::word).collect())
    }

    /// The value as text.
    pub(crate) fn word(&self) -> String {
        match self {
            Self::Text(it) => it.clone(),
            Self::Number(it) => it.to_string(),
            Self::Time(it) => domain::time::rfc3339(*it),
            Self::Id(it) => it.to_string(),
            Self::Bool(it) => it.to_string(),
        }
    }
}

impl Mark {
    fn bind(&self) -> Bind {
        match &self.key {
            SortKey::Time(it) => Bind::Time(Some(*it)),
            SortKey::Number(it) => Bind::Number(Some(*it)),
            SortKey::Text(it) => Bind::Text(Some(it.clone())),
        }
    }
}

impl Query {
    /// The sort asked for, by name, or the table's own.
    pub(crate) fn sort_or(&self, own: &'static str) -> (&'static str, bool) {
        self.sort.map_or((own, true), |it| (it.field.name, it.descending))
    }
}
