//! Counts for charts: how many rows of a query have each value.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::{Class, Reason};
use sqlx::{ColumnIndex, Decode, FromRow};

use super::counts::coded;
use super::{days, resolve};
use crate::Store;
use crate::error::Error;
use crate::query::Query;
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
    key: Option<i64>,
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
            key: row.try_get_unchecked(1)?,
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
    // A class is a set of reasons: counted as these, added up here.
    let (text, key) = match facet {
        Facet::Reason | Facet::Class => ("null", "r"),
        Facet::TargetModel => ("m", "null"),
        Facet::WorkspaceConnector => ("null", "k"),
        Facet::Day => ("d", "null"),
        Facet::ToolName => ("t", "null"),
    };
    let mut sql = store.sql();
    sql.push("select cast(").push(text).push(" as text), cast(").push(key);
    sql.push(" as bigint), cast(sum(n) as bigint) from ");
    days::counted(store, tenant, &mut sql, query, now).await?;
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
        Facet::TargetModel | Facet::ToolName => counted.into_iter().map(plain).collect(),
        Facet::Reason => reasons(counted),
        Facet::Day => {
            let mut days: Vec<FacetCount> = counted.into_iter().map(plain).collect();
            days.sort_by(|a, b| a.value.cmp(&b.value));
            days
        }
        Facet::Class => classes(counted),
        Facet::WorkspaceConnector => {
            let pks: Vec<i64> = counted.iter().filter_map(|it| it.key).collect();
            resolve::know_connectors(store, tenant, pks.into_iter()).await?;
            let named = counted.into_iter().filter_map(|it| {
                let id = resolve::connector_id(store, it.key?)?;
                Some(FacetCount { value: Some(id.to_string()), count: it.count.unsigned_abs() })
            });
            named.collect()
        }
    })
}

/// The most frequent first, and of two that are as frequent the one whose word comes first. One that is not
/// known to this binary has no word.
fn reasons(counted: Vec<Counted>) -> Vec<FacetCount> {
    let named = counted.into_iter().map(|it| {
        let reason = it.key.and_then(|it| coded(Reason::ALL, it));
        FacetCount { value: reason.map(|it| it.to_string()), count: it.count.unsigned_abs() }
    });
    let mut values: Vec<FacetCount> = named.collect();
    values.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
    values
}

fn classes(counted: Vec<Counted>) -> Vec<FacetCount> {
    let mut sums: BTreeMap<Class, u64> = BTreeMap::new();
    for it in counted {
        // A reason that is not known to this binary is a failure: default deny.
        let reason = it.key.and_then(|it| coded(Reason::ALL, it));
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
