//! Mappings over the API: users read, admins pin, redraw, roll back, and write by hand.

use domain::TargetModel;
use serde_json::{Value, json};
use store::mappings::{self, Generator, NewMapping};
use testkit::{Db, make};

use crate::world::{Party, World, with, without};

testkit::each_database! {
    a_mapping_is_shown_in_full,
    a_slot_is_pinned_and_unpinned,
    an_admin_asks_for_another_drawing,
    an_old_version_is_compared_and_comes_back,
    a_mapping_is_written_by_hand,
    what_cannot_be_taken_is_named,
    only_an_admin_changes_a_mapping,
}

const PATH: &str = "/v1/connector-mappings";

/// A version of the party's mapping of invoices: its id.
pub(crate) async fn draw(world: &World, party: &Party, expression: &str) -> String {
    let new = NewMapping {
        plan: json!({"target": "invoice", "slots": []}),
        tool_arguments: json!({"limit": 100}),
        input_fingerprint: "f1".to_owned(),
        governance_hash: Some("g1".to_owned()),
        slot_report: json!([{"slot": "issue_date", "source": "date", "fill_rate": 0.5}]),
        jury: json!({"seats": 3, "valid": 3}),
        sample: json!([{"id": 7}]),
        ..NewMapping::of(
            party.connector,
            TargetModel::Invoice,
            "list_invoices",
            Generator::Structured,
            expression,
        )
    };
    let made = mappings::save(&world.db.store, &party.tenant, new, make::now()).await.unwrap();
    made.id.to_string()
}

fn change(id: &str, attributes: Value) -> Value {
    json!({"data": {"type": "connector_mapping", "id": id, "attributes": attributes}})
}

pub(crate) fn by_hand(party: &Party) -> Value {
    let attributes = json!({"target_model": "invoice", "tool_name": "list_invoices",
        "jsonata_expression": "{\"invoice_external_id\": id}"});
    let to = json!({"workspace_connector":
        {"data": {"type": "workspace_connector", "id": party.connector}}});
    json!({"data": {"type": "connector_mapping", "attributes": attributes, "relationships": to}})
}

async fn a_mapping_is_shown_in_full(db: Db) {
    let world = World::new(db).await;
    let id = draw(&world, &world.acme, "{\"a\": b}").await;
    let one = world.get(&world.acme.read, &format!("{PATH}/{id}")).await.expect(200).json();
    assert_eq!(
        one["data"]["attributes"],
        json!({
            "connector_mapping_id": id, "target_model": "invoice", "tool_name": "list_invoices",
            "jsonata_expression": "{\"a\": b}", "plan": {"target": "invoice", "slots": []},
            "tool_arguments": {"limit": 100}, "pagination_plan": null,
            "needs_regeneration": false, "regeneration_reason": null, "generator": "structured",
            "version": 1, "last_good_version": null, "is_live": true, "input_fingerprint": "f1",
            "output_schema_hash": null, "target_schema_hash": null, "governance_hash": "g1",
            "slot_pins": {},
            "slot_report": [{"slot": "issue_date", "source": "date", "fill_rate": 0.5}],
            "jury": {"seats": 3, "valid": 3}, "stats": null, "sample": [{"id": 7}],
            "created_at": "2026-06-01T14:32:07.000Z", "updated_at": "2026-06-01T14:32:07.000Z",
        })
    );
    let to = &one["data"]["relationships"];
    assert_eq!(to["workspace_connector"]["data"]["id"], json!(world.acme.connector));
    let related = to["versions"]["links"]["related"].as_str().unwrap();
    let listed = world.get(&world.acme.read, related).await.expect(200).json();
    assert_eq!(listed["data"], json!([one["data"]]));
}

async fn a_slot_is_pinned_and_unpinned(db: Db) {
    let world = World::new(db).await;
    let id = draw(&world, &world.acme, "one").await;
    let (admin, uri) = (&world.acme.admin, format!("{PATH}/{id}"));
    let pins = json!({
        "issue_date": {"path": "lines[0].date", "reason": "the header date is the print date"},
        "due_date": {"path": null, "reason": "the source lies"},
    });
    let body = change(&id, json!({"slot_pins": pins}));
    let pinned = world.patch(admin, &uri, &body).await.expect(200).json();
    let shown = &pinned["data"]["attributes"];
    assert_eq!(shown["slot_pins"], pins);
    assert_eq!(shown["needs_regeneration"], true);
    assert_eq!(shown["regeneration_reason"], "governance_changed");
    // A version that is drawn later is under the same pins.
    let second = draw(&world, &world.acme, "two").await;
    let listed = world.get(admin, &format!("{PATH}?filter[is_live]=true")).await.json();
    assert_eq!(listed["data"][0]["id"], json!(second));
    assert_eq!(listed["data"][0]["attributes"]["slot_pins"], pins);
    let body = change(&second, json!({"slot_pins": {"due_date": null}}));
    let uri = format!("{PATH}/{second}");
    let unpinned = world.patch(admin, &uri, &body).await.expect(200).json();
    let left: Vec<_> =
        unpinned["data"]["attributes"]["slot_pins"].as_object().unwrap().keys().collect();
    assert_eq!(left, ["issue_date"]);
}

async fn an_admin_asks_for_another_drawing(db: Db) {
    let world = World::new(db).await;
    let old = draw(&world, &world.acme, "one").await;
    let live = draw(&world, &world.acme, "two").await;
    let admin = &world.acme.admin;
    let ask = json!({"needs_regeneration": true});
    let answer = world.patch(admin, &format!("{PATH}/{old}"), &change(&old, ask.clone())).await;
    assert_eq!(answer.errors(), ["422 invalid_member pointer /data/attributes/needs_regeneration"]);
    let asked = world.patch(admin, &format!("{PATH}/{live}"), &change(&live, ask)).await;
    assert_eq!(asked.expect(200).json()["data"]["attributes"]["regeneration_reason"], "manual");
}

async fn an_old_version_is_compared_and_comes_back(db: Db) {
    let world = World::new(db).await;
    let old = draw(&world, &world.acme, "one").await;
    draw(&world, &world.acme, "two").await;
    let live = draw(&world, &world.acme, "three").await;
    let uri = format!(
        "{PATH}/{live}?include=versions&fields[connector_mapping]=version,jsonata_expression,versions"
    );
    let one = world.get(&world.acme.read, &uri).await.expect(200).json();
    let linked = one["data"]["relationships"]["versions"]["data"].as_array().unwrap();
    assert_eq!(linked.len(), 3);
    let told = one["included"].as_array().unwrap().iter().map(|it| {
        (it["attributes"]["version"].clone(), it["attributes"]["jsonata_expression"].clone())
    });
    let told: Vec<_> = told.collect();
    assert_eq!(told, [(json!(2), json!("two")), (json!(1), json!("one"))]);
    let back = change(&old, json!({"is_live": true}));
    let uri = format!("{PATH}/{old}");
    let back = world.patch(&world.acme.admin, &uri, &back).await.expect(200).json();
    assert_eq!(back["data"]["attributes"]["is_live"], true);
    let live = world.get(&world.acme.read, &format!("{PATH}/{live}")).await.json();
    assert_eq!(live["data"]["attributes"]["is_live"], false);
}

async fn a_mapping_is_written_by_hand(db: Db) {
    let world = World::new(db).await;
    draw(&world, &world.acme, "drawn").await;
    let made = world.post(&world.acme.admin, PATH, &by_hand(&world.acme)).await.expect(201);
    let place = made.header("location").to_owned();
    let shown = made.json()["data"]["attributes"].clone();
    assert_eq!((&shown["generator"], &shown["version"]), (&json!("manual"), &json!(2)));
    assert_eq!((&shown["is_live"], &shown["plan"]), (&json!(true), &Value::Null));
    world.get(&world.acme.read, &place).await.expect(200);
    world.delete(&world.acme.admin, &place).await.expect(204);
    world.get(&world.acme.read, &place).await.expect(404);
}

async fn what_cannot_be_taken_is_named(db: Db) {
    let world = World::new(db).await;
    let id = draw(&world, &world.acme, "one").await;
    let (admin, uri) = (&world.acme.admin, format!("{PATH}/{id}"));
    let at = |it: &str| format!("/data/attributes/{it}");
    for (expression, told) in [
        ("{\"a\": ", "S0207"),
        ("$eval(\"1\")", "$eval"),
        (&"x".repeat(20_000), "must have 1 to 16384 characters"),
        ("", "must have 1 to"),
    ] {
        let body = with(by_hand(&world.acme), &at("jsonata_expression"), json!(expression));
        let answer = world.post(admin, PATH, &body).await;
        assert!(answer.text.contains(told), "{told}: {}", answer.text);
        let pointer = at("jsonata_expression");
        assert_eq!(answer.errors(), [format!("422 invalid_member pointer {pointer}")]);
    }
    let nameless = without(by_hand(&world.acme), "/data/relationships/workspace_connector");
    let errors = world.post(admin, PATH, &nameless).await.errors();
    assert_eq!(errors, ["422 missing_member pointer /data/relationships/workspace_connector"]);
    let made = with(by_hand(&world.acme), &at("version"), json!(7));
    let errors = world.post(admin, PATH, &made).await.errors();
    assert_eq!(errors, ["422 immutable_member pointer /data/attributes/version"]);
    let pin = |slot: &str, pin: Value| json!({"slot_pins": {slot: pin}});
    for (attributes, expected) in [
        (
            pin("isue_date", json!(null)),
            "unknown_member pointer /data/attributes/slot_pins/isue_date",
        ),
        (
            pin("issue_date", json!("date")),
            "invalid_member pointer /data/attributes/slot_pins/issue_date",
        ),
        (
            pin("issue_date", json!({"path": "a[", "reason": "x"})),
            "invalid_member pointer /data/attributes/slot_pins/issue_date/path",
        ),
        (
            pin("issue_date", json!({"reason": "x"})),
            "missing_member pointer /data/attributes/slot_pins/issue_date/path",
        ),
        (
            pin("issue_date", json!({"path": "a"})),
            "missing_member pointer /data/attributes/slot_pins/issue_date/reason",
        ),
        (json!({"is_live": false}), "invalid_member pointer /data/attributes/is_live"),
        (
            json!({"jsonata_expression": "x"}),
            "immutable_member pointer /data/attributes/jsonata_expression",
        ),
        (json!({"plan": {}}), "immutable_member pointer /data/attributes/plan"),
    ] {
        let errors = world.patch(admin, &uri, &change(&id, attributes)).await.errors();
        assert_eq!(errors, [format!("422 {expected}")]);
    }
    let after = world.get(admin, &uri).await.json();
    assert_eq!(after["data"]["attributes"]["slot_pins"], json!({}));
}

async fn only_an_admin_changes_a_mapping(db: Db) {
    let world = World::new(db).await;
    let id = draw(&world, &world.acme, "one").await;
    let uri = format!("{PATH}/{id}");
    for key in [&world.acme.read, &world.acme.write] {
        world.get(key, &uri).await.expect(200);
        let body = change(&id, json!({"needs_regeneration": true}));
        assert_eq!(world.patch(key, &uri, &body).await.errors(), ["403 forbidden"]);
        assert_eq!(world.delete(key, &uri).await.errors(), ["403 forbidden"]);
        let errors = world.post(key, PATH, &by_hand(&world.acme)).await.errors();
        assert_eq!(errors, ["403 forbidden"]);
    }
}
