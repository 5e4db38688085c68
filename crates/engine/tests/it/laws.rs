//! The law of conservation over random runs: random servers, faults, caps, refusals of the
//! database, cancels and crashes, several runs in a row.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use domain::TargetModel::{
    self, Account, Company, Invoice, InvoiceTransaction, LedgerAccount, People, Transaction,
};
use domain::id::WorkspaceConnectorId;
use domain::run::{SyncStatus, TriggerType};
use engine::{Engine, Event, Progress, Recorder, Report, Request};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use store::sync_logs;
use testkit::Db;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::law;
use crate::world::{World, now};

/// How many histories are tried on each database; few unless told.
const CASES: &str = "WIRELINE_TEST_HISTORIES";

const TARGETS: &[TargetModel] =
    &[Company, LedgerAccount, People, Account, Invoice, Transaction, InvoiceTransaction];

const FAULTS: &[&str] = &[
    "is_error:list_people",
    "error_sentence:list_bank_accounts",
    "empty:list_invoices",
    "null_required:list_invoices=3",
    "null_required:list_companies",
    "missing_parent:list_transactions=7",
    "missing_parent:list_invoice_payments=2",
    "missing_parent:list_ledger_accounts=3",
    "drift:list_transactions",
    "wrong_types:list_companies",
    "prose:list_ledger_accounts",
    "unauthorized:list_people",
    "unknown_tool:list_invoices",
    "die_midway:list_transactions=1",
    "die_midway:list_companies=0",
    "mutated:list_people=4",
    "mutated:list_transactions=9",
    "no_listing_tools",
];

/// One run: what it meets, and how it ends.
#[derive(Debug, Clone)]
struct Run {
    is_process: bool,
    transactions: usize,
    faults: Vec<&'static str>,
    row_cap: Option<u64>,
    page_cap: Option<u32>,
    refused: Option<store::Fault>,
    end: End,
}

/// Counted in pages of any target.
#[derive(Debug, Clone, Copy)]
enum End {
    OfItself,
    Cancelled {
        after: u32,
    },
    /// The worker is gone, with what it had in hand.
    Crashed {
        after: u32,
    },
}

fn run() -> impl Strategy<Value = Run> {
    let refused = prop_oneof![
        5 => Just(None),
        1 => Just(Some(store::Fault::Blueprints)),
        2 => (1..9_usize).prop_map(|every| Some(store::Fault::Records { every })),
    ];
    let end = prop_oneof![
        4 => Just(End::OfItself),
        1 => (1..8_u32).prop_map(|after| End::Cancelled { after }),
        2 => (1..8_u32).prop_map(|after| End::Crashed { after }),
    ];
    (
        prop::bool::weighted(0.2),
        0..450_usize,
        prop::sample::subsequence(FAULTS, 0..4),
        prop::option::weighted(0.3, 1..250_u64),
        prop::option::weighted(0.2, 1..4_u32),
        refused,
        end,
    )
        .prop_map(|(is_process, transactions, faults, row_cap, page_cap, refused, end)| Run {
            is_process,
            transactions,
            faults,
            row_cap,
            page_cap,
            refused,
            end,
        })
}

#[test]
fn every_history_of_runs_keeps_the_law_on_sqlite() {
    check(|| Box::pin(Db::sqlite()));
}

#[test]
fn every_history_of_runs_keeps_the_law_on_postgres() {
    check(|| Box::pin(Db::postgres()));
}

type Opened = std::pin::Pin<Box<dyn Future<Output = Db>>>;

fn check(open: fn() -> Opened) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let config = Config { cases: cases(), failure_persistence: None, ..Config::default() };
    let histories = prop::collection::vec(run(), 1..4);
    TestRunner::new(config)
        .run(&histories, |history| {
            runtime.block_on(async {
                let world = World::on(open().await).await;
                lives(&world, &history).await;
            });
            Ok(())
        })
        .expect("every history is lawful");
}

#[expect(clippy::disallowed_methods, reason = "tests have no settings file")]
fn cases() -> u32 {
    std::env::var(CASES).ok().and_then(|it| it.parse().ok()).unwrap_or(3)
}

async fn lives(world: &World, history: &[Run]) {
    let connector = world.connector("ledger", World::nowhere()).await;
    for run in history {
        if let Some(report) = carry_out(world, connector, run).await {
            law::holds(world, &report, TARGETS).await;
        }
    }
    // Whatever came before: a healthy server is ingested whole.
    let healthy = Run {
        is_process: false,
        transactions: 120,
        faults: Vec::new(),
        row_cap: None,
        page_cap: None,
        refused: None,
        end: End::OfItself,
    };
    // The first such run may meet a mapping of spoilt rows that drops them all: the next draws anew.
    let first = carry_out(world, connector, &healthy).await.expect("no crash");
    law::holds(world, &first, TARGETS).await;
    let report = carry_out(world, connector, &healthy).await.expect("no crash");
    law::holds(world, &report, TARGETS).await;
    assert_eq!(report.log.status, SyncStatus::Success, "{:?}", report.log.error);
    for line in &report.log.ledger {
        let tally = &line.tally;
        assert_eq!(tally.dropped_total() + tally.waiting, 0, "after the repair: {line:?}");
    }
}

/// None: it crashed, and was found dead.
async fn carry_out(world: &World, connector: WorkspaceConnectorId, run: &Run) -> Option<Report> {
    let name = format!("ledger:rows={}", run.transactions);
    let transport = match run.is_process {
        true => World::stdio(&name, &run.faults),
        false => world.http(&name, &run.faults).await,
    };
    world.redirect(connector, transport).await;
    let engine = engine(world, run).await;
    let (store, tenant) = (&world.db.store, &world.tenant);
    let scheduled =
        sync_logs::schedule(store, tenant, connector, TriggerType::Manual, Duration::ZERO, now());
    let log = scheduled.await.expect("the store answers").expect("no refusal");
    let (cancel, crash) = (CancellationToken::new(), Arc::new(Notify::new()));
    let request = Request {
        targets: TARGETS.to_vec(),
        progress: ending(run.end, cancel.clone(), Arc::clone(&crash)),
        cancel,
        ..Request::default()
    };
    let ended = tokio::select! {
        report = engine.sync(tenant, &log, &request) => Some(report.expect("settled")),
        () = crash.notified() => None,
        () = tokio::time::sleep(Duration::from_secs(300)) => panic!("it hangs: {run:?}"),
    };
    if ended.is_none() {
        let running = sync_logs::running(store, &store.operator()).await.expect("runs are found");
        let silent = running.iter().find(|it| it.run == log.sync_log_id).expect("it runs");
        let dead = (silent.run, silent.beat_at);
        sync_logs::interrupt(store, tenant, dead, 0, now()).await.expect("interrupted");
        let log = sync_logs::find(store, tenant, log.sync_log_id).await.expect("found");
        assert_eq!(log.status, SyncStatus::Error, "a dead run is no success");
    }
    ended
}

async fn engine(world: &World, run: &Run) -> Engine {
    let settings = engine::Settings {
        rows: run.row_cap.unwrap_or(1_000_000),
        pages: run.page_cap.unwrap_or(10_000),
        ..world.engine.settings.clone()
    };
    let store = match run.refused {
        None => world.db.store.clone(),
        fault => {
            let faulty = store::Settings { fault, ..testkit::settings() };
            world.db.reopen(faulty).await
        }
    };
    let recorder = Recorder::start(store.clone(), settings.findings_kept, now);
    Engine { store, recorder, settings, clock: now }
}

/// Ends a run from outside once it has come far enough.
fn ending(end: End, cancel: CancellationToken, crash: Arc<Notify>) -> Progress {
    let pages = AtomicU32::new(0);
    Progress::new(move |event| {
        if !matches!(event, Event::Page { .. }) {
            return;
        }
        let page = pages.fetch_add(1, Ordering::Relaxed) + 1;
        match end {
            End::OfItself => {}
            End::Cancelled { after } if page >= after => cancel.cancel(),
            End::Crashed { after } if page >= after => crash.notify_one(),
            End::Cancelled { .. } | End::Crashed { .. } => {}
        }
    })
}
