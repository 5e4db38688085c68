//! Issues that a run has shown to be over, resolved in the transaction that ends the run.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::id::SyncLogId;
use domain::issue::{Cause, Evidence, State, Unresolved};
use sea_orm::DatabaseTransaction;

use super::transition::{self, Change};
use crate::error::Error;
use crate::sql::{Bind, Dialect, fetch_in};
use crate::{Store, Tenant, cell};

/// pk, target, tool, reason, stage, state, last seen, version
type Row = (i64, String, Option<String>, String, String, String, DateTime<Utc>, Option<i64>);

/// Takes the locks of issues, in the order of writers; called before the run's own row is locked,
/// which a writer of its rows asks for last.
pub(crate) async fn resolve(
    store: &Store,
    txn: &DatabaseTransaction,
    tenant: &Tenant,
    (run, evidence): (SyncLogId, &Evidence),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let mut models: Vec<String> =
        evidence.ran.iter().map(|it| it.target.as_str().to_owned()).collect();
    models.sort_unstable();
    models.dedup();
    let connector_pk = connector_of(store, txn, tenant, run).await?;
    let Some(connector_pk) = connector_pk.filter(|_| !models.is_empty()) else { return Ok(()) };
    let unresolved = unresolved(store, txn, tenant, (connector_pk, &models, evidence)).await?;
    if unresolved.is_empty() {
        return Ok(());
    }
    let live = live(store, txn, tenant, connector_pk).await?;
    for row in unresolved {
        let (pk, model, tool, reason, stage, state, last_seen_at, version) = row;
        let key = (model, tool);
        let issue = Unresolved {
            target: cell::word(&key.0)?,
            reason: cell::word(&reason)?,
            stage: cell::word(&stage)?,
            last_seen_at,
            mapping_version: super::row::version(version)?,
            live_version: live.get(&key).copied(),
            tool: key.1,
        };
        let Some(ran) = evidence.resolves(&issue) else { continue };
        let change = Change {
            tenant,
            issue_pk: pk,
            from: cell::word(&state)?,
            to: State::Resolved,
            cause: Cause::Evidence,
            is_person: false,
            run: Some(run.0),
            mapping_version: ran.mapping_version,
            note: None,
            at: now,
        };
        transition::write(txn, store.sql().dialect, &change).await?;
    }
    Ok(())
}

/// Locked: nobody changes them until the run has ended.
async fn unresolved(
    store: &Store,
    txn: &DatabaseTransaction,
    tenant: &Tenant,
    (connector_pk, models, evidence): (i64, &[String], &Evidence),
) -> Result<Vec<Row>, Error> {
    let mut sql = store.sql();
    sql.push(
        "select pk, target_model, tool_name, reason, stage, state, last_seen_at, mapping_version \
           from sync_issues",
    );
    cell::of_tenant(&mut sql, tenant, "workspace_pk");
    sql.push(" and workspace_connector_pk = ").number(connector_pk);
    sql.push(" and state <> 'resolved' and last_seen_at < ").time(evidence.started_at);
    sql.push(" and target_model in (");
    for (index, model) in models.iter().enumerate() {
        sql.push(if index == 0 { "" } else { ", " }).text_bind(model.as_str());
    }
    sql.push(") order by fingerprint");
    if sql.dialect == Dialect::Postgres {
        sql.push(" for update");
    }
    fetch_in(txn, sql).await
}

/// Versions of the mappings of a connector that are live now, by target and tool.
async fn live(
    store: &Store,
    txn: &DatabaseTransaction,
    tenant: &Tenant,
    connector_pk: i64,
) -> Result<HashMap<(String, Option<String>), u32>, Error> {
    let mut sql = store.sql();
    sql.push("select target_model, tool_name, cast(version as bigint) from connector_mappings");
    cell::of_tenant(&mut sql, tenant, "workspace_pk");
    sql.push(" and workspace_connector_pk = ").number(connector_pk).push(" and is_live");
    let found = fetch_in::<(String, String, i64)>(txn, sql).await?;
    let version = |(model, tool, version): (_, _, i64)| {
        Some(((model, Some(tool)), u32::try_from(version).ok()?))
    };
    Ok(found.into_iter().filter_map(version).collect())
}

/// The connector of a run, if it is the tenant's.
async fn connector_of(
    store: &Store,
    txn: &DatabaseTransaction,
    tenant: &Tenant,
    run: SyncLogId,
) -> Result<Option<i64>, Error> {
    let mut sql = store.sql();
    sql.push("select workspace_connector_pk from workspace_connector_sync_logs");
    cell::of_tenant(&mut sql, tenant, "workspace_pk");
    sql.push(" and sync_log_id = ").bind(Bind::Id(run.0));
    Ok(fetch_in::<(i64,)>(txn, sql).await?.first().map(|it| it.0))
}
