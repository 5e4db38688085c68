//! Viewer links over the API: made, seen, and ended one by one.

use axum::http::Method;
use serde_json::{Value, json};
use testkit::Db;

use crate::world::{World, request};

testkit::each_database! {
    a_link_is_seen_without_its_address_and_ended_alone,
    who_may_not_make_one_sees_and_ends_none,
}

const PATH: &str = "/v1/viewer-links";

fn new(connector: &str) -> Value {
    let to =
        json!({"workspace_connector": {"data": {"type": "workspace_connector", "id": connector}}});
    json!({"data": {"type": "viewer_link", "relationships": to}})
}

/// A link of acme.
pub(crate) async fn link(world: &World) -> String {
    let new = new(&world.acme.connector.to_string());
    let made = world.post(&world.acme.write, PATH, &new).await.expect(201).json();
    made["data"]["id"].as_str().unwrap().to_owned()
}

async fn a_link_is_seen_without_its_address_and_ended_alone(db: Db) {
    let world = World::new(db).await;
    let key = &world.acme.write;
    let new = new(&world.acme.connector.to_string());
    let made = world.post(key, PATH, &new).await.expect(201);
    assert_eq!(made.header("cache-control"), "no-store");
    let place = made.header("location").to_owned();
    let made = made.json();
    assert!(made["data"]["attributes"]["url"].as_str().is_some_and(|it| it.contains("/view/")));
    let other = link(&world).await;
    let found = world.get(key, &place).await.expect(200).json();
    assert_eq!(found["data"]["id"], made["data"]["id"]);
    assert_eq!(found["data"]["attributes"]["url"], Value::Null);
    assert_eq!(found["data"]["attributes"]["is_active"], true);
    let of = &found["data"]["relationships"]["workspace_connector"]["data"]["id"];
    assert_eq!(*of, world.acme.connector.to_string());
    let count = async || {
        let all = world.get(key, &format!("{PATH}?page[total]=true")).await.expect(200);
        assert!(!all.text.contains("/view/"));
        all.json()["meta"]["page"]["total"].as_u64().unwrap()
    };
    assert_eq!(count().await, 2);
    world.ask(request(Method::DELETE, key, &place, None)).await.expect(204);
    world.ask(request(Method::DELETE, key, &place, None)).await.expect(404);
    world.get(key, &place).await.expect(404);
    assert_eq!(count().await, 1);
    world.get(key, &format!("{PATH}/{other}")).await.expect(200);
    world
        .get(key, &format!("{PATH}?filter[expires_at][lt]=2020-01-01T00:00:00Z"))
        .await
        .expect(200);
}

async fn who_may_not_make_one_sees_and_ends_none(db: Db) {
    let world = World::new(db).await;
    let place = format!("{PATH}/{}", link(&world).await);
    for (method, path) in
        [(Method::GET, PATH), (Method::GET, place.as_str()), (Method::DELETE, place.as_str())]
    {
        world.ask(request(method, &world.acme.read, path, None)).await.expect(403);
    }
}
