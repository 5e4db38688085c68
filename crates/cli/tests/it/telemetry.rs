//! What goes out over OTLP: nothing unless a collector is named, and then runs and targets, without a
//! secret.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;

use tempfile::TempDir;

use crate::binary::{run, wireline};

/// A request that a collector got: its head and its body.
type Got = (String, Vec<u8>);

/// Takes this many exports, each over a connection of its own, and answers that all is well.
fn collector(exports: usize) -> (String, JoinHandle<Vec<Got>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let endpoint = format!("http://{}", listener.local_addr().expect("its address"));
    let taking = std::thread::spawn(move || {
        let mut got = Vec::new();
        while got.len() < exports {
            let (stream, _) = listener.accept().expect("a connection");
            while let Some(one) = take(&stream) {
                got.push(one);
                if got.len() == exports {
                    break;
                }
            }
        }
        got
    });
    (endpoint, taking)
}

fn take(mut stream: &TcpStream) -> Option<Got> {
    let mut reader = BufReader::new(stream.try_clone().expect("the stream"));
    let mut head = String::new();
    while reader.read_line(&mut head).ok()? > 2 {}
    let length = head.lines().find_map(|it| {
        let (name, value) = it.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>())
    })?;
    let mut body = vec![0; length.expect("a length")];
    reader.read_exact(&mut body).ok()?;
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").ok()?;
    Some((head, body))
}

#[test]
fn runs_and_targets_are_told_to_a_collector_and_no_secret_is() {
    let data = TempDir::with_prefix("wireline-").expect("a folder");
    let (endpoint, taking) = collector(1);
    let sample = format!("{} sample-server ledger", env!("CARGO_BIN_EXE_wireline"));
    let mut command = wireline(data.path());
    command
        .env("WIRELINE_TELEMETRY_OTLP_ENDPOINT", &endpoint)
        .env("WIRELINE_TELEMETRY_OTLP_HEADERS", "x-token=collectors-own")
        .args(["sync", "--server", &format!("API_KEY=sk-very-secret-0001 {sample}")])
        .args(["--target", "company"]);
    let output = run(&mut command);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let got = taking.join().expect("what was sent");
    let (head, body) = &got[0];
    assert!(head.starts_with("POST /v1/traces "), "{head}");
    assert!(head.contains("x-token: collectors-own"), "{head}");
    let has = |text: &str| body.windows(text.len()).any(|it| it == text.as_bytes());
    for told in ["wireline", "sync", "target", "company", "sync_log.id"] {
        assert!(has(told), "{told} is not told");
    }
    assert!(!has("sk-very-secret-0001"));
}

#[test]
fn an_address_that_is_none_is_a_usage_error() {
    let data = TempDir::with_prefix("wireline-").expect("a folder");
    let mut command = wireline(data.path());
    command.env("WIRELINE_TELEMETRY_OTLP_ENDPOINT", "collector:4318").arg("reasons");
    let output = run(&mut command);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("telemetry.otlp_endpoint"), "{said}");
}
