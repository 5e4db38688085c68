//! `wireline backup`: the embedded database in one file, while others go on.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use serde_json::json;

use crate::{Context, output, wiring};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The file to be made; it may not be there yet
    file: PathBuf,
}

pub(crate) async fn run(context: &Context, options: &Options) -> Result<ExitCode> {
    let store = wiring::store(context).await?;
    let file = options.file.display();
    let is_done = store.backup(&options.file).await;
    store.close().await;
    if !is_done.with_context(|| format!("writing {file}"))? {
        bail!(
            "PostgreSQL is backed up by its own tools: pg_dump --schema=core_api --schema=apalis"
        );
    }
    if context.json {
        output::json(&json!({ "file": options.file }))?;
    } else {
        output::line(format!("the database is in {file}"));
        output::line(
            "The key that opens its credentials is not: keep `seal.key` of the data folder, or \
             seal.key of the settings, in another place.",
        );
    }
    Ok(ExitCode::SUCCESS)
}
