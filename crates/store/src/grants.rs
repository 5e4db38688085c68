//! Grants of authorization servers, sealed in the row of their installation, and the flows that lead
//! to them.
//!
//! A grant has a generation, which each new one raises: whoever renews says which generation is to be
//! replaced, and loses if another was faster. A refresh token may be good for one use only, so it is
//! used under a lease: one renewal at a time, in all processes. A lease ends by itself when its holder
//! died.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use domain::connector::{InstallationStatus, Role};
use domain::grant::{Flow, Grant};
use domain::id::WorkspaceConnectorId;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use crate::error::Error;
use crate::sql::{Bind, Sql};
use crate::{Store, Tenant, cell, seal, workspaces};

/// A renewal that took longer was given up.
pub const LEASE: Duration = Duration::from_secs(90);

/// What a seal is for, so that one kind of value does not open as another of the same row.
const GRANT: u128 = 1;
const FLOW: u128 = 2;
/// A state names its row itself.
const STATE: Uuid = Uuid::from_u128(0x0073_7461_7465);

/// A grant, and how many there were before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub generation: i64,
    pub grant: Grant,
}

/// What is sealed while a person is away.
#[derive(Serialize, Deserialize)]
struct Pending {
    nonce: [u8; 16],
    flow: Flow,
}

/// Remembers a flow and gives its `state`: sealed, of this row, for one use. A new flow ends the one
/// before.
pub async fn begin(
    store: &Store,
    tenant: &Tenant,
    id: WorkspaceConnectorId,
    flow: Flow,
    now: DateTime<Utc>,
) -> Result<String, Error> {
    let pending = Pending { nonce: rand::random(), flow };
    let mut plain = tenant.workspace.0.as_bytes().to_vec();
    plain.extend(id.0.as_bytes());
    plain.extend(pending.nonce);
    let state = URL_SAFE_NO_PAD.encode(seal::seal(store, STATE, &plain)?);
    let mut sql = changing(store, now);
    sql.push(", flow_sealed = ").bind(Bind::Bytes(sealed(store, id, FLOW, &pending)?));
    of(&mut sql, tenant, id);
    match store.execute(sql).await? {
        0 => Err(Error::NotFound("workspace_connector")),
        _ => Ok(state),
    }
}

/// Who came back with a state, and the flow that it ends. A wrong, used or late one is not found.
pub async fn claim(
    store: &Store,
    state: &str,
    now: DateTime<Utc>,
) -> Result<(Tenant, WorkspaceConnectorId, Flow), Error> {
    const UNKNOWN: Error = Error::NotFound("authorization");
    let sealed_state = URL_SAFE_NO_PAD.decode(state).ok().filter(|it| it.len() < 200);
    let plain = sealed_state.and_then(|it| seal::open(store, STATE, &it).ok()).ok_or(UNKNOWN)?;
    let (workspace, rest) = plain.split_at_checked(16).ok_or(UNKNOWN)?;
    let (connector, nonce) = rest.split_at_checked(16).ok_or(UNKNOWN)?;
    let workspace = Uuid::from_slice(workspace).map_err(|_short| UNKNOWN)?;
    let id = WorkspaceConnectorId(Uuid::from_slice(connector).map_err(|_short| UNKNOWN)?);
    let row = workspaces::row_as(store, &store.operator(), &workspace.to_string()).await?;
    let tenant = workspaces::tenant_of(store, &row, Role::Write, None);
    let mut sql = store.sql();
    sql.push("select flow_sealed from workspace_connectors");
    of(&mut sql, &tenant, id);
    let found = store.fetch::<(Option<Vec<u8>>,)>(sql).await?.into_iter().next();
    let kept = found.and_then(|it| it.0).ok_or(UNKNOWN)?;
    let pending: Pending = opened(store, id, FLOW, &kept)?;
    if !bool::from(pending.nonce.as_slice().ct_eq(nonce)) {
        return Err(UNKNOWN);
    }
    // For one use: of two answers at once only one finds it unchanged.
    let mut sql = changing(store, now);
    sql.push(", flow_sealed = null");
    of(&mut sql, &tenant, id);
    sql.push(" and flow_sealed = ").bind(Bind::Bytes(kept));
    if store.execute(sql).await? == 0 || pending.flow.expires_at <= now {
        return Err(UNKNOWN);
    }
    Ok((tenant, id, pending.flow))
}

/// Keeps a grant that a person gave, and puts the connector to work again unless it was switched off.
pub async fn insert(
    store: &Store,
    tenant: &Tenant,
    id: WorkspaceConnectorId,
    grant: &Grant,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let enabled = InstallationStatus::Enabled.as_str();
    let mut sql = changing(store, now);
    sql.push(", grant_sealed = ").bind(Bind::Bytes(sealed(store, id, GRANT, grant)?));
    sql.push(", grant_generation = grant_generation + 1, grant_lease_until = null");
    for column in ["status", "resting_status"] {
        sql.push(", ").push(column).push(" = case ").push(column);
        for from in ["to_configure", "need_reconnect", "error", "degraded"] {
            sql.push(" when '").push(from).push("' then ").text_bind(enabled);
        }
        sql.push(" else ").push(column).push(" end");
    }
    of(&mut sql, tenant, id);
    match store.execute(sql).await? {
        0 => Err(Error::NotFound("workspace_connector")),
        _ => Ok(()),
    }
}

/// The grant of an installation: opens the seal.
pub async fn find(
    store: &Store,
    tenant: &Tenant,
    id: WorkspaceConnectorId,
) -> Result<Option<Held>, Error> {
    let mut sql = store.sql();
    sql.push("select grant_generation, grant_sealed from workspace_connectors");
    of(&mut sql, tenant, id);
    let found = store.fetch::<(i64, Option<Vec<u8>>)>(sql).await?.into_iter().next();
    let (generation, kept) = found.ok_or(Error::NotFound("workspace_connector"))?;
    let Some(kept) = kept else { return Ok(None) };
    Ok(Some(Held { generation, grant: opened(store, id, GRANT, &kept)? }))
}

/// Takes the right to renew this generation. False: another has it, or has renewed already.
pub async fn lease(
    store: &Store,
    tenant: &Tenant,
    id: WorkspaceConnectorId,
    generation: i64,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let until = now + chrono::Duration::from_std(LEASE).unwrap_or_default();
    let mut sql = changing(store, now);
    sql.push(", grant_lease_until = ").time(domain::time::to_millis(until));
    of(&mut sql, tenant, id);
    sql.push(" and grant_generation = ").number(generation);
    sql.push(" and (grant_lease_until is null or grant_lease_until <= ");
    sql.time(domain::time::to_millis(now)).push(")");
    Ok(store.execute(sql).await? > 0)
}

/// Replaces this generation, and ends the lease. False: there is another meanwhile.
pub async fn update(
    store: &Store,
    tenant: &Tenant,
    id: WorkspaceConnectorId,
    held: &Held,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let mut sql = changing(store, now);
    sql.push(", grant_sealed = ").bind(Bind::Bytes(sealed(store, id, GRANT, &held.grant)?));
    sql.push(", grant_generation = grant_generation + 1, grant_lease_until = null");
    of(&mut sql, tenant, id);
    sql.push(" and grant_generation = ").number(held.generation);
    Ok(store.execute(sql).await? > 0)
}

/// Gives a lease back: nothing was renewed.
pub async fn release(
    store: &Store,
    tenant: &Tenant,
    id: WorkspaceConnectorId,
    generation: i64,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let mut sql = changing(store, now);
    sql.push(", grant_lease_until = null");
    of(&mut sql, tenant, id);
    sql.push(" and grant_generation = ").number(generation);
    store.execute(sql).await.map(drop)
}

fn changing(store: &Store, now: DateTime<Utc>) -> Sql {
    let mut sql = store.sql().writing();
    sql.push("update workspace_connectors set updated_at = ").time(domain::time::to_millis(now));
    sql
}

fn of(sql: &mut Sql, tenant: &Tenant, id: WorkspaceConnectorId) {
    cell::of_tenant(sql, tenant, "workspace_pk");
    sql.push(" and deleted_at is null and workspace_connector_id = ").bind(Bind::Id(id.0));
}

fn bound(id: WorkspaceConnectorId, purpose: u128) -> Uuid {
    Uuid::from_u128(id.0.as_u128() ^ purpose)
}

fn sealed(
    store: &Store,
    id: WorkspaceConnectorId,
    purpose: u128,
    value: &impl Serialize,
) -> Result<Vec<u8>, Error> {
    let plain =
        serde_json::to_vec(value).map_err(|_secret| Error::Sealed("it cannot be written"))?;
    seal::seal(store, bound(id, purpose), &plain)
}

fn opened<T: DeserializeOwned>(
    store: &Store,
    id: WorkspaceConnectorId,
    purpose: u128,
    kept: &[u8],
) -> Result<T, Error> {
    let plain = seal::open(store, bound(id, purpose), kept)?;
    serde_json::from_slice(&plain).map_err(|_secret| Error::Sealed("it holds something else"))
}
