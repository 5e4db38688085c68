//! `workspaces`: insert, find, list, update, delete. Made and listed by the operator alone.

use chrono::{DateTime, Utc};
use domain::connector::Role;
use domain::id::{ApiKeyId, WorkspaceId};
use domain::time::to_millis;
use sea_orm::ActiveValue::{NotSet, Set, Unchanged};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter,
};
use sqlx::{ColumnIndex, Decode, FromRow};
use uuid::Uuid;

use crate::entity::workspaces::{ActiveModel, Column, Entity, Model};
use crate::error::Error;
use crate::query::{Field, FieldKind, Mark, Query, Slice, SortKey};
use crate::tenant::{Operator, Tenant};
use crate::{Store, diagnostics, queue};

pub static FIELDS: &[Field] = &[
    Field { name: "name", kind: FieldKind::Text },
    Field { name: "external_workspace_id", kind: FieldKind::Text },
    Field { name: "created_at", kind: FieldKind::Time },
];

pub static SORTS: &[&str] = &["created_at", "name"];

/// Longest name and description, in characters.
pub const NAME_MAX: usize = 100;
pub const DESCRIPTION_MAX: usize = 500;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    pub workspace_id: WorkspaceId,
    pub name: String,
    pub description: Option<String>,
    pub external_workspace_id: Option<String>,
    pub retention_days: Option<u16>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct New {
    pub name: String,
    pub description: Option<String>,
    /// Taken in place of the id by [`find_as`].
    pub external_workspace_id: Option<String>,
    pub retention_days: Option<u16>,
}

/// `None` leaves a member as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Patch {
    pub name: Option<String>,
    pub description: Option<Option<String>>,
    pub external_workspace_id: Option<Option<String>>,
    pub retention_days: Option<Option<u16>>,
}

pub async fn insert(
    store: &Store,
    operator: &Operator,
    new: New,
    now: DateTime<Utc>,
) -> Result<Workspace, Error> {
    check_name(&new.name)?;
    check(new.description.as_deref(), new.external_workspace_id.as_deref(), new.retention_days)?;
    let now = to_millis(now);
    let txn = store.operator_txn(operator).await?;
    let row = ActiveModel {
        pk: NotSet,
        workspace_id: Set(Uuid::new_v4()),
        name: Set(new.name),
        description: Set(new.description),
        external_workspace_id: Set(new.external_workspace_id),
        retention_days: Set(new.retention_days.map(i32::from)),
        created_at: Set(now),
        updated_at: Set(now),
    };
    let made = row.insert(&txn).await.map_err(conflict)?;
    txn.commit().await?;
    Ok(made.into())
}

/// The tenant's own.
pub async fn find(store: &Store, tenant: &Tenant) -> Result<Workspace, Error> {
    row_of(store, tenant).await.map(Workspace::from)
}

/// By id or external id, for the operator.
pub async fn find_as(store: &Store, operator: &Operator, name: &str) -> Result<Workspace, Error> {
    row_as(store, operator, name).await.map(Workspace::from)
}

pub async fn list(store: &Store, _: &Operator, query: &Query) -> Result<Slice<Workspace>, Error> {
    let (sort, descending) = query.sort_or("created_at");
    let select = |what: &str| {
        let mut sql = store.sql();
        sql.push("select ").push(what).push(" from workspaces where ");
        sql.gate_as("enter_operator", "on".to_owned()).push("1 = 1");
        for condition in &query.conditions {
            sql.push(" and ");
            sql.condition(condition.field.name, condition.op, &condition.values);
        }
        if let Some(text) = &query.search {
            sql.push(" and ").like("name", crate::query::Op::Contains, text);
        }
        sql
    };
    let mut sql = select(COLUMNS);
    sql.page(sort, "pk", descending, &query.page);
    let rows = store.fetch::<Model>(sql).await?;
    let marked = rows.into_iter().map(|row| {
        let key = match sort {
            "name" => SortKey::Text(row.name.clone()),
            _ => SortKey::Time(row.created_at),
        };
        let mark = Mark { key, pk: row.pk };
        (Workspace::from(row), mark)
    });
    let mut slice = Slice::of(marked.collect(), &query.page);
    if query.page.total {
        let counted = store.fetch::<(i64,)>(select("count(*)")).await?;
        slice.total = counted.first().map(|it| it.0.unsigned_abs());
    }
    Ok(slice)
}

pub async fn update(
    store: &Store,
    tenant: &Tenant,
    patch: Patch,
    now: DateTime<Utc>,
) -> Result<Workspace, Error> {
    if let Some(name) = &patch.name {
        check_name(name)?;
    }
    check(
        patch.description.as_ref().and_then(Option::as_deref),
        patch.external_workspace_id.as_ref().and_then(Option::as_deref),
        patch.retention_days.flatten(),
    )?;
    let txn = store.tenant_txn(tenant).await?;
    let row = ActiveModel {
        pk: Unchanged(tenant.workspace_pk),
        name: patch.name.map_or(NotSet, Set),
        description: patch.description.map_or(NotSet, Set),
        external_workspace_id: patch.external_workspace_id.map_or(NotSet, Set),
        retention_days: patch.retention_days.map_or(NotSet, |it| Set(it.map(i32::from))),
        updated_at: Set(to_millis(now)),
        ..Default::default()
    };
    let changed = match row.update(&txn).await {
        Ok(changed) => changed,
        Err(sea_orm::DbErr::RecordNotUpdated) => return Err(Error::NotFound("workspace")),
        Err(error) => return Err(conflict(error)),
    };
    txn.commit().await?;
    // A new retention holds at once, not when the keys are proven again.
    store.caches().forget_workspace(tenant.workspace_pk);
    Ok(changed.into())
}

/// Erases the workspace and everything of it.
pub async fn delete(store: &Store, tenant: &Tenant) -> Result<(), Error> {
    // The many rows first and in short transactions: a cascade over millions would hold its locks
    // for minutes.
    diagnostics::erase(store, tenant).await?;
    let txn = store.tenant_txn(tenant).await?;
    if store.is_postgres() {
        txn.execute_unprepared("set local statement_timeout = 0").await?;
    }
    queue::pull_all(&txn, tenant.workspace_pk).await?;
    let gone = Entity::delete_by_id(tenant.workspace_pk).exec(&txn).await?;
    txn.commit().await?;
    store.caches().forget_workspace(tenant.workspace_pk);
    match gone.rows_affected {
        0 => Err(Error::NotFound("workspace")),
        _ => Ok(()),
    }
}

/// A tenant for each workspace, to work through them one after the other.
pub(crate) async fn tenants(store: &Store, _: &Operator) -> Result<Vec<Tenant>, Error> {
    let mut sql = store.sql();
    sql.push("select ").push(COLUMNS).push(" from workspaces where ");
    sql.gate_as("enter_operator", "on".to_owned()).push("1 = 1 order by pk");
    let rows = store.fetch::<Model>(sql).await?;
    Ok(rows.iter().map(|row| tenant_of(store, row, Role::Admin, None)).collect())
}

pub(crate) fn tenant_of(store: &Store, row: &Model, role: Role, key: Option<ApiKeyId>) -> Tenant {
    Tenant {
        workspace_pk: row.pk,
        workspace: WorkspaceId(row.workspace_id),
        role,
        retention: store.retention().with_days(days(row)),
        key,
    }
}

pub(crate) async fn row_as(store: &Store, operator: &Operator, name: &str) -> Result<Model, Error> {
    let mut named = Condition::any().add(Column::ExternalWorkspaceId.eq(name));
    if let Ok(id) = name.parse::<Uuid>() {
        named = named.add(Column::WorkspaceId.eq(id));
    }
    let txn = store.operator_txn(operator).await?;
    let row = Entity::find().filter(named).one(&txn).await?;
    txn.commit().await?;
    row.ok_or(Error::NotFound("workspace"))
}

/// By its key, once an api key has named it.
pub(crate) async fn by_pk(store: &Store, pk: i64) -> Result<Option<Model>, Error> {
    let mut sql = store.sql();
    sql.push("select ").push(COLUMNS).push(" from workspaces where ");
    sql.gate_as("enter", pk.to_string()).push("pk = ").number(pk);
    Ok(store.fetch::<Model>(sql).await?.into_iter().next())
}

pub(crate) async fn row_of(store: &Store, tenant: &Tenant) -> Result<Model, Error> {
    let txn = store.tenant_read(tenant).await?;
    let row = Entity::find_by_id(tenant.workspace_pk).one(&txn).await?;
    txn.commit().await?;
    row.ok_or(Error::NotFound("workspace"))
}

fn days(row: &Model) -> Option<u16> {
    row.retention_days.and_then(|it| it.try_into().ok())
}

fn conflict(error: sea_orm::DbErr) -> Error {
    Error::from(error).or_conflict("workspace", "external_workspace_id")
}

pub(crate) fn check_name(name: &str) -> Result<(), Error> {
    match name.chars().count() {
        0 => Err(Error::invalid(0, "name", "is empty")),
        1..=NAME_MAX if name.trim().is_empty() => Err(Error::invalid(0, "name", "is blank")),
        1..=NAME_MAX if name.contains('\0') => {
            Err(Error::invalid(0, "name", "holds a NUL character"))
        }
        1..=NAME_MAX => Ok(()),
        n => Err(Error::invalid(0, "name", &format!("has {n} characters; at most {NAME_MAX}"))),
    }
}

fn check(
    description: Option<&str>,
    external_id: Option<&str>,
    retention_days: Option<u16>,
) -> Result<(), Error> {
    if description.is_some_and(|it| it.chars().count() > DESCRIPTION_MAX || it.contains('\0')) {
        let detail = format!("is longer than {DESCRIPTION_MAX} characters, or holds a NUL");
        return Err(Error::invalid(0, "description", &detail));
    }
    if external_id.is_some_and(|it| !(1..=255).contains(&it.chars().count()) || it.contains('\0')) {
        return Err(Error::invalid(0, "external_workspace_id", "must have 1 to 255 characters"));
    }
    if external_id.is_some_and(|it| it.parse::<Uuid>().is_ok()) {
        let detail = "looks like a workspace id; it would hide one";
        return Err(Error::invalid(0, "external_workspace_id", detail));
    }
    let allowed = domain::retention::Retention::DAYS;
    if retention_days.is_some_and(|it| !allowed.contains(&it)) {
        return Err(Error::invalid(0, "retention_days", "must be 1 to 3650"));
    }
    Ok(())
}

impl From<Model> for Workspace {
    fn from(row: Model) -> Self {
        Self {
            workspace_id: WorkspaceId(row.workspace_id),
            retention_days: days(&row),
            name: row.name,
            description: row.description,
            external_workspace_id: row.external_workspace_id,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

const COLUMNS: &str = "pk, workspace_id, name, description, external_workspace_id, \
     retention_days, created_at, updated_at";

/// For the plain statements of [`list`], in the order of [`COLUMNS`].
impl<'r, R: sqlx::Row> FromRow<'r, R> for Model
where
    usize: ColumnIndex<R>,
    i32: Decode<'r, R::Database>,
    i64: Decode<'r, R::Database>,
    String: Decode<'r, R::Database>,
    Uuid: Decode<'r, R::Database>,
    DateTime<Utc>: Decode<'r, R::Database>,
{
    fn from_row(row: &'r R) -> Result<Self, sqlx::Error> {
        Ok(Self {
            pk: row.try_get_unchecked(0)?,
            workspace_id: row.try_get_unchecked(1)?,
            name: row.try_get_unchecked(2)?,
            description: row.try_get_unchecked(3)?,
            external_workspace_id: row.try_get_unchecked(4)?,
            retention_days: row.try_get_unchecked(5)?,
            created_at: row.try_get_unchecked(6)?,
            updated_at: row.try_get_unchecked(7)?,
        })
    }
}
