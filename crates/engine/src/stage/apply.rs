//! Apply: the mapping over the rows of a page, off the async threads. What we did not compile goes
//! to the sandbox.

use mapping::expression::{self, ExpressionError};
use serde_json::Value;

use super::draw::Mapping;
use crate::run::Run;

/// A row and what the mapping made of it.
pub(crate) struct Mapped {
    pub(crate) row: Value,
    pub(crate) entity: Result<Value, String>,
}

/// Evaluates the expression for each row. A row that fails fails alone.
pub(crate) async fn rows(run: &Run<'_>, mapping: &mut Mapping, rows: Vec<Value>) -> Vec<Mapped> {
    if mapping.is_compiled {
        here(mapping, rows).await
    } else {
        elsewhere(run, mapping, rows).await
    }
}

async fn here(mapping: &Mapping, rows: Vec<Value>) -> Vec<Mapped> {
    let expression = mapping.expression.clone();
    let count = rows.len();
    let applied = tokio::task::spawn_blocking(move || {
        let outcomes = expression::apply(&expression, &rows, &expression::Limits::default());
        (rows, outcomes)
    });
    match applied.await {
        Ok((rows, Ok(outcomes))) => each(rows, outcomes),
        Ok((rows, Err(error))) => all(rows, &in_words(&error)),
        // The wrapper catches panics, so this is a task that was cancelled at shutdown.
        Err(_) => all(vec![Value::Null; count], "the evaluation was interrupted"),
    }
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
