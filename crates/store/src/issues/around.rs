//! What surrounds an issue: its history, its days, and how far it reaches.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Duration, Utc};
use domain::id::{ApiKeyId, SyncIssueId, SyncIssueTransitionId, SyncLogId};
use domain::issue::{self, TREND_DAYS};
use domain::{Reason, TargetModel};
use serde_json::json;
use sqlx::{ColumnIndex, Decode, FromRow, Type};
use uuid::Uuid;

use super::count::day;
use super::row::version;
use super::{Actor, Issue, Transition};
use crate::error::Error;
use crate::sql::{Bind, Dialect, Sql};
use crate::{Store, Tenant, cell};

/// Lines of history that are told, the newest first.
const HISTORY: i64 = 200;
/// Records are counted up to here.
const COUNTED: i64 = 10_000;

/// How far an issue reaches now. Counts end at 10,000.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BlastRadius {
    /// Records of its target and tool that stand rejected for its reason.
    pub rejected: u64,
    /// Records of its target and tool that wait for a parent; for an issue of one foreign key,
    /// those that wait by it.
    pub waiting: u64,
    /// Models whose records refer to its target, directly or through others.
    pub models: Vec<TargetModel>,
    /// Records of other models, of any connector, that wait for a record of its target.
    pub dependants: Vec<Dependants>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependants {
    pub target_model: TargetModel,
    pub waiting: u64,
}

/// Rows of an issue that occurred on a day, UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// `YYYY-MM-DD`
    pub day: String,
    pub count: u64,
}

/// The last [`TREND_DAYS`] days, the oldest first; today is the last.
pub async fn trend(
    store: &Store,
    tenant: &Tenant,
    issue: &Issue,
    now: DateTime<Utc>,
) -> Result<Vec<Day>, Error> {
    let days: Vec<String> = (0..TREND_DAYS).rev().map(|it| day(now - Duration::days(it))).collect();
    let mut sql = store.sql();
    sql.push("select day, count from sync_issue_days");
    cell::of_tenant(&mut sql, tenant, "workspace_pk");
    sql.push(" and fingerprint = ").text_bind(issue.fingerprint.as_str());
    sql.push(" and day >= ").text_bind(days.first().cloned().unwrap_or_default());
    let counts: BTreeMap<String, i64> =
        store.fetch::<(String, i64)>(sql).await?.into_iter().collect();
    let of = |day: String| {
        let count = counts.get(&day).map_or(0, |it| it.unsigned_abs());
        Day { day, count }
    };
    Ok(days.into_iter().map(of).collect())
}

/// The same of several, in one statement.
pub async fn trends(
    store: &Store,
    tenant: &Tenant,
    issues: &[Issue],
    now: DateTime<Utc>,
) -> Result<HashMap<SyncIssueId, Vec<Day>>, Error> {
    let days: Vec<String> = (0..TREND_DAYS).rev().map(|it| day(now - Duration::days(it))).collect();
    let mut sql = store.sql();
    sql.push("select fingerprint, day, count from sync_issue_days");
    cell::of_tenant(&mut sql, tenant, "workspace_pk");
    let fingerprints = issues.iter().map(|it| it.fingerprint.clone()).collect();
    sql.push(" and ").any("fingerprint", Bind::Texts(fingerprints));
    sql.push(" and day >= ").text_bind(days.first().cloned().unwrap_or_default());
    let rows = store.fetch::<(String, String, i64)>(sql).await?;
    let counts: HashMap<(String, String), i64> =
        rows.into_iter().map(|(of, day, count)| ((of, day), count)).collect();
    let trend = |it: &Issue| {
        let of = |day: &String| {
            let count = counts.get(&(it.fingerprint.clone(), day.clone()));
            Day { day: day.clone(), count: count.map_or(0, |it| it.unsigned_abs()) }
        };
        (it.id, days.iter().map(of).collect())
    };
    Ok(issues.iter().map(trend).collect())
}

/// The last 200 lines of its history, the newest first.
pub async fn transitions(
    store: &Store,
    tenant: &Tenant,
    issue: &Issue,
) -> Result<Vec<Transition>, Error> {
    let mut sql = store.sql();
    sql.push(
        "select sync_issue_transition_id, from_state, to_state, cause, actor, api_key_id, \
         actor_name, run, mapping_version, note, created_at from sync_issue_transitions",
    );
    let tenant_column = sql.dialect.beside_key();
    cell::of_tenant(&mut sql, tenant, tenant_column);
    sql.push(" and sync_issue_pk = (select pk from sync_issues");
    cell::of_tenant(&mut sql, tenant, "workspace_pk");
    sql.push(" and sync_issue_id = ").bind(Bind::Id(issue.id.0)).push(")");
    sql.push(" order by pk desc limit ").number(HISTORY);
    store.fetch::<Line>(sql).await?.into_iter().map(Line::transition).collect()
}

struct Line {
    id: Uuid,
    /// from, to, cause, actor, name of the key, note
    from: Option<String>,
    words: [String; 3],
    key: Option<Uuid>,
    texts: [Option<String>; 2],
    run: Option<Uuid>,
    version: Option<i64>,
    created_at: DateTime<Utc>,
}

impl<'r, R: sqlx::Row> FromRow<'r, R> for Line
where
    usize: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    String: Decode<'r, R::Database> + Type<R::Database>,
    Uuid: Decode<'r, R::Database> + Type<R::Database>,
    DateTime<Utc>: Decode<'r, R::Database> + Type<R::Database>,
{
    fn from_row(row: &'r R) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get(0)?,
            from: row.try_get(1)?,
            words: [row.try_get(2)?, row.try_get(3)?, row.try_get(4)?],
            key: row.try_get(5)?,
            texts: [row.try_get(6)?, row.try_get(9)?],
            run: row.try_get(7)?,
            version: row.try_get(8)?,
            created_at: row.try_get(10)?,
        })
    }
}

impl Line {
    fn transition(self) -> Result<Transition, Error> {
        let [to, cause, actor] = self.words;
        let [name, note] = self.texts;
        let actor = match (actor.as_str(), self.key) {
            ("key", Some(key)) => Actor::Key(ApiKeyId(key), name),
            ("operator", _) => Actor::Operator,
            _ => Actor::Engine,
        };
        Ok(Transition {
            id: SyncIssueTransitionId(self.id),
            from: self.from.as_deref().map(cell::word).transpose()?,
            to: cell::word(&to)?,
            cause: cell::word(&cause)?,
            actor,
            run: self.run.map(SyncLogId),
            mapping_version: version(self.version)?,
            note,
            created_at: self.created_at,
        })
    }
}

/// Three statements at most, however large the workspace.
pub async fn blast_radius(
    store: &Store,
    tenant: &Tenant,
    issue: &Issue,
) -> Result<BlastRadius, Error> {
    let pk = crate::diagnostics::connector_pk(store, tenant, issue.connector).await?;
    let (rejected, waiting) = match (pk, &issue.tool_name) {
        (Some(pk), Some(tool)) => (
            rejected(store, tenant, issue, (pk, tool)).await?,
            waiting(store, tenant, issue, (pk, tool)).await?,
        ),
        (None, _) | (_, None) => (0, 0),
    };
    let dependants = dependants(store, tenant, issue.target_model).await?;
    Ok(BlastRadius { rejected, waiting, models: issue::downstream(issue.target_model), dependants })
}

async fn rejected(
    store: &Store,
    tenant: &Tenant,
    issue: &Issue,
    (connector_pk, tool): (i64, &str),
) -> Result<u64, Error> {
    let mut sql = of_tool(store, tenant, issue, ("rejected_entities", connector_pk, tool));
    sql.push(" and reason = ").text_bind(issue.reason.as_str());
    count(store, sql).await
}

async fn waiting(
    store: &Store,
    tenant: &Tenant,
    issue: &Issue,
    (connector_pk, tool): (i64, &str),
) -> Result<u64, Error> {
    let mut sql = of_tool(store, tenant, issue, ("pending_entities", connector_pk, tool));
    let key = issue.subject.as_deref().filter(|_| issue.reason == Reason::FkParentMissing);
    if let Some(key) = key {
        awaits(&mut sql, "attribute", key);
    }
    count(store, sql).await
}

fn of_tool(
    store: &Store,
    tenant: &Tenant,
    issue: &Issue,
    (table, connector_pk, tool): (&'static str, i64, &str),
) -> Sql {
    let mut sql = store.sql();
    sql.push("select count(*) from (select pk from ").push(table);
    cell::of_tenant(&mut sql, tenant, "workspace_pk");
    sql.push(" and workspace_connector_pk = ").number(connector_pk);
    sql.push(" and target_model = ").text_bind(issue.target_model.as_str());
    sql.push(" and tool_name = ").text_bind(tool);
    sql
}

async fn count(store: &Store, mut sql: Sql) -> Result<u64, Error> {
    sql.push(" limit ").number(COUNTED).push(") counted");
    Ok(store.fetch::<(i64,)>(sql).await?.first().map_or(0, |it| it.0.unsigned_abs()))
}

/// ` and` one of the parents that a row waits for has this member.
fn awaits(sql: &mut Sql, member: &str, value: &str) {
    match sql.dialect {
        Dialect::Postgres => {
            sql.push(" and parents @> ").text_bind(json!([{ member: value }]).to_string());
            sql.push("::text::jsonb");
        }
        Dialect::Sqlite => {
            sql.push(
                " and exists (select 1 from json_each(parents) e where json_extract(e.value, ",
            );
            sql.text_bind(format!("$.{member}")).push(") = ").text_bind(value).push(")");
        }
    }
}

async fn dependants(
    store: &Store,
    tenant: &Tenant,
    parent: TargetModel,
) -> Result<Vec<Dependants>, Error> {
    let mut sql = store.sql();
    sql.push("select target_model, count(*) from (select target_model from pending_entities");
    cell::of_tenant(&mut sql, tenant, "workspace_pk");
    awaits(&mut sql, "model", parent.as_str());
    sql.push(" limit ").number(COUNTED).push(") counted group by 1 order by 2 desc, 1");
    let found = store.fetch::<(String, i64)>(sql).await?;
    let each = found.into_iter().map(|(model, waiting)| {
        Ok(Dependants { target_model: cell::word(&model)?, waiting: waiting.unsigned_abs() })
    });
    each.collect()
}
