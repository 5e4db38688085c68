//! The catalogue of connectors: files that ship in the binary, and those of the operator's folder.
//! A file of the folder replaces a shipped one of the same `service_id`.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::Path;
use std::str::FromStr;

use anyhow::{Context as _, Result, anyhow, bail};
use domain::connector::{AuthorizationFlow, ConnectorStatus, Transport};
use domain::governance::Governance;
use domain::nearest::nearest;
use serde_json::{Map, Number, Value};
use server::api::governance as decided;
use store::connectors::{Entry, Published};
use store::{Store, connectors};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::{Context, wiring};

macro_rules! shipped {
    ($($name:literal),+ $(,)?) => {
        &[$((concat!($name, ".toml"), include_str!(concat!("catalogue/", $name, ".toml")))),+]
    };
}

const SHIPPED: &[(&str, &str)] = shipped![
    "attio",
    "beancount",
    "boondmanager",
    "btcpay",
    "email",
    "firefly-iii",
    "ledgerline",
    "lexware-office",
    "pipedrive",
    "qonto",
    "quickbooks",
    "square",
    "stripe",
];

const KEYS: &[&str] = &[
    "service_id",
    "name",
    "provider",
    "authorization_flow",
    "supported_target_models",
    "status",
    "transport",
    "governance",
];

/// Brings the catalogue of the database in line with the files. What cannot be read is said before
/// anything is written.
pub(crate) async fn publish(context: &Context, store: &Store) -> Result<Published> {
    let entries = entries(context.config.catalogue_folder())?;
    connectors::publish(store, &store.operator(), &entries, wiring::now())
        .await
        .context("writing the catalogue of connectors")
}

fn entries(folder: Option<&Path>) -> Result<Vec<Entry>> {
    let mut entries = BTreeMap::new();
    for (name, text) in SHIPPED {
        let entry = entry(name, text)?;
        entries.insert(entry.service_id.clone(), entry);
    }
    let mut own = BTreeMap::new();
    for path in folder.map(files).transpose()?.unwrap_or_default() {
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let name = path.display().to_string();
        let entry = entry(&name, &text)?;
        if let Some(other) = own.insert(entry.service_id.clone(), name.clone()) {
            bail!("{name} and {other} are both the connector {}", entry.service_id);
        }
        entries.insert(entry.service_id.clone(), entry);
    }
    Ok(entries.into_values().collect())
}

/// The folder's `*.toml`, in the order of their names.
fn files(folder: &Path) -> Result<Vec<std::path::PathBuf>> {
    let reading = || format!("cannot read connectors.catalogue_folder {}", folder.display());
    let mut files = Vec::new();
    for each in std::fs::read_dir(folder).with_context(reading)? {
        let path = each.with_context(reading)?.path();
        if path.extension().is_some_and(|it| it == "toml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Governance alone, as `--governance FILE` takes it: TOML, or JSON by its name.
pub(crate) fn governance(path: &Path) -> Result<Governance> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let name = path.display().to_string();
    if path.extension().is_some_and(|it| it == "json") {
        let document = serde_json::from_str(&text).with_context(|| format!("{name} is no JSON"))?;
        return decided::read(&document).map_err(|fault| anyhow!("{name}: {fault}"));
    }
    let file = File::parse(&name, &text)?;
    decided::read(&file.document).map_err(|fault| file.fault(&fault.at, fault.says))
}

fn entry(name: &str, text: &str) -> Result<Entry> {
    let file = File::parse(name, text)?;
    let fields = file.document.as_object().cloned().unwrap_or_default();
    if let Some(unknown) = fields.keys().find(|it| !KEYS.contains(&it.as_str())) {
        let near = nearest(unknown, KEYS.iter().copied());
        let near = near.map(|it| format!("; did you mean `{it}`?")).unwrap_or_default();
        return Err(file.fault(unknown, format!("is no key of a connector{near}")));
    }
    let required =
        |key: &str| file.text(key)?.ok_or_else(|| file.fault("", format!("needs `{key}`")));
    let governance = match fields.get("governance") {
        None => Governance::default(),
        Some(document) => decided::read(document).map_err(|fault| {
            let at = if fault.at.is_empty() { String::new() } else { format!(".{}", fault.at) };
            file.fault(&format!("governance{at}"), fault.says)
        })?,
    };
    Ok(Entry {
        service_id: required("service_id")?,
        name: required("name")?,
        provider: file.text("provider")?,
        authorization_flow: file.word("authorization_flow")?.unwrap_or(AuthorizationFlow::None),
        supported_target_models: file.words("supported_target_models")?,
        status: file.word("status")?.unwrap_or(ConnectorStatus::Available),
        transport: file.transport()?,
        governance,
    })
}

/// A file as data, and where in it each key stands.
struct File<'a> {
    name: &'a str,
    text: &'a str,
    spans: Spanned<DeTable<'a>>,
    document: Value,
}

impl<'a> File<'a> {
    fn parse(name: &'a str, text: &'a str) -> Result<Self> {
        let spans = DeTable::parse(text).map_err(|error| {
            let line = line(text, error.span().map_or(0, |it| it.start));
            anyhow!("{name}:{line}: {}", error.message())
        })?;
        let table: toml::Table = text.parse().with_context(|| format!("{name} is not TOML"))?;
        let mut file = Self { name, text, spans, document: Value::Null };
        file.document = json(toml::Value::Table(table), "").map_err(|at| {
            file.fault(&at, "is no number that can be sent: JSON knows neither `inf` nor `nan`")
        })?;
        Ok(file)
    }

    /// File, line and key: `qonto.toml:12`, then what is wrong there.
    fn fault(&self, at: &str, says: impl Display) -> anyhow::Error {
        let start = place(self.spans.get_ref(), at).unwrap_or_default();
        let (name, line) = (self.name, line(self.text, start));
        if at.is_empty() {
            anyhow!("{name}: {says}")
        } else {
            anyhow!("{name}:{line}: `{at}` {says}")
        }
    }

    fn text(&self, key: &str) -> Result<Option<String>> {
        match self.document.get(key) {
            None => Ok(None),
            Some(Value::String(text)) if !text.trim().is_empty() => Ok(Some(text.clone())),
            Some(_) => Err(self.fault(key, "is not a text, or is empty")),
        }
    }

    fn word<T: FromStr<Err: Display>>(&self, key: &str) -> Result<Option<T>> {
        let word = self.text(key)?;
        word.map(|it| it.parse().map_err(|error| self.fault(key, error))).transpose()
    }

    fn words<T: FromStr<Err: Display>>(&self, key: &str) -> Result<Option<Vec<T>>> {
        let Some(value) = self.document.get(key) else { return Ok(None) };
        let items = value.as_array().ok_or_else(|| self.fault(key, "is not a list"))?;
        let word = |(n, it): (usize, &Value)| {
            let at = format!("{key}[{n}]");
            let word = it.as_str().ok_or_else(|| self.fault(&at, "is not a text"))?;
            word.parse().map_err(|error| self.fault(&at, error))
        };
        items.iter().enumerate().map(word).collect::<Result<_>>().map(Some)
    }

    /// As the configuration of an installation is written, without any credential.
    fn transport(&self) -> Result<Option<Value>> {
        let Some(value) = self.document.get("transport") else { return Ok(None) };
        let transport: Transport = serde_json::from_value(value.clone())
            .map_err(|error| self.fault("transport", format!("cannot be used: {error}")))?;
        match transport.secret_names().first() {
            Some(name) => Err(self.fault(
                "transport",
                format!("holds `{name}`: credentials belong to an installation"),
            )),
            None => Ok(Some(value.clone())),
        }
    }
}

/// Where the value of a dotted path begins.
fn place(table: &DeTable<'_>, at: &str) -> Option<usize> {
    // A key may hold dots itself, so the longest that fits is taken.
    let fits = |key: &str| {
        let rest = at.strip_prefix(key)?;
        (rest.is_empty() || rest.starts_with(['.', '['])).then_some(rest)
    };
    let found = table.iter().filter_map(|(key, value)| Some((key, value, fits(key.get_ref())?)));
    let (key, value, rest) = found.min_by_key(|(_, _, rest)| rest.len())?;
    Some(within(value, rest).unwrap_or(key.span().start))
}

fn within(value: &Spanned<DeValue<'_>>, rest: &str) -> Option<usize> {
    if let Some(rest) = rest.strip_prefix('.') {
        return place(value.get_ref().as_table()?, rest);
    }
    let (index, rest) = rest.strip_prefix('[')?.split_once(']')?;
    let item = value.get_ref().as_array()?.get(index.parse::<usize>().ok()?)?;
    Some(within(item, rest).unwrap_or(item.span().start))
}

fn line(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|it| *it == b'\n').count() + 1
}

/// # Errors
/// Where a number stands that JSON does not know: it would become null in silence.
fn json(value: toml::Value, at: &str) -> Result<Value, String> {
    Ok(match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => {
            Value::Number(Number::from_f64(number).ok_or_else(|| at.to_owned())?)
        }
        toml::Value::Boolean(truth) => Value::Bool(truth),
        toml::Value::Datetime(moment) => Value::String(moment.to_string()),
        toml::Value::Array(items) => {
            let each = items.into_iter().enumerate();
            each.map(|(n, it)| json(it, &format!("{at}[{n}]"))).collect::<Result<_, _>>()?
        }
        toml::Value::Table(fields) => {
            let each = fields.into_iter().map(|(key, value)| {
                let below = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
                Ok((key, json(value, &below)?))
            });
            Value::Object(each.collect::<Result<Map<_, _>, String>>()?)
        }
    })
}

#[cfg(test)]
mod tests;
