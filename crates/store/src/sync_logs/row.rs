//! A run as it is stored, and what a list of runs can ask for.

use chrono::{DateTime, Utc};
use domain::id::{SyncLogId, WorkspaceConnectorId};
use domain::run::{SyncStatus, TriggerType};
use serde_json::Value;
use sqlx::types::Json;
use sqlx::{ColumnIndex, Decode, FromRow, Type};
use uuid::Uuid;

use super::SyncLog;
use crate::error::Error;
use crate::query::{Field, FieldKind, Op, Query, words_of};
use crate::sql::Sql;
use crate::{Store, Tenant, cell};

pub static FIELDS: &[Field] = &[
    Field { name: "status", kind: FieldKind::Enum(words_of!(SyncStatus)) },
    Field { name: "trigger_type", kind: FieldKind::Enum(words_of!(TriggerType)) },
    Field { name: "workspace_connector", kind: FieldKind::Id },
    Field { name: "started_at", kind: FieldKind::Time },
    Field { name: "completed_at", kind: FieldKind::Time },
    Field { name: "duration_ms", kind: FieldKind::Number },
    Field { name: "error", kind: FieldKind::Text },
    Field { name: "created_at", kind: FieldKind::Time },
    Field { name: "updated_at", kind: FieldKind::Time },
];

pub static SORTS: &[&str] = &["created_at", "updated_at"];

#[derive(Debug)]
pub(super) struct Row {
    pub(super) pk: i64,
    id: Uuid,
    connector: Uuid,
    status: String,
    trigger: String,
    started_at: Option<DateTime<Utc>>,
    completed_at: Option<DateTime<Utc>>,
    duration_ms: Option<i64>,
    error: Option<String>,
    metadata: Option<Json<Value>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl<'r, R: sqlx::Row> FromRow<'r, R> for Row
where
    usize: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    String: Decode<'r, R::Database> + Type<R::Database>,
    Uuid: Decode<'r, R::Database> + Type<R::Database>,
    DateTime<Utc>: Decode<'r, R::Database> + Type<R::Database>,
    Json<Value>: Decode<'r, R::Database> + Type<R::Database>,
{
    fn from_row(row: &'r R) -> Result<Self, sqlx::Error> {
        Ok(Self {
            pk: row.try_get(0)?,
            id: row.try_get(1)?,
            connector: row.try_get(2)?,
            status: row.try_get(3)?,
            trigger: row.try_get(4)?,
            started_at: row.try_get(5)?,
            completed_at: row.try_get(6)?,
            duration_ms: row.try_get(7)?,
            error: row.try_get(8)?,
            metadata: row.try_get(9)?,
            created_at: row.try_get(10)?,
            updated_at: row.try_get(11)?,
        })
    }
}

pub(super) fn select(store: &Store, tenant: &Tenant) -> Sql {
    let mut sql = store.sql();
    sql.push(
        "select l.pk, l.sync_log_id, i.workspace_connector_id, l.status, l.trigger_type, \
         l.started_at, l.completed_at, l.duration_ms, l.error, l.metadata, l.created_at, \
         l.updated_at",
    );
    live(&mut sql, tenant);
    sql
}

pub(super) fn live(sql: &mut Sql, tenant: &Tenant) {
    sql.push(" from workspace_connector_sync_logs l");
    sql.push(" join workspace_connectors i on i.pk = l.workspace_connector_pk");
    cell::of_tenant(sql, tenant, "l.workspace_pk");
    sql.push(" and l.deleted_at is null");
}

pub(super) fn asked(sql: &mut Sql, query: &Query) {
    for condition in &query.conditions {
        sql.push(" and ");
        match condition.field.name {
            "workspace_connector" => {
                cell::ids(sql, "i.workspace_connector_id", cell::ids_of(condition));
            }
            name => {
                sql.condition(&format!("l.{name}"), condition.op, &condition.values);
            }
        }
    }
    if let Some(text) = query.search.as_deref().filter(|it| !it.is_empty()) {
        sql.push(" and ").like("l.error", Op::Contains, text);
    }
}

pub(super) fn sync_log(row: Row) -> Result<SyncLog, Error> {
    Ok(SyncLog {
        sync_log_id: SyncLogId(row.id),
        workspace_connector: WorkspaceConnectorId(row.connector),
        status: cell::word(&row.status)?,
        trigger: cell::word(&row.trigger)?,
        started_at: row.started_at,
        completed_at: row.completed_at,
        duration_ms: row.duration_ms.map(i64::unsigned_abs),
        error: row.error,
        metadata: row.metadata.map(|it| it.0),
        created_at: row.created_at,
        updated_at: row.updated_at,
        ledger: Vec::new(),
    })
}
