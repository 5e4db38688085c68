//! `wireline reasons [REASON]`: the catalogue.

use std::process::ExitCode;

use anyhow::Result;
use domain::Reason;
use domain::catalogue;

use crate::{Context, output};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// One reason, e.g. `mapped_entities_dropped`
    reason: Option<Reason>,
}

pub(crate) fn run(context: &Context, options: &Options) -> Result<ExitCode> {
    match (options.reason, context.json) {
        (Some(reason), true) => output::json(catalogue::page(reason))?,
        (Some(reason), false) => output::line(catalogue::page(reason).markdown.trim_end()),
        (None, true) => output::json(&catalogue::pages())?,
        (None, false) => output::table(
            &["reason", "class", "impact", "what it says"],
            catalogue::pages().iter().map(|it| {
                vec![
                    it.reason.to_string(),
                    it.class.to_string(),
                    it.impact.to_string(),
                    it.summary.clone(),
                ]
            }),
        ),
    }
    Ok(ExitCode::SUCCESS)
}
