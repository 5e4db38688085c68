//! Counting rows into their issues, in the statement that writes them. What is counted is exact
//! however many write at once: sums are made by the database, on rows locked in one order.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use chrono::{DateTime, Duration, DurationRound, Utc};
use domain::issue::{self, RATE_MIN, Sighting};
use domain::{Impact, Reason, Stage, TargetModel};
use sqlx::Arguments;
use sqlx::postgres::PgArguments;
use uuid::Uuid;

use crate::error::Source;
use crate::sql::{Bind, Dialect, Sql};
use crate::tenant::Tenant;

/// What the rows of one fingerprint of one batch add up to.
#[derive(Debug, Clone)]
pub(crate) struct Count {
    pub(crate) tenant: Tenant,
    pub(crate) connector_pk: i64,
    pub(crate) fingerprint: String,
    pub(crate) model: TargetModel,
    pub(crate) tool: Option<String>,
    pub(crate) reason: Reason,
    pub(crate) stage: Stage,
    pub(crate) subject: Option<String>,
    pub(crate) now: DateTime<Utc>,
    rows: i64,
    not_stored: i64,
    first_at: DateTime<Utc>,
    /// The newest row, of which the following are.
    last_at: DateTime<Utc>,
    impact: Impact,
    mapping_version: Option<u32>,
    run: Option<Uuid>,
    records: i64,
    stored_run: Option<Uuid>,
    hour_rows: i64,
    hour_stored: i64,
    days: BTreeMap<String, i64>,
    sightings: Vec<Sighting>,
}

/// A row that is counted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counted {
    pub(crate) occurred_at: DateTime<Utc>,
    pub(crate) impact: Impact,
    pub(crate) mapping_version: Option<u32>,
    pub(crate) run: Option<Uuid>,
    pub(crate) records: u64,
    pub(crate) is_stored: bool,
}

/// An issue whose state the rows may have changed.
#[derive(Debug, Clone)]
pub(crate) struct Due {
    pub(crate) tenant: Tenant,
    pub(crate) issue_pk: i64,
    pub(crate) run: Option<Uuid>,
    pub(crate) sightings: Vec<Sighting>,
    pub(crate) now: DateTime<Utc>,
}

/// Whose rows, and what all of them share.
#[derive(Debug)]
pub(crate) struct Shared<'a> {
    pub(crate) tenant: &'a Tenant,
    pub(crate) connector_pk: i64,
    pub(crate) fingerprint: &'a str,
    pub(crate) model: TargetModel,
    pub(crate) tool: Option<&'a str>,
    pub(crate) reason: Reason,
    pub(crate) stage: Stage,
    pub(crate) subject: Option<&'a str>,
    pub(crate) now: DateTime<Utc>,
}

impl Count {
    pub(crate) fn new(shared: &Shared<'_>, first: Counted) -> Self {
        let mut count = Self {
            tenant: shared.tenant.clone(),
            connector_pk: shared.connector_pk,
            fingerprint: shared.fingerprint.to_owned(),
            model: shared.model,
            tool: shared.tool.map(str::to_owned),
            reason: shared.reason,
            stage: shared.stage,
            subject: shared.subject.map(str::to_owned),
            now: shared.now,
            rows: 0,
            not_stored: 0,
            first_at: first.occurred_at,
            last_at: first.occurred_at,
            impact: first.impact,
            mapping_version: None,
            run: first.run,
            records: 0,
            stored_run: None,
            hour_rows: 0,
            hour_stored: 0,
            days: BTreeMap::new(),
            sightings: Vec::new(),
        };
        count.add(first, shared.now);
        count
    }

    pub(crate) fn add(&mut self, row: Counted, now: DateTime<Utc>) {
        self.now = self.now.max(now);
        self.rows += 1;
        self.first_at = self.first_at.min(row.occurred_at);
        let records = i64::try_from(row.records).unwrap_or(i64::MAX);
        if row.run == self.run {
            self.records = self.records.saturating_add(records);
        }
        if row.occurred_at >= self.last_at {
            if row.run != self.run {
                (self.run, self.records) = (row.run, records);
            }
            (self.last_at, self.impact) = (row.occurred_at, row.impact);
            self.mapping_version = row.mapping_version.or(self.mapping_version);
        }
        match row.is_stored {
            true => {
                self.hour_stored += 1;
                self.stored_run = row.run.or(self.stored_run);
            }
            false => self.not_stored += 1,
        }
        // A backlog that is written at once is no rate that rises.
        self.hour_rows += i64::from(row.occurred_at > now - Duration::hours(1));
        *self.days.entry(day(row.occurred_at)).or_default() += 1;
        let sighting =
            Sighting { occurred_at: row.occurred_at, mapping_version: row.mapping_version };
        let same = |it: &&mut Sighting| it.mapping_version == row.mapping_version;
        match self.sightings.iter_mut().find(same) {
            Some(it) => it.occurred_at = it.occurred_at.max(row.occurred_at),
            None => self.sightings.push(sighting),
        }
    }

    pub(crate) fn due(&self, issue_pk: i64) -> Due {
        Due {
            tenant: self.tenant.clone(),
            issue_pk,
            run: self.run,
            sightings: self.sightings.clone(),
            now: self.now,
        }
    }

    fn id(&self) -> Uuid {
        issue::id_of(self.tenant.workspace, &self.fingerprint).0
    }

    fn version(&self) -> Option<i64> {
        self.mapping_version.map(i64::from)
    }

    fn not_stored_since(&self) -> Option<DateTime<Utc>> {
        (self.not_stored > 0).then_some(self.now)
    }

    pub(crate) fn days(&self) -> impl Iterator<Item = (&str, i64)> {
        self.days.iter().map(|(day, rows)| (day.as_str(), *rows))
    }
}

/// `2026-06-01`.
pub(crate) fn day(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d").to_string()
}

/// The hour that a moment is in.
pub(crate) fn hour(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_trunc(Duration::hours(1)).unwrap_or(at)
}

const COLUMNS: &str = "sync_issue_id, workspace_pk, workspace_connector_pk, fingerprint, \
     target_model, tool_name, reason, stage, subject, impact, first_seen_at, last_seen_at, count, \
     not_stored, not_stored_since, affected_records, mapping_version, opened_run, last_run, \
     stored_run, hour_at, hour_count, hour_stored, changed_at, created_at, updated_at";

/// What a known issue becomes. A row that is older than the last one moves no "last".
const MERGE: &str = " on conflict (workspace_pk, fingerprint) do update set
  first_seen_at = {least}(sync_issues.first_seen_at, excluded.first_seen_at),
  last_seen_at = {greatest}(sync_issues.last_seen_at, excluded.last_seen_at),
  count = sync_issues.count + excluded.count,
  not_stored = sync_issues.not_stored + excluded.not_stored,
  not_stored_since = coalesce(sync_issues.not_stored_since, excluded.not_stored_since),
  affected_records = case
    when excluded.last_run = sync_issues.last_run
      then sync_issues.affected_records + excluded.affected_records
    when excluded.last_seen_at < sync_issues.last_seen_at then sync_issues.affected_records
    else excluded.affected_records end,
  mapping_version = case when excluded.last_seen_at < sync_issues.last_seen_at
    then sync_issues.mapping_version
    else coalesce(excluded.mapping_version, sync_issues.mapping_version) end,
  impact = case when excluded.last_seen_at < sync_issues.last_seen_at
    then sync_issues.impact else excluded.impact end,
  last_run = case when excluded.last_seen_at < sync_issues.last_seen_at
    then sync_issues.last_run else excluded.last_run end,
  stored_run = coalesce(excluded.stored_run, sync_issues.stored_run),
  hour_at = {greatest}(sync_issues.hour_at, excluded.hour_at),
  hour_count = excluded.hour_count
    + case when excluded.hour_at > sync_issues.hour_at then 0 else sync_issues.hour_count end,
  hour_stored = excluded.hour_stored
    + case when excluded.hour_at > sync_issues.hour_at then 0 else sync_issues.hour_stored end,
  generation = sync_issues.generation + 1,
  updated_at = {greatest}(sync_issues.updated_at, excluded.updated_at)";

/// Whether its state is to be looked at: what [`issue::Standing::seen`] can answer to.
const IS_DUE: &str = "(state = 'resolved'
  or (state = 'muted' and (muted_until <= updated_at or count >= muted_until_count))
  or (state in ('open', 'regressed', 'muted') and hour_count >= {rate}
      and (limit_at is distinct from hour_at or hour_count >= hour_limit)))";

/// A new one tells how it began.
const OPENED: &str = "insert into sync_issue_transitions (sync_issue_transition_id, workspace_pk,
  sync_issue_pk, to_state, cause, actor, run, mapping_version, created_at)";

const DAYS: &str = "insert into sync_issue_days (workspace_pk, fingerprint, day, count)";
const MERGE_DAYS: &str = " on conflict (workspace_pk, fingerprint, day)
  do update set count = sync_issue_days.count + excluded.count";

fn rendered(template: &str, dialect: Dialect) -> String {
    let (greatest, least) = match dialect {
        Dialect::Postgres => ("greatest", "least"),
        Dialect::Sqlite => ("max", "min"),
    };
    let text = template.replace("{greatest}", greatest).replace("{least}", least);
    text.replace("{rate}", &RATE_MIN.to_string())
}

/// For the statement of a batch on PostgreSQL: three parts of its `with`, whose parameters begin
/// at `$16`; `$1` is who enters.
pub(crate) static BATCH: LazyLock<String> = LazyLock::new(|| {
    let merge = rendered(MERGE, Dialect::Postgres);
    let is_due = rendered(IS_DUE, Dialect::Postgres);
    format!(
        "issues as (insert into sync_issues ({COLUMNS})
  select i, w, c, f, m, t, r, s, b, p, fa, la, n, ns, nsa, ar, v, lr, lr, sr, ha, hc, hs, u, u, u
    from unnest($16::uuid[], $17::bigint[], $18::bigint[], $19::text[], $20::text[], $21::text[],
      $22::text[], $23::text[], $24::text[], $25::text[], $26::timestamptz[], $27::timestamptz[],
      $28::bigint[], $29::bigint[], $30::timestamptz[], $31::bigint[], $32::bigint[],
      $33::uuid[], $34::uuid[], $35::timestamptz[], $36::bigint[], $37::bigint[],
      $38::timestamptz[])
      as q (i, w, c, f, m, t, r, s, b, p, fa, la, n, ns, nsa, ar, v, lr, sr, ha, hc, hs, u)
   where (select core_api.enter($1)){merge}
  returning pk, workspace_pk, workspace_connector_pk, fingerprint, generation, opened_run,
    mapping_version, created_at,
    {is_due} as is_due),
opened as ({OPENED}
  select gen_random_uuid(), workspace_pk, pk, 'open', 'seen', 'engine', opened_run,
    mapping_version, created_at from issues where generation = 1
  returning sync_issue_transition_id, workspace_pk, sync_issue_pk, created_at),
days as ({DAYS}
  select w, f, d, n from unnest($39::bigint[], $40::text[], $41::text[], $42::bigint[])
    as q (w, f, d, n)
   where (select core_api.enter($1)){MERGE_DAYS})"
    )
});

/// The parameters of [`BATCH`].
pub(crate) fn bind_batch(to: &mut PgArguments, counts: &[Count]) -> Result<(), Source> {
    fn column<'a, T>(counts: &'a [Count], of: impl Fn(&'a Count) -> T) -> Vec<T> {
        counts.iter().map(of).collect()
    }
    to.add(column(counts, Count::id))?;
    to.add(column(counts, |it| it.tenant.workspace_pk))?;
    to.add(column(counts, |it| it.connector_pk))?;
    to.add(column(counts, |it| it.fingerprint.as_str()))?;
    to.add(column(counts, |it| it.model.as_str()))?;
    to.add(column(counts, |it| it.tool.as_deref()))?;
    to.add(column(counts, |it| it.reason.as_str()))?;
    to.add(column(counts, |it| it.stage.as_str()))?;
    to.add(column(counts, |it| it.subject.as_deref()))?;
    to.add(column(counts, |it| it.impact.as_str()))?;
    to.add(column(counts, |it| it.first_at))?;
    to.add(column(counts, |it| it.last_at))?;
    to.add(column(counts, |it| it.rows))?;
    to.add(column(counts, |it| it.not_stored))?;
    to.add(column(counts, Count::not_stored_since))?;
    to.add(column(counts, |it| it.records))?;
    to.add(column(counts, Count::version))?;
    to.add(column(counts, |it| it.run))?;
    to.add(column(counts, |it| it.stored_run))?;
    to.add(column(counts, |it| hour(it.now)))?;
    to.add(column(counts, |it| it.hour_rows))?;
    to.add(column(counts, |it| it.hour_stored))?;
    to.add(column(counts, |it| it.now))?;
    let days = || {
        counts.iter().flat_map(|it| {
            it.days().map(move |(day, rows)| {
                (it.tenant.workspace_pk, it.fingerprint.as_str(), day, rows)
            })
        })
    };
    to.add(days().map(|it| it.0).collect::<Vec<_>>())?;
    to.add(days().map(|it| it.1).collect::<Vec<_>>())?;
    to.add(days().map(|it| it.2).collect::<Vec<_>>())?;
    to.add(days().map(|it| it.3).collect::<Vec<_>>())
}

/// One issue as a statement of its own: its key, its generation, and whether it is due.
pub(crate) fn upsert(mut sql: Sql, it: &Count) -> Sql {
    let (run, at) = (Bind::MaybeId(it.run), hour(it.now));
    sql.push("insert into sync_issues (").push(COLUMNS).push(") select ");
    sql.bind(Bind::Id(it.id())).push(", ").number(it.tenant.workspace_pk).push(", ");
    sql.number(it.connector_pk).push(", ").text_bind(it.fingerprint.as_str()).push(", ");
    sql.text_bind(it.model.as_str()).push(", ").bind(Bind::Text(it.tool.clone())).push(", ");
    sql.text_bind(it.reason.as_str()).push(", ").text_bind(it.stage.as_str()).push(", ");
    sql.bind(Bind::Text(it.subject.clone())).push(", ").text_bind(it.impact.as_str());
    sql.push(", ").time(it.first_at).push(", ").time(it.last_at).push(", ").number(it.rows);
    sql.push(", ").number(it.not_stored).push(", ").bind(Bind::Time(it.not_stored_since()));
    sql.push(", ").number(it.records).push(", ").bind(Bind::Number(it.version())).push(", ");
    sql.bind(run.clone()).push(", ").bind(run).push(", ").bind(Bind::MaybeId(it.stored_run));
    sql.push(", ").time(at).push(", ").number(it.hour_rows).push(", ").number(it.hour_stored);
    sql.push(", ").time(it.now).push(", ").time(it.now).push(", ").time(it.now);
    sql.push(" where ").gate(&it.tenant).push("1 = 1");
    let (merge, is_due) = (rendered(MERGE, sql.dialect), rendered(IS_DUE, sql.dialect));
    sql.push(&merge).push(" returning pk, generation, cast(");
    sql.push(&format!("case when {is_due} then 1 else 0 end as bigint)"));
    sql
}

/// What follows where [`upsert`] made it.
pub(crate) fn opened(mut sql: Sql, it: &Count, (issue_pk, id): (i64, Uuid)) -> Sql {
    sql.push(OPENED).push(" select ").bind(Bind::Id(id)).push(", ");
    sql.number(it.tenant.workspace_pk).push(", ").number(issue_pk);
    sql.push(", 'open', 'seen', 'engine', ").bind(Bind::MaybeId(it.run)).push(", ");
    sql.bind(Bind::Number(it.version())).push(", ").time(it.now);
    sql.push(" where ").gate(&it.tenant).push("1 = 1");
    sql
}

pub(crate) fn count_day(mut sql: Sql, it: &Count, (day, rows): (&str, i64)) -> Sql {
    sql.push(DAYS).push(" select ").number(it.tenant.workspace_pk).push(", ");
    sql.text_bind(it.fingerprint.as_str()).push(", ").text_bind(day).push(", ").number(rows);
    sql.push(" where ").gate(&it.tenant).push("1 = 1").push(MERGE_DAYS);
    sql
}
