//! What a question about many rows counts: whole days as the database keeps them
//! (`diagnostic_days`), and the rows themselves of the days that the question cuts. The two add up
//! to what counting each row would come to.

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};

use super::filter;
use crate::error::Error;
use crate::issues::day;
use crate::query::{Condition, Op, Query, Value};
use crate::sql::{Dialect, Sql};
use crate::{Store, Tenant};

/// `(select …) as counted (d, r, m, k, i, t, n)`: day (UTC, `YYYY-MM-DD`), reason code, target
/// model, connector key, impact code, tool name, and how many rows.
pub(super) async fn counted(
    store: &Store,
    tenant: &Tenant,
    sql: &mut Sql,
    query: &Query,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let (timely, query) = split(query);
    let cutoff = domain::time::to_millis(tenant.retention.cutoff(now));
    let span = Span::of(cutoff, &timely);
    let (days, parts) = if query.search.is_none() && query.conditions.iter().all(is_kept) {
        span.days()
    } else {
        (None, vec![span])
    };
    sql.push("(");
    let mut glue = "";
    if let Some(days) = days {
        kept(store, tenant, sql, &query, days).await?;
        glue = " union all ";
    }
    for part in parts {
        sql.push(glue);
        glue = " union all ";
        rows(store, tenant, sql, &query, part).await?;
    }
    sql.push(") as counted");
    Ok(())
}

/// Days that are over and were pruned of every row.
pub(super) fn prune(
    store: &Store,
    tenant: &Tenant,
    connector_pk: i64,
    before: DateTime<Utc>,
) -> Sql {
    let mut sql = store.sql().writing();
    sql.push("delete from diagnostic_days where ").gate(tenant);
    sql.push("workspace_pk = ").number(tenant.workspace_pk);
    sql.push(" and workspace_connector_pk = ").number(connector_pk);
    sql.push(" and day < ").text_bind(day(before)).push(" and count <= 0");
    sql
}

/// What the table has a column for.
fn is_kept(condition: &Condition) -> bool {
    let kept = ["target_model", "tool_name", "reason", "class", "impact", "workspace_connector"];
    kept.contains(&condition.field.name)
}

/// The conditions on when it occurred, and the others.
fn split(query: &Query) -> (Vec<Condition>, Query) {
    let all = query.conditions.iter().cloned();
    let (timely, conditions) = all.partition(|it: &Condition| it.field.name == "occurred_at");
    (timely, Query { conditions, search: query.search.clone(), ..Query::default() })
}

async fn kept(
    store: &Store,
    tenant: &Tenant,
    sql: &mut Sql,
    query: &Query,
    (from, until): (DateTime<Utc>, Option<DateTime<Utc>>),
) -> Result<(), Error> {
    sql.push(
        "select day as d, reason_code as r, target_model as m, workspace_connector_pk as k, \
         impact_code as i, tool_name as t, count as n from (select workspace_pk, day, \
         reason_code, target_model, workspace_connector_pk, impact_code, count, \
         nullif(tool_name, '') as tool_name from diagnostic_days) as days where ",
    );
    sql.gate(tenant).push("workspace_pk = ").number(tenant.workspace_pk);
    sql.push(" and count > 0 and day >= ").text_bind(day(from));
    if let Some(until) = until {
        sql.push(" and day < ").text_bind(day(until));
    }
    filter::asked(store, tenant, sql, query).await
}

async fn rows(
    store: &Store,
    tenant: &Tenant,
    sql: &mut Sql,
    query: &Query,
    Span { from, until }: Span,
) -> Result<(), Error> {
    let day = match sql.dialect {
        Dialect::Postgres => "to_char(occurred_at at time zone 'UTC', 'YYYY-MM-DD')",
        Dialect::Sqlite => "substr(occurred_at, 1, 10)",
    };
    sql.push("select ").push(day);
    sql.push(" as d, reason_code as r, target_model as m, workspace_connector_pk as k,");
    sql.push(" impact_code as i, tool_name as t, 1 as n from connector_sync_diagnostics");
    filter::live_since(sql, tenant, query, from);
    if let Some(until) = until {
        sql.push(" and occurred_at < ").time(until);
    }
    filter::asked(store, tenant, sql, query).await
}

/// From a moment, up to another that is not in it; none: without an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    from: DateTime<Utc>,
    until: Option<DateTime<Utc>>,
}

type WholeDays = (DateTime<Utc>, Option<DateTime<Utc>>);

impl Span {
    /// Times are of milliseconds, as rows have them.
    fn of(cutoff: DateTime<Utc>, timely: &[Condition]) -> Self {
        let mut span = Self { from: cutoff, until: None };
        let next = |at: DateTime<Utc>| domain::time::to_millis(at) + TimeDelta::milliseconds(1);
        // The first of the milliseconds that are not before it.
        let ceil = |at: DateTime<Utc>| match domain::time::to_millis(at) {
            floor if floor == at => at,
            floor => next(floor),
        };
        for condition in timely {
            let Some(Value::Time(at)) = condition.values.first() else { continue };
            match condition.op {
                Op::Gt => span.begin(next(*at)),
                Op::Gte => span.begin(ceil(*at)),
                Op::Lt => span.end(ceil(*at)),
                Op::Lte => span.end(next(*at)),
                Op::Eq => {
                    span.begin(ceil(*at));
                    span.end(next(*at));
                }
                // Not among the operators of a time.
                Op::Neq | Op::In | Op::Contains | Op::StartsWith | Op::EndsWith | Op::IsNull => {}
            }
        }
        span
    }

    fn begin(&mut self, at: DateTime<Utc>) {
        self.from = self.from.max(at);
    }

    fn end(&mut self, at: DateTime<Utc>) {
        self.until = Some(self.until.map_or(at, |it| it.min(at)));
    }

    /// The days that lie in it from midnight to midnight, and what is left at its ends.
    fn days(self) -> (Option<WholeDays>, Vec<Self>) {
        let first = match midnight(self.from) {
            it if it == self.from => it,
            it => it + Days::new(1),
        };
        let last = self.until.map(midnight);
        if last.is_some_and(|it| it <= first) {
            return (None, vec![self]);
        }
        let head = Self { from: self.from, until: Some(first) };
        let tail = last.map(|from| Self { from, until: self.until });
        let is_some = |it: &Self| it.until.is_none_or(|until| it.from < until);
        let ends = [Some(head), tail].into_iter().flatten().filter(is_some);
        (Some((first, last)), ends.collect())
    }
}

fn midnight(at: DateTime<Utc>) -> DateTime<Utc> {
    at.date_naive().and_time(NaiveTime::MIN).and_utc()
}
