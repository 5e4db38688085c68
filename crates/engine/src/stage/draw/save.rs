//! A new drawing becomes the mapping, unless it does worse than the last good one.

use std::sync::Arc;

use domain::evidence::{FailedWrite, Reverted};
use domain::{Finding, entity};
use mapping::native::Program;
use mapping::regression::{self, Worse};
use mapping::seats::Candidate;
use mapping::seats::Case;
use serde_json::{Value, json};
use store::mappings::{self, Mapping as Stored, NewMapping, RegenerationReason};

use super::stored::{self, missed};
use super::subject::Subject;
use super::{Drawing, Earlier, Mapping, Tried};
use crate::patience::patiently;
use crate::run::Run;

/// Rows that are kept with a mapping, and how large one may be.
const KEPT: usize = 5;
const KEPT_BYTES: usize = 16 * 1024;

/// Saves a drawing as the live version. One that gives the same expression as before is no new
/// version; one that does worse is kept beside the last good one, which is live again.
pub(super) async fn adopted(
    run: &mut Run<'_>,
    subject: &Subject,
    drawing: Box<Drawing>,
    earlier: Earlier,
) -> Mapping {
    let Earlier { live, good } = earlier;
    if let Some(same) = live.clone().filter(|it| it.expression == drawing.candidate.expression) {
        return Mapping::of(stored::refresh(run, subject, same).await);
    }
    let worse = match &good {
        Some(good) if is_to_be_judged(live.as_ref()) => worse(run, subject, good, &drawing).await,
        Some(_) | None => None,
    };
    let last_good = good.as_ref().map(|it| it.version);
    let new = new(run, (subject, subject.case().await), &drawing, last_good);
    match (good, worse) {
        (Some(good), Some(worse)) => Mapping::of(reverted(run, subject, new, good, worse).await),
        (_, _) => {
            let expression = new.expression.clone();
            let records = drawing.candidate.drawn.plan.records.clone();
            // None of a free-form one: that goes to the sandbox.
            let program = Program::of_compiled(&expression, &new.plan).map(Arc::new);
            let stored = saved(run, subject, new).await;
            Mapping { expression, program, records, tried: Tried::default(), stored }
        }
    }
}

/// What a person asked for is not taken back for its numbers.
fn is_to_be_judged(live: Option<&Stored>) -> bool {
    let reason = live.and_then(|it| it.regeneration_reason);
    reason != Some(RegenerationReason::GovernanceChanged)
}

/// Both on the same sample.
async fn worse(
    run: &Run<'_>,
    subject: &Subject,
    good: &Stored,
    drawing: &Drawing,
) -> Option<Worse> {
    let before = stored::tried(run, subject, good).await?;
    let before = stored::measure(subject, &before);
    let after = stored::measure(subject, &drawing.candidate.entities);
    regression::worse(&before, &after)
}

fn new(
    run: &Run<'_>,
    (subject, case): (&Subject, &Case),
    drawing: &Drawing,
    last_good_version: Option<u32>,
) -> NewMapping {
    let standing = stored::standing(subject);
    let candidate = &drawing.candidate;
    let jury = &drawing.verdict;
    NewMapping {
        // A plan, its report and a verdict are plain data of ours: they always serialize.
        plan: match candidate.is_free_form() {
            true => Value::Null,
            false => serde_json::to_value(&candidate.drawn.plan).unwrap_or_default(),
        },
        slot_report: serde_json::to_value(&candidate.drawn.report).unwrap_or_default(),
        tool_arguments: Value::Object(subject.arguments.clone()),
        last_good_version,
        jury: json!({
            "seats": jury.seats,
            "valid": jury.valid,
            "needed": jury.needed,
            "votes": jury.votes,
            "agreement": jury.agreement,
            "slots": jury.slots,
            "effective_votes": jury.effective_votes,
            "winner": jury.winner.as_ref().filter(|_| jury.has_quorum()),
            "decided_by": jury.decided_by.filter(|_| jury.has_quorum()),
            "disputed": jury.disputed,
            "failed": jury.failed,
            "score": candidate.judgement.score,
            "models": drawing.models,
        }),
        sample: kept(run, (subject, case), candidate),
        ..NewMapping::of(
            run.connector,
            subject.target(),
            subject.tool(),
            drawing.generator,
            &candidate.expression,
        )
    }
    .standing(standing)
}

/// A few rows for people and for trying another mapping later: only those that give a sound record,
/// since the values of any other are kept where a workspace opts in. Redacted as text, so that
/// members named like secrets are seen too; a row that is no JSON afterwards is not kept.
fn kept(run: &Run<'_>, (subject, case): (&Subject, &Case), candidate: &Candidate) -> Value {
    let rows = if candidate.is_free_form() { &subject.rows } else { &case.rows };
    let is_sound = |entity: &Value| entity::check(case.target, entity, case.today).is_ok();
    let sound = rows.iter().zip(&candidate.entities).filter(|(_, entity)| is_sound(entity));
    let rows = sound.take(KEPT).filter_map(|(row, _)| {
        let short = Some(row.to_string()).filter(|it| it.len() <= KEPT_BYTES)?;
        serde_json::from_str(&run.redactor.text(&short)).ok()
    });
    Value::Array(rows.collect())
}

/// A mapping that cannot be saved is used all the same.
async fn saved(run: &mut Run<'_>, subject: &Subject, new: NewMapping) -> Option<Stored> {
    let saved = patiently(run.engine.settings.store_patience, || {
        mappings::save(run.store(), run.tenant, new.clone(), run.now())
    });
    match saved.await {
        Ok(saved) => Some(saved),
        Err(error) => {
            not_saved(run, subject, &error);
            None
        }
    }
}

fn not_saved(run: &mut Run<'_>, subject: &Subject, error: &store::Error) {
    let (sqlstate, constraint) = match error {
        store::Error::Database { sqlstate, constraint, .. } => {
            (sqlstate.clone(), constraint.clone())
        }
        store::Error::Conflict { what, field } => (None, Some(format!("{what}.{field}"))),
        store::Error::NotFound(_)
        | store::Error::Invalid { .. }
        | store::Error::Busy(_)
        | store::Error::NotMigrated { .. }
        | store::Error::Sealed(_) => (None, None),
    };
    let message = error.to_string();
    let evidence = FailedWrite { sqlstate, constraint, message, count: 1, sample_key: None };
    let (target, tool) = (subject.target(), subject.tool());
    run.note(Finding::blueprint_persistence_failed(target, tool, &evidence));
}

/// The drawing is kept as a version that was never live, to be looked at.
async fn reverted(
    run: &mut Run<'_>,
    subject: &Subject,
    new: NewMapping,
    good: Stored,
    worse: Worse,
) -> Stored {
    let kept = patiently(run.engine.settings.store_patience, || {
        mappings::keep(run.store(), run.tenant, new.clone(), run.now())
    });
    let version = match kept.await {
        Ok(kept) => kept.version,
        Err(error) => {
            not_saved(run, subject, &error);
            good.version + 1
        }
    };
    let evidence = Reverted {
        version,
        restored_version: good.version,
        metric: worse.metric,
        before: worse.before,
        after: worse.after,
    };
    let (target, tool) = (subject.target(), subject.tool());
    run.note(Finding::regression_reverted(target, tool, &evidence));
    let restored = if good.is_live {
        good
    } else {
        match mappings::restore(run.store(), run.tenant, good.id, run.now()).await {
            Ok(restored) => restored,
            Err(error) => {
                missed(&error, "the last good mapping is used, and is not yet live");
                good
            }
        }
    };
    stored::refresh(run, subject, restored).await
}
