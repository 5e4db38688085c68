//! `wireline work`: workers without an API, as many processes as wanted.

use std::process::ExitCode;

use anyhow::Result;
use tokio_util::sync::CancellationToken;
use worker::Workers;

use super::serve;
use crate::{Context, output, wiring};

pub(crate) async fn run(context: &Context) -> Result<ExitCode> {
    let store = wiring::store(context).await?;
    let engine = wiring::engine(context, &store, context.config.is_loopback()?);
    let settings = context.config.workers();
    let stop = CancellationToken::new();
    tokio::spawn(serve::stop_signal(stop.clone()));
    let workers = Workers::start(engine, settings);
    let place = wiring::named(&context.config.place()?);
    output::line(format!("working on {place}, {} runs at once", settings.runs));
    stop.cancelled().await;
    workers.stop().await;
    store.close().await;
    Ok(ExitCode::SUCCESS)
}
