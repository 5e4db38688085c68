//! What happens by itself: connectors whose time has come, runs that fell silent, jobs that got
//! lost, mutes that are over. Every worker process looks; the store lets one of them act.

use std::sync::Arc;
use std::time::Duration;

use apalis_cron::timezone::Utc;
use apalis_cron::{CronScheduler, Schedule, Tick};
use futures_util::StreamExt as _;
use store::sync_logs::{self, Due};
use store::{Error, issues, queue, tenant};
use tokio::time::Instant;

use crate::Crew;
use crate::rescue::{self, Silence};

/// Connectors that are scheduled in one go; the others have their turn a second later.
const AT_ONCE: u32 = 100;
const MEND: Duration = Duration::from_secs(60);

/// The next whole second.
#[derive(Debug)]
struct EverySecond;

impl Schedule<Utc> for EverySecond {
    fn next_tick(&mut self, _: &Utc) -> Option<Tick> {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        now.ok().map(|it| Tick::new(it.as_secs() + 1))
    }
}

pub(crate) async fn until_stopped(crew: Arc<Crew>) {
    let mut silence = Silence::default();
    let mut mended = Instant::now();
    loop {
        // A tick that was missed, because the work of the last one took longer, is an error of the
        // scheduler, and its last word: a new one counts from now.
        let mut ticks = std::pin::pin!(CronScheduler::new(EverySecond).into_stream());
        loop {
            let tick = tokio::select! {
                tick = ticks.next() => tick,
                () = crew.stop.cancelled() => return,
            };
            let Some(Ok(_)) = tick else { break };
            if let Err(error) = look(&crew, &mut silence, &mut mended).await {
                // What was silent may have been so because nobody could be heard.
                silence.forget();
                tracing::debug!(error = &error as &dyn std::error::Error, "the database is away");
            }
        }
    }
}

async fn look(crew: &Crew, silence: &mut Silence, mended: &mut Instant) -> Result<(), Error> {
    let store = &crew.engine.store;
    let operator = &store.operator();
    for due in sync_logs::due(store, operator, crew.now(), AT_ONCE).await? {
        schedule(crew, due).await?;
    }
    let running = sync_logs::running(store, operator).await?;
    let others = running.into_iter().filter(|it| !crew.under_way().contains_key(&it.run));
    for run in silence.listen(others, crew.settings.lease, Instant::now()) {
        rescue::interrupt(&crew.engine, &run, crew.settings.retries.attempts).await;
    }
    if mended.elapsed() >= MEND {
        *mended = Instant::now();
        let lost = queue::mend(store, operator, crew.now()).await?;
        if lost > 0 {
            tracing::warn!(lost, "scheduled runs had no job");
        }
        issues::end_mutes(store, operator, AT_ONCE, crew.now()).await?;
    }
    Ok(())
}

async fn schedule(crew: &Crew, due: Due) -> Result<(), Error> {
    let store = &crew.engine.store;
    let found = tenant::of(store, &store.operator(), &due.workspace.to_string()).await;
    let tenant = match found {
        Ok(tenant) => tenant,
        // Erased meanwhile.
        Err(Error::NotFound(_)) => return Ok(()),
        Err(error) => return Err(error),
    };
    sync_logs::schedule_due(store, &tenant, due.connector, crew.now()).await.map(drop)
}
