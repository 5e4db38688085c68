//! Spoilt answers: cut, nested, huge, in wrong types and in wrong bytes. A run survives each of
//! them, and accounts for what it could read.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use domain::TargetModel::{self, Account, Company, Invoice, LedgerAccount, People, Transaction};
use engine::Request;
use testkit::Db;

use crate::law;
use crate::world::World;

testkit::each_database! { a_run_survives_spoilt_answers }

/// How many answers are spoilt; a few hundred unless told.
const ANSWERS: &str = "WIRELINE_TEST_MUTATED";

const TARGETS: &[TargetModel] = &[Company, LedgerAccount, People, Account, Invoice, Transaction];

/// Runs of one connector, before another one starts from nothing: mappings, remembered tools and
/// records of spoilt answers meet other spoilt answers.
const RUNS: usize = 10;

async fn a_run_survives_spoilt_answers(db: Db) {
    let world = World::on(db).await;
    let panics = count_panics();
    let (mut answers, mut rows) = (0, 0);
    for seed in 0.. {
        if answers >= wanted() {
            break;
        }
        let connector = world.connector(&format!("spoilt-{seed}"), World::nowhere()).await;
        for run in 0..RUNS {
            let fault = format!("mutated={}", seed * RUNS + run);
            // A process a run costs more than a server within: every tenth is one.
            let transport = if run == 0 {
                World::stdio("ledger", &[&fault])
            } else {
                world.http("ledger", &[&fault]).await
            };
            world.redirect(connector, transport).await;
            let request = Request { targets: TARGETS.to_vec(), ..Request::default() };
            let synced = world.sync_with(connector, &request);
            let report = tokio::time::timeout(Duration::from_secs(300), synced).await;
            let report = report.unwrap_or_else(|_| panic!("{fault} hangs"));
            law::holds(&world, &report, TARGETS).await;
            // Each target makes one call at least.
            answers += TARGETS.len();
            rows += report.log.ledger.iter().map(|it| it.tally.fetched).sum::<u64>();
        }
    }
    println!("{answers} answers or more, {rows} rows read");
    assert_eq!(panics.load(Ordering::Relaxed), 0, "panics, see above");
    assert!(rows > 0, "not one row could be read");
}

/// Panics of any thread, those included that somebody catches.
fn count_panics() -> Arc<AtomicUsize> {
    let panics = Arc::new(AtomicUsize::new(0));
    let (counter, before) = (Arc::clone(&panics), std::panic::take_hook());
    std::panic::set_hook(Box::new(move |it| {
        counter.fetch_add(1, Ordering::Relaxed);
        before(it);
    }));
    panics
}

#[expect(clippy::disallowed_methods, reason = "tests have no settings file")]
fn wanted() -> usize {
    std::env::var(ANSWERS).ok().and_then(|it| it.parse().ok()).unwrap_or(240)
}
