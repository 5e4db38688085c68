//! Media types, in and out.

use axum::body::Body;
use axum::http::Request;
use testkit::Db;

use crate::world::{JSON_API, PATH, World};

testkit::each_database! { answers_are_json_api_or_refused, bodies_are_json_api_or_refused }

async fn answers_are_json_api_or_refused(db: Db) {
    let world = World::new(db).await;
    for (accept, status) in [
        ("*/*", 200),
        ("application/*", 200),
        (JSON_API, 200),
        (
            "application/vnd.api+json; profile=\"https://jsonapi.org/profiles/ethanresnick/cursor-pagination/\"",
            200,
        ),
        ("text/html, application/vnd.api+json;q=0.5", 200),
        ("application/vnd.api+json; charset=utf-8", 406),
        ("application/vnd.api+json; ext=\"https://jsonapi.org/ext/atomic\"", 406),
        ("application/vnd.api+json;q=0", 406),
        ("application/json", 406),
        ("text/html", 406),
        ("garbage;;;", 406),
    ] {
        for uri in [PATH, "/v1/workspace-connectors", "/v1/reasons"] {
            let answer = world.get_as(&world.acme.read, accept, uri).await.expect(status);
            assert_eq!(answer.header("content-type"), JSON_API, "{accept}");
            assert_eq!(answer.header("vary"), "Accept");
            if status == 406 {
                assert_eq!(answer.errors(), ["406 not_acceptable header Accept"]);
            }
        }
    }
}

async fn bodies_are_json_api_or_refused(db: Db) {
    let world = World::new(db).await;
    for (kind, encoding, status) in [
        (JSON_API, "", 201),
        ("application/vnd.api+json; profile=\"https://x.test/p\"", "", 201),
        ("application/vnd.api+json; charset=utf-8", "", 415),
        ("application/vnd.api+json; ext=\"https://x.test/e\"", "", 415),
        ("application/json", "", 415),
        ("multipart/form-data; boundary=x", "", 415),
        ("", "", 415),
        (JSON_API, "gzip", 415),
        (JSON_API, "identity", 201),
    ] {
        let mut request =
            Request::post(PATH).header("authorization", format!("Bearer {}", world.acme.write));
        if !kind.is_empty() {
            request = request.header("content-type", kind);
        }
        if !encoding.is_empty() {
            request = request.header("content-encoding", encoding);
        }
        let answer =
            world.ask(request.body(Body::from(world.example().to_string())).unwrap()).await;
        assert_eq!(answer.status, status, "{kind} {encoding}: {}", answer.text);
        if status == 415 {
            answer.errors();
        }
    }
}
