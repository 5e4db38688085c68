//! The list as CSV and NDJSON.

use serde_json::{Value, json};
use testkit::Db;

use crate::world::{PATH, World, with};

testkit::each_database! {
    an_export_holds_every_row_that_matches,
    a_sized_export_is_one_page,
    a_text_is_no_formula,
    an_export_refuses_what_it_cannot_do,
}

async fn an_export_holds_every_row_that_matches(db: Db) {
    let world = World::new(db).await;
    world.rows(1203).await;
    let uri = format!("{PATH}?filter[class]=failure");
    let csv = world.get_as(&world.acme.read, "text/csv", &uri).await.expect(200);
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8; header=present");
    assert_eq!(csv.header("vary"), "Accept");
    let mut reader = csv::Reader::from_reader(csv.text.as_bytes());
    assert_eq!(
        reader.headers().unwrap().iter().collect::<Vec<_>>().join(" "),
        "diagnostic_id target_model tool_name reason http_status detail occurred_at created_at updated_at deleted_at workspace workspace_connector sync_log class impact stage"
    );
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 1203);
    assert_eq!(&rows[0][5], "row 1202");
    assert_eq!(&rows[1202][5], "row 0");
    let lines = world.get_as(&world.acme.read, "application/x-ndjson", &uri).await.expect(200);
    assert_eq!(lines.header("content-type"), "application/x-ndjson");
    let rows: Vec<Value> = lines.text.lines().map(|it| serde_json::from_str(it).unwrap()).collect();
    assert_eq!(rows.len(), 1203);
    assert_eq!(rows[7]["attributes"]["detail"], "row 1195");
    let other = world.get_as(&world.rival.read, "text/csv", PATH).await.expect(200);
    assert_eq!(other.text.lines().count(), 1);
}

async fn a_sized_export_is_one_page(db: Db) {
    let world = World::new(db).await;
    world.rows(10).await;
    let uri = format!("{PATH}?page[size]=3&fields[connector_sync_diagnostic]=detail");
    let csv = world.get_as(&world.acme.read, "text/csv", &uri).await.expect(200);
    assert_eq!(csv.text, "detail\nrow 9\nrow 8\nrow 7\n");
}

async fn a_text_is_no_formula(db: Db) {
    let world = World::new(db).await;
    let body = with(world.example(), "/data/attributes/detail", json!("=HYPERLINK(\"x\")\n,\"y\""));
    world.post(&world.acme.write, PATH, &body).await.expect(201);
    let csv = world.get_as(&world.acme.read, "text/csv", PATH).await.expect(200);
    let row = csv::Reader::from_reader(csv.text.as_bytes()).into_records().next().unwrap().unwrap();
    assert_eq!(&row[5], "'=HYPERLINK(\"x\")\n,\"y\"");
}

async fn an_export_refuses_what_it_cannot_do(db: Db) {
    let world = World::new(db).await;
    for (query, expected) in [
        ("include=workspace", "400 invalid_parameter parameter include"),
        ("page[total]=true", "400 invalid_parameter parameter page[total]"),
        ("filter[x]=1", "400 unknown_parameter parameter filter[x]"),
    ] {
        let uri = format!("{PATH}?{query}");
        let answer = world.get_as(&world.acme.read, "text/csv", &uri).await;
        assert_eq!(answer.errors(), [expected]);
    }
    world.get_as(&world.acme.read, "text/html", PATH).await.expect(406);
}
