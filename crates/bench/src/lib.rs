//! How well tools are chosen and answers mapped, on a folder of labelled cases. `docs/bench.md` says
//! what a case is and what each score counts.
//!
//! It judges what a run would do, by the same functions, and changes nothing of it.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

mod compare;
mod label;
pub mod mapping;
mod score;
#[cfg(test)]
mod tests;
pub mod tools;

/// Scores, and a line for everything that was not as labelled.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report<S> {
    pub scores: S,
    pub misses: Vec<String>,
}

/// A folder that cannot be scored.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{} cannot be read", .0.display())]
    Read(PathBuf, #[source] std::io::Error),
    #[error("{} is not a document of cases; docs/bench.md shows one", .0.display())]
    Document(PathBuf, #[source] serde_json::Error),
}

fn read<T: DeserializeOwned>(file: &Path) -> Result<T, Error> {
    let text = std::fs::read_to_string(file).map_err(|it| Error::Read(file.to_owned(), it))?;
    serde_json::from_str(&text).map_err(|it| Error::Document(file.to_owned(), it))
}

/// The files of a folder that end in `.json`, by name.
fn documents(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let failed = |it| Error::Read(folder.to_owned(), it);
    let entries = std::fs::read_dir(folder).map_err(failed)?;
    let paths: Vec<PathBuf> =
        entries.map(|it| it.map(|it| it.path())).collect::<Result<_, _>>().map_err(failed)?;
    let is_document = |it: &PathBuf| it.extension().is_some_and(|it| it == "json");
    let mut paths: Vec<PathBuf> = paths.into_iter().filter(is_document).collect();
    paths.sort();
    Ok(paths)
}
