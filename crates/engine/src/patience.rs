//! Waiting for a database that is away: a run outlives a restart of PostgreSQL.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Runs `act` until it succeeds, fails for good, or the patience is over. Only
/// [`store::Error::Busy`] is worth another attempt; `act` must be safe to repeat.
pub(crate) async fn patiently<T, F>(
    patience: Duration,
    mut act: impl FnMut() -> F,
) -> Result<T, store::Error>
where
    F: Future<Output = Result<T, store::Error>>,
{
    let until = Instant::now() + patience;
    let mut pause = Duration::from_millis(100);
    loop {
        match act().await {
            Err(store::Error::Busy(cause)) if Instant::now() + pause < until => {
                tracing::warn!(cause = %cause, "the database is busy or away; trying again");
                sleep(pause).await;
                pause = (pause * 2).min(Duration::from_secs(5));
            }
            done => return done,
        }
    }
}
