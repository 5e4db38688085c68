//! Replays over the API: another mapping on stored records, told and not kept.

use domain::TargetModel;
use mapping::plan::{Plan, Slot, Transform};
use mapping::records::Records;
use serde_json::{Value, json};
use store::mappings::{self, Generator, NewMapping};
use testkit::{Db, make};

use crate::world::{Party, World};

testkit::each_database! {
    another_version_is_tried_on_stored_records,
    a_pin_a_redraw_and_an_expression_are_tried,
    what_cannot_be_tried_is_named,
}

const PATH: &str = "/v1/connector-mappings";

/// A version that reads the date of an invoice from a path.
async fn version(world: &World, party: &Party, date: &str, sample: Value) -> String {
    let copy = |slot: &str, path: &str| Slot::copy(slot, path.parse().unwrap());
    let dated = Slot {
        transforms: vec![Transform::Date { format: mapping::plan::DateFormat::Iso }],
        ..copy("issue_date", date)
    };
    let slots = vec![
        copy("invoice_external_id", "id"),
        copy("status", "state"),
        dated,
        copy("grand_total", "total"),
    ];
    let plan = Plan { target: TargetModel::Invoice, records: Records::default(), slots };
    let new = NewMapping {
        plan: serde_json::to_value(&plan).unwrap(),
        sample,
        ..NewMapping::of(
            party.connector,
            TargetModel::Invoice,
            "list_invoices",
            Generator::Structured,
            mapping::compile(&plan),
        )
    };
    let made = mappings::save(&world.db.store, &party.tenant, new, make::now()).await.unwrap();
    made.id.to_string()
}

fn rows() -> Value {
    json!([
        { "id": "a1", "state": "issued", "sent": "2026-05-01", "due": "2026-05-31", "total": 10 },
        { "id": "a2", "state": "issued", "sent": "2026-05-02", "due": null, "total": 20 },
    ])
}

fn ask(attributes: Value) -> Value {
    json!({"data": {"type": "connector_mapping_replay", "attributes": attributes}})
}

async fn another_version_is_tried_on_stored_records(db: Db) {
    let world = World::new(db).await;
    version(&world, &world.acme, "due", json!(null)).await;
    let live = version(&world, &world.acme, "sent", rows()).await;
    let uri = format!("{PATH}/{live}/replay");
    let body = ask(json!({"version": 1}));
    let told = world.post(&world.acme.write, &uri, &body).await.expect(200).json();
    let shown = &told["data"]["attributes"];
    assert_eq!(
        (&shown["from"], &shown["to"], &shown["records"], &shown["sample_version"]),
        (&json!("version 2 (live)"), &json!("version 1"), &json!(2), &json!(2))
    );
    assert_eq!(
        shown["entities"],
        json!({"same": 0, "changed": 1, "only_before": 1, "only_after": 0, "neither": 0})
    );
    assert_eq!(
        shown["differences"],
        json!([
            {"record": 1, "slot": "issue_date", "before": "2026-05-01", "after": "2026-05-31"},
            {"record": 2, "slot": "issue_date", "before": "2026-05-02", "after": null},
        ])
    );
    assert_eq!(shown["after"]["reasons"][0]["reason"], "mapped_entities_partial_drop");
    assert_eq!(shown["worse"]["metric"], "valid_rows");
    let after = world.get(&world.acme.read, &format!("{PATH}/{live}")).await.expect(200).json();
    assert_eq!(after["data"]["attributes"]["is_live"], true);
}

async fn a_pin_a_redraw_and_an_expression_are_tried(db: Db) {
    let world = World::new(db).await;
    let live = version(&world, &world.acme, "sent", rows()).await;
    let uri = format!("{PATH}/{live}/replay");
    let by_hand = "{\"invoice_external_id\": id, \"issue_date\": sent, \"status\": state, \
                   \"grand_total\": total}";
    for (attributes, same, slot) in [
        (json!({"slot_pin": {"slot": "issue_date", "path": "due"}}), 0, "issue_date"),
        (json!({"slot_pin": {"slot": "issue_date", "path": null}}), 0, "issue_date"),
        (json!({"jsonata_expression": by_hand}), 2, "grand_total"),
    ] {
        let told = world.post(&world.acme.write, &uri, &ask(attributes)).await.expect(200).json();
        let shown = &told["data"]["attributes"];
        assert_eq!(shown["slots"][slot]["same"], same, "{told}");
    }
    let body = ask(json!({"redraw": true}));
    let told = world.post(&world.acme.write, &uri, &body).await.expect(200).json();
    assert_eq!(told["data"]["attributes"]["to"], "a redraw");
}

async fn what_cannot_be_tried_is_named(db: Db) {
    let world = World::new(db).await;
    let bare = version(&world, &world.rival, "sent", json!(null)).await;
    let live = version(&world, &world.acme, "sent", rows()).await;
    let (acme, uri) = (&world.acme, format!("{PATH}/{live}/replay"));
    for (attributes, expected) in [
        (json!({}), "422 missing_member pointer /data/attributes"),
        (json!({"version": 1, "redraw": true}), "422 missing_member pointer /data/attributes"),
        (json!({"version": 7}), "422 invalid_member pointer /data/attributes/version"),
        (json!({"redraw": false}), "422 invalid_member pointer /data/attributes/redraw"),
        (
            json!({"jsonata_expression": "{\"a\": "}),
            "422 invalid_member pointer /data/attributes/jsonata_expression",
        ),
        (
            json!({"slot_pin": {"slot": "isue_date", "path": "due"}}),
            "422 invalid_member pointer /data/attributes/slot_pin",
        ),
        (
            json!({"slot_pin": {"slot": "issue_date"}}),
            "422 missing_member pointer /data/attributes/slot_pin/path",
        ),
    ] {
        let errors = world.post(&acme.write, &uri, &ask(attributes)).await.errors();
        assert_eq!(errors, [expected]);
    }
    let body = ask(json!({"redraw": true}));
    assert_eq!(world.post(&acme.read, &uri, &body).await.errors(), ["403 forbidden"]);
    assert_eq!(world.post(&world.rival.write, &uri, &body).await.errors(), ["404 not_found"]);
    let uri = format!("{PATH}/{bare}/replay");
    assert_eq!(world.post(&world.rival.write, &uri, &body).await.errors(), ["409 conflict"]);
}
