//! Around every request: an id, a time-out, a net for panics, the rendering of errors, and metrics.

use std::collections::HashMap;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::OnceLock;
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;
use metrics::{Counter, Histogram};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::time::Instant;
use tracing::Instrument as _;
use uuid::Uuid;

use crate::App;
use crate::code::Code;
use crate::pages::{Pages, RequestId, wants_page};
use crate::problem::Problem;
use crate::routes;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const NOSNIFF: (HeaderName, HeaderValue) =
    (axum::http::header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
/// All headers together, in bytes.
const HEADERS_MAX: usize = 32 * 1024;
const URI_MAX: usize = 16 * 1024;

pub(crate) async fn edge(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let meter = app.meters().of(&request);
    let id = request_id(request.headers());
    request.extensions_mut().insert(RequestId(id));
    let is_page = wants_page(request.uri().path(), request.headers());
    let page = is_page.then(|| request.headers().clone());
    let mut id_text = Uuid::encode_buffer();
    let id_text: &str = id.hyphenated().encode_lower(&mut id_text);
    let head = Head::of(&request);
    let mut response = match oversized(&request) {
        Some(problem) => problem.into_response(),
        None => {
            let answer = run(app.settings().request_timeout, next, request);
            answer.instrument(head.span(id_text)).await
        }
    };
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        log(&problem, &head, id_text);
        response = match &page {
            Some(headers) => (app.settings().pages.problem)(&problem, id_text, headers),
            None => problem.render(id_text),
        };
    }
    if let Ok(value) = HeaderValue::from_str(id_text) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response.headers_mut().insert(NOSNIFF.0, NOSNIFF.1);
    if let Some(meter) = meter {
        meter.record(response.status(), started.elapsed());
    }
    response
}

async fn run(limit: Duration, next: Next, request: Request) -> Response {
    let answer = AssertUnwindSafe(next.run(request)).catch_unwind();
    match tokio::time::timeout(limit, answer).await {
        Ok(Ok(response)) => response,
        Ok(Err(panic)) => Problem::internal(Panic::of(panic.as_ref())).into_response(),
        Err(_) => {
            let detail = format!("no answer within {} s", limit.as_secs_f32());
            Problem::new(Code::Timeout, detail).into_response()
        }
    }
}

/// A bug, told as a cause.
#[derive(Debug)]
struct Panic(String);

impl Panic {
    fn of(panic: &(dyn std::any::Any + Send)) -> Self {
        let text = panic.downcast_ref::<&str>().map(|it| (*it).to_owned());
        Self(text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default())
    }
}

impl fmt::Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a handler panicked: {}", self.0)
    }
}

impl std::error::Error for Panic {}

/// The client's own id if it is a uuid, so that nothing strange reaches a log line.
fn request_id(headers: &HeaderMap) -> Uuid {
    headers
        .get(REQUEST_ID)
        .and_then(|it| Uuid::try_parse_ascii(it.as_bytes()).ok())
        .unwrap_or_else(|| uuid::Builder::from_random_bytes(rand::random()).into_uuid())
}

fn oversized(request: &Request) -> Option<Problem> {
    let uri = request.uri();
    if uri.path().len() + uri.query().map_or(0, str::len) > URI_MAX {
        return Some(Problem::new(Code::UriTooLong, format!("at most {URI_MAX} bytes")));
    }
    let headers = request.headers().iter();
    let size: usize = headers.map(|(name, value)| name.as_str().len() + value.len()).sum();
    (size > HEADERS_MAX)
        .then(|| Problem::new(Code::HeadersTooLarge, format!("at most {HEADERS_MAX} bytes")))
}

/// What a log line says of a request: never its query, which may hold what a person searched for.
struct Head {
    method: Method,
    route: Option<MatchedPath>,
}

impl Head {
    fn of(request: &Request) -> Self {
        let route = request.extensions().get::<MatchedPath>().cloned();
        Self { method: request.method().clone(), route }
    }

    /// The request among the traces: named by its route, so that no id is part of a name.
    fn span(&self, id: &str) -> tracing::Span {
        let route = self.route.as_ref().map_or("", MatchedPath::as_str);
        tracing::info_span!(
            "request", otel.kind = "server", http.method = %self.method, http.route = route,
            request.id = id
        )
    }
}

/// The one place where the cause of a failed request reaches the log.
fn log(problem: &Problem, head: &Head, id: &str) {
    let route = head.route.as_ref().map_or("", MatchedPath::as_str);
    let status = problem.status().as_u16();
    match problem.cause() {
        Some(cause) => {
            let cause = cause as &(dyn std::error::Error + 'static);
            tracing::error!(
                request.id = id, http.method = %head.method, http.route = route, http.status = status,
                error = cause, "request failed"
            );
        }
        None => tracing::debug!(
            request.id = id, http.method = %head.method, http.route = route, http.status = status,
            "request refused"
        ),
    }
}

/// The metrics of each route, found without building a label.
#[derive(Debug)]
pub(crate) struct Meters {
    routes: HashMap<&'static str, Vec<(Method, Meter)>>,
    prometheus: Option<PrometheusHandle>,
}

pub(crate) struct Meter {
    /// 2xx and 3xx, 4xx, 5xx.
    requests: [Counter; 3],
    seconds: Histogram,
}

impl fmt::Debug for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Meter")
    }
}

impl Meters {
    pub(crate) fn new(pages: &Pages) -> Self {
        let prometheus = recorder();
        let mut routes: HashMap<_, Vec<_>> = HashMap::new();
        let ours = routes::ALL.iter().map(|it| (it.method.clone(), it.path));
        for (method, path) in ours.chain((pages.routes)()) {
            let meter = Meter::new(&method, path);
            routes.entry(path).or_default().push((method, meter));
        }
        Self { routes, prometheus }
    }

    fn of(&self, request: &Request) -> Option<&Meter> {
        let path = request.extensions().get::<MatchedPath>()?.as_str();
        let meters = self.routes.get(path)?;
        meters.iter().find(|it| it.0 == request.method()).map(|it| &it.1)
    }

    /// Everything that this process counts, as Prometheus reads it.
    pub(crate) fn text(&self) -> String {
        self.prometheus.as_ref().map(PrometheusHandle::render).unwrap_or_default()
    }

    /// Folds what was measured into its buckets; else it piles up between two scrapes.
    pub(crate) fn fold(&self) {
        if let Some(prometheus) = &self.prometheus {
            prometheus.run_upkeep();
        }
    }
}

impl Meter {
    fn new(method: &Method, route: &'static str) -> Self {
        let method = method.as_str().to_owned();
        let requests = ["ok", "refused", "failed"].map(|outcome| {
            metrics::counter!("wireline_http_requests_total", "method" => method.clone(), "route" => route, "outcome" => outcome)
        });
        let seconds = metrics::histogram!("wireline_http_request_duration_seconds", "method" => method, "route" => route);
        Self { requests, seconds }
    }

    fn record(&self, status: StatusCode, took: Duration) {
        let outcome = match status.as_u16() {
            0..400 => 0,
            400..500 => 1,
            500.. => 2,
        };
        self.requests[outcome].increment(1);
        self.seconds.record(took.as_secs_f64());
    }
}

/// One recorder for the process: the store and the engine count into it as well.
fn recorder() -> Option<PrometheusHandle> {
    static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    const BUCKETS_S: &[f64] =
        &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
    let install = || {
        let builder = PrometheusBuilder::new().set_buckets(BUCKETS_S);
        match builder.and_then(PrometheusBuilder::install_recorder) {
            Ok(handle) => Some(handle),
            Err(error) => {
                tracing::warn!(%error, "no metrics: another recorder is installed");
                None
            }
        }
    };
    RECORDER.get_or_init(install).clone()
}
