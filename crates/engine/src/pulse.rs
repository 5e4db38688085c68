//! A run says that it lives and how far it has come, and hears that it was asked to stop.

use std::time::Duration;

use domain::id::SyncLogId;
use store::sync_logs::{self, Beat};
use store::{Store, Tenant};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::progress::SoFar;
use crate::run::Engine;

/// How often news are told at most.
const NEWS: Duration = Duration::from_secs(1);

/// Beats until it is dropped. A database that is away is the run's own affair, not ours.
pub(crate) async fn of(
    engine: &Engine,
    tenant: &Tenant,
    run: SyncLogId,
    so_far: &SoFar,
    cancel: &CancellationToken,
) {
    let store: &Store = &engine.store;
    let beat = engine.settings.beat;
    let mut told = Instant::now();
    let mut has_lived = false;
    loop {
        sleep(beat.min(NEWS)).await;
        let news = so_far.news();
        if news.is_none() && told.elapsed() < beat {
            continue;
        }
        told = Instant::now();
        match sync_logs::beat(store, tenant, run, news.as_ref(), (engine.clock)()).await {
            Ok(Beat::GoOn) => has_lived = true,
            Ok(Beat::Stop) => {
                has_lived = true;
                cancel.cancel();
            }
            // It was taken for dead: the store takes nothing more from it.
            Ok(Beat::Ended) if has_lived => cancel.cancel(),
            // It has not started yet.
            Ok(Beat::Ended) => {}
            Err(error) => {
                tracing::debug!(error = &error as &dyn std::error::Error, "no beat");
            }
        }
    }
}
