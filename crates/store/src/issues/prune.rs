//! What ends by itself: mutes whose time is over, and issues that nobody has seen for long.

use chrono::{DateTime, Utc};
use domain::issue::{State, TREND_DAYS};
use metrics::counter;

use super::count::day;
use super::review::lock;
use super::transition::{self, Change};
use crate::error::Error;
use crate::tenant::{Operator, Tenant};
use crate::{Store, cell, tenant};

/// Opens issues whose mute is over by time, at most `limit` of all workspaces; how many.
pub async fn end_mutes(
    store: &Store,
    operator: &Operator,
    limit: u32,
    now: DateTime<Utc>,
) -> Result<u64, Error> {
    let now = domain::time::to_millis(now);
    let mut sql = store.sql();
    sql.push("select w.workspace_id, t.pk from sync_issues t ");
    sql.push("join workspaces w on w.pk = t.workspace_pk where ");
    sql.gate_as("enter_operator", "on".to_owned());
    sql.push("t.state = 'muted' and t.muted_until is not null and t.muted_until <= ").time(now);
    sql.push(" order by t.muted_until limit ").number(limit.into());
    let mut ended = 0;
    for (workspace, pk) in store.fetch::<(uuid::Uuid, i64)>(sql).await? {
        let tenant = match tenant::of(store, operator, &workspace.to_string()).await {
            Ok(tenant) => tenant,
            // Erased meanwhile.
            Err(Error::NotFound(_)) => continue,
            Err(error) => return Err(error),
        };
        ended += u64::from(end_mute(store, &tenant, pk, now).await?);
    }
    Ok(ended)
}

/// False: others have ended it, or muted it for longer.
async fn end_mute(
    store: &Store,
    tenant: &Tenant,
    issue_pk: i64,
    at: DateTime<Utc>,
) -> Result<bool, Error> {
    let txn = store.tenant_txn(tenant).await?;
    let Some(locked) = lock(store, &txn, tenant, issue_pk).await? else { return Ok(false) };
    let Some((to, cause)) = locked.standing.waited(at) else { return Ok(false) };
    let change = Change {
        tenant,
        issue_pk,
        from: State::Muted,
        to,
        cause,
        is_person: false,
        run: None,
        mapping_version: None,
        note: None,
        at,
    };
    transition::write(&txn, store.sql().dialect, &change).await?;
    txn.commit().await?;
    Ok(true)
}

/// Issues of a connector that no row was counted for since twice the retention: their rows have been
/// gone for as long as they were kept. And days beyond what a trend tells.
pub(crate) async fn prune(
    store: &Store,
    tenant: &Tenant,
    connector_pk: i64,
    now: DateTime<Utc>,
) -> Result<u64, Error> {
    let cutoff = tenant.retention.cutoff(now);
    let before = domain::time::to_millis(cutoff - (now - cutoff));
    let mut sql = store.sql().writing();
    sql.push("delete from sync_issue_days");
    cell::of_tenant(&mut sql, tenant, "workspace_pk");
    sql.push(" and fingerprint in (select fingerprint from sync_issues");
    cell::of_tenant(&mut sql, tenant, "workspace_pk");
    sql.push(" and workspace_connector_pk = ").number(connector_pk);
    sql.push(") and (day < ").text_bind(day(now - chrono::Duration::days(TREND_DAYS * 2)));
    sql.push(" or day < ").text_bind(day(before)).push(")");
    store.execute(sql).await?;
    let mut sql = store.sql().writing();
    sql.push("delete from sync_issues");
    cell::of_tenant(&mut sql, tenant, "workspace_pk");
    sql.push(" and workspace_connector_pk = ").number(connector_pk);
    sql.push(" and last_seen_at < ").time(before);
    let gone = store.execute(sql).await?;
    counter!("wireline_issues_pruned_total").increment(gone);
    Ok(gone)
}
