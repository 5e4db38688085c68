//! What is started.

use std::path::PathBuf;

/// A command that calls [`crate::child::run`] before anything else.
#[derive(Debug, Clone)]
pub struct Program {
    pub command: PathBuf,
    /// Words before the ones that we add.
    pub words: Vec<String>,
}

impl Program {
    /// This very program. On Linux not by its path: the file there may have been replaced by
    /// another version, or be gone, since we were started.
    pub fn this(words: &[&str]) -> std::io::Result<Self> {
        let command = match cfg!(target_os = "linux") {
            true => PathBuf::from("/proc/self/exe"),
            false => std::env::current_exe()?,
        };
        Ok(Self { command, words: words.iter().map(|it| (*it).to_owned()).collect() })
    }
}
