//! The connector catalogue as a workspace sees it: global entries, and its own custom ones.

use chrono::{DateTime, Utc};
use domain::TargetModel;
use domain::connector::{AuthorizationFlow, ConnectorStatus};
use domain::id::ConnectorId;
use domain::redact::Redactor;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::entity::connectors::{ActiveModel, Column, Entity, Model};
use crate::error::Error;
use crate::query::{Field, FieldKind, Mark, Query, Slice, SortKey, words_of};
use crate::sql::{Bind, Sql};
use crate::{Store, Tenant, cell};

mod publish;
mod row;

pub use publish::{Entry, Published, publish};

use row::COLUMNS;

pub static FIELDS: &[Field] = &[
    Field { name: "service_id", kind: FieldKind::Text },
    Field { name: "name", kind: FieldKind::Text },
    Field { name: "provider", kind: FieldKind::Text },
    Field { name: "status", kind: FieldKind::Enum(words_of!(ConnectorStatus)) },
    Field { name: "authorization_flow", kind: FieldKind::Enum(words_of!(AuthorizationFlow)) },
    Field { name: "created_at", kind: FieldKind::Time },
    Field { name: "updated_at", kind: FieldKind::Time },
];

pub static SORTS: &[&str] = &["created_at", "updated_at", "name", "service_id"];

/// An entry of the catalogue.
#[derive(Debug, Clone, PartialEq)]
pub struct Connector {
    pub connector_id: ConnectorId,
    pub service_id: String,
    pub name: String,
    pub provider: Option<String>,
    pub authorization_flow: AuthorizationFlow,
    /// None: try all.
    pub supported_target_models: Option<Vec<TargetModel>>,
    pub status: ConnectorStatus,
    /// The default address, free of credentials.
    pub transport: Option<Value>,
    /// Per target: pinned and forbidden tools, pinned slots, hints.
    pub governance: Option<Value>,
    /// Made by this workspace, and seen by it alone.
    pub is_custom: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A custom connector.
#[derive(Debug, Clone, PartialEq)]
pub struct New {
    /// A slug, unique in the workspace.
    pub service_id: String,
    pub name: String,
    pub provider: Option<String>,
    pub authorization_flow: AuthorizationFlow,
    pub supported_target_models: Option<Vec<TargetModel>>,
    /// Where it is reached by default, over HTTP; kept without credentials, query or fragment.
    pub address: Option<String>,
}

impl Default for New {
    fn default() -> Self {
        Self {
            service_id: String::new(),
            name: String::new(),
            provider: None,
            authorization_flow: AuthorizationFlow::None,
            supported_target_models: None,
            address: None,
        }
    }
}

/// `None` leaves a member as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Patch {
    pub name: Option<String>,
    pub provider: Option<Option<String>>,
    pub supported_target_models: Option<Option<Vec<TargetModel>>>,
    pub status: Option<ConnectorStatus>,
    pub governance: Option<Option<Value>>,
}

/// Adds a custom connector; the same address again, or the same `service_id`, gives the row that is
/// there. A `service_id` that stands for another address is a conflict.
pub async fn insert(
    store: &Store,
    tenant: &Tenant,
    new: New,
    now: DateTime<Utc>,
) -> Result<Connector, Error> {
    check_service_id(&new.service_id)?;
    check_name(&new.name)?;
    let now = domain::time::to_millis(now);
    let transport = new.address.as_deref().map(at);
    if let Some(transport) = &transport {
        let mut sql = own(store, tenant);
        sql.push(" and transport = ");
        cell::json(&mut sql, Some(transport));
        sql.push(" order by pk limit 1");
        if let Some(row) = store.fetch::<Model>(sql).await?.into_iter().next() {
            return connector(row);
        }
    }
    let mut sql = store.sql().writing();
    sql.push("insert into connectors (connector_id, workspace_pk, service_id, name, provider, ");
    sql.push("authorization_flow, supported_target_models, transport, status, ");
    sql.push("created_at, updated_at) select ");
    sql.bind(Bind::Id(Uuid::new_v4())).push(", ").number(tenant.workspace_pk).push(", ");
    sql.text_bind(&new.service_id).push(", ").text_bind(label(&new.name)).push(", ");
    sql.bind(Bind::Text(new.provider.as_deref().map(label))).push(", ");
    sql.text_bind(new.authorization_flow.as_str()).push(", ");
    cell::json(&mut sql, models(new.supported_target_models.as_ref()).as_ref());
    sql.push(", ");
    cell::json(&mut sql, transport.as_ref());
    sql.push(", ").text_bind(ConnectorStatus::Available.as_str()).push(", ");
    sql.time(now).push(", ").time(now).push(" where ").gate(tenant).push("true");
    sql.push(" on conflict (workspace_pk, service_id)");
    sql.push(" where workspace_pk is not null and deleted_at is null do nothing returning ");
    sql.push(COLUMNS);
    if let Some(row) = store.fetch::<Model>(sql).await?.into_iter().next() {
        return connector(row);
    }
    let mut sql = own(store, tenant);
    sql.push(" and service_id = ").text_bind(new.service_id);
    let there = one(store, sql).await?;
    match (&transport, &there.transport) {
        (Some(new), Some(old)) if new != old => {
            Err(Error::Conflict { what: "connector", field: "service_id" })
        }
        _ => Ok(there),
    }
}

/// A default transport as it is kept.
fn at(address: &str) -> Value {
    json!({ "transport": "http", "url": domain::connector::plain_address(address) })
}

/// A global connector, or one of the workspace.
pub async fn find(store: &Store, tenant: &Tenant, id: ConnectorId) -> Result<Connector, Error> {
    let mut sql = visible(store, tenant);
    sql.push(" and connector_id = ").bind(Bind::Id(id.0));
    one(store, sql).await
}

pub async fn list(
    store: &Store,
    tenant: &Tenant,
    query: &Query,
) -> Result<Slice<Connector>, Error> {
    let (sort, descending) = query.sort_or("created_at");
    let mut sql = visible(store, tenant);
    asked(&mut sql, query);
    sql.page(sort, "pk", descending, &query.page);
    let marked = store.fetch::<Model>(sql).await?.into_iter().map(|row| {
        let pk = row.pk;
        let it = connector(row)?;
        let key = match sort {
            "updated_at" => SortKey::Time(it.updated_at),
            "name" => SortKey::Text(it.name.clone()),
            "service_id" => SortKey::Text(it.service_id.clone()),
            _ => SortKey::Time(it.created_at),
        };
        Ok((it, Mark { key, pk }))
    });
    let mut slice = Slice::of(marked.collect::<Result<_, Error>>()?, &query.page);
    if query.page.total {
        let mut sql = store.sql();
        seen(sql.push("select count(*)"), tenant);
        asked(&mut sql, query);
        let counted = store.fetch::<(i64,)>(sql).await?;
        slice.total = Some(counted.first().map_or(0, |it| it.0.unsigned_abs()));
    }
    Ok(slice)
}

/// Changes a custom connector; a global one is not found here.
pub async fn update(
    store: &Store,
    tenant: &Tenant,
    id: ConnectorId,
    patch: Patch,
    now: DateTime<Utc>,
) -> Result<Connector, Error> {
    if let Some(name) = &patch.name {
        check_name(name)?;
    }
    let row = ActiveModel {
        name: patch.name.as_deref().map_or(NotSet, |it| Set(label(it))),
        provider: patch.provider.map_or(NotSet, |it| Set(it.as_deref().map(label))),
        supported_target_models: patch
            .supported_target_models
            .map_or(NotSet, |it| Set(models(it.as_ref()))),
        status: patch.status.map_or(NotSet, |it| Set(it.as_str().to_owned())),
        governance: patch.governance.map_or(NotSet, Set),
        updated_at: Set(domain::time::to_millis(now)),
        ..Default::default()
    };
    let txn = store.tenant_txn(tenant).await?;
    let changed = Entity::update_many()
        .set(row)
        .filter(Column::ConnectorId.eq(id.0))
        .filter(Column::WorkspacePk.eq(tenant.workspace_pk))
        .filter(Column::DeletedAt.is_null())
        .exec_with_returning(&txn)
        .await?;
    txn.commit().await?;
    changed.into_iter().next().ok_or(Error::NotFound("connector")).and_then(connector)
}

/// Takes a custom connector out of the catalogue. Refused while an installation uses it.
pub async fn delete(
    store: &Store,
    tenant: &Tenant,
    id: ConnectorId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let mut sql = store.sql().writing();
    sql.push("update connectors set deleted_at = ").time(domain::time::to_millis(now));
    cell::of_tenant(&mut sql, tenant, "workspace_pk");
    sql.push(" and deleted_at is null and connector_id = ").bind(Bind::Id(id.0));
    sql.push(" and not exists (select 1 from workspace_connectors i");
    sql.push(" where i.connector_pk = connectors.pk and i.deleted_at is null)");
    if store.execute(sql).await? > 0 {
        return Ok(());
    }
    match find(store, tenant, id).await? {
        it if it.is_custom => {
            Err(Error::Conflict { what: "workspace_connector", field: "connector" })
        }
        _ => Err(Error::NotFound("connector")),
    }
}

fn visible(store: &Store, tenant: &Tenant) -> Sql {
    let mut sql = store.sql();
    seen(sql.push("select ").push(COLUMNS), tenant);
    sql
}

fn seen(sql: &mut Sql, tenant: &Tenant) {
    sql.push(" from connectors where ").gate(tenant);
    sql.push("(workspace_pk is null or workspace_pk = ").number(tenant.workspace_pk);
    sql.push(") and deleted_at is null");
}

fn own(store: &Store, tenant: &Tenant) -> Sql {
    let mut sql = store.sql();
    sql.push("select ").push(COLUMNS).push(" from connectors");
    cell::of_tenant(&mut sql, tenant, "workspace_pk");
    sql.push(" and deleted_at is null");
    sql
}

fn asked(sql: &mut Sql, query: &Query) {
    for condition in &query.conditions {
        sql.push(" and ").condition(condition.field.name, condition.op, &condition.values);
    }
    if let Some(text) = query.search.as_deref().filter(|it| !it.is_empty()) {
        sql.push(" and (").like("name", crate::Op::Contains, text);
        sql.push(" or ").like("service_id", crate::Op::Contains, text).push(")");
    }
}

async fn one(store: &Store, sql: Sql) -> Result<Connector, Error> {
    let found = store.fetch::<Model>(sql).await?.into_iter().next();
    found.ok_or(Error::NotFound("connector")).and_then(connector)
}

fn connector(row: Model) -> Result<Connector, Error> {
    Ok(Connector {
        connector_id: ConnectorId(row.connector_id),
        service_id: row.service_id,
        name: row.name,
        provider: row.provider,
        authorization_flow: cell::word(&row.authorization_flow)?,
        supported_target_models: cell::document(row.supported_target_models)?,
        status: cell::word(&row.status)?,
        transport: row.transport,
        governance: row.governance,
        is_custom: row.workspace_pk.is_some(),
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

pub(crate) fn models(wanted: Option<&Vec<TargetModel>>) -> Option<Value> {
    wanted.map(|it| it.iter().map(|model| Value::from(model.as_str())).collect())
}

/// What people call it, without a credential that slipped in.
fn label(text: &str) -> String {
    Redactor::default().label(text).into_owned()
}

fn check_service_id(service_id: &str) -> Result<(), Error> {
    let plain = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || b"._-".contains(&it);
    let fits = (1..=100).contains(&service_id.len()) && !service_id.starts_with('-');
    match fits && service_id.bytes().all(plain) {
        true => Ok(()),
        false => {
            let says = "is not 1 to 100 of a–z, 0–9, . _ -, or begins with -";
            Err(Error::invalid(0, "service_id", says))
        }
    }
}

pub(crate) fn check_name(name: &str) -> Result<(), Error> {
    match (1..=100).contains(&name.chars().count()) && !name.trim().is_empty() {
        true => Ok(()),
        false => Err(Error::invalid(0, "name", "is not 1 to 100 characters")),
    }
}
