//! Create, retrieve, update, delete.

use axum::http::Method;
use expect_test::expect;
use serde_json::{Value, json};
use testkit::Db;

use crate::world::{PATH, World, redacted, request, with, without};

testkit::each_database! {
    the_seeds_example_comes_back_member_for_member,
    a_refused_member_is_named_by_its_pointer,
    what_the_server_makes_is_not_the_clients_to_set,
    roles_are_held,
    a_workspace_is_named_by_id_or_external_id,
    secrets_leave_before_storing,
    one_idempotency_key_makes_one_row,
    a_change_moves_updated_at,
    a_deleted_row_is_gone,
    a_run_and_a_context_come_back,
}

async fn the_seeds_example_comes_back_member_for_member(db: Db) {
    let world = World::new(db).await;
    let made = world.post(&world.acme.write, PATH, &world.example()).await.expect(201);
    let location = made.header("location").to_owned();
    let document = made.json();
    let id = document["data"]["id"].as_str().unwrap();
    assert_eq!(location, format!("{PATH}/{id}"));
    let seed = json!({
        "diagnostic_id": id,
        "target_model": "invoice",
        "tool_name": "pennylane_get_invoices",
        "reason": "mapped_entities_dropped",
        "http_status": 200,
        "detail": "Validator rejected 12/12 mapped entities: required field 'issue_date' null after JSONata mapping for tool pennylane_get_invoices",
        "occurred_at": "2026-06-01T14:32:07.000Z",
        "created_at": "2026-06-01T14:32:07.000Z",
        "updated_at": "2026-06-01T14:32:07.000Z",
        "deleted_at": null
    });
    // As text: order counts.
    assert_eq!(document["data"]["attributes"].to_string(), seed.to_string());
    let found = world.get(&world.acme.read, &location).await.expect(200);
    assert_eq!(found.text, made.text);
    let listed = world.get(&world.acme.read, PATH).await.expect(200).json();
    assert_eq!(listed["data"][0].to_string(), document["data"].to_string());
    expect![[r#"
        {
          "jsonapi": {
            "version": "1.1"
          },
          "data": {
            "type": "connector_sync_diagnostic",
            "id": "<id 0>",
            "attributes": {
              "diagnostic_id": "<id 0>",
              "target_model": "invoice",
              "tool_name": "pennylane_get_invoices",
              "reason": "mapped_entities_dropped",
              "http_status": 200,
              "detail": "Validator rejected 12/12 mapped entities: required field 'issue_date' null after JSONata mapping for tool pennylane_get_invoices",
              "occurred_at": "2026-06-01T14:32:07.000Z",
              "created_at": "2026-06-01T14:32:07.000Z",
              "updated_at": "2026-06-01T14:32:07.000Z",
              "deleted_at": null
            },
            "relationships": {
              "workspace": {
                "data": {
                  "type": "workspace",
                  "id": "<id 1>"
                }
              },
              "workspace_connector": {
                "data": {
                  "type": "workspace_connector",
                  "id": "<id 2>"
                }
              },
              "sync_log": {
                "data": null
              }
            },
            "meta": {
              "class": "failure",
              "impact": "data_lost",
              "stage": "check",
              "context": null,
              "issue": "<id 3>",
              "expires_at": "2026-07-01T14:32:07.000Z",
              "reason_title": "All records were rejected by the checks"
            },
            "links": {
              "self": "/v1/connector-sync-diagnostics/<id 0>",
              "about": "/reasons/mapped_entities_dropped"
            }
          },
          "links": {
            "self": "/v1/connector-sync-diagnostics/<id 0>"
          }
        }"#]]
    .assert_eq(&redacted(&document));
}

async fn a_refused_member_is_named_by_its_pointer(db: Db) {
    let world = World::new(db).await;
    let key = &world.acme.write;
    let attributes = "/data/attributes";
    for (name, value, expected) in [
        ("detail", json!(""), "422 invalid_member pointer /data/attributes/detail"),
        ("detail", json!("x".repeat(4001)), "422 invalid_member pointer /data/attributes/detail"),
        ("detail", json!(7), "422 invalid_member pointer /data/attributes/detail"),
        ("detail", json!(null), "422 invalid_member pointer /data/attributes/detail"),
        ("reason", json!("empty_resul"), "422 invalid_member pointer /data/attributes/reason"),
        ("reason", json!(["empty_result"]), "422 invalid_member pointer /data/attributes/reason"),
        (
            "target_model",
            json!("Invoice"),
            "422 invalid_member pointer /data/attributes/target_model",
        ),
        ("http_status", json!(99), "422 invalid_member pointer /data/attributes/http_status"),
        ("http_status", json!("200"), "422 invalid_member pointer /data/attributes/http_status"),
        ("http_status", json!(200.5), "422 invalid_member pointer /data/attributes/http_status"),
        ("http_status", json!(1e30), "422 invalid_member pointer /data/attributes/http_status"),
        (
            "tool_name",
            json!("x".repeat(256)),
            "422 invalid_member pointer /data/attributes/tool_name",
        ),
        ("tool_name", json!("a\0b"), "422 invalid_member pointer /data/attributes/tool_name"),
        (
            "occurred_at",
            json!("yesterday"),
            "422 invalid_member pointer /data/attributes/occurred_at",
        ),
        (
            "occurred_at",
            json!("2026-06-01T14:38:00Z"),
            "422 invalid_member pointer /data/attributes/occurred_at",
        ),
        (
            "occurred_at",
            json!("2026-05-02T14:32:06Z"),
            "422 invalid_member pointer /data/attributes/occurred_at",
        ),
        ("tool_nam", json!("x"), "422 unknown_member pointer /data/attributes/tool_nam"),
        ("a/b~c", json!("x"), "422 unknown_member pointer /data/attributes/a~1b~0c"),
    ] {
        // The last is put in by hand: its name would be taken for a path.
        let mut body = world.example();
        body.pointer_mut(attributes).unwrap()[name] = value.clone();
        let answer = world.post(key, PATH, &body).await;
        assert_eq!(answer.errors(), [expected], "{name} = {value}");
    }
    for (body, expected) in [
        (json!([]), "422 invalid_member pointer "),
        (json!({}), "422 missing_member pointer /data"),
        (json!({"data": null}), "422 invalid_member pointer /data"),
        (json!({"data": []}), "422 invalid_member pointer /data"),
        (
            with(world.example(), "/data/attributes", json!([])),
            "422 invalid_member pointer /data/attributes",
        ),
        (
            without(world.example(), "/data/attributes/reason"),
            "422 missing_member pointer /data/attributes/reason",
        ),
        (
            without(world.example(), "/data/relationships"),
            "422 missing_member pointer /data/relationships/workspace_connector",
        ),
        (without(world.example(), "/data/type"), "422 missing_member pointer /data/type"),
        (
            with(world.example(), "/data/type", json!("invoice")),
            "409 type_mismatch pointer /data/type",
        ),
        (
            with(
                world.example(),
                "/data/relationships/workspace_connector/data/id",
                json!("wsc_xyz789"),
            ),
            "422 invalid_member pointer /data/relationships/workspace_connector/data/id",
        ),
        (
            with(world.example(), "/data/relationships/workspace_connector/data", json!(null)),
            "422 invalid_member pointer /data/relationships/workspace_connector/data",
        ),
        (
            with(world.example(), "/data/relationships/workspace_connector/data/type", json!("x")),
            "422 invalid_member pointer /data/relationships/workspace_connector/data/type",
        ),
        (
            with(world.example(), "/data/relationships/issue", json!({"data": null})),
            "422 unknown_member pointer /data/relationships/issue",
        ),
        (
            with(world.example(), "/data/meta", json!({"context": 1})),
            "422 invalid_member pointer /data/meta/context",
        ),
        (
            with(world.example(), "/data/meta", json!({"context": {"a": "x".repeat(20_000)}})),
            "422 invalid_member pointer /data/meta/context",
        ),
        (
            with(world.example(), "/data/meta", json!({"contxt": {}})),
            "422 unknown_member pointer /data/meta/contxt",
        ),
    ] {
        let answer = world.post(key, PATH, &body).await;
        assert_eq!(answer.errors(), [expected], "{body}");
    }
    let two = with(
        with(world.example(), "/data/attributes/reason", json!(1)),
        "/data/attributes/http_status",
        json!("x"),
    );
    assert_eq!(world.post(key, PATH, &two).await.errors().len(), 2);
    assert_eq!(world.get(&world.acme.read, PATH).await.json()["data"], json!([]));
}

async fn what_the_server_makes_is_not_the_clients_to_set(db: Db) {
    let world = World::new(db).await;
    let id = "a3f7e812-0c2e-4d1b-9b4a-001122334455";
    let body = with(world.example(), "/data/id", json!(id));
    let errors = world.post(&world.acme.write, PATH, &body).await.expect(403).errors();
    assert_eq!(errors, ["403 client_id_forbidden pointer /data/id"]);
    for name in ["diagnostic_id", "created_at", "updated_at", "deleted_at"] {
        let body = with(world.example(), &format!("/data/attributes/{name}"), json!(null));
        let errors = world.post(&world.acme.write, PATH, &body).await.expect(422).errors();
        assert_eq!(errors, [format!("422 immutable_member pointer /data/attributes/{name}")]);
    }
}

async fn roles_are_held(db: Db) {
    let world = World::new(db).await;
    let row = world.record("a row").await;
    let uri = row["links"]["self"].as_str().unwrap();
    let patch = json!({"data": {"type": "connector_sync_diagnostic", "id": row["id"], "attributes": {"detail": "b"}}});
    world.post(&world.acme.read, PATH, &world.example()).await.expect(403);
    world.post(&world.operator, PATH, &world.example()).await.expect(403);
    for key in [&world.acme.read, &world.acme.write, &world.operator] {
        world.patch(key, uri, &patch).await.expect(403);
        assert_eq!(world.delete(key, uri).await.errors(), ["403 forbidden"]);
    }
    for key in [&world.acme.read, &world.acme.write, &world.acme.admin] {
        world.get(key, uri).await.expect(200);
    }
    world.get(&world.operator, uri).await.expect(403);
}

async fn a_workspace_is_named_by_id_or_external_id(db: Db) {
    let world = World::new(db).await;
    let of = |id: &str| {
        let to = json!({"data": {"type": "workspace", "id": id}});
        with(world.example(), "/data/relationships/workspace", to)
    };
    for own in [world.acme.tenant.workspace().to_string(), "acme-external".to_owned()] {
        world.post(&world.acme.write, PATH, &of(&own)).await.expect(201);
    }
    for foreign in [
        world.rival.tenant.workspace().to_string(),
        "rival-external".to_owned(),
        "nobody".to_owned(),
    ] {
        let errors = world.post(&world.acme.write, PATH, &of(&foreign)).await.errors();
        assert_eq!(errors, ["404 not_found pointer /data/relationships/workspace/data/id"]);
    }
}

async fn secrets_leave_before_storing(db: Db) {
    let world = World::new(db).await;
    let detail = "401 for https://x.test/a?api_token=abc123 with Authorization: Bearer abc.def-ghi";
    let body = with(world.example(), "/data/attributes/detail", json!(detail));
    let context = json!({"context": {"url": "https://u:pw@x.test", "nul\0name": "a\0b", "deep": [{"token": "t=1"}]}});
    let body = with(body, "/data/meta", context);
    let made = world.post(&world.acme.write, PATH, &body).await.expect(201).json();
    let detail = made["data"]["attributes"]["detail"].as_str().unwrap();
    assert_eq!(detail, "401 for https://x.test/a?[redacted] with Authorization: [redacted]");
    let found = world.get(&world.acme.read, made["data"]["links"]["self"].as_str().unwrap()).await;
    let context = &found.expect(200).json()["data"]["meta"]["context"];
    assert_eq!(context["url"], "https://[redacted]@x.test");
    assert_eq!(context["nul\u{fffd}name"], "a\u{fffd}b");
}

async fn one_idempotency_key_makes_one_row(db: Db) {
    let world = World::new(db).await;
    let send = async |body: &Value, name: &str| {
        let mut request = request(Method::POST, &world.acme.write, PATH, Some(body));
        request.headers_mut().insert("idempotency-key", name.parse().unwrap());
        world.ask(request).await
    };
    let first = send(&world.example(), "k1").await.expect(201);
    assert_eq!(first.header("idempotent-replayed"), "");
    let again = send(&world.example(), "k1").await.expect(201);
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(again.text, first.text);
    let other = with(world.example(), "/data/attributes/detail", json!("other"));
    let errors = send(&other, "k1").await.errors();
    assert_eq!(errors, ["409 idempotency_conflict header Idempotency-Key"]);
    send(&other, "k2").await.expect(201);
    assert_eq!(send(&other, "").await.errors(), ["400 invalid_header header Idempotency-Key"]);
    assert_eq!(world.get(&world.acme.read, PATH).await.json()["data"].as_array().unwrap().len(), 2);
}

async fn a_change_moves_updated_at(db: Db) {
    let world = World::new(db).await;
    let row = world.record("before").await;
    let uri = row["links"]["self"].as_str().unwrap();
    let patch = |attributes: Value| json!({"data": {"type": "connector_sync_diagnostic", "id": row["id"], "attributes": attributes}});
    let changed = json!({"detail": "after, with password=hunter22", "tool_name": null, "http_status": null, "reason": "empty_result"});
    let answer = world.patch(&world.acme.admin, uri, &patch(changed)).await.expect(200).json();
    let attributes = &answer["data"]["attributes"];
    assert_eq!(attributes["detail"], "after, with password=[redacted]");
    assert_eq!(attributes["tool_name"], Value::Null);
    assert_eq!(attributes["target_model"], "invoice");
    assert_eq!(answer["data"]["meta"]["reason_title"], "The provider answered with no records");
    for (attributes, expected) in [
        (
            json!({"occurred_at": "2026-06-01T00:00:00Z"}),
            "422 immutable_member pointer /data/attributes/occurred_at",
        ),
        (json!({"deleted_at": null}), "422 immutable_member pointer /data/attributes/deleted_at"),
        (json!({"detail": null}), "422 invalid_member pointer /data/attributes/detail"),
        (json!({"detial": "x"}), "422 unknown_member pointer /data/attributes/detial"),
    ] {
        let errors = world.patch(&world.acme.admin, uri, &patch(attributes)).await.errors();
        assert_eq!(errors, [expected]);
    }
    let other = with(patch(json!({})), "/data/id", json!("a3f7e812-0c2e-4d1b-9b4a-001122334455"));
    let errors = world.patch(&world.acme.admin, uri, &other).await.errors();
    assert_eq!(errors, ["409 id_mismatch pointer /data/id"]);
}

async fn a_deleted_row_is_gone(db: Db) {
    let world = World::new(db).await;
    let row = world.record("a row").await;
    let uri = row["links"]["self"].as_str().unwrap();
    let gone = world.delete(&world.acme.admin, uri).await.expect(204);
    assert_eq!(gone.text, "");
    for answer in
        [world.delete(&world.acme.admin, uri).await, world.get(&world.acme.read, uri).await]
    {
        assert_eq!(answer.errors(), ["404 not_found"]);
    }
    assert_eq!(world.get(&world.acme.read, PATH).await.json()["data"], json!([]));
}

async fn a_run_and_a_context_come_back(db: Db) {
    let world = World::new(db).await;
    let to = json!({"data": {"type": "workspace_connector_sync_log", "id": world.acme.run}});
    let body = with(world.example(), "/data/relationships/sync_log", to.clone());
    let body = with(
        body,
        "/data/meta",
        json!({"context": {"impact": "internal", "stage": "fetch", "pages": 3}}),
    );
    let made = world.post(&world.acme.write, PATH, &body).await.expect(201).json();
    assert_eq!(made["data"]["relationships"]["sync_log"], to);
    assert_eq!(made["data"]["meta"]["impact"], "internal");
    assert_eq!(made["data"]["meta"]["stage"], "fetch");
    assert_eq!(made["data"]["meta"]["context"]["pages"], 3);
    for (name, kind, id) in [
        ("sync_log", "workspace_connector_sync_log", world.rival.run.to_string()),
        ("workspace_connector", "workspace_connector", world.rival.connector.to_string()),
        ("workspace_connector", "workspace_connector", uuid::Uuid::nil().to_string()),
    ] {
        let body = with(
            world.example(),
            &format!("/data/relationships/{name}"),
            json!({"data": {"type": kind, "id": id}}),
        );
        let errors = world.post(&world.acme.write, PATH, &body).await.errors();
        assert_eq!(errors, [format!("404 not_found pointer /data/relationships/{name}/data/id")]);
    }
}
