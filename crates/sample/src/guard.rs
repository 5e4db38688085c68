//! A sample behind OAuth: the same server with an authorization server beside it, at one address.
//!
//! Whoever comes to `/authorize` consents at once. Tokens are numbered, not random: this guards data
//! that is made up.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::serve::{Error, routes, serve};
use crate::{Fault, Sample};

/// What goes wrong with authorization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lapse {
    /// Nobody may register.
    RegistrationRefused,
    /// The answer carries another state than was sent.
    WrongState,
    /// The answer says that it is from another server.
    WrongIssuer,
    /// Refresh tokens are no longer good.
    RefreshRefused,
    /// The token endpoint is down.
    TokenDown,
    /// A call needs a scope that nobody is granted.
    InsufficientScope,
    /// The metadata offers no PKCE.
    NoPkce,
}

impl Lapse {
    pub const ALL: [Self; 7] = [
        Self::RegistrationRefused,
        Self::WrongState,
        Self::WrongIssuer,
        Self::RefreshRefused,
        Self::TokenDown,
        Self::InsufficientScope,
        Self::NoPkce,
    ];

    /// The name on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RegistrationRefused => "registration_refused",
            Self::WrongState => "wrong_state",
            Self::WrongIssuer => "wrong_issuer",
            Self::RefreshRefused => "refresh_refused",
            Self::TokenDown => "token_down",
            Self::InsufficientScope => "insufficient_scope",
            Self::NoPkce => "no_pkce",
        }
    }
}

/// No lapse has this name.
#[derive(Debug, thiserror::Error)]
#[error("no lapse {0:?}; the names are {names}", names = Lapse::ALL.map(Lapse::as_str).join(", "))]
pub struct UnknownLapse(String);

impl FromStr for Lapse {
    type Err = UnknownLapse;

    fn from_str(text: &str) -> Result<Self, UnknownLapse> {
        let found = Self::ALL.into_iter().find(|it| it.as_str() == text);
        found.ok_or_else(|| UnknownLapse(text.to_owned()))
    }
}

impl fmt::Display for Lapse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The authorization server; clones are the same one.
#[derive(Debug, Clone)]
pub struct Guard(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    seed: String,
    lapses: HashSet<Lapse>,
    made: u64,
    /// Client → its redirect address.
    clients: HashMap<String, String>,
    codes: HashMap<String, Asked>,
    access: HashSet<String>,
    refresh: HashSet<String>,
    renewed: u64,
}

/// What a code was given for.
#[derive(Debug)]
struct Asked {
    client: String,
    redirect: String,
    challenge: String,
    resource: String,
}

const SCOPE: &str = "records:read";

impl Guard {
    /// `seed`: what every secret that is given out begins with.
    pub fn new(seed: &str) -> Self {
        Self(Arc::new(Mutex::new(Inner { seed: seed.to_owned(), ..Inner::default() })))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn begin(&self, lapse: Lapse) {
        self.inner().lapses.insert(lapse);
    }

    pub fn end(&self, lapse: Lapse) {
        self.inner().lapses.remove(&lapse);
    }

    /// Every access token given so far is no longer good.
    pub fn expire(&self) {
        self.inner().access.clear();
    }

    /// How often a token was renewed.
    pub fn renewed(&self) -> u64 {
        self.inner().renewed
    }
}

impl Inner {
    fn next(&mut self, kind: &str) -> String {
        self.made += 1;
        format!("{}-{kind}-{}", self.seed, self.made)
    }

    fn tokens(&mut self) -> Value {
        let (access, refresh) = (self.next("access"), self.next("refresh"));
        self.access.insert(access.clone());
        self.refresh.insert(refresh.clone());
        json!({
            "access_token": access, "token_type": "Bearer", "expires_in": 3600,
            "refresh_token": refresh, "scope": SCOPE,
        })
    }
}

/// Serves at `/mcp`, for whoever holds a token, until `shutdown`.
///
/// # Errors
/// [`Error::Http`] when the listener fails.
pub async fn serve_guarded(
    sample: Sample,
    faults: Vec<Fault>,
    guard: Guard,
    (listener, shutdown): (TcpListener, CancellationToken),
) -> Result<(), Error> {
    let known = "/.well-known/oauth-protected-resource";
    let router = routes(sample, faults, &shutdown)
        .layer(from_fn_with_state(guard.clone(), guarded))
        .route(known, get(resource))
        .route(&format!("{known}/mcp"), get(resource))
        .route("/.well-known/oauth-authorization-server", get(metadata))
        .route("/register", post(register))
        .route("/authorize", get(authorize))
        .route("/token", post(token))
        .with_state(guard);
    serve(router, listener, shutdown).await
}

fn base(headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|it| it.to_str().ok());
    format!("http://{}", host.unwrap_or("localhost"))
}

async fn guarded(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let metadata = format!("{}/.well-known/oauth-protected-resource/mcp", base(request.headers()));
    let given = request.headers().get(header::AUTHORIZATION).and_then(|it| it.to_str().ok());
    let token = given.and_then(|it| it.strip_prefix("Bearer ")).unwrap_or_default();
    let (is_good, is_narrow) = {
        let inner = guard.inner();
        (inner.access.contains(token), inner.lapses.contains(&Lapse::InsufficientScope))
    };
    let refuse = |status: StatusCode, error: &str, scope: &str| {
        let challenge = format!(
            r#"Bearer error="{error}", scope="{scope}", resource_metadata="{metadata}", error_description="for {token}""#
        );
        (status, [(header::WWW_AUTHENTICATE, challenge)]).into_response()
    };
    match (is_good, is_narrow) {
        (false, _) => refuse(StatusCode::UNAUTHORIZED, "invalid_token", SCOPE),
        (true, true) => refuse(StatusCode::FORBIDDEN, "insufficient_scope", "records:all"),
        (true, false) => next.run(request).await,
    }
}

async fn resource(headers: HeaderMap) -> axum::Json<Value> {
    let base = base(&headers);
    axum::Json(json!({
        "resource": format!("{base}/mcp"),
        "authorization_servers": [base],
        "scopes_supported": [SCOPE],
    }))
}

async fn metadata(State(guard): State<Guard>, headers: HeaderMap) -> axum::Json<Value> {
    let base = base(&headers);
    let no_pkce = guard.inner().lapses.contains(&Lapse::NoPkce);
    axum::Json(json!({
        "issuer": base,
        "authorization_endpoint": format!("{base}/authorize"),
        "token_endpoint": format!("{base}/token"),
        "registration_endpoint": format!("{base}/register"),
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": if no_pkce { json!(["plain"]) } else { json!(["S256"]) },
        "token_endpoint_auth_methods_supported": ["none"],
        "authorization_response_iss_parameter_supported": true,
    }))
}

fn error(code: &str, said: String) -> Response {
    let body = json!({ "error": code, "error_description": said });
    (StatusCode::BAD_REQUEST, axum::Json(body)).into_response()
}

async fn register(State(guard): State<Guard>, body: Bytes) -> Response {
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    let mut inner = guard.inner();
    let redirect = asked.pointer("/redirect_uris/0").and_then(Value::as_str);
    let Some(redirect) = redirect.filter(|_| !inner.lapses.contains(&Lapse::RegistrationRefused))
    else {
        return error("invalid_client_metadata", "clients are not taken here".to_owned());
    };
    // Not a secret.
    inner.made += 1;
    let id = format!("client-{}", inner.made);
    inner.clients.insert(id.clone(), redirect.to_owned());
    (StatusCode::CREATED, axum::Json(json!({ "client_id": id }))).into_response()
}

async fn authorize(
    State(guard): State<Guard>,
    headers: HeaderMap,
    Query(asked): Query<HashMap<String, String>>,
) -> Response {
    let of = |name: &str| asked.get(name).cloned().unwrap_or_default();
    let mut inner = guard.inner();
    let (client, redirect) = (of("client_id"), of("redirect_uri"));
    let is_known = inner.clients.get(&client) == Some(&redirect);
    let is_sound = of("response_type") == "code"
        && of("code_challenge_method") == "S256"
        && !of("state").is_empty()
        && !of("resource").is_empty();
    if !is_known || !is_sound {
        return error("invalid_request", "this is not how to ask".to_owned());
    }
    let code = inner.next("code");
    let asked = Asked {
        client,
        redirect: redirect.clone(),
        challenge: of("code_challenge"),
        resource: of("resource"),
    };
    inner.codes.insert(code.clone(), asked);
    let state = match inner.lapses.contains(&Lapse::WrongState) {
        true => "another".to_owned(),
        false => of("state"),
    };
    let issuer = match inner.lapses.contains(&Lapse::WrongIssuer) {
        true => "https://other.example".to_owned(),
        false => base(&headers),
    };
    let answer = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("code", code), ("state", state), ("iss", issuer)])
        .finish();
    (StatusCode::FOUND, [(header::LOCATION, format!("{redirect}?{answer}"))]).into_response()
}

async fn token(State(guard): State<Guard>, body: Bytes) -> Response {
    let form: HashMap<String, String> = form_urlencoded::parse(&body).into_owned().collect();
    let of = |name: &str| form.get(name).cloned().unwrap_or_default();
    let mut inner = guard.inner();
    if inner.lapses.contains(&Lapse::TokenDown) {
        return StatusCode::BAD_GATEWAY.into_response();
    }
    match of("grant_type").as_str() {
        "authorization_code" => {
            let Some(asked) = inner.codes.remove(&of("code")) else {
                return error("invalid_grant", format!("no code {}", of("code")));
            };
            let proof = URL_SAFE_NO_PAD.encode(Sha256::digest(of("code_verifier").as_bytes()));
            let is_right = asked.challenge == proof
                && asked.client == of("client_id")
                && asked.redirect == of("redirect_uri")
                && asked.resource == of("resource");
            if !is_right {
                return error("invalid_grant", "the code is another's".to_owned());
            }
            axum::Json(inner.tokens()).into_response()
        }
        "refresh_token" => {
            let given = of("refresh_token");
            let is_refused = inner.lapses.contains(&Lapse::RefreshRefused);
            // For one use only: a second use is a theft, and ends everything.
            if is_refused || !inner.refresh.remove(&given) {
                inner.access.clear();
                inner.refresh.clear();
                return error("invalid_grant", format!("refresh_token {given} is not good"));
            }
            inner.renewed += 1;
            axum::Json(inner.tokens()).into_response()
        }
        other => error("unsupported_grant_type", format!("not {other}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_lapse_has_its_name() {
        for lapse in Lapse::ALL {
            assert_eq!(lapse.as_str().parse::<Lapse>().expect("a lapse"), lapse);
        }
        assert!("other".parse::<Lapse>().is_err_and(|it| it.to_string().contains("wrong_state")));
    }
}
