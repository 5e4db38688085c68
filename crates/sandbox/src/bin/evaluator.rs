//! The child by itself, for tests: `evaluator BYTES`, as `wireline evaluate` is called.

use std::process::ExitCode;

fn main() -> ExitCode {
    let memory = std::env::args().nth(1).and_then(|it| it.parse().ok());
    match memory.map(sandbox::child::run) {
        Some(Ok(())) => ExitCode::SUCCESS,
        Some(Err(_)) => ExitCode::FAILURE,
        None => ExitCode::from(2),
    }
}
