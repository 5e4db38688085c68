//! An account whose provider has changed its identifier is the same account: its IBAN says so, or
//! its number within one bank.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::id::{SyncLogId, WorkspaceConnectorId};
use sea_orm::{ConnectionTrait, DatabaseTransaction};
use uuid::Uuid;

use crate::error::Error;
use crate::{Store, Tenant, cell, diagnostics};

/// An account that a run has seen for the first time, and the one that it no longer saw.
struct Pair {
    new_pk: i64,
    new_id: String,
    old_pk: i64,
    old_id: String,
    record_id: Uuid,
    first_seen_run: Uuid,
    created_at: DateTime<Utc>,
}

/// After a run that has read every account of a connector: one that is new, and is by its IBAN, or
/// by its number and bank, one that was not seen any more, takes that one's place: its public id,
/// its history, and the records that name it. How many did.
pub async fn relink_accounts(
    store: &Store,
    tenant: &Tenant,
    connector: WorkspaceConnectorId,
    run: SyncLogId,
) -> Result<u64, Error> {
    let Some(connector_pk) = diagnostics::connector_pk(store, tenant, connector).await? else {
        return Ok(0);
    };
    let txn = store.tenant_txn(tenant).await?;
    let pairs = pairs(&txn, tenant, connector_pk, run).await?;
    for pair in &pairs {
        replace(&txn, tenant, connector_pk, pair).await?;
    }
    txn.commit().await?;
    Ok(pairs.len() as u64)
}

/// Only where it is certain: one new for one old, in the same currency (pockets share an IBAN).
async fn pairs(
    txn: &DatabaseTransaction,
    tenant: &Tenant,
    connector_pk: i64,
    run: SyncLogId,
) -> Result<Vec<Pair>, Error> {
    let sql = "select n.pk, n.account_external_id, o.pk, o.account_external_id, o.record_id,
            o.first_seen_run, o.created_at
          from accounts n
          join accounts o on o.workspace_pk = n.workspace_pk
           and o.source_workspace_connector_pk = n.source_workspace_connector_pk
           and o.last_seen_run <> n.first_seen_run
           and coalesce(o.currency, '') = coalesce(n.currency, '')
           and (o.iban = n.iban
                or o.account_number = n.account_number
                   and (o.bic = n.bic or o.routing_number = n.routing_number
                        or o.sort_code = n.sort_code))
         where n.workspace_pk = $1 and n.source_workspace_connector_pk = $2
           and n.first_seen_run = $3
         order by n.pk limit 1000";
    let binds = [tenant.workspace_pk.into(), connector_pk.into(), run.0.into()];
    let rows = txn.query_all_raw(cell::statement(txn, sql, binds)).await?;
    let mut pairs = Vec::with_capacity(rows.len());
    for row in rows {
        pairs.push(Pair {
            new_pk: row.try_get_by_index(0)?,
            new_id: row.try_get_by_index(1)?,
            old_pk: row.try_get_by_index(2)?,
            old_id: row.try_get_by_index(3)?,
            record_id: row.try_get_by_index(4)?,
            first_seen_run: row.try_get_by_index(5)?,
            created_at: row.try_get_by_index(6)?,
        });
    }
    let mut uses: HashMap<i64, u32> = HashMap::new();
    for pk in pairs.iter().flat_map(|it| [it.new_pk, it.old_pk]) {
        *uses.entry(pk).or_default() += 1;
    }
    pairs.retain(|it| uses.get(&it.new_pk) == Some(&1) && uses.get(&it.old_pk) == Some(&1));
    Ok(pairs)
}

async fn replace(
    txn: &DatabaseTransaction,
    tenant: &Tenant,
    connector_pk: i64,
    pair: &Pair,
) -> Result<(), Error> {
    let old = [pair.old_pk.into(), tenant.workspace_pk.into()];
    cell::execute(txn, "delete from accounts where pk = $1 and workspace_pk = $2", old).await?;
    let kept = [
        pair.new_pk.into(),
        tenant.workspace_pk.into(),
        pair.record_id.into(),
        pair.first_seen_run.into(),
        pair.created_at.into(),
    ];
    let sql = "update accounts set record_id = $3, first_seen_run = $4, created_at = $5
                where pk = $1 and workspace_pk = $2";
    cell::execute(txn, sql, kept).await?;
    for child in ["transactions", "payment_means"] {
        let sql = format!(
            "update {child} set account_external_id = $3
              where workspace_pk = $1 and source_workspace_connector_pk = $2
                and account_external_id = $4"
        );
        let binds = [
            tenant.workspace_pk.into(),
            connector_pk.into(),
            pair.new_id.clone().into(),
            pair.old_id.clone().into(),
        ];
        cell::execute(txn, &sql, binds).await?;
    }
    Ok(())
}
