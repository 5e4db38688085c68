//! Settle: the ledger, the law that it must balance, the end of the log, the resting status.

use std::time::Duration;

use domain::Reason;
use domain::connector::InstallationStatus;
use domain::reason::Impact;
use domain::run::LedgerLine;
use serde_json::{Value, json};
use store::sync_logs::{self, Outcome};

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
    let resting = resting(&run, error.is_some());
    let error = error.or_else(|| nothing_worked(&run, &ledger)).or_else(|| unbalanced(&ledger));
    let metadata = metadata(&ledger);
    let is_recorded = run.engine.recorder.flush(FLUSH).await;
    let log = patiently(run.engine.settings.store_patience, || {
        let outcome = Outcome {
            error: error.clone(),
            ledger: ledger.clone(),
            metadata: Some(metadata.clone()),
            resting,
        };
        sync_logs::settle(run.store(), run.tenant, run.id, outcome, run.now())
    })
    .await
    .map_err(Error::store("settling the run"))?;
    // A healed connector writes no findings, so its old rows would never be pruned by a write.
    let pruned =
        store::diagnostics::roll_and_prune(run.store(), run.tenant, run.connector, run.now());
    if let Err(error) = pruned.await {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "old diagnostics not pruned; a later write will"
        );
    }
    Ok(Report { log, is_recorded })
}

/// Where the connector rests. Structural reasons (an empty source, a target that the provider does
/// not offer) never degrade it.
fn resting(run: &Run<'_>, failed: bool) -> InstallationStatus {
    let is_any = |wanted: Impact| run.noted.iter().any(|(_, reason)| reason.impact() == wanted);
    let answered = run.noted.iter().any(|(_, reason)| {
        !matches!(
            reason,
            Reason::AuthScopeInsufficient | Reason::NoSuitableTool | Reason::TargetSkipped
        )
    });
    match (failed, is_any(Impact::Auth)) {
        (_, true) if failed || !answered => InstallationStatus::NeedReconnect,
        (true, _) => InstallationStatus::Error,
        (false, true) => InstallationStatus::Degraded,
        (false, false) if is_any(Impact::DataLost) => InstallationStatus::Degraded,
        (false, false) => InstallationStatus::Enabled,
    }
}

/// A run in which calls were made and every one of them failed is no success.
fn nothing_worked(run: &Run<'_>, ledger: &[LedgerLine]) -> Option<String> {
    let fetched: u64 = ledger.iter().map(|it| it.tally.fetched).sum();
    let failed: Vec<&str> = run
        .noted
        .iter()
        .filter(|(_, it)| matches!(it, Reason::ToolExecutionFailed | Reason::AuthScopeInsufficient))
        .map(|(target, _)| target.as_str())
        .collect();
    let answered = run.noted.iter().any(|(_, it)| *it == Reason::EmptyResult);
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
    let ingested = sum(|it| it.tally.persisted() + it.tally.unchanged);
    let outcome = match (ingested, dropped + waiting) {
        (0, 0) => "nothing_ingested",
        (0, _) => "everything_dropped",
        (_, 0) => "ingested",
        (_, _) => "ingested_with_drops",
    };
    json!({ "outcome": outcome, "ingested": ingested, "dropped": dropped, "waiting": waiting })
}
