//! Language models as seats: asked side by side, and what was said is kept with the mapping.

use std::sync::Arc;

use futures_util::future::join_all;
use mapping::draw::Drawn;
use mapping::model::{Free, Question};
use mapping::seats::{Case, Failed};
use model::{Asked, Endpoint, Error, Question as Asking};
use serde::Serialize;

use super::answers::late;
use super::blocking;
use crate::run::Run;

/// Bytes that are kept of a question and of an answer.
const KEPT: usize = 32 * 1024;
/// How the error of a seat begins for which nothing was left.
pub(super) const SPENT: &str = "budget spent";

/// What a model was asked and what it said, without secrets.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Record {
    seat: String,
    prompt: String,
    answer: String,
    tokens: u64,
    pub(super) cost_micros: u64,
    ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<String>,
}

/// A seat's plan, not yet tried.
pub(super) struct Said {
    pub(super) drawn: (String, Result<Drawn, Failed>),
    /// None: nothing was sent.
    pub(super) record: Option<Record>,
}

/// The answers of all models; none without one.
pub(super) async fn ask(run: &Run<'_>, case: &Arc<Case>) -> Vec<Said> {
    let seats = &run.engine.settings.seats;
    if seats.models().is_empty() {
        return Vec::new();
    }
    let (asked_for, redactor, samples) = (Arc::clone(case), run.redactor.clone(), seats.samples);
    let question = blocking(move || {
        let question = Question::of(&asked_for, &redactor, samples);
        question.ok_or_else(|| Failed::because("no path of the rows could fill a slot"))
    })
    .await;
    match question {
        Ok(question) => {
            let question = Arc::new(question);
            join_all(seats.models().iter().map(|it| one(run, case, it, &question))).await
        }
        Err(failed) => {
            let none =
                |it: &Endpoint| Said { drawn: (it.seat(), Err(failed.clone())), record: None };
            seats.models().iter().map(none).collect()
        }
    }
}

async fn one(run: &Run<'_>, case: &Arc<Case>, model: &Endpoint, question: &Arc<Question>) -> Said {
    let asking = Asking {
        instructions: &question.instructions,
        text: &question.text,
        name: "mapping_plan",
        schema: &question.schema,
    };
    let (answer, mut record) = said(run, model, &asking).await;
    let drawn = match answer {
        Ok(answer) => {
            let (case, question) = (Arc::clone(case), Arc::clone(question));
            blocking(move || question.read(&case, &answer)).await
        }
        Err(failed) => Err(failed),
    };
    let drawn = drawn.map_err(|it| redacted(run, it));
    if let Some(record) = &mut record {
        record.error = drawn.as_ref().err().map(|it| it.message.clone());
    }
    Said { drawn: (model.seat(), drawn), record }
}

/// The answer to a question for a whole expression.
pub(super) async fn say(
    run: &Run<'_>,
    model: &Endpoint,
    free: &Free,
) -> (Result<String, Failed>, Option<Record>) {
    let asking = Asking {
        instructions: &free.instructions,
        text: &free.text,
        name: "mapping_expression",
        schema: &free.schema,
    };
    said(run, model, &asking).await
}

/// No record: nothing was sent.
async fn said(
    run: &Run<'_>,
    model: &Endpoint,
    asking: &Asking<'_>,
) -> (Result<String, Failed>, Option<Record>) {
    let asked = model.ask(asking, &run.budget, run.engine.settings.seat_time).await;
    let record = record(run, model, asking, &asked);
    let was_sent = record.tokens > 0;
    (asked.outcome.map_err(|error| failed(&error)), was_sent.then_some(record))
}

/// A message may repeat what the model said.
pub(super) fn redacted(run: &Run<'_>, failed: Failed) -> Failed {
    Failed { message: run.redactor.text(&failed.message).into_owned(), ..failed }
}

fn failed(error: &Error) -> Failed {
    match error {
        Error::Timeout { limit } => late(*limit),
        Error::Unreachable(_) => {
            tracing::warn!(error = error as &dyn std::error::Error, "language model");
            Failed::because(error.to_string())
        }
        Error::Spent(_)
        | Error::Refused
        | Error::Unfinished
        | Error::Malformed
        | Error::TooLarge { .. }
        | Error::Status(_) => Failed::because(error.to_string()),
    }
}

fn record(run: &Run<'_>, model: &Endpoint, question: &Asking<'_>, asked: &Asked) -> Record {
    let prompt = format!("{}\n\n{}", question.instructions, question.text);
    Record {
        seat: model.seat(),
        // It was made without secrets; the answer may say anything.
        prompt: kept(&prompt),
        answer: kept(&run.redactor.text(&asked.said)),
        tokens: asked.tokens,
        cost_micros: asked.cost_micros,
        ms: u64::try_from(asked.took.as_millis()).unwrap_or(u64::MAX),
        error: None,
    }
}

/// As much of a text as is kept. No NUL: PostgreSQL has none in its texts.
fn kept(text: &str) -> String {
    let end = text.floor_char_boundary(KEPT.min(text.len()));
    let (start, _) = text.split_at_checked(end).unwrap_or((text, ""));
    start.replace('\0', "")
}
