//! Rows that were rejected: they answer "why is X missing". Values are kept only if the caller
//! gives them, which it does when the workspace opts in.

use std::collections::HashSet;

use chrono::{DateTime, Duration, Utc};
use domain::id::{SyncLogId, WorkspaceConnectorId};
use domain::{Reason, TargetModel};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::EntityTrait;
use sea_orm::sea_query::OnConflict;
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

use crate::entity::rejected_entities::{ActiveModel, Column, Entity};
use crate::error::Error;
use crate::sql::{Bind, Sql};
use crate::{Store, Tenant, cell, diagnostics, pending, sync_logs};

/// Rows in one statement.
const CHUNK: usize = 500;

/// A row that was rejected, by its first cause.
#[derive(Debug, Clone, PartialEq)]
pub struct Rejected {
    pub model: TargetModel,
    pub tool: String,
    pub external_id: Option<String>,
    /// What people call it ([`domain::reference::known_as`]).
    pub known_as: Option<String>,
    pub reason: Reason,
    /// The attribute at fault; empty for the row as a whole.
    pub field: String,
    pub cause: String,
    /// Of the row as it came: the same row rejected again is the same rejection.
    pub row_hash: [u8; 32],
    /// The row itself, if it may be kept.
    pub entity: Option<Value>,
}

/// A rejection that stands, with when it began.
#[derive(Debug, Clone, PartialEq)]
pub struct Rejection {
    pub connector: WorkspaceConnectorId,
    pub row: Rejected,
    pub first_seen_run: SyncLogId,
    pub last_seen_run: SyncLogId,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// connector, target, tool, external id, known as, reason, field, cause, hash, entity, runs, times
type Row = (
    Option<Uuid>,
    String,
    String,
    Option<String>,
    Option<String>,
    String,
    String,
    String,
    Vec<u8>,
    Option<Json<Value>>,
    Uuid,
    Uuid,
    DateTime<Utc>,
    DateTime<Utc>,
);

/// Notes rejections; one that stands already only moves its last run. They end when the record is
/// stored after all, or when no run sees them for as long as diagnostics are kept ([`prune`]).
#[expect(clippy::too_many_arguments, reason = "whose, of which run and connector, what, when")]
pub async fn insert_many(
    store: &Store,
    tenant: &Tenant,
    run: SyncLogId,
    connector: WorkspaceConnectorId,
    rows: Vec<Rejected>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let connector_pk = pending::connector_pk(store, tenant, connector).await?;
    let now = domain::time::to_millis(now);
    // The same row twice in one statement cannot be upserted.
    let mut seen = HashSet::new();
    let models: Vec<ActiveModel> = rows
        .into_iter()
        .filter(|it| seen.insert((it.model, it.tool.clone(), it.row_hash)))
        .map(|it| ActiveModel {
            pk: NotSet,
            rejected_entity_id: Set(Uuid::new_v4()),
            workspace_pk: Set(tenant.workspace_pk),
            workspace_connector_pk: Set(connector_pk),
            target_model: Set(it.model.as_str().to_owned()),
            tool_name: Set(it.tool),
            // What is too broken to be stored as text is still rejected.
            external_id: Set(it.external_id.map(|id| id.replace('\0', ""))),
            known_as: Set(it.known_as),
            reason: Set(it.reason.as_str().to_owned()),
            field: Set(it.field),
            cause: Set(it.cause.replace('\0', "")),
            row_hash: Set(it.row_hash.to_vec()),
            entity: Set(it.entity),
            first_seen_run: Set(run.0),
            last_seen_run: Set(run.0),
            created_at: Set(now),
            updated_at: Set(now),
        })
        .collect();
    let again = OnConflict::columns([
        Column::WorkspacePk,
        Column::WorkspaceConnectorPk,
        Column::TargetModel,
        Column::ToolName,
        Column::RowHash,
    ])
    .update_columns([
        Column::ExternalId,
        Column::KnownAs,
        Column::Reason,
        Column::Field,
        Column::Cause,
        Column::Entity,
        Column::LastSeenRun,
        Column::UpdatedAt,
    ])
    .to_owned();
    let txn = store.tenant_txn(tenant).await?;
    sync_logs::fence(&txn, tenant, run).await?;
    for chunk in models.chunks(CHUNK) {
        Entity::insert_many(chunk.to_vec())
            .on_conflict(again.clone())
            .exec_without_returning(&txn)
            .await?;
    }
    txn.commit().await?;
    Ok(())
}

/// Why is this record missing? The rejections that name it, the newest first.
pub async fn find_all(
    store: &Store,
    tenant: &Tenant,
    model: TargetModel,
    external_id: &str,
) -> Result<Vec<Rejection>, Error> {
    let mut sql = select(store, tenant);
    sql.push(" and t.target_model = ").text_bind(model.as_str());
    sql.push(" and t.external_id = ").text_bind(external_id);
    sql.push(" order by t.updated_at desc, t.pk desc limit 100");
    store.fetch::<Row>(sql).await?.into_iter().map(rejection).collect()
}

/// The newest rejections of a connector.
pub async fn list(
    store: &Store,
    tenant: &Tenant,
    connector: WorkspaceConnectorId,
    limit: u16,
) -> Result<Vec<Rejection>, Error> {
    let Some(connector_pk) = diagnostics::connector_pk(store, tenant, connector).await? else {
        return Ok(Vec::new());
    };
    let mut sql = select(store, tenant);
    sql.push(" and t.workspace_connector_pk = ").number(connector_pk);
    sql.push(" order by t.updated_at desc, t.pk desc limit ").number(limit.into());
    store.fetch::<Row>(sql).await?.into_iter().map(rejection).collect()
}

/// The rows that one run rejected of one tool's answer.
#[derive(Debug, Clone, Copy)]
pub struct OfRun<'a> {
    pub run: SyncLogId,
    pub connector: WorkspaceConnectorId,
    pub model: TargetModel,
    pub tool: &'a str,
}

/// Puts them under one reason: whether all rows were rejected or some is known at the end only.
pub async fn settle(
    store: &Store,
    tenant: &Tenant,
    rows: OfRun<'_>,
    reason: Reason,
) -> Result<u64, Error> {
    let Some(connector_pk) = diagnostics::connector_pk(store, tenant, rows.connector).await? else {
        return Ok(0);
    };
    let mut sql = store.sql().writing();
    sql.push("update rejected_entities set reason = ").text_bind(reason.as_str());
    cell::of_tenant(&mut sql, tenant, "workspace_pk");
    sql.push(" and workspace_connector_pk = ").number(connector_pk);
    sql.push(" and target_model = ").text_bind(rows.model.as_str());
    sql.push(" and tool_name = ").text_bind(rows.tool);
    sql.push(" and last_seen_run = ").bind(Bind::Id(rows.run.0));
    sql.push(" and reason <> ").text_bind(reason.as_str());
    // What the database refused is no matter of the checks.
    sql.push(" and reason <> ").text_bind(Reason::EntityPersistFailed.as_str());
    store.execute(sql).await
}

/// After a run that has read every row of a tool's answer: ends the rejections without an external
/// id that it did not see again. Whether such a row is sound by now or gone cannot be told apart;
/// one with an id stands until the record is stored.
pub async fn end_nameless(store: &Store, tenant: &Tenant, rows: OfRun<'_>) -> Result<u64, Error> {
    let Some(connector_pk) = diagnostics::connector_pk(store, tenant, rows.connector).await? else {
        return Ok(0);
    };
    let mut sql = store.sql().writing();
    sql.push("delete from rejected_entities");
    cell::of_tenant(&mut sql, tenant, "workspace_pk");
    sql.push(" and workspace_connector_pk = ").number(connector_pk);
    sql.push(" and target_model = ").text_bind(rows.model.as_str());
    sql.push(" and tool_name = ").text_bind(rows.tool);
    sql.push(" and external_id is null and last_seen_run <> ").bind(Bind::Id(rows.run.0));
    store.execute(sql).await
}

/// Ends rejections of a connector that no run has seen for the days of the retention.
pub async fn prune(
    store: &Store,
    tenant: &Tenant,
    connector: WorkspaceConnectorId,
    now: DateTime<Utc>,
) -> Result<u64, Error> {
    let Some(connector_pk) = diagnostics::connector_pk(store, tenant, connector).await? else {
        return Ok(0);
    };
    let cutoff = now - Duration::days(tenant.retention().days.into());
    let mut sql = store.sql().writing();
    sql.push("delete from rejected_entities");
    cell::of_tenant(&mut sql, tenant, "workspace_pk");
    sql.push(" and workspace_connector_pk = ").number(connector_pk);
    sql.push(" and updated_at < ").time(domain::time::to_millis(cutoff));
    store.execute(sql).await
}

fn select(store: &Store, tenant: &Tenant) -> Sql {
    let mut sql = store.sql();
    sql.push("select ").push(cell::CONNECTOR_ID).push(
        ", t.target_model, t.tool_name, t.external_id, t.known_as, t.reason, t.field, t.cause, \
         t.row_hash, t.entity, t.first_seen_run, t.last_seen_run, t.created_at, t.updated_at \
         from rejected_entities t",
    );
    cell::of_tenant(&mut sql, tenant, "t.workspace_pk");
    sql
}

fn rejection(row: Row) -> Result<Rejection, Error> {
    let (connector, model, tool, external_id, known_as, reason, field, cause, hash, entity, ..) =
        row;
    let rejected = Rejected {
        model: cell::word(&model)?,
        tool,
        external_id,
        known_as,
        reason: cell::word(&reason)?,
        field,
        cause,
        row_hash: hash.try_into().unwrap_or_default(),
        entity: entity.map(|it| it.0),
    };
    Ok(Rejection {
        connector: WorkspaceConnectorId(connector.unwrap_or_default()),
        row: rejected,
        first_seen_run: SyncLogId(row.10),
        last_seen_run: SyncLogId(row.11),
        created_at: row.12,
        updated_at: row.13,
    })
}
