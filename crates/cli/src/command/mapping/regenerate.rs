//! `wireline mapping regenerate`.

use anyhow::Result;
use domain::id::ConnectorMappingId;
use store::mappings::Patch;

use super::Place;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Id of the live version
    mapping: ConnectorMappingId,
}

pub(super) async fn run(place: &Place<'_>, options: &Options) -> Result<()> {
    let it = place.mapping(options.mapping).await?;
    let changed = place.update(it.id, &Patch { regenerate: true, ..Patch::default() }).await?;
    place.told(&changed, "the next run draws it again").await
}
