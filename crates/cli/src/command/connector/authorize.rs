//! `wireline connector authorize ID`: prints where consent is given, and waits for it on loopback.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use server::authorizations::{self, Failed};
use tokio::net::TcpListener;

use super::Place;
use crate::{output, wiring};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The installation, by id or name
    connector: String,
    /// How long to wait for consent
    #[arg(long, default_value = "15min", value_parser = humantime::parse_duration)]
    wait: Duration,
}

pub(super) async fn run(place: &Place<'_>, options: &Options) -> Result<ExitCode> {
    let engine = wiring::engine(place.context, &place.store, true);
    let id = place.installation(&options.connector).await?.workspace_connector_id;
    // Any port: authorization servers take loopback addresses with every port (RFC 8252, 7.3).
    let listener = TcpListener::bind("127.0.0.1:0").await.context("listening on loopback")?;
    let callback = authorizations::callback_of(&format!("http://{}", listener.local_addr()?));
    let begun = engine.begin_authorization(&place.tenant, id, &callback).await?;
    if place.context.json {
        output::json(&serde_json::json!({ "authorization_url": begun.url }))?;
    } else {
        output::line(format!("open this address and give consent:\n\n  {}\n", begun.url));
    }
    let coming = authorizations::wait_for_one(listener, wiring::authorizations(engine));
    let Ok(came) = tokio::time::timeout(options.wait, coming).await else {
        bail!("nobody came back within {}", humantime::format_duration(options.wait));
    };
    match came.context("waiting for consent")? {
        Ok(()) => output::aside("authorized"),
        Err(Failed::Refused(why)) => bail!("{why}"),
        Err(Failed::NotFound(what)) => bail!("there is no such {what}"),
        Err(Failed::Store(error)) => return Err(error.into()),
    }
    Ok(ExitCode::SUCCESS)
}
