//! The protocol over streamable HTTP: statuses kept, bodies bounded, results handed on as JSON.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{Stream, StreamExt as _};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, StatusCode};
use reqwest::redirect::Policy;
use rmcp::model::{ClientJsonRpcMessage, RequestId, ServerJsonRpcMessage};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::{
    StreamableHttpClient, StreamableHttpClientTransportConfig, StreamableHttpError,
    StreamableHttpPostResponse,
};
use sse_stream::SseStream;
use tokio_util::bytes::Bytes;

use super::Bearer;
use super::events::{self, Events};
use super::message;
use crate::{Error, Reach};

const CONNECT_TIME: Duration = Duration::from_secs(20);
const SESSION: &str = "mcp-session-id";
const MAX_REDIRECTS: usize = 5;
/// How much of an error's body is kept.
const ERROR_BODY_BYTES: usize = 2_000;

/// Headers that frame a request or are the transport's own: another value of theirs would be read as
/// another request.
const FRAMING: [&str; 11] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    SESSION,
];

type Outcome<T> = Result<T, StreamableHttpError<reqwest::Error>>;

/// What a server answered in place of a message. Travels inside an I/O error, for the SDK's own
/// error has no place for it.
#[derive(thiserror::Error)]
pub(crate) enum Fault {
    #[error("HTTP {status}")]
    Status { status: u16, body: String, challenge: Option<String>, retry_after: Option<Duration> },
    #[error("the body is too large")]
    TooLarge,
    #[error("the body is not a message: {0}")]
    Unreadable(String),
}

/// Shows nothing of what the server said: the SDK logs errors as they are, and a challenge or a body
/// may repeat a credential.
impl std::fmt::Debug for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Status { status, .. } => write!(f, "Status({status})"),
            Self::TooLarge => f.write_str("TooLarge"),
            Self::Unreadable(_) => f.write_str("Unreadable"),
        }
    }
}

impl From<Fault> for StreamableHttpError<reqwest::Error> {
    fn from(fault: Fault) -> Self {
        Self::Io(std::io::Error::other(fault))
    }
}

#[derive(Clone)]
pub(crate) struct Http {
    client: reqwest::Client,
    /// Bytes of one message.
    limit: usize,
    bearer: Bearer,
}

/// A transport to `url`, its address checked and pinned.
///
/// # Errors
/// [`Error::Refused`] by the address policy or over an unusable header; [`Error::Start`] when the
/// host does not resolve.
pub(crate) async fn open(
    url: &str,
    headers: &[(String, String)],
    (reach, limit): (Reach, usize),
    bearer: Bearer,
) -> Result<StreamableHttpClientTransport<Http>, Error> {
    let url = reach.url(url)?;
    let client = reach.pin(&url).await?.client();
    let client =
        client.redirect(same_origin()).connect_timeout(CONNECT_TIME).build().map_err(|error| {
            Error::Start {
                what: "the HTTP client could not be made".to_owned(),
                stderr: Vec::new(),
                source: Some(error.into()),
            }
        })?;
    let mut config = StreamableHttpClientTransportConfig::with_uri(url.as_str());
    config.custom_headers = header_map(headers)?;
    config.max_sse_event_size = limit;
    config.max_json_response_size = limit;
    Ok(StreamableHttpClientTransport::with_client(Http { client, limit, bearer }, config))
}

/// Only redirects that keep method, body and origin: the origin was checked, others were not, and
/// would be sent our headers.
fn same_origin() -> Policy {
    Policy::custom(|attempt| {
        let keeps_body = matches!(attempt.status().as_u16(), 307 | 308);
        let first = attempt.previous().first();
        let keeps_origin = first.is_some_and(|it| it.origin() == attempt.url().origin());
        if keeps_body && keeps_origin && attempt.previous().len() <= MAX_REDIRECTS {
            attempt.follow()
        } else {
            attempt.stop()
        }
    })
}

fn header_map(headers: &[(String, String)]) -> Result<HashMap<HeaderName, HeaderValue>, Error> {
    headers
        .iter()
        .map(|(name, value)| {
            let refused = || Error::Refused { why: format!("header `{name}` is not usable") };
            let key = HeaderName::try_from(name.as_str()).ok();
            let key = key.filter(|it| !FRAMING.contains(&it.as_str())).ok_or_else(refused)?;
            // The value is a secret: its error is not shown either.
            let mut value = HeaderValue::from_str(value).ok().ok_or_else(refused)?;
            value.set_sensitive(true);
            Ok((key, value))
        })
        .collect()
}

impl StreamableHttpClient for Http {
    type Error = reqwest::Error;

    async fn post_message(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session_id: Option<Arc<str>>,
        _auth_header: Option<String>,
        custom_headers: HashMap<HeaderName, HeaderValue>,
    ) -> Outcome<StreamableHttpPostResponse> {
        let mut request = self
            .client
            .post(uri.as_ref())
            .headers(self.headers(custom_headers))
            .header(ACCEPT, "application/json, text/event-stream")
            .header(CONTENT_TYPE, "application/json");
        if let Some(session) = &session_id {
            request = request.header(SESSION, session.as_ref());
        }
        let response = request.body(serde_json::to_vec(&message)?).send().await.map_err(no_url)?;
        let asked = match &message {
            ClientJsonRpcMessage::Request(request) => Some(request.id.clone()),
            ClientJsonRpcMessage::Response(_)
            | ClientJsonRpcMessage::Notification(_)
            | ClientJsonRpcMessage::Error(_) => None,
        };
        if !response.status().is_success() {
            return self.failure(response, session_id.is_some(), asked).await;
        }
        let Some(id) = asked else { return Ok(StreamableHttpPostResponse::Accepted) };
        let empty = matches!(response.status(), StatusCode::ACCEPTED | StatusCode::NO_CONTENT);
        if empty {
            return Ok(StreamableHttpPostResponse::Accepted);
        }
        self.answer(response, id).await
    }

    async fn delete_session(
        &self,
        uri: Arc<str>,
        session_id: Arc<str>,
        _auth_header: Option<String>,
        custom_headers: HashMap<HeaderName, HeaderValue>,
    ) -> Outcome<()> {
        let request = self
            .client
            .delete(uri.as_ref())
            .headers(self.headers(custom_headers))
            .header(SESSION, session_id.as_ref());
        // Whether the server keeps a session that nobody uses is its own affair.
        request.send().await.map_err(no_url)?;
        Ok(())
    }

    /// The stream of what the server says by itself. Servers without one answer 405, or anything.
    async fn get_stream(
        &self,
        uri: Arc<str>,
        session_id: Option<Arc<str>>,
        last_event_id: Option<String>,
        _auth_header: Option<String>,
        custom_headers: HashMap<HeaderName, HeaderValue>,
    ) -> Outcome<Events> {
        let mut request = self
            .client
            .get(uri.as_ref())
            .headers(self.headers(custom_headers))
            .header(ACCEPT, "text/event-stream, application/json");
        if let Some(session) = &session_id {
            request = request.header(SESSION, session.as_ref());
        }
        if let Some(last) = &last_event_id {
            request = request.header("last-event-id", last.as_str());
        }
        let response = request.send().await.map_err(no_url)?;
        let kind = text(response.headers(), CONTENT_TYPE.as_str()).unwrap_or_default();
        if response.status() == StatusCode::NOT_FOUND && session_id.is_some() {
            return Err(StreamableHttpError::SessionExpired);
        }
        if !response.status().is_success() || !is_events(&kind) {
            return Err(StreamableHttpError::ServerDoesNotSupportSse);
        }
        Ok(SseStream::from_bytes_stream(events::bounded(chunks(response), self.limit)).boxed())
    }
}

impl Http {
    /// The token of the moment goes before whatever was configured.
    fn headers(&self, custom: HashMap<HeaderName, HeaderValue>) -> HeaderMap {
        let mut headers: HeaderMap = custom.into_iter().collect();
        if let Some(token) = self.bearer.header() {
            headers.insert(AUTHORIZATION, token);
        }
        headers
    }

    async fn answer(
        &self,
        response: reqwest::Response,
        id: RequestId,
    ) -> Outcome<StreamableHttpPostResponse> {
        let session = text(response.headers(), SESSION);
        let kind = text(response.headers(), CONTENT_TYPE.as_str()).unwrap_or_default();
        if is_events(&kind) {
            return Ok(StreamableHttpPostResponse::Sse(
                events::answer(chunks(response), self.limit, id),
                session,
            ));
        }
        // Whatever it calls itself: if it reads as a message it is one.
        let body = read(response, self.limit).await?;
        let answer = message::parse(&body).into_iter().find(|it| {
            matches!(it, ServerJsonRpcMessage::Response(_) | ServerJsonRpcMessage::Error(_))
        });
        match answer {
            Some(answer) => Ok(StreamableHttpPostResponse::Json(answer, session)),
            None => Err(Fault::Unreadable(format!("content type `{kind}`")).into()),
        }
    }

    async fn failure(
        &self,
        response: reqwest::Response,
        had_session: bool,
        asked: Option<RequestId>,
    ) -> Outcome<StreamableHttpPostResponse> {
        let status = response.status();
        let challenge = text(response.headers(), WWW_AUTHENTICATE.as_str());
        // A date instead of seconds is left to our own pause.
        let retry_after = text(response.headers(), RETRY_AFTER.as_str())
            .and_then(|it| it.trim().parse().ok().map(Duration::from_secs));
        if status == StatusCode::NOT_FOUND && had_session {
            return Err(StreamableHttpError::SessionExpired);
        }
        if status.is_redirection() {
            // Nor is it said where to: that may hold a credential.
            let body = "it redirects to another address, which is not followed".to_owned();
            return Err(Fault::Status {
                status: status.as_u16(),
                body,
                challenge: None,
                retry_after: None,
            }
            .into());
        }
        // An error's body explains at best; without it the status still stands.
        let body = read(response, self.limit).await.unwrap_or_default();
        let shown = String::from_utf8_lossy(body.get(..ERROR_BODY_BYTES).unwrap_or(&body));
        // Some servers say 400 when they have forgotten the session.
        let names_session = shown.to_ascii_lowercase().contains("session");
        if status == StatusCode::BAD_REQUEST && had_session && names_session {
            return Err(StreamableHttpError::SessionExpired);
        }
        let is_request_error = status.is_client_error()
            && !matches!(status.as_u16(), 401 | 403 | 404 | 408 | 429)
            && asked.is_some();
        if is_request_error
            && let Some(ServerJsonRpcMessage::Error(mut error)) =
                message::parse(&body).into_iter().next()
        {
            error.id = error.id.or(asked);
            return Ok(StreamableHttpPostResponse::Json(ServerJsonRpcMessage::Error(error), None));
        }
        let (status, body) = (status.as_u16(), shown.into_owned());
        Err(Fault::Status { status, body, challenge, retry_after }.into())
    }
}

/// An address may hold a credential, and errors are logged.
fn no_url(error: reqwest::Error) -> reqwest::Error {
    error.without_url()
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).map(|it| String::from_utf8_lossy(it.as_bytes()).into_owned())
}

fn is_events(content_type: &str) -> bool {
    content_type.to_ascii_lowercase().starts_with("text/event-stream")
}

fn chunks(
    response: reqwest::Response,
) -> impl Stream<Item = Result<Bytes, reqwest::Error>> + Send + use<> {
    response.bytes_stream().map(|it| it.map_err(no_url))
}

async fn read(response: reqwest::Response, limit: usize) -> Outcome<Vec<u8>> {
    let mut body = Vec::new();
    let mut chunks = Box::pin(chunks(response));
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk?;
        if body.len() + chunk.len() > limit {
            return Err(Fault::TooLarge.into());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
