//! HTTP: statuses, sessions, forms of answers, and addresses.

use std::convert::Infallible;
use std::net::ToSocketAddrs as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{any, post};
use futures_util::StreamExt as _;
use mcp::{Client, Endpoint, Error, Limits, Reach, answer};
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

const OPEN: Reach = Reach { private_addresses: true, plain_http: true };

async fn serve(router: Router) -> (String, DropGuard) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let url = format!("http://{}/mcp", listener.local_addr().expect("an address"));
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    tokio::spawn(async move {
        let serving = axum::serve(listener, router).into_future();
        tokio::select! { _ = serving => {}, () = stopped.cancelled() => {} }
    });
    (url, stop.drop_guard())
}

async fn connect(url: &str, reach: Reach) -> Result<Client, Error> {
    let endpoint = Endpoint::Http { url: url.to_owned(), headers: Vec::new() };
    let limits = Limits {
        start: Duration::from_secs(10),
        call: Duration::from_secs(10),
        answer_bytes: 100_000,
        ..Limits::default()
    };
    Client::connect(&endpoint, limits, reach).await
}

/// Answers the handshake; everything else is left to `calls`.
fn handshake(message: &Value) -> Option<Response> {
    match message["method"].as_str()? {
        "initialize" => {
            let result = json!({
                "protocolVersion": "2025-06-18", "capabilities": {"tools": {}},
                "serverInfo": {"name": "small", "version": "1"},
            });
            let body = json!({"jsonrpc": "2.0", "id": message["id"], "result": result});
            Some(([("mcp-session-id", "s")], axum::Json(body)).into_response())
        }
        "tools/call" | "tools/list" => None,
        _ => Some(StatusCode::ACCEPTED.into_response()),
    }
}

fn answering(calls: fn(Value) -> Response) -> Router {
    let serve = move |body: Bytes| async move {
        let message: Value = serde_json::from_slice(&body).expect("JSON");
        handshake(&message).unwrap_or_else(|| calls(message["id"].clone()))
    };
    Router::new().route("/mcp", post(serve))
}

fn result(id: &Value, rows: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "result": {"structuredContent": rows}})
}

async fn call(client: &Client) -> Result<Value, Error> {
    let answer = client.call("list", Map::new()).await?;
    Ok(answer::rows(&answer).expect("rows").rows.into())
}

#[tokio::test]
async fn answers_come_as_json_or_as_events() {
    fn as_json(id: Value) -> Response {
        axum::Json(result(&id, &json!([{"a": 1}]))).into_response()
    }
    fn as_events(id: Value) -> Response {
        let note = json!({"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": "x"}});
        let events = format!(
            "data: {note}\n\n: ping\n\nevent: message\ndata: {}\n\n",
            result(&id, &json!([{"a": 1}]))
        );
        ([(header::CONTENT_TYPE, "text/event-stream")], events).into_response()
    }
    for calls in [as_json, as_events] {
        let (url, _guard) = serve(answering(calls)).await;
        let client = connect(&url, OPEN).await.expect("connects");
        assert_eq!(call(&client).await.expect("answers"), json!([{"a": 1}]));
    }
}

#[tokio::test]
async fn what_is_too_large_is_refused_in_both_forms() {
    fn as_json(id: Value) -> Response {
        axum::Json(result(&id, &json!([{"a": "x".repeat(200_000)}]))).into_response()
    }
    fn as_events(id: Value) -> Response {
        let event = format!("data: {}\n\n", result(&id, &json!([{"a": "x".repeat(200_000)}])));
        ([(header::CONTENT_TYPE, "text/event-stream")], event).into_response()
    }
    for calls in [as_json, as_events] {
        let (url, _guard) = serve(answering(calls)).await;
        let client = connect(&url, OPEN).await.expect("connects");
        let error = call(&client).await.expect_err("too large");
        assert!(matches!(error, Error::TooLarge { limit: 100_000 }), "{error:?}");
    }
}

#[tokio::test]
async fn what_nests_too_deep_is_refused() {
    fn deep(id: Value) -> Response {
        let nested = (0..70).fold(json!(1), |inner, _| json!([inner]));
        axum::Json(result(&id, &nested)).into_response()
    }
    let (url, _guard) = serve(answering(deep)).await;
    let client = connect(&url, OPEN).await.expect("connects");
    assert_eq!(call(&client).await.expect_err("too deep").kind(), "protocol");
}

#[tokio::test]
async fn statuses_are_kept() {
    fn limited(_: Value) -> Response {
        (StatusCode::TOO_MANY_REQUESTS, "slow down").into_response()
    }
    fn refused(_: Value) -> Response {
        StatusCode::UNAUTHORIZED.into_response()
    }
    fn html(_: Value) -> Response {
        (StatusCode::OK, "<html>login</html>").into_response()
    }
    for (calls, kind, status) in [
        (limited as fn(Value) -> Response, "http", Some(429)),
        (refused, "unauthorized", Some(401)),
        (html, "protocol", None),
    ] {
        let (url, _guard) = serve(answering(calls)).await;
        let client = connect(&url, OPEN).await.expect("connects");
        let error = call(&client).await.expect_err("an error");
        assert_eq!((error.kind(), error.http_status()), (kind, status));
    }
}

#[tokio::test]
async fn a_refused_handshake_tells_the_scopes() {
    let challenge = [(header::WWW_AUTHENTICATE, r#"Bearer scope="a b""#)];
    let refuse = move || async move { (StatusCode::UNAUTHORIZED, challenge) };
    let (url, _guard) = serve(Router::new().route("/mcp", any(refuse))).await;
    let Err(Error::Unauthorized { status, scopes, .. }) = connect(&url, OPEN).await else {
        panic!("is not refused");
    };
    assert_eq!((status, scopes), (Some(401), vec!["a".to_owned(), "b".to_owned()]));
}

/// Forgets its session after the handshake, once, with the status given.
async fn forgetful(
    State((status, shaken)): State<(StatusCode, Arc<AtomicUsize>)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let message: Value = serde_json::from_slice(&body).expect("JSON");
    if message["method"] == "initialize" {
        shaken.fetch_add(1, Ordering::SeqCst);
    }
    if let Some(response) = handshake(&message) {
        return response;
    }
    assert!(headers.contains_key("mcp-session-id"));
    if shaken.load(Ordering::SeqCst) == 1 {
        return (status, "no valid session").into_response();
    }
    axum::Json(result(&message["id"], &json!([{"a": 1}]))).into_response()
}

#[tokio::test]
async fn a_lost_session_is_opened_again_once() {
    for status in [StatusCode::NOT_FOUND, StatusCode::BAD_REQUEST] {
        let shaken = Arc::new(AtomicUsize::new(0));
        let router =
            Router::new().route("/mcp", post(forgetful)).with_state((status, Arc::clone(&shaken)));
        let (url, _guard) = serve(router).await;
        let client = connect(&url, OPEN).await.expect("connects");
        assert_eq!(call(&client).await.expect("answers"), json!([{"a": 1}]));
        assert_eq!(shaken.load(Ordering::SeqCst), 2);
    }
}

#[tokio::test]
async fn private_addresses_are_refused_unless_allowed() {
    let (url, _guard) = serve(Router::new()).await;
    for reach in [Reach { plain_http: true, ..Reach::default() }, Reach::default()] {
        assert!(matches!(connect(&url, reach).await, Err(Error::Refused { .. })));
    }
}

#[tokio::test]
async fn a_redirect_to_another_origin_is_not_followed() {
    let (target, _target) =
        serve(answering(|id| axum::Json(result(&id, &json!([]))).into_response())).await;
    let redirect = move || async move { Redirect::temporary(&target) };
    let (url, _guard) = serve(Router::new().route("/mcp", any(redirect))).await;
    let error = connect(&url, OPEN).await.expect_err("not followed");
    assert_eq!(error.http_status(), Some(307));
}

#[tokio::test]
async fn a_connection_that_is_refused_is_a_failed_start() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let url = format!("http://{}/mcp", listener.local_addr().expect("an address"));
    drop(listener);
    assert!(matches!(connect(&url, OPEN).await, Err(Error::Start { .. })));
}

#[tokio::test]
async fn headers_are_sent_and_bad_ones_refused() {
    let check = |headers: HeaderMap, body: Bytes| async move {
        let message: Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!(headers["authorization"], "Bearer t");
        handshake(&message).unwrap_or_else(|| StatusCode::NOT_FOUND.into_response())
    };
    let (url, _guard) = serve(Router::new().route("/mcp", post(check))).await;
    let with = |value: &str| Endpoint::Http {
        url: url.clone(),
        headers: vec![("Authorization".to_owned(), value.to_owned())],
    };
    assert!(Client::connect(&with("Bearer t"), Limits::default(), OPEN).await.is_ok());
    let refused = Client::connect(&with("a\nb"), Limits::default(), OPEN).await;
    assert!(matches!(refused, Err(Error::Refused { .. })));
}

#[tokio::test]
async fn a_redirect_that_is_not_followed_says_so() {
    let redirect = || async { Redirect::permanent("http://169.254.169.254/latest/meta-data") };
    let (url, _guard) = serve(Router::new().route("/mcp", any(redirect))).await;
    let Err(Error::Http { status: 308, body, .. }) = connect(&url, OPEN).await else {
        panic!("is not a status");
    };
    assert!(body.contains("not followed") && !body.contains("169.254"), "{body}");
}

#[tokio::test]
async fn a_name_that_resolves_to_a_private_address_is_refused() {
    // This machine's own name is looked up; where it has none, the name that every machine has.
    let own = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let known = (own.trim(), 9).to_socket_addrs().is_ok_and(|mut it| it.next().is_some());
    let host = if known { own.trim() } else { "localhost" };
    let strict = Reach { plain_http: true, ..Reach::default() };
    let error = connect(&format!("http://{host}:9/mcp"), strict).await.expect_err("refused");
    assert!(error.to_string().contains("private address"), "{error}");
}

#[tokio::test]
async fn a_compressed_answer_is_neither_asked_for_nor_unpacked() {
    let check = |headers: HeaderMap, body: Bytes| async move {
        assert!(!headers.contains_key("accept-encoding"));
        let message: Value = serde_json::from_slice(&body).expect("JSON");
        let bomb = || {
            // What gzip makes of nothing: its size does not matter, for nobody unpacks it.
            let empty = [31_u8, 139, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
            let kind = (header::CONTENT_TYPE, "application/json");
            ([kind, (header::CONTENT_ENCODING, "gzip")], empty.to_vec()).into_response()
        };
        handshake(&message).unwrap_or_else(bomb)
    };
    let (url, _guard) = serve(Router::new().route("/mcp", post(check))).await;
    let client = connect(&url, OPEN).await.expect("connects");
    assert_eq!(call(&client).await.expect_err("not JSON").kind(), "protocol");
}

#[tokio::test]
async fn events_that_never_end_do_not_outlast_the_call() {
    let endless = |body: Bytes| async move {
        let message: Value = serde_json::from_slice(&body).expect("JSON");
        handshake(&message).unwrap_or_else(|| {
            let pings = futures_util::stream::repeat_with(|| Ok::<_, Infallible>(": ping\n\n"));
            let pings = pings.then(|it| async move {
                tokio::task::yield_now().await;
                it
            });
            let kind = [(header::CONTENT_TYPE, "text/event-stream")];
            (kind, Body::from_stream(pings)).into_response()
        })
    };
    let (url, _guard) = serve(Router::new().route("/mcp", post(endless))).await;
    let endpoint = Endpoint::Http { url, headers: Vec::new() };
    let limits = Limits { call: Duration::from_millis(500), ..Limits::default() };
    let client = Client::connect(&endpoint, limits, OPEN).await.expect("connects");
    assert!(matches!(call(&client).await, Err(Error::Timeout { .. })));
}

#[tokio::test]
async fn headers_that_frame_a_request_are_not_the_configuration_s() {
    for name in ["Host", "content-length", "Transfer-Encoding", "Connection", "mcp-session-id"] {
        let endpoint = Endpoint::Http {
            url: "http://127.0.0.1:9/mcp".to_owned(),
            headers: vec![(name.to_owned(), "x".to_owned())],
        };
        let refused = Client::connect(&endpoint, Limits::default(), OPEN).await;
        assert!(matches!(refused, Err(Error::Refused { .. })), "{name}: {refused:?}");
    }
}
