//! `wireline mapping rollback`.

use anyhow::{Context as _, Result};
use domain::id::ConnectorMappingId;
use store::mappings::{Mapping, Patch};

use super::Place;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Id of any version of it
    mapping: ConnectorMappingId,
    /// The version to come back to; else the last good one before the live one
    #[arg(long, value_name = "VERSION")]
    to: Option<u32>,
}

pub(super) async fn run(place: &Place<'_>, options: &Options) -> Result<()> {
    let it = place.mapping(options.mapping).await?;
    let versions = place.versions(&it).await?;
    let target = chosen(&versions, options.to).with_context(|| match options.to {
        Some(wanted) => format!("there is no version {wanted} of this mapping"),
        None => "there is no earlier version to come back to".to_owned(),
    })?;
    let patch = Patch { restore: true, ..Patch::default() };
    let back = place.update(target.id, &patch).await?;
    place.told(&back, "is live again").await
}

/// `versions`: the newest first.
fn chosen(versions: &[Mapping], wanted: Option<u32>) -> Option<&Mapping> {
    if let Some(wanted) = wanted {
        return versions.iter().find(|it| it.version == wanted);
    }
    let live = versions.iter().find(|it| it.is_live);
    let before = |it: &&Mapping| live.is_none_or(|live| it.version < live.version);
    let good = live.and_then(|it| it.last_good_version);
    let good = versions.iter().filter(before).find(|it| Some(it.version) == good);
    good.or_else(|| versions.iter().find(before))
}
