//! A sample on its way to the world: over stdio, or over HTTP at `/mcp`.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use rmcp::ServiceExt as _;
use rmcp::model::JsonObject;
use rmcp::transport::stdio;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::Sample;
use crate::fault::{Fault, Kind};
use crate::listing::object;
use crate::server::{Server, Wire};

/// Requests of clients are small.
const REQUEST_BYTES: usize = 4 << 20;

/// Why a sample stopped before it was told to.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the client did not shake hands")]
    Handshake(#[source] Box<rmcp::service::ServerInitializeError>),
    #[error("the server's task ended badly")]
    Task(#[source] tokio::task::JoinError),
    #[error("serving HTTP failed")]
    Http(#[source] std::io::Error),
}

/// Serves until the client closes our input.
///
/// # Errors
/// [`Error::Handshake`] when the client does not speak the protocol.
pub async fn serve_stdio(sample: Sample, faults: Vec<Fault>) -> Result<(), Error> {
    wait_at_start(&faults).await;
    if faults.iter().any(|it| it.kind == Kind::NoiseOnStdout) {
        make_noise();
    }
    let server = Server::new(sample, faults, Wire::Stdio);
    let running = server.serve(stdio()).await.map_err(|error| Error::Handshake(Box::new(error)))?;
    running.waiting().await.map_err(Error::Task)?;
    Ok(())
}

/// Serves at `/mcp` until `shutdown`.
///
/// # Errors
/// [`Error::Http`] when the listener fails.
pub async fn serve_http(
    sample: Sample,
    faults: Vec<Fault>,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> Result<(), Error> {
    wait_at_start(&faults).await;
    serve(routes(sample, faults, &shutdown), listener, shutdown).await
}

/// `/mcp` of a sample.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>(
    sample: Sample,
    faults: Vec<Fault>,
    shutdown: &CancellationToken,
) -> Router<S> {
    let server = Server::new(sample, faults, Wire::Http);
    let sessions = Arc::new(LocalSessionManager::default());
    let mut config = StreamableHttpServerConfig::default();
    config.cancellation_token = shutdown.child_token();
    let of_session = server.clone();
    let service = StreamableHttpService::new(move || Ok(of_session.clone()), sessions, config);
    Router::new().route_service("/mcp", service).layer(from_fn_with_state(server, struck))
}

pub(crate) async fn serve(
    router: Router,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> Result<(), Error> {
    let stop = shutdown.clone();
    let serving = axum::serve(listener, router)
        .with_graceful_shutdown(async move { stop.cancelled().await })
        .into_future();
    tokio::select! {
        served = serving => served.map_err(Error::Http),
        // Clients hold streams open; nobody waits for them.
        () = shutdown.cancelled() => Ok(()),
    }
}

async fn wait_at_start(faults: &[Fault]) {
    if let Some(slow) = faults.iter().find(|it| it.kind == Kind::SlowStart) {
        tokio::time::sleep(Duration::from_millis(slow.number())).await;
    }
}

/// The faults that are HTTP's own, in place of the service.
async fn struck(State(server): State<Server>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, REQUEST_BYTES).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    match Called::of(&body).and_then(|it| strike(&server, &it)) {
        Some(response) => response,
        None => next.run(Request::from_parts(parts, Body::from(body))).await,
    }
}

/// A call of a tool.
struct Called {
    id: Value,
    tool: String,
    args: JsonObject,
}

impl Called {
    fn of(body: &Bytes) -> Option<Self> {
        let message: Value = serde_json::from_slice(body).ok()?;
        let is_call = message.get("method")? == "tools/call";
        let params = message.get("params")?;
        let tool = params.get("name")?.as_str().filter(|_| is_call)?.to_owned();
        let args = params.get("arguments").cloned().map(object).unwrap_or_default();
        Some(Self { id: message.get("id").cloned()?, tool, args })
    }
}

fn strike(server: &Server, called: &Called) -> Option<Response> {
    let tool = called.tool.as_str();
    let json = [(header::CONTENT_TYPE, "application/json")];
    if let Some(message) = server.mutated(&called.id, tool, &called.args) {
        return Some((json, message).into_response());
    }
    let challenge = format!(r#"Bearer error="insufficient_scope", scope="{tool}:read""#);
    if server.dies_at_call(tool) {
        let broken = stream::iter([Err::<Bytes, _>(std::io::Error::other("gone"))]);
        return Some((json, Body::from_stream(broken)).into_response());
    }
    if server.fault(Kind::Unauthorized, tool).is_some() {
        return Some(
            (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, challenge)]).into_response(),
        );
    }
    if server.fault(Kind::Forbidden, tool).is_some() {
        return Some(
            (StatusCode::FORBIDDEN, [(header::WWW_AUTHENTICATE, challenge)]).into_response(),
        );
    }
    server.fault(Kind::ServerError, tool)?;
    Some((StatusCode::SERVICE_UNAVAILABLE, "the upstream system is down").into_response())
}

/// Lines on stdout that are no messages, as careless servers print them.
pub(crate) fn make_noise() {
    let noise = b"[INFO] connecting to upstream...\nLoaded 3 plugins {ok}\n";
    if let Err(error) = std::io::stdout().write_all(noise) {
        tracing::debug!(%error, "no noise was made");
    }
}

/// A line on stdout that the protocol's library would not write.
pub(crate) fn say(message: &[u8]) {
    let mut out = std::io::stdout().lock();
    let said =
        out.write_all(message).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush());
    if let Err(error) = said {
        tracing::debug!(%error, "nothing was said");
    }
}

/// Ends the process as a crash would, with last words.
pub(crate) fn die() -> ! {
    let words = b"fatal: out of memory while reading the ledger\n";
    if let Err(error) = std::io::stderr().write_all(words) {
        tracing::debug!(%error, "no last words");
    }
    std::process::exit(70)
}
