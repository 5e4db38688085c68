//! `wireline connector` and `wireline mapping`, from end to end on the embedded database.

use std::io::{BufRead as _, BufReader};

use serde_json::Value;
use tempfile::TempDir;

use crate::binary::{Serving, json, run, wireline};

fn folder() -> TempDir {
    TempDir::with_prefix("wireline-").expect("a folder")
}

fn sample(options: &str) -> String {
    format!("{} sample-server {options}", env!("CARGO_BIN_EXE_wireline"))
}

/// The document that a command prints, and its exit code.
fn told(data: &TempDir, args: &[&str]) -> (Value, i32) {
    json(wireline(data.path()).arg("--json").args(args))
}

fn says(data: &TempDir, args: &[&str]) -> (String, Option<i32>) {
    let output = run(wireline(data.path()).args(args));
    let text = [output.stdout, output.stderr].concat();
    (String::from_utf8(text).expect("text"), output.status.code())
}

#[test]
fn a_connector_is_probed_installed_paused_reconnected_and_removed() {
    let data = folder();
    let server = sample("ledger");
    let (found, code) = told(&data, &["connector", "probe", "--server", &server]);
    assert_eq!((&found["outcome"], code), (&Value::from("reachable"), 0), "{found}");
    let install = ["connector", "install", "--server", &server, "--name", "Books", "--every", "60"];
    let (made, code) = told(&data, &install);
    assert_eq!(code, 0, "{made}");
    assert_eq!(made["attributes"]["schedule"]["interval_minutes"], 60);
    let id = made["id"].as_str().expect("an id").to_owned();
    let (found, code) = told(&data, &["connector", "probe", "Books"]);
    assert_eq!((&found["outcome"], code), (&Value::from("reachable"), 0), "{found}");
    let (text, _) = says(&data, &["connector", "pause", &id]);
    assert!(text.contains("every 60 min, paused"), "{text}");
    let (text, _) = says(&data, &["connector", "list"]);
    assert!(text.contains(&id) && text.contains("Books") && text.contains("never"), "{text}");
    let (resumed, _) = told(&data, &["connector", "resume", "Books"]);
    assert_eq!(resumed["attributes"]["schedule"]["paused"], false);
    let (back, _) = told(&data, &["connector", "reconnect", "Books", "--secret", "TOKEN=s3cr3t"]);
    assert_eq!(back["attributes"]["config"]["secrets_set"], serde_json::json!(["TOKEN"]));
    assert!(!back.to_string().contains("s3cr3t"));
    let (health, _) = told(&data, &["connector", "health", "Books"]);
    assert_eq!(health["attributes"]["state"], "never_synced");
    let (text, code) = says(&data, &["connector", "remove", "Books"]);
    assert_eq!(code, Some(0), "{text}");
    let (text, code) = says(&data, &["connector", "show", "Books"]);
    assert_eq!(code, Some(1));
    assert!(text.contains("`wireline connector list` shows them all"), "{text}");
}

#[test]
fn a_probe_of_nobody_says_so_and_exits_with_one() {
    let data = folder();
    let (found, code) = told(&data, &["connector", "probe", "--server", "/no/such/command"]);
    assert_eq!((&found["outcome"], code), (&Value::from("not_started"), 1), "{found}");
    let (text, code) = says(&data, &["connector", "probe"]);
    assert_eq!(code, Some(1));
    assert!(text.contains("--url or --server"), "{text}");
}

#[test]
fn the_same_address_is_added_once() {
    let data = folder();
    let add = |url: &str| told(&data, &["connector", "add", "ERP", "--url", url]).0;
    let made = add("https://mcp.example.com/mcp?key=s3cr3t");
    assert_eq!(add("https://MCP.example.com/mcp")["id"], made["id"]);
    assert!(!made.to_string().contains("s3cr3t"));
    let slug = made["attributes"]["service_id"].as_str().expect("a slug");
    let (installed, code) = told(&data, &["connector", "install", slug]);
    assert_eq!(code, 0, "{installed}");
    assert_eq!(installed["attributes"]["config"]["address"], "https://mcp.example.com/mcp");
    for wrong in ["notaurl", "ftp://example.com", "https://u:pw@example.com"] {
        let (text, code) = says(&data, &["connector", "add", "ERP", "--url", wrong]);
        assert_eq!(code, Some(1), "{text}");
    }
    let add = ["connector", "add", "Here", "--url", "http://[::1]:9/mcp"];
    let slug = told(&data, &add).0["attributes"]["service_id"].clone();
    assert!(!slug.as_str().expect("a slug").starts_with('-'), "{slug}");
}

#[test]
fn what_is_installed_at_an_address_is_what_a_sync_of_the_address_runs() {
    let data = folder();
    // Nobody listens there; who is asked for is told all the same.
    let url = "http://127.0.0.1:9/mcp?tenant=a";
    let (made, code) = told(&data, &["connector", "install", "--url", url, "--secret", "K: v"]);
    assert_eq!(code, 0, "{made}");
    let sync = |url: &str| {
        let (run, _) = told(&data, &["sync", "--url", url, "--target", "invoice"]);
        run["sync_log"]["relationships"]["workspace_connector"]["data"]["id"].clone()
    };
    assert_eq!(sync(url), made["id"]);
    assert_eq!(sync("HTTP://127.0.0.1:9/mcp?tenant=a"), made["id"]);
    assert_eq!(sync("http://127.0.0.1:9/mcp"), made["id"], "there is only one there");
    let (shown, _) = told(&data, &["connector", "show", made["id"].as_str().expect("an id")]);
    assert_eq!(shown["attributes"]["config"]["secrets_set"], serde_json::json!(["K"]));
    let other = sync("http://127.0.0.1:9/mcp?tenant=b");
    assert_ne!(other, made["id"], "another account");
    assert_eq!(sync("http://127.0.0.1:9/mcp?tenant=b"), other);
}

#[test]
fn a_mapping_is_pinned_drawn_again_and_rolled_back() {
    let data = folder();
    let server = sample("ledger");
    let sync = ["sync", "--server", &server, "--target", "invoice"];
    let (run, code) = told(&data, &sync);
    assert_eq!(code, 0, "{run}");
    let (mapping, _) = told(&data, &["mapping", "list", "--target", "invoice"]);
    let first = mapping["id"].as_str().expect("an id").to_owned();
    let (text, _) = says(&data, &["mapping", "show", &first]);
    assert!(text.contains("issue_date") && text.contains("version 1"), "{text}");
    let pin = ["mapping", "pin", &first, "due_date", "--empty", "--reason", "the source lies"];
    let (pinned, _) = told(&data, &pin);
    assert_eq!(pinned["attributes"]["regeneration_reason"], "governance_changed");
    assert_eq!(pinned["attributes"]["slot_pins"]["due_date"]["reason"], "the source lies");
    let (text, code) =
        says(&data, &["mapping", "pin", &first, "due_dat", "--empty", "--reason", "x"]);
    assert_eq!(code, Some(1));
    assert!(text.contains("did you mean `due_date`?"), "{text}");
    told(&data, &sync);
    let (live, _) = told(&data, &["mapping", "list", "--target", "invoice"]);
    assert_eq!(live["attributes"]["version"], 2, "{live}");
    let second = live["id"].as_str().expect("an id");
    let (unpinned, _) = told(&data, &["mapping", "unpin", second, "due_date"]);
    assert_eq!(unpinned["attributes"]["slot_pins"], serde_json::json!({}));
    let (back, _) = told(&data, &["mapping", "rollback", second, "--to", "1"]);
    assert_eq!(
        (&back["id"], &back["attributes"]["is_live"]),
        (&Value::from(first), &Value::from(true))
    );
    let (text, _) = says(&data, &["mapping", "show", second, "--against", "1"]);
    assert!(text.contains("version 1 → version 2"), "{text}");
    let (asked, _) = told(&data, &["mapping", "regenerate", back["id"].as_str().expect("an id")]);
    assert_eq!(asked["attributes"]["regeneration_reason"], "manual");
}

#[test]
fn the_api_probes_a_real_server_where_that_is_allowed_and_refuses_where_not() {
    let data = folder();
    let mut sample = std::process::Command::new(env!("CARGO_BIN_EXE_wireline"));
    let mut sample = sample
        .args(["sample-server", "ledger", "--listen", "127.0.0.1:0"])
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("a sample server");
    let mut line = String::new();
    // Held to the end: the server says more into it.
    let mut said = BufReader::new(sample.stderr.take().expect("its words"));
    said.read_line(&mut line).expect("a line");
    let at = line.find("http://").and_then(|at| line.get(at..)).expect("an address");
    let url = at.split_whitespace().next().expect("an address");
    let (key, _) = told(&data, &["key", "create", "--role", "write"]);
    let body = serde_json::json!({"data": {"type": "connector_probe",
        "attributes": {"config": {"transport": "http", "url": url}}}});
    for (allowed, outcome) in [("on", "reachable"), ("off", "refused")] {
        let mut command = wireline(data.path());
        command.env("WIRELINE_CONNECTORS_ALLOW_PRIVATE_ADDRESSES", allowed);
        let serving = Serving::start(command);
        let mut connection = serving.connect(key["key"].as_str().expect("a key"));
        let (status, found) =
            connection.send("POST", "/v1/connectors/probe", &body.to_string()).expect("an answer");
        assert_eq!(status, 200, "{found}");
        assert_eq!(found["data"]["attributes"]["outcome"], outcome, "{found}");
    }
    sample.kill().ok();
    sample.wait().ok();
}

#[test]
fn the_doctor_tries_a_process_for_mappings_by_hand_with_the_least_memory_that_can_be_set() {
    let data = folder();
    let mut doctor = wireline(data.path());
    let output = run(doctor.env("WIRELINE_EXPRESSIONS_MEMORY_MIB", "256").arg("doctor"));
    let text = String::from_utf8(output.stdout).expect("text");
    let line = text.lines().find(|it| it.contains("expressions")).expect("a line");
    assert!(line.starts_with("ok"), "{line}");
}
