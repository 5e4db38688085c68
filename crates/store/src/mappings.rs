//! Mappings (blueprints): versions for each connector, target and tool, of which one is live.

use chrono::{DateTime, Utc};
use domain::TargetModel;
use domain::id::{ConnectorMappingId, WorkspaceConnectorId};
use sea_orm::ActiveModelTrait;
use sea_orm::ActiveValue::{NotSet, Set};
use serde_json::Value;
use uuid::Uuid;

use crate::entity::connector_mappings::ActiveModel;
use crate::error::Error;
use crate::query::{Mark, Query, Slice, SortKey};
use crate::sql::{Bind, Sql};
use crate::{Fault, Store, Tenant, cell, diagnostics, pending};

mod line;
mod pins;
mod row;
mod standing;
mod update;

pub use pins::{SlotPin, Whole, slot_pins, slot_pins_of};
pub use row::{FIELDS, SORTS};
pub use standing::{Standing, find_version, keep, refresh};
pub use update::{Patch, restore, update};

use line::Line;
use row::{Row, asked, mapping, select};

domain::words! {
    /// Which path drew a mapping.
    Generator, "generator" {
        Structured = "structured",
        Legacy = "legacy",
        Pinned = "pinned",
        Manual = "manual",
    }
}

domain::words! {
    /// Why a mapping is to be drawn again.
    RegenerationReason, "regeneration reason" {
        Drift = "drift",
        Regression = "regression",
        DropRate = "drop_rate",
        GovernanceChanged = "governance_changed",
        SchemaChanged = "schema_changed",
        Manual = "manual",
    }
}

/// A version of a mapping.
#[derive(Debug, Clone, PartialEq)]
pub struct Mapping {
    pub id: ConnectorMappingId,
    pub connector: WorkspaceConnectorId,
    pub model: TargetModel,
    pub tool: String,
    pub version: u32,
    pub is_live: bool,
    pub last_good_version: Option<u32>,
    pub generator: Generator,
    /// JSONata.
    pub expression: String,
    /// The typed plan that it was compiled from; null for a free-form one.
    pub plan: Value,
    pub tool_arguments: Value,
    pub pagination_plan: Value,
    pub needs_regeneration: bool,
    pub regeneration_reason: Option<RegenerationReason>,
    pub input_fingerprint: String,
    /// Paths of the rows and their types, of which the fingerprint is.
    pub input_shape: Value,
    pub output_schema_hash: Option<String>,
    pub target_schema_hash: Option<String>,
    pub governance_hash: Option<String>,
    pub slot_report: Value,
    pub jury: Value,
    /// A few rows without secrets.
    pub sample: Value,
    /// Of the last run.
    pub stats: Value,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct NewMapping {
    pub connector: WorkspaceConnectorId,
    pub model: TargetModel,
    pub tool: String,
    pub generator: Generator,
    pub expression: String,
    /// Null: there is none. So for every document below.
    pub plan: Value,
    pub tool_arguments: Value,
    pub pagination_plan: Value,
    pub last_good_version: Option<u32>,
    pub input_fingerprint: String,
    pub input_shape: Value,
    pub output_schema_hash: Option<String>,
    pub target_schema_hash: Option<String>,
    pub governance_hash: Option<String>,
    pub slot_report: Value,
    pub jury: Value,
    pub sample: Value,
}

impl NewMapping {
    /// With what every mapping has; the rest is null.
    pub fn of(
        connector: WorkspaceConnectorId,
        model: TargetModel,
        tool: impl Into<String>,
        generator: Generator,
        expression: impl Into<String>,
    ) -> Self {
        Self {
            connector,
            model,
            tool: tool.into(),
            generator,
            expression: expression.into(),
            plan: Value::Null,
            tool_arguments: Value::Null,
            pagination_plan: Value::Null,
            last_good_version: None,
            input_fingerprint: String::new(),
            input_shape: Value::Null,
            output_schema_hash: None,
            target_schema_hash: None,
            governance_hash: None,
            slot_report: Value::Null,
            jury: Value::Null,
            sample: Value::Null,
        }
    }
}

/// Saves a new version, which is live from now on; the one before is kept.
pub async fn save(
    store: &Store,
    tenant: &Tenant,
    new: NewMapping,
    now: DateTime<Utc>,
) -> Result<Mapping, Error> {
    write(store, tenant, new, None, now).await
}

/// With a reason against it, a version is kept and not live.
async fn write(
    store: &Store,
    tenant: &Tenant,
    new: NewMapping,
    against: Option<RegenerationReason>,
    now: DateTime<Utc>,
) -> Result<Mapping, Error> {
    let connector_pk = pending::connector_pk(store, tenant, new.connector).await?;
    let now = domain::time::to_millis(now);
    let txn = store.tenant_txn(tenant).await?;
    let id = Uuid::new_v4();
    let line = Line { tenant, connector_pk, model: new.model.as_str(), tool: &new.tool };
    let version = match store.settings().fault {
        Some(Fault::Blueprints) => 0,
        Some(Fault::Records { .. }) | None => line.next_version(&txn).await?,
    };
    if against.is_none() {
        line.retire(&txn, now).await?;
    }
    let row = ActiveModel {
        pk: NotSet,
        connector_mapping_id: Set(id),
        workspace_pk: Set(tenant.workspace_pk),
        workspace_connector_pk: Set(connector_pk),
        target_model: Set(new.model.as_str().to_owned()),
        tool_name: Set(new.tool),
        version: Set(version),
        is_live: Set(against.is_none()),
        last_good_version: Set(new.last_good_version.and_then(|it| it.try_into().ok())),
        generator: Set(new.generator.as_str().to_owned()),
        jsonata_expression: Set(new.expression),
        plan: Set(present(new.plan)),
        tool_arguments: Set(present(new.tool_arguments)),
        pagination_plan: Set(present(new.pagination_plan)),
        needs_regeneration: Set(against.is_some()),
        regeneration_reason: Set(against.map(|it| it.as_str().to_owned())),
        input_fingerprint: Set(new.input_fingerprint),
        output_schema_hash: Set(new.output_schema_hash),
        target_schema_hash: Set(new.target_schema_hash),
        governance_hash: Set(new.governance_hash),
        slot_report: Set(present(new.slot_report)),
        jury: Set(present(new.jury)),
        stats: Set(None),
        input_shape: Set(present(new.input_shape)),
        sample: Set(present(new.sample)),
        created_at: Set(now),
        updated_at: Set(now),
        deleted_at: Set(None),
    };
    // Two that save at once: the version and the live row are unique, one of them loses.
    let conflict = |error| Error::from(error).or_conflict("connector_mapping", "version");
    row.insert(&txn).await.map_err(conflict)?;
    txn.commit().await?;
    find(store, tenant, ConnectorMappingId(id)).await
}

pub async fn find(
    store: &Store,
    tenant: &Tenant,
    id: ConnectorMappingId,
) -> Result<Mapping, Error> {
    let mut sql = select(store, tenant);
    sql.push(" and t.connector_mapping_id = ").bind(Bind::Id(id.0));
    let found = store.fetch::<Row>(sql).await?.into_iter().next();
    found.ok_or(Error::NotFound("connector_mapping")).and_then(mapping)
}

/// The mapping that a run uses.
pub async fn find_live(
    store: &Store,
    tenant: &Tenant,
    connector: WorkspaceConnectorId,
    model: TargetModel,
    tool: &str,
) -> Result<Option<Mapping>, Error> {
    let Some(mut sql) = of_tool(store, tenant, connector, model, tool).await? else {
        return Ok(None);
    };
    sql.push(" and t.is_live");
    store.fetch::<Row>(sql).await?.into_iter().next().map(mapping).transpose()
}

/// Every version of a mapping, the newest first.
pub async fn versions(
    store: &Store,
    tenant: &Tenant,
    connector: WorkspaceConnectorId,
    model: TargetModel,
    tool: &str,
) -> Result<Vec<Mapping>, Error> {
    let Some(mut sql) = of_tool(store, tenant, connector, model, tool).await? else {
        return Ok(Vec::new());
    };
    sql.push(" order by t.version desc limit 500");
    store.fetch::<Row>(sql).await?.into_iter().map(mapping).collect()
}

/// A page of mappings, old versions included: filter on `is_live`.
pub async fn list(store: &Store, tenant: &Tenant, query: &Query) -> Result<Slice<Mapping>, Error> {
    let (sort, descending) = query.sort_or("created_at");
    let mut sql = select(store, tenant);
    asked(store, tenant, &mut sql, query).await?;
    sql.page(&format!("t.{sort}"), "t.pk", descending, &query.page);
    let marked = store.fetch::<Row>(sql).await?.into_iter().map(|row| {
        let pk = row.pk;
        let it = mapping(row)?;
        let key = SortKey::Time(if sort == "updated_at" { it.updated_at } else { it.created_at });
        Ok((it, Mark { key, pk }))
    });
    let mut slice = Slice::of(marked.collect::<Result<_, Error>>()?, &query.page);
    if query.page.total {
        let mut sql = store.sql();
        row::live(sql.push("select count(*)"), tenant);
        asked(store, tenant, &mut sql, query).await?;
        let counted = store.fetch::<(i64,)>(sql).await?;
        slice.total = Some(counted.first().map_or(0, |it| it.0.unsigned_abs()));
    }
    Ok(slice)
}

/// The next run draws it again.
pub async fn mark(
    store: &Store,
    tenant: &Tenant,
    id: ConnectorMappingId,
    reason: RegenerationReason,
    now: DateTime<Utc>,
) -> Result<Mapping, Error> {
    let mut sql = store.sql().writing();
    sql.push("update connector_mappings set needs_regeneration = true, regeneration_reason = ");
    sql.text_bind(reason.as_str()).push(", updated_at = ").time(domain::time::to_millis(now));
    change(store, tenant, id, sql).await
}

/// What the last run made of it.
pub async fn set_stats(
    store: &Store,
    tenant: &Tenant,
    id: ConnectorMappingId,
    stats: &Value,
    now: DateTime<Utc>,
) -> Result<Mapping, Error> {
    let mut sql = store.sql().writing();
    sql.push("update connector_mappings set stats = ");
    cell::json(&mut sql, Some(stats));
    sql.push(", updated_at = ").time(domain::time::to_millis(now));
    change(store, tenant, id, sql).await
}

/// It did well: the version to come back to.
pub async fn mark_good(
    store: &Store,
    tenant: &Tenant,
    id: ConnectorMappingId,
    now: DateTime<Utc>,
) -> Result<Mapping, Error> {
    let mut sql = store.sql().writing();
    sql.push("update connector_mappings set last_good_version = version, updated_at = ");
    sql.time(domain::time::to_millis(now));
    change(store, tenant, id, sql).await
}

/// Takes a version away: a live one leaves its tool without a mapping, to be drawn anew.
pub async fn delete(
    store: &Store,
    tenant: &Tenant,
    id: ConnectorMappingId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let mut sql = store.sql().writing();
    sql.push("update connector_mappings set deleted_at = ").time(domain::time::to_millis(now));
    sql.push(", is_live = false");
    of(&mut sql, tenant, id);
    match store.execute(sql).await? {
        0 => Err(Error::NotFound("connector_mapping")),
        _ => Ok(()),
    }
}

fn of(sql: &mut Sql, tenant: &Tenant, id: ConnectorMappingId) {
    cell::of_tenant(sql, tenant, "workspace_pk");
    sql.push(" and deleted_at is null and connector_mapping_id = ").bind(Bind::Id(id.0));
}

async fn change(
    store: &Store,
    tenant: &Tenant,
    id: ConnectorMappingId,
    mut sql: Sql,
) -> Result<Mapping, Error> {
    of(&mut sql, tenant, id);
    match store.execute(sql).await? {
        0 => Err(Error::NotFound("connector_mapping")),
        _ => find(store, tenant, id).await,
    }
}

/// None: no such connector, hence no mapping.
async fn of_tool(
    store: &Store,
    tenant: &Tenant,
    connector: WorkspaceConnectorId,
    model: TargetModel,
    tool: &str,
) -> Result<Option<Sql>, Error> {
    let connector_pk = diagnostics::connector_pk(store, tenant, connector).await?;
    Ok(connector_pk.map(|pk| {
        let mut sql = select(store, tenant);
        sql.push(" and t.workspace_connector_pk = ").number(pk);
        sql.push(" and t.target_model = ").text_bind(model.as_str());
        sql.push(" and t.tool_name = ").text_bind(tool);
        sql
    }))
}

fn present(value: Value) -> Option<Value> {
    (!value.is_null()).then(|| cell::storable(value))
}
