//! Apply: the mapping over the rows of a page, off the async threads. What we did not compile goes
//! to the sandbox.

use std::sync::Arc;

use mapping::expression::ExpressionError;
use mapping::native::Program;
use serde_json::Value;

use super::draw::Mapping;
use crate::run::Run;

/// A record as it came, and what the mapping made of it.
pub(crate) struct Mapped {
    pub(crate) row: Value,
    pub(crate) entity: Result<Value, String>,
}

/// Carries the mapping out on each record in the rows. One that fails fails alone.
pub(crate) async fn rows(run: &Run<'_>, mapping: &mut Mapping, rows: Vec<Value>) -> Vec<Mapped> {
    mapping.tried.left_out += mapping.records.left_out(&rows) as u64;
    let rows = mapping.records.of(rows);
    match mapping.program.clone() {
        Some(program) => here(program, rows).await,
        None => elsewhere(run, mapping, rows).await,
    }
}

async fn here(program: Arc<Program>, rows: Vec<Value>) -> Vec<Mapped> {
    let count = rows.len();
    let applied = tokio::task::spawn_blocking(move || {
        let mapped = |row: Value| Mapped { entity: Ok(program.evaluate(&row)), row };
        rows.into_iter().map(mapped).collect()
    });
    // It does not panic, so a task without an outcome was cancelled at shutdown.
    let interrupted = |_| all(vec![Value::Null; count], "the evaluation was interrupted");
    applied.await.unwrap_or_else(interrupted)
}

async fn elsewhere(run: &Run<'_>, mapping: &mut Mapping, rows: Vec<Value>) -> Vec<Mapped> {
    match run.engine.settings.sandbox.apply(&mapping.expression, &rows).await {
        Ok(outcomes) => each(rows, outcomes),
        Err(sandbox::Error::Expression(error)) => all(rows, &in_words(&error)),
        Err(error @ sandbox::Error::Unavailable { .. }) => {
            tracing::error!(error = &error as &dyn std::error::Error, "a mapping is not evaluated");
            mapping.tried.was_kept_from = true;
            all(rows, &error.to_string())
        }
    }
}

fn each(rows: Vec<Value>, outcomes: sandbox::Outcomes) -> Vec<Mapped> {
    let pairs = rows.into_iter().zip(outcomes);
    pairs.map(|(row, it)| Mapped { row, entity: it.map_err(|it| in_words(&it)) }).collect()
}

fn all(rows: Vec<Value>, error: &str) -> Vec<Mapped> {
    rows.into_iter().map(|row| Mapped { row, entity: Err(error.to_owned()) }).collect()
}

fn in_words(error: &ExpressionError) -> String {
    format!("{}: {}", error.code, error.message)
}
