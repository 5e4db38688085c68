//! Connectors, installations, runs.

use expect_test::expect;
use serde_json::{Value, json};
use server::Settings;
use testkit::Db;

use crate::world::{World, redacted, with};

testkit::each_database! {
    a_connector_is_installed_and_its_secrets_stay_inside,
    the_same_address_is_one_connector,
    an_admin_puts_aside_and_reconnects,
    a_paused_connector_runs_when_asked,
    a_run_is_started_once,
    a_run_shows_its_ledger_when_asked,
    health_is_told_with_what_to_do,
    a_run_that_brought_nothing_is_told_from_one_that_did,
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

async fn a_connector_is_installed_and_its_secrets_stay_inside(db: Db) {
    let world = World::new(db).await;
    let (write, admin) = (&world.acme.write, &world.acme.admin);
    let body = new(
        "connector",
        json!({"service_id": "own-erp", "name": "Own ERP", "supported_target_models": ["invoice"]}),
    );
    let connector = world.post(write, "/v1/connectors", &body).await.expect(201).json();
    let again = world.post(write, "/v1/connectors", &body).await.expect(201).json();
    assert_eq!(connector["data"]["id"], again["data"]["id"]);
    let uri = connector["data"]["links"]["self"].as_str().unwrap();
    let patch = change(
        "connector",
        &connector["data"]["id"],
        json!({"name": "ERP", "governance": {"targets": {"invoice": {"tools": ["list_bills"]}}}}),
    );
    let changed = world.patch(admin, uri, &patch).await.expect(200).json();
    assert_eq!(
        changed["data"]["attributes"]["governance"]["targets"]["invoice"],
        json!({"tools": ["list_bills"]})
    );
    let wrong = change(
        "connector",
        &connector["data"]["id"],
        json!({"governance": {"targets": {"invoice": {"tool": ["list_bills"]}}}}),
    );
    let refused = world.patch(admin, uri, &wrong).await.expect(422);
    assert!(refused.text.contains("did you mean `tools`?"), "{}", refused.text);
    let slots = json!({"due_date": {"path": "lines[", "reason": "x"}});
    let wrong = change(
        "connector",
        &connector["data"]["id"],
        json!({"governance": {"targets": {"invoice": {"slots": slots}}}}),
    );
    let refused = world.patch(admin, uri, &wrong).await.expect(422);
    assert!(refused.text.contains("`lines[` is not a path"), "{}", refused.text);
    let dashed = new("connector", json!({"service_id": "-erp", "name": "ERP"}));
    world.post(write, "/v1/connectors", &dashed).await.expect(422);
    let config = json!({"transport": "http", "url": "https://mcp.example.com/mcp?x=1", "headers": {"Authorization": "Bearer s3cr3t-value"}});
    let body = new(
        "workspace_connector",
        json!({"name": "ERP Paris", "config": config, "schedule": {"interval_minutes": 60}}),
    );
    let body = with(
        body,
        "/data/relationships",
        json!({"connector": to("connector", &connector["data"]["id"])}),
    );
    let made = world.post(write, "/v1/workspace-connectors", &body).await.expect(201);
    assert!(!made.text.contains("s3cr3t-value"));
    let made = made.json();
    expect![[r#"
        {
          "type": "workspace_connector",
          "id": "<id 0>",
          "attributes": {
            "workspace_connector_id": "<id 0>",
            "name": "ERP Paris",
            "status": "enabled",
            "config": {
              "address": "https://mcp.example.com/mcp",
              "secrets_set": [
                "Authorization"
              ]
            },
            "installed_capabilities": null,
            "schedule": {
              "interval_minutes": 60,
              "paused": false
            },
            "supported_target_models": null,
            "last_success_at": null,
            "created_at": "2026-06-01T14:32:07.000Z",
            "updated_at": "2026-06-01T14:32:07.000Z"
          },
          "relationships": {
            "workspace": {
              "data": {
                "type": "workspace",
                "id": "<id 1>"
              }
            },
            "connector": {
              "data": {
                "type": "connector",
                "id": "<id 2>"
              }
            }
          },
          "links": {
            "self": "/v1/workspace-connectors/<id 0>"
          }
        }"#]]
    .assert_eq(&redacted(&made["data"]));
    let uri = made["data"]["links"]["self"].as_str().unwrap();
    for (pointer, value, expected) in [
        (
            "/config/transport",
            json!("carrier pigeon"),
            "422 invalid_member pointer /data/attributes/config/transport",
        ),
        (
            "/config/transport",
            json!("stdio"),
            "422 invalid_member pointer /data/attributes/config/transport",
        ),
        (
            "/config/url",
            json!("file:///etc/passwd"),
            "422 invalid_member pointer /data/attributes/config/url",
        ),
        (
            "/config/url",
            json!("https://user:pw@x.test"),
            "422 invalid_member pointer /data/attributes/config/url",
        ),
        (
            "/config/headers",
            json!({"a b": "x"}),
            "422 invalid_member pointer /data/attributes/config/headers",
        ),
        (
            "/config/headers",
            json!({"a": "s3cr3t\r\nx: y"}),
            "422 invalid_member pointer /data/attributes/config/headers",
        ),
        ("/config/heders", json!({}), "422 unknown_member pointer /data/attributes/config/heders"),
        (
            "/schedule/interval_minutes",
            json!(0),
            "422 invalid_member pointer /data/attributes/schedule/interval_minutes",
        ),
        (
            "/supported_target_models",
            json!(["invoce"]),
            "422 invalid_member pointer /data/attributes/supported_target_models",
        ),
    ] {
        let body = with(body.clone(), &format!("/data/attributes{pointer}"), value);
        let answer = world.post(write, "/v1/workspace-connectors", &body).await;
        assert_eq!(answer.errors(), [expected]);
        assert!(!answer.text.contains("s3cr3t"), "{}", answer.text);
    }
    let patch = change(
        "workspace_connector",
        &made["data"]["id"],
        json!({"status": "suspended", "schedule": {"paused": true, "interval_minutes": null}}),
    );
    let changed = world.patch(admin, uri, &patch).await.expect(200).json();
    assert_eq!(changed["data"]["attributes"]["status"], "suspended");
    assert_eq!(
        changed["data"]["attributes"]["schedule"],
        json!({"interval_minutes": null, "paused": true})
    );
    let processing = with(patch, "/data/attributes/status", json!("processing"));
    let errors = world.patch(admin, uri, &processing).await.errors();
    assert_eq!(errors, ["422 invalid_member pointer /data/attributes/status"]);
    let errors =
        world.delete(admin, connector["data"]["links"]["self"].as_str().unwrap()).await.errors();
    assert_eq!(errors, ["409 conflict pointer /data/attributes/connector"]);
    world.delete(admin, uri).await.expect(204);
    world.get(write, uri).await.expect(404);
}

async fn the_same_address_is_one_connector(db: Db) {
    let world = World::new(db).await;
    let add = async |key: &str, url: &str| {
        let to = json!({"transport": "http", "url": url});
        let body = new("connector", json!({"name": "ERP", "default_transport": to}));
        world.post(key, "/v1/connectors", &body).await
    };
    let write = &world.acme.write;
    let made = add(write, "https://MCP.example.com/mcp?key=s3cr3t-value").await.expect(201);
    assert!(!made.text.contains("s3cr3t"), "{}", made.text);
    let made = made.json();
    let attributes = &made["data"]["attributes"];
    assert_eq!(
        attributes["default_transport"],
        json!({"transport": "http", "url": "https://mcp.example.com/mcp"})
    );
    assert!(attributes["service_id"].as_str().unwrap().starts_with("mcp.example.com-"));
    let again = add(write, "https://mcp.example.com:443/mcp").await.expect(201).json();
    assert_eq!(again["data"], made["data"]);
    let foreign = add(&world.rival.write, "https://mcp.example.com/mcp").await.expect(201).json();
    assert_ne!(foreign["data"]["id"], made["data"]["id"]);
    let own = made["data"]["links"]["self"].as_str().unwrap();
    assert_eq!(world.get(&world.rival.admin, own).await.errors(), ["404 not_found"]);
    let errors = add(write, "ftp://mcp.example.com").await.errors();
    assert_eq!(errors, ["422 invalid_member pointer /data/attributes/default_transport/url"]);
}

async fn an_admin_puts_aside_and_reconnects(db: Db) {
    let world = World::new(db).await;
    let uri = format!("/v1/workspace-connectors/{}", world.acme.connector);
    let id = json!(world.acme.connector);
    let patch = async |attributes: Value| {
        let body = change("workspace_connector", &id, attributes);
        world.patch(&world.acme.admin, &uri, &body).await
    };
    let status = |it: crate::world::Answer| it.json()["data"]["attributes"]["status"].clone();
    for word in ["suspended", "disabled", "enabled"] {
        assert_eq!(status(patch(json!({"status": word})).await.expect(200)), word);
        let sync = crate::world::request(
            axum::http::Method::POST,
            &world.acme.write,
            &format!("{uri}/sync"),
            None,
        );
        let answer = world.ask(sync).await;
        match word {
            "enabled" => assert_eq!(answer.status, 202, "{}", answer.text),
            _ => assert_eq!(answer.errors(), ["409 not_startable"]),
        }
    }
    for word in ["processing", "degraded", "need_reconnect", "error", "to_configure"] {
        let errors = patch(json!({"status": word})).await.errors();
        assert_eq!(errors, ["422 invalid_member pointer /data/attributes/status"]);
    }
    world.db.run("update workspace_connectors set status = 'need_reconnect'").await;
    assert_eq!(status(patch(json!({"name": "Renamed"})).await.expect(200)), "need_reconnect");
    let config = json!({"transport": "http", "url": "https://x.test", "headers": {"a": "s3cr3t"}});
    let back = patch(json!({"config": config})).await.expect(200);
    assert!(!back.text.contains("s3cr3t"), "{}", back.text);
    assert_eq!(status(back), "enabled");
}

async fn a_paused_connector_runs_when_asked(db: Db) {
    let world = World::new(db).await;
    let uri = format!("/v1/workspace-connectors/{}", world.acme.connector);
    let id = json!(world.acme.connector);
    let body = change("workspace_connector", &id, json!({"schedule": {"paused": true}}));
    world.patch(&world.acme.admin, &uri, &body).await.expect(200);
    let method = axum::http::Method::POST;
    let sync = crate::world::request(method, &world.acme.write, &format!("{uri}/sync"), None);
    world.ask(sync).await.expect(202);
}

async fn a_run_is_started_once(db: Db) {
    let world = World::with(db, Settings::default()).await;
    let uri = format!("/v1/workspace-connectors/{}/sync", world.acme.connector);
    let post = async |key: &str, uri: &str| {
        world.ask(crate::world::request(axum::http::Method::POST, key, uri, None)).await
    };
    assert_eq!(post(&world.acme.read, &uri).await.errors(), ["403 forbidden"]);
    assert_eq!(post(&world.rival.write, &uri).await.errors(), ["404 not_found"]);
    let run = post(&world.acme.write, &uri).await.expect(202);
    let location = run.header("content-location").to_owned();
    let run = run.json();
    assert_eq!(run["data"]["attributes"]["status"], "scheduled");
    assert_eq!(run["data"]["attributes"]["trigger_type"], "api");
    assert_eq!(
        world.started.lock().unwrap().iter().map(ToString::to_string).collect::<Vec<_>>(),
        [run["data"]["id"].as_str().unwrap()]
    );
    assert_eq!(post(&world.acme.write, &uri).await.errors(), ["409 already_running"]);
    world.get(&world.acme.read, &location).await.expect(200);
    let cancelled = post(&world.acme.write, &format!("{location}/cancel")).await.expect(202).json();
    assert_eq!(cancelled["data"]["attributes"]["error"], "cancelled");
    assert_eq!(post(&world.acme.write, &format!("{location}/cancel")).await.status, 409);
    assert_eq!(world.started.lock().unwrap().len(), 1);
}

async fn a_run_shows_its_ledger_when_asked(db: Db) {
    let world = World::new(db).await;
    let uri = "/v1/workspace-connector-sync-logs";
    let plain = world.get(&world.acme.read, uri).await.expect(200).json();
    assert_eq!(plain["data"][0]["id"], json!(world.acme.run));
    assert!(plain["data"][0]["meta"]["ledger"].is_null());
    let with_ledger = world
        .get(&world.acme.read, &format!("{uri}?include=ledger&filter[status]=success"))
        .await
        .expect(200)
        .json();
    assert_eq!(with_ledger["data"][0]["meta"]["ledger"], json!([]));
    let one = world
        .get(&world.acme.read, &format!("{uri}/{}?include=ledger", world.acme.run))
        .await
        .expect(200)
        .json();
    assert_eq!(one["data"]["attributes"]["status"], "success");
}

async fn health_is_told_with_what_to_do(db: Db) {
    let world = World::new(db).await;
    let uri = format!("/v1/workspace-connectors/{}/health", world.acme.connector);
    let well = world.get(&world.acme.read, &uri).await.expect(200).json();
    assert_eq!(well["data"]["links"]["self"], json!(uri));
    assert_eq!(well["data"]["id"], json!(world.acme.connector));
    let targets = well["data"]["attributes"]["targets"].as_array().unwrap();
    assert_eq!(targets.len(), 12);
    assert_eq!(targets[0]["state"], "never_synced");
    world.db.run("update workspace_connectors set status = 'need_reconnect'").await;
    let ill = world.get(&world.acme.read, &format!("{uri}?fields[health]=state,advice")).await;
    let ill = ill.expect(200).json();
    assert_eq!(ill["data"]["attributes"]["state"], "needs_reconnect");
    assert!(ill["data"]["attributes"]["advice"].as_str().is_some_and(|it| it.len() > 10));
    assert_eq!(world.get(&world.rival.read, &uri).await.errors(), ["404 not_found"]);
}

async fn a_run_that_brought_nothing_is_told_from_one_that_did(db: Db) {
    let world = World::new(db).await;
    let (store, tenant) = (&world.db.store, &world.acme.tenant);
    let connector = testkit::make::connector(&world.db, tenant).await;
    let at = testkit::make::now();
    let run = store::sync_logs::schedule(
        store,
        tenant,
        connector,
        domain::run::TriggerType::Manual,
        std::time::Duration::ZERO,
        at,
    );
    let run = run.await.unwrap().unwrap().sync_log_id;
    let outcome = store::sync_logs::Outcome {
        error: None,
        ledger: Vec::new(),
        metadata: Some(json!({"outcome": "nothing_ingested"})),
        resting: domain::connector::InstallationStatus::Enabled,
        evidence: None,
    };
    store::sync_logs::settle(store, tenant, run, outcome, at).await.unwrap();
    let uri = format!(
        "/v1/workspace-connector-sync-logs?filter[workspace_connector]={connector}&filter[status]="
    );
    let page = world.get(&world.acme.read, &format!("{uri}success")).await.expect(200).json();
    assert_eq!(page["data"].as_array().unwrap().len(), 1);
    assert_eq!(page["data"][0]["id"], json!(run));
    assert_eq!(page["data"][0]["attributes"]["metadata"]["outcome"], "nothing_ingested");
    let page = world.get(&world.acme.read, &format!("{uri}error")).await.expect(200).json();
    assert_eq!(page["data"], json!([]));
}
