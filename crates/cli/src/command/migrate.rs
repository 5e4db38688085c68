//! `wireline migrate`: brings the database to this version's schema.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use serde_json::json;
use store::Store;

use crate::{Context, catalogue, output, wiring};

pub(crate) async fn run(context: &Context) -> Result<ExitCode> {
    let place = context.config.place()?;
    let applied = Store::migrate(&place)
        .await
        .with_context(|| format!("migrating {}", wiring::named(&place)))?;
    let store = wiring::opened(context, &place).await?;
    catalogue::publish(context, &store).await?;
    store.close().await;
    match (context.json, applied.as_slice()) {
        (true, _) => output::json(&json!({ "applied": applied }))?,
        (false, []) => output::line("nothing to do: the schema is up to date"),
        (false, names) => names.iter().for_each(|it| output::line(format!("applied {it}"))),
    }
    Ok(ExitCode::SUCCESS)
}
