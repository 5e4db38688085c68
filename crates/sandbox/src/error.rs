//! What goes wrong here, told apart by who must act.

use mapping::expression::ExpressionError;

/// Why an expression has no outcomes.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Whoever wrote it must.
    #[error("{0}")]
    Expression(ExpressionError),
    /// The operator must: nothing is wrong with the expression.
    #[error("no process can be had to evaluate mappings that people wrote: {why}")]
    Unavailable {
        why: &'static str,
        #[source]
        source: Option<std::io::Error>,
    },
}

impl Error {
    pub(crate) fn unavailable(why: &'static str) -> Self {
        Self::Unavailable { why, source: None }
    }

    pub(crate) fn io(why: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Unavailable { why, source: Some(source) }
    }
}

/// The row ended its process: more memory than there is.
pub(crate) fn memory(limit_bytes: u64) -> ExpressionError {
    let mib = limit_bytes >> 20;
    let message = format!(
        "it needs more memory than the {mib} MiB of expressions.memory_mib; let it build less at once"
    );
    ExpressionError::ours("W0006", message)
}

/// The row ended its process: killed when its time was over.
pub(crate) fn time(limit_ms: u64) -> ExpressionError {
    let message = format!(
        "it was stopped after {limit_ms} ms, twice expressions.row_time_s; let it do less for a row"
    );
    ExpressionError::ours("W0007", message)
}

/// The row ended its process in another way.
pub(crate) fn broke(how: &str) -> ExpressionError {
    ExpressionError::ours("W0002", format!("the engine broke down on this expression ({how})"))
}
