//! `wireline bench …`: how well tools are chosen and answers mapped, on a folder of labelled cases.
//! `docs/bench.md` says what a case is and what each score counts. One file a command.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Context, output};

mod compare;
mod label;
mod mapping;
mod score;
mod tools;

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
    /// Every miss: what was expected, what came, and why
    #[arg(long)]
    verbose: bool,
}

pub(crate) fn run(context: &Context, action: &Action) -> Result<ExitCode> {
    match action {
        Action::Tools(options) => {
            let (scores, misses) = tools::run(&options.folder)?;
            tell(context, options, &scores, &misses)
        }
        Action::Mapping(options) => {
            let (scores, misses) = mapping::run(&options.folder)?;
            tell(context, options, &scores, &misses)
        }
    }
}

/// The scores on standard output, a name and a figure each; misses beside them.
fn tell(
    context: &Context,
    options: &Options,
    scores: &impl Serialize,
    misses: &[String],
) -> Result<ExitCode> {
    if options.verbose {
        misses.iter().for_each(output::aside);
    }
    if context.json {
        output::json(scores)?;
    } else {
        let document = serde_json::to_value(scores)?;
        let lines = document.as_object().into_iter().flatten();
        output::table(&["score", ""], lines.map(|(name, it)| vec![name.clone(), it.to_string()]));
    }
    Ok(ExitCode::SUCCESS)
}

fn read<T: DeserializeOwned>(file: &Path) -> Result<T> {
    let shown = file.display();
    let text = std::fs::read_to_string(file).with_context(|| format!("reading {shown}"))?;
    serde_json::from_str(&text).with_context(|| format!("{shown} is not what is expected there"))
}

/// The files of a folder that end in `.json`, by name.
fn documents(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries =
        std::fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    let paths = entries.map(|it| it.map(|it| it.path())).collect::<Result<Vec<_>, _>>()?;
    let is_document = |it: &PathBuf| it.extension().is_some_and(|it| it == "json");
    let mut paths: Vec<PathBuf> = paths.into_iter().filter(is_document).collect();
    paths.sort();
    Ok(paths)
}
