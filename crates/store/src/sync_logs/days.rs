//! How many runs began on each day.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};

use crate::error::Error;
use crate::sql::Dialect;
use crate::{Store, Tenant, cell};

/// Runs of the workspace by day (UTC), from a time on.
pub async fn days(
    store: &Store,
    tenant: &Tenant,
    since: DateTime<Utc>,
) -> Result<BTreeMap<NaiveDate, u64>, Error> {
    let mut sql = store.sql();
    let day = match sql.dialect {
        Dialect::Postgres => "cast(cast(created_at at time zone 'UTC' as date) as text)",
        Dialect::Sqlite => "substr(created_at, 1, 10)",
    };
    sql.push("select ").push(day).push(", count(*) from workspace_connector_sync_logs");
    cell::of_tenant(&mut sql, tenant, "workspace_pk");
    sql.push(" and deleted_at is null and created_at >= ").time(domain::time::to_millis(since));
    sql.push(" group by 1");
    let rows = store.fetch::<(String, i64)>(sql).await?;
    let day = |(day, n): (String, i64)| Some((day.parse().ok()?, n.unsigned_abs()));
    Ok(rows.into_iter().filter_map(day).collect())
}
