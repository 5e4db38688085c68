//! The sandbox as its callers see it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use mapping::expression::Limits;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sandbox::{Error, Program, Sandbox, Settings};
use serde_json::{Value, json};

use crate::cases::{sandbox, settings};
use crate::watch::children;

/// Grows without end for a row that says so.
const GREEDY: &str = "($d := function($s, $n) { $n = 0 ? $s : $d($s & $s, $n - 1) }; n = 0 ? $length($d('xxxxxxxx', 40)) : n)";
/// Ends by nothing that the engine looks at: two shared values of 2^60 parts are compared.
const ENDLESS: &str = "($t := function($s, $n) { $n = 0 ? $s : $t([[$s], [$s]], $n - 1) };
    n = 0 ? $t(1, 60) = $t(1, 60) : n)";

/// The code, or the value, of each row.
async fn told(sandbox: &Sandbox, expression: &str, rows: &[Value]) -> Vec<String> {
    let outcomes = sandbox.apply(expression, rows).await.expect("it stands");
    outcomes.into_iter().map(|it| it.map_or_else(|it| it.code, |it| it.to_string())).collect()
}

fn rows(numbers: &[i64]) -> Vec<Value> {
    numbers.iter().map(|n| json!({ "n": n })).collect()
}

#[tokio::test]
async fn rows_come_back_in_their_order_however_many_they_are() {
    let rows: Vec<Value> =
        (0..2_345).map(|n| json!({ "n": n, "pad": "x".repeat(1_000) })).collect();
    let told = told(&sandbox(), "n = 7 ? n + 'x' : n * 2", &rows).await;
    assert_eq!(told.len(), rows.len());
    assert_eq!((told[6].as_str(), told[7].as_str(), told[2_344].as_str()), ("12", "T2002", "4688"));
}

#[tokio::test]
async fn an_expression_that_does_not_stand_is_refused_as_a_whole() {
    let sandbox = sandbox();
    for (expression, code) in
        [("n +", "S0207"), ("$eval('1')", "W0003"), (&"x".repeat(20_000), "W0001")]
    {
        let applied = sandbox.apply(expression, &rows(&[1])).await.map(drop);
        let empty = sandbox.apply(expression, &[]).await.map(drop);
        for refused in [sandbox.judge(expression).await, applied, empty] {
            let Err(Error::Expression(error)) = refused else { panic!("{refused:?}") };
            assert_eq!(error.code, code);
        }
    }
    sandbox.judge("n + 1").await.expect("it stands");
}

#[tokio::test]
async fn a_row_that_needs_too_much_memory_fails_alone() {
    // Memory is to be short before time is, however busy the machine.
    let limits = Limits { timeout_ms: 30_000, ..Limits::default() };
    let sandbox = Sandbox::new(Settings { memory_bytes: 256 << 20, limits, ..settings() });
    assert_eq!(told(&sandbox, GREEDY, &rows(&[1, 0, 2])).await, ["1", "W0006", "2"]);
    let outcomes = sandbox.apply(GREEDY, &rows(&[0])).await.expect("it stands");
    let said = outcomes[0].as_ref().expect_err("it needs too much").to_string();
    assert!(said.contains("256 MiB of expressions.memory_mib"), "{said}");
}

#[tokio::test]
async fn a_row_that_nothing_else_ends_is_killed_and_fails_alone() {
    let began = Instant::now();
    assert_eq!(told(&sandbox(), ENDLESS, &rows(&[1, 0, 2])).await, ["1", "W0007", "2"]);
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}

#[tokio::test]
async fn after_a_few_rows_that_end_their_process_the_rest_is_given_up() {
    let told = told(&sandbox(), ENDLESS, &rows(&[0, 1, 0, 0, 2, 2])).await;
    assert_eq!(told, ["W0007", "1", "W0007", "W0007", "W0007", "W0007"]);
}

#[tokio::test]
async fn whoever_stops_waiting_leaves_no_process_behind() {
    let sandbox = sandbox();
    let rows = rows(&[0]);
    let asked = tokio::time::timeout(Duration::from_millis(300), sandbox.apply(ENDLESS, &rows));
    asked.await.expect_err("it is endless");
    until(|| children().is_empty()).await;
    assert_eq!(told(&sandbox, "1", &[Value::Null]).await, ["1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_are_never_more_processes_than_set_and_they_are_used_again() {
    let sandbox = Sandbox::new(Settings { processes: 2, ..settings() });
    let many: Vec<_> = (0..12)
        .map(|n| {
            let sandbox = sandbox.clone();
            tokio::spawn(async move { told(&sandbox, "n", &rows(&[n])).await })
        })
        .collect();
    for (n, told) in many.into_iter().enumerate() {
        assert_eq!(told.await.expect("it ends"), [n.to_string()]);
    }
    let before = children();
    assert!((1..=2).contains(&before.len()), "{before:?}");
    assert_eq!(told(&sandbox, "n", &rows(&[1])).await, ["1"]);
    assert_eq!(children(), before);
}

#[tokio::test]
async fn a_process_that_somebody_killed_is_not_the_fault_of_the_next_expression() {
    let sandbox = sandbox();
    sandbox.judge("1").await.expect("it stands");
    for child in children() {
        kill(Pid::from_raw(i32::try_from(child).unwrap()), Signal::SIGKILL).unwrap();
    }
    assert_eq!(told(&sandbox, "n", &rows(&[1])).await, ["1"]);
}

#[tokio::test]
async fn a_process_has_no_environment_and_can_open_nothing() {
    let sandbox = sandbox();
    sandbox.judge("1").await.expect("it stands");
    let [child] = children()[..] else { panic!("one process") };
    let read = |name: &str| std::fs::read_to_string(format!("/proc/{child}/{name}")).unwrap();
    assert_eq!(read("environ"), "");
    let limits = read("limits");
    let limit = |name: &str| {
        let line = limits.lines().find_map(|it| it.strip_prefix(name)).expect("a limit");
        line.split_whitespace().next().expect("a number").to_owned()
    };
    assert_eq!(limit("Max open files"), "3");
    assert_eq!(limit("Max address space"), (512_u64 << 20).to_string());
    assert_eq!(limit("Max core file size"), "0");
    assert_eq!(limit("Max file size"), "0");
}

#[test]
fn a_process_leaves_with_its_parent_in_the_middle_of_a_row() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_evaluator"))
        .arg((512_u64 << 20).to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(output.next().unwrap().unwrap(), r#"{"ready":true}"#);
    let mut input = child.stdin.take().unwrap();
    let request =
        json!({ "expression": ENDLESS, "limits": settings().limits, "rows": [{ "n": 0 }] });
    writeln!(input, "{request}").unwrap();
    assert_eq!(output.next().unwrap().unwrap(), r#""stands""#);
    assert!(child.try_wait().unwrap().is_none(), "it is at work");
    drop(input);
    assert!(child.wait().unwrap().success());
}

#[tokio::test]
async fn without_a_process_it_is_said_what_is_missing() {
    let program = |command: &str| Program { command: PathBuf::from(command), words: Vec::new() };
    let gone = Sandbox::new(Settings { program: program("/nowhere/at/all"), ..settings() });
    let silent = Sandbox::new(Settings { program: program("/bin/true"), ..settings() });
    let cramped = Sandbox::new(Settings { memory_bytes: 4 << 20, ..settings() });
    for (sandbox, why) in [
        (Sandbox::none(), "none is set up here"),
        (gone, "it does not start"),
        (silent, "it ends at once"),
        (cramped, "expressions.memory_mib is too little"),
    ] {
        let error = sandbox.apply("1", &[Value::Null]).await.expect_err("there is none");
        assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
        assert!(error.to_string().contains(why), "{error}");
    }
}

async fn until(holds: impl Fn() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting).await.expect("it comes about");
}
