//! Installations of connectors: where they are reached, in which state they rest, whom they feed.

use chrono::{DateTime, Utc};
use domain::TargetModel;
use domain::connector::{InstallationStatus, Transport};
use domain::id::{ConnectorId, SyncLogId, WorkspaceConnectorId, WorkspaceId};
use domain::redact::Redactor;
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter,
};
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

use crate::entity::workspace_connectors::{Column, Entity, Model};
use crate::error::Error;
use crate::query::{Mark, Query, Slice, SortKey};
use crate::sql::{Bind, Sql, fetch_in};
use crate::{Store, Tenant, cell, connectors, queue, seal, sync_logs};

mod feed;
mod install;
mod row;

pub use feed::{feed, unfeed};
pub use install::{New, insert};
pub use row::{FIELDS, SORTS};

use install::first_time;
use row::{Row, asked, installation, select};

/// An installation. Its credentials are not here: see [`transport`].
#[derive(Debug, Clone, PartialEq)]
pub struct WorkspaceConnector {
    pub workspace_connector_id: WorkspaceConnectorId,
    pub workspace: WorkspaceId,
    pub connector: ConnectorId,
    pub name: String,
    pub status: InstallationStatus,
    /// Where it rests while `status` is `processing`.
    pub resting_status: Option<InstallationStatus>,
    /// Where it goes, without credentials.
    pub address: String,
    /// The names of the secrets that are set.
    pub secrets_set: Vec<String>,
    pub installed_capabilities: Option<Value>,
    /// None: only when asked.
    pub schedule_minutes: Option<u32>,
    pub paused: bool,
    /// None: what the connector supports.
    pub supported_target_models: Option<Vec<TargetModel>>,
    pub last_success_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// `None` leaves a member as it is.
#[derive(Debug, Clone, Default)]
pub struct Patch {
    pub name: Option<String>,
    /// Replaces address and credentials as one.
    pub transport: Option<Transport>,
    /// Where it rests; `processing` belongs to runs. During a run it is kept for its end.
    pub status: Option<InstallationStatus>,
    pub schedule_minutes: Option<Option<u32>>,
    pub paused: Option<bool>,
    pub supported_target_models: Option<Option<Vec<TargetModel>>>,
}

pub async fn find(
    store: &Store,
    tenant: &Tenant,
    id: WorkspaceConnectorId,
) -> Result<WorkspaceConnector, Error> {
    let mut sql = select(store, tenant);
    sql.push(" and i.workspace_connector_id = ").bind(Bind::Id(id.0));
    let found = store.fetch::<Row>(sql).await?.into_iter().next();
    found.ok_or(Error::NotFound("workspace_connector")).and_then(|it| installation(tenant, it))
}

/// How it is reached, credentials included: opens the seal.
pub async fn transport(
    store: &Store,
    tenant: &Tenant,
    id: WorkspaceConnectorId,
) -> Result<Transport, Error> {
    let txn = store.tenant_read(tenant).await?;
    let row = own(&txn, tenant, id).await?;
    txn.commit().await?;
    let sealed = row.transport.ok_or(Error::Sealed("no transport is configured"))?;
    let plain = seal::open(store, id.0, &sealed)?;
    serde_json::from_slice(&plain).map_err(|_secret| Error::Sealed("it holds no transport"))
}

/// What people have decided about its connector, as it was written down.
pub async fn governance(
    store: &Store,
    tenant: &Tenant,
    id: WorkspaceConnectorId,
) -> Result<Option<Value>, Error> {
    document(store, tenant, id, "c.governance").await
}

/// Which tools earlier runs chose, as the engine wrote it down.
pub async fn tool_choices(
    store: &Store,
    tenant: &Tenant,
    id: WorkspaceConnectorId,
) -> Result<Option<Value>, Error> {
    document(store, tenant, id, "i.tool_choices").await
}

pub async fn set_tool_choices(
    store: &Store,
    tenant: &Tenant,
    id: WorkspaceConnectorId,
    choices: &Value,
) -> Result<(), Error> {
    let mut sql = store.sql().writing();
    sql.push("update workspace_connectors set tool_choices = ");
    cell::json(&mut sql, Some(choices));
    of(&mut sql, tenant, id);
    changed(store.execute(sql).await?)
}

async fn document(
    store: &Store,
    tenant: &Tenant,
    id: WorkspaceConnectorId,
    column: &'static str,
) -> Result<Option<Value>, Error> {
    let mut sql = store.sql();
    sql.push("select ").push(column);
    row::live(&mut sql, tenant);
    sql.push(" and i.workspace_connector_id = ").bind(Bind::Id(id.0));
    let found = store.fetch::<(Option<Json<Value>>,)>(sql).await?.into_iter().next();
    found.map(|it| it.0.map(|it| it.0)).ok_or(Error::NotFound("workspace_connector"))
}

/// A page of the workspace's own installations.
pub async fn list(
    store: &Store,
    tenant: &Tenant,
    query: &Query,
) -> Result<Slice<WorkspaceConnector>, Error> {
    let (sort, descending) = query.sort_or("created_at");
    let mut sql = select(store, tenant);
    asked(&mut sql, query);
    sql.page(&format!("i.{sort}"), "i.pk", descending, &query.page);
    let marked = store.fetch::<Row>(sql).await?.into_iter().map(|row| {
        let pk = row.pk;
        let it = installation(tenant, row)?;
        let key = match sort {
            "updated_at" => SortKey::Time(it.updated_at),
            "name" => SortKey::Text(it.name.clone()),
            _ => SortKey::Time(it.created_at),
        };
        Ok((it, Mark { key, pk }))
    });
    let mut slice = Slice::of(marked.collect::<Result<_, Error>>()?, &query.page);
    if query.page.total {
        let mut sql = store.sql();
        row::live(sql.push("select count(*)"), tenant);
        asked(&mut sql, query);
        let counted = store.fetch::<(i64,)>(sql).await?;
        slice.total = Some(counted.first().map_or(0, |it| it.0.unsigned_abs()));
    }
    Ok(slice)
}

pub async fn update(
    store: &Store,
    tenant: &Tenant,
    id: WorkspaceConnectorId,
    patch: Patch,
    now: DateTime<Utc>,
) -> Result<WorkspaceConnector, Error> {
    let now = domain::time::to_millis(now);
    let mut sql = store.sql().writing();
    sql.push("update workspace_connectors set updated_at = ").time(now);
    if let Some(name) = &patch.name {
        connectors::check_name(name)?;
        let redactor = patch.transport.as_ref().map(Redactor::of).unwrap_or_default();
        sql.push(", name = ").text_bind(redactor.label(name));
    }
    if let Some(transport) = &patch.transport {
        sql.push(", transport = ").bind(Bind::Bytes(sealed(store, id.0, transport)?));
        sql.push(", address = ").text_bind(transport.address()).push(", secrets_set = ");
        cell::json(&mut sql, Some(&Value::from(transport.secret_names())));
        // What was granted is for the server that granted it.
        for column in ["grant_sealed", "flow_sealed"] {
            sql.push(", ").push(column).push(" = case when address = ");
            sql.text_bind(transport.address()).push(" then ").push(column).push(" else null end");
        }
        // A renewal under way for the same server goes on: what it brings is all that is left.
        sql.push(", grant_generation = grant_generation + case when address = ");
        sql.text_bind(transport.address()).push(" then 0 else 1 end");
    }
    set_status(&mut sql, &patch)?;
    if let Some(schedule) = patch.schedule_minutes {
        sql.push(", schedule_minutes = ").bind(minutes(schedule)?);
        sql.push(", next_run = null, next_run_at = ").bind(Bind::Time(first_time(schedule, now)));
    }
    if let Some(paused) = patch.paused {
        sql.push(", paused = ");
        cell::boolean(&mut sql, paused);
    }
    if let Some(wanted) = patch.supported_target_models {
        sql.push(", supported_target_models = ");
        cell::json(&mut sql, connectors::models(wanted.as_ref()).as_ref());
    }
    of(&mut sql, tenant, id);
    changed(store.execute(sql).await?)?;
    find(store, tenant, id).await
}

/// Where a change leaves the installation to rest; a run under way goes on.
fn set_status(sql: &mut Sql, patch: &Patch) -> Result<(), Error> {
    match patch.status {
        None if patch.transport.is_some() => {
            // New credentials answer what the old ones could not; what a person has put aside
            // stays aside, and what runs say of the data is theirs to say.
            for column in ["status", "resting_status"] {
                sql.push(&format!(
                    ", {column} = case when {column} in ('to_configure', 'need_reconnect', \
                     'error') then 'enabled' else {column} end"
                ));
            }
        }
        None => {}
        Some(InstallationStatus::Processing) => {
            return Err(Error::invalid(0, "status", "is set by runs alone"));
        }
        Some(status) => {
            let word = status.as_str();
            sql.push(", status = case status when 'processing' then status else ").text_bind(word);
            sql.push(" end, resting_status = case status when 'processing' then ").text_bind(word);
            sql.push(" else null end");
        }
    }
    Ok(())
}

/// What the server offers, as it said when it was last asked.
pub async fn set_capabilities(
    store: &Store,
    tenant: &Tenant,
    id: WorkspaceConnectorId,
    capabilities: &Value,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let mut sql = store.sql().writing();
    sql.push("update workspace_connectors set updated_at = ").time(domain::time::to_millis(now));
    sql.push(", installed_capabilities = ");
    cell::json(&mut sql, Some(capabilities));
    of(&mut sql, tenant, id);
    changed(store.execute(sql).await?)
}

/// Removes an installation and its credentials; what it brought stays. A run under way ends.
pub async fn delete(
    store: &Store,
    tenant: &Tenant,
    id: WorkspaceConnectorId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let now = domain::time::to_millis(now);
    let txn = store.tenant_txn(tenant).await?;
    let row = own(&txn, tenant, id).await?;
    let pk = row.pk;
    let mut row = row.into_active_model();
    row.status = Set(InstallationStatus::Disabled.as_str().to_owned());
    row.resting_status = Set(None);
    row.transport = Set(None);
    row.secrets_set = Set(None);
    row.grant_sealed = Set(None);
    row.flow_sealed = Set(None);
    row.installed_capabilities = Set(None);
    row.updated_at = Set(now);
    row.deleted_at = Set(Some(now));
    row.update(&txn).await?;
    queue::pull_of(&txn, pk).await?;
    let mut sql = store.sql();
    sql.push("update workspace_connector_sync_logs set status = 'error', updated_at = ");
    sql.time(now).push(", completed_at = ").time(now);
    sql.push(", error = 'the connector was removed' where workspace_connector_pk = ").number(pk);
    sql.push(" and status in ('scheduled', 'in_progress') returning sync_log_id");
    for (run,) in fetch_in::<(Uuid,)>(&txn, sql).await? {
        sync_logs::tell(&txn, tenant, (SyncLogId(run), pk), now).await?;
    }
    txn.commit().await?;
    store.told();
    store.caches().forget_connector(id);
    Ok(())
}

/// A live installation of the tenant's own.
pub(crate) async fn own(
    txn: &DatabaseTransaction,
    tenant: &Tenant,
    id: WorkspaceConnectorId,
) -> Result<Model, Error> {
    Entity::find()
        .filter(Column::WorkspaceConnectorId.eq(id.0))
        .filter(Column::WorkspacePk.eq(tenant.workspace_pk))
        .filter(Column::DeletedAt.is_null())
        .one(txn)
        .await?
        .ok_or(Error::NotFound("workspace_connector"))
}

/// ` where` the same, in a plain statement.
fn of(sql: &mut Sql, tenant: &Tenant, id: WorkspaceConnectorId) {
    cell::of_tenant(sql, tenant, "workspace_pk");
    sql.push(" and deleted_at is null and workspace_connector_id = ").bind(Bind::Id(id.0));
}

fn changed(rows: u64) -> Result<(), Error> {
    if rows == 0 { Err(Error::NotFound("workspace_connector")) } else { Ok(()) }
}

fn sealed(store: &Store, id: Uuid, transport: &Transport) -> Result<Vec<u8>, Error> {
    let plain =
        serde_json::to_vec(transport).map_err(|_secret| Error::Sealed("it cannot be written"))?;
    seal::seal(store, id, &plain)
}

/// Up to a year.
fn minutes(schedule: Option<u32>) -> Result<Bind, Error> {
    match schedule.is_none_or(|it| (1..=525_600).contains(&it)) {
        true => Ok(Bind::Number(schedule.map(i64::from))),
        false => Err(Error::invalid(0, "schedule_minutes", "is not between 1 and 525600")),
    }
}
