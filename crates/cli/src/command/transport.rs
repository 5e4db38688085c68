//! How a server is reached, as it is typed: `--server`, `--url`, `--secret`.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use domain::connector::{Secret, Transport};

/// Where a server is.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("where").args(["server", "url"]))]
pub(crate) struct Where {
    /// Start this command and speak MCP over its standard input and output
    #[arg(long, value_name = "COMMAND")]
    pub(crate) server: Option<String>,
    /// Speak MCP over HTTP with this address
    #[arg(long)]
    pub(crate) url: Option<String>,
    /// A header of --url, `Name: value`, or a variable of --server, `NAME=value`; may be repeated
    #[arg(long = "secret", value_name = "NAME=VALUE")]
    pub(crate) secrets: Vec<String>,
}

impl Where {
    /// None: neither an address nor a command was typed.
    pub(crate) fn transport(&self) -> Result<Option<Transport>> {
        match (&self.server, &self.url) {
            (Some(command), _) => stdio(command, &self.secrets).map(Some),
            (None, Some(url)) => http(url, &self.secrets).map(Some),
            (None, None) => Ok(None),
        }
    }

    /// What was typed, to tell one server from the next.
    pub(crate) fn typed(&self) -> &str {
        self.server.as_deref().or(self.url.as_deref()).unwrap_or_default()
    }

    /// The same server with the credentials that were typed in place of those it had.
    pub(crate) fn with_secrets(&self, transport: Transport) -> Result<Transport> {
        match transport {
            Transport::Http { url, .. } => http(&url, &self.secrets),
            Transport::Stdio { command, args, mut env } => {
                for secret in &self.secrets {
                    env.extend([pair(secret)?]);
                }
                Ok(Transport::Stdio { command, args, env })
            }
        }
    }
}

pub(crate) fn http(url: &str, secrets: &[String]) -> Result<Transport> {
    Ok(Transport::Http { url: url.to_owned(), headers: headers(secrets)? })
}

fn pair(secret: &str) -> Result<(String, Secret)> {
    let Some((name, value)) = secret.split_once('=') else {
        bail!("--secret is written NAME=value")
    };
    Ok((name.to_owned(), Secret::new(value)))
}

pub(crate) fn stdio(command: &str, secrets: &[String]) -> Result<Transport> {
    let mut words = shell_words::split(command).context("--server has an open quote")?.into_iter();
    let Some(command) = words.next() else { bail!("--server is empty; give a command") };
    let mut args: Vec<String> = Vec::new();
    let mut env = BTreeMap::new();
    // `NAME=value command`, as in a shell.
    let mut program = command;
    while let Some((name, value)) = variable(&program) {
        env.insert(name, Secret::new(value));
        let Some(next) = words.next() else {
            bail!("--server names no command after its variables")
        };
        program = next;
    }
    args.extend(words);
    for secret in secrets {
        env.extend([pair(secret)?]);
    }
    Ok(Transport::Stdio { command: program, args, env })
}

fn variable(word: &str) -> Option<(String, String)> {
    let (name, value) = word.split_once('=')?;
    let is_name = !name.is_empty()
        && name.chars().all(|it| it.is_ascii_uppercase() || it.is_ascii_digit() || it == '_');
    is_name.then(|| (name.to_owned(), value.to_owned()))
}

fn headers(secrets: &[String]) -> Result<BTreeMap<String, Secret>> {
    secrets
        .iter()
        .map(|it| {
            let (name, value) = it
                .split_once(':')
                .or_else(|| it.split_once('='))
                .context("--secret of an HTTP server is written `Name: value`")?;
            Ok((name.trim().to_owned(), Secret::new(value.trim())))
        })
        .collect()
}
