//! Counts for charts: how many rows of a query have each value.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::{Class, Reason};
use sqlx::{ColumnIndex, Decode, FromRow};

use super::{filter, resolve};
use crate::Store;
use crate::error::Error;
use crate::query::Query;
use crate::sql::Dialect;
use crate::tenant::Tenant;

domain::words! {
    /// By what rows are counted.
    Facet, "facet" {
        Reason = "reason",
        TargetModel = "target_model",
        WorkspaceConnector = "workspace_connector",
        Day = "day",
        Class = "class",
        ToolName = "tool_name",
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FacetCounts {
    pub facet: Facet,
    /// The most frequent first; days in their order.
    pub values: Vec<FacetCount>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FacetCount {
    /// None: rows without a value.
    pub value: Option<String>,
    pub count: u64,
}

/// A value as the database groups by it.
struct Counted {
    text: Option<String>,
    pk: Option<i64>,
    count: i64,
}

impl<'r, R: sqlx::Row> FromRow<'r, R> for Counted
where
    usize: ColumnIndex<R>,
    i64: Decode<'r, R::Database>,
    String: Decode<'r, R::Database>,
{
    fn from_row(row: &'r R) -> Result<Self, sqlx::Error> {
        Ok(Self {
            text: row.try_get_unchecked(0)?,
            pk: row.try_get_unchecked(1)?,
            count: row.try_get_unchecked(2)?,
        })
    }
}

/// One statement a facet, over every row that the query matches, whatever its page.
pub async fn facets(
    store: &Store,
    tenant: &Tenant,
    by: &[Facet],
    query: &Query,
    now: DateTime<Utc>,
) -> Result<Vec<FacetCounts>, Error> {
    let mut all = Vec::with_capacity(by.len());
    for facet in by {
        let counted = count(store, tenant, *facet, query, now).await?;
        all.push(FacetCounts {
            facet: *facet,
            values: values(store, tenant, *facet, counted).await?,
        });
    }
    Ok(all)
}

async fn count(
    store: &Store,
    tenant: &Tenant,
    facet: Facet,
    query: &Query,
    now: DateTime<Utc>,
) -> Result<Vec<Counted>, Error> {
    let mut sql = store.sql();
    let day = match sql.dialect {
        Dialect::Postgres => "to_char(occurred_at at time zone 'UTC', 'YYYY-MM-DD')",
        Dialect::Sqlite => "substr(occurred_at, 1, 10)",
    };
    // A class is a set of reasons: counted as these, added up here.
    let (text, pk) = match facet {
        Facet::Reason | Facet::Class => ("cast(reason as text)", "null"),
        Facet::TargetModel => ("cast(target_model as text)", "null"),
        Facet::WorkspaceConnector => ("null", "workspace_connector_pk"),
        Facet::Day => (day, "null"),
        Facet::ToolName => ("tool_name", "null"),
    };
    sql.push("select cast(").push(text).push(" as text), cast(").push(pk);
    sql.push(" as bigint), count(*) from connector_sync_diagnostics");
    filter::live(&mut sql, tenant, now);
    filter::asked(store, tenant, &mut sql, query).await?;
    sql.push(" group by 1, 2 order by 3 desc, 1, 2 limit 4000");
    store.fetch(sql).await
}

async fn values(
    store: &Store,
    tenant: &Tenant,
    facet: Facet,
    counted: Vec<Counted>,
) -> Result<Vec<FacetCount>, Error> {
    let plain = |it: Counted| FacetCount { value: it.text, count: it.count.unsigned_abs() };
    Ok(match facet {
        Facet::Reason | Facet::TargetModel | Facet::ToolName => {
            counted.into_iter().map(plain).collect()
        }
        Facet::Day => {
            let mut days: Vec<FacetCount> = counted.into_iter().map(plain).collect();
            days.sort_by(|a, b| a.value.cmp(&b.value));
            days
        }
        Facet::Class => classes(counted),
        Facet::WorkspaceConnector => {
            let pks: Vec<i64> = counted.iter().filter_map(|it| it.pk).collect();
            resolve::know_connectors(store, tenant, pks.into_iter()).await?;
            let named = counted.into_iter().filter_map(|it| {
                let id = resolve::connector_id(store, it.pk?)?;
                Some(FacetCount { value: Some(id.to_string()), count: it.count.unsigned_abs() })
            });
            named.collect()
        }
    })
}

fn classes(counted: Vec<Counted>) -> Vec<FacetCount> {
    let mut sums: BTreeMap<Class, u64> = BTreeMap::new();
    for it in counted {
        // A reason that is not known to this binary is a failure: default deny.
        let reason = it.text.and_then(|text| text.parse::<Reason>().ok());
        let class = reason.map_or(Class::Failure, Reason::class);
        *sums.entry(class).or_default() += it.count.unsigned_abs();
    }
    let mut values: Vec<FacetCount> = sums
        .into_iter()
        .map(|(class, count)| FacetCount { value: Some(class.to_string()), count })
        .collect();
    values.sort_by_key(|it| std::cmp::Reverse(it.count));
    values
}
