//! Processes: how they start, speak, and end.

use std::time::{Duration, Instant};

use mcp::{Client, Endpoint, Error, Limits, Reach};
use serde_json::Map;

/// Shakes hands, then does as the rest of the script says.
const HANDSHAKE: &str = r#"
read -r line
echo '{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"script","version":"1"}}}'
read -r line
"#;

fn script(text: &str) -> Endpoint {
    let env = vec![("GIVEN".to_owned(), "yes".to_owned())];
    let args = vec!["-c".to_owned(), text.to_owned()];
    Endpoint::Stdio { command: "/bin/sh".to_owned(), args, env }
}

async fn connect(text: &str) -> Result<Client, Error> {
    let limits = Limits {
        start: Duration::from_secs(10),
        call: Duration::from_secs(10),
        ..Limits::default()
    };
    Client::connect(&script(text), limits, Reach::default()).await
}

#[tokio::test]
async fn a_command_that_does_not_exist_is_a_failed_start() {
    let endpoint = Endpoint::Stdio {
        command: "/no/such/server".to_owned(),
        args: Vec::new(),
        env: Vec::new(),
    };
    let error = Client::connect(&endpoint, Limits::default(), Reach::default()).await;
    assert!(matches!(error, Err(Error::Start { .. })));
}

#[tokio::test]
async fn a_server_that_dies_before_the_handshake_leaves_its_last_words() {
    let Err(Error::Start { stderr, .. }) =
        connect("echo one >&2; echo 'no API key' >&2; exit 3").await
    else {
        panic!("does not fail at the start");
    };
    assert_eq!(stderr, ["one", "no API key"]);
}

#[tokio::test]
async fn only_a_few_variables_are_inherited() {
    let text = format!(r#"{HANDSHAKE} env | cut -d= -f1 | sort | tr '\n' ' ' >&2; exit 1"#);
    let client = connect(&text).await.expect("connects");
    let Err(Error::Closed { stderr, .. }) = client.call("x", Map::new()).await else {
        panic!("is not closed");
    };
    let names = stderr.concat();
    assert!(names.contains("GIVEN") && names.contains("PATH"), "{names}");
    assert!(!names.contains("CARGO"), "{names}");
}

#[tokio::test]
async fn noise_before_and_between_messages_is_skipped() {
    let text = format!(
        r#"echo 'Starting up...'; {HANDSHAKE} echo '[debug] listing'; read -r line
        echo '{{"jsonrpc":"2.0","id":1,"result":{{"tools":[{{"name":"a"}},{{"title":"nameless"}}]}}}}'; sleep 5"#
    );
    let client = connect(&text).await.expect("connects");
    assert_eq!(client.server().name, "script");
    let tools = client.tools().await.expect("lists");
    assert_eq!(tools.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["a"]);
}

#[tokio::test]
async fn requests_from_the_server_are_answered_or_refused() {
    let text = format!(
        r#"{HANDSHAKE} read -r call
        echo '{{"jsonrpc":"2.0","id":"r1","method":"roots/list"}}'; read -r roots
        echo '{{"jsonrpc":"2.0","id":"r2","method":"sampling/createMessage","params":{{"messages":[],"maxTokens":1}}}}'; read -r sampling
        echo '{{"jsonrpc":"2.0","method":"notifications/whatever","params":{{}}}}'
        echo "$roots" >&2; echo "$sampling" >&2; exit 0"#
    );
    let client = connect(&text).await.expect("connects");
    let Err(Error::Closed { stderr, .. }) = client.call("x", Map::new()).await else {
        panic!("is not closed");
    };
    assert!(stderr[0].contains(r#""roots":[]"#), "{stderr:?}");
    assert!(stderr[1].contains(r#""error""#), "{stderr:?}");
}

/// Whether a process of that number exists and is not just waiting to be reaped.
fn lives(id: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", id.trim())).unwrap_or_default();
    !stat.is_empty() && !stat.contains(") Z ")
}

async fn ends(id: &str) -> bool {
    let until = Instant::now() + Duration::from_secs(5);
    while Instant::now() < until {
        if !lives(id) {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    false
}

/// A server with a child; the child's number is in the tool list.
fn family() -> String {
    format!(
        r#"{HANDSHAKE} sleep 300 & child=$!; read -r line
        echo "{{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{{\"tools\":[{{\"name\":\"$child\"}}]}}}}"; read -r line; wait"#
    )
}

#[tokio::test]
async fn dropping_the_client_kills_the_server_and_its_children() {
    let client = connect(&family()).await.expect("connects");
    let child = client.tools().await.expect("lists")[0].name.clone();
    assert!(lives(&child));
    drop(client);
    assert!(ends(&child).await);
}

#[tokio::test]
async fn closing_ends_a_server_that_does_not_leave_by_itself() {
    let client = connect(&family()).await.expect("connects");
    let child = client.tools().await.expect("lists")[0].name.clone();
    client.close().await;
    assert!(ends(&child).await);
}

#[tokio::test]
async fn children_do_not_keep_a_dead_server_s_connection_open() {
    let text = format!("{HANDSHAKE} sleep 300 & exit 1");
    let client = connect(&text).await.expect("connects");
    let before = Instant::now();
    assert!(matches!(client.call("x", Map::new()).await, Err(Error::Closed { .. })));
    assert!(before.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_cursor_that_repeats_does_not_list_for_ever() {
    let page = r#"{\"jsonrpc\":\"2.0\",\"id\":$n,\"result\":{\"tools\":[{\"name\":\"a$n\"}],\"nextCursor\":\"same\"}}"#;
    let text = format!("{HANDSHAKE} n=1; while read -r line; do echo \"{page}\"; n=$((n+1)); done");
    let client = connect(&text).await.expect("connects");
    assert_eq!(client.tools().await.expect("lists").len(), 2);
}

#[tokio::test]
async fn a_flood_on_stdout_does_not_outlast_the_call_or_the_client() {
    let text = format!("{HANDSHAKE} read -r call; exec yes 'noise that is no message'");
    let limits = Limits { call: Duration::from_millis(500), ..Limits::default() };
    let client = Client::connect(&script(&text), limits, Reach::default()).await.expect("connects");
    assert!(matches!(client.call("x", Map::new()).await, Err(Error::Timeout { .. })));
    let before = Instant::now();
    client.close().await;
    assert!(before.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn of_a_flood_on_stderr_only_the_end_is_kept() {
    let text = "head -c 5000000 /dev/zero | tr '\\0' x >&2; echo >&2
        seq 1 1000 >&2; echo last >&2; exit 1";
    let Err(Error::Start { stderr, .. }) = connect(text).await else {
        panic!("does not fail at the start");
    };
    assert_eq!(stderr.len(), 40);
    assert_eq!(stderr.last().map(String::as_str), Some("last"));
    assert!(stderr.iter().all(|it| it.len() <= 2_000));
}
