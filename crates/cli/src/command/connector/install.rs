//! `wireline connector install`.

use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use domain::TargetModel;
use domain::connector::Transport;
use store::connectors::{self, Connector};
use store::query::{Condition, Op, Query, Value};
use store::workspace_connectors::{self, New};

use super::Place;
use crate::command::transport::{self, Where};
use crate::command::typed;
use crate::{output, wiring};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Id or slug of a catalogue entry; without one, an entry is made for the address
    connector: Option<String>,
    #[command(flatten)]
    at: Where,
    /// What people call it; else the name of the catalogue entry
    #[arg(long)]
    name: Option<String>,
    /// Run it by itself, every so many minutes
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u32).range(1..=525_600))]
    every: Option<u32>,
    /// Only these targets; may be repeated
    #[arg(long = "target", value_name = "MODEL")]
    targets: Vec<TargetModel>,
}

pub(super) async fn run(place: &Place<'_>, options: &Options) -> Result<ExitCode> {
    let given = options.at.transport()?;
    let entry = match &options.connector {
        Some(given) => entry(place, given).await?,
        None => made(place, options, given.as_ref()).await?,
    };
    let transport = match given {
        Some(transport) => transport,
        None => default(&entry, options)?,
    };
    let new = New {
        schedule_minutes: options.every,
        supported_target_models: (!options.targets.is_empty()).then(|| options.targets.clone()),
        ..New::of(
            entry.connector_id,
            options.name.clone().unwrap_or_else(|| entry.name.clone()),
            transport,
        )
    };
    let made = workspace_connectors::insert(&place.store, &place.tenant, new, wiring::now())
        .await
        .context("installing the connector")?;
    if place.context.json {
        output::json(&server::api::workspace_connectors::resource(&made))?;
    } else {
        let id = made.workspace_connector_id;
        output::line(id);
        output::aside(format!("`wireline sync --connector {id}` runs it now"));
    }
    Ok(ExitCode::SUCCESS)
}

/// A catalogue entry by its id or its slug.
async fn entry(place: &Place<'_>, given: &str) -> Result<Connector> {
    if let Ok(id) = given.parse() {
        return connectors::find(&place.store, &place.tenant, id)
            .await
            .with_context(|| format!("opening catalogue entry {id}"));
    }
    let slug = [Value::Text(given.to_owned())];
    let condition = Condition::on(connectors::FIELDS, "service_id", Op::Eq, slug);
    let conditions = vec![condition.context("no field service_id in this version of the store")?];
    let query = Query { conditions, ..Query::default() };
    let found = connectors::list(&place.store, &place.tenant, &query).await?;
    // A workspace may have its own entry under the slug of a global one: its own is meant.
    let mut found: Vec<Connector> = found.items.into_iter().map(|it| it.0).collect();
    found.sort_by_key(|it| !it.is_custom);
    found.into_iter().next().with_context(|| {
        format!("nothing in the catalogue is called `{given}`; `wireline connector list --catalogue` shows it all")
    })
}

/// An entry for what was typed: the same address again is the same entry.
async fn made(
    place: &Place<'_>,
    options: &Options,
    transport: Option<&Transport>,
) -> Result<Connector> {
    let Some(transport) = transport else {
        bail!("say what to install: a catalogue entry, --url or --server")
    };
    let service_id = match transport {
        Transport::Http { url, .. } => server::api::transport::slug(url),
        Transport::Stdio { .. } => typed::service_id(&place.store, options.at.typed(), transport)?,
    };
    let new = connectors::New {
        name: options.name.clone().unwrap_or_else(|| service_id.clone()),
        service_id,
        address: options.at.url.clone(),
        ..connectors::New::default()
    };
    connectors::insert(&place.store, &place.tenant, new, wiring::now())
        .await
        .context("adding the connector")
}

/// The default address of the entry, with the credentials that were typed.
fn default(entry: &Connector, options: &Options) -> Result<Transport> {
    let stored = entry.transport.clone().with_context(|| {
        format!("`{}` has no default address; give --url or --server", entry.service_id)
    })?;
    let plain: Transport = serde_json::from_value(stored)
        .with_context(|| format!("the default address of `{}`", entry.service_id))?;
    match plain {
        Transport::Http { url, .. } => transport::http(&url, &options.at.secrets),
        Transport::Stdio { command, args, .. } => {
            let bare = Transport::Stdio { command, args, env: BTreeMap::new() };
            options.at.with_secrets(bare)
        }
    }
}
