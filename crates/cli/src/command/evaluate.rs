//! `wireline evaluate`: the other side of the sandbox. Not for people.

use std::process::ExitCode;

use crate::output;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Memory that it may have
    #[arg(value_name = "BYTES")]
    memory: u64,
}

pub(crate) fn run(options: &Options) -> ExitCode {
    match sandbox::child::run(options.memory) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => output::failed(&error.into(), output::FAILED),
    }
}
