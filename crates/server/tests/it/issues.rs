//! Issues over the API: users read, who may record mutes, resolves, reopens and notes.

use serde_json::{Value, json};
use testkit::Db;

use crate::world::{PATH as DIAGNOSTICS, World};

testkit::each_database! {
    a_row_names_its_issue_and_the_issue_its_rows,
    an_issue_is_shown_with_its_story,
    issues_are_listed_filtered_and_sorted,
    an_issue_is_muted_resolved_and_reopened,
    what_an_issue_does_not_take_is_named,
    only_who_may_record_changes_an_issue,
}

pub(crate) const PATH: &str = "/v1/sync-issues";

/// The issue of a row that acme has.
pub(crate) async fn open(world: &World) -> String {
    let row = world.record("secret of acme").await;
    row["meta"]["issue"].as_str().unwrap().to_owned()
}

fn change(id: &str, attributes: Value) -> Value {
    json!({"data": {"type": "sync_issue", "id": id, "attributes": attributes}})
}

async fn a_row_names_its_issue_and_the_issue_its_rows(db: Db) {
    let world = World::new(db).await;
    let id = open(&world).await;
    world.record("another").await;
    let fact = json!({"data": {"type": "connector_sync_diagnostic",
        "attributes": {"target_model": "invoice", "reason": "no_suitable_tool", "detail": "x"},
        "relationships": world.example()["data"]["relationships"]}});
    let row = world.post(&world.acme.write, DIAGNOSTICS, &fact).await.expect(201).json();
    assert_eq!(row["data"]["meta"]["issue"], Value::Null);
    let one = world.get(&world.acme.read, &format!("{PATH}/{id}")).await.expect(200).json();
    let fingerprint = one["data"]["attributes"]["fingerprint"].as_str().unwrap();
    for named in [&id, fingerprint] {
        let uri = format!("{DIAGNOSTICS}?filter[issue]={named}&page[total]=true");
        let rows = world.get(&world.acme.read, &uri).await.expect(200).json();
        assert_eq!(rows["meta"]["page"]["total"], 2, "{named}");
        assert_eq!(rows["data"][0]["meta"]["issue"], *id);
        let uri = format!("{DIAGNOSTICS}/facets?by=reason&filter[issue]={named}");
        let counts = world.get(&world.acme.read, &uri).await.expect(200).json();
        assert_eq!(counts["data"][0]["attributes"]["values"][0]["count"], 2, "{counts}");
    }
    let uri = format!("{DIAGNOSTICS}?filter[issue]={}", uuid::Uuid::new_v4());
    let rows = world.get(&world.acme.read, &uri).await.expect(200).json();
    assert_eq!(rows["data"], json!([]));
}

async fn an_issue_is_shown_with_its_story(db: Db) {
    let world = World::new(db).await;
    let id = open(&world).await;
    let one = world.get(&world.acme.read, &format!("{PATH}/{id}")).await.expect(200).json();
    let mut attributes = one["data"]["attributes"].clone();
    attributes["fingerprint"].take();
    let now = "2026-06-01T14:32:07.000Z";
    let wanted = json!({
        "sync_issue_id": id, "fingerprint": null, "state": "open", "target_model": "invoice",
        "tool_name": "pennylane_get_invoices", "reason": "mapped_entities_dropped",
        "class": "failure", "impact": "data_lost", "stage": "check", "subject": null,
        "note": null, "first_seen_at": now, "last_seen_at": now, "count": 1,
        "affected_records": 0, "not_stored": 0, "not_stored_since": null,
        "mapping_version": null, "muted_until": null, "muted_until_count": null,
        "resolved_at": null, "resolved_version": null, "changed_at": now, "created_at": now,
        "updated_at": now
    });
    assert_eq!(attributes, wanted);
    let meta = &one["data"]["meta"];
    assert_eq!(meta["blast_radius"]["models"], json!(["invoice_transaction"]));
    assert_eq!(meta["trend"].as_array().unwrap().len(), 14);
    assert_eq!(meta["trend"][13], json!({"day": "2026-06-01", "count": 1}));
    assert_eq!(meta["transitions"][0]["to"], "open");
    assert_eq!(meta["transitions"][0]["actor"], json!({"kind": "engine"}));
    assert_eq!(one["data"]["links"]["about"], "/reasons/mapped_entities_dropped");
}

async fn issues_are_listed_filtered_and_sorted(db: Db) {
    let world = World::new(db).await;
    open(&world).await;
    world.record("another").await;
    let scope = json!({"data": {"type": "connector_sync_diagnostic",
        "attributes": {"target_model": "company", "reason": "auth_scope_insufficient",
            "detail": "x", "occurred_at": "2026-06-01T10:00:00Z"},
        "relationships": world.example()["data"]["relationships"]}});
    world.post(&world.acme.write, DIAGNOSTICS, &scope).await.expect(201);
    let reasons = async |query: &str| {
        let page = world.get(&world.acme.read, &format!("{PATH}?{query}")).await.expect(200);
        let page = page.json();
        let all = page["data"].as_array().unwrap().iter();
        all.map(|it| it["attributes"]["reason"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (dropped, auth) = ("mapped_entities_dropped", "auth_scope_insufficient");
    assert_eq!(reasons("").await, [dropped, auth]);
    assert_eq!(reasons("sort=count").await, [auth, dropped]);
    assert_eq!(reasons("sort=-affected_records&page[total]=true").await.len(), 2);
    assert_eq!(reasons("filter[impact]=auth&filter[class]=failure").await, [auth]);
    assert_eq!(reasons("filter[class]=informational").await, [""; 0]);
    assert_eq!(
        reasons("filter[state]=open,regressed&filter[target_model]=invoice").await,
        [dropped]
    );
    assert_eq!(reasons("filter[last_seen_at][lt]=2026-06-01T12:00:00Z").await, [auth]);
    assert_eq!(reasons("q=pennylane").await, [dropped]);
    let connector = format!("filter[workspace_connector]={}", world.acme.connector);
    assert_eq!(reasons(&connector).await.len(), 2);
    // Page by page.
    let uri = format!("{PATH}?page[size]=1");
    let page = world.get(&world.acme.read, &uri).await.expect(200).json();
    let next = page["links"]["next"].as_str().unwrap().to_owned();
    let page = world.get(&world.acme.read, &next).await.expect(200).json();
    assert_eq!(page["data"][0]["attributes"]["reason"], auth);
}

async fn an_issue_is_muted_resolved_and_reopened(db: Db) {
    let world = World::new(db).await;
    let id = open(&world).await;
    let uri = format!("{PATH}/{id}");
    let ask = async |attributes: Value| {
        let body = change(&id, attributes);
        let answer = world.patch(&world.acme.write, &uri, &body).await.expect(200).json();
        answer["data"].clone()
    };
    let until = "2026-06-08T00:00:00.000Z";
    let muted = ask(json!({"state": "muted", "muted_until": until, "muted_until_count": 50})).await;
    assert_eq!(muted["attributes"]["state"], "muted");
    assert_eq!(muted["attributes"]["muted_until"], until);
    assert_eq!(muted["attributes"]["muted_until_count"], 50);
    let open = ask(json!({"state": "open", "note": "known since Monday"})).await;
    assert_eq!(
        (&open["attributes"]["state"], &open["attributes"]["muted_until"]),
        (&json!("open"), &Value::Null)
    );
    let resolved = ask(json!({"state": "resolved"})).await;
    assert_eq!(resolved["attributes"]["resolved_at"], "2026-06-01T14:32:07.000Z");
    let story = resolved["meta"]["transitions"].as_array().unwrap();
    let told: Vec<_> = story
        .iter()
        .map(|it| (it["to"].as_str().unwrap(), it["actor"]["name"].as_str(), it["note"].as_str()))
        .collect();
    let key = Some("write key");
    let wanted = [
        ("resolved", key, None),
        ("open", key, Some("known since Monday")),
        ("muted", key, None),
        ("open", None, None),
    ];
    assert_eq!(told, wanted);
    assert_eq!(
        ask(json!({"state": "open", "note": null})).await["attributes"]["note"],
        Value::Null
    );
}

async fn what_an_issue_does_not_take_is_named(db: Db) {
    let world = World::new(db).await;
    let id = open(&world).await;
    let uri = format!("{PATH}/{id}");
    let at = |code: &str, name: &str| [format!("422 {code} pointer /data/attributes/{name}")];
    for (attributes, code, name) in [
        (json!({"state": "regressed"}), "invalid_member", "state"),
        (json!({"state": "gone"}), "invalid_member", "state"),
        (json!({"muted_until": "2026-07-01T00:00:00Z"}), "invalid_member", "muted_until"),
        (
            json!({"state": "muted", "muted_until": "2026-05-01T00:00:00Z"}),
            "invalid_member",
            "muted_until",
        ),
        (
            json!({"state": "muted", "muted_until": "2036-05-01T00:00:00Z"}),
            "invalid_member",
            "muted_until",
        ),
        (json!({"state": "muted", "muted_until_count": 1}), "invalid_member", "muted_until_count"),
        (json!({"count": 0}), "immutable_member", "count"),
        (json!({"note": ""}), "invalid_member", "note"),
        (json!({"stat": "open"}), "unknown_member", "stat"),
    ] {
        let answer = world.patch(&world.acme.write, &uri, &change(&id, attributes)).await;
        assert_eq!(answer.errors(), at(code, name), "{name}");
    }
    world
        .patch(&world.acme.write, &uri, &change(&id, json!({"state": "resolved"})))
        .await
        .expect(200);
    let answer =
        world.patch(&world.acme.write, &uri, &change(&id, json!({"state": "muted"}))).await;
    assert_eq!(answer.errors(), at("invalid_member", "state"));
}

async fn only_who_may_record_changes_an_issue(db: Db) {
    let world = World::new(db).await;
    let id = open(&world).await;
    let body = change(&id, json!({"state": "resolved"}));
    world.patch(&world.acme.read, &format!("{PATH}/{id}"), &body).await.expect(403);
    world.patch(&world.rival.admin, &format!("{PATH}/{id}"), &body).await.expect(404);
}
