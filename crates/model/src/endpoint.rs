//! A language model, and where it is asked.

use std::time::Duration;

use domain::connector::Secret;
use reqwest::redirect::Policy;
use reqwest::{Client, Url};

/// One model behind one address: a seat of a jury.
#[derive(Debug, Clone)]
pub struct Endpoint {
    pub(crate) client: Client,
    /// Of the API, without `/chat/completions`.
    url: Url,
    pub(crate) model: String,
    key: Option<Secret>,
    pub(crate) limits: Limits,
    pub(crate) prices: Prices,
}

/// What one question may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From the question to the end of the answer, a second try included.
    pub time: Duration,
    pub answer_bytes: usize,
    pub answer_tokens: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { time: Duration::from_mins(1), answer_bytes: 256 * 1024, answer_tokens: 8_000 }
    }
}

/// Of a million tokens, in millionths of a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Prices {
    pub question_micros: u64,
    pub answer_micros: u64,
}

/// Why a text names no endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAnEndpoint {
    #[error("it is written openai:MODEL@URL, for example openai:small@http://127.0.0.1:11434/v1")]
    Form,
    #[error("its address does not begin with https:// or http://")]
    Scheme,
    #[error("its address holds credentials or a query; a key is set apart, by host")]
    Credentials,
    #[error("no HTTP client can be made")]
    Client,
}

impl Endpoint {
    /// `openai:MODEL@URL`. Whoever runs Wireline names it, so any address will do, also of this
    /// machine or network.
    ///
    /// # Errors
    /// The text is something else.
    pub fn parse(text: &str) -> Result<Self, NotAnEndpoint> {
        let rest = text.trim().strip_prefix("openai:").ok_or(NotAnEndpoint::Form)?;
        // A model may have the mark in its name, and so may an address that is refused below.
        let at = ["@https://", "@http://"].iter().filter_map(|it| rest.rfind(it)).max();
        let Some((model, url)) = at.and_then(|at| rest.split_at_checked(at)) else {
            let is_other = rest.contains("://");
            return Err(if is_other { NotAnEndpoint::Scheme } else { NotAnEndpoint::Form });
        };
        let url = url.trim_start_matches('@');
        let url: Url = url.parse().map_err(|_unreadable| NotAnEndpoint::Form)?;
        if model.is_empty() || model.contains(char::is_whitespace) || url.host_str().is_none() {
            return Err(NotAnEndpoint::Form);
        }
        let has_more = url.query().is_some() || url.fragment().is_some();
        if has_more || !url.username().is_empty() || url.password().is_some() {
            return Err(NotAnEndpoint::Credentials);
        }
        Ok(Self {
            client: client().ok_or(NotAnEndpoint::Client)?,
            url,
            model: model.to_owned(),
            key: None,
            limits: Limits::default(),
            prices: Prices::default(),
        })
    }

    /// The key goes to the host of this endpoint and nowhere else.
    #[must_use]
    pub fn with_key(self, key: Option<Secret>) -> Self {
        Self { key: key.filter(|it| !it.expose().is_empty()), ..self }
    }

    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    #[must_use]
    pub fn with_prices(self, prices: Prices) -> Self {
        Self { prices, ..self }
    }

    /// The name of its seat: what it was parsed from.
    pub fn seat(&self) -> String {
        format!("openai:{}@{}", self.model, self.base())
    }

    /// `api.example.org`, or `127.0.0.1:11434`.
    pub fn host(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        self.url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    pub fn key(&self) -> Option<&Secret> {
        self.key.as_ref()
    }

    pub(crate) fn address(&self) -> String {
        format!("{}/chat/completions", self.base())
    }

    fn base(&self) -> &str {
        self.url.as_str().trim_end_matches('/')
    }
}

/// No redirect is followed and no proxy used: the key is for one host.
fn client() -> Option<Client> {
    reach::install_crypto();
    let client = Client::builder().redirect(Policy::none()).no_proxy().pool_max_idle_per_host(0);
    client.build().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<(&str, &str), NotAnEndpoint>) {
        let found = Endpoint::parse(text).map(|it| (it.seat(), it.host()));
        let expected = expected.map(|(seat, host)| (seat.to_owned(), host.to_owned()));
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn an_endpoint_is_a_model_at_an_address() {
        let local = "openai:small@http://127.0.0.1:11434/v1";
        check(local, Ok((local, "127.0.0.1:11434")));
        check(
            "openai:@org/large@https://api.example.org/v1/",
            Ok(("openai:@org/large@https://api.example.org/v1", "api.example.org")),
        );
    }

    #[test]
    fn what_is_no_endpoint_says_how_one_is_written() {
        check("small@http://127.0.0.1/v1", Err(NotAnEndpoint::Form));
        check("openai:small", Err(NotAnEndpoint::Form));
        check("openai:@http://127.0.0.1/v1", Err(NotAnEndpoint::Form));
        check("openai:small@ftp://127.0.0.1/v1", Err(NotAnEndpoint::Scheme));
    }

    #[test]
    fn credentials_have_no_place_in_an_address() {
        check("openai:small@https://me:key@example.org/v1", Err(NotAnEndpoint::Credentials));
        check("openai:small@https://example.org/v1?key=x", Err(NotAnEndpoint::Credentials));
    }

    #[test]
    fn a_key_is_never_shown() {
        let key = Some(Secret::new("k3y-0f-the-m0del"));
        let it = Endpoint::parse("openai:small@http://127.0.0.1:9/v1").unwrap().with_key(key);
        assert!(!format!("{it:?}").contains("k3y"));
    }
}
