//! The loop that claims jobs: a worker of `apalis`, started again when the database was away.
//!
//! It is dropped, not drained, when we stop: it would keep a transaction open while it waits for
//! its jobs. Runs are tasks of their own and outlive it; what it had claimed and not started is
//! given back.

use std::sync::Arc;
use std::time::Duration;

use apalis_core::backend::ext::BackendExt as _;
use apalis_core::error::{BoxDynError, WorkerError};
use apalis_core::task::data::Data;
use apalis_core::worker::builder::WorkerBuilder;
use apalis_postgres::PostgresStorage;
use apalis_sqlite::SqliteStorage;
use domain::id::SyncLogId;
use store::queue::{self, Pool};
use tokio::time::sleep;
use tower::limit::ConcurrencyLimitLayer;
use uuid::Uuid;

use crate::Crew;

/// How often a worker may miss to say to the queue that it lives; all of it is a lease.
const MISSED: u32 = 6;
/// After the database went away.
const PAUSE: Duration = Duration::from_secs(1);

pub(crate) async fn until_stopped(crew: Arc<Crew>) {
    while !crew.stop.is_cancelled() {
        // A name is never used twice: the queue would take the new worker for the old one.
        let name = format!("wireline-{}", Uuid::new_v4());
        let ended = tokio::select! {
            ended = work(&crew, &name) => ended,
            () = crew.stop.cancelled() => Ok(()),
        };
        let store = &crew.engine.store;
        if let Err(error) = queue::release(store, &store.operator(), &name).await {
            tracing::debug!(%error, "claimed jobs not given back; the queue will find them orphaned");
        }
        if let Err(error) = ended {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the queue is away; trying again"
            );
            tokio::select! {
                () = sleep(PAUSE) => {}
                () = crew.stop.cancelled() => {}
            }
        }
    }
}

/// Claims one job after the other, and never more than there are slots.
async fn work(crew: &Arc<Crew>, name: &str) -> Result<(), WorkerError> {
    let slots = ConcurrencyLimitLayer::new(crew.settings.runs.max(1));
    let (poll, heartbeat) = (crew.settings.poll, crew.settings.lease / MISSED);
    match crew.engine.store.queue_pool() {
        Pool::Postgres(pool) => {
            let config = apalis_postgres::Config::default()
                .queue(queue::NAME)
                .batch_size(1)
                .heartbeat_interval(heartbeat)
                .missed_heartbeats(MISSED as usize)
                .lock_tasks(false)
                .persist_results(false);
            let jobs = PostgresStorage::<SyncLogId>::new(&pool).with_config(config);
            WorkerBuilder::new(name)
                .backend(jobs.poll_with_interval(poll))
                .layer(slots)
                .data(Arc::clone(crew))
                .build(start)
                .run()
                .await
        }
        Pool::Sqlite(pool) => {
            let config = apalis_sqlite::Config::default()
                .queue(queue::NAME)
                .batch_size(1)
                .heartbeat_interval(heartbeat)
                .missed_heartbeats(MISSED as usize)
                .lock_tasks(false)
                .persist_results(false);
            let jobs = SqliteStorage::<SyncLogId>::new(&pool).with_config(config);
            WorkerBuilder::new(name)
                .backend(jobs.poll_with_interval(poll))
                .layer(slots)
                .data(Arc::clone(crew))
                .build(start)
                .run()
                .await
        }
    }
}

/// Waits for the run, to keep its slot.
async fn start(run: SyncLogId, crew: Data<Arc<Crew>>) -> Result<(), BoxDynError> {
    crew.carry(run).await;
    Ok(())
}
