//! What a person says of an issue.

use chrono::{DateTime, Duration, Utc};
use domain::id::SyncIssueId;
use domain::issue::{Cause, State, Wish};
use sea_orm::DatabaseTransaction;

use super::review::{Locked, lock};
use super::transition::{self, Change};
use super::{Issue, find};
use crate::error::Error;
use crate::sql::{Bind, execute_in, fetch_in};
use crate::{Store, Tenant, cell};

/// A mute has an end that somebody lives to see.
const MUTE_MAX_DAYS: i64 = 366;

/// A change; `None` leaves a member as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Patch {
    pub wish: Option<Wish>,
    pub note: Option<Option<String>>,
}

/// Changes what the patch names, and writes down who did. Of two that ask for the same the second
/// changes nothing. A resolved issue cannot be muted, and a mute has its end ahead: else
/// [`Error::Invalid`].
pub async fn update(
    store: &Store,
    tenant: &Tenant,
    id: SyncIssueId,
    patch: &Patch,
    now: DateTime<Utc>,
) -> Result<Issue, Error> {
    let now = domain::time::to_millis(now);
    let txn = store.tenant_txn(tenant).await?;
    let mut sql = store.sql();
    sql.push("select pk from sync_issues");
    cell::of_tenant(&mut sql, tenant, "workspace_pk");
    sql.push(" and sync_issue_id = ").bind(Bind::Id(id.0));
    let pk = fetch_in::<(i64,)>(&txn, sql).await?.first().map(|it| it.0);
    let locked = match pk {
        Some(pk) => lock(store, &txn, tenant, pk).await?.map(|it| (pk, it)),
        None => None,
    };
    let (pk, locked) = locked.ok_or(Error::NotFound("sync_issue"))?;
    let note = patch.note.clone().filter(|it| *it != locked.note);
    let to = wished(&locked, patch.wish, now)?;
    if let Some(note) = &note {
        let mut sql = store.sql();
        sql.push("update sync_issues set note = ").bind(Bind::Text(note.clone()));
        sql.push(", updated_at = ").time(now);
        cell::of_tenant(&mut sql, tenant, "workspace_pk");
        sql.push(" and pk = ").number(pk);
        execute_in(&txn, sql).await?;
    }
    if to.is_some() || note.is_some() {
        let change = Change {
            tenant,
            issue_pk: pk,
            from: locked.standing.state,
            to: to.unwrap_or(locked.standing.state),
            cause: Cause::Person,
            is_person: true,
            run: None,
            mapping_version: locked.mapping_version,
            note: note.as_ref().and_then(Option::as_deref),
            at: now,
        };
        transition::write(&txn, store.sql().dialect, &change).await?;
        if to.is_some() {
            ends(store, &txn, tenant, (pk, &locked), patch.wish).await?;
        }
    }
    txn.commit().await?;
    store.told();
    find(store, tenant, id).await
}

/// The state that is asked for, unless it is the one that there is.
fn wished(locked: &Locked, wish: Option<Wish>, now: DateTime<Utc>) -> Result<Option<State>, Error> {
    let Some(wish) = wish else { return Ok(None) };
    let from = locked.standing.state;
    let Some(to) = wish.state(from) else {
        return Err(Error::invalid(0, "state", "a resolved issue is silent: it cannot be muted"));
    };
    let is_same = match wish {
        Wish::Mute { until, until_count } => {
            if until.is_some_and(|it| it <= now) {
                return Err(Error::invalid(0, "muted_until", "lies in the past"));
            }
            if until.is_some_and(|it| it > now + Duration::days(MUTE_MAX_DAYS)) {
                let detail = format!("is more than {MUTE_MAX_DAYS} days ahead");
                return Err(Error::invalid(0, "muted_until", &detail));
            }
            if until_count.is_some_and(|it| it <= locked.standing.count) {
                let detail = format!("is no more than the {} of now", locked.standing.count);
                return Err(Error::invalid(0, "muted_until_count", &detail));
            }
            let until = until.map(domain::time::to_millis);
            (locked.standing.muted_until, locked.standing.muted_until_count) == (until, until_count)
        }
        Wish::Resolve | Wish::Open => true,
    };
    Ok((from != to || !is_same).then_some(to))
}

/// When a mute ends; and the rate that a person has seen, which alone is no escalation any more.
async fn ends(
    store: &Store,
    txn: &DatabaseTransaction,
    tenant: &Tenant,
    (pk, locked): (i64, &Locked),
    wish: Option<Wish>,
) -> Result<(), Error> {
    let (until, until_count) = match wish {
        Some(Wish::Mute { until, until_count }) => (until, until_count),
        Some(Wish::Open) => (None, None),
        Some(Wish::Resolve) | None => return Ok(()),
    };
    let known = i64::try_from(locked.standing.hour_count).unwrap_or(i64::MAX);
    let until_count = until_count.map(|it| i64::try_from(it).unwrap_or(i64::MAX));
    let mut sql = store.sql();
    sql.push("update sync_issues set limit_at = null, known_rate = ");
    sql.number(known.max(locked.known_rate));
    sql.push(", muted_until = ").bind(Bind::Time(until.map(domain::time::to_millis)));
    sql.push(", muted_until_count = ").bind(Bind::Number(until_count));
    cell::of_tenant(&mut sql, tenant, "workspace_pk");
    sql.push(" and pk = ").number(pk);
    execute_in(txn, sql).await.map(drop)
}
