//! A secret becomes an [`Access`]: looked up by its hash, compared in constant time, believed for
//! some seconds.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::id::ApiKeyId;
use domain::time::to_millis;
use subtle::ConstantTimeEq;
use tokio::time::Instant;

use super::{COLUMNS, Model, PREFIX, hash, role};
use crate::Store;
use crate::cache::{Names, Proven};
use crate::error::Error;
use crate::sql::Bind;
use crate::tenant::{Access, Operator};
use crate::workspaces;

/// `last_used_at` is written no more often than this.
const USE_WRITTEN_EVERY: Duration = Duration::from_secs(60);

const UNKNOWN: Error = Error::NotFound("api key");

pub(crate) async fn authenticate(
    store: &Store,
    secret: &str,
    now: DateTime<Utc>,
) -> Result<Access, Error> {
    proven(store, secret, now).await.map(|it| it.1.access)
}

/// What a secret opens, with its hash.
pub(crate) async fn proven(
    store: &Store,
    secret: &str,
    now: DateTime<Utc>,
) -> Result<([u8; 32], Proven), Error> {
    // Our secrets have one form: nothing else is worth a look-up.
    if !secret.starts_with(PREFIX) || secret.len() != PREFIX.len() + 43 {
        return Err(UNKNOWN);
    }
    let hash = hash(secret);
    Ok((hash, proven_by(store, hash, now).await?))
}

/// The same for whoever was proven before, and carries the hash under our seal.
pub(crate) async fn proven_by(
    store: &Store,
    hash: [u8; 32],
    now: DateTime<Utc>,
) -> Result<Proven, Error> {
    let proven = match store.caches().proven(&hash) {
        Some(proven) => proven,
        None => {
            let proven = prove(store, &hash).await?.ok_or(UNKNOWN)?;
            store.caches().keep_proven(hash, proven.clone());
            proven
        }
    };
    if proven.expiration_at.is_some_and(|at| at <= now) {
        return Err(UNKNOWN);
    }
    note_use(store, &proven, now);
    Ok(proven)
}

async fn prove(store: &Store, hash: &[u8; 32]) -> Result<Option<Proven>, Error> {
    let mut sql = store.sql();
    sql.push("select ")
        .push(COLUMNS)
        .push(" from api_keys where ")
        .gate_as("enter_key", domain::hex(hash));
    sql.push("secret_hash = ").bind(Bind::Bytes(hash.to_vec()));
    sql.push(" and is_active and deleted_at is null");
    let row = store.fetch::<Model>(sql).await?.into_iter().next();
    let Some(row) = row.filter(|it| bool::from(it.secret_hash.ct_eq(hash))) else {
        return Ok(None);
    };
    let mut workspace_name = String::new();
    let access = match row.workspace_pk {
        None => Access::Operator(Operator(())),
        Some(pk) => {
            let Some(workspace) = workspaces::by_pk(store, pk).await? else { return Ok(None) };
            let id = ApiKeyId(row.api_key_id);
            workspace_name.clone_from(&workspace.name);
            Access::Tenant(workspaces::tenant_of(store, &workspace, role(&row), Some(id)))
        }
    };
    Ok(Some(Proven {
        key_pk: row.pk,
        workspace_pk: row.workspace_pk,
        access,
        expiration_at: row.expiration_at,
        names: Arc::new(Names { workspace: workspace_name, key: row.name }),
    }))
}

/// At most once a minute for a key, and behind the request.
fn note_use(store: &Store, proven: &Proven, now: DateTime<Utc>) {
    let used = &store.caches().used;
    if used.get(&proven.key_pk).is_some_and(|at| at.elapsed() < USE_WRITTEN_EVERY) {
        return;
    }
    used.insert(proven.key_pk, Instant::now());
    let mut sql = store.sql().writing();
    sql.push("update api_keys set last_used_at = ").time(to_millis(now)).push(" where ");
    match &proven.access {
        Access::Tenant(tenant) => sql.gate(tenant),
        Access::Operator(_) => sql.gate_as("enter_operator", "on".to_owned()),
    };
    sql.push("pk = ").number(proven.key_pk);
    let store = store.clone();
    tokio::spawn(async move {
        if let Err(error) = store.execute(sql).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "a key's use was not noted");
        }
    });
}
