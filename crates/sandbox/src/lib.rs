//! Expressions that we did not write, evaluated in processes that may die of them.
//!
//! The walls of [`mapping::expression`] stand in the same process as everything else. Two things
//! they cannot do: stop a builtin that is running, and survive an allocation that fails, which
//! aborts. So whatever did not come out of our own compiler goes through here: to a process of its
//! own ([`child`]) with nothing in its environment, no file and no socket, a cap on its memory, and
//! a timer that kills it.

pub mod child;
mod error;
mod pool;
mod process;
mod program;
mod wire;

use std::sync::Arc;

use mapping::expression::{ExpressionError, LATE_ROWS, Limits, TIMED_OUT};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

pub use error::Error;
pub use program::Program;

use pool::Pool;
use process::Answer;

/// Bytes of rows, as JSON, that go to a process at once: what it needs is many times as much.
const BATCH_BYTES: usize = 1024 * 1024;
/// Rows that go at once, so that connectors take turns.
const BATCH_ROWS: usize = 500;

/// How foreign expressions are evaluated.
#[derive(Debug, Clone)]
pub struct Settings {
    pub program: Program,
    /// Processes at once; started when they are needed, and kept.
    pub processes: usize,
    /// Address space of one process.
    pub memory_bytes: u64,
    /// What an expression may use up. A row that is not done after twice its time-out is beyond
    /// the engine's own limits, and the process is killed.
    pub limits: Limits,
}

impl Settings {
    pub fn of(program: Program) -> Self {
        Self { program, processes: 2, memory_bytes: 512 << 20, limits: Limits::default() }
    }
}

/// The processes of this one. Cheap to clone: clones share them.
#[derive(Debug, Clone)]
pub struct Sandbox(Arc<Pool>);

/// What became of each row: in their order, one each.
pub type Outcomes = Vec<Result<Value, ExpressionError>>;

impl Sandbox {
    pub fn new(settings: Settings) -> Self {
        Self(Arc::new(Pool::new(Some(settings))))
    }

    /// Evaluates nothing, and says so.
    pub fn none() -> Self {
        Self(Arc::new(Pool::new(None)))
    }

    /// Whether an expression stands: it parses, and calls nothing that is not allowed.
    ///
    /// # Errors
    /// It does not, or no process can be had to say so.
    pub async fn judge(&self, expression: &str) -> Result<(), Error> {
        self.checked(expression)?;
        match self.0.ask(expression, &[]).await? {
            Answer { end: Some(why), .. } => Err(Error::Expression(why)),
            Answer { end: None, .. } => Ok(()),
        }
    }

    /// Evaluates an expression over rows. A row that uses up the time or the memory of a process
    /// fails alone; after a few of them the rest is given up.
    ///
    /// # Errors
    /// The expression does not stand, or no process can be had.
    pub async fn apply(&self, expression: &str, rows: &[Value]) -> Result<Outcomes, Error> {
        if rows.is_empty() {
            return self.judge(expression).await.map(|()| Outcomes::new());
        }
        self.checked(expression)?;
        let mut outcomes = Outcomes::with_capacity(rows.len());
        let mut spent = 0;
        while outcomes.len() < rows.len() {
            if spent >= LATE_ROWS {
                outcomes.resize(rows.len(), Err(ExpressionError::given_up()));
                break;
            }
            let batch = batch(rows.get(outcomes.len()..).unwrap_or_default());
            if batch.is_empty() {
                return Err(Error::unavailable("a row cannot be written as JSON"));
            }
            let Answer { stands, rows, end } = self.0.ask(expression, &batch).await?;
            spent += rows.iter().filter(|it| is_late(it)).count();
            outcomes.extend(rows);
            match end {
                None => {}
                Some(why) if !stands => return Err(Error::Expression(why)),
                Some(why) => {
                    spent += 1;
                    outcomes.push(Err(why));
                }
            }
        }
        Ok(outcomes)
    }

    /// Too long a text is not even sent.
    fn checked(&self, expression: &str) -> Result<(), Error> {
        let limit = self.0.limits().source_bytes;
        if expression.len() <= limit {
            return Ok(());
        }
        let message = format!("an expression has at most {limit} bytes");
        Err(Error::Expression(ExpressionError::ours("W0001", message)))
    }
}

fn is_late(outcome: &Result<Value, ExpressionError>) -> bool {
    outcome.as_ref().is_err_and(|error| error.code == TIMED_OUT)
}

/// The first rows, each as JSON: at least one, whatever its size.
fn batch(rows: &[Value]) -> Vec<Box<RawValue>> {
    let mut bytes = 0;
    let mut batch = Vec::new();
    // A value is JSON, so that writing it as such does not fail.
    for row in rows.iter().take(BATCH_ROWS).map_while(|it| to_raw_value(it).ok()) {
        bytes += row.get().len();
        if bytes > BATCH_BYTES && !batch.is_empty() {
            break;
        }
        batch.push(row);
    }
    batch
}
