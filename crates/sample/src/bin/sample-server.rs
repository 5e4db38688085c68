//! A sample over stdio, for tests that need a process: `sample-server NAME [FAULT]…`.

use std::process::ExitCode;

use sample::{Fault, Sample};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let sample = args.next().as_deref().and_then(Sample::named);
    let faults: Result<Vec<Fault>, _> = args.map(|it| it.parse()).collect();
    let (Some(sample), Ok(faults)) = (sample, faults) else { return ExitCode::from(2) };
    match sample::serve_stdio(sample, faults).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "the sample stopped");
            ExitCode::FAILURE
        }
    }
}
