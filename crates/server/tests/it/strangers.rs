//! The route table, walked by a stranger: a key of another workspace must not learn that anything
//! of this one exists, on any route, by any parameter.

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};
use server::routes::{self, Auth};
use testkit::Db;

use crate::world::{JSON_API, PATH, World, with};
use crate::{mappings, records};

testkit::each_database! { no_route_tells_a_stranger_anything }

/// What a stranger tries on a route.
enum Case {
    /// The id of something foreign answers as the id of nothing.
    Foreign {
        id: String,
        body: Value,
    },
    /// A list of the stranger's own holds nothing foreign.
    List {
        queries: Vec<String>,
    },
    /// A document that names something foreign is refused as one that names nothing.
    Names {
        body: Value,
        at: &'static str,
    },
    /// Open to everyone, or to the operator alone.
    Open,
    Closed,
}

/// A route without a case fails the test.
async fn case(world: &World, method: &Method, path: &str) -> Case {
    let row = world.record("secret of acme").await;
    let id = |it: &dyn ToString| it.to_string();
    let (connector, run) = (id(&world.acme.connector), id(&world.acme.run));
    let change = |kind: &str, id: &str| json!({"data": {"type": kind, "id": id, "attributes": {}}});
    let list = |queries: &[String]| Case::List { queries: queries.to_vec() };
    let by_id = |id: String, body: Value| Case::Foreign { id, body };
    let row_id = row["id"].as_str().unwrap().to_owned();
    let workspace = id(&world.acme.tenant.workspace());
    match (method.as_str(), path) {
        ("GET", "/v1/connector-sync-diagnostics") => list(&[
            String::new(),
            "q=secret".to_owned(),
            "include=workspace,workspace_connector,sync_log".to_owned(),
            format!("filter[workspace_connector]={connector}"),
            format!("filter[sync_log]={run}&page[total]=true"),
            format!("filter[issue]={}", row["meta"]["issue"].as_str().unwrap()),
            format!("filter[workspace_connector]={connector},{}", world.rival.connector),
        ]),
        ("GET", "/v1/connector-sync-diagnostics/facets") => list(&[
            "by=workspace_connector,reason,day,class,target_model,tool_name".to_owned(),
            format!("by=reason&filter[workspace_connector]={connector}"),
        ]),
        ("GET", "/v1/connector-sync-diagnostics/stream") => list(&[]),
        ("POST", "/v1/connector-sync-diagnostics") => Case::Names {
            body: world.example(),
            at: "/data/relationships/workspace_connector/data/id",
        },
        ("POST", "/v1/connector-sync-diagnostics/batch") => Case::Names {
            body: json!({"data": [world.example()["data"]]}),
            at: "/data/0/relationships/workspace_connector/data/id",
        },
        (_, "/v1/connector-sync-diagnostics/{id}") => {
            by_id(row_id.clone(), change("connector_sync_diagnostic", &row_id))
        }
        (
            "GET",
            "/v1/workspaces" | "/v1/connectors" | "/v1/workspace-connectors" | "/v1/api-keys",
        ) => list(&[String::new(), "page[total]=true".to_owned()]),
        ("GET", "/v1/workspace-connector-sync-logs") => {
            list(&["include=ledger".to_owned(), format!("filter[workspace_connector]={connector}")])
        }
        (_, "/v1/workspaces/{id}") => by_id(workspace.clone(), change("workspace", &workspace)),
        ("POST", "/v1/api-keys") => {
            let to = json!({"workspace": {"data": {"type": "workspace", "id": workspace}}});
            let body = json!({"data": {"type": "api_key", "attributes": {"name": "x", "role": "read"}, "relationships": to}});
            Case::Names { body, at: "/data/relationships/workspace/data/id" }
        }
        (_, "/v1/api-keys/{id}") => {
            let keys = world.get(&world.acme.admin, "/v1/api-keys").await.expect(200).json();
            let key = keys["data"][0]["id"].as_str().unwrap().to_owned();
            by_id(key.clone(), change("api_key", &key))
        }
        ("POST", "/v1/connectors" | "/v1/connectors/probe") => Case::Open,
        (_, "/v1/connectors/{id}") => {
            let id = custom(world).await;
            by_id(id.clone(), change("connector", &id))
        }
        ("POST", "/v1/workspace-connectors") => {
            let to =
                json!({"connector": {"data": {"type": "connector", "id": custom(world).await}}});
            let attributes =
                json!({"name": "x", "config": {"transport": "http", "url": "https://x.test"}});
            let body = json!({"data": {"type": "workspace_connector", "attributes": attributes, "relationships": to}});
            Case::Names { body, at: "/data/relationships/connector/data/id" }
        }
        (
            _,
            "/v1/workspace-connectors/{id}"
            | "/v1/workspace-connectors/{id}/sync"
            | "/v1/workspace-connectors/{id}/probe"
            | "/v1/workspace-connectors/{id}/authorize"
            | "/v1/workspace-connectors/{id}/health",
        ) => by_id(connector.clone(), change("workspace_connector", &connector)),
        (
            _,
            "/v1/workspace-connector-sync-logs/{id}"
            | "/v1/workspace-connector-sync-logs/{id}/cancel",
        ) => by_id(run, Value::Null),
        ("GET", "/v1/sync-issues") => list(&[
            String::new(),
            "q=pennylane&page[total]=true".to_owned(),
            format!("filter[workspace_connector]={connector}"),
        ]),
        ("GET", "/v1/webhook-endpoints" | "/v1/webhook-deliveries") => {
            crate::webhooks::endpoint(world).await;
            list(&[String::new(), "page[total]=true".to_owned()])
        }
        ("POST", "/v1/webhook-endpoints") => Case::Names {
            body: crate::webhooks::narrowed(&connector),
            at: "/data/relationships/workspace_connector/data/id",
        },
        (_, "/v1/webhook-endpoints/{id}/replay") => {
            let id = crate::webhooks::endpoint(world).await;
            by_id(id.clone(), change("webhook_replay", &id))
        }
        (_, "/v1/webhook-endpoints/{id}" | "/v1/webhook-endpoints/{id}/test") => {
            let id = crate::webhooks::endpoint(world).await;
            by_id(id.clone(), change("webhook_endpoint", &id))
        }
        (_, "/v1/sync-issues/{id}") => {
            let id = row["meta"]["issue"].as_str().unwrap().to_owned();
            by_id(id.clone(), change("sync_issue", &id))
        }
        ("GET", "/v1/connector-mappings") => {
            list(&[String::new(), format!("filter[workspace_connector]={connector}")])
        }
        ("POST", "/v1/connector-mappings") => Case::Names {
            body: mappings::by_hand(&world.acme),
            at: "/data/relationships/workspace_connector/data/id",
        },
        (_, "/v1/connector-mappings/{id}") => {
            let id = mappings::draw(world, &world.acme, "secret of acme").await;
            by_id(id.clone(), change("connector_mapping", &id))
        }
        ("GET", "/v1/viewer-links") => {
            crate::viewers::link(world).await;
            list(&[String::new(), "page[total]=true".to_owned()])
        }
        (_, "/v1/viewer-links/{id}") => by_id(crate::viewers::link(world).await, Value::Null),
        ("POST", "/v1/viewer-links") => {
            let to = json!({"workspace_connector": {"data": {"type": "workspace_connector", "id": connector}}});
            let body = json!({"data": {"type": "viewer_link", "relationships": to}});
            Case::Names { body, at: "/data/relationships/workspace_connector/data/id" }
        }
        (_, "/v1/connector-mappings/{id}/replay") => {
            let id = mappings::draw(world, &world.acme, "secret of acme").await;
            by_id(id.clone(), change("connector_mapping_replay", &id))
        }
        ("GET", "/v1/missing") => {
            let asks =
                ["external_id=c1", "number=Acme"].map(|it| format!("target_model=company&{it}"));
            list(&asks)
        }
        ("GET", "/v1/missing/period") => {
            list(&["target_model=company&since=2020-01-01".to_owned()])
        }
        // Its tools are walked by a stranger in `tools`.
        ("POST", "/mcp") => Case::Open,
        ("POST", "/v1/workspaces") | ("GET", "/metrics") => Case::Closed,
        ("GET", records) if records::is_one(records) => {
            by_id(records::any(world, &world.acme, records).await, Value::Null)
        }
        ("GET", records) if records::is_collection(records) => list(&[
            String::new(),
            "q=secret&page[total]=true".to_owned(),
            "include=workspace_connector,first_seen_run,last_seen_run".to_owned(),
            format!("filter[workspace_connector]={connector}"),
        ]),
        _ => panic!("{method} {path} has no stranger case"),
    }
}

async fn custom(world: &World) -> String {
    let body = json!({"data": {"type": "connector", "attributes": {"service_id": "acme-own", "name": "secret of acme"}}});
    let made = world.post(&world.acme.write, "/v1/connectors", &body).await.expect(201).json();
    made["data"]["id"].as_str().unwrap().to_owned()
}

async fn no_route_tells_a_stranger_anything(db: Db) {
    let world = World::new(db).await;
    records::fill(&world, &world.acme).await;
    for route in routes::ALL.iter().filter(|it| it.auth != Auth::Public) {
        let (method, path) = (&route.method, route.path);
        match case(&world, method, path).await {
            Case::Open => {}
            Case::Closed => {
                world.ask(ask(method, &world.rival.admin, path, &Value::Null)).await.expect(403);
            }
            Case::Foreign { id, body } => foreign(&world, method, path, &id, &body).await,
            Case::List { queries } => list(&world, path, &queries).await,
            Case::Names { body, at } => names(&world, path, &body, at).await,
        }
    }
    // Nothing of all that was tried has changed anything.
    let row = world.get(&world.acme.read, &format!("{PATH}?q=secret")).await.expect(200).json();
    assert!(!row["data"].as_array().unwrap().is_empty());
    world
        .get(&world.acme.read, &format!("/v1/workspace-connectors/{}", world.acme.connector))
        .await
        .expect(200);
    assert!(world.started.lock().unwrap().is_empty());
}

fn ask(method: &Method, key: &str, uri: &str, body: &Value) -> Request<Body> {
    let request =
        Request::builder().method(method).uri(uri).header("authorization", format!("Bearer {key}"));
    if body.is_null() || !matches!(*method, Method::POST | Method::PATCH) {
        return request.body(Body::empty()).unwrap();
    }
    request.header("content-type", JSON_API).body(Body::from(body.to_string())).unwrap()
}

async fn foreign(world: &World, method: &Method, path: &str, id: &str, body: &Value) {
    let nobody = uuid::Uuid::new_v4().to_string();
    let body_of = |id: &str| {
        if body.is_null() { Value::Null } else { with(body.clone(), "/data/id", json!(id)) }
    };
    let is_action =
        ["/sync", "/cancel", "/probe", "/authorize", "/test"].iter().any(|it| path.ends_with(it));
    let mut answers = Vec::new();
    for id in [id, &nobody] {
        let body = if is_action { Value::Null } else { body_of(id) };
        let mut request = ask(method, &world.rival.admin, &path.replace("{id}", id), &body);
        request
            .headers_mut()
            .insert("x-request-id", "0c2e4d1b-9b4a-4d1b-9b4a-001122334455".parse().unwrap());
        let answer = world.ask(request).await;
        assert_eq!(answer.status, 404, "{method} {path}: {}", answer.text);
        answers.push((answer.text, answer.headers));
    }
    // The same body, to the byte: a foreign row is as one that never was.
    assert_eq!(answers[0], answers[1], "{method} {path}");
}

async fn list(world: &World, path: &str, queries: &[String]) {
    let own = [
        world.acme.tenant.workspace().to_string(),
        world.acme.connector.to_string(),
        world.acme.run.to_string(),
    ];
    for query in queries {
        for accept in ["application/vnd.api+json", "text/csv", "application/x-ndjson"] {
            if accept != JSON_API
                && (path != PATH || query.contains("include") || query.contains("total"))
            {
                continue;
            }
            let uri = format!("{path}?{query}");
            let answer = world.get_as(&world.rival.admin, accept, &uri).await.expect(200);
            // Its own question may come back in `links.self`.
            let text = answer.text.replace(query.as_str(), "");
            // The builder of tests names its public catalogue entry after the installation.
            let text = text.replace(&format!("service-{}", world.acme.connector), "");
            for foreign in own.iter().map(String::as_str).chain(["secret of acme"]) {
                assert!(!text.contains(foreign), "{uri} tells of {foreign}: {text}");
            }
        }
    }
}

async fn names(world: &World, path: &str, body: &Value, at: &str) {
    let nobody = with(body.clone(), at, json!(uuid::Uuid::new_v4()));
    let mut told = Vec::new();
    for body in [body, &nobody] {
        let answer = world.post(&world.rival.admin, path, body).await;
        assert_eq!(answer.errors(), [format!("404 not_found pointer {at}")], "{path}");
        told.push(answer.json()["errors"][0]["detail"].clone());
    }
    assert_eq!(told[0], told[1]);
}
