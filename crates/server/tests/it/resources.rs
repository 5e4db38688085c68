//! Workspaces, keys, connectors, installations, runs, reasons.

use serde_json::{Value, json};
use testkit::Db;

use crate::world::{PATH, World, with};

testkit::each_database! {
    an_operator_makes_a_workspace_and_its_first_key_and_opens_nothing_in_it,
    a_workspace_is_changed_and_erased_by_its_admin,
    a_key_is_shown_once_and_ends_when_it_is_told_to,
    reasons_are_for_everyone,
    every_sort_and_filter_that_is_offered_works,
}

fn new(kind: &str, attributes: Value) -> Value {
    json!({"data": {"type": kind, "attributes": attributes}})
}

fn change(kind: &str, id: &Value, attributes: Value) -> Value {
    json!({"data": {"type": kind, "id": id, "attributes": attributes}})
}

fn to(kind: &str, id: impl serde::Serialize) -> Value {
    json!({"data": {"type": kind, "id": id}})
}

async fn an_operator_makes_a_workspace_and_its_first_key_and_opens_nothing_in_it(db: Db) {
    let world = World::new(db).await;
    let operator = &world.operator;
    let body = new(
        "workspace",
        json!({"name": "New", "external_workspace_id": "new-1", "retention_days": 7}),
    );
    world.post(&world.acme.admin, "/v1/workspaces", &body).await.expect(403);
    let made = world.post(operator, "/v1/workspaces", &body).await.expect(201).json();
    let id = &made["data"]["id"];
    assert_eq!(made["data"]["attributes"]["retention_days"], 7);
    let errors = world.post(operator, "/v1/workspaces", &body).await.errors();
    assert_eq!(errors, ["409 conflict pointer /data/attributes/external_workspace_id"]);
    let key = new("api_key", json!({"name": "first", "role": "admin"}));
    let errors = world.post(operator, "/v1/api-keys", &key).await.errors();
    assert_eq!(errors, ["422 missing_member pointer /data/relationships/workspace"]);
    let key = with(key, "/data/relationships", json!({"workspace": to("workspace", "new-1")}));
    let made = world.post(operator, "/v1/api-keys", &key).await.expect(201);
    assert_eq!(made.header("cache-control"), "no-store");
    let secret = made.json()["data"]["meta"]["key"].as_str().unwrap().to_owned();
    let own = world.get(&secret, "/v1/workspaces").await.expect(200).json();
    assert_eq!(own["data"][0]["id"], *id);
    world.get(&secret, "/v1/workspaces/new-1").await.expect(200);
    for uri in [
        PATH,
        "/v1/api-keys",
        "/v1/connectors",
        "/v1/workspace-connectors",
        "/v1/workspace-connector-sync-logs",
    ] {
        assert_eq!(world.get(operator, uri).await.errors(), ["403 forbidden"]);
    }
    let all = world
        .get(operator, "/v1/workspaces?sort=name&page[size]=2&page[total]=true")
        .await
        .expect(200)
        .json();
    assert_eq!(all["meta"]["page"]["total"], 3);
    let rest = world.get(operator, all["links"]["next"].as_str().unwrap()).await.expect(200).json();
    assert_eq!(rest["data"].as_array().unwrap().len(), 1);
    world.get(operator, "/v1/workspaces/new-1").await.expect(200);
    world.delete(operator, "/v1/workspaces/new-1").await.expect(403);
    let errors = world
        .post(
            operator,
            "/v1/api-keys",
            &with(key, "/data/relationships/workspace/data/id", json!("none")),
        )
        .await
        .errors();
    assert_eq!(errors, ["404 not_found pointer /data/relationships/workspace/data/id"]);
}

async fn a_workspace_is_changed_and_erased_by_its_admin(db: Db) {
    let world = World::new(db).await;
    let id = json!(world.acme.tenant.workspace());
    let uri = "/v1/workspaces/acme-external";
    let patch = change(
        "workspace",
        &json!("acme-external"),
        json!({"name": " Acme ", "description": null, "retention_days": 400}),
    );
    world.patch(&world.acme.write, uri, &patch).await.expect(403);
    let changed = world.patch(&world.acme.admin, uri, &patch).await.expect(200).json();
    assert_eq!(changed["data"]["attributes"]["name"], "Acme");
    assert_eq!(changed["data"]["id"], id);
    for (name, value) in [
        ("name", json!("")),
        ("name", json!("x".repeat(101))),
        ("retention_days", json!(0)),
        ("retention_days", json!(3651)),
        ("external_workspace_id", json!("a/b")),
        ("external_workspace_id", id.clone()),
        ("description", json!("x".repeat(501))),
    ] {
        let patch = change("workspace", &json!("acme-external"), json!({name: value}));
        let errors = world.patch(&world.acme.admin, uri, &patch).await.errors();
        assert_eq!(errors, [format!("422 invalid_member pointer /data/attributes/{name}")]);
    }
    world.rows(3).await;
    world.delete(&world.acme.admin, uri).await.expect(204);
    world.get(&world.acme.read, PATH).await.expect(401);
    world.get(&world.rival.read, PATH).await.expect(200);
}

async fn a_key_is_shown_once_and_ends_when_it_is_told_to(db: Db) {
    let world = World::new(db).await;
    let admin = &world.acme.admin;
    let body = new(
        "api_key",
        json!({"name": "reader", "role": "read", "expiration_at": "2027-01-01T00:00:00Z"}),
    );
    let made = world.post(admin, "/v1/api-keys", &body).await.expect(201).json();
    let secret = made["data"]["meta"]["key"].as_str().unwrap();
    assert!(secret.starts_with("wl_live_") && secret.len() == 51, "{secret}");
    let uri = made["data"]["links"]["self"].as_str().unwrap();
    let shown = world.get(admin, uri).await.expect(200);
    assert!(!shown.text.contains(secret));
    world.get(secret, PATH).await.expect(200);
    world.get(secret, "/v1/api-keys").await.expect(403);
    let off = change("api_key", &made["data"]["id"], json!({"is_active": false}));
    world.patch(admin, uri, &off).await.expect(200);
    world.get(secret, PATH).await.expect(401);
    let on = change("api_key", &made["data"]["id"], json!({"is_active": true, "role": "write"}));
    world.patch(admin, uri, &on).await.expect(200);
    world.post(secret, PATH, &world.example()).await.expect(201);
    world.delete(admin, uri).await.expect(204);
    world.get(secret, PATH).await.expect(401);
    assert_eq!(world.get(admin, uri).await.errors(), ["404 not_found"]);
    for (name, value) in [
        ("role", json!("owner")),
        ("name", json!("")),
        ("expiration_at", json!("2020-01-01T00:00:00Z")),
    ] {
        let body = with(body.clone(), &format!("/data/attributes/{name}"), value);
        let errors = world.post(admin, "/v1/api-keys", &body).await.errors();
        assert_eq!(errors, [format!("422 invalid_member pointer /data/attributes/{name}")]);
    }
}

async fn reasons_are_for_everyone(db: Db) {
    let world = World::new(db).await;
    let all = world.get("", "/v1/reasons?fields[reason]=reason,class").await.expect(200).json();
    assert_eq!(all["data"].as_array().unwrap().len(), 23);
    assert_eq!(
        all["data"][0]["attributes"],
        json!({"reason": "no_suitable_tool", "class": "failure"})
    );
    let one = world.get("", "/v1/reasons/empty_result").await.expect(200).json();
    assert_eq!(
        one["data"]["links"],
        json!({"self": "/v1/reasons/empty_result", "about": "/reasons/empty_result"})
    );
    assert_eq!(world.get("", "/v1/reasons/nothing").await.errors(), ["404 not_found"]);
    assert_eq!(
        world.get("", "/v1/reasons?filter[class]=failure").await.expect(400).errors(),
        ["400 unknown_parameter parameter filter[class]"]
    );
}

/// What the documentation offers is tried, word for word.
async fn every_sort_and_filter_that_is_offered_works(db: Db) {
    let world = World::new(db).await;
    let document = world.get("", "/v1/openapi.json").await.json();
    let mut tried = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        let is_list = item["get"]["parameters"]
            .as_array()
            .is_some_and(|it| it.iter().any(|it| it["name"] == "page[size]"));
        for parameter in
            item["get"]["parameters"].as_array().into_iter().flatten().filter(|_| is_list)
        {
            let name = parameter["name"].as_str().unwrap();
            let schema = &parameter["schema"];
            let values: Vec<String> = match (
                schema["enum"].as_array(),
                schema["format"].as_str(),
                schema["type"].as_str(),
            ) {
                (Some(words), _, _) => {
                    words.iter().map(|it| it.as_str().unwrap().to_owned()).collect()
                }
                (_, Some("uuid"), _) => {
                    vec![world.acme.connector.to_string(), format!("{0},{0}", world.acme.connector)]
                }
                (_, Some("date-time"), _) => vec!["2026-06-01T00:00:00Z".to_owned()],
                (_, _, Some("integer")) => vec!["20".to_owned()],
                (_, _, Some("boolean")) => vec!["true".to_owned(), "false".to_owned()],
                _ if name.starts_with("filter") || name == "q" => vec!["a'b%_\\".to_owned()],
                _ => continue,
            };
            let ops =
                parameter["description"].as_str().unwrap_or_default().split_once("op one of ");
            let ops: Vec<&str> = ops.map_or(vec![], |it| it.1.split(", ").collect());
            let names: Vec<String> = std::iter::once(name.to_owned())
                .chain(ops.iter().map(|op| format!("{name}[{op}]")))
                .collect();
            for name in &names {
                for value in &values {
                    let value = if name.ends_with("[is_null]") { "true" } else { value.as_str() };
                    let is_one = !name.ends_with("[in]") && name.ends_with("]]");
                    if is_one && value.contains(',')
                        || (name.ends_with("[eq]") && value.contains(','))
                    {
                        continue;
                    }
                    let query: String = form_urlencoded::Serializer::new(String::new())
                        .append_pair(name, value)
                        .finish();
                    for key in [&world.acme.admin, &world.operator] {
                        let answer = world.get(key, &format!("{path}?{query}")).await;
                        let is_own = path == "/v1/workspaces" && *key == world.acme.admin;
                        assert!(
                            answer.status == 200
                                || (answer.status == 403 && *key == world.operator)
                                || is_own,
                            "{path}?{query}: {}",
                            answer.text
                        );
                        tried += 1;
                    }
                }
            }
        }
    }
    assert!(tried > 200, "{tried}");
}
