//! Commands from end to end on the embedded database.

use serde_json::Value;
use tempfile::TempDir;

use crate::binary::{Serving, json, run, wireline};

fn folder() -> TempDir {
    TempDir::with_prefix("wireline-").expect("a folder")
}

/// The sample server that ships in the binary, as a command line.
fn sample(options: &str) -> String {
    format!("{} sample-server {options}", env!("CARGO_BIN_EXE_wireline"))
}

fn line<'a>(document: &'a Value, target: &str) -> &'a Value {
    let lines = document["ledger"].as_array().expect("a ledger");
    lines.iter().find(|it| it["target_model"] == target).expect(target)
}

#[test]
fn a_second_sync_of_the_same_server_reports_everything_unchanged() {
    let data = folder();
    let sync = || {
        json(wireline(data.path()).args([
            "--json",
            "sync",
            "--server",
            &sample("ledger"),
            "--target",
            "account",
        ]))
    };
    let (first, code) = sync();
    assert_eq!(code, 0, "{first}");
    let inserted = line(&first, "account")["inserted"].as_u64().expect("a number");
    assert!(inserted > 0, "{first}");
    let (second, _) = sync();
    assert_eq!(line(&second, "account")["unchanged"], inserted, "{second}");
    assert_eq!(line(&second, "account")["inserted"], 0);
}

#[test]
fn a_backup_is_a_database_to_go_on_from() {
    let (data, other) = (folder(), folder());
    let sync = |folder: &TempDir| {
        let server = sample("ledger");
        let mut command = wireline(folder.path());
        json(command.args(["--json", "sync", "--server", &server, "--target", "account"])).0
    };
    sync(&data);
    let copy = other.path().join("wireline.db");
    let backup = || {
        let mut command = wireline(data.path());
        run(command.arg("backup").arg(&copy))
    };
    assert_eq!(backup().status.code(), Some(0));
    let again = backup();
    assert_eq!(again.status.code(), Some(1), "what is there is not written over");
    assert!(String::from_utf8_lossy(&again.stderr).contains("exists"));
    std::fs::copy(data.path().join("seal.key"), other.path().join("seal.key")).expect("the key");
    let next = sync(&other);
    let line = line(&next, "account");
    assert!(line["unchanged"].as_u64().is_some_and(|it| it > 0), "{next}");
}

#[test]
fn a_run_that_failed_exits_with_one_and_says_why() {
    let data = folder();
    let server = sample("ledger --fault unauthorized");
    let (document, code) = json(
        wireline(data.path()).args(["--json", "sync", "--server", &server, "--target", "invoice"]),
    );
    assert_eq!(code, 1);
    assert_eq!(document["sync_log"]["attributes"]["status"], "error");
    let told = document["diagnostics"].as_array().expect("a list");
    let is_told = |reason: &str| told.iter().any(|it| it["attributes"]["reason"] == reason);
    assert!(is_told("auth_scope_insufficient"), "{document}");
}

#[test]
fn the_demo_ingests_and_says_what_is_missing_and_why() {
    let data = folder();
    let output = run(wireline(data.path()).args(["demo", "--once"]));
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    for expected in
        ["What arrived", "What is missing, and why", "tool_execution_failed", "mapped_entities"]
    {
        assert!(text.contains(expected), "{expected} is not in:\n{text}");
    }
}

#[test]
fn a_first_key_opens_the_api_and_nothing_opens_it_without() {
    let data = folder();
    let (workspace, _) = json(wireline(data.path()).args([
        "--json",
        "workspace",
        "create",
        "Acme",
        "--external-id",
        "acme",
    ]));
    assert!(workspace["workspace_id"].is_string());
    let (key, _) = json(wireline(data.path()).args([
        "--json",
        "key",
        "create",
        "--workspace",
        "acme",
        "--role",
        "admin",
    ]));
    let serving = Serving::start(wireline(data.path()));
    let key = key["key"].as_str().expect("a key");
    let path = "/v1/connector-sync-diagnostics";
    assert_eq!(serving.connect(key).send("GET", path, "").expect("an answer").0, 200);
    assert_eq!(serving.connect("wl_live_wrong").send("GET", path, "").expect("an answer").0, 401);
    assert_eq!(serving.connect("").send("GET", "/v1/reasons", "").expect("an answer").0, 200);
}

#[test]
fn the_operator_makes_a_workspace_over_http_and_sees_nothing_inside() {
    let data = folder();
    let (token, _) = json(wireline(data.path()).args(["--json", "token", "--operator"]));
    let key = token["key"].as_str().expect("a key");
    let serving = Serving::start(wireline(data.path()));
    let mut connection = serving.connect(key);
    let body = r#"{"data":{"type":"workspace","attributes":{"name":"Made over HTTP"}}}"#;
    assert_eq!(connection.send("POST", "/v1/workspaces", body).expect("an answer").0, 201);
    let inside = connection.send("GET", "/v1/connector-sync-diagnostics", "").expect("an answer").0;
    assert!(inside == 403 || inside == 401, "{inside}");
}

#[test]
fn a_mistyped_setting_is_a_usage_error_with_the_nearest_name() {
    let data = folder();
    let output = run(wireline(data.path()).env("WIRELINE_SERVER_LISTNE", "x").arg("migrate"));
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("did you mean listen?"));
}

#[test]
fn the_doctor_is_content_with_a_fresh_folder() {
    let parent = folder();
    let data = parent.path().join("data");
    let output = run(wireline(parent.path()).env("WIRELINE_DATA", &data).arg("doctor"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn every_reason_can_be_read_on_the_command_line() {
    let data = folder();
    let (all, _) = json(wireline(data.path()).args(["--json", "reasons"]));
    assert_eq!(all.as_array().expect("a list").len(), 23);
    let one = run(wireline(data.path()).args(["reasons", "empty_result"]));
    assert!(String::from_utf8_lossy(&one.stdout).contains("## What to do"));
}

#[test]
fn a_secret_in_a_typed_command_is_nowhere_in_the_database() {
    let data = folder();
    let server = format!("API_TOKEN=hunter2-in-env {} --api-key=hunter2-in-args", sample("ledger"));
    let output = run(wireline(data.path()).args(["--json", "sync", "--server", &server]));
    assert_eq!(output.status.code(), Some(1), "the sample server knows no such option");
    for file in std::fs::read_dir(data.path()).expect("the folder").map(Result::unwrap) {
        let bytes = std::fs::read(file.path()).expect("a file");
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("hunter2"), "{} holds a secret", file.path().display());
    }
}

#[test]
fn every_workspace_and_key_is_listed_beyond_the_first_page() {
    let data = folder();
    for n in 0..21 {
        let name = format!("Workspace {n}");
        assert!(run(wireline(data.path()).args(["workspace", "create", &name])).status.success());
        assert!(run(wireline(data.path()).args(["key", "create"])).status.success());
    }
    let lines = |arguments: [&str; 2]| {
        let output = run(wireline(data.path()).args(arguments));
        String::from_utf8_lossy(&output.stdout).lines().count()
    };
    assert_eq!(lines(["workspace", "list"]), 22, "with the local one, which the keys are of");
    assert_eq!(lines(["key", "list"]), 21);
}

#[test]
fn a_reader_that_has_enough_ends_a_command_without_a_word() {
    let data = folder();
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let output = wireline(data.path()).arg("reasons").stdout(writer).output().expect("it runs");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}
