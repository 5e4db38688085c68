//! Settle: the ledger, the law that it must balance, the end of the log, the resting status.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::connector::InstallationStatus;
use domain::health::{self, RunFacts, TargetFacts};
use domain::issue::Evidence;
use domain::run::{LedgerLine, SyncStatus};
use domain::{Reason, TargetModel};
use serde_json::{Value, json};
use store::sync_logs::{self, Outcome, SyncLog};

use crate::error::Error;
use crate::patience::patiently;
use crate::run::{Report, Run};

/// How long the end of a run waits for its findings to be written; the writing goes on after it.
const FLUSH: Duration = Duration::from_secs(60);

/// Writes the end of the run down. `error`: what kept it from being carried out.
pub(crate) async fn run(
    run: Run<'_>,
    ledger: Vec<LedgerLine>,
    error: Option<String>,
) -> Result<Report, Error> {
    let error = error.or_else(|| nothing_worked(&run, &ledger)).or_else(|| unbalanced(&ledger));
    let resting = resting(&run, &ledger, error.is_some()).await;
    let mut metadata = metadata(&ledger);
    metadata["stages"] = run.times.clone().into();
    if run.request.cancel.is_cancelled() {
        metadata["cancelled"] = true.into();
    }
    let is_recorded = run.engine.recorder.flush(FLUSH).await;
    let evidence = evidence(&run);
    let log = patiently(run.engine.settings.store_patience, || {
        let outcome = Outcome {
            error: error.clone(),
            ledger: ledger.clone(),
            metadata: Some(metadata.clone()),
            resting,
            evidence: Some(evidence.clone()),
        };
        sync_logs::settle(run.store(), run.tenant, run.id, outcome, run.now())
    })
    .await
    .map_err(Error::store("settling the run"))?;
    prune(&run).await;
    count(&log);
    Ok(Report { log, is_recorded })
}

/// For whoever watches: runs by how they ended, and rows by what became of them.
fn count(log: &SyncLog) {
    let outcome = log.metadata.as_ref().and_then(|it| it.get("outcome")?.as_str());
    let outcome = match (log.status, outcome) {
        (SyncStatus::Success, Some(outcome)) => outcome.to_owned(),
        (status, _) => status.to_string(),
    };
    metrics::counter!("wireline_runs_total", "outcome" => outcome).increment(1);
    if let Some(took) = log.duration_ms {
        metrics::histogram!("wireline_run_duration_seconds")
            .record(Duration::from_millis(took).as_secs_f64());
    }
    for line in &log.ledger {
        let tally = &line.tally;
        for (fate, rows) in [
            ("inserted", tally.inserted),
            ("updated", tally.updated),
            ("unchanged", tally.unchanged),
            ("dropped", tally.dropped_total()),
            ("waiting", tally.waiting),
            ("released", tally.released),
        ] {
            let model = line.target_model.as_str();
            metrics::counter!("wireline_rows_total", "target_model" => model, "fate" => fate)
                .increment(rows);
        }
    }
}

/// What it has to show of issues: all that it noted, written or not.
fn evidence(run: &Run<'_>) -> Evidence {
    Evidence {
        started_at: run.started_at,
        ran: run.shown.ran.clone(),
        noted: run.noted.iter().map(|(it, _)| it.clone()).collect(),
    }
}

/// A healed connector writes no findings, so its old rows would never be pruned by a write; and
/// rows that wait or were rejected end with the retention too.
async fn prune(run: &Run<'_>) {
    let (store, tenant, connector, now) = (run.store(), run.tenant, run.connector, run.now());
    for pruned in [
        store::diagnostics::roll_and_prune(store, tenant, connector, now).await,
        store::pending::prune(store, tenant, connector, now).await,
        store::rejected::prune(store, tenant, connector, now).await,
    ] {
        if let Err(error) = pruned {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "old rows not pruned; a later run will"
            );
        }
    }
}

/// Where the connector rests: as [`domain::health`] judges this run after those before it. A run
/// that was asked to stop says nothing, so that the connector goes back to where it was.
async fn resting(run: &Run<'_>, ledger: &[LedgerLine], failed: bool) -> InstallationStatus {
    if run.request.cancel.is_cancelled() {
        return InstallationStatus::Processing;
    }
    // The authorization server gives no more tokens, or the credentials cannot be opened: whatever
    // else was read, a person is needed.
    if run.is_locked || run.access.as_ref().is_some_and(|it| it.has_ended()) {
        return InstallationStatus::NeedReconnect;
    }
    let before = store::health::history(run.store(), run.tenant, run.connector, run.now()).await;
    let mut runs = before.unwrap_or_else(|error| {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "health follows from this run alone"
        );
        Vec::new()
    });
    let mut targets: BTreeMap<TargetModel, TargetFacts> = BTreeMap::new();
    for line in ledger {
        targets.entry(line.target_model).or_default().tally = line.tally.clone();
    }
    for (noted, impact) in &run.noted {
        targets.entry(noted.target).or_default().note(noted.reason, *impact);
    }
    let now = run.now();
    runs.push(RunFacts {
        started_at: Some(now),
        completed_at: now,
        failed,
        cancelled: false,
        targets,
    });
    health::assess(&run.supported, &runs).resting(failed)
}

/// A run in which calls were made and every one of them failed is no success.
fn nothing_worked(run: &Run<'_>, ledger: &[LedgerLine]) -> Option<String> {
    let fetched: u64 = ledger.iter().map(|it| it.tally.fetched).sum();
    let failed: Vec<&str> = run
        .noted
        .iter()
        .map(|(it, _)| it)
        .filter(|it| {
            matches!(it.reason, Reason::ToolExecutionFailed | Reason::AuthScopeInsufficient)
        })
        .map(|it| it.target.as_str())
        .collect();
    let answered = run.noted.iter().any(|(it, _)| it.reason == Reason::EmptyResult);
    (fetched == 0 && !failed.is_empty() && !answered)
        .then(|| format!("no tool could be called with success ({})", failed.join(", ")))
}

fn unbalanced(ledger: &[LedgerLine]) -> Option<String> {
    let line = ledger.iter().find(|it| !it.tally.is_balanced())?;
    Some(format!("the ledger of {} does not balance; this is a defect of ours", line.target_model))
}

/// "Success, nothing ingested" is told apart from "success".
fn metadata(ledger: &[LedgerLine]) -> Value {
    let sum = |of: fn(&LedgerLine) -> u64| ledger.iter().map(of).sum::<u64>();
    let dropped = sum(|it| it.tally.dropped_total());
    let waiting = sum(|it| it.tally.waiting);
    let released = sum(|it| it.tally.released);
    let ingested = sum(|it| it.tally.persisted() + it.tally.unchanged) + released;
    let outcome = match (ingested, dropped + waiting) {
        (0, 0) => "nothing_ingested",
        (0, _) => "everything_dropped",
        (_, 0) => "ingested",
        (_, _) => "ingested_with_drops",
    };
    json!({
        "outcome": outcome, "ingested": ingested, "dropped": dropped, "waiting": waiting,
        "released": released,
    })
}
