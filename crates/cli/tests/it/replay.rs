//! `wireline replay`, from end to end on the embedded database.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::binary::{json as told, run, wireline};

/// A folder with one mapping of invoices, and its id.
fn synced() -> (TempDir, String) {
    let data = TempDir::with_prefix("wireline-").expect("a folder");
    let server = format!("{} sample-server ledger", env!("CARGO_BIN_EXE_wireline"));
    let sync = ["--json", "sync", "--server", &server, "--target", "invoice"];
    let (synced, code) = told(wireline(data.path()).args(sync));
    assert_eq!(code, 0, "{synced}");
    let list = ["--json", "mapping", "list", "--target", "invoice"];
    let (mapping, _) = told(wireline(data.path()).args(list));
    let id = mapping["id"].as_str().expect("an id").to_owned();
    (data, id)
}

fn replay(data: &TempDir, id: &str, args: &[&str]) -> Value {
    let (document, code) = told(wireline(data.path()).args(["--json", "replay", id]).args(args));
    assert_eq!(code, 0, "{document}");
    document
}

fn says(data: &TempDir, args: &[&str]) -> (String, Option<i32>) {
    let output = run(wireline(data.path()).args(args));
    let text = [output.stdout, output.stderr].concat();
    (String::from_utf8(text).expect("text"), output.status.code())
}

#[test]
fn a_redraw_a_pin_and_an_expression_are_tried_on_stored_records_and_nothing_is_kept() {
    let (data, id) = synced();
    let redrawn = replay(&data, &id, &["--redraw"]);
    assert_eq!(redrawn["records"], 5, "{redrawn}");
    assert_eq!(redrawn["entities"]["same"], 5, "{redrawn}");

    let pinned = replay(&data, &id, &["--pin", "issue_date=due_date"]);
    assert_eq!(pinned["slots"]["issue_date"]["changed"], 5, "{pinned}");
    let slots: Vec<&Value> =
        pinned["differences"].as_array().expect("a list").iter().map(|it| &it["slot"]).collect();
    assert_eq!(slots, vec!["issue_date"; 5]);
    assert_eq!(pinned["after"], json!({ "accepted": 5, "rejected": 0, "reasons": [] }));

    let (text, code) = says(&data, &["replay", &id, "--pin", "issue_date="]);
    assert_eq!(code, Some(0), "{text}");
    for line in [
        "invoice from list_invoices: version 1 (live) → `issue_date` pinned to nothing, on 5 stored record(s) of version 1",
        "entities: 0 the same, 0 changed, 5 only before, 0 only after, 0 neither",
        "after: mapped_entities_dropped | Validator rejected 5/5 mapped entities: required field 'issue_date' null",
        "It does worse: valid_rows 0.00, was 5.00.",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }

    // Written by hand, so it is evaluated in a process of its own.
    let file = data.path().join("mine.jsonata");
    let expression = r#"{ "invoice_external_id": id, "issue_date": issue_date, "status": "issued",
        "grand_total": $number(total.amount) }"#;
    fs::write(&file, expression).expect("written");
    let by_hand = replay(&data, &id, &["--expression", file.to_str().expect("text")]);
    assert_eq!(by_hand["to"], "an expression");
    assert_eq!(by_hand["slots"]["issue_date"]["same"], 5, "{by_hand}");

    let (versions, _) = told(wireline(data.path()).args(["--json", "mapping", "show", &id]));
    assert_eq!(versions["attributes"]["version"], 1);
    assert_eq!(versions["attributes"]["slot_pins"], json!({}));
    assert_eq!(versions["attributes"]["needs_regeneration"], false);
}

#[test]
fn a_replay_that_cannot_be_says_why() {
    let (data, id) = synced();
    let (text, code) = says(&data, &["replay", &id, "--version", "7"]);
    assert_eq!(code, Some(1));
    assert!(text.contains("there is no version 7; there are 1"), "{text}");
    let (text, _) = says(&data, &["replay", &id, "--pin", "issue_dat=due_date"]);
    assert!(text.contains("did you mean `issue_date`?"), "{text}");
    let (text, code) = says(&data, &["replay", &id]);
    assert_eq!(code, Some(2), "{text}");
    let nobody = "0c2e4d1b-9b4a-4d1b-9b4a-001122334455";
    let (text, code) = says(&data, &["replay", nobody, "--redraw"]);
    assert_eq!(code, Some(1));
    assert!(text.contains("`wireline mapping list` shows them"), "{text}");
    // Of another workspace is as of nobody.
    told(wireline(data.path()).args([
        "--json",
        "workspace",
        "create",
        "Other",
        "--external-id",
        "other",
    ]));
    let (text, code) = says(&data, &["replay", &id, "--redraw", "--workspace", "other"]);
    assert_eq!(code, Some(1));
    assert!(text.contains("`wireline mapping list` shows them"), "{text}");
}
