//! A sample over stdio, for tests that need a process: `sample-server NAME [[--fault] FAULT]…`, as
//! `wireline sample-server` is called.

use std::process::ExitCode;

use sample::{Fault, Sample};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let sample = args.next().and_then(|it| match it.strip_prefix("replay:") {
        Some(file) => Sample::replay(file.as_ref()).ok(),
        None => Sample::named(&it),
    });
    let faults: Result<Vec<Fault>, _> =
        args.filter(|it| it != "--fault").map(|it| it.parse()).collect();
    let (Some(sample), Ok(faults)) = (sample, faults) else { return ExitCode::from(2) };
    match sample::serve_stdio(sample, faults).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "the sample stopped");
            ExitCode::FAILURE
        }
    }
}
