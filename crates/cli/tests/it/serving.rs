//! `wireline serve` carries out runs by itself, on the embedded database, beside other commands.

use std::fs::File;
use std::process::Stdio;
use std::time::{Duration, Instant};

use domain::connector::Role;
use domain::id::WorkspaceConnectorId;
use serde_json::{Value, json};
use testkit::{Db, make};

use crate::binary::{Connection, Serving, run, wireline};
use crate::slow::SlowServer;
use crate::workers::SEAL_KEY;

const LOGS: &str = "/v1/workspace-connector-sync-logs";

/// Asks until the run is so.
async fn until(api: &mut Connection, run: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let since = Instant::now();
    loop {
        let (status, answer) = api.send("GET", &format!("{LOGS}/{run}"), "").expect("an answer");
        assert_eq!(status, 200, "{answer}");
        let log = answer["data"]["attributes"].clone();
        if is_so(&log) {
            return log;
        }
        assert!(since.elapsed() < Duration::from_secs(120), "still {log}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn sync(api: &mut Connection, connector: WorkspaceConnectorId) -> (u16, Value) {
    let path = format!("/v1/workspace-connectors/{connector}/sync");
    api.send("POST", &path, "").expect("an answer")
}

fn code(refused: &(u16, Value)) -> (u16, &str) {
    (refused.0, refused.1["errors"][0]["code"].as_str().unwrap_or_default())
}

fn is_over(log: &Value) -> bool {
    log["status"] == "success" || log["status"] == "error"
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_over_http_are_refused_watched_cancelled_and_never_meet_a_lock() {
    let db = Db::sqlite().await;
    let tenant = make::workspace(&db, "acme").await;
    let key = make::key(&db, &tenant, Role::Admin).await;
    let (large, small) = (SlowServer::start(4_000).await, SlowServer::start(300).await);
    let slow = large.install(&db, &tenant, "large").await;
    let quick = small.install(&db, &tenant, "small").await;
    let folder = db.directory().expect("a folder");
    let mut command = wireline(&folder);
    command.env("WIRELINE_SEAL_KEY", SEAL_KEY).env("WIRELINE_RUN_MIN_GAP_S", "600");
    let log = folder.join("serve.log");
    let serving = Serving::start_logging(command, Stdio::from(File::create(&log).expect("a log")));
    let mut api = serving.connect(key.expose());

    let (status, started) = sync(&mut api, slow);
    assert_eq!(status, 202, "{started}");
    let run_id = started["data"]["id"].as_str().expect("an id").to_owned();
    assert_eq!(code(&sync(&mut api, slow)), (409, "already_running"));
    let unknown = WorkspaceConnectorId(tenant.workspace().0);
    assert_eq!(code(&sync(&mut api, unknown)), (404, "not_found"));
    let fetched = "/metadata/progress/targets/transaction/fetched";
    until(&mut api, &run_id, |it| it.pointer(fetched).and_then(Value::as_u64) > Some(0)).await;

    // Another process, on the same file, at the same time.
    let foreground = |connector: WorkspaceConnectorId| {
        let workspace = tenant.workspace().to_string();
        let mut command = wireline(&folder);
        command.env("WIRELINE_SEAL_KEY", SEAL_KEY).args(["--json", "sync", "--connector"]);
        let output = run(command.arg(connector.to_string()).args(["--workspace", &workspace]));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!said.contains("locked"), "{said}");
        (output.status.code(), said)
    };
    let (exit, said) = tokio::task::block_in_place(|| foreground(quick));
    assert_eq!(exit, Some(0), "{said}");
    assert_eq!(code(&sync(&mut api, quick)), (409, "synced_recently"));
    let (exit, said) = tokio::task::block_in_place(|| foreground(slow));
    assert_eq!(exit, Some(1));
    assert!(said.contains("(already_running)"), "{said}");
    let (exit, said) = tokio::task::block_in_place(|| foreground(unknown));
    assert_eq!(exit, Some(1));
    assert!(said.contains("(not_found)"), "{said}");

    let cancelled = api.send("POST", &format!("{LOGS}/{run_id}/cancel"), "").expect("an answer");
    assert_eq!(cancelled.0, 202, "{}", cancelled.1);
    assert_eq!(until(&mut api, &run_id, is_over).await["error"], engine::ASKED_TO_STOP);
    let path = format!("/v1/workspace-connectors/{slow}");
    let body = json!({"data": {"type": "workspace_connector", "id": slow, "attributes": {"status": "disabled"}}});
    let (status, answer) = api.send("PATCH", &path, &body.to_string()).expect("an answer");
    assert_eq!(status, 200, "{answer}");
    assert_eq!(code(&sync(&mut api, slow)), (409, "not_startable"));
    let logged = std::fs::read_to_string(&log).expect("a log");
    assert!(!logged.contains("locked") && !logged.contains("busy"), "{logged}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connector_that_is_installed_over_http_is_synced_by_itself() {
    let db = Db::sqlite().await;
    let tenant = make::workspace(&db, "acme").await;
    let key = make::key(&db, &tenant, Role::Admin).await;
    let server = SlowServer::start(100).await;
    let entry = server.install(&db, &tenant, "entry").await;
    let installed = store::workspace_connectors::find(&db.store, &tenant, entry).await;
    let connector = installed.expect("installed").connector;
    let mut command = wireline(&db.directory().expect("a folder"));
    command.env("WIRELINE_SEAL_KEY", SEAL_KEY).env("WIRELINE_RUN_INITIAL_AFTER_S", "1");
    let serving = Serving::start(command);
    let mut api = serving.connect(key.expose());
    let body = json!({"data": {
        "type": "workspace_connector",
        "attributes": {
            "name": "second",
            "config": {"transport": "http", "url": server.url},
            "supported_target_models": ["account"],
        },
        "relationships": {"connector": {"data": {"type": "connector", "id": connector}}},
    }});
    let made = api.send("POST", "/v1/workspace-connectors", &body.to_string()).expect("an answer");
    assert_eq!(made.0, 201, "{}", made.1);
    let id = made.1["data"]["id"].as_str().expect("an id");
    let path = format!("{LOGS}?filter%5Bworkspace_connector%5D={id}");
    let since = Instant::now();
    let first = loop {
        let (_, answer) = api.send("GET", &path, "").expect("an answer");
        if let Some(log) = answer["data"].get(0) {
            break log.clone();
        }
        assert!(since.elapsed() < Duration::from_secs(60), "{answer}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(first["attributes"]["trigger_type"], "initial");
    let run_id = first["id"].as_str().expect("an id");
    assert_eq!(until(&mut api, run_id, is_over).await["status"], "success");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_foreground_run_that_was_killed_does_not_stand_in_the_way_of_the_next() {
    let db = Db::sqlite().await;
    let tenant = make::workspace(&db, "acme").await;
    let server = SlowServer::start(1_500).await;
    let connector = server.install(&db, &tenant, "slow").await;
    let folder = db.directory().expect("a folder");
    let sync = || {
        let workspace = tenant.workspace().to_string();
        let mut command = wireline(&folder);
        command.env("WIRELINE_SEAL_KEY", SEAL_KEY).env("WIRELINE_RUN_LEASE_S", "3");
        command.args(["--json", "sync", "--workspace", &workspace, "--connector"]);
        command.arg(connector.to_string());
        command
    };
    let mut killed = sync().stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    let since = Instant::now();
    while db.number("select count(*) from transactions").await == 0 {
        assert!(since.elapsed() < Duration::from_secs(60), "nothing was stored");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    killed.kill().expect("it runs");
    killed.wait().expect("it ends");
    let again = tokio::task::block_in_place(|| run(&mut sync()));
    assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
    let errors = "select error from workspace_connector_sync_logs where status = 'error'";
    assert_eq!(db.words(errors).await, ["interrupted: its worker is gone"]);
    assert_eq!(db.number("select count(*) from transactions").await, 1_500);
}
