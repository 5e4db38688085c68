//! Viewer links: a sealed, short-lived, read-only paper for one workspace or one connector of it, and
//! a row by which it is seen and ended. Insert, find, list, delete; resume.
//!
//! It ends with its time, with its row, and with the key that made it. The paper itself is kept
//! nowhere.

use chrono::{DateTime, Duration, Utc};
use domain::connector::Role;
use domain::id::{ApiKeyId, ViewerLinkId, WorkspaceConnectorId};
use domain::time::to_millis;
use uuid::Uuid;

use crate::error::Error;
use crate::pass::{self, Pass};
use crate::query::{Field, FieldKind, Mark, Query, Slice, SortKey};
use crate::sql::{Bind, Sql};
use crate::tenant::{Access, Tenant};
use crate::{Store, api_keys, cell, diagnostics};

/// The longest that a link may last.
pub const LONGEST: Duration = Duration::days(30);
const PURPOSE: &str = "viewer";
const NONE: Error = Error::NotFound("viewer_link");

pub static FIELDS: &[Field] = &[
    Field { name: "expires_at", kind: FieldKind::Time },
    Field { name: "created_at", kind: FieldKind::Time },
];

pub static SORTS: &[&str] = &["created_at"];

/// A link that has not ended by its time, and was not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewerLink {
    pub id: ViewerLinkId,
    /// None: every connector of the workspace.
    pub connector: Option<WorkspaceConnectorId>,
    pub expires_at: DateTime<Utc>,
    /// False while the key that made it is switched off or past its end: it opens nothing then.
    pub is_active: bool,
    /// Which made it.
    pub key: ApiKeyId,
    pub key_name: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// What a link opens.
#[derive(Debug, Clone)]
pub struct Viewer {
    /// May read, and no more.
    pub tenant: Tenant,
    pub workspace_name: String,
    /// None: every connector of the workspace.
    pub connector: Option<WorkspaceConnectorId>,
    pub ends_at: DateTime<Utc>,
}

/// A new link, and its token, which is not shown again. Links of the workspace that are past their
/// end go.
///
/// # Errors
/// [`Error::Invalid`] for an end that is past or too far, or without a key; [`Error::NotFound`] for a
/// connector of others.
pub async fn insert(
    store: &Store,
    tenant: &Tenant,
    connector: Option<WorkspaceConnectorId>,
    ends_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(ViewerLink, String), Error> {
    if ends_at <= now || ends_at > now + LONGEST {
        return Err(Error::invalid(0, "expires_at", "must lie ahead, by at most 30 days"));
    }
    let Some(key) = tenant.key() else {
        return Err(Error::invalid(0, "expires_at", "a viewer link is made with a key"));
    };
    let (now, ends_at) = (to_millis(now), to_millis(ends_at));
    let connector_pk = match connector {
        None => None,
        Some(id) => {
            let pk = diagnostics::connector_pk(store, tenant, id).await?;
            Some(pk.ok_or(Error::NotFound("workspace_connector"))?)
        }
    };
    let mut sql = store.sql();
    sql.push("select pk, secret_hash from api_keys");
    cell::of_tenant(&mut sql, tenant, "workspace_pk");
    sql.push(" and api_key_id = ").bind(Bind::Id(key.0)).push(" and deleted_at is null");
    let found = store.fetch::<(i64, Vec<u8>)>(sql).await?.into_iter().next();
    let (key_pk, key_hash) = found.ok_or(Error::NotFound("api key"))?;
    let key_hash = key_hash.try_into().map_err(|_length| Error::NotFound("api key"))?;
    let id = Uuid::new_v4();
    let token = pass::seal(store, PURPOSE, &Pass { key_hash, ends_at, id, connector })?;
    prune(store, tenant, now).await?;
    let mut sql = store.sql().writing();
    sql.push(
        "insert into viewer_links (viewer_link_id, workspace_pk, workspace_connector_pk, \
         api_key_pk, expires_at, created_at, updated_at) select ",
    );
    sql.bind(Bind::Id(id)).push(", ").number(tenant.workspace_pk).push(", ");
    sql.bind(Bind::Number(connector_pk)).push(", ").number(key_pk).push(", ").time(ends_at);
    sql.push(", ").time(now).push(", ").time(now).push(" where ").gate(tenant).push("1 = 1");
    store.execute(sql).await?;
    Ok((find(store, tenant, ViewerLinkId(id), now).await?, token))
}

async fn prune(store: &Store, tenant: &Tenant, now: DateTime<Utc>) -> Result<(), Error> {
    let mut sql = store.sql().writing();
    sql.push("delete from viewer_links");
    cell::of_tenant(&mut sql, tenant, "workspace_pk");
    sql.push(" and expires_at <= ").time(now);
    store.execute(sql).await.map(drop)
}

/// pk, id, connector, expires, is active, key, key's name, created, updated
type Row =
    (i64, Uuid, Option<Uuid>, DateTime<Utc>, bool, Uuid, String, DateTime<Utc>, DateTime<Utc>);

pub async fn find(
    store: &Store,
    tenant: &Tenant,
    id: ViewerLinkId,
    now: DateTime<Utc>,
) -> Result<ViewerLink, Error> {
    let mut sql = select(store, tenant, now);
    sql.push(" and t.viewer_link_id = ").bind(Bind::Id(id.0));
    store.fetch::<Row>(sql).await?.into_iter().next().map(link).ok_or(NONE)
}

/// A page of the workspace's links that have not ended, the newest first.
pub async fn list(
    store: &Store,
    tenant: &Tenant,
    query: &Query,
    now: DateTime<Utc>,
) -> Result<Slice<ViewerLink>, Error> {
    let (_, descending) = query.sort_or("created_at");
    let mut sql = select(store, tenant, now);
    conditions(&mut sql, query);
    sql.page("t.created_at", "t.pk", descending, &query.page);
    let marked = store.fetch::<Row>(sql).await?.into_iter().map(|row| {
        let (pk, it) = (row.0, link(row));
        let key = SortKey::Time(it.created_at);
        (it, Mark { key, pk })
    });
    let mut slice = Slice::of(marked.collect(), &query.page);
    if query.page.total {
        let mut sql = store.sql();
        sql.push("select count(*)");
        from(&mut sql, tenant, now);
        conditions(&mut sql, query);
        slice.total = store.fetch::<(i64,)>(sql).await?.first().map(|it| it.0.unsigned_abs());
    }
    Ok(slice)
}

fn conditions(sql: &mut Sql, query: &Query) {
    for condition in &query.conditions {
        let column = format!("t.{}", condition.field.name);
        sql.push(" and ").condition(&column, condition.op, &condition.values);
    }
}

/// Ends a link: whoever has it open reads nothing more.
pub async fn delete(
    store: &Store,
    tenant: &Tenant,
    id: ViewerLinkId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let now = to_millis(now);
    let mut sql = store.sql().writing();
    sql.push("update viewer_links set deleted_at = ").time(now);
    sql.push(", updated_at = ").time(now);
    cell::of_tenant(&mut sql, tenant, "workspace_pk");
    sql.push(" and viewer_link_id = ").bind(Bind::Id(id.0));
    sql.push(" and deleted_at is null and expires_at > ").time(now);
    match store.execute(sql).await? {
        0 => Err(NONE),
        _ => Ok(()),
    }
}

/// What a token opens; [`Error::NotFound`] once it, its row or its key has ended.
pub async fn resume(store: &Store, token: &str, now: DateTime<Utc>) -> Result<Viewer, Error> {
    let pass = pass::open(store, PURPOSE, token, now)?.ok_or(NONE)?;
    let proven = match api_keys::proven_by(store, pass.key_hash, now).await {
        Err(Error::NotFound(_)) => return Err(NONE),
        proven => proven?,
    };
    let Access::Tenant(tenant) = proven.access else { return Err(NONE) };
    let mut sql = store.sql();
    sql.push("select pk from viewer_links");
    cell::of_tenant(&mut sql, &tenant, "workspace_pk");
    sql.push(" and viewer_link_id = ").bind(Bind::Id(pass.id)).push(" and deleted_at is null");
    store.fetch::<(i64,)>(sql).await?.first().ok_or(NONE)?;
    Ok(Viewer {
        tenant: tenant.restricted_to(Role::Read),
        workspace_name: proven.names.workspace.clone(),
        connector: pass.connector,
        ends_at: pass.ends_at,
    })
}

fn select(store: &Store, tenant: &Tenant, now: DateTime<Utc>) -> Sql {
    let mut sql = store.sql();
    sql.push(
        "select t.pk, t.viewer_link_id, case when t.workspace_connector_pk is null then null ",
    );
    sql.push("else ").push(cell::CONNECTOR_ID).push(" end, t.expires_at, k.is_active and ");
    sql.push("(k.expiration_at is null or k.expiration_at > ").time(to_millis(now));
    sql.push("), k.api_key_id, k.name, t.created_at, t.updated_at");
    from(&mut sql, tenant, now);
    sql
}

fn from(sql: &mut Sql, tenant: &Tenant, now: DateTime<Utc>) {
    // A key that is deleted never comes back, and with it its links.
    sql.push(
        " from viewer_links t join api_keys k on k.pk = t.api_key_pk and k.deleted_at is null",
    );
    cell::of_tenant(sql, tenant, "t.workspace_pk");
    sql.push(" and t.deleted_at is null and t.expires_at > ").time(to_millis(now));
}

fn link(row: Row) -> ViewerLink {
    let (_, id, connector, expires_at, is_active, key, key_name, created_at, updated_at) = row;
    ViewerLink {
        id: ViewerLinkId(id),
        connector: connector.map(WorkspaceConnectorId),
        expires_at,
        is_active,
        key: ApiKeyId(key),
        key_name,
        created_at,
        updated_at,
    }
}
