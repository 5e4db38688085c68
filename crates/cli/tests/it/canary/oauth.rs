//! Tokens as canaries: granted, renewed, refused, and told by a server that repeats them.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use sample::{Guard, Lapse, Sample};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{Api, needles::canary};

/// A sample behind an authorization server, whose every secret begins with a canary.
pub(crate) async fn server() -> (Guard, String) {
    let guard = Guard::new(&canary("oauth"));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let at = (listener, CancellationToken::new());
    tokio::spawn(sample::serve_guarded(Sample::LEDGER, Vec::new(), guard.clone(), at));
    (guard, address)
}

/// Installs a connector for it and gives consent; its id.
pub(crate) fn authorized(api: &Api, address: &str) -> String {
    let connector = api.make(
        "/v1/connectors",
        &json!({"data": {"type": "connector", "attributes": {
            "service_id": "guarded", "name": "Guarded", "authorization_flow": "oauth2",
        }}}),
    );
    let id = api.make(
        "/v1/workspace-connectors",
        &json!({"data": {
            "type": "workspace_connector",
            "attributes": {"name": "Guarded", "config": {
                "transport": "http", "url": format!("http://{address}/mcp"),
            }},
            "relationships": {"connector": {"data": {"type": "connector", "id": connector}}},
        }}),
    );
    let begun = api.post(&format!("/v1/workspace-connectors/{id}/authorize"), "", &Value::Null);
    let begun = String::from_utf8_lossy(&begun).into_owned();
    let body = begun.split_once("\r\n\r\n").map_or("", |it| it.1);
    let document: Value = serde_json::from_str(body).unwrap_or_default();
    let url = document["meta"]["authorization_url"].as_str().unwrap_or_else(|| panic!("{begun}"));
    let back = location(url);
    let path = back.find("/oauth/callback").and_then(|at| back.get(at..)).expect(&back);
    let page = api.get(path, "text/html");
    let page = String::from_utf8_lossy(&page);
    assert!(page.contains("Authorized") && page.contains("no-referrer"), "{page}");
    let again = api.get(path, "text/html");
    assert!(String::from_utf8_lossy(&again).contains("Begin again"), "for one use");
    id
}

/// Where a browser would be sent.
fn location(url: &str) -> String {
    let (host, path) = url.trim_start_matches("http://").split_once('/').expect("a path");
    let mut stream = TcpStream::connect(host).expect("connects");
    write!(stream, "GET /{path} HTTP/1.0\r\nHost: {host}\r\n\r\n").expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answered");
    answer.lines().find_map(|it| it.strip_prefix("location: ")).expect(&answer).to_owned()
}

/// The ways in which a token comes to an end, one a run.
pub(crate) fn endings(guard: &Guard, mut run: impl FnMut()) {
    run();
    guard.begin(Lapse::InsufficientScope);
    run();
    guard.end(Lapse::InsufficientScope);
    guard.expire();
    run();
    assert!(guard.renewed() > 0);
    guard.begin(Lapse::RefreshRefused);
    guard.expire();
    run();
}
