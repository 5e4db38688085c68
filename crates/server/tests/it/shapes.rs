//! What a list shows of its rows: fieldsets, includes, counts.

use expect_test::expect;
use serde_json::{Value, json};
use testkit::Db;

use crate::world::{PATH, World, redacted, with};

testkit::each_database! {
    a_fieldset_is_all_that_is_shown,
    an_include_is_linked_in_full,
    facets_count,
}

async fn a_fieldset_is_all_that_is_shown(db: Db) {
    let world = World::new(db).await;
    world.rows(1).await;
    let uri = format!("{PATH}?fields[connector_sync_diagnostic]=detail,reason,workspace");
    let row = &world.get(&world.acme.read, &uri).await.expect(200).json()["data"][0];
    assert_eq!(
        row["attributes"].to_string(),
        r#"{"reason":"mapped_entities_dropped","detail":"row 0"}"#
    );
    assert_eq!(row["relationships"].as_object().unwrap().keys().collect::<Vec<_>>(), ["workspace"]);
    let uri =
        format!("{}?fields[connector_sync_diagnostic]=", row["links"]["self"].as_str().unwrap());
    let row = &world.get(&world.acme.read, &uri).await.expect(200).json()["data"];
    assert_eq!(row["attributes"], json!({}));
}

async fn an_include_is_linked_in_full(db: Db) {
    let world = World::new(db).await;
    let to = json!({"data": {"type": "workspace_connector_sync_log", "id": world.acme.run}});
    let body = with(world.example(), "/data/relationships/sync_log", to);
    world.post(&world.acme.write, PATH, &body).await.expect(201);
    world.rows(2).await;
    let uri = format!(
        "{PATH}?include=workspace,workspace_connector,sync_log&fields[connector_sync_diagnostic]=workspace,workspace_connector,sync_log&fields[workspace]=name&fields[workspace_connector]=status,connector&fields[workspace_connector_sync_log]=status"
    );
    let page = world.get(&world.acme.read, &uri).await.expect(200).json();
    let included = page["included"].as_array().unwrap();
    let linked: Vec<Value> = page["data"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|row| {
            row["relationships"]
                .as_object()
                .unwrap()
                .values()
                .map(|it| it["data"].clone())
                .collect::<Vec<_>>()
        })
        .collect();
    for it in included {
        assert!(linked.contains(&json!({"type": it["type"], "id": it["id"]})), "{it}");
    }
    expect![[r#"
        [
          {
            "type": "workspace",
            "id": "<id 0>",
            "attributes": {
              "name": "acme"
            },
            "links": {
              "self": "/v1/workspaces/<id 0>"
            }
          },
          {
            "type": "workspace_connector",
            "id": "<id 1>",
            "attributes": {
              "status": "enabled"
            },
            "relationships": {
              "connector": {
                "data": {
                  "type": "connector",
                  "id": "<id 2>"
                }
              }
            },
            "links": {
              "self": "/v1/workspace-connectors/<id 1>"
            }
          },
          {
            "type": "workspace_connector_sync_log",
            "id": "<id 3>",
            "attributes": {
              "status": "success"
            },
            "relationships": {},
            "links": {
              "self": "/v1/workspace-connector-sync-logs/<id 3>"
            }
          }
        ]"#]]
    .assert_eq(&redacted(&page["included"]));
    let uri = page["data"][0]["links"]["self"].as_str().unwrap();
    let one =
        world.get(&world.acme.read, &format!("{uri}?include=workspace")).await.expect(200).json();
    assert_eq!(one["included"].as_array().unwrap().len(), 1);
    assert_eq!(
        world.get(&world.rival.read, &format!("{PATH}?include=workspace")).await.json()["included"],
        json!([])
    );
    world.get(&world.acme.read, &format!("{PATH}?include=")).await.expect(200);
}

async fn facets_count(db: Db) {
    let world = World::new(db).await;
    world.rows(3).await;
    let body = with(world.example(), "/data/attributes/reason", json!("jury_run"));
    world.post(&world.acme.write, PATH, &body).await.expect(201);
    let uri = format!(
        "{PATH}/facets?by=reason,class,day,target_model,tool_name,workspace_connector&filter[http_status]=200"
    );
    let counts = world.get(&world.acme.read, &uri).await.expect(200).json();
    expect![[r#"
        {
          "jsonapi": {
            "version": "1.1"
          },
          "data": [
            {
              "type": "facet",
              "id": "reason",
              "attributes": {
                "name": "reason",
                "values": [
                  {
                    "value": "mapped_entities_dropped",
                    "count": 3
                  },
                  {
                    "value": "jury_run",
                    "count": 1
                  }
                ]
              }
            },
            {
              "type": "facet",
              "id": "class",
              "attributes": {
                "name": "class",
                "values": [
                  {
                    "value": "failure",
                    "count": 3
                  },
                  {
                    "value": "informational",
                    "count": 1
                  }
                ]
              }
            },
            {
              "type": "facet",
              "id": "day",
              "attributes": {
                "name": "day",
                "values": [
                  {
                    "value": "2026-06-01",
                    "count": 4
                  }
                ]
              }
            },
            {
              "type": "facet",
              "id": "target_model",
              "attributes": {
                "name": "target_model",
                "values": [
                  {
                    "value": "invoice",
                    "count": 4
                  }
                ]
              }
            },
            {
              "type": "facet",
              "id": "tool_name",
              "attributes": {
                "name": "tool_name",
                "values": [
                  {
                    "value": "pennylane_get_invoices",
                    "count": 4
                  }
                ]
              }
            },
            {
              "type": "facet",
              "id": "workspace_connector",
              "attributes": {
                "name": "workspace_connector",
                "values": [
                  {
                    "value": "<id 0>",
                    "count": 4
                  }
                ]
              }
            }
          ],
          "links": {
            "self": "/v1/connector-sync-diagnostics/facets?by=reason,class,day,target_model,tool_name,workspace_connector&filter[http_status]=200"
          }
        }"#]].assert_eq(&redacted(&counts));
    for (query, expected) in [
        ("", "400 invalid_parameter parameter by"),
        ("by=raeson", "400 invalid_parameter parameter by"),
        ("by=reason&page[size]=1", "400 unknown_parameter parameter page[size]"),
    ] {
        let errors = world.get(&world.acme.read, &format!("{PATH}/facets?{query}")).await.errors();
        assert_eq!(errors, [expected]);
    }
}
