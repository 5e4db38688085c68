//! `wireline serve`: the API and its workers in one process.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use domain::id::SyncLogId;
use server::{App, Syncs};
use store::{Store, Tenant, sync_logs};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::{Context, output, wiring};

/// Runs at once in one process; the others wait for their turn.
const RUNS: usize = 4;
/// How long running syncs may go on after the signal to stop.
const GRACE: Duration = Duration::from_secs(20);

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Address of the API
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<String>,
}

pub(crate) async fn run(context: &Context) -> Result<ExitCode> {
    let store = wiring::store(context).await?;
    until_stopped(context, store).await?;
    Ok(ExitCode::SUCCESS)
}

/// Serves until the signal to stop, then lets running syncs finish.
pub(crate) async fn until_stopped(context: &Context, store: Store) -> Result<()> {
    let orphans = sync_logs::fail_orphans(&store, &store.operator(), wiring::now()).await?;
    if orphans > 0 {
        tracing::warn!(
            orphans,
            "runs of an earlier process were interrupted; sync again to resume them"
        );
    }
    let address = context.config.listen()?;
    let listener =
        TcpListener::bind(address).await.with_context(|| format!("listening on {address}"))?;
    let workers = Workers::new(wiring::engine(context, &store, context.config.is_loopback()?));
    let app = App::new(store.clone(), workers.syncs(), settings(context, &store)?);
    output::line(format!("listening on http://{}", listener.local_addr()?));
    server::serve(app, listener, stop()).await.context("serving")?;
    workers.finish(GRACE).await;
    store.close().await;
    Ok(())
}

fn settings(context: &Context, store: &Store) -> Result<server::Settings> {
    let config = &context.config;
    Ok(server::Settings {
        request_timeout: config.request_timeout(),
        body_limit: config.body_limit(),
        requests_per_s: config.requests_per_s(),
        min_gap: config.min_gap(),
        allows_stdio: config.engine(config.is_loopback()?).allow_stdio,
        // Cursors outlive a restart and work in every process of one database.
        cursor_key: Some(store.derived_key("cursors")?),
        clock: wiring::now,
        ..server::Settings::default()
    })
}

/// Carries out runs that the API has scheduled.
#[derive(Clone)]
struct Workers {
    engine: Arc<engine::Engine>,
    turns: Arc<Semaphore>,
    tasks: TaskTracker,
    cancel: CancellationToken,
}

impl Workers {
    fn new(engine: engine::Engine) -> Self {
        Self {
            engine: Arc::new(engine),
            turns: Arc::new(Semaphore::new(RUNS)),
            tasks: TaskTracker::new(),
            cancel: CancellationToken::new(),
        }
    }

    fn syncs(&self) -> Syncs {
        let workers = self.clone();
        Syncs::new(move |tenant, id| {
            workers.tasks.spawn(workers.clone().sync(tenant, id));
        })
    }

    async fn sync(self, tenant: Tenant, id: SyncLogId) {
        let Ok(_turn) = self.turns.acquire().await else { return };
        let request =
            engine::Request { cancel: self.cancel.child_token(), ..engine::Request::default() };
        let done = match sync_logs::find(&self.engine.store, &tenant, id).await {
            Ok(log) => self.engine.sync(&tenant, &log, &request).await.map(drop),
            Err(error) => {
                return tracing::error!(run.id = %id, error = &error as &dyn std::error::Error, "run not found");
            }
        };
        if let Err(error) = done {
            tracing::error!(run.id = %id, error = &error as &dyn std::error::Error, "run not carried out");
        }
    }

    /// Takes no more work; waits for what runs, first kindly, then with a request to stop.
    async fn finish(self, grace: Duration) {
        self.tasks.close();
        if tokio::time::timeout(grace / 2, self.tasks.wait()).await.is_err() {
            self.cancel.cancel();
            if tokio::time::timeout(grace / 2, self.tasks.wait()).await.is_err() {
                tracing::warn!(
                    "some runs did not stop in time; they are marked as interrupted at the next start"
                );
            }
        }
        self.engine.recorder.flush(grace / 4).await;
    }
}

/// Ends at SIGTERM or at an interrupt from the keyboard.
async fn stop() {
    let interrupt = tokio::signal::ctrl_c();
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
        }
        // Without a handler the default one ends the process at once.
        Err(error) => {
            tracing::warn!(%error, "no handler for SIGTERM");
            interrupt.await.ok();
        }
    }
}
