//! `wireline config`: the defaults with their documentation, or what is in force.

use std::process::ExitCode;

use anyhow::Result;

use crate::config::DEFAULTS;
use crate::{Context, output};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Print every setting with its default and what it does
    #[arg(long)]
    defaults: bool,
}

pub(crate) fn run(context: &Context, options: &Options) -> Result<ExitCode> {
    if options.defaults {
        output::line(DEFAULTS.trim_end());
    } else {
        output::line(format!("{:#?}", context.config));
    }
    Ok(ExitCode::SUCCESS)
}
