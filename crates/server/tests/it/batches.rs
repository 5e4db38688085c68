//! Many rows at once: an array, or a line each.

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};
use testkit::Db;

use crate::world::{Answer, PATH, World, request, resource, with, without};

testkit::each_database! {
    a_batch_is_written_whole_or_not_at_all,
    lines_are_a_batch,
    a_batch_has_bounds,
}

async fn count(world: &World) -> usize {
    let page = world.get(&world.acme.read, &format!("{PATH}?page[total]=true")).await.expect(200);
    page.json()["meta"]["page"]["total"].as_u64().unwrap().try_into().unwrap()
}

async fn a_batch_is_written_whole_or_not_at_all(db: Db) {
    let world = World::new(db).await;
    let row = resource(world.acme.connector);
    let uri = format!("{PATH}/batch");
    let made = world
        .post(&world.acme.write, &uri, &json!({"data": [row, row, row]}))
        .await
        .expect(201)
        .json();
    assert_eq!(made["meta"]["count"], 3);
    let id = made["data"][0]["id"].as_str().unwrap();
    world.get(&world.acme.read, &format!("{PATH}/{id}")).await.expect(200);
    let fourteen: Vec<Value> = (0..14).map(|_| row.clone()).collect();
    for (pointer, value, expected) in [
        (
            "/data/12/attributes/reason",
            json!("nothing"),
            "422 invalid_member pointer /data/12/attributes/reason",
        ),
        (
            "/data/3/attributes/detail",
            json!(" "),
            "422 invalid_member pointer /data/3/attributes/detail",
        ),
        ("/data/4", json!(7), "422 invalid_member pointer /data/4"),
        ("/data/5/id", json!("x"), "403 client_id_forbidden pointer /data/5/id"),
        (
            "/data/13/relationships/workspace_connector/data/id",
            json!(world.rival.connector),
            "404 not_found pointer /data/13/relationships/workspace_connector/data/id",
        ),
        (
            "/data/1/relationships/workspace",
            json!({"data": {"type": "workspace", "id": "rival-external"}}),
            "404 not_found pointer /data/1/relationships/workspace/data/id",
        ),
    ] {
        let body = with(json!({"data": fourteen}), pointer, value);
        let errors = world.post(&world.acme.write, &uri, &body).await.errors();
        assert_eq!(errors, [expected]);
    }
    assert_eq!(count(&world).await, 3);
    world.post(&world.acme.read, &uri, &json!({"data": [row]})).await.expect(403);
    let mut whole = request(Method::POST, &world.acme.write, &uri, Some(&json!({"data": [row]})));
    whole.headers_mut().insert("prefer", "return=representation".parse().unwrap());
    let rows = world.ask(whole).await.expect(201).json();
    assert_eq!(rows["data"][0]["attributes"]["reason"], "mapped_entities_dropped");
}

async fn send_lines(world: &World, uri: &str, lines: &str) -> Answer {
    let request = Request::post(uri)
        .header("authorization", format!("Bearer {}", world.acme.write))
        .header("content-type", "application/x-ndjson")
        .body(Body::from(lines.to_owned()))
        .unwrap();
    world.ask(request).await
}

async fn lines_are_a_batch(db: Db) {
    let world = World::new(db).await;
    let row = resource(world.acme.connector);
    let bad = without(row.clone(), "/attributes/reason");
    for uri in [PATH.to_owned(), format!("{PATH}/batch")] {
        let made = send_lines(&world, &uri, &format!("{row}\n\r\n{row}")).await.expect(201).json();
        assert_eq!(made["meta"]["count"], 2);
        let errors = send_lines(&world, &uri, &format!("{row}\n{bad}\n")).await.errors();
        assert_eq!(errors, ["422 missing_member pointer /data/1/attributes/reason"]);
        let errors = send_lines(&world, &uri, &format!("{row}\n{{\n")).await.errors();
        assert_eq!(errors, ["400 malformed_document pointer /data/1"]);
        assert_eq!(
            send_lines(&world, &uri, "").await.errors(),
            ["422 too_many_rows pointer /data"]
        );
    }
    assert_eq!(count(&world).await, 4);
}

async fn a_batch_has_bounds(db: Db) {
    let world = World::new(db).await;
    let uri = format!("{PATH}/batch");
    let row = resource(world.acme.connector);
    let many: Vec<Value> = (0..1001).map(|_| row.clone()).collect();
    let errors = world.post(&world.acme.write, &uri, &json!({"data": many})).await.errors();
    assert_eq!(errors, ["422 too_many_rows pointer /data"]);
    world.post(&world.acme.write, &uri, &json!({"data": many[..1000]})).await.expect(201);
    assert_eq!(count(&world).await, 1000);
    let errors = world.post(&world.acme.write, &uri, &json!({"data": row})).await.errors();
    assert_eq!(errors, ["422 invalid_member pointer /data"]);
    let mut keyed = request(Method::POST, &world.acme.write, &uri, Some(&json!({"data": [row]})));
    keyed.headers_mut().insert("idempotency-key", "k".parse().unwrap());
    assert_eq!(world.ask(keyed).await.errors(), ["400 invalid_header header Idempotency-Key"]);
}
