//! Reading: one row, a page, and what is newer than a stream has seen.

use chrono::{DateTime, Utc};
use domain::Diagnostic;
use domain::id::DiagnosticId;

use super::filter::{self, sort_column, sort_key};
use super::row::{COLUMNS, Row};
use super::{days, resolve};
use crate::Store;
use crate::error::Error;
use crate::query::{Mark, Query, Slice};
use crate::sql::Bind;
use crate::tenant::Tenant;

pub async fn find(
    store: &Store,
    tenant: &Tenant,
    id: DiagnosticId,
    now: DateTime<Utc>,
) -> Result<Diagnostic, Error> {
    let mut sql = select(store);
    filter::live(&mut sql, tenant, now);
    sql.push(" and diagnostic_id = ").bind(Bind::Id(id.0));
    let rows = store.fetch::<Row>(sql).await?;
    resolve::diagnostic(store, tenant, rows).await
}

/// A page, newest first unless asked otherwise.
pub async fn list(
    store: &Store,
    tenant: &Tenant,
    query: &Query,
    now: DateTime<Utc>,
) -> Result<Slice<Diagnostic>, Error> {
    let (sort, descending) = query.sort_or("occurred_at");
    let mut sql = select(store);
    filter::live_of(&mut sql, tenant, query, now);
    filter::asked(store, tenant, &mut sql, query).await?;
    sql.page(sort_column(sort), "pk", descending, &query.page);
    let rows = store.fetch::<Row>(sql).await?;
    let found = resolve::diagnostics(store, tenant, rows).await?;
    let marked = found.into_iter().map(|(it, pk)| {
        let key = sort_key(sort, it.reason, it.occurred_at, it.created_at);
        (it, Mark { key, pk })
    });
    let mut slice = Slice::of(marked.collect(), &query.page);
    if query.page.total {
        slice.total = Some(count(store, tenant, query, now).await?);
    }
    Ok(slice)
}

/// How many rows a query matches, whatever its page.
async fn count(
    store: &Store,
    tenant: &Tenant,
    query: &Query,
    now: DateTime<Utc>,
) -> Result<u64, Error> {
    let mut sql = store.sql();
    sql.push("select cast(coalesce(sum(n), 0) as bigint) from ");
    days::counted(store, tenant, &mut sql, query, now).await?;
    let counted = store.fetch::<(i64,)>(sql).await?;
    Ok(counted.first().map_or(0, |it| it.0.unsigned_abs()))
}

/// Rows committed after the one whose key is given, in the order of their keys, for streams. None
/// is left out: on PostgreSQL a row waits until no open transaction can add a smaller key.
#[expect(clippy::too_many_arguments, reason = "who, what, from where, how many, when")]
pub async fn newer(
    store: &Store,
    tenant: &Tenant,
    query: &Query,
    after_pk: i64,
    limit: u16,
    now: DateTime<Utc>,
) -> Result<Vec<(Diagnostic, i64)>, Error> {
    let settled = settled(store).await?;
    let mut sql = select(store);
    filter::live(&mut sql, tenant, now);
    sql.push(" and pk > ").number(after_pk).push(" and pk <= ").number(settled);
    filter::asked(store, tenant, &mut sql, query).await?;
    sql.push(" order by pk limit ").number(limit.into());
    let rows = store.fetch::<Row>(sql).await?;
    resolve::diagnostics(store, tenant, rows).await
}

/// The key below which nothing can appear any more. Asked before the rows are: a snapshot taken
/// earlier could miss a row whose writer has ended meanwhile.
async fn settled(store: &Store) -> Result<i64, Error> {
    if !store.is_postgres() {
        // One writer: keys appear in their order.
        return Ok(i64::MAX);
    }
    let mut sql = store.sql();
    sql.push("select core_api.settled()");
    Ok(store.fetch::<(i64,)>(sql).await?.first().map_or(0, |it| it.0))
}

fn select(store: &Store) -> crate::sql::Sql {
    let mut sql = store.sql();
    sql.push("select ").push(COLUMNS).push(" from connector_sync_diagnostics");
    sql
}
