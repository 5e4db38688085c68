//! Runs that are carried out without anybody waiting: claimed from the queue, as many at once as
//! the settings say, tried again where that helps, rescued when their worker died, handed back when
//! it stops.
//!
//! The queue is `apalis`: it claims jobs, so that each is taken by one worker of many, and knows
//! which workers are gone. The truth about a run is its log. A job only says that a run waits; it
//! ends in the transaction that starts the run, and from then on the run is its own lease
//! ([`rescue`]). Read [`claim`], then [`carry`], then [`clock`]. Webhooks are delivered beside
//! ([`webhooks`]).

mod carry;
mod claim;
mod clock;
mod rescue;
mod webhooks;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::id::SyncLogId;
use domain::retry::Retries;
use engine::Engine;
use store::sync_logs;
use tokio::sync::Semaphore;
use tokio::task::{AbortHandle, JoinHandle};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use rescue::take_over;
pub use webhooks::{Courier, Round};

/// After the grace: how long a run has to come to the end of its page.
const PAGE: Duration = Duration::from_secs(4);
/// How long each of the last steps may take: with the grace they stay below the 20 seconds that a
/// supervisor gives us.
const FLUSH: Duration = Duration::from_secs(2);

/// How runs are carried out.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Runs at once in this process.
    pub runs: usize,
    /// A run that has been silent for this long is dead.
    pub lease: Duration,
    pub retries: Retries,
    /// How long runs may go on after the signal to stop, before they are handed back.
    pub grace: Duration,
    /// How often the queue is asked.
    pub poll: Duration,
    /// How often the outbox of webhooks is looked into when nothing wakes: for what other processes
    /// put there.
    pub look: Duration,
    /// Where chance comes from.
    pub roll: fn() -> u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            runs: 4,
            lease: Duration::from_secs(30),
            retries: Retries { attempts: 5, pause: Duration::from_secs(30) },
            grace: Duration::from_secs(8),
            poll: Duration::from_millis(250),
            look: Duration::from_secs(10),
            roll: || u32::MAX / 2,
        }
    }
}

/// The workers of this process.
#[derive(Debug)]
pub struct Workers {
    crew: Arc<Crew>,
    claims: JoinHandle<()>,
    clock: JoinHandle<()>,
    webhooks: JoinHandle<()>,
}

/// What they share.
#[derive(Debug)]
struct Crew {
    engine: Engine,
    settings: Settings,
    slots: Arc<Semaphore>,
    /// Takes no more work.
    stop: CancellationToken,
    /// Asks runs to come to an end.
    hand_back: CancellationToken,
    runs: TaskTracker,
    under_way: Mutex<HashMap<SyncLogId, AbortHandle>>,
}

impl Workers {
    /// Starts to work, until [`Workers::stop`].
    pub fn start(engine: Engine, settings: Settings) -> Self {
        let crew = Arc::new(Crew {
            engine,
            settings,
            slots: Arc::new(Semaphore::new(settings.runs.max(1))),
            stop: CancellationToken::new(),
            hand_back: CancellationToken::new(),
            runs: TaskTracker::new(),
            under_way: Mutex::default(),
        });
        let claims = tokio::spawn(claim::until_stopped(Arc::clone(&crew)));
        let clock = tokio::spawn(clock::until_stopped(Arc::clone(&crew)));
        let webhooks = tokio::spawn(webhooks::until_stopped(Arc::clone(&crew)));
        Self { crew, claims, clock, webhooks }
    }

    /// Takes no more work, gives runs time to end, hands back those that do not, and writes what is
    /// still to be written.
    pub async fn stop(self) {
        let Self { crew, claims, clock, webhooks } = self;
        crew.stop.cancel();
        crew.runs.close();
        let until = Instant::now() + crew.settings.grace + PAGE;
        if timeout(crew.settings.grace, crew.runs.wait()).await.is_err() {
            crew.hand_back.cancel();
            if timeout_at(until, crew.runs.wait()).await.is_err() {
                timeout(FLUSH, crew.give_up()).await.unwrap_or_else(|_| {
                    tracing::warn!("runs were broken off; another worker will find them silent");
                });
            }
        }
        // A loop that panicked has said so.
        timeout(FLUSH, futures_util::future::join3(claims, clock, webhooks)).await.map(drop).ok();
        crew.engine.recorder.flush(FLUSH).await;
    }
}

impl Crew {
    fn now(&self) -> DateTime<Utc> {
        (self.engine.clock)()
    }

    fn under_way(&self) -> std::sync::MutexGuard<'_, HashMap<SyncLogId, AbortHandle>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Breaks off what does not come to an end, and lets other workers have it.
    async fn give_up(&self) {
        let left: HashMap<SyncLogId, AbortHandle> = std::mem::take(&mut *self.under_way());
        left.values().for_each(AbortHandle::abort);
        self.runs.wait().await;
        let store = &self.engine.store;
        let running = match sync_logs::running(store, &store.operator()).await {
            Ok(running) => running,
            Err(error) => {
                return tracing::warn!(%error, "runs were broken off; another worker will find them silent");
            }
        };
        for run in running.into_iter().filter(|it| left.contains_key(&it.run)) {
            rescue::give_up(&self.engine, &run).await;
        }
    }
}
