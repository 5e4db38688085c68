//! Public ids of connectors and runs to their keys and back, through the caches: a row costs no
//! join.

use domain::Diagnostic;
use domain::id::{SyncLogId, WorkspaceConnectorId};
use uuid::Uuid;

use super::row::Row;
use crate::Store;
use crate::error::Error;
use crate::sql::Bind;
use crate::tenant::Tenant;

/// The key of a connector that the tenant owns, or that feeds it. None: neither.
pub(crate) async fn connector_pk(
    store: &Store,
    tenant: &Tenant,
    id: WorkspaceConnectorId,
) -> Result<Option<i64>, Error> {
    if let Some(pk) = store.caches().connector(tenant.workspace_pk, id) {
        return Ok(Some(pk));
    }
    let mut sql = store.sql();
    sql.push("select pk from workspace_connectors where ").gate(tenant);
    sql.push("workspace_connector_id = ").bind(Bind::Id(id.0));
    sql.push(" and deleted_at is null and workspace_pk = ").number(tenant.workspace_pk);
    sql.push(" union all select workspace_connector_pk from workspace_connector_sync_targets");
    sql.push(" where ").gate(tenant).push("workspace_connector_id = ").bind(Bind::Id(id.0));
    sql.push(" and deleted_at is null and workspace_pk = ").number(tenant.workspace_pk);
    let found = store.fetch::<(i64,)>(sql).await?.first().map(|it| it.0);
    if let Some(pk) = found {
        store.caches().keep_connector(tenant.workspace_pk, id, pk);
    }
    Ok(found)
}

/// The key of a run of the tenant.
pub(super) async fn run_pk(
    store: &Store,
    tenant: &Tenant,
    id: SyncLogId,
) -> Result<Option<i64>, Error> {
    if let Some(pk) = store.caches().run(tenant.workspace_pk, id) {
        return Ok(Some(pk));
    }
    let mut sql = store.sql();
    sql.push("select pk from workspace_connector_sync_logs where ").gate(tenant);
    sql.push("sync_log_id = ").bind(Bind::Id(id.0));
    sql.push(" and deleted_at is null and workspace_pk = ").number(tenant.workspace_pk);
    let found = store.fetch::<(i64,)>(sql).await?.first().map(|it| it.0);
    if let Some(pk) = found {
        store.caches().keep_run(tenant.workspace_pk, id, pk);
    }
    Ok(found)
}

/// Gives rows their public ids. A row whose connector has gone meanwhile is gone with it.
pub(super) async fn diagnostics(
    store: &Store,
    tenant: &Tenant,
    rows: Vec<Row>,
) -> Result<Vec<(Diagnostic, i64)>, Error> {
    know(store, tenant, &rows).await?;
    let caches = store.caches();
    let known = rows.into_iter().filter_map(|row| {
        let connector = caches.connector_id(row.connector_pk)?;
        let run = row.run_pk.and_then(|pk| caches.run_id(pk));
        let pk = row.pk;
        Some((row.into_diagnostic(tenant.workspace, connector, run), pk))
    });
    Ok(known.collect())
}

pub(super) async fn diagnostic(
    store: &Store,
    tenant: &Tenant,
    rows: Vec<Row>,
) -> Result<Diagnostic, Error> {
    let known = diagnostics(store, tenant, rows).await?;
    known.into_iter().next().map(|it| it.0).ok_or(Error::NotFound("diagnostic"))
}

/// The public id of a connector among those that [`know_connectors`] asked for.
pub(super) fn connector_id(store: &Store, pk: i64) -> Option<WorkspaceConnectorId> {
    store.caches().connector_id(pk)
}

async fn know(store: &Store, tenant: &Tenant, rows: &[Row]) -> Result<(), Error> {
    know_connectors(store, tenant, rows.iter().map(|it| it.connector_pk)).await?;
    let caches = store.caches();
    let missing =
        distinct(rows.iter().filter_map(|it| it.run_pk).filter(|pk| caches.run_id(*pk).is_none()));
    if missing.is_empty() {
        return Ok(());
    }
    let mut sql = store.sql();
    sql.push("select pk, sync_log_id from workspace_connector_sync_logs where ").gate(tenant);
    sql.any("pk", Bind::Numbers(missing)).push(" and workspace_pk = ").number(tenant.workspace_pk);
    for (pk, id) in store.fetch::<(i64, Uuid)>(sql).await? {
        caches.keep_run(tenant.workspace_pk, SyncLogId(id), pk);
    }
    Ok(())
}

pub(super) async fn know_connectors(
    store: &Store,
    tenant: &Tenant,
    pks: impl Iterator<Item = i64>,
) -> Result<(), Error> {
    let caches = store.caches();
    let missing = distinct(pks.filter(|pk| caches.connector_id(*pk).is_none()));
    if missing.is_empty() {
        return Ok(());
    }
    let mut sql = store.sql();
    sql.push("select pk, workspace_connector_id from workspace_connectors where ").gate(tenant);
    sql.any("pk", Bind::Numbers(missing.clone()));
    sql.push(" and workspace_pk = ").number(tenant.workspace_pk);
    sql.push(" union all select workspace_connector_pk, workspace_connector_id");
    sql.push(" from workspace_connector_sync_targets where ").gate(tenant);
    sql.any("workspace_connector_pk", Bind::Numbers(missing));
    sql.push(" and workspace_pk = ").number(tenant.workspace_pk);
    for (pk, id) in store.fetch::<(i64, Uuid)>(sql).await? {
        caches.name_connector(pk, WorkspaceConnectorId(id));
    }
    Ok(())
}

fn distinct(pks: impl Iterator<Item = i64>) -> Vec<i64> {
    let mut pks: Vec<i64> = pks.collect();
    pks.sort_unstable();
    pks.dedup();
    pks
}
