//! What a finished run has to tell: its ledger, what is missing, and why.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use domain::id::SyncLogId;
use domain::run::SyncStatus;
use domain::{Class, Diagnostic, Reason, catalogue};
use serde_json::json;
use store::query::{Condition, Op, Page, Query, Value};
use store::sync_logs::SyncLog;
use store::{Store, Tenant, diagnostics, sync_logs};

use super::progress::in_words;
use crate::{Context, output, wiring};

/// Rows that are shown; the rest is in the log.
const SHOWN: u16 = 500;

/// Prints a settled run. Exit code 1 when it failed.
pub(crate) async fn run(
    context: &Context,
    store: &Store,
    tenant: &Tenant,
    id: SyncLogId,
) -> Result<ExitCode> {
    let mut log = sync_logs::find(store, tenant, id).await.context("reading the run")?;
    let ledgers = sync_logs::ledgers(store, tenant, &[id]).await.context("reading its ledger")?;
    log.ledger = ledgers.into_iter().flat_map(|(_, lines)| lines).collect();
    let findings = of_run(store, tenant, id).await?;
    if context.json {
        let rows: Vec<_> = findings
            .iter()
            .map(|it| server::api::diagnostics::resource(it, tenant.retention()))
            .collect();
        output::json(&json!({
            "sync_log": server::api::sync_logs::resource(&log),
            "ledger": log.ledger,
            "diagnostics": rows,
        }))?;
    } else {
        in_tables(&log, &findings);
    }
    Ok(match log.status {
        SyncStatus::Success => ExitCode::SUCCESS,
        SyncStatus::Error | SyncStatus::Scheduled | SyncStatus::InProgress => {
            ExitCode::from(output::FAILED)
        }
    })
}

/// The diagnostics of a run, oldest first.
async fn of_run(store: &Store, tenant: &Tenant, id: SyncLogId) -> Result<Vec<Diagnostic>> {
    let of_run = Condition::on(diagnostics::FIELDS, "sync_log", Op::Eq, [Value::Id(id.0)]);
    let query = Query {
        conditions: vec![of_run.context("no field sync_log")?],
        page: Page { size: SHOWN, ..Page::default() },
        ..Query::default()
    };
    let slice = diagnostics::list(store, tenant, &query, wiring::now())
        .await
        .context("reading its diagnostics")?;
    Ok(slice.items.into_iter().rev().map(|(it, _)| it).collect())
}

fn in_tables(log: &SyncLog, findings: &[Diagnostic]) {
    let took =
        log.duration_ms.map(|it| format!(" in {:.1} s", it as f64 / 1000.0)).unwrap_or_default();
    let outcome = log
        .metadata
        .as_ref()
        .and_then(|it| it["outcome"].as_str())
        .unwrap_or_default()
        .replace('_', " ");
    output::line(format!("\nrun {}: {}, {outcome}{took}", log.sync_log_id, log.status));
    if let Some(error) = &log.error {
        output::line(format!("error: {error}"));
    }
    let lines: Vec<_> =
        log.ledger.iter().filter(|it| it.tally.fetched + it.tally.released > 0).collect();
    if !lines.is_empty() {
        output::line("\nWhat arrived");
        output::table(
            &["target", "rows"],
            lines.iter().map(|it| vec![it.target_model.to_string(), in_words(&it.tally)]),
        );
    }
    let (untold, findings): (Vec<_>, Vec<_>) =
        findings.iter().partition(|it| it.reason == Reason::NoSuitableTool);
    let (missing, notes): (Vec<_>, Vec<_>) =
        findings.into_iter().partition(|it| it.reason.class() == Class::Failure);
    for (heading, rows) in [("What is missing, and why", missing), ("Noted on the way", notes)] {
        if rows.is_empty() {
            continue;
        }
        output::line(format!("\n{heading}"));
        output::table(
            &["target", "reason", "tool", "detail"],
            rows.iter().map(|it| {
                vec![
                    it.target_model.to_string(),
                    it.reason.to_string(),
                    it.tool_name.clone().unwrap_or_else(|| "-".to_owned()),
                    format!("{}\n→ {}", it.detail, catalogue::page(it.reason).summary),
                ]
            }),
        );
    }
    if !untold.is_empty() {
        let targets: Vec<&str> = untold.iter().map(|it| it.target_model.as_str()).collect();
        output::line(format!(
            "\nThe server has no tool that lists (no_suitable_tool): {}",
            targets.join(", ")
        ));
    }
}
