//! `wireline mapping list`.

use anyhow::{Context as _, Result};
use domain::TargetModel;
use domain::id::WorkspaceConnectorId;
use store::mappings;
use store::query::{Condition, Op, Value};

use super::Place;
use crate::{output, wiring};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Only of this connector
    #[arg(long, value_name = "ID")]
    connector: Option<WorkspaceConnectorId>,
    /// Only of this target
    #[arg(long, value_name = "MODEL")]
    target: Option<TargetModel>,
    /// Old versions too
    #[arg(long)]
    all: bool,
}

pub(super) async fn run(place: &Place<'_>, options: &Options) -> Result<()> {
    let conditions = conditions(options)?;
    let page_of = |mut query: store::Query| {
        query.conditions.clone_from(&conditions);
        async move { mappings::list(&place.store, &place.tenant, &query).await }
    };
    let all = wiring::every(page_of).await?;
    if place.context.json {
        let connectors: Vec<_> = all.iter().map(|it| it.connector).collect();
        let pins = mappings::slot_pins_of(&place.store, &place.tenant, &connectors).await?;
        return all.iter().try_for_each(|it| {
            output::json(&server::api::connector_mappings::resource(&place.tenant, it, &pins))
        });
    }
    if all.is_empty() {
        output::aside("no mappings match; a run draws them");
        return Ok(());
    }
    output::table(
        &["id", "target", "tool", "version", "by", "state"],
        all.iter().map(|it| {
            let state = match (it.is_live, it.regeneration_reason) {
                (false, _) => "old".to_owned(),
                (true, None) => "live".to_owned(),
                (true, Some(reason)) => format!("live, to be drawn again ({reason})"),
            };
            vec![
                it.id.to_string(),
                it.model.to_string(),
                it.tool.clone(),
                it.version.to_string(),
                it.generator.to_string(),
                state,
            ]
        }),
    );
    Ok(())
}

fn conditions(options: &Options) -> Result<Vec<Condition>> {
    let mut wanted = Vec::new();
    if !options.all {
        wanted.push(("is_live", Value::Bool(true)));
    }
    wanted.extend(options.connector.map(|it| ("workspace_connector", Value::Id(it.0))));
    wanted.extend(options.target.map(|it| ("target_model", Value::Text(it.as_str().to_owned()))));
    let of = |(name, value)| {
        Condition::on(mappings::FIELDS, name, Op::Eq, [value])
            .with_context(|| format!("no field {name} in this version of the store"))
    };
    wanted.into_iter().map(of).collect()
}
