//! `wireline demo`: everything on the embedded database, with nothing to install.

use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use domain::connector::{Role, Transport};
use sample::Sample;
use tokio_util::sync::CancellationToken;

use super::{report, serve, sync, typed};
use crate::{Context, output, wiring};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Address of the API
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<String>,
    /// Stop after the syncs, without serving
    #[arg(long)]
    once: bool,
}

pub(crate) async fn run(context: &Context, options: &Options) -> Result<ExitCode> {
    let context = &Context { config: context.config.clone().for_demo()?, json: context.json };
    let store = wiring::store(context).await?;
    let tenant = wiring::tenant(&store, None).await?;
    let engine = wiring::engine(context, &store, true);
    let stop = CancellationToken::new();

    for (name, transport) in
        [("ledger", over_stdio("ledger")?), ("brittle", over_http("brittle", &stop).await?)]
    {
        output::line(format!("\n━━ Syncing the sample server `{name}` ({})", transport.address()));
        let connector = typed::install(&store, &tenant, name, transport).await?;
        let id =
            sync::sync(&engine, &tenant, connector, engine::Request::default(), context).await?;
        report::run(context, &store, &tenant, id).await?;
    }
    stop.cancel();
    if options.once {
        store.close().await;
        return Ok(ExitCode::SUCCESS);
    }
    let new =
        store::api_keys::New { name: "demo".to_owned(), role: Role::Admin, expiration_at: None };
    let (_, key) = store::api_keys::insert(&store, &tenant, new, wiring::now()).await?;
    let listen = context.config.listen()?;
    output::line(format!(
        "\n━━ Look further\nexport KEY={key}\n\
         curl -g -H \"Authorization: Bearer $KEY\" 'http://{listen}/v1/connector-sync-diagnostics?page[size]=5'\n\
         Console: http://{listen}/   (sign in with the key above)\n\
         API documentation: http://{listen}/docs   reasons: http://{listen}/reasons\n",
        key = key.expose()
    ));
    serve::until_stopped(context, store).await?;
    Ok(ExitCode::SUCCESS)
}

/// The sample as a process of its own, as a real stdio server is.
fn over_stdio(name: &str) -> Result<Transport> {
    let program = std::env::current_exe().context("finding this program")?;
    Ok(Transport::Stdio {
        command: program.display().to_string(),
        args: vec!["sample-server".to_owned(), name.to_owned()],
        env: BTreeMap::new(),
    })
}

/// The sample on a port of this machine, as a real HTTP server is.
async fn over_http(name: &str, stop: &CancellationToken) -> Result<Transport> {
    let sample = Sample::named(name).with_context(|| format!("no sample server {name}"))?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .context("listening for the sample server")?;
    let url = format!("http://{}/mcp", listener.local_addr()?);
    tokio::spawn(sample::serve_http(sample, Vec::new(), listener, stop.clone()));
    Ok(Transport::Http { url, headers: BTreeMap::new() })
}
