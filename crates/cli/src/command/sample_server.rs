//! `wireline sample-server NAME`: realistic data, and every fault on demand.

use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::{Context as _, Result, anyhow};
use domain::nearest::nearest;
use sample::{Fault, Guard, Lapse, Sample};
use tokio_util::sync::CancellationToken;

use crate::command::serve;
use crate::output;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// ledger (healthy), brittle (misbehaves), books (refers by name and number), or replay:FILE: the
    /// tools of a saved `tools/list`, with made-up answers
    name: String,
    /// A fault, `name[:tool][=n]`; may be repeated
    #[arg(long = "fault", value_name = "FAULT")]
    faults: Vec<Fault>,
    /// Serve streamable HTTP at /mcp of this address instead of standard input and output
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Behind OAuth, with an authorization server at the same address
    #[arg(long, requires = "listen")]
    oauth: bool,
    /// What goes wrong with authorization; may be repeated
    #[arg(long = "lapse", value_name = "LAPSE", requires = "oauth")]
    lapses: Vec<Lapse>,
}

fn sample(name: &str) -> Result<Sample> {
    if let Some(file) = name.strip_prefix("replay:") {
        return Sample::replay(file.as_ref()).with_context(|| format!("replaying {file}"));
    }
    Sample::named(name).ok_or_else(|| {
        let near = nearest(name, sample::NAMES.iter().copied());
        let hint = near.map(|it| format!("; did you mean {it}?")).unwrap_or_default();
        anyhow!("no sample server {name:?} (there are: {}){hint}", sample::NAMES.join(", "))
    })
}

pub(crate) async fn run(options: &Options) -> Result<ExitCode> {
    let sample = sample(&options.name)?;
    match options.listen {
        None => sample::serve_stdio(sample, options.faults.clone()).await?,
        Some(address) => {
            let listener = tokio::net::TcpListener::bind(address)
                .await
                .with_context(|| format!("listening on {address}"))?;
            let shutdown = CancellationToken::new();
            tokio::spawn(serve::stop_signal(shutdown.clone()));
            output::aside(format!(
                "serving {} at http://{}/mcp",
                options.name,
                listener.local_addr()?
            ));
            let faults = options.faults.clone();
            if options.oauth {
                let guard = Guard::new("sample");
                options.lapses.iter().for_each(|it| guard.begin(*it));
                sample::serve_guarded(sample, faults, guard, (listener, shutdown)).await?;
            } else {
                sample::serve_http(sample, faults, listener, shutdown).await?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
