//! Which record a key means: a parent by the provider's identifier, or by a natural key.

use std::collections::HashMap;

use domain::TargetModel;
use domain::id::WorkspaceConnectorId;
use domain::reference::NaturalKey;
use sea_orm::ConnectionTrait;
use serde_json::Value;

use super::table;
use crate::error::Error;
use crate::{Store, Tenant, cell, diagnostics};

/// By what records are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lookup {
    Id,
    By(NaturalKey),
}

/// Keys of one model, each in the spelling that is compared.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    pub model: TargetModel,
    pub by: Lookup,
    pub keys: &'a [&'a str],
}

/// What a key means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match {
    /// This record, by its external id.
    One(String),
    /// Several records have the key: none of them is meant for certain.
    Many,
}

/// What these keys mean, in one query; a key that nothing has is left out. A record of the
/// connector itself comes before those of others in the workspace. The bare number of another
/// provider is no evidence: small numbers are everyone's.
pub async fn matches(
    store: &Store,
    tenant: &Tenant,
    connector: WorkspaceConnectorId,
    wanted: Wanted<'_>,
) -> Result<HashMap<String, Match>, Error> {
    let Some(connector_pk) = diagnostics::connector_pk(store, tenant, connector).await? else {
        return Ok(HashMap::new());
    };
    // No text with a NUL is stored, and PostgreSQL takes none.
    let keys: Vec<&str> =
        wanted.keys.iter().copied().filter(|it| !it.is_empty() && !it.contains('\0')).collect();
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let txn = store.tenant_read(tenant).await?;
    let sql = statement(store.is_postgres(), wanted, connector_pk);
    let binds = [Value::from(keys).to_string().into(), tenant.workspace_pk.into()];
    let rows = txn.query_all_raw(cell::statement(&txn, sql, binds)).await?;
    txn.commit().await?;
    let mut found = HashMap::with_capacity(rows.len());
    for row in rows {
        let key: String = row.try_get_by_index(0)?;
        let own = (row.try_get_by_index(1)?, row.try_get_by_index(2)?);
        let other = (row.try_get_by_index(3)?, row.try_get_by_index(4)?);
        if let Some(meant) = meant(wanted.by, &key, own, other) {
            found.insert(key, meant);
        }
    }
    Ok(found)
}

fn meant(
    by: Lookup,
    key: &str,
    own: (i64, Option<String>),
    other: (i64, Option<String>),
) -> Option<Match> {
    let is_number = by == Lookup::Id && key.bytes().all(|it| it.is_ascii_digit());
    match (own, other) {
        ((1, Some(id)), _) => Some(Match::One(id)),
        ((0, _), (1, Some(id))) if !is_number => Some(Match::One(id)),
        ((0, _), (0, _)) => None,
        ((0, _), _) if is_number => None,
        _ => Some(Match::Many),
    }
}

/// For each key: how many records of this connector have it, and one of them; the same of others.
fn statement(postgres: bool, wanted: Wanted<'_>, connector_pk: i64) -> String {
    let (table, id) = (table::name(wanted.model), wanted.model.external_id());
    let column = table::lookup(wanted.model, wanted.by);
    let own = format!("t.source_workspace_connector_pk = {connector_pk}");
    let counts = format!(
        "count(*) filter (where {own}) own, min(t.\"{id}\") filter (where {own}) own_id,
         count(*) filter (where not {own}) other, min(t.\"{id}\") filter (where not {own}) other_id"
    );
    // Each key by itself, in the index that has all the columns: see `cell::probe`.
    match postgres {
        true => format!(
            "select k.key, a.own, a.own_id, a.other, a.other_id
               from json_array_elements_text($1::json) k(key)
              cross join lateral (select {counts} from {table} t
                where t.workspace_pk = $2 and t.\"{column}\" = k.key) a
              where a.own + a.other > 0"
        ),
        false => format!(
            "select k.value, {counts} from json_each($1) k cross join {table} t
              where t.workspace_pk = $2 and t.\"{column}\" = k.value group by k.value"
        ),
    }
}
