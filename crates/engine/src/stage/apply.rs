//! Apply: the mapping over the rows of a page, off the async threads.

use mapping::expression::{self, ExpressionError};
use serde_json::Value;

use super::draw::Mapping;

/// A row and what the mapping made of it.
pub(crate) struct Mapped {
    pub(crate) row: Value,
    pub(crate) entity: Result<Value, String>,
}

/// Evaluates the expression for each row. A row that fails fails alone.
pub(crate) async fn rows(mapping: &Mapping, rows: Vec<Value>) -> Vec<Mapped> {
    let expression = mapping.expression.clone();
    let count = rows.len();
    let applied = tokio::task::spawn_blocking(move || {
        let outcomes = expression::apply(&expression, &rows, &expression::Limits::default());
        (rows, outcomes)
    });
    match applied.await {
        Ok((rows, Ok(outcomes))) => rows
            .into_iter()
            .zip(outcomes)
            .map(|(row, outcome)| Mapped { row, entity: outcome.map_err(|it| in_words(&it)) })
            .collect(),
        Ok((rows, Err(error))) => {
            let error = in_words(&error);
            rows.into_iter().map(|row| Mapped { row, entity: Err(error.clone()) }).collect()
        }
        // The wrapper catches panics, so this is a task that was cancelled at shutdown.
        Err(_) => (0..count)
            .map(|_| Mapped {
                row: Value::Null,
                entity: Err("the evaluation was interrupted".to_owned()),
            })
            .collect(),
    }
}

fn in_words(error: &ExpressionError) -> String {
    format!("{}: {}", error.code, error.message)
}
