//! Settings: flags, then environment, then `wireline.toml`, then `defaults.toml`. One struct; an
//! unknown key is refused with the nearest name. The only place that reads the environment.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use domain::connector::Secret;
use domain::nearest::nearest;
use domain::retention::Retention;
use serde::Deserialize;
use toml::{Table, Value};

mod expressions;
mod issues;
mod public_url;
mod seats;
mod telemetry;
mod workers;

pub(crate) use telemetry::Format;

/// The documentation of every setting, and its default.
pub(crate) const DEFAULTS: &str = include_str!("defaults.toml");

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Config {
    data: String,
    database: Database,
    server: Server,
    retention: Days,
    issues: issues::Issues,
    connectors: Connectors,
    run: Run,
    expressions: expressions::Expressions,
    mapping: seats::Mapping,
    models: seats::Models,
    seal: Seal,
    pub(crate) log: telemetry::Log,
    pub(crate) telemetry: telemetry::Telemetry,
}

#[derive(Debug, Clone, Deserialize)]
struct Database {
    url: Secret,
    connections: u32,
}

#[derive(Debug, Clone, Deserialize)]
struct Server {
    listen: String,
    public_url: String,
    request_timeout_s: u64,
    body_limit_mib: usize,
    requests_per_s: u32,
}

#[derive(Debug, Clone, Deserialize)]
struct Days {
    days: u16,
}

#[derive(Debug, Clone, Deserialize)]
struct Connectors {
    allow_stdio: Allow,
    allow_private_addresses: Allow,
    allow_plain_http: Allow,
    start_timeout_s: u64,
    call_timeout_s: u64,
    answer_limit_mib: usize,
    catalogue_folder: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Run {
    time_limit_min: u64,
    row_limit: u64,
    database_patience_s: u64,
    min_gap_s: u64,
    workers: u64,
    lease_s: u64,
    attempts: u32,
    retry_pause_s: u64,
    grace_s: u64,
    initial_after_s: u64,
}

#[derive(Debug, Clone, Deserialize)]
struct Seal {
    key: Secret,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Allow {
    Auto,
    On,
    Off,
}

impl Allow {
    /// `auto` follows whether only this machine can ask.
    fn decide(self, is_local: bool) -> bool {
        match self {
            Self::Auto => is_local,
            Self::On => true,
            Self::Off => false,
        }
    }
}

/// What flags say, above every other source.
#[derive(Debug, Clone, Default)]
pub(crate) struct Overrides {
    pub(crate) file: Option<PathBuf>,
    pub(crate) data: Option<PathBuf>,
    pub(crate) database: Option<String>,
    pub(crate) listen: Option<String>,
    pub(crate) log: Option<String>,
}

impl Config {
    /// Reads every source. `environment`: the variables of the process.
    pub(crate) fn load(
        over: &Overrides,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self> {
        let mut table: Table = DEFAULTS.parse().context("the built-in defaults do not parse")?;
        if let Some((path, text)) = file(over.file.as_deref())? {
            let own: Table =
                text.parse().with_context(|| format!("{} is not TOML", path.display()))?;
            merge(&mut table, own, "").with_context(|| format!("in {}", path.display()))?;
        }
        for (name, value) in environment {
            if let Some(key) = name.strip_prefix("WIRELINE_") {
                set_by_variable(&mut table, key, &value)
                    .with_context(|| format!("environment variable {name}"))?;
            }
        }
        let text = |path: &Option<PathBuf>| path.as_ref().map(|it| it.display().to_string());
        for (section, key, value) in [
            ("", "data", text(&over.data)),
            ("database", "url", over.database.clone()),
            ("server", "listen", over.listen.clone()),
            ("log", "level", over.log.clone()),
        ] {
            if let Some(value) = value {
                set(&mut table, section, key, &value)?;
            }
        }
        let config: Self =
            Value::Table(table).try_into().context("a setting has the wrong type")?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<()> {
        let within = |name: &str, value: u64, range: std::ops::RangeInclusive<u64>| {
            let (from, to) = (range.start(), range.end());
            match range.contains(&value) {
                true => Ok(()),
                false => Err(anyhow!("{name} = {value} is out of range ({from} to {to})")),
            }
        };
        within("database.connections", self.database.connections.into(), 1..=500)?;
        within("server.request_timeout_s", self.server.request_timeout_s, 1..=600)?;
        within("server.body_limit_mib", self.server.body_limit_mib as u64, 1..=64)?;
        within("server.requests_per_s", self.server.requests_per_s.into(), 1..=1_000_000)?;
        within("retention.days", self.retention.days.into(), 1..=3_650)?;
        within("connectors.start_timeout_s", self.connectors.start_timeout_s, 1..=600)?;
        within("connectors.call_timeout_s", self.connectors.call_timeout_s, 1..=3_600)?;
        within("connectors.answer_limit_mib", self.connectors.answer_limit_mib as u64, 1..=1_024)?;
        within("run.time_limit_min", self.run.time_limit_min, 1..=1_440)?;
        within("run.row_limit", self.run.row_limit, 1..=100_000_000)?;
        within("run.database_patience_s", self.run.database_patience_s, 0..=3_600)?;
        within("run.min_gap_s", self.run.min_gap_s, 0..=86_400)?;
        self.issues.check()?;
        self.check_workers()?;
        self.expressions.check()?;
        self.check_seats()?;
        self.check_public_url()?;
        self.telemetry.headers()?;
        self.listen().map(drop)
    }

    /// The demo's own folder, so that it never mixes with real data, and never PostgreSQL.
    pub(crate) fn for_demo(mut self) -> Result<Self> {
        if self.data.is_empty() {
            self.data = self.data()?.join("demo").display().to_string();
        }
        if !self.database.url.expose().is_empty() {
            bail!("the demo runs on the embedded database; leave --database out");
        }
        Ok(self)
    }

    /// The data folder. Not made here.
    pub(crate) fn data(&self) -> Result<PathBuf> {
        if !self.data.is_empty() {
            return Ok(PathBuf::from(&self.data));
        }
        directories::ProjectDirs::from("", "", "wireline")
            .map(|it| it.data_dir().to_path_buf())
            .context("this account has no home folder; name a data folder with --data")
    }

    /// Was a database named, rather than left to be the embedded one of the data folder?
    pub(crate) fn names_database(&self) -> bool {
        !self.database.url.expose().is_empty()
    }

    pub(crate) fn place(&self) -> Result<store::Place> {
        let url = self.database.url.expose();
        Ok(store::Place::parse((!url.is_empty()).then_some(url), self.data()?)?)
    }

    pub(crate) fn listen(&self) -> Result<SocketAddr> {
        let listen = self.server.listen.replace("localhost", "127.0.0.1");
        listen.parse().with_context(|| {
            format!("server.listen = {listen:?} is no address; it is written like 127.0.0.1:8787")
        })
    }

    pub(crate) fn store(&self) -> Result<store::Settings> {
        Ok(store::Settings {
            retention: Retention { days: self.retention.days, ..Retention::default() },
            connections: self.database.connections,
            seal_key: self.seal_key()?,
            seal_folder: Some(self.data()?),
            spike: self.issues.spike(),
            ..store::Settings::default()
        })
    }

    fn seal_key(&self) -> Result<Option<[u8; 32]>> {
        use base64::Engine as _;
        let key = self.seal.key.expose();
        if key.is_empty() {
            return Ok(None);
        }
        let bytes = base64::engine::general_purpose::STANDARD.decode(key).ok();
        match bytes.and_then(|it| <[u8; 32]>::try_from(it).ok()) {
            Some(key) => Ok(Some(key)),
            None => {
                bail!("seal.key is not 32 bytes in base64; make one with `openssl rand -base64 32`")
            }
        }
    }

    /// The bounds of a run. `is_local`: only a person of this machine can ask for it.
    pub(crate) fn engine(&self, is_local: bool) -> engine::Settings {
        let connectors = &self.connectors;
        engine::Settings {
            run_time: Duration::from_secs(self.run.time_limit_min * 60),
            rows: self.run.row_limit,
            store_patience: Duration::from_secs(self.run.database_patience_s),
            limits: mcp::Limits {
                start: Duration::from_secs(connectors.start_timeout_s),
                call: Duration::from_secs(connectors.call_timeout_s),
                answer_bytes: connectors.answer_limit_mib << 20,
                ..mcp::Limits::default()
            },
            reach: mcp::Reach {
                private_addresses: connectors.allow_private_addresses.decide(is_local),
                plain_http: connectors.allow_plain_http.decide(is_local),
            },
            allow_stdio: connectors.allow_stdio.decide(is_local),
            beat: self.beat(),
            ..engine::Settings::default()
        }
    }

    /// Connectors of the operator's own.
    pub(crate) fn catalogue_folder(&self) -> Option<&Path> {
        let folder = self.connectors.catalogue_folder.as_str();
        (!folder.is_empty()).then(|| Path::new(folder))
    }

    pub(crate) fn request_timeout(&self) -> Duration {
        Duration::from_secs(self.server.request_timeout_s)
    }

    pub(crate) fn body_limit(&self) -> usize {
        self.server.body_limit_mib << 20
    }

    pub(crate) fn requests_per_s(&self) -> u32 {
        self.server.requests_per_s
    }
}

/// The named file, which must be there, or `wireline.toml` here, which may be.
fn file(named: Option<&Path>) -> Result<Option<(PathBuf, String)>> {
    let path = named.unwrap_or(Path::new("wireline.toml")).to_path_buf();
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Some((path, text))),
        Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

fn merge(into: &mut Table, from: Table, path: &str) -> Result<()> {
    for (key, value) in from {
        let here = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match (into.get_mut(&key), value) {
            (Some(Value::Table(old)), Value::Table(new)) => merge(old, new, &here)?,
            (Some(old), new) if old.same_type(&new) => *old = new,
            (Some(old), new) => bail!("{here} is a {}, not a {}", old.type_str(), new.type_str()),
            (None, _) => bail!("unknown setting {here}{}", suggestion(&key, into.keys())),
        }
    }
    Ok(())
}

/// `SERVER_LISTEN` is server.listen; `DATA` is data.
fn set_by_variable(table: &mut Table, name: &str, value: &str) -> Result<()> {
    let name = name.to_lowercase();
    if name == "data" {
        return set(table, "", &name, value);
    }
    // A few variables of the project's tests share the prefix; they are no settings.
    if name.starts_with("test_") {
        return Ok(());
    }
    let (section, key) = name.split_once('_').unwrap_or((&name, ""));
    set(table, section, key, value)
}

fn set(table: &mut Table, section: &str, key: &str, value: &str) -> Result<()> {
    let names: Vec<String> = table.keys().cloned().collect();
    let section_table = match section {
        "" => table,
        _ => match table.get_mut(section) {
            Some(Value::Table(it)) => it,
            _ => bail!("unknown section {section}{}", suggestion(section, names.iter())),
        },
    };
    let hint = suggestion(key, section_table.keys());
    let Some(slot) = section_table.get_mut(key) else { bail!("unknown setting {key}{hint}") };
    *slot = match slot {
        Value::Integer(_) => {
            Value::Integer(value.parse().with_context(|| format!("{key} is a whole number"))?)
        }
        Value::Boolean(_) => {
            Value::Boolean(value.parse().with_context(|| format!("{key} is true or false"))?)
        }
        Value::Array(_) => Value::Array(value.split(',').map(|it| it.trim().into()).collect()),
        Value::String(_) | Value::Float(_) | Value::Datetime(_) | Value::Table(_) => {
            Value::String(value.to_owned())
        }
    };
    Ok(())
}

fn suggestion<'a>(given: &str, names: impl Iterator<Item = &'a String>) -> String {
    nearest(given, names.map(String::as_str))
        .map(|it| format!("; did you mean {it}?"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
