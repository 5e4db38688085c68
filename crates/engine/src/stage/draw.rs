//! Draw: the expression that makes entities of rows. A stored one is used while what it was drawn
//! for stands; else a jury draws one, it is held against the one before, and saved.

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::evidence::{Call, Degraded, NoExpression, NoMapping};
use domain::{Finding, Stage, TargetModel};
use mapping::jury::Verdict;
use mapping::native::Program;
use mapping::records::Records;
use mapping::seats::{self, Candidate, Case, Failed, Held};
use store::mappings::{Generator, Mapping as Stored};

use super::fetch::Page;
use super::jury::{self, Sitting};
use super::select::Choice;
use crate::run::{Run, Stop};

mod answers;
mod legacy;
mod models;
mod save;
mod settle;
mod standing;
mod stored;
mod subject;

use answers::{Answers, LATE};
use legacy::Legacy;
use models::{Record, SPENT};
pub(crate) use settle::{Tried, settle};
use standing::Standing;
use subject::Subject;

/// An expression that maps one row to one entity, and what came of it so far.
#[derive(Debug)]
pub(crate) struct Mapping {
    pub(crate) expression: String,
    /// Of the plan that the expression is compiled from; none if it is not: then the expression
    /// goes to the sandbox.
    pub(crate) program: Option<Arc<Program>>,
    /// Where the records are in the rows.
    pub(crate) records: Records,
    pub(crate) tried: Tried,
    /// None: it could not be saved.
    stored: Option<Stored>,
}

/// A drawing that passed the gate.
struct Drawing {
    candidate: Candidate,
    generator: Generator,
    verdict: Verdict,
    /// What language models were asked, and said.
    models: Vec<Record>,
}

/// The mapping that was live, and the last version that did well; often the same.
struct Earlier {
    live: Option<Stored>,
    good: Option<Stored>,
}

enum Outcome {
    /// With the last good mapping, to be held against it.
    New(Box<Drawing>, Option<Stored>),
    LastGood(Stored),
}

/// Stored and still fitting, or drawn now.
pub(crate) async fn mapping(
    run: &mut Run<'_>,
    choice: &Choice,
    target: TargetModel,
    page: &Page,
    call: &Call,
) -> Result<Mapping, Stop> {
    let subject = Subject::of(run, choice, target, page).await;
    let before = match stored::live(run, &subject).await {
        None => None,
        Some(it) => match standing::of(run, &subject, it, call).await {
            Standing::Stands(it) => return Ok(Mapping::of(it)),
            Standing::Redraw(it) => Some(it),
        },
    };
    let good = match &before {
        Some(it) => stored::last_good(run, it).await,
        None => None,
    };
    match drawn(run, &subject, good).await? {
        Outcome::New(drawing, good) => {
            Ok(save::adopted(run, &subject, drawing, Earlier { live: before, good }).await)
        }
        // Why it was to be drawn anew stays noted with it, so that the next run tries again.
        Outcome::LastGood(it) => Ok(Mapping::of(it)),
    }
}

impl Mapping {
    /// None: it could not be saved.
    pub(crate) fn version(&self) -> Option<u32> {
        self.stored.as_ref().map(|it| it.version)
    }

    fn of(it: Stored) -> Self {
        Self {
            program: Program::of_compiled(&it.expression, &it.plan).map(Arc::new),
            expression: it.expression.clone(),
            records: stored::plan(&it).map(|it| it.records).unwrap_or_default(),
            tried: Tried::default(),
            stored: Some(it),
        }
    }
}

/// The structured path; if its jury has no quorum the last good mapping, else the legacy path, else
/// the target ends.
async fn drawn(
    run: &mut Run<'_>,
    subject: &Subject,
    good: Option<Stored>,
) -> Result<Outcome, Stop> {
    misread(run, subject);
    let case = subject.case().await;
    let began = Instant::now();
    let Answers { of: answers, mut models } = answers::all(run, case).await;
    let cost_micros = models.iter().map(|it| it.cost_micros).sum();
    let first_error = answers.values().find_map(|it| it.as_ref().err()).cloned();
    let Held { verdict, winner, offered } = seats::hold(answers);
    let took = began.elapsed();
    if let Some(candidate) = winner {
        degraded(run, (subject, case), &verdict, &candidate);
        jury::report(run, &sitting(subject, (took, cost_micros), None), &verdict);
        let drawing = Drawing { candidate, generator: Generator::Structured, verdict, models };
        return Ok(Outcome::New(Box::new(drawing), good));
    }
    if let Some(good) = stored::serving(run, subject, good).await {
        let fallback = format!("last good mapping, version {}", good.version);
        jury::report(run, &sitting(subject, (took, cost_micros), Some(&fallback)), &verdict);
        return Ok(Outcome::LastGood(good));
    }
    let Legacy { candidate: legacy, attempts, record } = legacy::drawn(run, subject, offered).await;
    models.extend(record);
    let cost_micros = models.iter().map(|it| it.cost_micros).sum();
    let fallback = legacy.is_ok().then_some("legacy");
    jury::report(run, &sitting(subject, (took, cost_micros), fallback), &verdict);
    let why = verdict.failed.first().map(|it| Failed::because(format!("{}: {}", it.seat, it.why)));
    let structured =
        no_expression("structured", verdict.seats, &first_error.or(why).unwrap_or_else(unknown));
    run.note(Finding::jsonata_generation_failed(subject.target(), subject.tool(), &structured));
    fell_back(run, subject, &structured);
    match legacy {
        Ok(candidate) => {
            let drawing = Drawing { candidate, generator: Generator::Legacy, verdict, models };
            Ok(Outcome::New(Box::new(drawing), None))
        }
        Err(error) => {
            let legacy = no_expression("legacy", attempts, &error);
            run.note(Finding::jsonata_generation_failed(subject.target(), subject.tool(), &legacy));
            Err(hard_fail(run, subject, vec![structured, legacy]))
        }
    }
}

fn sitting<'a>(
    subject: &'a Subject,
    (took, cost_micros): (Duration, u64),
    fallback: Option<&'a str>,
) -> Sitting<'a> {
    let (target, tool) = (subject.target(), Some(subject.tool()));
    Sitting { target, tool, purpose: "mapping", took, cost_micros, fallback }
}

fn unknown() -> Failed {
    Failed::because("too few seats agreed to serve")
}

fn no_expression(path: &'static str, attempts: usize, error: &Failed) -> NoExpression {
    let attempts = u32::try_from(attempts).unwrap_or(u32::MAX);
    NoExpression { path, attempts, first_error: error.message.clone(), position: error.position }
}

fn hard_fail(run: &mut Run<'_>, subject: &Subject, paths: Vec<NoExpression>) -> Stop {
    let failed = NoMapping { paths };
    run.stop(Finding::mapping_generation_hard_fail(subject.target(), subject.tool(), &failed))
}

fn fell_back(run: &mut Run<'_>, subject: &Subject, structured: &NoExpression) {
    let cause =
        Degraded { cause: structured.first_error.clone(), substitute: Some("legacy".to_owned()) };
    let (target, tool) = (subject.target(), subject.tool());
    run.note(Finding::structured_pipeline_fell_back_to_legacy(target, tool, Stage::Draw, &cause));
}

/// Whatever comes of the drawing, a pin that it cannot heed is told.
fn misread(run: &mut Run<'_>, subject: &Subject) {
    for (slot, why) in &subject.misread {
        let cause = format!("slot `{slot}` is pinned to what leads nowhere: {why}");
        let substitute = Some("the slot is drawn as if it were not pinned".to_owned());
        let (target, tool) = (subject.target(), Some(subject.tool()));
        let evidence = Degraded { cause, substitute };
        run.note(Finding::structured_pipeline_degraded(target, tool, Stage::Draw, &evidence));
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failed> + Send + 'static,
) -> Result<T, Failed> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(Failed::because(error.to_string())))
}

/// Whatever was replaced or skipped on the way to a mapping that came about all the same.
fn degraded(
    run: &mut Run<'_>,
    (subject, case): (&Subject, &Case),
    verdict: &Verdict,
    winner: &Candidate,
) {
    let mut told: Vec<(Stage, String, String)> = subject.shortcomings(case);
    let was_skipped = |why: &str| why.starts_with(LATE) || why.starts_with(SPENT);
    for it in verdict.failed.iter().filter(|it| was_skipped(&it.why)) {
        let cause = format!("seat {}: {}", it.seat, it.why);
        told.push((Stage::Draw, cause, "the verdict of the other seats".to_owned()));
    }
    for slot in &winner.repaired {
        let cause = format!("no value that was read for slot `{slot}` is of use");
        told.push((Stage::Draw, cause, "the slot is left empty".to_owned()));
    }
    let target = subject.target();
    let has_no_key = winner.drawn.missing_required.iter().any(|it| it == target.external_id());
    if let Some(from) = domain::entity::derivation(target).filter(|_| has_no_key) {
        let cause = "the rows carry no identifier".to_owned();
        told.push((Stage::Draw, cause, format!("a key made of {from}")));
    }
    for (stage, cause, substitute) in told {
        let evidence = Degraded { cause, substitute: Some(substitute) };
        let tool = Some(subject.tool());
        run.note(Finding::structured_pipeline_degraded(target, tool, stage, &evidence));
    }
}
