//! OAuth 2.1 as the protocol's authorization wants it: discovery, dynamic registration (RFC 7591),
//! the authorization code with PKCE (S256), `state` and a resource indicator (RFC 8707), refresh.
//!
//! Every request goes through [`web`]: checked and pinned addresses, small answers, no redirects.

pub(crate) mod challenge;
mod discovery;
mod web;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use reqwest::{RequestBuilder, Url};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

pub use discovery::discover;

use crate::Reach;

/// Characters of an error's description that are kept.
const SAID_MAX: usize = 300;

/// Each variant has a caller that acts differently on it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// We would not do it: the address policy, or a redirect.
    #[error("refused: {why}")]
    Refused { why: String },
    /// Another attempt may succeed.
    #[error("{what}")]
    Unreachable {
        what: String,
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// The server does not offer what it takes.
    #[error("the server cannot be authorized here: {what}")]
    Unsupported { what: String },
    /// The authorization server said no. `said` is its own word and may hold a secret.
    #[error("the authorization server refused: {code}")]
    Denied { code: String, said: String },
}

impl Error {
    fn of_reach(error: reach::Error) -> Self {
        match error {
            reach::Error::Refused { why } => Self::Refused { why },
            other @ (reach::Error::Unreachable { .. } | reach::Error::Timeout { .. }) => {
                Self::Unreachable { what: other.to_string(), source: Some(other.into()) }
            }
        }
    }
}

/// A text that is not shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hidden(String);

impl Hidden {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hidden(…)")
    }
}

/// An authorization server, and what it is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authority {
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub registration_endpoint: Option<String>,
    /// How a client may prove itself at the token endpoint; empty: not said.
    pub token_auth_methods: Vec<String>,
    /// It names itself in its answers (RFC 9207).
    pub names_issuer: bool,
    /// Asked for.
    pub scopes: Vec<String>,
    /// The server that the tokens are for.
    pub resource: String,
}

/// What we are to an authorization server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    pub client_id: String,
    pub client_secret: Option<Hidden>,
    pub redirect_uri: String,
}

/// Both together: enough to exchange a code or to refresh.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    pub authority: Authority,
    pub registration: Registration,
}

/// What was granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens {
    pub access: Hidden,
    pub refresh: Option<Hidden>,
    pub expires_in_s: Option<u64>,
    /// None: what was asked for.
    pub scopes: Option<Vec<String>>,
}

/// A PKCE verifier: 32 random bytes.
pub fn verifier() -> Hidden {
    let bytes: [u8; 32] = rand::random();
    Hidden(URL_SAFE_NO_PAD.encode(bytes))
}

/// Makes us known to an authorization server.
///
/// # Errors
/// [`Error::Unsupported`] when it takes no registrations; [`Error::Denied`] when it refuses this one.
pub async fn register(
    authority: Authority,
    redirect_uri: &str,
    reach: Reach,
) -> Result<Party, Error> {
    let Some(endpoint) = &authority.registration_endpoint else {
        let what = "its authorization server takes no dynamic registration".to_owned();
        return Err(Error::Unsupported { what });
    };
    let offers = |it: &str| authority.token_auth_methods.iter().any(|method| method == it);
    let method = match authority.token_auth_methods.is_empty() || offers("none") {
        true => "none",
        false if offers("client_secret_basic") => "client_secret_basic",
        false => "client_secret_post",
    };
    let about = json!({
        "client_name": "Wireline",
        "redirect_uris": [redirect_uri],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": method,
        "scope": authority.scopes.join(" "),
    });
    let answer = web::post(endpoint, reach, |request| {
        request.header("content-type", "application/json").body(about.to_string())
    });
    let answer = answer.await?;
    let id = answer.body.get("client_id").and_then(Value::as_str);
    let Some(client_id) = id.filter(|_| answer.is_success()) else { return Err(denied(&answer)) };
    let secret = answer.body.get("client_secret").and_then(Value::as_str);
    let registration = Registration {
        client_id: client_id.to_owned(),
        client_secret: secret.filter(|it| !it.is_empty()).map(Hidden::new),
        redirect_uri: redirect_uri.to_owned(),
    };
    Ok(Party { authority, registration })
}

impl Party {
    /// Where a person says yes.
    ///
    /// # Errors
    /// [`Error::Refused`] when the address is not usable.
    pub fn authorization_url(
        &self,
        state: &str,
        verifier: &Hidden,
        reach: Reach,
    ) -> Result<String, Error> {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.0.as_bytes()));
        let mut url: Url =
            reach.url(&self.authority.authorization_endpoint).map_err(Error::of_reach)?;
        let mut query = url.query_pairs_mut();
        query
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.registration.client_id)
            .append_pair("redirect_uri", &self.registration.redirect_uri)
            .append_pair("state", state)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256")
            .append_pair("resource", &self.authority.resource);
        if !self.authority.scopes.is_empty() {
            query.append_pair("scope", &self.authority.scopes.join(" "));
        }
        drop(query);
        Ok(url.into())
    }

    /// Whether an answer is from the server that was asked: one that names itself must do so, and one
    /// that is another is not believed.
    pub fn is_from(&self, issuer: Option<&str>) -> bool {
        issuer.map_or(!self.authority.names_issuer, |it| it == self.authority.issuer)
    }

    /// A code into tokens.
    ///
    /// # Errors
    /// [`Error::Denied`] when the code, the verifier or the client is not accepted.
    pub async fn exchange(
        &self,
        code: &str,
        verifier: &Hidden,
        reach: Reach,
    ) -> Result<Tokens, Error> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.registration.redirect_uri),
            ("code_verifier", &verifier.0),
        ];
        self.tokens(&form, reach).await
    }

    /// New tokens for old.
    ///
    /// # Errors
    /// [`Error::Denied`] when the refresh token is no longer good: only a person can help.
    pub async fn refresh(&self, refresh: &Hidden, reach: Reach) -> Result<Tokens, Error> {
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.0.as_str())];
        self.tokens(&form, reach).await
    }

    async fn tokens(&self, form: &[(&str, &str)], reach: Reach) -> Result<Tokens, Error> {
        let (authority, us) = (&self.authority, &self.registration);
        let takes = |it: &str| authority.token_auth_methods.iter().any(|method| method == it);
        let in_body = takes("client_secret_post") && !takes("client_secret_basic");
        let basic = us.client_secret.as_ref().filter(|_| !in_body);
        let in_body = us.client_secret.as_ref().filter(|_| in_body);
        let own = [
            Some(("resource", authority.resource.as_str())),
            basic.is_none().then_some(("client_id", us.client_id.as_str())),
            in_body.map(|it| ("client_secret", it.expose())),
        ];
        let body = encoded(form.iter().copied().chain(own.into_iter().flatten()));
        let answer = web::post(&authority.token_endpoint, reach, |request| {
            let request = match basic {
                Some(secret) => with_basic(request, &us.client_id, secret),
                None => request,
            };
            request.header("content-type", "application/x-www-form-urlencoded").body(body)
        });
        let answer = answer.await?;
        if answer.is_success() { granted(&answer.body) } else { Err(denied(&answer)) }
    }
}

fn encoded<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// Both parts are form-encoded first (RFC 6749, 2.3.1).
fn with_basic(request: RequestBuilder, id: &str, secret: &Hidden) -> RequestBuilder {
    let encoded =
        |text: &str| -> String { form_urlencoded::byte_serialize(text.as_bytes()).collect() };
    let pair = format!("{}:{}", encoded(id), encoded(secret.expose()));
    request.header("authorization", format!("Basic {}", STANDARD.encode(pair)))
}

fn granted(body: &Value) -> Result<Tokens, Error> {
    let text = |name: &str| body.get(name).and_then(Value::as_str).filter(|it| !it.is_empty());
    let what = "its token endpoint gave no bearer token".to_owned();
    let kind = text("token_type").unwrap_or("bearer");
    let access = text("access_token").filter(|_| kind.eq_ignore_ascii_case("bearer"));
    let access = access.filter(|it| http::HeaderValue::from_str(it).is_ok());
    let Some(access) = access else { return Err(Error::Unsupported { what }) };
    let expires = body.get("expires_in");
    let as_text = || expires.and_then(Value::as_str).and_then(|it| it.parse().ok());
    Ok(Tokens {
        access: Hidden::new(access),
        refresh: text("refresh_token").map(Hidden::new),
        expires_in_s: expires.and_then(Value::as_u64).or_else(as_text),
        scopes: text("scope").map(|it| it.split_whitespace().map(str::to_owned).collect()),
    })
}

/// The code is one of a few words; what else is in its place is not repeated.
fn denied(answer: &web::Answer) -> Error {
    let text = |name: &str| answer.body.get(name).and_then(Value::as_str).unwrap_or_default();
    let plain = |it: &str| {
        (1..=60).contains(&it.len()) && it.bytes().all(|it| it.is_ascii_lowercase() || it == b'_')
    };
    let code = match text("error") {
        code if plain(code) => code.to_owned(),
        _ => format!("http_{}", answer.status),
    };
    Error::Denied { code, said: text("error_description").chars().take(SAID_MAX).collect() }
}
