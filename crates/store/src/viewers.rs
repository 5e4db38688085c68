//! Viewer links: a sealed, short-lived, read-only paper for one workspace or one connector of it.
//! It ends with its time, and with the key that made it.

use chrono::{DateTime, Duration, Utc};
use domain::connector::Role;
use domain::id::WorkspaceConnectorId;
use uuid::Uuid;

use crate::error::Error;
use crate::pass::{self, Pass};
use crate::sql::Bind;
use crate::tenant::{Access, Tenant};
use crate::{Store, api_keys, cell, workspace_connectors};

/// The longest that a link may last.
pub const LONGEST: Duration = Duration::days(30);
const PURPOSE: &str = "viewer";
const NONE: Error = Error::NotFound("viewer link");

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

/// The token of a new link.
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
) -> Result<String, Error> {
    if ends_at <= now || ends_at > now + LONGEST {
        return Err(Error::invalid(0, "expires_at", "must lie ahead, by at most 30 days"));
    }
    let Some(key) = tenant.key() else {
        return Err(Error::invalid(0, "expires_at", "a viewer link is made with a key"));
    };
    if let Some(id) = connector {
        workspace_connectors::find(store, tenant, id).await?;
    }
    let mut sql = store.sql();
    sql.push("select secret_hash from api_keys");
    cell::of_tenant(&mut sql, tenant, "workspace_pk");
    sql.push(" and api_key_id = ").bind(Bind::Id(key.0)).push(" and deleted_at is null");
    let found = store.fetch::<(Vec<u8>,)>(sql).await?.into_iter().next();
    let key_hash = found.and_then(|it| it.0.try_into().ok()).ok_or(Error::NotFound("api key"))?;
    pass::seal(store, PURPOSE, &Pass { key_hash, ends_at, id: Uuid::new_v4(), connector })
}

/// What a token opens; [`Error::NotFound`] once it or its key has ended.
pub async fn resume(store: &Store, token: &str, now: DateTime<Utc>) -> Result<Viewer, Error> {
    let pass = pass::open(store, PURPOSE, token, now)?.ok_or(NONE)?;
    let proven = match api_keys::proven_by(store, pass.key_hash, now).await {
        Err(Error::NotFound(_)) => return Err(NONE),
        proven => proven?,
    };
    let Access::Tenant(tenant) = proven.access else { return Err(NONE) };
    Ok(Viewer {
        tenant: tenant.restricted_to(Role::Read),
        workspace_name: proven.names.workspace.clone(),
        connector: pass.connector,
        ends_at: pass.ends_at,
    })
}
