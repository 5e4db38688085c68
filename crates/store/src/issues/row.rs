//! An issue as it is stored, and what a list of them can ask for.

use chrono::{DateTime, Utc};
use domain::id::{SyncIssueId, SyncLogId, WorkspaceConnectorId};
use domain::issue::State;
use domain::{Class, Impact, Reason, Stage, TargetModel};
use sqlx::{ColumnIndex, Decode, FromRow, Type};
use uuid::Uuid;

use super::Issue;
use crate::error::Error;
use crate::query::{Field, FieldKind, Op, Query, SortKey, Value, words_of};
use crate::sql::{Bind, Sql};
use crate::{Store, Tenant, cell, diagnostics};

pub static FIELDS: &[Field] = &[
    Field { name: "state", kind: FieldKind::Enum(words_of!(State)) },
    Field { name: "reason", kind: FieldKind::Enum(words_of!(Reason)) },
    Field { name: "class", kind: FieldKind::Enum(words_of!(Class)) },
    Field { name: "impact", kind: FieldKind::Enum(words_of!(Impact)) },
    Field { name: "stage", kind: FieldKind::Enum(words_of!(Stage)) },
    Field { name: "target_model", kind: FieldKind::Enum(words_of!(TargetModel)) },
    Field { name: "tool_name", kind: FieldKind::Text },
    Field { name: "subject", kind: FieldKind::Text },
    Field { name: "fingerprint", kind: FieldKind::Text },
    Field { name: "workspace_connector", kind: FieldKind::Id },
    Field { name: "count", kind: FieldKind::Number },
    Field { name: "affected_records", kind: FieldKind::Number },
    Field { name: "first_seen_at", kind: FieldKind::Time },
    Field { name: "last_seen_at", kind: FieldKind::Time },
    Field { name: "changed_at", kind: FieldKind::Time },
];

pub static SORTS: &[&str] =
    &["last_seen_at", "first_seen_at", "changed_at", "count", "affected_records"];

#[derive(Debug)]
pub(super) struct Row {
    pub(super) pk: i64,
    /// issue, connector, opened, last and resolving run
    ids: (Uuid, Option<Uuid>, [Option<Uuid>; 3]),
    /// fingerprint, target, reason, stage, impact, state
    words: [String; 6],
    /// tool, subject, note
    texts: [Option<String>; 3],
    /// first seen, last seen, changed, created, updated
    times: [DateTime<Utc>; 5],
    /// not stored since, muted until, resolved
    maybe_times: [Option<DateTime<Utc>>; 3],
    /// rows, not stored, records
    numbers: [i64; 3],
    /// version, muted until, resolved under
    maybe_numbers: [Option<i64>; 3],
}

impl<'r, R: sqlx::Row> FromRow<'r, R> for Row
where
    usize: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    String: Decode<'r, R::Database> + Type<R::Database>,
    Uuid: Decode<'r, R::Database> + Type<R::Database>,
    DateTime<Utc>: Decode<'r, R::Database> + Type<R::Database>,
{
    fn from_row(row: &'r R) -> Result<Self, sqlx::Error> {
        let get = |at: usize| -> Result<_, sqlx::Error> { row.try_get(at) };
        Ok(Self {
            pk: row.try_get(0)?,
            ids: (row.try_get(1)?, get(2)?, [get(3)?, get(4)?, get(5)?]),
            words: [
                row.try_get(6)?,
                row.try_get(7)?,
                row.try_get(8)?,
                row.try_get(9)?,
                row.try_get(10)?,
                row.try_get(11)?,
            ],
            texts: [row.try_get(12)?, row.try_get(13)?, row.try_get(14)?],
            times: [
                row.try_get(15)?,
                row.try_get(16)?,
                row.try_get(17)?,
                row.try_get(18)?,
                row.try_get(19)?,
            ],
            maybe_times: [row.try_get(20)?, row.try_get(21)?, row.try_get(22)?],
            numbers: [row.try_get(23)?, row.try_get(24)?, row.try_get(25)?],
            maybe_numbers: [row.try_get(26)?, row.try_get(27)?, row.try_get(28)?],
        })
    }
}

pub(super) fn select(store: &Store, tenant: &Tenant) -> Sql {
    let mut sql = store.sql();
    sql.push("select t.pk, t.sync_issue_id, ").push(cell::CONNECTOR_ID).push(
        ", t.opened_run, t.last_run, t.resolved_run, t.fingerprint, t.target_model, t.reason, \
         t.stage, t.impact, t.state, t.tool_name, t.subject, t.note, t.first_seen_at, \
         t.last_seen_at, t.changed_at, t.created_at, t.updated_at, t.not_stored_since, \
         t.muted_until, t.resolved_at, t.count, t.not_stored, t.affected_records, \
         t.mapping_version, t.muted_until_count, t.resolved_version",
    );
    of_tenant(&mut sql, tenant);
    sql
}

pub(super) fn of_tenant(sql: &mut Sql, tenant: &Tenant) {
    sql.push(" from sync_issues t");
    cell::of_tenant(sql, tenant, "t.workspace_pk");
}

pub(super) async fn asked(
    store: &Store,
    tenant: &Tenant,
    sql: &mut Sql,
    query: &Query,
) -> Result<(), Error> {
    for condition in &query.conditions {
        sql.push(" and ");
        match condition.field.name {
            "workspace_connector" => {
                let mut pks = Vec::new();
                for id in cell::ids_of(condition) {
                    let id = WorkspaceConnectorId(id);
                    pks.extend(diagnostics::connector_pk(store, tenant, id).await?);
                }
                sql.any("t.workspace_connector_pk", Bind::Numbers(pks));
            }
            "class" => {
                let words = condition.values.iter().map(Value::word);
                let classes: Vec<Class> = words.filter_map(|it| it.parse().ok()).collect();
                let reasons = Reason::all_where(|it| classes.contains(&it.class()));
                let words = reasons.into_iter().map(|it| it.as_str().to_owned()).collect();
                sql.push(if condition.op == Op::Neq { "not (" } else { "(" });
                sql.any("t.reason", Bind::Texts(words)).push(")");
            }
            name => {
                sql.condition(&format!("t.{name}"), condition.op, &condition.values);
            }
        }
    }
    if let Some(text) = query.search.as_deref().filter(|it| !it.is_empty()) {
        sql.push(" and (").like("t.tool_name", Op::Contains, text);
        sql.push(" or ").like("t.subject", Op::Contains, text);
        sql.push(" or ").like("t.note", Op::Contains, text).push(")");
    }
    Ok(())
}

pub(super) fn sort_key(sort: &str, it: &Issue) -> SortKey {
    let number = |it: u64| SortKey::Number(i64::try_from(it).unwrap_or(i64::MAX));
    match sort {
        "first_seen_at" => SortKey::Time(it.first_seen_at),
        "changed_at" => SortKey::Time(it.changed_at),
        "count" => number(it.count),
        "affected_records" => number(it.affected_records),
        _ => SortKey::Time(it.last_seen_at),
    }
}

impl Row {
    pub(super) fn issue(self) -> Result<Issue, Error> {
        let [fingerprint, target_model, reason, stage, impact, state] = self.words;
        let [tool_name, subject, note] = self.texts;
        let [first_seen_at, last_seen_at, changed_at, created_at, updated_at] = self.times;
        let [not_stored_since, muted_until, resolved_at] = self.maybe_times;
        let [count, not_stored, affected_records] = self.numbers.map(i64::unsigned_abs);
        let [mapping_version, muted_until_count, resolved_version] = self.maybe_numbers;
        let (id, connector, runs) = self.ids;
        let [opened_run, last_run, resolved_run] = runs.map(|it| it.map(SyncLogId));
        Ok(Issue {
            id: SyncIssueId(id),
            fingerprint,
            connector: WorkspaceConnectorId(connector.unwrap_or_default()),
            target_model: cell::word(&target_model)?,
            tool_name,
            reason: cell::word(&reason)?,
            stage: cell::word(&stage)?,
            subject,
            impact: cell::word(&impact)?,
            state: cell::word(&state)?,
            note,
            first_seen_at,
            last_seen_at,
            count,
            not_stored,
            not_stored_since,
            affected_records,
            mapping_version: version(mapping_version)?,
            opened_run,
            last_run,
            muted_until,
            muted_until_count: muted_until_count.map(i64::unsigned_abs),
            resolved_at,
            resolved_version: version(resolved_version)?,
            resolved_run,
            changed_at,
            created_at,
            updated_at,
        })
    }
}

pub(super) fn version(stored: Option<i64>) -> Result<Option<u32>, Error> {
    stored.map(u32::try_from).transpose().map_err(cell::unreadable)
}
