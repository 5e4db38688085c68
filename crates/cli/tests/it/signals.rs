//! What a signal to stop comes to.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::binary::{json, wireline};

fn terminate(child: &Child) {
    let sent = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    assert!(sent.is_ok_and(|it| it.success()));
}

#[test]
fn a_sync_that_is_told_to_end_settles_its_run() {
    let data = TempDir::with_prefix("wireline-").expect("a folder");
    // Opened by the server when it is started: from then on the run is under way.
    let started = data.path().join("started");
    assert!(Command::new("mkfifo").arg(&started).status().is_ok_and(|it| it.success()));
    let sample = format!("{} sample-server ledger --fault timeout", env!("CARGO_BIN_EXE_wireline"));
    let server = format!("/bin/sh -c 'echo started > {}; exec {sample}'", started.display());
    let mut child = wireline(data.path())
        .args(["--json", "sync", "--server", &server, "--target", "invoice"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("wireline starts");
    std::fs::read_to_string(&started).expect("the server starts");
    terminate(&child);
    let mut told = String::new();
    child.stdout.take().expect("its output").read_to_string(&mut told).expect("text");
    assert_eq!(child.wait().expect("it ends").code(), Some(1));
    let told: Value = serde_json::from_str(&told).expect("a document");
    assert_eq!(told["sync_log"]["attributes"]["status"], "error", "{told}");
    let (listed, _) = json(wireline(data.path()).args(["--json", "connector", "list"]));
    assert_eq!(listed["attributes"]["status"], "enabled", "{listed}");
}

#[test]
fn a_sample_server_that_is_told_to_end_ends_well() {
    let data = TempDir::with_prefix("wireline-").expect("a folder");
    let mut child = wireline(data.path())
        .args(["sample-server", "ledger", "--listen", "127.0.0.1:0"])
        .stderr(Stdio::piped())
        .spawn()
        .expect("wireline starts");
    let mut line = String::new();
    // Held to the end: the server says more into it.
    let mut said = BufReader::new(child.stderr.take().expect("its words"));
    said.read_line(&mut line).expect("a line");
    terminate(&child);
    assert!(child.wait().expect("it ends").success());
}
