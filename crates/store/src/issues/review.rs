//! What follows from rows that were counted: states that change, each once. The issue is locked
//! and read anew, so that of two that look at one the second sees what the first did.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use domain::issue::{self, RATE_MIN, Standing, State, USUAL_DAYS, Usual};
use domain::webhook::Event;
use metrics::counter;
use sea_orm::DatabaseTransaction;
use sqlx::{ColumnIndex, Decode, FromRow, Type};
use uuid::Uuid;

use super::count::{self, Count, Due, day};
use super::transition::{self, Change};
use crate::error::Error;
use crate::sql::{Bind, Dialect, execute_in, fetch_in};
use crate::tenant::Tenant;
use crate::webhooks::outbox::{self, Of};
use crate::{Store, cell};

/// Looks at each, and never fails: the rows are written, and the next one asks again.
pub(crate) async fn review(store: &Store, due: Vec<Due>) {
    for it in due {
        if let Err(error) = one(store, &it).await {
            counter!("wireline_issue_reviews_failed_total").increment(1);
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                workspace.id = %it.tenant.workspace,
                "the state of an issue was not looked at; its next row asks again"
            );
        }
    }
}

async fn one(store: &Store, due: &Due) -> Result<(), Error> {
    let txn = store.tenant_txn(&due.tenant).await?;
    let Some(mut locked) = lock(store, &txn, &due.tenant, due.issue_pk).await? else {
        return Ok(());
    };
    if locked.needs_limit() {
        limit(store, &txn, due, &mut locked).await?;
    }
    if let Some((to, cause)) = locked.standing.seen(&due.sightings, due.now) {
        let mapping_version = due.sightings.iter().filter_map(|it| it.mapping_version).max();
        let change = Change {
            tenant: &due.tenant,
            issue_pk: due.issue_pk,
            from: locked.standing.state,
            to,
            cause,
            is_person: false,
            run: due.run,
            mapping_version,
            note: None,
            at: due.now,
        };
        transition::write(&txn, store.sql().dialect, &change).await?;
    }
    txn.commit().await?;
    Ok(())
}

/// An issue whose row is ours until the transaction ends.
#[derive(Debug)]
pub(super) struct Locked {
    pub(super) fingerprint: String,
    pub(super) mapping_version: Option<u32>,
    pub(super) note: Option<String>,
    pub(super) known_rate: i64,
    pub(super) standing: Standing,
    first_seen_at: DateTime<Utc>,
    hour_at: DateTime<Utc>,
    limit_at: Option<DateTime<Utc>>,
}

struct Stored(Locked, String);

impl<'r, R: sqlx::Row> FromRow<'r, R> for Stored
where
    usize: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    String: Decode<'r, R::Database> + Type<R::Database>,
    DateTime<Utc>: Decode<'r, R::Database> + Type<R::Database>,
{
    fn from_row(row: &'r R) -> Result<Self, sqlx::Error> {
        let number = |at: usize| -> Result<u64, sqlx::Error> {
            row.try_get::<i64, _>(at).map(i64::unsigned_abs)
        };
        let maybe = |at: usize| -> Result<Option<i64>, sqlx::Error> { row.try_get(at) };
        let version = |at: usize| -> Result<Option<u32>, sqlx::Error> {
            Ok(maybe(at)?.and_then(|it| u32::try_from(it).ok()))
        };
        let standing = Standing {
            state: State::Open,
            count: number(1)?,
            muted_until: row.try_get(2)?,
            muted_until_count: maybe(3)?.map(i64::unsigned_abs),
            resolved_at: row.try_get(4)?,
            resolved_version: version(5)?,
            hour_count: number(6)?,
            hour_limit: maybe(7)?.map(i64::unsigned_abs),
        };
        let locked = Locked {
            fingerprint: row.try_get(8)?,
            mapping_version: version(9)?,
            note: row.try_get(10)?,
            known_rate: row.try_get(11)?,
            first_seen_at: row.try_get(12)?,
            hour_at: row.try_get(13)?,
            limit_at: row.try_get(14)?,
            standing,
        };
        Ok(Self(locked, row.try_get(0)?))
    }
}

/// None: it is gone, or a stranger's.
pub(super) async fn lock(
    store: &Store,
    txn: &DatabaseTransaction,
    tenant: &Tenant,
    issue_pk: i64,
) -> Result<Option<Locked>, Error> {
    let mut sql = store.sql();
    sql.push(
        "select state, count, muted_until, muted_until_count, resolved_at, resolved_version, \
         hour_count, hour_limit, fingerprint, mapping_version, note, known_rate, first_seen_at, \
         hour_at, limit_at from sync_issues",
    );
    cell::of_tenant(&mut sql, tenant, "workspace_pk");
    sql.push(" and pk = ").number(issue_pk);
    if sql.dialect == Dialect::Postgres {
        sql.push(" for update");
    }
    let found = fetch_in::<Stored>(txn, sql).await?.into_iter().next();
    found
        .map(|Stored(mut locked, state)| {
            locked.standing.state = cell::word(&state)?;
            // A limit of an hour that is over says nothing of this one.
            if locked.limit_at != Some(locked.hour_at) {
                locked.standing.hour_limit = None;
            }
            Ok(locked)
        })
        .transpose()
}

impl Locked {
    fn needs_limit(&self) -> bool {
        let may_rise = match self.standing.state {
            State::Open | State::Regressed | State::Muted => true,
            State::Escalating | State::Resolved => false,
        };
        may_rise && self.standing.hour_count >= RATE_MIN && self.limit_at != Some(self.hour_at)
    }
}

/// Works out, once an hour, from how many rows on the hour is an escalation.
async fn limit(
    store: &Store,
    txn: &DatabaseTransaction,
    due: &Due,
    locked: &mut Locked,
) -> Result<(), Error> {
    let mut sql = store.sql();
    sql.push("select cast(coalesce(sum(count), 0) as bigint) from sync_issue_days");
    cell::of_tenant(&mut sql, &due.tenant, "workspace_pk");
    sql.push(" and fingerprint = ").text_bind(locked.fingerprint.as_str());
    sql.push(" and day >= ").text_bind(day(locked.hour_at - Duration::days(USUAL_DAYS)));
    sql.push(" and day < ").text_bind(day(locked.hour_at));
    let rows = fetch_in::<(i64,)>(txn, sql).await?.first().map_or(0, |it| it.0);
    let limit = issue::rate_limit(Usual {
        age: locked.hour_at - locked.first_seen_at,
        rows: rows.unsigned_abs(),
        known: locked.known_rate.unsigned_abs(),
    });
    locked.standing.hour_limit = limit;
    // None: nothing is usual yet, and no hour has so many rows.
    let stored = limit.map_or(i64::MAX, |it| i64::try_from(it).unwrap_or(i64::MAX));
    let mut sql = store.sql();
    sql.push("update sync_issues set hour_limit = ").number(stored);
    sql.push(", limit_at = ").time(locked.hour_at);
    cell::of_tenant(&mut sql, &due.tenant, "workspace_pk");
    sql.push(" and pk = ").number(due.issue_pk);
    execute_in(txn, sql).await.map(drop)
}

/// How fast rows of an issue have been stored.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rate {
    pub(crate) hour_at: Option<DateTime<Utc>>,
    /// In that hour.
    pub(crate) stored: u64,
    /// The last run of which a row was stored.
    pub(crate) run: Option<Uuid>,
}

/// By fingerprint; what is not there has no rate.
pub(crate) async fn rates<'a>(
    store: &Store,
    tenant: &Tenant,
    fingerprints: impl Iterator<Item = &'a str>,
) -> Result<HashMap<String, Rate>, Error> {
    let mut wanted: Vec<String> = fingerprints.map(str::to_owned).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let mut sql = store.sql();
    sql.push("select fingerprint, hour_at, hour_stored, stored_run from sync_issues");
    cell::of_tenant(&mut sql, tenant, "workspace_pk");
    sql.push(" and ").any("fingerprint", Bind::Texts(wanted));
    let found = store.fetch::<(String, DateTime<Utc>, i64, Option<Uuid>)>(sql).await?;
    let rate = |(fingerprint, hour_at, stored, run): (_, _, i64, _)| {
        (fingerprint, Rate { hour_at: Some(hour_at), stored: stored.unsigned_abs(), run })
    };
    Ok(found.into_iter().map(rate).collect())
}

/// A row was corrected and belongs to another issue: it counts there, and not here any more.
pub(crate) async fn moved(
    store: &Store,
    txn: &DatabaseTransaction,
    tenant: &Tenant,
    (from, occurred_at): (&str, DateTime<Utc>),
    to: Option<&Count>,
) -> Result<Option<Due>, Error> {
    let due = match to {
        None => None,
        Some(to) => {
            let made = fetch_in::<(i64, i64, i64)>(txn, count::upsert(store.sql(), to)).await?;
            let Some((pk, generation, is_due)) = made.into_iter().next() else { return Ok(None) };
            if generation == 1 {
                let id = Uuid::new_v4();
                execute_in(txn, count::opened(store.sql(), to, (pk, id))).await?;
                let event = (Event::IssueOpened, id);
                let told = outbox::tell(store.sql(), tenant, Of::Issue(pk), event, to.now);
                execute_in(txn, told).await?;
            }
            for day in to.days() {
                execute_in(txn, count::count_day(store.sql(), to, day)).await?;
            }
            (is_due == 1).then(|| to.due(pk))
        }
    };
    let mut sql = store.sql();
    sql.push("update sync_issues set count = count - 1, generation = generation + 1");
    cell::of_tenant(&mut sql, tenant, "workspace_pk");
    sql.push(" and fingerprint = ").text_bind(from).push(" and count > 0");
    execute_in(txn, sql).await?;
    let mut sql = store.sql();
    sql.push("update sync_issue_days set count = count - 1");
    cell::of_tenant(&mut sql, tenant, "workspace_pk");
    sql.push(" and fingerprint = ").text_bind(from);
    sql.push(" and day = ").text_bind(day(occurred_at)).push(" and count > 0");
    execute_in(txn, sql).await?;
    Ok(due)
}
