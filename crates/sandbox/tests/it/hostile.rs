//! Expressions that are to hang, blow up or overflow an engine.

use std::time::{Duration, Instant};

use crate::cases::{self, ROW_MS};
use crate::watch::Watch;

/// For a machine that has other things to do, too.
const SLACK: Duration = Duration::from_secs(4);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hostile_expression_ends_within_its_time_and_memory() {
    let settings = cases::settings();
    let sandbox = sandbox::Sandbox::new(settings.clone());
    let watch = Watch::start();
    let longest = Duration::from_millis(2 * ROW_MS) + SLACK;
    for (name, expression, row) in cases::hostile() {
        let began = Instant::now();
        let outcome = sandbox.apply(&expression, std::slice::from_ref(&row)).await;
        let took = began.elapsed();
        let said = match outcome {
            Ok(rows) => {
                rows.into_iter().map(|it| it.map_or_else(|it| it.code, shortened)).collect()
            }
            Err(sandbox::Error::Expression(error)) => error.code,
            Err(unavailable @ sandbox::Error::Unavailable { .. }) => {
                panic!("{name}: {unavailable}")
            }
        };
        println!("{name}: {said} after {} ms", took.as_millis());
        assert!(took < longest, "{name} took {took:?}");
    }
    let rows = sandbox.apply("n + 1", &[serde_json::json!({ "n": 1 })]).await.expect("it lives on");
    assert_eq!(rows, [Ok(serde_json::json!(2))]);
    let peak = watch.peak();
    println!("largest process: {} MiB", peak >> 20);
    assert!(peak <= settings.memory_bytes, "a process had {peak} bytes");
}

fn shortened(value: serde_json::Value) -> String {
    value.to_string().chars().take(40).collect()
}
