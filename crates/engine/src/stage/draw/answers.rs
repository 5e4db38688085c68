//! Answers: every seat draws by itself, side by side, and each plan is tried.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{join, join_all};
use mapping::draw::Drawn;
use mapping::seats::{self, Candidate, Case, Failed};

use super::blocking;
use super::models::{self, Record};
use crate::run::Run;

/// How the error of a seat begins that did not answer in time.
pub(super) const LATE: &str = "no answer within";

pub(super) struct Answers {
    /// By the name of the seat.
    pub(super) of: BTreeMap<String, Result<Candidate, Failed>>,
    /// What language models were asked, and said.
    pub(super) models: Vec<Record>,
}

/// Each seat within its time. Seats that come to one plan share its trial, which is what takes the
/// time; a language model's plan is tried like any other.
pub(super) async fn all(run: &Run<'_>, case: &Arc<Case>) -> Answers {
    let settings = &run.engine.settings;
    let limit = settings.seat_time;
    let drawing = settings.seats.leads().iter().map(|lead| {
        let (case, lead) = (Arc::clone(case), *lead);
        let drawn = within(limit, blocking(move || Ok(case.drawn(lead))));
        async move { (lead.as_str().to_owned(), drawn.await) }
    });
    let (mut drawn, asked) = join(join_all(drawing), models::ask(run, case)).await;
    let (plans, models): (Vec<_>, Vec<_>) =
        asked.into_iter().map(|it| (it.drawn, it.record)).unzip();
    drawn.extend(plans);
    Answers { of: tried(case, limit, drawn).await, models: models.into_iter().flatten().collect() }
}

async fn tried(
    case: &Arc<Case>,
    limit: Duration,
    drawn: Vec<(String, Result<Drawn, Failed>)>,
) -> BTreeMap<String, Result<Candidate, Failed>> {
    let mut plans: Vec<(Drawn, Vec<String>)> = Vec::new();
    let mut answers = BTreeMap::new();
    for (seat, drawn) in drawn {
        match drawn {
            Ok(drawn) => match plans.iter_mut().find(|(it, _)| it.plan == drawn.plan) {
                Some((_, seats)) => seats.push(seat),
                None => plans.push((drawn, vec![seat])),
            },
            Err(failed) => {
                answers.insert(seat, Err(failed));
            }
        }
    }
    let trials = plans.iter().map(|(drawn, _)| {
        let (case, drawn) = (Arc::clone(case), drawn.clone());
        within(limit, blocking(move || seats::tried(&case, drawn)))
    });
    let trials = join_all(trials).await;
    for ((_, seats), trial) in plans.into_iter().zip(trials) {
        answers.extend(seats.into_iter().map(|it| (it, trial.clone())));
    }
    answers
}

async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, Failed>>,
) -> Result<T, Failed> {
    tokio::time::timeout(limit, work).await.unwrap_or_else(|_| Err(late(limit)))
}

pub(super) fn late(limit: Duration) -> Failed {
    Failed::because(format!("{LATE} {} ms", limit.as_millis()))
}
