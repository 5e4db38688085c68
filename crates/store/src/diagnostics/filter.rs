//! Which rows: the four conditions of every read, and those of a query.

use chrono::{DateTime, Utc};
use domain::{Class, Impact, Reason, TargetModel};

use super::resolve;
use crate::Store;
use crate::error::Error;
use crate::query::{Condition, Field, FieldKind, Op, Query, SortKey, Value, words_of};
use crate::sql::{Bind, Dialect, Sql};
use crate::tenant::Tenant;

pub static FIELDS: &[Field] = &[
    Field { name: "target_model", kind: FieldKind::Enum(words_of!(TargetModel)) },
    Field { name: "tool_name", kind: FieldKind::Text },
    Field { name: "reason", kind: FieldKind::Enum(words_of!(Reason)) },
    Field { name: "http_status", kind: FieldKind::Number },
    Field { name: "detail", kind: FieldKind::Text },
    Field { name: "occurred_at", kind: FieldKind::Time },
    Field { name: "created_at", kind: FieldKind::Time },
    Field { name: "class", kind: FieldKind::Enum(words_of!(Class)) },
    Field { name: "impact", kind: FieldKind::Enum(words_of!(Impact)) },
    Field { name: "workspace_connector", kind: FieldKind::Id },
    Field { name: "sync_log", kind: FieldKind::Id },
    Field { name: "issue", kind: FieldKind::Text },
];

/// `reason` sorts in the order of the seed's list, the same on both databases.
pub static SORTS: &[&str] = &["occurred_at", "created_at", "reason"];

/// `where` with what every read has: the tenant, live rows, young rows.
pub(crate) fn live(sql: &mut Sql, tenant: &Tenant, now: DateTime<Utc>) {
    since(sql, tenant, cutoff(tenant, now), "workspace_pk");
}

/// [`live`], for a query whose conditions follow.
pub(super) fn live_of(sql: &mut Sql, tenant: &Tenant, query: &Query, now: DateTime<Utc>) {
    live_since(sql, tenant, query, cutoff(tenant, now));
}

/// The same, from a moment within the retention. One connector, run or issue finds the rows.
pub(super) fn live_since(sql: &mut Sql, tenant: &Tenant, query: &Query, from: DateTime<Utc>) {
    let has_key = query.conditions.iter().any(is_key);
    let column = if has_key { sql.dialect.beside_key() } else { "workspace_pk" };
    since(sql, tenant, from, column);
}

fn since(sql: &mut Sql, tenant: &Tenant, from: DateTime<Utc>, column: &str) {
    sql.push(" where ").gate(tenant).push(column).push(" = ").number(tenant.workspace_pk);
    sql.push(" and deleted_at is null and occurred_at >= ").time(from);
}

fn cutoff(tenant: &Tenant, now: DateTime<Utc>) -> DateTime<Utc> {
    domain::time::to_millis(tenant.retention.cutoff(now))
}

fn is_key(condition: &Condition) -> bool {
    let keys = ["workspace_connector", "sync_log", "issue"];
    keys.contains(&condition.field.name)
        && condition.values.len() == 1
        && matches!(condition.op, Op::Eq | Op::In)
}

/// The same for rows that are looked for by their run, whose index is the one to use: of the other
/// conditions none may look like the beginning of another.
pub(crate) fn live_of_runs(sql: &mut Sql, tenant: &Tenant, runs: Vec<i64>, now: DateTime<Utc>) {
    sql.push(" where ").gate(tenant).any("sync_log_pk", Bind::Numbers(runs));
    sql.push(" and workspace_pk + 0 = ").number(tenant.workspace_pk);
    sql.push(" and deleted_at is null and occurred_at >= ").time(cutoff(tenant, now));
}

/// The conditions of a query, after [`live`].
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
                for id in ids(condition) {
                    pks.extend(
                        resolve::connector_pk(store, tenant, domain::id::WorkspaceConnectorId(id))
                            .await?,
                    );
                }
                one_of(sql, "workspace_connector_pk", pks);
            }
            "sync_log" => {
                let mut pks = Vec::new();
                for id in ids(condition) {
                    pks.extend(resolve::run_pk(store, tenant, domain::id::SyncLogId(id)).await?);
                }
                one_of(sql, "sync_log_pk", pks);
            }
            "issue" => {
                let values = fingerprints(store, tenant, condition).await?;
                sql.condition("fingerprint", condition.op, &values);
            }
            _ => plain(sql, condition),
        }
    }
    if let Some(text) = query.search.as_deref().filter(|it| !it.is_empty()) {
        sql.push(" and ").like("detail", Op::Contains, text);
    }
    Ok(())
}

/// An issue is named by its id or by its fingerprint; an id of none is the fingerprint of none.
async fn fingerprints(
    store: &Store,
    tenant: &Tenant,
    condition: &Condition,
) -> Result<Vec<Value>, Error> {
    let mut found = Vec::with_capacity(condition.values.len());
    for value in &condition.values {
        let Ok(id) = value.word().parse::<uuid::Uuid>() else {
            found.push(value.clone());
            continue;
        };
        let mut sql = store.sql();
        sql.push("select fingerprint from sync_issues where ").gate(tenant);
        sql.push("workspace_pk = ").number(tenant.workspace_pk);
        sql.push(" and sync_issue_id = ").bind(Bind::Id(id));
        let known = store.fetch::<(String,)>(sql).await?.into_iter().next();
        found.push(known.map_or_else(|| value.clone(), |it| Value::Text(it.0)));
    }
    Ok(found)
}

fn plain(sql: &mut Sql, condition: &Condition) {
    let words = || condition.values.iter().map(Value::word);
    let is_not = condition.op == Op::Neq;
    match condition.field.name {
        "reason" => codes(sql, "reason_code", words().filter_map(reason_code).collect(), is_not),
        "class" => {
            let classes: Vec<Class> = words().filter_map(|it| it.parse().ok()).collect();
            let reasons = Reason::all_where(|it| classes.contains(&it.class()));
            let found = reasons.into_iter().map(Reason::code).collect();
            codes(sql, "reason_code", found, is_not);
        }
        "impact" => codes(sql, "impact_code", words().filter_map(impact_code).collect(), is_not),
        "target_model" => target_model(sql, words().collect(), is_not),
        column => {
            sql.condition(column, condition.op, &condition.values);
        }
    }
}

fn reason_code(word: String) -> Option<i16> {
    word.parse().ok().map(Reason::code)
}

fn impact_code(word: String) -> Option<i16> {
    let impact: Impact = word.parse().ok()?;
    Some(impact as i16 + 1)
}

/// `=` for one code: a list of them can lose the order of the index.
fn codes(sql: &mut Sql, column: &str, codes: Vec<i16>, is_not: bool) {
    if is_not {
        sql.push("not ");
    }
    match codes.as_slice() {
        [code] => sql.push("(").compare(column, Op::Eq, Bind::Small(*code)).push(")"),
        _ => sql.push("(").any(column, Bind::Smalls(codes)).push(")"),
    };
}

fn target_model(sql: &mut Sql, words: Vec<String>, is_not: bool) {
    if is_not {
        sql.push("not ");
    }
    match (words.as_slice(), sql.dialect) {
        ([word], _) => sql.push("(target_model = ").word(word, "target_model_enum").push(")"),
        (_, Dialect::Postgres) => {
            sql.push("(").any("target_model::text", Bind::Texts(words)).push(")")
        }
        (_, Dialect::Sqlite) => sql.push("(").any("target_model", Bind::Texts(words)).push(")"),
    };
}

fn ids(condition: &Condition) -> Vec<uuid::Uuid> {
    let id = |it: &Value| match it {
        Value::Id(id) => Some(*id),
        Value::Text(_) | Value::Number(_) | Value::Time(_) | Value::Bool(_) => None,
    };
    condition.values.iter().filter_map(id).collect()
}

/// Keys that were found for public ids; none: no row can match.
fn one_of(sql: &mut Sql, column: &str, pks: Vec<i64>) {
    match pks.as_slice() {
        [] => sql.push("1 = 0"),
        [pk] => sql.compare(column, Op::Eq, Bind::Number(Some(*pk))),
        _ => sql.any(column, Bind::Numbers(pks)),
    };
}

/// The column of a sort, and the value of a row in it.
pub(super) fn sort_column(name: &str) -> &'static str {
    match name {
        "created_at" => "created_at",
        "reason" => "reason_code",
        _ => "occurred_at",
    }
}

pub(super) fn sort_key(
    name: &str,
    reason: Reason,
    occurred_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
) -> SortKey {
    match name {
        "created_at" => SortKey::Time(created_at),
        "reason" => SortKey::Number(reason.code().into()),
        _ => SortKey::Time(occurred_at),
    }
}
