//! A run says that it lives, and hears that it was asked to stop.

use std::time::Duration;

use domain::id::SyncLogId;
use store::{Tenant, sync_logs};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::run::Engine;

/// Far below the time after which a silent run counts as dead.
const BEAT: Duration = Duration::from_secs(5);

/// Beats until it is dropped. A database that is away is the run's own affair, not ours.
pub(crate) async fn of(
    engine: &Engine,
    tenant: &Tenant,
    run: SyncLogId,
    cancel: &CancellationToken,
) {
    loop {
        sleep(BEAT).await;
        if let Err(error) = sync_logs::beat(&engine.store, tenant, run, (engine.clock)()).await {
            tracing::debug!(error = &error as &dyn std::error::Error, "no beat");
        }
        if matches!(sync_logs::is_cancelled(&engine.store, tenant, run).await, Ok(true)) {
            cancel.cancel();
        }
    }
}
