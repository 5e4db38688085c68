//! `api_keys`: insert, find, list, update, delete, and who a secret belongs to.
//!
//! A secret is shown once and stored as its SHA-256: 32 random bytes need no slow hash.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use domain::connector::{Role, Secret};
use domain::id::{ApiKeyId, WorkspaceId};
use domain::time::to_millis;
use rand::RngCore;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter,
};
use sha2::{Digest, Sha256};
use sqlx::{ColumnIndex, Decode, FromRow};
use uuid::Uuid;

use crate::Store;
use crate::entity::api_keys::{ActiveModel, Column, Entity, Model};
use crate::error::Error;
use crate::query::{Field, FieldKind, Mark, Op, Query, Slice, SortKey, words_of};
use crate::tenant::{Operator, Tenant};
use crate::workspaces::check_name;

mod proof;
pub(crate) use proof::{authenticate, proven, proven_by};

pub static FIELDS: &[Field] = &[
    Field { name: "name", kind: FieldKind::Text },
    Field { name: "role", kind: FieldKind::Enum(words_of!(Role)) },
    Field { name: "is_active", kind: FieldKind::Bool },
    Field { name: "created_at", kind: FieldKind::Time },
    Field { name: "expiration_at", kind: FieldKind::Time },
    Field { name: "last_used_at", kind: FieldKind::Time },
];

pub static SORTS: &[&str] = &["created_at", "name"];

const PREFIX: &str = "wl_live_";

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    pub api_key_id: ApiKeyId,
    pub name: String,
    pub role: Role,
    pub expiration_at: Option<DateTime<Utc>>,
    pub last_used_at: Option<DateTime<Utc>>,
    pub is_active: bool,
    /// Enough of the secret to tell keys apart.
    pub masked_key: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// None: an operator's key.
    pub workspace: Option<WorkspaceId>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct New {
    pub name: String,
    pub role: Role,
    pub expiration_at: Option<DateTime<Utc>>,
}

/// `None` leaves a member as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Patch {
    pub name: Option<String>,
    pub role: Option<Role>,
    pub expiration_at: Option<Option<DateTime<Utc>>>,
    pub is_active: Option<bool>,
}

/// The key, and its secret: the only time it is seen.
pub async fn insert(
    store: &Store,
    tenant: &Tenant,
    new: New,
    now: DateTime<Utc>,
) -> Result<(ApiKey, Secret), Error> {
    let txn = store.tenant_txn(tenant).await?;
    let (row, secret) = put(&txn, Some(tenant.workspace_pk), new, now).await?;
    txn.commit().await?;
    Ok((key(row, Some(tenant.workspace)), secret))
}

/// A key that may make workspaces and their first keys, and nothing inside them.
pub async fn insert_operator(
    store: &Store,
    operator: &Operator,
    new: New,
    now: DateTime<Utc>,
) -> Result<(ApiKey, Secret), Error> {
    let txn = store.operator_txn(operator).await?;
    let (row, secret) = put(&txn, None, new, now).await?;
    txn.commit().await?;
    Ok((key(row, None), secret))
}

async fn put(
    txn: &DatabaseTransaction,
    workspace_pk: Option<i64>,
    new: New,
    now: DateTime<Utc>,
) -> Result<(Model, Secret), Error> {
    check_name(&new.name)?;
    let secret = secret();
    let now = to_millis(now);
    let row = ActiveModel {
        pk: NotSet,
        api_key_id: Set(Uuid::new_v4()),
        workspace_pk: Set(workspace_pk),
        name: Set(new.name),
        role: Set(new.role.to_string()),
        secret_hash: Set(hash(secret.expose()).to_vec()),
        masked_key: Set(masked(secret.expose())),
        is_active: Set(true),
        expiration_at: Set(new.expiration_at.map(to_millis)),
        last_used_at: Set(None),
        created_at: Set(now),
        updated_at: Set(now),
        deleted_at: Set(None),
    };
    Ok((row.insert(txn).await?, secret))
}

pub async fn find(store: &Store, tenant: &Tenant, id: ApiKeyId) -> Result<ApiKey, Error> {
    let txn = store.tenant_read(tenant).await?;
    let row = live(&txn, tenant, id).await?;
    txn.commit().await?;
    Ok(key(row, Some(tenant.workspace)))
}

pub async fn list(store: &Store, tenant: &Tenant, query: &Query) -> Result<Slice<ApiKey>, Error> {
    let (sort, descending) = query.sort_or("created_at");
    let select = |what: &str| {
        let mut sql = store.sql();
        sql.push("select ").push(what).push(" from api_keys where ").gate(tenant);
        sql.push("workspace_pk = ").number(tenant.workspace_pk).push(" and deleted_at is null");
        for condition in &query.conditions {
            sql.push(" and ");
            // The driver knows booleans as numbers: as words they are the same on both databases.
            match (condition.field.name, condition.values.as_slice()) {
                ("is_active", [crate::query::Value::Bool(true)]) => sql.push("is_active"),
                ("is_active", _) => sql.push("not is_active"),
                (column, values) => sql.condition(column, condition.op, values),
            };
        }
        if let Some(text) = &query.search {
            sql.push(" and ").like("name", Op::Contains, text);
        }
        sql
    };
    let mut sql = select(COLUMNS);
    sql.page(sort, "pk", descending, &query.page);
    let rows = store.fetch::<Model>(sql).await?;
    let marked = rows.into_iter().map(|row| {
        let mark = match sort {
            "name" => SortKey::Text(row.name.clone()),
            _ => SortKey::Time(row.created_at),
        };
        let mark = Mark { key: mark, pk: row.pk };
        (key(row, Some(tenant.workspace)), mark)
    });
    let mut slice = Slice::of(marked.collect(), &query.page);
    if query.page.total {
        let counted = store.fetch::<(i64,)>(select("count(*)")).await?;
        slice.total = counted.first().map(|it| it.0.unsigned_abs());
    }
    Ok(slice)
}

/// A key that is switched off here opens nothing in this process from now on.
pub async fn update(
    store: &Store,
    tenant: &Tenant,
    id: ApiKeyId,
    patch: Patch,
    now: DateTime<Utc>,
) -> Result<ApiKey, Error> {
    if let Some(name) = &patch.name {
        check_name(name)?;
    }
    let txn = store.tenant_txn(tenant).await?;
    let mut row = live(&txn, tenant, id).await?.into_active_model();
    if let Some(name) = patch.name {
        row.name = Set(name);
    }
    if let Some(role) = patch.role {
        row.role = Set(role.to_string());
    }
    if let Some(at) = patch.expiration_at {
        row.expiration_at = Set(at.map(to_millis));
    }
    if let Some(is_active) = patch.is_active {
        row.is_active = Set(is_active);
    }
    row.updated_at = Set(to_millis(now));
    let changed = row.update(&txn).await?;
    txn.commit().await?;
    store.caches().forget_key(changed.pk);
    Ok(key(changed, Some(tenant.workspace)))
}

pub async fn delete(
    store: &Store,
    tenant: &Tenant,
    id: ApiKeyId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let txn = store.tenant_txn(tenant).await?;
    let mut row = live(&txn, tenant, id).await?.into_active_model();
    row.is_active = Set(false);
    row.deleted_at = Set(Some(to_millis(now)));
    row.updated_at = Set(to_millis(now));
    let gone = row.update(&txn).await?;
    txn.commit().await?;
    store.caches().forget_key(gone.pk);
    Ok(())
}

async fn live(txn: &DatabaseTransaction, tenant: &Tenant, id: ApiKeyId) -> Result<Model, Error> {
    Entity::find()
        .filter(Column::WorkspacePk.eq(tenant.workspace_pk))
        .filter(Column::ApiKeyId.eq(id.0))
        .filter(Column::DeletedAt.is_null())
        .one(txn)
        .await?
        .ok_or(Error::NotFound("api key"))
}

fn secret() -> Secret {
    let mut bytes = [0; 32];
    rand::rng().fill_bytes(&mut bytes);
    Secret::new(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))
}

fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// `wl_live_…` and the last four characters.
fn masked(secret: &str) -> String {
    let tail: String = secret.chars().skip(secret.chars().count().saturating_sub(4)).collect();
    format!("{PREFIX}…{tail}")
}

/// The role of a stored key; a word that this binary does not know may do the least.
fn role(row: &Model) -> Role {
    row.role.parse().unwrap_or(Role::Read)
}

fn key(row: Model, workspace: Option<WorkspaceId>) -> ApiKey {
    ApiKey {
        api_key_id: ApiKeyId(row.api_key_id),
        role: role(&row),
        name: row.name,
        expiration_at: row.expiration_at,
        last_used_at: row.last_used_at,
        is_active: row.is_active,
        masked_key: row.masked_key,
        created_at: row.created_at,
        updated_at: row.updated_at,
        workspace,
    }
}

const COLUMNS: &str = "pk, api_key_id, workspace_pk, name, role, secret_hash, masked_key, \
     is_active, expiration_at, last_used_at, created_at, updated_at, deleted_at";

/// For the plain statements, in the order of [`COLUMNS`].
impl<'r, R: sqlx::Row> FromRow<'r, R> for Model
where
    usize: ColumnIndex<R>,
    bool: Decode<'r, R::Database>,
    i64: Decode<'r, R::Database>,
    String: Decode<'r, R::Database>,
    Vec<u8>: Decode<'r, R::Database>,
    Uuid: Decode<'r, R::Database>,
    DateTime<Utc>: Decode<'r, R::Database>,
{
    fn from_row(row: &'r R) -> Result<Self, sqlx::Error> {
        Ok(Self {
            pk: row.try_get_unchecked(0)?,
            api_key_id: row.try_get_unchecked(1)?,
            workspace_pk: row.try_get_unchecked(2)?,
            name: row.try_get_unchecked(3)?,
            role: row.try_get_unchecked(4)?,
            secret_hash: row.try_get_unchecked(5)?,
            masked_key: row.try_get_unchecked(6)?,
            is_active: row.try_get_unchecked(7)?,
            expiration_at: row.try_get_unchecked(8)?,
            last_used_at: row.try_get_unchecked(9)?,
            created_at: row.try_get_unchecked(10)?,
            updated_at: row.try_get_unchecked(11)?,
            deleted_at: row.try_get_unchecked(12)?,
        })
    }
}
