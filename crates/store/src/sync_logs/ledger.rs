//! The ledger of a run: what came in, and what became of it, by target.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::Reason;
use domain::id::SyncLogId;
use domain::run::{LedgerLine, Tally};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{DatabaseTransaction, EntityTrait};
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

use crate::entity::sync_ledger::{ActiveModel, Entity};
use crate::error::Error;
use crate::{Store, Tenant, cell};

/// run, target, fetched, mapped, inserted, updated, unchanged, dropped, waiting, truncated, released
type Row = (Uuid, String, i64, i64, i64, i64, i64, Json<Value>, i64, bool, i64);

/// The ledgers of some runs, in one query; a run without lines has an empty one. Runs of others
/// are left out.
pub async fn ledgers(
    store: &Store,
    tenant: &Tenant,
    runs: &[SyncLogId],
) -> Result<Vec<(SyncLogId, Vec<LedgerLine>)>, Error> {
    if runs.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = store.sql();
    sql.push(
        "select r.sync_log_id, l.target_model, l.fetched, l.mapped, l.inserted, l.updated, \
         l.unchanged, l.dropped, l.waiting, l.truncated, l.released from workspace_connector_sync_logs r \
         join sync_ledger l on l.workspace_connector_sync_log_pk = r.pk",
    );
    cell::of_tenant(&mut sql, tenant, "r.workspace_pk");
    sql.push(" and r.deleted_at is null and ");
    cell::ids(&mut sql, "r.sync_log_id", runs.iter().map(|it| it.0));
    sql.push(" order by l.pk");
    let mut found: BTreeMap<Uuid, Vec<LedgerLine>> = BTreeMap::new();
    for row in store.fetch::<Row>(sql).await? {
        found.entry(row.0).or_default().push(line(row)?);
    }
    Ok(runs.iter().map(|id| (*id, found.get(&id.0).cloned().unwrap_or_default())).collect())
}

pub(super) async fn insert(
    txn: &DatabaseTransaction,
    tenant: &Tenant,
    run_pk: i64,
    lines: &[&LedgerLine],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    if lines.is_empty() {
        return Ok(());
    }
    let rows = lines.iter().map(|it| ActiveModel {
        pk: NotSet,
        workspace_pk: Set(tenant.workspace_pk),
        workspace_connector_sync_log_pk: Set(run_pk),
        target_model: Set(it.target_model.as_str().to_owned()),
        fetched: Set(number(it.tally.fetched)),
        mapped: Set(number(it.tally.mapped)),
        inserted: Set(number(it.tally.inserted)),
        updated: Set(number(it.tally.updated)),
        unchanged: Set(number(it.tally.unchanged)),
        dropped: Set(by_reason(&it.tally)),
        dropped_total: Set(number(it.tally.dropped_total())),
        waiting: Set(number(it.tally.waiting)),
        truncated: Set(it.tally.truncated),
        released: Set(number(it.tally.released)),
        created_at: Set(now),
    });
    Entity::insert_many(rows).exec(txn).await?;
    Ok(())
}

fn line(row: Row) -> Result<LedgerLine, Error> {
    let (_, model, fetched, mapped, inserted, updated, unchanged, dropped, waiting, ..) = row;
    let (truncated, released) = (row.9, row.10);
    let dropped: Option<BTreeMap<Reason, u64>> = cell::document(Some(dropped.0))?;
    let tally = Tally {
        fetched: fetched.unsigned_abs(),
        mapped: mapped.unsigned_abs(),
        inserted: inserted.unsigned_abs(),
        updated: updated.unsigned_abs(),
        unchanged: unchanged.unsigned_abs(),
        dropped: dropped.unwrap_or_default(),
        waiting: waiting.unsigned_abs(),
        truncated,
        released: released.unsigned_abs(),
    };
    Ok(LedgerLine { target_model: cell::word(&model)?, tally })
}

fn by_reason(tally: &Tally) -> Value {
    let members =
        tally.dropped.iter().map(|(reason, rows)| (reason.as_str().to_owned(), Value::from(*rows)));
    Value::Object(members.collect())
}

/// A count of rows is far from the end of the type.
fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
