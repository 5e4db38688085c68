//! Rows that wait: children whose required parent is not stored yet. A later run releases them.

use chrono::{DateTime, Utc};
use domain::TargetModel;
use domain::id::{SyncLogId, WorkspaceConnectorId};
pub use domain::reference::Parent;
use domain::reference::known_as;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::EntityTrait;
use sea_orm::sea_query::OnConflict;
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

use crate::entity::pending_entities::{ActiveModel, Column, Entity};
use crate::error::Error;
use crate::sql::Sql;
use crate::{Store, Tenant, cell, diagnostics, sync_logs};

/// Rows in one statement.
const CHUNK: usize = 500;

/// A row that waits.
#[derive(Debug, Clone, PartialEq)]
pub struct Pending {
    pub model: TargetModel,
    pub tool: String,
    pub external_id: String,
    /// As the mapping gave it: checked again when it is released.
    pub entity: Value,
    pub parents: Vec<Parent>,
}

/// A row that waits, with when it began to.
#[derive(Debug, Clone, PartialEq)]
pub struct Waiting {
    /// Where a next page of [`list`] begins.
    pub pk: i64,
    pub row: Pending,
    pub first_seen_run: SyncLogId,
    pub last_seen_run: SyncLogId,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// pk, target, tool, external id, entity, parents, first run, last run, created, updated
type Row = (
    i64,
    String,
    String,
    String,
    Json<Value>,
    Json<Value>,
    Uuid,
    Uuid,
    DateTime<Utc>,
    DateTime<Utc>,
);

/// Keeps rows until their parents come; one that waits already is replaced.
#[expect(clippy::too_many_arguments, reason = "whose, of which run and connector, what, when")]
pub async fn put(
    store: &Store,
    tenant: &Tenant,
    run: SyncLogId,
    connector: WorkspaceConnectorId,
    rows: &[Pending],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let connector_pk = connector_pk(store, tenant, connector).await?;
    let now = domain::time::to_millis(now);
    let txn = store.tenant_txn(tenant).await?;
    sync_logs::fence(&txn, tenant, run).await?;
    for chunk in rows.chunks(CHUNK) {
        // A row twice in one statement cannot be upserted: the last one stands.
        let last = |(index, it): &(usize, &Pending)| {
            let same =
                |other: &Pending| other.model == it.model && other.external_id == it.external_id;
            !chunk.iter().skip(index + 1).any(same)
        };
        let rows = chunk.iter().enumerate().filter(last).map(|(_, it)| ActiveModel {
            pk: NotSet,
            pending_entity_id: Set(Uuid::new_v4()),
            workspace_pk: Set(tenant.workspace_pk),
            workspace_connector_pk: Set(connector_pk),
            target_model: Set(it.model.as_str().to_owned()),
            tool_name: Set(it.tool.clone()),
            external_id: Set(it.external_id.clone()),
            known_as: Set(known_as(it.model, &it.entity)),
            entity: Set(it.entity.clone()),
            parents: Set(serde_json::json!(it.parents)),
            first_seen_run: Set(run.0),
            last_seen_run: Set(run.0),
            created_at: Set(now),
            updated_at: Set(now),
        });
        let again = OnConflict::columns([
            Column::WorkspacePk,
            Column::WorkspaceConnectorPk,
            Column::TargetModel,
            Column::ExternalId,
        ])
        .update_columns([
            Column::ToolName,
            Column::KnownAs,
            Column::Entity,
            Column::Parents,
            Column::LastSeenRun,
            Column::UpdatedAt,
        ])
        .to_owned();
        Entity::insert_many(rows).on_conflict(again).exec_without_returning(&txn).await?;
    }
    txn.commit().await?;
    Ok(())
}

/// Rows of a model that wait, oldest first, at most 500 after the given `pk` (0: from the start).
pub async fn list(
    store: &Store,
    tenant: &Tenant,
    connector: WorkspaceConnectorId,
    model: TargetModel,
    after: i64,
) -> Result<Vec<Waiting>, Error> {
    let Some(connector_pk) = diagnostics::connector_pk(store, tenant, connector).await? else {
        return Ok(Vec::new());
    };
    let mut sql = select(store, tenant);
    sql.push(" and workspace_connector_pk = ").number(connector_pk);
    sql.push(" and target_model = ").text_bind(model.as_str());
    sql.push(" and pk > ").number(after).push(" order by pk limit 500");
    store.fetch::<Row>(sql).await?.into_iter().map(waiting).collect()
}

/// The models of which rows of a connector wait.
pub async fn models(
    store: &Store,
    tenant: &Tenant,
    connector: WorkspaceConnectorId,
) -> Result<Vec<TargetModel>, Error> {
    let Some(connector_pk) = diagnostics::connector_pk(store, tenant, connector).await? else {
        return Ok(Vec::new());
    };
    let mut sql = store.sql();
    sql.push("select distinct target_model from pending_entities");
    cell::of_tenant(&mut sql, tenant, "workspace_pk");
    sql.push(" and workspace_connector_pk = ").number(connector_pk);
    store.fetch::<(String,)>(sql).await?.iter().map(|it| cell::word(&it.0)).collect()
}

/// Ends the wait of rows that no run has seen for the days of the retention.
pub async fn prune(
    store: &Store,
    tenant: &Tenant,
    connector: WorkspaceConnectorId,
    now: DateTime<Utc>,
) -> Result<u64, Error> {
    let Some(connector_pk) = diagnostics::connector_pk(store, tenant, connector).await? else {
        return Ok(0);
    };
    let mut sql = store.sql().writing();
    sql.push("delete from pending_entities");
    cell::of_tenant(&mut sql, tenant, "workspace_pk");
    sql.push(" and workspace_connector_pk = ").number(connector_pk);
    sql.push(" and updated_at < ").time(domain::time::to_millis(tenant.retention().cutoff(now)));
    store.execute(sql).await
}

/// Is it that this record waits? Under every connector of the workspace.
pub async fn find_all(
    store: &Store,
    tenant: &Tenant,
    model: TargetModel,
    external_id: &str,
) -> Result<Vec<Waiting>, Error> {
    let mut sql = select(store, tenant);
    sql.push(" and target_model = ").text_bind(model.as_str());
    sql.push(" and external_id = ").text_bind(external_id).push(" order by pk limit 100");
    store.fetch::<Row>(sql).await?.into_iter().map(waiting).collect()
}

/// How many rows of a connector wait.
pub async fn count(
    store: &Store,
    tenant: &Tenant,
    connector: WorkspaceConnectorId,
    model: TargetModel,
) -> Result<u64, Error> {
    let Some(connector_pk) = diagnostics::connector_pk(store, tenant, connector).await? else {
        return Ok(0);
    };
    let mut sql = store.sql();
    sql.push("select count(*) from pending_entities");
    cell::of_tenant(&mut sql, tenant, "workspace_pk");
    sql.push(" and workspace_connector_pk = ").number(connector_pk);
    sql.push(" and target_model = ").text_bind(model.as_str());
    Ok(store.fetch::<(i64,)>(sql).await?.first().map_or(0, |it| it.0.unsigned_abs()))
}

/// These wait no longer; how many did. A record that is stored is cleared by the upsert itself.
pub async fn clear(
    store: &Store,
    tenant: &Tenant,
    connector: WorkspaceConnectorId,
    model: TargetModel,
    external_ids: &[&str],
) -> Result<u64, Error> {
    let Some(connector_pk) = diagnostics::connector_pk(store, tenant, connector).await? else {
        return Ok(0);
    };
    let missing = cell::Missing { table: "pending_entities", tenant, connector_pk, model };
    let txn = store.tenant_txn(tenant).await?;
    let cleared = missing.clear(&txn, external_ids).await?;
    txn.commit().await?;
    Ok(cleared)
}

fn select(store: &Store, tenant: &Tenant) -> Sql {
    let mut sql = store.sql();
    sql.push(
        "select pk, target_model, tool_name, external_id, entity, parents, first_seen_run, \
         last_seen_run, created_at, updated_at from pending_entities",
    );
    cell::of_tenant(&mut sql, tenant, "workspace_pk");
    sql
}

fn waiting(row: Row) -> Result<Waiting, Error> {
    let (pk, model, tool, external_id, entity, parents, first, last, created_at, updated_at) = row;
    let parents: Option<Vec<Parent>> = cell::document(Some(parents.0))?;
    let parents = parents.unwrap_or_default();
    Ok(Waiting {
        pk,
        row: Pending { model: cell::word(&model)?, tool, external_id, entity: entity.0, parents },
        first_seen_run: SyncLogId(first),
        last_seen_run: SyncLogId(last),
        created_at,
        updated_at,
    })
}

pub(crate) async fn connector_pk(
    store: &Store,
    tenant: &Tenant,
    connector: WorkspaceConnectorId,
) -> Result<i64, Error> {
    let pk = diagnostics::connector_pk(store, tenant, connector).await?;
    pk.ok_or(Error::NotFound("workspace_connector"))
}
