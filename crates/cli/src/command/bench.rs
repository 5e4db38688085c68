//! `wireline bench tools|mapping DIR`: how well tools are chosen and answers mapped, on a folder of
//! labelled cases.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use bench::Report;
use serde::Serialize;

use crate::{Context, output};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Action {
    /// Which tool of a catalogue lists which records: `catalogues/*.json`, `gold.json`
    Tools(Options),
    /// How answers become records: `gold/*.json` and the payloads that they name
    Mapping(Options),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Folder of cases
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Every miss, on standard error: what was expected, what came, and why
    #[arg(long)]
    verbose: bool,
}

pub(crate) fn run(context: &Context, action: &Action) -> Result<ExitCode> {
    match action {
        Action::Tools(it) => tell(
            context,
            it,
            &bench::tools::run(&it.folder).context("scoring the choice of tools")?,
        ),
        Action::Mapping(it) => {
            tell(context, it, &bench::mapping::run(&it.folder).context("scoring mappings")?)
        }
    }
}

/// The scores on standard output, a name and a figure each; misses beside them.
fn tell(context: &Context, options: &Options, report: &Report<impl Serialize>) -> Result<ExitCode> {
    if options.verbose {
        report.misses.iter().for_each(output::aside);
    }
    if context.json {
        output::json(&report.scores)?;
    } else {
        let document = serde_json::to_value(&report.scores)?;
        let lines = document.as_object().into_iter().flatten();
        output::table(&["score", ""], lines.map(|(name, it)| vec![name.clone(), it.to_string()]));
    }
    Ok(ExitCode::SUCCESS)
}
