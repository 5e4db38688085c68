//! `wireline prune`: every connector once, for operators. The engine prunes by itself as it writes.

use std::process::ExitCode;

use anyhow::Result;
use serde_json::json;

use crate::{Context, output, wiring};

pub(crate) async fn run(context: &Context) -> Result<ExitCode> {
    let store = wiring::store(context).await?;
    let pruned = store::diagnostics::prune_all(&store, &store.operator(), wiring::now()).await?;
    store.close().await;
    if context.json {
        output::json(&json!({ "pruned": pruned }))?;
    } else {
        output::line(format!("{pruned} diagnostics were past their retention and are gone"));
    }
    Ok(ExitCode::SUCCESS)
}
