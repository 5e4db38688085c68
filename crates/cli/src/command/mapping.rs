//! `wireline mapping …`: how rows become records, and what an admin says about it. One file a
//! command.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use domain::id::ConnectorMappingId;
use store::mappings::{self, Mapping, Patch};

use super::place::{Named, Place, within};
use crate::{Context, output, wiring};

mod list;
mod pin;
mod regenerate;
mod rollback;
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
    /// Show the mappings of a workspace
    List(list::Options),
    /// Show a version: its slots, its pins, its expression, and what another version does otherwise
    Show(show::Options),
    /// Fix a slot to a path, or to nothing; the next run draws with it
    Pin(pin::Pin),
    /// Take a pin away
    Unpin(pin::Unpin),
    /// Have the next run draw it again
    Regenerate(regenerate::Options),
    /// Make an earlier version the live one
    Rollback(rollback::Options),
}

pub(crate) async fn run(context: &Context, options: &Options) -> Result<ExitCode> {
    within(context, &options.named, async |place| match &options.action {
        Action::List(options) => list::run(place, options).await,
        Action::Show(options) => show::run(place, options).await,
        Action::Pin(options) => pin::pin(place, options).await,
        Action::Unpin(options) => pin::unpin(place, options).await,
        Action::Regenerate(options) => regenerate::run(place, options).await,
        Action::Rollback(options) => rollback::run(place, options).await,
    })
    .await
    .map(|()| ExitCode::SUCCESS)
}

impl Place<'_> {
    pub(crate) async fn mapping(&self, id: ConnectorMappingId) -> Result<Mapping> {
        mappings::find(&self.store, &self.tenant, id)
            .await
            .with_context(|| format!("opening mapping {id}; `wireline mapping list` shows them"))
    }

    /// Every version of a mapping, the newest first.
    async fn versions(&self, it: &Mapping) -> Result<Vec<Mapping>> {
        mappings::versions(&self.store, &self.tenant, it.connector, it.model, &it.tool)
            .await
            .context("reading its versions")
    }

    async fn update(&self, id: ConnectorMappingId, patch: &Patch) -> Result<Mapping> {
        mappings::update(&self.store, &self.tenant, id, patch, wiring::now())
            .await
            .context("changing the mapping")
    }

    async fn told(&self, it: &Mapping, words: &str) -> Result<()> {
        if self.context.json {
            return output::json(&self.resource(it).await?);
        }
        output::line(format!("{} from {}, version {}: {words}", it.model, it.tool, it.version));
        Ok(())
    }

    async fn resource(&self, it: &Mapping) -> Result<serde_json::Value> {
        let pins = mappings::slot_pins_of(&self.store, &self.tenant, &[it.connector]).await?;
        Ok(server::api::connector_mappings::resource(&self.tenant, it, &pins))
    }
}
