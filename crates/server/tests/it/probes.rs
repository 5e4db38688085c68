//! Probes: who may, of what, how often, and what is told.

use std::sync::{Arc, Mutex};

use axum::http::Method;
use domain::connector::Transport;
use domain::probe::{Offer, Probe, ProbeOutcome, ProbedServer};
use serde_json::{Value, json};
use server::{Probes, Settings};
use testkit::Db;

use crate::world::{World, request, with};

testkit::each_database! {
    an_address_is_tried_as_an_installation_would_reach_it,
    an_installation_is_tried_with_its_credentials,
    a_key_probes_only_so_often,
}

const ADDRESS: &str = "/v1/connectors/probe";

/// Settings whose probes are noted, and find a server.
fn noting() -> (Settings, Arc<Mutex<Vec<Transport>>>) {
    let tried = Arc::new(Mutex::new(Vec::new()));
    let notes = tried.clone();
    let probes = Probes::new(move |transport| {
        notes.lock().unwrap().push(transport);
        let found = Probe {
            server: Some(ProbedServer {
                name: "ledger".to_owned(),
                version: "1".to_owned(),
                protocol: "2025-06-18".to_owned(),
            }),
            tool_count: Some(3),
            offers: vec![Offer {
                target_model: domain::TargetModel::Invoice,
                tool_name: "list_invoices".to_owned(),
            }],
            ..Probe::without(ProbeOutcome::Reachable, "a server is there")
        };
        Box::pin(async move { found })
    });
    (Settings { probes, ..Settings::default() }, tried)
}

fn body(config: Value) -> Value {
    json!({"data": {"type": "connector_probe", "attributes": {"config": config}}})
}

fn config() -> Value {
    json!({"transport": "http", "url": "https://mcp.test/mcp", "headers": {"authorization": "s3cr3t"}})
}

async fn an_address_is_tried_as_an_installation_would_reach_it(db: Db) {
    let (settings, tried) = noting();
    let world = World::with(db, settings).await;
    let answer = world.post(&world.acme.write, ADDRESS, &body(config())).await.expect(200);
    assert!(!answer.text.contains("s3cr3t"), "{}", answer.text);
    assert_eq!(
        answer.json()["data"]["attributes"],
        json!({
            "outcome": "reachable", "detail": "a server is there", "http_status": null,
            "server": {"name": "ledger", "version": "1", "protocol": "2025-06-18"},
            "tool_count": 3,
            "offers": [{"target_model": "invoice", "tool_name": "list_invoices"}],
            "authorization": null,
        })
    );
    let [Transport::Http { url, headers }] = &*tried.lock().unwrap().clone() else {
        panic!("one address was tried")
    };
    assert_eq!(
        (url.as_str(), headers["authorization"].expose()),
        ("https://mcp.test/mcp", "s3cr3t")
    );
    assert_eq!(
        world.post(&world.acme.read, ADDRESS, &body(config())).await.errors(),
        ["403 forbidden"]
    );
    let at = "/data/attributes/config";
    for (config, expected) in [
        (
            json!({"transport": "stdio", "command": "sh"}),
            format!("422 invalid_member pointer {at}/transport"),
        ),
        (
            with(config(), "/url", json!("file:///etc/passwd")),
            format!("422 invalid_member pointer {at}/url"),
        ),
        (
            json!({"transport": "http", "url": "https://x.test", "x": 1}),
            format!("422 unknown_member pointer {at}/x"),
        ),
    ] {
        let errors = world.post(&world.acme.write, ADDRESS, &body(config)).await.errors();
        assert_eq!(errors, [expected]);
    }
    assert_eq!(tried.lock().unwrap().len(), 1);
}

async fn an_installation_is_tried_with_its_credentials(db: Db) {
    let (settings, tried) = noting();
    let world = World::with(db, settings).await;
    let probe = async |key: &str| {
        let uri = format!("/v1/workspace-connectors/{}/probe", world.acme.connector);
        world.ask(request(Method::POST, key, &uri, None)).await
    };
    // The builder of tests makes an installation without an address.
    let bare = probe(&world.acme.write).await.expect(200).json();
    assert_eq!(bare["data"]["attributes"]["outcome"], "not_configured");
    let change = json!({"data": {"type": "workspace_connector", "id": world.acme.connector,
        "attributes": {"config": config()}}});
    let uri = format!("/v1/workspace-connectors/{}", world.acme.connector);
    world.patch(&world.acme.admin, &uri, &change).await.expect(200);
    let found = probe(&world.acme.write).await.expect(200);
    assert!(!found.text.contains("s3cr3t"), "{}", found.text);
    assert_eq!(found.json()["data"]["attributes"]["outcome"], "reachable");
    assert_eq!(probe(&world.acme.read).await.errors(), ["403 forbidden"]);
    assert_eq!(probe(&world.rival.admin).await.errors(), ["404 not_found"]);
    let secrets: Vec<_> = tried
        .lock()
        .unwrap()
        .iter()
        .flat_map(|it| it.secrets().map(|it| it.expose().to_owned()).collect::<Vec<_>>())
        .collect();
    assert_eq!(secrets, ["s3cr3t"]);
}

async fn a_key_probes_only_so_often(db: Db) {
    let (settings, tried) = noting();
    let world = World::with(db, Settings { probes_per_min: 2, ..settings }).await;
    for _ in 0..2 {
        world.post(&world.acme.write, ADDRESS, &body(config())).await.expect(200);
    }
    let third = world.post(&world.acme.write, ADDRESS, &body(config())).await;
    assert_eq!(third.errors(), ["429 too_many_requests"]);
    assert!(third.header("retry-after").parse::<u64>().unwrap() > 0);
    // Another key has its own share.
    world.post(&world.rival.write, ADDRESS, &body(config())).await.expect(200);
    assert_eq!(tried.lock().unwrap().len(), 3);
}
