//! Bodies: of a declared type, within the limit, and the key that makes a request one request.

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use http_body_util::{BodyExt as _, Collected, LengthLimitError, Limited};
use serde_json::Value;

use super::media::{self, Media};
use crate::App;
use crate::code::Code;
use crate::problem::Problem;

/// A JSON:API document.
#[derive(Debug)]
pub(crate) struct Document(pub(crate) Bytes);

/// Rows to be written: a JSON:API document, or JSON by the line.
#[derive(Debug)]
pub(crate) struct Upload {
    pub(crate) media: Media,
    pub(crate) bytes: Bytes,
    /// `Idempotency-Key`.
    pub(crate) key: Option<String>,
    /// `Prefer: return=representation`: the rows of a batch, not only their ids.
    pub(crate) wants_rows: bool,
}

impl FromRequest<App> for Document {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        media::content_type(request.headers(), &[Media::JsonApi])?;
        bytes(request, app.settings().body_limit).await.map(Self)
    }
}

impl FromRequest<App> for Upload {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let headers = request.headers();
        let media = media::content_type(headers, &[Media::JsonApi, Media::Ndjson])?;
        let (key, wants_rows) = (idempotency_key(headers)?, wants_rows(headers));
        let bytes = bytes(request, app.settings().body_limit).await?;
        Ok(Self { media, bytes, key, wants_rows })
    }
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    const NAME: &str = "Idempotency-Key";
    let mut given = headers.get_all(NAME).iter();
    let Some(key) = given.next() else { return Ok(None) };
    let key = key.to_str().ok().filter(|it| (1..=255).contains(&it.len()));
    match (key, given.next()) {
        (Some(key), None) => Ok(Some(key.to_owned())),
        _ => {
            let detail = "give one key of 1 to 255 printable ASCII characters";
            Err(Problem::header(Code::InvalidHeader, NAME, detail))
        }
    }
}

fn wants_rows(headers: &HeaderMap) -> bool {
    let mut given = headers.get_all("prefer").iter().filter_map(|it| it.to_str().ok());
    let wants = |it: &str| it.trim().eq_ignore_ascii_case("return=representation");
    given.any(|it| it.split([',', ';']).any(wants))
}

async fn bytes(request: Request, limit: usize) -> Result<Bytes, Problem> {
    if length(request.headers()).is_some_and(|it| it > limit) {
        return Err(too_large(limit));
    }
    let body = Limited::new(request.into_body(), limit);
    match body.collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if is_limit(&*error) => Err(too_large(limit)),
        Err(_) => Err(Problem::new(Code::MalformedDocument, "the body ended before it was whole")),
    }
}

fn is_limit(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |it| it.source()).any(|it| it.is::<LengthLimitError>())
}

fn length(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn too_large(limit: usize) -> Problem {
    Problem::new(Code::TooLarge, format!("at most {limit} bytes"))
}

/// The body as a tree, for those who do not come by the thousand.
pub(crate) fn tree(bytes: &[u8]) -> Result<Value, Problem> {
    serde_json::from_slice(bytes).map_err(|error| malformed(&error))
}

pub(crate) fn malformed(error: &serde_json::Error) -> Problem {
    // Its text names the place and what was expected there, and nothing of ours.
    Problem::pointer(Code::MalformedDocument, "", format!("the body is not JSON: {error}"))
}

/// Nothing may come with this request.
pub(crate) async fn expect_empty(body: Body) -> Result<(), Problem> {
    let given = Limited::new(body, 1024).collect().await.map(Collected::to_bytes);
    match given.is_ok_and(|it| it.iter().all(u8::is_ascii_whitespace)) {
        true => Ok(()),
        false => Err(Problem::new(Code::InvalidMember, "this operation takes no body")),
    }
}
