//! The few requests that authorization takes: one host each, checked and pinned; small answers; no
//! redirect is followed, for each would be another address to check.

use std::time::Duration;

use futures_util::StreamExt as _;
use http::header::{ACCEPT, HeaderMap};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

use super::Error;
use crate::Reach;

const REQUEST_TIME: Duration = Duration::from_secs(30);
/// Documents of this kind are a few kilobytes.
const ANSWER_BYTES: usize = 256 * 1024;

pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    /// Null when the body is not JSON.
    pub(super) body: Value,
}

impl Answer {
    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Asks for a document. Any status is an answer: where there is no document, some servers redirect to
/// a page, or fail.
pub(super) async fn get(url: &str, reach: Reach) -> Result<Answer, Error> {
    ask(Method::GET, url, reach, |it| it).await
}

/// `with`: adds headers and body.
pub(super) async fn post(
    url: &str,
    reach: Reach,
    with: impl FnOnce(RequestBuilder) -> RequestBuilder,
) -> Result<Answer, Error> {
    let answer = ask(Method::POST, url, reach, with).await?;
    let what = format!("the authorization server answered HTTP {}", answer.status);
    match answer.status {
        300..400 => Err(Error::Refused { why: "it redirects, which is not followed".to_owned() }),
        408 | 429 | 500.. => Err(Error::Unreachable { what, source: None }),
        _ => Ok(answer),
    }
}

async fn ask(
    method: Method,
    url: &str,
    reach: Reach,
    with: impl FnOnce(RequestBuilder) -> RequestBuilder,
) -> Result<Answer, Error> {
    let url = reach.url(url).map_err(Error::of_reach)?;
    let pinned = reach.pin(&url).await.map_err(Error::of_reach)?;
    let host = url.host_str().unwrap_or_default().to_owned();
    let unreachable = |error: reqwest::Error| Error::Unreachable {
        what: format!("{host} did not answer"),
        // An address may hold a credential, and errors are logged.
        source: Some(error.without_url().into()),
    };
    let client = pinned.client().timeout(REQUEST_TIME).build().map_err(unreachable)?;
    let request = with(client.request(method, url).header(ACCEPT, "application/json"));
    let response = request.send().await.map_err(unreachable)?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let mut body = Vec::new();
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        body.extend_from_slice(&chunk.map_err(unreachable)?);
        if body.len() > ANSWER_BYTES {
            return Err(Error::Unsupported { what: format!("{host} answers too much") });
        }
    }
    Ok(Answer { status, headers, body: serde_json::from_slice(&body).unwrap_or_default() })
}
