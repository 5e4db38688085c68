//! The newest settled runs of some connectors, as far as one model goes.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::Reason;
use domain::id::{DiagnosticId, SyncLogId};
use domain::missing::{Looked, Noted};
use domain::reason::Impact;
use domain::run::Tally;
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

use super::Searched;
use crate::error::Error;
use crate::sql::Bind;
use crate::{cell, diagnostics};

/// What [`Run`] is read from, of `l`.
pub(super) const COLUMNS: &str =
    "l.workspace_connector_pk, l.pk, l.sync_log_id, l.started_at, l.completed_at, l.error";
/// Settled runs of one connector that are looked at.
const RUNS: i64 = 20;
/// Rows of the log that are read for an answer; a run has a few of each target.
const NOTED: i64 = 2_000;

/// connector, pk, id, started, completed, error
pub(super) type Run =
    (i64, i64, Uuid, Option<DateTime<Utc>>, Option<DateTime<Utc>>, Option<String>);
/// run, fetched, dropped, truncated, stored, waiting
type Line = (i64, i64, Json<Value>, bool, i64, i64);
/// run, id, reason, impact, stage, tool, detail
type Row = (i64, Uuid, String, i64, Option<String>, Option<String>, String);

/// By connector, the newest first: those that say something of the model.
pub(super) async fn newest(
    it: &Searched<'_>,
    now: DateTime<Utc>,
) -> Result<BTreeMap<i64, Vec<Looked>>, Error> {
    let runs = settled(it).await?;
    looked(it, runs, now).await
}

/// Completes runs with their line of the ledger and what they noted.
pub(super) async fn looked(
    it: &Searched<'_>,
    runs: Vec<Run>,
    now: DateTime<Utc>,
) -> Result<BTreeMap<i64, Vec<Looked>>, Error> {
    let pks: Vec<i64> = runs.iter().map(|it| it.1).collect();
    let mut lines = lines(it, pks.clone()).await?;
    let mut noted = noted(it, pks, now).await?;
    let mut found: BTreeMap<i64, Vec<Looked>> = BTreeMap::new();
    for (connector, pk, id, started_at, completed_at, error) in runs {
        let (tally, noted) = (lines.remove(&pk), noted.remove(&pk).unwrap_or_default());
        // A run of other targets says nothing.
        if tally.is_some() || !noted.is_empty() {
            let run = SyncLogId(id);
            let looked = Looked { run, started_at, completed_at, error, tally, noted };
            found.entry(connector).or_default().push(looked);
        }
    }
    Ok(found)
}

async fn settled(it: &Searched<'_>) -> Result<Vec<Run>, Error> {
    const NEWEST: &str = "where r.workspace_connector_pk = c.value
        and r.status in ('success', 'error') and r.deleted_at is null
        order by r.created_at desc, r.pk desc limit";
    let mut sql = it.store.sql();
    // Each connector's own few, by the index: a rank over all would read every run there is.
    if it.store.is_postgres() {
        sql.push("select ").push(COLUMNS).push(" from unnest(").bind(it.connectors());
        sql.push(") c (value) cross join lateral (select * from workspace_connector_sync_logs r ");
        sql.push(NEWEST).push(" ").number(RUNS).push(") l");
    } else {
        sql.push("select ").push(COLUMNS).push(" from json_each(").bind(it.connectors());
        sql.push(") c join workspace_connector_sync_logs l on l.pk in (select r.pk from ");
        sql.push("workspace_connector_sync_logs r ").push(NEWEST).push(" ").number(RUNS);
        sql.push(")");
    }
    cell::of_tenant(&mut sql, it.tenant, "l.workspace_pk");
    sql.push(" order by l.created_at desc, l.pk desc");
    it.store.fetch(sql).await
}

async fn lines(it: &Searched<'_>, runs: Vec<i64>) -> Result<BTreeMap<i64, Tally>, Error> {
    let mut sql = it.store.sql();
    sql.push(
        "select workspace_connector_sync_log_pk, fetched, dropped, truncated,
                inserted + updated + unchanged, waiting from sync_ledger",
    );
    cell::of_tenant(&mut sql, it.tenant, "workspace_pk");
    sql.push(" and ").any("workspace_connector_sync_log_pk", Bind::Numbers(runs));
    sql.push(" and target_model = ").text_bind(it.model.as_str());
    let mut tallies = BTreeMap::new();
    for (run, fetched, dropped, truncated, unchanged, waiting) in
        it.store.fetch::<Line>(sql).await?
    {
        let dropped: Option<BTreeMap<Reason, u64>> = cell::document(Some(dropped.0))?;
        let tally = Tally {
            fetched: fetched.unsigned_abs(),
            dropped: dropped.unwrap_or_default(),
            truncated,
            unchanged: unchanged.unsigned_abs(),
            waiting: waiting.unsigned_abs(),
            ..Tally::default()
        };
        tallies.insert(run, tally);
    }
    Ok(tallies)
}

/// In the order in which it happened.
async fn noted(
    it: &Searched<'_>,
    runs: Vec<i64>,
    now: DateTime<Utc>,
) -> Result<BTreeMap<i64, Vec<Noted>>, Error> {
    let stage =
        if it.store.is_postgres() { "context ->> 'stage'" } else { "context ->> '$.stage'" };
    let mut sql = it.store.sql();
    sql.push("select sync_log_pk, diagnostic_id, cast(reason as text),");
    sql.push(" cast(impact_code as bigint), ").push(stage).push(", tool_name, detail");
    sql.push(" from connector_sync_diagnostics");
    diagnostics::live_of_runs(&mut sql, it.tenant, runs, now);
    sql.push(" and target_model = ");
    match it.store.is_postgres() {
        true => sql.word(it.model.as_str(), "target_model_enum"),
        false => sql.text_bind(it.model.as_str()),
    };
    sql.push(" order by occurred_at, pk limit ").number(NOTED);
    let mut noted: BTreeMap<i64, Vec<Noted>> = BTreeMap::new();
    for (run, id, reason, impact, stage, tool, detail) in it.store.fetch::<Row>(sql).await? {
        let reason: Reason = cell::word(&reason)?;
        let position = usize::try_from(impact - 1).ok();
        let impact = position.and_then(|it| Impact::ALL.get(it)).copied();
        let stage = stage.and_then(|it| it.parse().ok());
        noted.entry(run).or_default().push(Noted {
            diagnostic_id: DiagnosticId(id),
            reason,
            impact: impact.unwrap_or(reason.impact()),
            stage: stage.unwrap_or(reason.stage()),
            tool,
            detail,
        });
    }
    Ok(noted)
}
