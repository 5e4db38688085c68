//! What a mapping stands for: the shape and the hashes it was drawn for. They may move on without a
//! new version, when the mapping still serves.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{Mapping, NewMapping, RegenerationReason, change, of_tool, row};
use crate::error::Error;
use crate::{Store, Tenant, cell};

/// While all of it is as it was, a mapping is used again.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    pub input_fingerprint: String,
    /// Paths and their types; the fingerprint is of it.
    pub input_shape: Value,
    pub output_schema_hash: Option<String>,
    pub target_schema_hash: Option<String>,
    pub governance_hash: Option<String>,
}

impl Standing {
    pub fn of(it: &Mapping) -> Self {
        Self {
            input_fingerprint: it.input_fingerprint.clone(),
            input_shape: it.input_shape.clone(),
            output_schema_hash: it.output_schema_hash.clone(),
            target_schema_hash: it.target_schema_hash.clone(),
            governance_hash: it.governance_hash.clone(),
        }
    }
}

impl NewMapping {
    #[must_use]
    pub fn standing(self, it: Standing) -> Self {
        Self {
            input_fingerprint: it.input_fingerprint,
            input_shape: it.input_shape,
            output_schema_hash: it.output_schema_hash,
            target_schema_hash: it.target_schema_hash,
            governance_hash: it.governance_hash,
            ..self
        }
    }
}

/// The mapping serves what it stands for from now on. If it was to be drawn anew it no longer is;
/// what an administrator has asked for since it was read is left alone.
pub async fn refresh(
    store: &Store,
    tenant: &Tenant,
    it: &Mapping,
    standing: Standing,
    now: DateTime<Utc>,
) -> Result<Mapping, Error> {
    let mut sql = store.sql().writing();
    sql.push("update connector_mappings set ");
    if it.needs_regeneration {
        sql.push("needs_regeneration = false, regeneration_reason = null, ");
    }
    sql.push("input_fingerprint = ")
        .text_bind(&standing.input_fingerprint)
        .push(", input_shape = ");
    cell::json(&mut sql, Some(&standing.input_shape));
    for (column, hash) in [
        (", output_schema_hash = ", standing.output_schema_hash),
        (", target_schema_hash = ", standing.target_schema_hash),
        (", governance_hash = ", standing.governance_hash),
    ] {
        sql.push(column).bind(crate::sql::Bind::Text(hash));
    }
    sql.push(", updated_at = ").time(domain::time::to_millis(now));
    change(store, tenant, it.id, sql).await
}

/// Saves a version that is not to be used: it did worse than the one that stays live.
pub async fn keep(
    store: &Store,
    tenant: &Tenant,
    new: NewMapping,
    now: DateTime<Utc>,
) -> Result<Mapping, Error> {
    super::write(store, tenant, new, Some(RegenerationReason::Regression), now).await
}

/// Another version of the same mapping.
pub async fn find_version(
    store: &Store,
    tenant: &Tenant,
    of: &Mapping,
    version: u32,
) -> Result<Option<Mapping>, Error> {
    let Some(mut sql) = of_tool(store, tenant, of.connector, of.model, &of.tool).await? else {
        return Ok(None);
    };
    sql.push(" and t.version = ").number(i64::from(version));
    store.fetch::<row::Row>(sql).await?.into_iter().next().map(row::mapping).transpose()
}
