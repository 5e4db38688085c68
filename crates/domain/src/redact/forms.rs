//! What of a configuration is secret, and in which disguises a server may repeat it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::{is_random, is_secret_name};
use crate::connector::Transport;

/// Shorter values are no secrets and would blank innocent text.
const SHORTEST: usize = 4;
/// From here on a value is also looked for encoded: shorter ones would turn up by chance.
const SHORTEST_ENCODED: usize = 6;
/// Base64 digits that must remain of a value between neighbours that are not known.
const SHORTEST_BASE64: usize = 7;

/// Everything of a configuration that must not be shown, as it was written.
pub(super) fn of_transport(transport: &Transport) -> Vec<String> {
    let mut found: Vec<String> = transport.secrets().map(|it| it.expose().to_owned()).collect();
    match transport {
        Transport::Http { url, .. } => of_url(url, &mut found),
        Transport::Stdio { args, .. } => of_arguments(args, &mut found),
    }
    found
}

/// Credentials, query and key-like parts of the path of an address.
fn of_url(url: &str, found: &mut Vec<String>) {
    let Some((_, rest)) = url.split_once("://") else { return };
    let (place, query) = rest.split_once(['?', '#']).unwrap_or((rest, ""));
    let (authority, path) = place.split_once('/').unwrap_or((place, ""));
    if let Some((user, _)) = authority.rsplit_once('@') {
        found.push(user.to_owned());
        found.extend(user.split(':').map(str::to_owned));
    }
    found.extend(path.split('/').filter(|it| is_key_like(it)).map(str::to_owned));
    for pair in query.split(['&', '#']) {
        found.push(pair.split_once('=').map_or(pair, |(_, value)| value).to_owned());
    }
}

/// `--token X`, `--token=X`, `TOKEN=X`, addresses with credentials, and whatever looks like a key.
fn of_arguments(args: &[String], found: &mut Vec<String>) {
    let mut follows_secret = false;
    for argument in args {
        let is_flag = argument.starts_with('-');
        if follows_secret && !is_flag {
            found.push(argument.clone());
        }
        let named = argument.split_once('=').filter(|(name, _)| is_plain_name(name));
        let value = named.map_or(argument.as_str(), |(_, value)| value);
        if named.is_some_and(|(name, _)| is_secret_flag(name)) || is_key_like(value) {
            found.push(value.to_owned());
        }
        of_url(value, found);
        follows_secret = is_flag && named.is_none() && is_secret_flag(argument);
    }
}

fn is_plain_name(name: &str) -> bool {
    name.chars().all(|it| it.is_ascii_alphanumeric() || "_-.".contains(it))
}

/// On a command line a plain `--key` or `--auth` is one, too.
fn is_secret_flag(name: &str) -> bool {
    let name = name.trim_start_matches('-').to_ascii_lowercase();
    is_secret_name(&name) || name.ends_with("key") || name.ends_with("auth")
}

/// Letters and digits mixed as in a key: no path, no version, no name.
pub(crate) fn is_key_like(word: &str) -> bool {
    let plain = |it: char| it.is_ascii_alphanumeric() || "_-+.~=".contains(it);
    let digits = word.chars().filter(char::is_ascii_digit).count();
    let letters = word.chars().filter(char::is_ascii_alphabetic).count();
    word.len() >= 16
        && word.chars().all(plain)
        && (is_random(word) || (digits >= 4 && letters >= 4))
}

/// A value in every form in which it may come back, ordered so that a credential inside another
/// leaves no tail.
pub(super) fn of_values<'a>(values: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut plain: Vec<String> = Vec::new();
    for value in values {
        let value = value.trim();
        plain.push(value.to_owned());
        plain.push(percent_decoded(value));
        // `Bearer X`, `Basic X`: the word after the scheme is the credential.
        if let Some((_, credential)) = value.split_once(' ') {
            let credential = credential.trim();
            plain.push(credential.to_owned());
            let pair = base64_decoded(credential).and_then(|it| String::from_utf8(it).ok());
            if let Some((user, password)) = pair.as_deref().and_then(|it| it.split_once(':')) {
                plain.extend([format!("{user}:{password}"), password.to_owned()]);
            }
        }
    }
    plain.retain(|it| it.chars().count() >= SHORTEST);
    let mut forms: Vec<String> = plain.iter().flat_map(|it| disguises(it)).collect();
    forms.append(&mut plain);
    order(&mut forms);
    forms
}

/// The longest first, each once.
pub(super) fn order(forms: &mut Vec<String>) {
    forms.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    forms.dedup();
}

fn disguises(value: &str) -> Vec<String> {
    if value.chars().count() < SHORTEST_ENCODED {
        return Vec::new();
    }
    let percent = percent_encoded(value);
    let hex = crate::hex(value.as_bytes());
    let json = serde_json::Value::from(value).to_string();
    let mut forms = vec![
        percent.to_ascii_lowercase(),
        percent.replace("%20", "+"),
        // A second round, as in a URL inside a query.
        percent_encoded(&percent),
        percent,
        hex.to_ascii_uppercase(),
        hex,
        json.trim_matches('"').to_owned(),
        value
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;"),
    ];
    forms.retain(|it| it != value);
    forms.extend(base64_forms(value.as_bytes()));
    forms
}

/// The digits that stand for the value wherever it lies in what was encoded: three alignments, two
/// alphabets. The digits at either end depend on the neighbours and are left out.
fn base64_forms(value: &[u8]) -> Vec<String> {
    let mut forms = Vec::new();
    for before in 0..3 {
        let padded: Vec<u8> = std::iter::repeat_n(0, before).chain(value.iter().copied()).collect();
        let digits = STANDARD_NO_PAD.encode(&padded);
        let from = (before * 8).div_ceil(6);
        let to = padded.len() * 8 / 6;
        if let Some(core) = digits.get(from..to).filter(|it| it.len() >= SHORTEST_BASE64) {
            forms.push(core.replace('+', "-").replace('/', "_"));
            forms.push(core.to_owned());
        }
    }
    forms
}

/// Lenient about padding and alphabet: headers are written by hand.
fn base64_decoded(text: &str) -> Option<Vec<u8>> {
    let plain = text.trim_end_matches('=').replace('-', "+").replace('_', "/");
    STANDARD_NO_PAD.decode(plain).ok()
}

pub(super) fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push_str(&crate::hex(&[byte]).to_ascii_uppercase());
        }
    }
    encoded
}

fn percent_decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        match part.get(..2).and_then(|it| u8::from_str_radix(it, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                bytes.extend(part.bytes().skip(2));
            }
            None => {
                bytes.push(b'%');
                bytes.extend(part.bytes());
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_not_text| text.to_owned())
}
