//! `wireline sample-server NAME`: realistic data, and every fault on demand.

use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::{Context as _, Result, anyhow};
use domain::nearest::nearest;
use sample::{Fault, Sample};
use tokio_util::sync::CancellationToken;

use crate::output;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// ledger (healthy) or brittle (misbehaves)
    name: String,
    /// A fault, `name[:tool][=n]`; may be repeated
    #[arg(long = "fault", value_name = "FAULT")]
    faults: Vec<Fault>,
    /// Serve streamable HTTP at /mcp of this address instead of standard input and output
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
}

pub(crate) async fn run(options: &Options) -> Result<ExitCode> {
    let sample = Sample::named(&options.name).ok_or_else(|| {
        let near = nearest(&options.name, sample::NAMES.iter().copied());
        let hint = near.map(|it| format!("; did you mean {it}?")).unwrap_or_default();
        anyhow!(
            "no sample server {:?} (there are: {}){hint}",
            options.name,
            sample::NAMES.join(", ")
        )
    })?;
    match options.listen {
        None => sample::serve_stdio(sample, options.faults.clone()).await?,
        Some(address) => {
            let listener = tokio::net::TcpListener::bind(address)
                .await
                .with_context(|| format!("listening on {address}"))?;
            output::aside(format!(
                "serving {} at http://{}/mcp",
                options.name,
                listener.local_addr()?
            ));
            let shutdown = CancellationToken::new();
            let stop = shutdown.clone();
            tokio::spawn(async move {
                if tokio::signal::ctrl_c().await.is_ok() {
                    stop.cancel();
                }
            });
            sample::serve_http(sample, options.faults.clone(), listener, shutdown).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
