//! An installation as it is stored, and what a list of them can ask for.

use chrono::{DateTime, Utc};
use domain::connector::InstallationStatus;
use domain::id::{ConnectorId, WorkspaceConnectorId};
use serde_json::Value;
use sqlx::types::Json;
use sqlx::{ColumnIndex, Decode, FromRow, Type};
use uuid::Uuid;

use super::WorkspaceConnector;
use crate::error::Error;
use crate::query::{Field, FieldKind, Op, Query, words_of};
use crate::sql::Sql;
use crate::{Store, Tenant, cell};

pub static FIELDS: &[Field] = &[
    Field { name: "name", kind: FieldKind::Text },
    Field { name: "status", kind: FieldKind::Enum(words_of!(InstallationStatus)) },
    Field { name: "connector", kind: FieldKind::Id },
    Field { name: "address", kind: FieldKind::Text },
    Field { name: "paused", kind: FieldKind::Bool },
    Field { name: "last_success_at", kind: FieldKind::Time },
    Field { name: "created_at", kind: FieldKind::Time },
    Field { name: "updated_at", kind: FieldKind::Time },
];

pub static SORTS: &[&str] = &["created_at", "updated_at", "name"];

#[derive(Debug)]
pub(super) struct Row {
    pub(super) pk: i64,
    id: Uuid,
    connector: Uuid,
    name: String,
    status: String,
    resting_status: Option<String>,
    address: String,
    secrets_set: Option<Json<Value>>,
    installed_capabilities: Option<Json<Value>>,
    schedule_minutes: Option<i64>,
    paused: bool,
    supported_target_models: Option<Json<Value>>,
    last_success_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl<'r, R: sqlx::Row> FromRow<'r, R> for Row
where
    usize: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    bool: Decode<'r, R::Database> + Type<R::Database>,
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
            name: row.try_get(3)?,
            status: row.try_get(4)?,
            resting_status: row.try_get(5)?,
            address: row.try_get(6)?,
            secrets_set: row.try_get(7)?,
            installed_capabilities: row.try_get(8)?,
            schedule_minutes: row.try_get(9)?,
            paused: row.try_get(10)?,
            supported_target_models: row.try_get(11)?,
            last_success_at: row.try_get(12)?,
            created_at: row.try_get(13)?,
            updated_at: row.try_get(14)?,
        })
    }
}

pub(super) fn select(store: &Store, tenant: &Tenant) -> Sql {
    let mut sql = store.sql();
    sql.push(
        "select i.pk, i.workspace_connector_id, c.connector_id, i.name, i.status, \
         i.resting_status, i.address, i.secrets_set, i.installed_capabilities, \
         cast(i.schedule_minutes as bigint), i.paused, i.supported_target_models, \
         i.last_success_at, i.created_at, i.updated_at",
    );
    live(&mut sql, tenant);
    sql
}

pub(super) fn live(sql: &mut Sql, tenant: &Tenant) {
    sql.push(" from workspace_connectors i join connectors c on c.pk = i.connector_pk");
    cell::of_tenant(sql, tenant, "i.workspace_pk");
    sql.push(" and i.deleted_at is null");
}

pub(super) fn asked(sql: &mut Sql, query: &Query) {
    for condition in &query.conditions {
        sql.push(" and ");
        match condition.field.name {
            "connector" => cell::ids(sql, "c.connector_id", cell::ids_of(condition)),
            "paused" => {
                sql.condition("cast(i.paused as int)", condition.op, &condition.values);
            }
            name => {
                sql.condition(&format!("i.{name}"), condition.op, &condition.values);
            }
        }
    }
    if let Some(text) = query.search.as_deref().filter(|it| !it.is_empty()) {
        sql.push(" and ").like("i.name", Op::Contains, text);
    }
}

pub(super) fn installation(tenant: &Tenant, row: Row) -> Result<WorkspaceConnector, Error> {
    Ok(WorkspaceConnector {
        workspace_connector_id: WorkspaceConnectorId(row.id),
        workspace: tenant.workspace,
        connector: ConnectorId(row.connector),
        name: row.name,
        status: cell::word(&row.status)?,
        resting_status: row.resting_status.as_deref().map(cell::word).transpose()?,
        address: row.address,
        secrets_set: cell::document(row.secrets_set.map(|it| it.0))?.unwrap_or_default(),
        installed_capabilities: row.installed_capabilities.map(|it| it.0),
        schedule_minutes: row.schedule_minutes.and_then(|it| it.try_into().ok()),
        paused: row.paused,
        supported_target_models: cell::document(row.supported_target_models.map(|it| it.0))?,
        last_success_at: row.last_success_at,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}
