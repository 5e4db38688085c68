//! What a person or a program reads on standard output.
#![expect(clippy::print_stderr, reason = "this is where the command line speaks")]

use std::io::{ErrorKind, Write as _};
use std::process::ExitCode;

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

/// The command did not do what was asked.
pub(crate) const FAILED: u8 = 1;
/// The command was not understood.
pub(crate) const USAGE: u8 = 2;

/// Ends the process with the whole chain of causes.
pub(crate) fn failed(error: &anyhow::Error, code: u8) -> ExitCode {
    eprintln!("error: {error:#}");
    ExitCode::from(code)
}

/// A line for a person.
pub(crate) fn line(text: impl std::fmt::Display) {
    put(format_args!("{text}"));
}

/// A line beside the output proper.
pub(crate) fn aside(text: impl std::fmt::Display) {
    eprintln!("{text}");
}

/// One JSON document on one line.
pub(crate) fn json(document: &impl Serialize) -> anyhow::Result<()> {
    put(format_args!("{}", serde_json::to_string(document)?));
    Ok(())
}

/// A table that fits the terminal.
pub(crate) fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(head.iter().map(|it| (*it).to_owned()));
    for row in rows {
        table.add_row(row);
    }
    put(format_args!("{table}"));
}

/// Whoever closed our output wants no more of it (`wireline … | head`): that is an end, not a
/// failure.
fn put(text: std::fmt::Arguments<'_>) {
    match writeln!(std::io::stdout().lock(), "{text}") {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => eprintln!("error: writing the output: {error}"),
    }
}
