//! JSONata behind walls: the only place that sees the engine.
//!
//! The engine checks its limits between nodes, never inside a builtin, and has no budget for
//! bytes; so what may be called is read off the tree before anything runs ([`wall`]), builtins
//! that can blow up are replaced by capped ones ([`builtins`]), and the outcome is copied out
//! under a budget ([`convert`]), because a small shared value may be huge once written out.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use jsonata_core::ast::AstNode;
use jsonata_core::evaluator::{Context, Evaluator, EvaluatorError, EvaluatorOptions};
use jsonata_core::parser;
use serde::{Deserialize, Serialize};
use serde_json::Value;

mod builtins;
mod convert;
mod patterns;
#[cfg(test)]
mod tests;
mod wall;

/// What an expression may use up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    pub source_bytes: usize,
    /// For one row.
    pub timeout_ms: u64,
    pub stack_depth: usize,
    pub sequence_length: usize,
    /// For one text that a builtin makes.
    pub text_bytes: usize,
    /// For the outcome of one row.
    pub output_nodes: usize,
    pub output_depth: usize,
    pub output_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            source_bytes: 16 * 1024,
            timeout_ms: 5_000,
            stack_depth: 300,
            sequence_length: 100_000,
            text_bytes: 1024 * 1024,
            output_nodes: 100_000,
            output_depth: 64,
            output_bytes: 4 * 1024 * 1024,
        }
    }
}

/// The engine's code for an evaluation that took too long.
pub const TIMED_OUT: &str = "D1012";
/// Rows that may take too long before the rest is given up: else a hostile expression would hold a
/// thread for the time limit of every row.
pub const LATE_ROWS: usize = 3;

/// Why an expression does not stand, or gives nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub struct ExpressionError {
    /// JSONata's own code, e.g. `S0202`; ours begin with `W`.
    pub code: String,
    /// Character at which the expression stops making sense, when that is known.
    pub position: Option<usize>,
    pub message: String,
}

impl fmt::Display for ExpressionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)?;
        self.position.map_or(Ok(()), |at| write!(f, " at position {at}"))
    }
}

/// A parsed expression that passed the wall. Not `Send`: use [`apply`] from async code.
#[derive(Debug)]
pub struct Expression {
    tree: AstNode,
    limits: Limits,
}

/// Parses once and evaluates over every row, in one blocking call. The outer error is the
/// expression's; an inner one belongs to its row.
pub fn apply(
    expression: &str,
    rows: &[Value],
    limits: &Limits,
) -> Result<Vec<Result<Value, ExpressionError>>, ExpressionError> {
    let mut each = Each::of(expression, limits)?;
    Ok(rows.iter().map(|row| each.row(row)).collect())
}

/// An expression on its way through rows, one after the other.
pub struct Each {
    expression: Expression,
    evaluator: Evaluator,
    late: usize,
}

impl Each {
    pub fn of(expression: &str, limits: &Limits) -> Result<Self, ExpressionError> {
        let expression = Expression::parse(expression, limits)?;
        let evaluator = expression.evaluator()?;
        Ok(Self { expression, evaluator, late: 0 })
    }

    pub fn row(&mut self, row: &Value) -> Result<Value, ExpressionError> {
        if self.late >= LATE_ROWS {
            return Err(ExpressionError::given_up());
        }
        let outcome = self.expression.run(&mut self.evaluator, row);
        if let Err(error) = &outcome {
            self.late += usize::from(error.code == TIMED_OUT);
            // An evaluation that was cut off may leave its scopes behind.
            self.evaluator = self.expression.evaluator()?;
        }
        outcome
    }
}

impl fmt::Debug for Each {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Each").field("late", &self.late).finish_non_exhaustive()
    }
}

impl Expression {
    pub fn parse(source: &str, limits: &Limits) -> Result<Self, ExpressionError> {
        if source.len() > limits.source_bytes {
            let message = format!("an expression has at most {} bytes", limits.source_bytes);
            return Err(ExpressionError::ours("W0001", message));
        }
        let mut tree = guarded(|| {
            parser::parse(source)
                .map_err(|error| ExpressionError::of_parser(source, &error.to_string()))
        })?;
        wall::check(&mut tree)?;
        Ok(Self { tree, limits: limits.clone() })
    }

    pub fn evaluate(&self, row: &Value) -> Result<Value, ExpressionError> {
        self.run(&mut self.evaluator()?, row)
    }

    fn evaluator(&self) -> Result<Evaluator, ExpressionError> {
        let options = EvaluatorOptions {
            timeout_ms: Some(self.limits.timeout_ms),
            cancel: None,
            max_stack_depth: Some(self.limits.stack_depth),
            max_sequence_length: Some(self.limits.sequence_length),
        };
        let mut evaluator = Evaluator::with_options(Context::new(), options);
        builtins::cap(&mut evaluator, self.limits.text_bytes)?;
        Ok(evaluator)
    }

    fn run(&self, evaluator: &mut Evaluator, row: &Value) -> Result<Value, ExpressionError> {
        guarded(|| {
            let row = convert::into_engine(row);
            let outcome = evaluator.evaluate(&self.tree, &row)?;
            convert::out_of_engine(&outcome, &self.limits)
        })
    }
}

/// The engine's date pictures can panic; a row must not take the process along.
fn guarded<T>(work: impl FnOnce() -> Result<T, ExpressionError>) -> Result<T, ExpressionError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_panic| {
        Err(ExpressionError::ours("W0002", "the engine gave up on this expression"))
    })
}

impl ExpressionError {
    /// One that the engine has no code for.
    pub fn ours(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), position: None, message: message.into() }
    }

    /// Of a row that is not tried any more.
    pub fn given_up() -> Self {
        Self::ours("W0007", "the expression used up its time or memory on rows before this one")
    }

    fn of_engine(text: &str) -> Self {
        let code = text.split(|it: char| !it.is_ascii_alphanumeric()).find(|it| is_code(it));
        let message = code.and_then(|it| text.split_once(it)).map_or(text, |(_, rest)| rest);
        let message = message.trim_start_matches([':', ' ']).to_owned();
        // An error without a code is a syntax error that the engine has no name for.
        Self { code: code.unwrap_or("S0500").to_owned(), position: None, message }
    }

    /// The parser tells no position, so it is looked for: the shortest beginning of the source
    /// that fails in the same way and not merely because it ends too soon.
    fn of_parser(source: &str, text: &str) -> Self {
        let error = Self::of_engine(text);
        let ends: Vec<usize> = source.char_indices().map(|(at, _)| at).skip(1).collect();
        let fails = |end: &usize| {
            let start = source.split_at_checked(*end).map_or(source, |(start, _)| start);
            parser::parse(start).is_err_and(|it| Self::of_engine(&it.to_string()) == error)
        };
        let position = match error.code.as_str() {
            "S0203" | "S0207" => source.chars().count(),
            // A long expression is not searched: each attempt parses it again.
            _ if ends.len() > 2_000 => return error,
            _ => ends.iter().position(fails).unwrap_or(ends.len()),
        };
        Self { position: Some(position), ..error }
    }
}

/// `S0202`, `T1006`, `D3030`, `U1001`.
fn is_code(word: &str) -> bool {
    let mut letters = word.chars();
    word.len() == 5
        && letters.next().is_some_and(|it| "SDTU".contains(it))
        && letters.all(|it| it.is_ascii_digit())
}

impl From<EvaluatorError> for ExpressionError {
    fn from(error: EvaluatorError) -> Self {
        Self::of_engine(error.message())
    }
}
