//! Who asks, proven: a key becomes a [`Tenant`] or the [`Operator`], and nothing else can make one.

use chrono::{DateTime, Utc};
use domain::connector::Role;
use domain::id::{ApiKeyId, WorkspaceId};
use domain::retention::Retention;

use crate::error::Error;
use crate::{Store, api_keys, workspaces};

/// What a key opens.
#[derive(Debug, Clone)]
pub enum Access {
    Tenant(Tenant),
    Operator(Operator),
}

/// One workspace, and what may be done in it.
#[derive(Debug, Clone)]
pub struct Tenant {
    pub(crate) workspace_pk: i64,
    pub(crate) workspace: WorkspaceId,
    pub(crate) role: Role,
    pub(crate) retention: Retention,
    pub(crate) key: Option<ApiKeyId>,
}

impl Tenant {
    pub fn workspace(&self) -> WorkspaceId {
        self.workspace
    }

    pub fn role(&self) -> Role {
        self.role
    }

    /// With the workspace's own number of days, if it has one.
    pub fn retention(&self) -> Retention {
        self.retention
    }

    /// None: not a key but the person on the machine.
    pub fn key(&self) -> Option<ApiKeyId> {
        self.key
    }

    /// The same workspace with less to do in it, e.g. for a viewer link.
    #[must_use]
    pub fn restricted_to(mut self, role: Role) -> Self {
        self.role = self.role.min(role);
        self
    }

    /// What [`core_api.enter`](crate::postgres) takes.
    pub(crate) fn entry(&self) -> String {
        self.workspace_pk.to_string()
    }
}

/// May make and erase workspaces and their first keys, over all tenants.
#[derive(Debug, Clone)]
pub struct Operator(pub(crate) ());

/// The tenant of a workspace (its id or its external id), for the operator: role admin.
pub async fn of(store: &Store, operator: &Operator, workspace: &str) -> Result<Tenant, Error> {
    let row = workspaces::row_as(store, operator, workspace).await?;
    Ok(workspaces::tenant_of(store, &row, Role::Admin, None))
}

impl Store {
    /// Who this secret belongs to. Wrong, inactive and expired keys are one: not found.
    pub async fn authenticate(&self, secret: &str, now: DateTime<Utc>) -> Result<Access, Error> {
        api_keys::authenticate(self, secret, now).await
    }
}
