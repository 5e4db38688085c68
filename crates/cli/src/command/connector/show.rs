//! `wireline connector show`.

use std::process::ExitCode;

use anyhow::Result;

use super::{Place, list};
use crate::output;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Id or name of an installation
    connector: String,
}

pub(super) async fn run(place: &Place<'_>, options: &Options) -> Result<ExitCode> {
    let it = place.installation(&options.connector).await?;
    if place.context.json {
        output::json(&server::api::workspace_connectors::resource(&it))?;
        return Ok(ExitCode::SUCCESS);
    }
    let tools = it.installed_capabilities.as_ref().and_then(|it| it["tools"].as_array());
    let targets = it.supported_target_models.as_ref().map_or_else(
        || "what the connector supports".to_owned(),
        |it| it.iter().map(|it| it.as_str()).collect::<Vec<_>>().join(", "),
    );
    let rows = [
        ("id", it.workspace_connector_id.to_string()),
        ("name", it.name.clone()),
        ("status", it.status.to_string()),
        ("address", it.address.clone()),
        ("secrets set", it.secrets_set.join(", ")),
        ("schedule", list::schedule(&it)),
        ("targets", targets),
        ("tools", tools.map_or("not asked yet".to_owned(), |it| it.len().to_string())),
        ("last success", it.last_success_at.map_or("never".to_owned(), domain::time::rfc3339)),
    ];
    output::table(&["what", "is"], rows.map(|(name, value)| vec![name.to_owned(), value]));
    Ok(ExitCode::SUCCESS)
}
