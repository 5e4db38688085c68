//! How an installation is reached, as it comes in: `config` of a workspace connector. Credentials go
//! in, sealed by the store, and never come out.

use std::collections::BTreeMap;

use axum::http::{HeaderName, HeaderValue, Uri};
use domain::connector::{Secret, Transport, plain_address};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::code::Code;
use crate::jsonapi::input::{self, Faults, Members};

const URL_MAX: usize = 2_000;
/// Most headers, arguments or variables, and the longest of them.
const PARTS_MAX: usize = 50;
const PART_MAX: usize = 8_000;

domain::words! {
    Kind, "transport" { Http = "http", Stdio = "stdio" }
}

/// Reads `config`. A command is somebody else's program on this machine: only where that is allowed.
pub(crate) fn config(
    config: &Map<String, Value>,
    at: String,
    allows_stdio: bool,
    faults: &mut Faults,
) -> Option<Transport> {
    let mut members = Members::new(config, at);
    let transport = match members.required("transport", faults, input::word::<Kind>)? {
        Kind::Http => http(&mut members, faults),
        Kind::Stdio if !allows_stdio => {
            let detail = "commands are not started for the API here; use `http`, or \
                          `wireline sync --server` on the machine itself";
            faults.add(Code::InvalidMember, members.pointer("transport"), detail);
            return None;
        }
        Kind::Stdio => stdio(&mut members, faults),
    };
    members.finish(faults);
    transport
}

/// A default transport of the catalogue: `{ "transport": "http", "url": … }`, without credentials.
pub(crate) fn address(
    given: &Map<String, Value>,
    at: String,
    faults: &mut Faults,
) -> Option<String> {
    let mut members = Members::new(given, at);
    let kind = members.required("transport", faults, input::word::<Kind>);
    let address = members.required("url", faults, url);
    if kind == Some(Kind::Stdio) {
        let detail = "the catalogue of a workspace holds addresses alone; use `http`";
        faults.add(Code::InvalidMember, members.pointer("transport"), detail);
    }
    members.finish(faults);
    address
}

/// Names a connector by its address: the host for people, and a digest of the whole.
pub fn slug(address: &str) -> String {
    let plain = plain_address(address);
    let host = plain.split("://").nth(1).and_then(|it| it.split('/').next()).unwrap_or_default();
    let fit = |it: char| if it.is_ascii_alphanumeric() || it == '.' { it } else { '-' };
    let host: String = host.chars().take(60).map(fit).collect();
    // Of `[::1]` too: a name that begins with a dash reads like an option.
    let host = Some(host.trim_start_matches('-')).filter(|it| !it.is_empty()).unwrap_or("server");
    let digest = Sha256::digest(plain.as_bytes());
    let digest = digest.get(..4).map(domain::hex).unwrap_or_default();
    format!("{host}-{digest}")
}

/// Whether a connector can be added under this address.
///
/// # Errors
/// What is wrong with it, to be said after its name.
pub fn check(address: &str) -> Result<(), String> {
    url(&Value::from(address)).map(drop)
}

fn http(members: &mut Members<'_>, faults: &mut Faults) -> Option<Transport> {
    let url = members.required("url", faults, url);
    let headers = members.optional("headers", faults, |it| {
        secrets(it, |name, value| {
            name.parse::<HeaderName>().is_ok() && HeaderValue::from_str(value).is_ok()
        })
    });
    Some(Transport::Http { url: url?, headers: headers.unwrap_or_default() })
}

fn stdio(members: &mut Members<'_>, faults: &mut Faults) -> Option<Transport> {
    let command = members.required("command", faults, input::sized_text(1, PART_MAX));
    let args = members.optional("args", faults, |it| {
        let items = it.as_array().filter(|it| it.len() <= PARTS_MAX);
        let items =
            items.ok_or_else(|| format!("must be an array of at most {PARTS_MAX} strings"))?;
        items.iter().map(input::sized_text(0, PART_MAX)).collect::<Result<Vec<_>, _>>()
    });
    let env = members.optional("env", faults, |it| {
        secrets(it, |name, value| {
            !name.is_empty() && !name.contains(['=', '\0']) && !value.contains('\0')
        })
    });
    let (args, env) = (args.unwrap_or_default(), env.unwrap_or_default());
    Some(Transport::Stdio { command: command?, args, env })
}

fn url(value: &Value) -> Result<String, String> {
    let text = input::text(value)?.trim();
    let uri: Option<Uri> = text.parse().ok().filter(|_| text.len() <= URL_MAX);
    let uri = uri.ok_or_else(|| "is no address".to_owned())?;
    match (uri.scheme_str(), uri.authority()) {
        (Some("http" | "https"), Some(authority)) if !authority.host().is_empty() => {
            if authority.as_str().contains('@') {
                return Err("holds credentials; give them as `headers`".to_owned());
            }
            Ok(text.to_owned())
        }
        _ => Err("must begin with https:// or http://".to_owned()),
    }
}

fn secrets(
    value: &Value,
    is_sound: impl Fn(&str, &str) -> bool,
) -> Result<BTreeMap<String, Secret>, String> {
    let members = input::object(value)?;
    if members.len() > PARTS_MAX {
        return Err(format!("has more than {PARTS_MAX} members"));
    }
    let each = members.iter().map(|(name, value)| match value.as_str() {
        Some(text) if text.len() <= PART_MAX && is_sound(name, text) => {
            Ok((name.clone(), Secret::new(text)))
        }
        // The name alone: the value is a credential.
        _ => Err(format!(
            "has an unusable name or value at `{}`",
            domain::diagnostic::shorten(name, 60)
        )),
    });
    each.collect()
}
