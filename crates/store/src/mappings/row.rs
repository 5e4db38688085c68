//! A mapping as it is stored, and what a list of them can ask for.

use chrono::{DateTime, Utc};
use domain::TargetModel;
use domain::id::{ConnectorMappingId, WorkspaceConnectorId};
use serde_json::Value;
use sqlx::types::Json;
use sqlx::{ColumnIndex, Decode, FromRow, Type};
use uuid::Uuid;

use super::{Generator, Mapping, RegenerationReason};
use crate::error::Error;
use crate::query::{Field, FieldKind, Op, Query, words_of};
use crate::sql::{Bind, Sql};
use crate::{Store, Tenant, cell, diagnostics};

pub static FIELDS: &[Field] = &[
    Field { name: "target_model", kind: FieldKind::Enum(words_of!(TargetModel)) },
    Field { name: "tool_name", kind: FieldKind::Text },
    Field { name: "workspace_connector", kind: FieldKind::Id },
    Field { name: "generator", kind: FieldKind::Enum(words_of!(Generator)) },
    Field { name: "version", kind: FieldKind::Number },
    Field { name: "is_live", kind: FieldKind::Bool },
    Field { name: "needs_regeneration", kind: FieldKind::Bool },
    Field { name: "created_at", kind: FieldKind::Time },
    Field { name: "updated_at", kind: FieldKind::Time },
];

pub static SORTS: &[&str] = &["created_at", "updated_at"];

#[derive(Debug)]
pub(super) struct Row {
    pub(super) pk: i64,
    id: Uuid,
    connector: Option<Uuid>,
    model: String,
    tool: String,
    version: i64,
    is_live: bool,
    last_good_version: Option<i64>,
    generator: String,
    expression: String,
    needs_regeneration: bool,
    regeneration_reason: Option<String>,
    input_fingerprint: String,
    hashes: [Option<String>; 3],
    /// plan, arguments, pagination, slot report, jury, stats, shape, sample
    documents: [Value; 8],
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
        let document = |index: usize| -> Result<Value, sqlx::Error> {
            let it: Option<Json<Value>> = row.try_get(index)?;
            Ok(it.map_or(Value::Null, |it| it.0))
        };
        Ok(Self {
            pk: row.try_get(0)?,
            id: row.try_get(1)?,
            connector: row.try_get(2)?,
            model: row.try_get(3)?,
            tool: row.try_get(4)?,
            version: row.try_get(5)?,
            is_live: row.try_get(6)?,
            last_good_version: row.try_get(7)?,
            generator: row.try_get(8)?,
            expression: row.try_get(9)?,
            needs_regeneration: row.try_get(10)?,
            regeneration_reason: row.try_get(11)?,
            input_fingerprint: row.try_get(12)?,
            hashes: [row.try_get(13)?, row.try_get(14)?, row.try_get(15)?],
            documents: [
                document(16)?,
                document(17)?,
                document(18)?,
                document(19)?,
                document(20)?,
                document(21)?,
                document(22)?,
                document(23)?,
            ],
            created_at: row.try_get(24)?,
            updated_at: row.try_get(25)?,
        })
    }
}

pub(super) fn select(store: &Store, tenant: &Tenant) -> Sql {
    let mut sql = store.sql();
    sql.push("select t.pk, t.connector_mapping_id, ").push(cell::CONNECTOR_ID).push(
        ", t.target_model, t.tool_name, cast(t.version as bigint), t.is_live, \
         cast(t.last_good_version as bigint), t.generator, t.jsonata_expression, \
         t.needs_regeneration, t.regeneration_reason, t.input_fingerprint, t.output_schema_hash, \
         t.target_schema_hash, t.governance_hash, t.plan, t.tool_arguments, t.pagination_plan, \
         t.slot_report, t.jury, t.stats, t.input_shape, t.sample, t.created_at, t.updated_at",
    );
    live(&mut sql, tenant);
    sql
}

pub(super) fn live(sql: &mut Sql, tenant: &Tenant) {
    sql.push(" from connector_mappings t");
    cell::of_tenant(sql, tenant, "t.workspace_pk");
    sql.push(" and t.deleted_at is null");
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
            name @ ("is_live" | "needs_regeneration") => {
                let column = format!("cast(t.{name} as int)");
                sql.condition(&column, condition.op, &condition.values);
            }
            name => {
                sql.condition(&format!("t.{name}"), condition.op, &condition.values);
            }
        }
    }
    if let Some(text) = query.search.as_deref().filter(|it| !it.is_empty()) {
        sql.push(" and ").like("t.tool_name", Op::Contains, text);
    }
    Ok(())
}

pub(super) fn mapping(row: Row) -> Result<Mapping, Error> {
    let [plan, tool_arguments, pagination_plan, slot_report, jury, stats, input_shape, sample] =
        row.documents;
    let [output_schema_hash, target_schema_hash, governance_hash] = row.hashes;
    let version = |it: i64| u32::try_from(it).map_err(cell::unreadable);
    let reason = row.regeneration_reason.as_deref().map(cell::word::<RegenerationReason>);
    Ok(Mapping {
        id: ConnectorMappingId(row.id),
        connector: WorkspaceConnectorId(row.connector.unwrap_or_default()),
        model: cell::word(&row.model)?,
        tool: row.tool,
        version: version(row.version)?,
        is_live: row.is_live,
        last_good_version: row.last_good_version.map(version).transpose()?,
        generator: cell::word(&row.generator)?,
        expression: row.expression,
        plan,
        tool_arguments,
        pagination_plan,
        needs_regeneration: row.needs_regeneration,
        regeneration_reason: reason.transpose()?,
        input_fingerprint: row.input_fingerprint,
        input_shape,
        output_schema_hash,
        target_schema_hash,
        governance_hash,
        slot_report,
        jury,
        sample,
        stats,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}
