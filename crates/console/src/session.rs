//! Who is at the other end: the cookie of a session becomes a [`Person`], and with it the tenant.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Uri, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use domain::connector::Role;
use server::pages::RequestId;
use server::{App, Code, Problem};
use store::Tenant;
use store::sessions::{self, Session};

use crate::answer;
use crate::view::link;

pub(crate) const COOKIE: &str = "wireline_session";
pub(crate) const THEME: &str = "wireline_theme";

/// What the look of a page depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Theme {
    /// As the system has it.
    System,
    Light,
    Dark,
}

impl Theme {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        match cookie(headers, THEME) {
            Some("dark") => Self::Dark,
            Some("light") => Self::Light,
            Some(_) | None => Self::System,
        }
    }
}

/// Somebody who is signed in, and what they ask for.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) session: Session,
    /// Sealed, as the browser has it: a stream proves it again.
    pub(crate) cookie: String,
    pub(crate) theme: Theme,
    pub(crate) uri: Uri,
    /// The page that they are on: what was posted has none, and leads back to the one above it.
    pub(crate) here: String,
    pub(crate) now: DateTime<Utc>,
    pub(crate) request_id: String,
}

impl Person {
    pub(crate) fn tenant(&self) -> &Tenant {
        &self.session.tenant
    }

    pub(crate) fn may(&self, role: Role) -> bool {
        self.tenant().role() >= role
    }

    /// Refused unless the key's role is at least this.
    pub(crate) fn needs(&self, role: Role) -> Result<(), Problem> {
        if self.may(role) {
            return Ok(());
        }
        let has = self.tenant().role();
        let detail = format!("this needs a key with the role `{role}`; yours has `{has}`");
        Err(Problem::new(Code::Forbidden, detail))
    }
}

/// Nobody is let in: sent to the door, or told why not.
#[derive(Debug)]
pub(crate) enum Refused {
    /// To sign in first, and come back to this address.
    SignIn(String),
    Problem(Problem),
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<store::Error> for Refused {
    fn from(error: store::Error) -> Self {
        Self::Problem(error.into())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Self::SignIn(back) => answer::see(&link::to("/sign-in", &[("back", &back)])),
            Self::Problem(problem) => problem.into_response(),
        }
    }
}

impl FromRequestParts<App> for Person {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refused> {
        let now = app.now();
        let Some(cookie) = cookie(&parts.headers, COOKIE) else { return Err(to_the_door(parts)) };
        let session = match sessions::resume(app.store(), cookie, now).await {
            Err(store::Error::NotFound(_)) => return Err(to_the_door(parts)),
            session => session?,
        };
        app.take_rate(&session.tenant)?;
        let id = parts.extensions.get::<RequestId>().map(|it| it.0.to_string());
        Ok(Self {
            session,
            cookie: cookie.to_owned(),
            theme: Theme::of(&parts.headers),
            uri: parts.uri.clone(),
            here: here(parts),
            now,
            request_id: id.unwrap_or_default(),
        })
    }
}

/// Somebody who is signed in with an admin's key.
#[derive(Debug)]
pub(crate) struct Administrator(pub(crate) Person);

impl FromRequestParts<App> for Administrator {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refused> {
        let person = Person::from_request_parts(parts, app).await?;
        person.needs(Role::Admin)?;
        Ok(Self(person))
    }
}

/// Somebody who may be signed in: a page that is open to all keeps its rail for those who are.
#[derive(Debug)]
pub(crate) struct Anybody(pub(crate) Result<Box<Person>, Theme>);

impl FromRequestParts<App> for Anybody {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        match Person::from_request_parts(parts, app).await {
            Ok(person) => Ok(Self(Ok(Box::new(person)))),
            Err(Refused::SignIn(_)) => Ok(Self(Err(Theme::of(&parts.headers)))),
            Err(Refused::Problem(problem)) => Err(problem),
        }
    }
}

fn here(parts: &Parts) -> String {
    let asked = parts.uri.path_and_query().map_or("/", |it| it.as_str());
    let above = || parts.uri.path().rsplit_once('/').map_or("/", |it| it.0);
    if parts.method == Method::GET { asked } else { above() }.to_owned()
}

/// A page is come back to; what was posted is not posted again.
fn to_the_door(parts: &Parts) -> Refused {
    let asked = parts.uri.path_and_query().map_or("/", |it| it.as_str());
    let takes_page = parts.method == Method::GET && !asked.contains("/live");
    Refused::SignIn(if takes_page { asked.to_owned() } else { "/".to_owned() })
}

/// Of several with one name the first: the one with the longest path.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|it| it.to_str().ok());
    let pairs = all.flat_map(|it| it.split(';')).filter_map(|it| it.trim().split_once('='));
    pairs.into_iter().find(|it| it.0 == name).map(|it| it.1)
}

/// `Set-Cookie` for a session; without one, it ends.
pub(crate) fn session_cookie(app: &App, value: Option<&str>) -> String {
    let secure = if is_https(app) { "; Secure" } else { "" };
    let (value, age) = match value {
        Some(value) => (value, sessions::LASTS.num_seconds()),
        None => ("", 0),
    };
    // Lax, not Strict: a link in a chat opens signed in. Nothing changes by a GET.
    format!("{COOKIE}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}")
}

pub(crate) fn is_https(app: &App) -> bool {
    app.settings().public_url.as_deref().is_some_and(|it| it.starts_with("https://"))
}
