//! `wireline webhook …`: who is told of runs and issues, and what came of it. One file a command.

use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use domain::id::WebhookEndpointId;
use store::query::{Condition, Op, Query, Value};
use store::webhooks::{self, Endpoint};

use super::place::{Named, Place, within};
use crate::Context;

mod add;
mod change;
mod deliveries;
mod list;
mod replay;
mod show;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    named: Named,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Show the webhooks of a workspace
    List,
    /// Tell an address of events; the secret that signs them is shown this once
    Add(add::Options),
    /// Show a webhook: what it is told, and how it does
    Show(change::Options),
    /// Send to it again; what waited goes out
    Enable(change::Options),
    /// Send nothing there until it is enabled
    Disable(change::Options),
    /// Give it a new secret, shown this once; for a day the one before signs too
    Rotate(change::Options),
    /// Send it an event of its own, to see whether it answers
    Test(change::Options),
    /// Remove it, with what is still to be sent there
    Remove(change::Options),
    /// Show what was sent, and what came of it, the last first
    Deliveries(deliveries::Options),
    /// Send one event once more, or everything since
    Replay(replay::Options),
}

pub(crate) async fn run(context: &Context, options: &Options) -> Result<ExitCode> {
    within(context, &options.named, async |place| match &options.action {
        Action::List => list::run(place).await,
        Action::Add(options) => add::run(place, options).await,
        Action::Show(options) => show::run(place, options).await,
        Action::Enable(options) => change::enable(place, options).await,
        Action::Disable(options) => change::disable(place, options).await,
        Action::Rotate(options) => change::rotate(place, options).await,
        Action::Test(options) => change::test(place, options).await,
        Action::Remove(options) => change::remove(place, options).await,
        Action::Deliveries(options) => deliveries::run(place, options).await,
        Action::Replay(options) => replay::run(place, options).await,
    })
    .await
    .map(|()| ExitCode::SUCCESS)
}

impl Place<'_> {
    /// A webhook by its id, or by its address where only one has it.
    async fn endpoint(&self, given: &str) -> Result<Endpoint> {
        if let Ok(id) = given.parse::<WebhookEndpointId>() {
            return webhooks::find(&self.store, &self.tenant, id).await.with_context(|| {
                format!("opening webhook {id}; `wireline webhook list` shows them all")
            });
        }
        let at = [Value::Text(given.to_owned())];
        let at = Condition::on(webhooks::FIELDS, "url", Op::Eq, at);
        let conditions = vec![at.context("no field url in this version of the store")?];
        let query = Query { conditions, ..Query::default() };
        let found = webhooks::list(&self.store, &self.tenant, &query).await?;
        let mut found = found.items.into_iter().map(|it| it.0);
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(one),
            (None, _) => {
                bail!(
                    "no webhook has the address `{given}`; `wireline webhook list` shows them all"
                )
            }
            (Some(_), Some(_)) => bail!(
                "several webhooks have the address `{given}`; give the id that `wireline webhook list` shows"
            ),
        }
    }
}
