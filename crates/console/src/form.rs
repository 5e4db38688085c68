//! What a person posts: only from a page of ours, only in their own session, and only with a role
//! that may.

use axum::body::to_bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::{HeaderMap, header};
use domain::connector::Role;
use server::{App, Code, Problem};
use subtle::ConstantTimeEq as _;

use crate::session::{Person, Refused};

/// Largest form, in bytes: an expression of 64 KiB, encoded.
const LARGEST: usize = 256 * 1024;
/// The member that carries the session's token.
pub(crate) const TOKEN: &str = "token";

/// The members of a form.
#[derive(Debug, Default)]
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    /// The value of a member; empty if it is not there.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.0.iter().find(|it| it.0 == name).map_or("", |it| it.1.as_str())
    }

    /// Each value of a member that may be there several times.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |it| it.0 == name).map(|it| it.1.as_str())
    }
}

/// A form of somebody who need not be signed in.
#[derive(Debug)]
pub(crate) struct Open(pub(crate) Fields);

/// A form of somebody who is signed in.
#[derive(Debug)]
pub(crate) struct Posted {
    pub(crate) person: Person,
    pub(crate) fields: Fields,
}

/// The same with a key that may record.
#[derive(Debug)]
pub(crate) struct Writing(pub(crate) Posted);

/// The same with a key that may change and remove.
#[derive(Debug)]
pub(crate) struct Changing(pub(crate) Posted);

impl FromRequest<App> for Open {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        from_here(app, request.headers())?;
        read(request).await.map(Self)
    }
}

impl FromRequest<App> for Posted {
    type Rejection = Refused;

    async fn from_request(request: Request, app: &App) -> Result<Self, Refused> {
        from_here(app, request.headers())?;
        let (mut parts, body) = request.into_parts();
        let person = Person::from_request_parts(&mut parts, app).await?;
        let fields = read(Request::from_parts(parts, body)).await?;
        let given = fields.text(TOKEN).as_bytes();
        if !bool::from(given.ct_eq(person.session.csrf.as_bytes())) {
            let detail = "this form is not of your session; go back, reload the page and try again";
            return Err(Problem::new(Code::Forbidden, detail).into());
        }
        Ok(Self { person, fields })
    }
}

impl FromRequest<App> for Writing {
    type Rejection = Refused;

    async fn from_request(request: Request, app: &App) -> Result<Self, Refused> {
        let posted = Posted::from_request(request, app).await?;
        posted.person.needs(Role::Write)?;
        Ok(Self(posted))
    }
}

impl FromRequest<App> for Changing {
    type Rejection = Refused;

    async fn from_request(request: Request, app: &App) -> Result<Self, Refused> {
        let posted = Posted::from_request(request, app).await?;
        posted.person.needs(Role::Admin)?;
        Ok(Self(posted))
    }
}

/// A browser says where a form comes from; what comes from another site is refused before anything
/// is looked at. A client that says nothing is no browser, and still needs the token.
fn from_here(app: &App, headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name| headers.get(name).and_then(|it| it.to_str().ok());
    let site = headers.get("sec-fetch-site").and_then(|it| it.to_str().ok());
    let is_foreign_site = site.is_some_and(|it| !matches!(it, "same-origin" | "none"));
    let is_foreign_origin = text(header::ORIGIN).is_some_and(|origin| {
        let host = origin.split_once("://").map_or(origin, |it| it.1);
        let is_host = text(header::HOST) == Some(host);
        let public = app.settings().public_url.as_deref().map(|it| it.trim_end_matches('/'));
        !is_host && public != Some(origin)
    });
    if is_foreign_site || is_foreign_origin {
        let detail = "this form was sent from another site; open the console and use its own";
        return Err(Problem::new(Code::Forbidden, detail));
    }
    Ok(())
}

async fn read(request: Request) -> Result<Fields, Problem> {
    let bytes = to_bytes(request.into_body(), LARGEST).await.map_err(|_broken| {
        Problem::new(Code::TooLarge, format!("a form has at most {LARGEST} bytes"))
    })?;
    let pairs = form_urlencoded::parse(&bytes);
    Ok(Fields(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect()))
}
