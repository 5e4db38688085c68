//! `wireline mapping pin` and `unpin`.

use anyhow::{Result, anyhow};
use domain::id::ConnectorMappingId;
use server::api::connector_mappings::{known_slot, slot_pin};
use store::mappings::Patch;

use super::Place;

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("to").required(true).args(["path", "empty"]))]
pub(crate) struct Pin {
    /// Id of a version; the pin is of all versions
    mapping: ConnectorMappingId,
    /// An attribute of the target, or a member: `instructed_amount.amount`
    slot: String,
    /// Where its value stands in a row: `customer.name`, `lines[0].id`
    #[arg(long)]
    path: Option<String>,
    /// Leave it empty on purpose
    #[arg(long)]
    empty: bool,
    /// Why, for whoever looks later
    #[arg(long)]
    reason: String,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Unpin {
    /// Id of a version; the pin is of all versions
    mapping: ConnectorMappingId,
    slot: String,
}

pub(super) async fn pin(place: &Place<'_>, options: &Pin) -> Result<()> {
    let it = place.mapping(options.mapping).await?;
    let pin = slot_pin(it.model, &options.slot, options.path.as_deref(), &options.reason)
        .map_err(|why| anyhow!("{why}"))?;
    let changed = place.update(it.id, &Patch { pins: vec![pin], ..Patch::default() }).await?;
    place.told(&changed, &format!("`{}` is pinned; the next run draws with it", options.slot)).await
}

pub(super) async fn unpin(place: &Place<'_>, options: &Unpin) -> Result<()> {
    let it = place.mapping(options.mapping).await?;
    known_slot(it.model, &options.slot).map_err(|why| anyhow!("{why}"))?;
    let patch = Patch { unpins: vec![options.slot.clone()], ..Patch::default() };
    let changed = place.update(it.id, &patch).await?;
    place.told(&changed, &format!("`{}` is not pinned", options.slot)).await
}
