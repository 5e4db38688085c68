//! What must hold after every run, whatever the server did: the law of conservation, in the ledger
//! and in the tables, and no target that ended in silence.

use domain::TargetModel;
use domain::run::{LedgerLine, SyncStatus};
use engine::Report;

use crate::world::World;

/// Fails when the run is not lawful. `targets`: what was asked for.
pub(crate) async fn holds(world: &World, report: &Report, targets: &[TargetModel]) {
    let run = &report.log;
    assert!(matches!(run.status, SyncStatus::Success | SyncStatus::Error), "it has not ended");
    assert!(run.completed_at.is_some(), "it has no end");
    if run.status == SyncStatus::Error {
        assert!(run.error.is_some(), "an error without words");
    }
    let told = world.findings(run.sync_log_id).await;
    for target in targets {
        let line = run.ledger.iter().find(|it| it.target_model == *target);
        let is_told = told.lines().any(|it| it.starts_with(&format!("{target} |")));
        assert!(is_told || line.is_some_and(is_whole), "{target} ended in silence: {line:?}");
    }
    for line in &run.ledger {
        assert!(line.tally.is_balanced(), "{line:?}");
        stored(world, report, line).await;
    }
}

/// Every row of it is stored.
fn is_whole(line: &LedgerLine) -> bool {
    let tally = &line.tally;
    tally.fetched > 0 && tally.dropped_total() + tally.waiting == 0
}

/// The counts of a line against what the tables hold of its run.
async fn stored(world: &World, report: &Report, line: &LedgerLine) {
    let (db, tally) = (&world.db, &line.tally);
    let run = db.uuid(report.log.sync_log_id.0);
    let table = table(line.target_model);
    let of = |column: &str| format!("select count(*) from {table} where {column} = {run}");
    let new = db.number(&of("first_seen_run")).await.unsigned_abs();
    let seen = db.number(&of("last_seen_run")).await.unsigned_abs();
    // Rows that waited since an earlier run and were released now are new without being fetched.
    assert!(new >= tally.inserted, "{new} new rows in {table}: {line:?}");
    let counted = tally.inserted + tally.updated + tally.unchanged;
    assert!(seen <= counted + (new - tally.inserted), "{seen} rows seen in {table}: {line:?}");
    let key = line.target_model.external_id();
    let twice = format!(
        "select count(*) from (select {key} from {table}
           group by workspace_pk, source_workspace_connector_pk, {key} having count(*) > 1) twice"
    );
    assert_eq!(db.number(&twice).await, 0, "a record twice in {table}");
}

pub(crate) fn table(model: TargetModel) -> &'static str {
    match model {
        TargetModel::Company => "companies",
        TargetModel::People => "people",
        TargetModel::Invoice => "invoices",
        TargetModel::Transaction => "transactions",
        TargetModel::Account => "accounts",
        TargetModel::LedgerAccount => "ledger_accounts",
        TargetModel::Journal => "journals",
        TargetModel::JournalEntry => "journal_entries",
        TargetModel::Email => "emails",
        TargetModel::PaymentMeans => "payment_means",
        TargetModel::InvoiceTransaction => "invoice_transactions",
        TargetModel::Document => "documents",
    }
}
