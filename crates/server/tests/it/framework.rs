//! What the framework says by itself, health, documentation, limits.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::Value;
use server::routes::{self, Auth};
use server::{App, Settings, Syncs};
use testkit::{Db, make};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::world::{JSON_API, PATH, World, request};

testkit::each_database! {
    every_error_is_a_json_api_document,
    a_request_has_an_id,
    keys_are_asked_for,
    a_key_has_a_rate,
    health_and_metrics_answer,
    a_server_serves_and_stops,
}

async fn every_error_is_a_json_api_document(db: Db) {
    let settings = Settings { body_limit: 10_000, ..Settings::default() };
    let world = World::with(db, settings).await;
    let key = &world.acme.write;
    let raw = |method: &str, uri: &str, body: Vec<u8>| {
        let request = Request::builder().method(method).uri(uri);
        let request = request.header("authorization", format!("Bearer {key}"));
        request.header("content-type", JSON_API).body(Body::from(body)).unwrap()
    };
    let deep = format!("{{\"data\":{}{}}}", "[".repeat(500), "]".repeat(500));
    for (request, expected) in [
        (raw("GET", "/nowhere", vec![]), "404 not_found"),
        (raw("GET", "/v1/connector-sync-diagnostics/", vec![]), "404 not_found"),
        (raw("PUT", PATH, vec![]), "405 method_not_allowed"),
        (raw("DELETE", "/v1/reasons", vec![]), "405 method_not_allowed"),
        (raw("GET", "/v1/connector-sync-diagnostics/batch", vec![]), "405 method_not_allowed"),
        (raw("POST", PATH, b"{\"data\":".to_vec()), "400 malformed_document pointer "),
        (
            raw("POST", PATH, b"{\"data\":{\"type\":\"\xff\"}}".to_vec()),
            "400 malformed_document pointer ",
        ),
        (raw("POST", PATH, deep.into_bytes()), "400 malformed_document pointer "),
        (raw("POST", PATH, vec![]), "400 malformed_document pointer "),
        (raw("POST", PATH, vec![b' '; 10_001]), "413 too_large"),
        (raw("GET", &format!("{PATH}?q={}", "x".repeat(20_000)), vec![]), "414 uri_too_long"),
        (raw("GET", &format!("{PATH}/%FF"), vec![]), "404 not_found"),
        (raw("GET", &format!("{PATH}/x"), vec![]), "404 not_found"),
    ] {
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let answer = world.ask(request).await;
        assert_eq!(answer.errors(), [expected], "{method} {uri}");
        if answer.status == 405 {
            assert!(!answer.header("allow").is_empty(), "{uri}");
        }
    }
    let mut fat = request(Method::GET, key, PATH, None);
    fat.headers_mut().insert("x-fat", "x".repeat(40_000).parse().unwrap());
    assert_eq!(world.ask(fat).await.errors(), ["431 headers_too_large"]);
    // A body without a length is measured as it comes.
    let chunks =
        futures_util::stream::iter((0..200).map(|_| Ok::<_, std::io::Error>(vec![b' '; 100])));
    let mut long = raw("POST", PATH, vec![]);
    *long.body_mut() = Body::from_stream(chunks);
    assert_eq!(world.ask(long).await.errors(), ["413 too_large"]);
    // One that never ends is given up.
    let world = World::with(
        Db::sqlite().await,
        Settings { request_timeout: Duration::from_millis(50), ..Settings::default() },
    )
    .await;
    let mut hanging = request(Method::POST, &world.acme.write, PATH, Some(&Value::Null));
    *hanging.body_mut() =
        Body::from_stream(futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>());
    assert_eq!(world.ask(hanging).await.errors(), ["504 timeout"]);
}

async fn a_request_has_an_id(db: Db) {
    let world = World::new(db).await;
    let own = "0c2e4d1b-9b4a-4d1b-9b4a-001122334455";
    for (given, kept) in [(own, true), ("<script>", false), ("", false)] {
        let mut request = request(Method::GET, "", "/nowhere", None);
        request.headers_mut().insert("x-request-id", given.parse().unwrap());
        let answer = world.ask(request).await;
        assert_eq!(answer.header("x-request-id") == own, kept);
        assert!(answer.header("x-request-id").parse::<uuid::Uuid>().is_ok());
        answer.errors();
    }
}

async fn keys_are_asked_for(db: Db) {
    let world = World::new(db).await;
    let (wrong, long) = (world.acme.read.replace("wl_live_", "wl_live_x"), "x".repeat(5000));
    for route in routes::ALL.iter().filter(|it| it.auth != Auth::Public) {
        let uri = route.path.replace("{id}", "0c2e4d1b-9b4a-4d1b-9b4a-001122334455");
        for key in ["", "wl_live_wrong", wrong.as_str(), long.as_str()] {
            let answer = world.ask(request(route.method.clone(), key, &uri, None)).await;
            assert_eq!(
                answer.errors(),
                ["401 unauthorized header Authorization"],
                "{} {uri}",
                route.method
            );
            assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"wireline\"");
        }
        let mut basic = request(route.method.clone(), "", &uri, None);
        let value = format!("Basic {}", world.acme.admin).parse().unwrap();
        basic.headers_mut().insert("authorization", value);
        world.ask(basic).await.expect(401);
    }
}

async fn a_key_has_a_rate(db: Db) {
    let world = World::with(db, Settings { requests_per_s: 3, ..Settings::default() }).await;
    let mut refused = 0;
    for _ in 0..10 {
        let answer = world.get(&world.acme.read, PATH).await;
        if answer.status == 429 {
            refused += 1;
            assert_eq!(answer.errors(), ["429 too_many_requests"]);
            assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
        }
    }
    assert!(refused >= 5, "{refused}");
    world.get(&world.acme.write, PATH).await.expect(200);
    world.get("", "/v1/reasons").await.expect(200);
}

async fn health_and_metrics_answer(db: Db) {
    let world = World::new(db).await;
    assert_eq!(world.get("", "/healthz").await.expect(200).text, "ok\n");
    assert_eq!(world.get("", "/readyz").await.expect(200).text, "ready\n");
    world.get(&world.acme.read, PATH).await.expect(200);
    world.get("", "/metrics").await.expect(401);
    world.get(&world.acme.admin, "/metrics").await.expect(403);
    let metrics = world.get(&world.operator, "/metrics").await.expect(200).text;
    let line =
        format!("wireline_http_requests_total{{method=\"GET\",route=\"{PATH}\",outcome=\"ok\"}} 1");
    assert!(metrics.contains(&line), "{metrics}");
    assert!(!metrics.contains(&world.acme.tenant.workspace().to_string()));
    world.db.store.close().await;
    let gone = world.get("", "/readyz").await.expect(503);
    assert_eq!(gone.text, "not ready\n");
    let busy = world.get(&world.acme.read, PATH).await;
    assert_eq!(busy.errors(), ["503 busy"]);
    assert_eq!(busy.header("retry-after"), "1");
}

async fn a_server_serves_and_stops(db: Db) {
    let world = World::new(db).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let app = App::new(
        world.db.store.clone(),
        Syncs::none(),
        Settings { clock: make::now, ..Settings::default() },
    );
    let served = tokio::spawn(server::serve(app, listener, async { drop(stopped.await) }));
    // On loopback the metrics need no key; a stream does not hold the server up.
    assert!(raw_get(address, "/metrics", "").await.contains("200 OK"));
    let mut stream = connect(address, &format!("{PATH}/stream"), &world.acme.read).await;
    let mut seen = String::new();
    while !seen.contains(": connected") {
        let mut bytes = [0; 4096];
        let n = stream.read(&mut bytes).await.unwrap();
        seen.push_str(std::str::from_utf8(&bytes[..n]).unwrap());
    }
    stop.send(()).unwrap();
    stream.read_to_string(&mut seen).await.unwrap();
    tokio::time::timeout(Duration::from_secs(5), served).await.expect("in time").unwrap().unwrap();
}

async fn raw_get(address: std::net::SocketAddr, uri: &str, key: &str) -> String {
    let mut text = String::new();
    connect(address, uri, key).await.read_to_string(&mut text).await.unwrap();
    text
}

async fn connect(address: std::net::SocketAddr, uri: &str, key: &str) -> TcpStream {
    let mut socket = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET {uri} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nConnection: close\r\n\r\n"
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    socket
}

#[tokio::test]
async fn the_documentation_is_whole_and_fetches_nothing() {
    let world = World::new(Db::sqlite().await).await;
    let document = world.get("", "/v1/openapi.json").await.expect(200).json();
    assert_eq!(document["openapi"], "3.1.0");
    for route in routes::ALL {
        let operation = &document["paths"][route.path][route.method.as_str().to_ascii_lowercase()];
        assert_eq!(operation["summary"], route.summary);
    }
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        let attributes = schema["properties"]["attributes"]["properties"].as_object();
        assert!(attributes.is_none_or(|it| !it.is_empty()), "{name}");
    }
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(document["components"]["schemas"][name].is_object(), "{name}");
    }
    let docs = world.get("", "/docs").await.expect(200);
    assert!(docs.header("content-security-policy").starts_with("default-src 'none'"));
    assert!(docs.text.starts_with("<!doctype html>"));
    for outside in ["src=", "@import", "url(", "<script", "<link"] {
        assert!(!docs.text.contains(outside), "{outside}");
    }
}

#[tokio::test]
async fn a_panic_is_an_internal_error_that_tells_nothing() {
    let mut world = World::new(Db::sqlite().await).await;
    let syncs = Syncs::new(|_, _| panic!("the engine's own words"));
    let settings = Settings { clock: make::now, ..Settings::default() };
    world.router = server::router(App::new(world.db.store.clone(), syncs, settings));
    let uri = format!("/v1/workspace-connectors/{}/sync", world.acme.connector);
    let answer = world.ask(request(Method::POST, &world.acme.write, &uri, None)).await;
    assert_eq!(answer.errors(), ["500 internal"]);
    assert!(!answer.text.contains("own words"));
}
