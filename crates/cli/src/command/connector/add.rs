//! `wireline connector add`.

use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use domain::TargetModel;
use store::connectors;

use super::Place;
use crate::{output, wiring};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// What people call it
    name: String,
    /// Its address; the same address again is the same connector
    #[arg(long)]
    url: String,
    /// Its slug; else made from the address
    #[arg(long, value_name = "SLUG")]
    service_id: Option<String>,
    /// Only these targets; may be repeated
    #[arg(long = "target", value_name = "MODEL")]
    targets: Vec<TargetModel>,
}

pub(super) async fn run(place: &Place<'_>, options: &Options) -> Result<ExitCode> {
    if let Err(says) = server::api::transport::check(&options.url) {
        bail!("--url {says}");
    }
    let slug = || server::api::transport::slug(&options.url);
    let new = connectors::New {
        service_id: options.service_id.clone().unwrap_or_else(slug),
        name: options.name.clone(),
        supported_target_models: (!options.targets.is_empty()).then(|| options.targets.clone()),
        address: Some(options.url.clone()),
        ..connectors::New::default()
    };
    let made = connectors::insert(&place.store, &place.tenant, new, wiring::now())
        .await
        .context("adding the connector")?;
    if place.context.json {
        output::json(&server::api::connectors::resource(&made))?;
    } else {
        output::line(&made.service_id);
        output::aside(format!("`wireline connector install {}` installs it", made.service_id));
    }
    Ok(ExitCode::SUCCESS)
}
