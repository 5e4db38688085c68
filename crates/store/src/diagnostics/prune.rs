//! Retention by lottery: after a write was committed, its roll may owe a prune of its connector.
//!
//! A prune is bounded (500 rows a round, 5 rounds), each round its own short transaction, and runs
//! behind the write: it can neither fail nor slow it. Its errors are logged and counted.

use std::sync::Weak;

use chrono::{DateTime, Utc};
use domain::id::WorkspaceConnectorId;
use metrics::{counter, gauge};
use tokio::sync::{mpsc, oneshot};

use super::{days, resolve};
use crate::error::Error;
use crate::sql::{Dialect, Sql};
use crate::tenant::{Operator, Tenant};
use crate::{Inner, Store, issues, webhooks, workspaces};

const ROUND: u64 = 500;
const ROUNDS: u32 = 5;

/// Work behind the writes.
pub(crate) enum Errand {
    Prune {
        tenant: Tenant,
        connector_pk: i64,
        before: DateTime<Utc>,
    },
    /// Everything sent before this is done.
    Tell(oneshot::Sender<()>),
}

/// A write owes this prune. A full queue lets it go: the lottery comes round again.
pub(super) fn owe(store: &Store, tenant: &Tenant, connector_pk: i64, before: DateTime<Utc>) {
    let errand = Errand::Prune { tenant: tenant.clone(), connector_pk, before };
    if store.0.pruner.try_send(errand).is_err() {
        counter!("wireline_diagnostics_prunes_skipped_total").increment(1);
    }
}

pub(super) async fn pruner(store: Weak<Inner>, mut errands: mpsc::Receiver<Errand>) {
    while let Some(errand) = errands.recv().await {
        let Some(inner) = store.upgrade() else { return };
        match errand {
            Errand::Prune { tenant, connector_pk, before } => {
                let store = Store(inner);
                if let Err(error) = rounds(&store, &tenant, connector_pk, before, ROUNDS).await {
                    counter!("wireline_diagnostics_prune_errors_total").increment(1);
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        workspace.id = %tenant.workspace,
                        "pruning diagnostics failed; a later write tries again"
                    );
                }
            }
            // Whoever asked may have gone.
            Errand::Tell(done) => drop(done.send(())),
        }
    }
}

/// Rows of this connector past the retention, deleted ones included, up to the bound.
pub async fn prune(
    store: &Store,
    tenant: &Tenant,
    connector: WorkspaceConnectorId,
    now: DateTime<Utc>,
) -> Result<u64, Error> {
    let pk = resolve::connector_pk(store, tenant, connector)
        .await?
        .ok_or(Error::NotFound("workspace connector"))?;
    rounds(store, tenant, pk, tenant.retention.cutoff(now), ROUNDS).await
}

/// The roll at the end of a run: a connector that is healthy again writes no failures, and would
/// never be pruned.
pub async fn roll_and_prune(
    store: &Store,
    tenant: &Tenant,
    connector: WorkspaceConnectorId,
    now: DateTime<Utc>,
) -> Result<u64, Error> {
    if tenant.retention.prune_before(store.settings().dice.roll(), now).is_none() {
        return Ok(0);
    }
    let pruned = prune(store, tenant, connector, now).await?;
    if let Some(pk) = resolve::connector_pk(store, tenant, connector).await? {
        issues::prune(store, tenant, pk, now).await?;
    }
    webhooks::prune(store, tenant, now).await?;
    Ok(pruned)
}

/// Every connector of every workspace, until nothing is left to prune.
pub async fn prune_all(
    store: &Store,
    operator: &Operator,
    now: DateTime<Utc>,
) -> Result<u64, Error> {
    let mut pruned = 0;
    for tenant in workspaces::tenants(store, operator).await? {
        for connector_pk in connectors(store, &tenant).await? {
            let before = tenant.retention.cutoff(now);
            pruned += rounds(store, &tenant, connector_pk, before, u32::MAX).await?;
            issues::prune(store, &tenant, connector_pk, now).await?;
        }
        webhooks::prune(store, &tenant, now).await?;
    }
    Ok(pruned)
}

/// When the oldest stored row of all workspaces occurred; with it, the age of the oldest row and
/// the prune lag are published.
pub async fn oldest(
    store: &Store,
    operator: &Operator,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, Error> {
    let mut oldest = None;
    let mut lag = chrono::Duration::zero();
    for tenant in workspaces::tenants(store, operator).await? {
        let mut sql = store.sql();
        sql.push("select occurred_at from connector_sync_diagnostics where ").gate(&tenant);
        sql.push("workspace_pk = ").number(tenant.workspace_pk);
        sql.push(" order by occurred_at, pk limit 1");
        let Some((at,)) = store.fetch::<(DateTime<Utc>,)>(sql).await?.into_iter().next() else {
            continue;
        };
        lag = lag.max(tenant.retention.cutoff(now) - at);
        oldest = Some(oldest.map_or(at, |it: DateTime<Utc>| it.min(at)));
    }
    let seconds = |it: chrono::Duration| it.as_seconds_f64();
    gauge!("wireline_diagnostics_oldest_age_seconds")
        .set(oldest.map_or(0.0, |it| seconds(now - it)));
    gauge!("wireline_diagnostics_prune_lag_seconds").set(seconds(lag));
    Ok(oldest)
}

/// Every row of a workspace that is being deleted, whatever its age.
pub(crate) async fn erase(store: &Store, tenant: &Tenant) -> Result<(), Error> {
    loop {
        let mut sql = store.sql().writing();
        let is_postgres = sql.dialect == Dialect::Postgres;
        sql.push("delete from connector_sync_diagnostics where ").gate(tenant);
        sql.push(if is_postgres { "pk = any(array(" } else { "pk in (" });
        sql.push("select pk from connector_sync_diagnostics where ").gate(tenant);
        sql.push("workspace_pk = ").number(tenant.workspace_pk);
        sql.push(" order by pk limit 5000").push(if is_postgres { "))" } else { ")" });
        if store.execute(sql).await? == 0 {
            return Ok(());
        }
    }
}

/// Keys of the connectors that a workspace owns or is fed by, deleted ones too.
async fn connectors(store: &Store, tenant: &Tenant) -> Result<Vec<i64>, Error> {
    let mut sql = store.sql();
    sql.push("select pk from workspace_connectors where ").gate(tenant);
    sql.push("workspace_pk = ").number(tenant.workspace_pk);
    sql.push(" union select workspace_connector_pk from workspace_connector_sync_targets where ");
    sql.gate(tenant).push("workspace_pk = ").number(tenant.workspace_pk);
    Ok(store.fetch::<(i64,)>(sql).await?.into_iter().map(|it| it.0).collect())
}

async fn rounds(
    store: &Store,
    tenant: &Tenant,
    connector_pk: i64,
    before: DateTime<Utc>,
    rounds: u32,
) -> Result<u64, Error> {
    let mut pruned = 0;
    for _ in 0..rounds {
        let gone = store.execute(round(store, tenant, connector_pk, before)).await?;
        pruned += gone;
        counter!("wireline_diagnostics_pruned_total").increment(gone);
        if gone < ROUND {
            break;
        }
    }
    store.execute(days::prune(store, tenant, connector_pk, before)).await?;
    Ok(pruned)
}

/// Oldest first, by index. On PostgreSQL rows that another pruner holds are left to it.
fn round(store: &Store, tenant: &Tenant, connector_pk: i64, before: DateTime<Utc>) -> Sql {
    let mut sql = store.sql().writing();
    let is_postgres = sql.dialect == Dialect::Postgres;
    sql.push("delete from connector_sync_diagnostics where ").gate(tenant);
    sql.push(if is_postgres { "pk = any(array(" } else { "pk in (" });
    sql.push("select pk from connector_sync_diagnostics where ").gate(tenant);
    sql.push("workspace_connector_pk = ").number(connector_pk);
    sql.push(" and workspace_pk = ").number(tenant.workspace_pk);
    sql.push(" and occurred_at < ").time(domain::time::to_millis(before));
    sql.push(" order by occurred_at, pk limit 500");
    sql.push(if is_postgres { " for update skip locked))" } else { ")" });
    sql
}
