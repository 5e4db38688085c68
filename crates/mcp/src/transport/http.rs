//! The protocol over streamable HTTP: statuses kept, bodies bounded, results handed on as JSON.

use std::collections::HashMap;
use std::sync::{Arc, Once};
use std::time::Duration;

use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt as _};
use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, StatusCode};
use reqwest::redirect::Policy;
use rmcp::model::{ClientJsonRpcMessage, RequestId, ServerJsonRpcMessage};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::{
    SseError, StreamableHttpClient, StreamableHttpClientTransportConfig, StreamableHttpError,
    StreamableHttpPostResponse,
};
use sse_stream::{Sse, SseStream};

use super::message::{self, TOO_LARGE, UNREADABLE};
use crate::{Error, Reach};

const CONNECT_TIME: Duration = Duration::from_secs(20);
const SESSION: &str = "mcp-session-id";
const MAX_REDIRECTS: usize = 5;
/// How much of an error's body is kept.
const ERROR_BODY_BYTES: usize = 2_000;

type Outcome<T> = Result<T, StreamableHttpError<reqwest::Error>>;
type Events = BoxStream<'static, Result<Sse, SseError>>;

/// What a server answered in place of a message. Travels inside an I/O error, for the SDK's own
/// error has no place for it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("HTTP {status}")]
    Status { status: u16, body: String, challenge: Option<String> },
    #[error("the body is too large")]
    TooLarge,
    #[error("the body is not a message: {0}")]
    Unreadable(String),
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
}

/// A transport to `url`, its address checked and pinned.
///
/// # Errors
/// [`Error::Refused`] by the address policy or over an unusable header; [`Error::Start`] when the
/// host does not resolve.
pub(crate) async fn open(
    url: &str,
    headers: &[(String, String)],
    reach: Reach,
    limit: usize,
) -> Result<StreamableHttpClientTransport<Http>, Error> {
    let url = reach.url(url)?;
    let pinned = reach.pin(&url).await?;
    install_crypto();
    let client = reqwest::Client::builder()
        .dns_resolver(Arc::new(pinned))
        .redirect(same_origin())
        .no_proxy()
        .connect_timeout(CONNECT_TIME)
        // Reuse of a connection whose last body was not read to its end stalls for 40 ms.
        .pool_max_idle_per_host(0)
        .build()
        .map_err(|error| Error::Start {
            what: "the HTTP client could not be made".to_owned(),
            stderr: Vec::new(),
            source: Some(error.into()),
        })?;
    let mut config = StreamableHttpClientTransportConfig::with_uri(url.as_str());
    config.custom_headers = header_map(headers)?;
    config.max_sse_event_size = limit;
    config.max_json_response_size = limit;
    Ok(StreamableHttpClientTransport::with_client(Http { client, limit }, config))
}

/// TLS by ring, unless the program chose another provider before.
fn install_crypto() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if rustls::crypto::ring::default_provider().install_default().is_err() {
            tracing::debug!("a TLS provider was already installed");
        }
    });
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
            let key = HeaderName::try_from(name.as_str()).ok().ok_or_else(refused)?;
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
            .headers(custom_headers.into_iter().collect())
            .header(ACCEPT, "application/json, text/event-stream")
            .header(CONTENT_TYPE, "application/json");
        if let Some(session) = &session_id {
            request = request.header(SESSION, session.as_ref());
        }
        let response = request.body(serde_json::to_vec(&message)?).send().await?;
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
            .headers(custom_headers.into_iter().collect())
            .header(SESSION, session_id.as_ref());
        // Whether the server keeps a session that nobody uses is its own affair.
        request.send().await?;
        Ok(())
    }

    async fn get_stream(
        &self,
        uri: Arc<str>,
        session_id: Option<Arc<str>>,
        last_event_id: Option<String>,
        auth_header: Option<String>,
        custom_headers: HashMap<HeaderName, HeaderValue>,
    ) -> Outcome<Events> {
        let session = session_id;
        self.client
            .get_stream_with_max_sse_event_size(
                uri,
                session,
                last_event_id,
                auth_header,
                custom_headers,
                self.limit,
            )
            .await
    }
}

impl Http {
    async fn answer(
        &self,
        response: reqwest::Response,
        id: RequestId,
    ) -> Outcome<StreamableHttpPostResponse> {
        let session = text(response.headers(), SESSION);
        let kind = text(response.headers(), CONTENT_TYPE.as_str()).unwrap_or_default();
        if kind.to_ascii_lowercase().starts_with("text/event-stream") {
            return Ok(StreamableHttpPostResponse::Sse(events(response, self.limit, id), session));
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
        if status == StatusCode::NOT_FOUND && had_session {
            return Err(StreamableHttpError::SessionExpired);
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
        Err(Fault::Status { status: status.as_u16(), body: shown.into_owned(), challenge }.into())
    }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).map(|it| String::from_utf8_lossy(it.as_bytes()).into_owned())
}

async fn read(response: reqwest::Response, limit: usize) -> Outcome<Vec<u8>> {
    let mut body = Vec::new();
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk?;
        if body.len() + chunk.len() > limit {
            return Err(Fault::TooLarge.into());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The events of one answer. One that cannot be taken becomes an error for `id`: the SDK would
/// drop it, and the caller would wait for its time-out.
fn events(response: reqwest::Response, limit: usize, id: RequestId) -> Events {
    let bytes = bounded(response.bytes_stream(), limit);
    let events = SseStream::from_bytes_stream(bytes).map(move |event| match event {
        Ok(event) => Ok(readable(event, &id)),
        Err(SseError::Body(cause)) if matches!(cause.downcast_ref(), Some(Broken::Oversized)) => {
            Ok(Sse::default().data(error_for(&id, TOO_LARGE, "too large")))
        }
        Err(error) => Err(error),
    });
    events.boxed()
}

fn readable(event: Sse, id: &RequestId) -> Sse {
    let Some(data) = event.data.as_deref().filter(|it| !it.trim().is_empty()) else { return event };
    if serde_json::from_str::<serde::de::IgnoredAny>(data).is_ok() {
        return event;
    }
    Sse { data: Some(error_for(id, UNREADABLE, "an event is not JSON")), ..event }
}

fn error_for(id: &RequestId, code: i32, what: &str) -> String {
    serde_json::json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": what}})
        .to_string()
}

/// Why a stream of events ended before its end.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("an event is too large")]
    Oversized,
    #[error("reading failed")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Stops after an event that is larger than `limit`, without holding it.
fn bounded<S, B, E>(chunks: S, limit: usize) -> impl Stream<Item = Result<B, Broken>> + Send
where
    S: Stream<Item = Result<B, E>> + Send + 'static,
    B: AsRef<[u8]> + Send,
    E: std::error::Error + Send + Sync + 'static,
{
    stream::unfold(
        (Box::pin(chunks), 0_usize, false),
        move |(mut chunks, held, ended)| async move {
            if ended {
                return None;
            }
            let chunk = match chunks.next().await? {
                Ok(chunk) => chunk,
                Err(error) => {
                    return Some((Err(Broken::Failed(error.into())), (chunks, held, true)));
                }
            };
            // A blank line ends an event.
            let bytes = chunk.as_ref();
            let after = bytes.windows(2).rposition(|it| it == b"\n\n" || it == b"\n\r");
            let held = after.map_or(held + bytes.len(), |it| bytes.len() - it);
            if held > limit {
                return Some((Err(Broken::Oversized), (chunks, held, true)));
            }
            Some((Ok(chunk), (chunks, held, false)))
        },
    )
}
