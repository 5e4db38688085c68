//! The legacy path: one seat writes one expression for the whole record. That is a language model
//! where one has a seat, and the projection by exact names where none has, or its own is no good.

use std::collections::BTreeSet;
use std::sync::Arc;

use mapping::model::{Free, expression, judged};
use mapping::regression::Measure;
use mapping::seats::{self, Candidate, Case, Failed};

use super::blocking;
use super::models::{self, Record};
use super::subject::Subject;
use crate::run::Run;

pub(super) struct Legacy {
    pub(super) candidate: Result<Candidate, Failed>,
    pub(super) attempts: usize,
    pub(super) record: Option<Record>,
}

/// `offered`: required slots that the rows are known to have something for.
pub(super) async fn drawn(run: &Run<'_>, subject: &Subject, offered: BTreeSet<String>) -> Legacy {
    let offered = Arc::new(offered);
    let written = written(run, subject, &offered).await;
    let attempts = if written.is_some() { 2 } else { 1 };
    let (written, record) = written.unzip();
    if let Some(Ok(candidate)) = written {
        return Legacy { candidate: Ok(candidate), attempts: 1, record: record.flatten() };
    }
    let case = Arc::clone(subject.case().await);
    let projected = blocking(move || serves(&case, seats::legacy(&case)?, &offered)).await;
    // What the model did wrong is in its record; what counts is that the last resort failed.
    Legacy { candidate: projected, attempts, record: record.flatten() }
}

/// By the first of the models; none if there is none, or nothing to ask it.
async fn written(
    run: &Run<'_>,
    subject: &Subject,
    offered: &Arc<BTreeSet<String>>,
) -> Option<(Result<Candidate, Failed>, Option<Record>)> {
    let seats = &run.engine.settings.seats;
    let model = seats.models().first()?;
    // A free-form expression takes the rows as they came.
    let case = Arc::new(subject.of_rows());
    let (of, redactor, samples) = (Arc::clone(&case), run.redactor.clone(), seats.samples);
    let free = blocking(move || {
        Free::of(&of, &redactor, samples).ok_or_else(|| Failed::because("there is nothing to ask"))
    });
    let free = free.await.ok()?;
    let (answer, mut record) = models::say(run, model, &free).await;
    let candidate = match answer.and_then(|it| expression(&it)) {
        Ok(text) => tried(run, &case, text, offered).await,
        Err(failed) => Err(failed),
    };
    let candidate = candidate.map_err(|it| models::redacted(run, it));
    if let Some(record) = &mut record {
        record.error = candidate.as_ref().err().map(|it| it.message.clone());
    }
    Some((candidate, record))
}

/// In the sandbox and nowhere else: nobody knows what it does.
async fn tried(
    run: &Run<'_>,
    case: &Arc<Case>,
    text: String,
    offered: &Arc<BTreeSet<String>>,
) -> Result<Candidate, Failed> {
    let outcomes = run.engine.settings.sandbox.apply(&text, &case.rows).await;
    let outcomes = outcomes.map_err(|error| match error {
        sandbox::Error::Expression(error) => Failed::from(error),
        sandbox::Error::Unavailable { .. } => Failed::because(error.to_string()),
    })?;
    let (case, offered) = (Arc::clone(case), Arc::clone(offered));
    blocking(move || serves(&case, judged(&case, text, outcomes)?, &offered)).await
}

fn serves(case: &Case, it: Candidate, offered: &BTreeSet<String>) -> Result<Candidate, Failed> {
    seats::passes(&it, offered)?;
    match Measure::of(case.target, &it.entities, case.today).valid_rows {
        // When no seat answered, nobody has said what the rows have to offer.
        0 => Err(Failed::because("not one row gives a sound record")),
        _ => Ok(it),
    }
}
