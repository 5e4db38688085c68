//! `wireline connector …`: the catalogue and the installations of a workspace. One file a command.

use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use domain::id::WorkspaceConnectorId;
use store::query::{Condition, Op, Query, Value};
use store::workspace_connectors::{self, WorkspaceConnector};

use super::place::{Named, Place, within};
use crate::Context;

mod add;
mod authorize;
mod health;
mod install;
mod list;
mod pause;
mod probe;
mod reconnect;
mod remove;
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
    /// Show what is installed, or the catalogue
    List(list::Options),
    /// Show an installation
    Show(show::Options),
    /// Try an address, a command or an installation: what is there, what does it offer?
    Probe(probe::Options),
    /// Add a custom connector to the catalogue of the workspace
    Add(add::Options),
    /// Install a connector, so that it can be synced
    Install(install::Options),
    /// Let a person give consent to its authorization server, in a browser of this machine
    Authorize(authorize::Options),
    /// Stop its scheduled runs; it still runs when asked
    Pause(pause::Options),
    /// Take its schedule up again
    Resume(pause::Options),
    /// Give it other credentials or another address
    Reconnect(reconnect::Options),
    /// How it does, and each of its targets, and what to do
    Health(health::Options),
    /// Remove an installation and its credentials; what it brought stays
    Remove(remove::Options),
}

pub(crate) async fn run(context: &Context, options: &Options) -> Result<ExitCode> {
    within(context, &options.named, async |place| match &options.action {
        Action::List(options) => list::run(place, options).await,
        Action::Show(options) => show::run(place, options).await,
        Action::Probe(options) => probe::run(place, options).await,
        Action::Add(options) => add::run(place, options).await,
        Action::Install(options) => install::run(place, options).await,
        Action::Authorize(options) => authorize::run(place, options).await,
        Action::Pause(options) => pause::run(place, options, true).await,
        Action::Resume(options) => pause::run(place, options, false).await,
        Action::Reconnect(options) => reconnect::run(place, options).await,
        Action::Health(options) => health::run(place, options).await,
        Action::Remove(options) => remove::run(place, options).await,
    })
    .await
}

impl Place<'_> {
    /// An installation by its id, or by its name where only one has it.
    async fn installation(&self, given: &str) -> Result<WorkspaceConnector> {
        if let Ok(id) = given.parse::<WorkspaceConnectorId>() {
            return workspace_connectors::find(&self.store, &self.tenant, id).await.with_context(
                || format!("opening connector {id}; `wireline connector list` shows them all"),
            );
        }
        let name = [Value::Text(given.to_owned())];
        let named = Condition::on(workspace_connectors::FIELDS, "name", Op::Eq, name);
        let conditions = vec![named.context("no field name in this version of the store")?];
        let query = Query { conditions, ..Query::default() };
        let found = workspace_connectors::list(&self.store, &self.tenant, &query).await?;
        let mut found = found.items.into_iter().map(|it| it.0);
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(one),
            (None, _) => {
                bail!("no connector is named `{given}`; `wireline connector list` shows them all")
            }
            (Some(_), Some(_)) => bail!(
                "several connectors are named `{given}`; give the id that `wireline connector list` shows"
            ),
        }
    }
}
