//! The canaries, and every form in which one could be found.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// A credential that encodings change: `+`, `/`, `=` and `&` are in it.
pub(crate) fn canary(name: &str) -> String {
    format!("kite+{name}/9Zq=7&vw")
}

/// Where each canary is planted; the name is in the canary, so that a find says where it came from.
pub(crate) const PLANTED: &[&str] = &[
    "header",
    "basic",
    "query",
    "userinfo",
    "env",
    "arg",
    "argeq",
    "connname",
    "instname",
    "described",
    "iserror",
    "httpbody",
    "stderr",
    "rpcerror",
    "challenge",
    "sentence",
    "object",
    "prose",
    "rejected",
    "detail",
    "context",
    "batched",
    "servername",
    "oauth",
];

/// Each form, with the name of what it stands for.
pub(crate) fn needles() -> Vec<(String, String)> {
    let mut all = Vec::new();
    for name in PLANTED {
        let secret = canary(name);
        let percent: String = secret.bytes().fold(String::new(), |mut text, byte| {
            if byte.is_ascii_alphanumeric() {
                text.push(char::from(byte));
            } else {
                write!(text, "%{byte:02X}").expect("written");
            }
            text
        });
        let hex =
            |text: &str| text.bytes().fold(String::new(), |all, byte| all + &format!("{byte:02x}"));
        let mut forms = vec![
            hex(&secret),
            hex(&secret).to_uppercase(),
            percent.to_lowercase(),
            percent,
            secret.replace('/', "\\/"),
            secret.replace('&', "&amp;"),
            secret.replace('&', "\\u0026"),
        ];
        for before in 0..3 {
            let padded = format!("{}{secret}", "\0".repeat(before));
            for digits in [STANDARD_NO_PAD.encode(&padded), URL_SAFE_NO_PAD.encode(&padded)] {
                let core = digits.get((before * 8).div_ceil(6)..padded.len() * 8 / 6);
                forms.push(core.expect("within").to_owned());
            }
        }
        // A head or a tail of it is a leak too: texts are cut.
        forms.push(format!("kite+{name}"));
        forms.push(format!("{name}/9Zq=7"));
        all.extend(forms.into_iter().map(|it| (it, (*name).to_owned())));
    }
    all
}

/// Everything found, with some text around it.
pub(crate) fn found(place: &str, bytes: &[u8], needles: &[(String, String)]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let around = |at: usize| -> String {
        let start = text.char_indices().map(|it| it.0).rfind(|it| *it + 60 <= at).unwrap_or(0);
        text.get(start..).unwrap_or_default().chars().take(160).collect()
    };
    needles
        .iter()
        .filter_map(|(needle, name)| {
            let at = text.find(needle.as_str())?;
            Some(format!("{name} in {place} as `{needle}`: …{}…", around(at).escape_debug()))
        })
        .collect()
}
