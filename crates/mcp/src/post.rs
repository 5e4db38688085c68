//! One guarded request to an address that somebody else named: checked, pinned, without redirects, with
//! an answer of which only the head counts.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::redirect::Policy;

use crate::transport::http::install_crypto;
use crate::{Error, Reach};

/// Of an answer's body, so that its connection ends well; the rest is not read.
const ANSWER_BYTES: usize = 64 * 1024;

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    pub status: u16,
    /// When the receiver wants to be asked again, if it said so in seconds.
    pub retry_after: Option<Duration>,
}

/// Posts a JSON document. Any status is an answer.
///
/// # Errors
/// [`Error::Refused`] for an address that `reach` does not allow; [`Error::Timeout`] when nothing came
/// within `patience`; [`Error::Start`] when the receiver could not be reached.
pub async fn json(
    url: &str,
    headers: &[(&'static str, String)],
    body: String,
    (reach, patience): (Reach, Duration),
) -> Result<Posted, Error> {
    let asked = tokio::time::timeout(patience, ask(url, headers, body, reach)).await;
    asked.unwrap_or(Err(Error::Timeout { after: patience }))
}

async fn ask(
    url: &str,
    headers: &[(&'static str, String)],
    body: String,
    reach: Reach,
) -> Result<Posted, Error> {
    let url = reach.url(url)?;
    let pinned = reach.pin(&url).await?;
    let unreachable = |error: reqwest::Error| Error::Start {
        what: "the receiver did not answer".to_owned(),
        stderr: Vec::new(),
        // An address may hold a credential, and errors are logged.
        source: Some(error.without_url().into()),
    };
    install_crypto();
    let client = reqwest::Client::builder()
        .dns_resolver(Arc::new(pinned))
        .redirect(Policy::none())
        .no_proxy()
        .pool_max_idle_per_host(0)
        .build()
        .map_err(unreachable)?;
    let mut request = client.post(url).header(CONTENT_TYPE, "application/json").body(body);
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let response = request.send().await.map_err(unreachable)?;
    let retry_after = response.headers().get(RETRY_AFTER).and_then(|it| it.to_str().ok());
    let seconds = retry_after.and_then(|it| it.trim().parse().ok());
    let posted = Posted {
        status: response.status().as_u16(),
        retry_after: seconds.map(Duration::from_secs),
    };
    let (mut read, mut chunks) = (0, response.bytes_stream());
    // The status is there: what becomes of the body changes nothing.
    while let Some(Ok(chunk)) = chunks.next().await {
        read += chunk.len();
        if read > ANSWER_BYTES {
            break;
        }
    }
    Ok(posted)
}
