//! `wireline mcp`: the log and its answers as tools for agents, over standard input and output.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use domain::connector::Role;
use server::{App, Syncs};

use super::place::{Named, within};
use super::serve;
use crate::Context;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    named: Named,
    /// Nothing that changes anything: no `request_sync`
    #[arg(long)]
    read_only: bool,
}

pub(crate) async fn run(context: &Context, options: &Options) -> Result<ExitCode> {
    within(context, &options.named, async |place| {
        let role = if options.read_only { Role::Read } else { Role::Write };
        let tenant = place.tenant.clone().restricted_to(role);
        let settings = serve::settings(context, &place.store)?;
        let app = App::new(place.store.clone(), Syncs::none(), settings);
        let served = server::mcp::serve_stdio(app, tenant).await;
        served.context("serving tools over standard input and output")
    })
    .await
    .map(|()| ExitCode::SUCCESS)
}
