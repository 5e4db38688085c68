//! `wireline serve`: the API and its workers in one process.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use server::{App, Syncs};
use store::Store;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use worker::Workers;

use crate::{Context, catalogue, output, wiring};

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

/// Serves until the signal to stop; requests and runs come to their end side by side.
pub(crate) async fn until_stopped(context: &Context, store: Store) -> Result<()> {
    catalogue::publish(context, &store).await?;
    let address = context.config.listen()?;
    let listener =
        TcpListener::bind(address).await.with_context(|| format!("listening on {address}"))?;
    let engine = wiring::engine(context, &store, context.config.is_loopback()?);
    let settings = server::Settings {
        authorizations: wiring::authorizations(engine.clone()),
        sandbox: engine.settings.sandbox.clone(),
        public_url: Some(context.config.public_url(listener.local_addr()?)),
        ..settings(context, &store)?
    };
    let app = App::new(store.clone(), Syncs::none(), settings);
    let stop = CancellationToken::new();
    tokio::spawn(stop_signal(stop.clone()));
    let workers = Workers::start(engine, context.config.workers());
    let address = listener.local_addr()?;
    // One line: who reads no further than it has closed the pipe by the next.
    let people = match context.config.public_url(address) {
        url if url == format!("http://{address}") => String::new(),
        url => format!(" for {url}"),
    };
    output::line(format!("console and API{people}, listening on http://{address}"));
    let served = async {
        let served = server::serve(app, listener, stop.clone().cancelled_owned()).await;
        // It may have failed to start: then nobody else says so.
        stop.cancel();
        served
    };
    let ended = async {
        stop.cancelled().await;
        workers.stop().await;
    };
    let (served, ()) = tokio::join!(served, ended);
    served.context("serving")?;
    store.close().await;
    Ok(())
}

pub(crate) fn settings(context: &Context, store: &Store) -> Result<server::Settings> {
    let config = &context.config;
    Ok(server::Settings {
        request_timeout: config.request_timeout(),
        body_limit: config.body_limit(),
        requests_per_s: config.requests_per_s(),
        min_gap: config.min_gap(),
        initial_after: config.initial_after(),
        allows_stdio: config.engine(config.is_loopback()?).allow_stdio,
        // Cursors outlive a restart and work in every process of one database.
        cursor_key: Some(store.derived_key("cursors")?),
        probes: wiring::probes(context.config.engine(config.is_loopback()?)),
        clock: wiring::now,
        pages: console::pages(),
        ..server::Settings::default()
    })
}

/// Cancels at SIGTERM or an interrupt from the keyboard. SIGTERM is heeded from the call on, not
/// only once the future is polled.
pub(crate) fn stop_signal(stop: CancellationToken) -> impl Future<Output = ()> {
    let terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate());
    async move {
        let interrupt = tokio::signal::ctrl_c();
        match terminate {
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
        stop.cancel();
    }
}
