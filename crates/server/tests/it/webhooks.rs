//! Webhook endpoints over the API: made, changed, tested, replayed; their deliveries are read.

use axum::http::Method;
use serde_json::{Value, json};
use testkit::Db;

use crate::world::{World, request};

testkit::each_database! {
    an_endpoint_is_made_with_a_secret_that_is_shown_once,
    an_endpoint_is_changed_disabled_and_removed,
    what_happens_is_in_the_outbox_and_goes_out_again,
    what_an_endpoint_does_not_take_is_named,
    only_an_admin_sees_endpoints,
}

const PATH: &str = "/v1/webhook-endpoints";
const DELIVERIES: &str = "/v1/webhook-deliveries";

fn new() -> Value {
    json!({"data": {"type": "webhook_endpoint", "attributes": {
        "url": "https://hooks.example/secret-of-acme", "description": "secret of acme",
        "event_types": ["diagnostic.failure", "issue.opened"]}}})
}

/// The same of one connector.
pub(crate) fn narrowed(connector: &str) -> Value {
    let mut document = new();
    document["data"]["relationships"] = json!({"workspace_connector":
        {"data": {"type": "workspace_connector", "id": connector}}});
    document
}

/// An endpoint of acme.
pub(crate) async fn endpoint(world: &World) -> String {
    let made = world.post(&world.acme.admin, PATH, &new()).await.expect(201).json();
    made["data"]["id"].as_str().unwrap().to_owned()
}

fn change(id: &str, attributes: Value, meta: Value) -> Value {
    json!({"data": {"type": "webhook_endpoint", "id": id, "attributes": attributes, "meta": meta}})
}

async fn an_endpoint_is_made_with_a_secret_that_is_shown_once(db: Db) {
    let world = World::new(db).await;
    let made = world.post(&world.acme.admin, PATH, &new()).await.expect(201);
    assert_eq!(made.header("cache-control"), "no-store");
    let made = made.json();
    let secret = made["data"]["meta"]["secret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_") && secret.len() == 6 + 44, "{secret}");
    let id = made["data"]["id"].as_str().unwrap();
    let found = world.get(&world.acme.admin, &format!("{PATH}/{id}")).await.expect(200);
    assert!(!found.text.contains("whsec_"));
    let found = found.json();
    assert_eq!(found["data"]["attributes"], made["data"]["attributes"]);
    assert_eq!(found["data"]["attributes"]["status"], "enabled");
    let events = json!(["issue.opened", "diagnostic.failure"]);
    assert_eq!(found["data"]["attributes"]["event_types"], events);
    let connector = world.acme.connector.to_string();
    let one = world.post(&world.acme.admin, PATH, &narrowed(&connector)).await.expect(201).json();
    let to = &one["data"]["relationships"]["workspace_connector"]["data"]["id"];
    assert_eq!(*to, connector);
    let page = format!("{PATH}?page[total]=true&filter[status]=enabled");
    let page = world.get(&world.acme.admin, &page).await.expect(200).json();
    assert_eq!(
        (page["data"].as_array().unwrap().len(), &page["meta"]["page"]["total"]),
        (2, &json!(2))
    );
}

async fn an_endpoint_is_changed_disabled_and_removed(db: Db) {
    let world = World::new(db).await;
    let id = endpoint(&world).await;
    let uri = format!("{PATH}/{id}");
    let ask = async |attributes: Value, meta: Value| {
        let body = change(&id, attributes, meta);
        world.patch(&world.acme.admin, &uri, &body).await.expect(200).json()["data"].take()
    };
    let changed =
        ask(json!({"event_types": ["run.completed"], "status": "disabled"}), json!({})).await;
    assert_eq!(changed["attributes"]["event_types"], json!(["run.completed"]));
    assert_eq!(changed["attributes"]["status"], "disabled");
    assert_eq!(changed["meta"], Value::Null);
    let rotated = ask(json!({}), json!({"rotate_secret": true})).await;
    assert!(rotated["meta"]["secret"].as_str().unwrap().starts_with("whsec_"));
    assert_eq!(rotated["attributes"]["old_secret_until"], "2026-06-02T14:32:07.000Z");
    world.delete(&world.acme.admin, &uri).await.expect(204);
    world.get(&world.acme.admin, &uri).await.expect(404);
}

async fn what_happens_is_in_the_outbox_and_goes_out_again(db: Db) {
    let world = World::new(db).await;
    let id = endpoint(&world).await;
    let row = world.record("told").await;
    let list = format!("{DELIVERIES}?filter[webhook_endpoint]={id}");
    let page = world.get(&world.acme.admin, &list).await.expect(200).json();
    let all = page["data"].as_array().unwrap();
    assert_eq!(all.len(), 2, "{page}");
    let of = |event: &str| {
        let found = all.iter().find(|it| it["attributes"]["event_type"] == event);
        found.unwrap()["attributes"].clone()
    };
    assert_eq!(of("diagnostic.failure")["subject_id"], row["id"]);
    assert_eq!(of("issue.opened")["status"], "pending");
    assert_eq!(of("issue.opened")["attempts"], 0);
    let test = request(Method::POST, &world.acme.admin, &format!("{PATH}/{id}/test"), None);
    world.ask(test).await.expect(204);
    let tests = format!("{DELIVERIES}?filter[event_type]=webhook.test");
    let page = world.get(&world.acme.admin, &tests).await.expect(200).json();
    let test = page["data"][0]["id"].as_str().unwrap();
    let uri = format!("{PATH}/{id}/replay");
    let replay =
        |attributes: Value| json!({"data": {"type": "webhook_replay", "attributes": attributes}});
    let one = replay(json!({"webhook_delivery_id": test}));
    let told = world.post(&world.acme.admin, &uri, &one).await.expect(201).json();
    assert_eq!(told["data"]["attributes"]["deliveries"], 1);
    let since = replay(json!({"since": "2026-06-01T00:00:00Z"}));
    let told = world.post(&world.acme.admin, &uri, &since).await.expect(201).json();
    assert_eq!(told["data"]["attributes"]["deliveries"], 3);
    let unknown = replay(json!({"webhook_delivery_id": uuid::Uuid::new_v4()}));
    let answer = world.post(&world.acme.admin, &uri, &unknown).await;
    assert_eq!(answer.errors(), ["404 not_found pointer /data/attributes/webhook_delivery_id"]);
    let none = world.post(&world.acme.admin, &uri, &replay(json!({}))).await;
    assert_eq!(none.errors(), ["422 missing_member pointer /data/attributes"]);
}

async fn what_an_endpoint_does_not_take_is_named(db: Db) {
    let world = World::new(db).await;
    for (name, value, code) in [
        ("url", json!("ftp://x.test"), "invalid_member"),
        ("url", json!("nowhere"), "invalid_member"),
        ("event_types", json!([]), "invalid_member"),
        ("event_types", json!(["webhook.test"]), "invalid_member"),
        ("event_types", json!(["run.complete"]), "invalid_member"),
        ("status", json!("disabled"), "immutable_member"),
        ("secret", json!("x"), "unknown_member"),
    ] {
        let mut body = new();
        body["data"]["attributes"][name] = value;
        let answer = world.post(&world.acme.admin, PATH, &body).await;
        assert_eq!(answer.errors(), [format!("422 {code} pointer /data/attributes/{name}")]);
    }
}

async fn only_an_admin_sees_endpoints(db: Db) {
    let world = World::new(db).await;
    for uri in [PATH, DELIVERIES] {
        world.get(&world.acme.write, uri).await.expect(403);
        world.get(&world.acme.admin, uri).await.expect(200);
    }
}
