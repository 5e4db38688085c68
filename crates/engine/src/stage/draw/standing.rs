//! Whether a stored mapping may be used again, and what is said if what it was drawn for has
//! changed.

use std::sync::Arc;

use domain::Finding;
use domain::evidence::{Call, Drift as Evidence};
use mapping::draw::Lead;
use mapping::drift::{self, Drift, Reads};
use mapping::plan::Plan;
use mapping::shape::Shape;
use store::mappings::{Generator, Mapping as Stored, RegenerationReason};

use super::stored::{self, plan};
use super::subject::Subject;
use crate::run::Run;

/// Paths that a finding names of each kind.
const PATHS: usize = 10;

pub(super) enum Standing {
    Stands(Stored),
    Redraw(Stored),
}

/// Tells of drift, and judges the stored mapping.
pub(super) async fn of(run: &mut Run<'_>, subject: &Subject, it: Stored, call: &Call) -> Standing {
    let declared =
        it.output_schema_hash.as_ref().is_some_and(|was| *was != subject.hashes.output_schema);
    let drift = drifted(&it, subject);
    if drift.is_some() || declared {
        note(run, subject, drift.as_ref(), declared, call);
    }
    let is_by_hand = it.generator == Generator::Manual;
    let why = why(&it, subject, drift.as_ref()).filter(|_| !is_by_hand || it.needs_regeneration);
    if let Some(why) = why {
        return Standing::Redraw(stored::mark(run, it, why).await);
    }
    if drift.is_none() && !declared && !it.input_fingerprint.is_empty() {
        return Standing::Stands(it);
    }
    let keeps = is_by_hand
        || (stored::passes(run, subject, &it).await && !gains(&it, subject, drift.as_ref()).await);
    if keeps {
        // Told once: from now on this is the shape that stands.
        return Standing::Stands(stored::refresh(run, subject, it).await);
    }
    Standing::Redraw(stored::mark(run, it, RegenerationReason::Drift).await)
}

/// Why a mapping cannot stand, whatever it gives.
fn why(it: &Stored, subject: &Subject, drift: Option<&Drift>) -> Option<RegenerationReason> {
    let differs = |was: &Option<String>, now: Option<&str>| {
        was.as_deref().zip(now).is_some_and(|(was, now)| was != now)
    };
    let now = &subject.hashes;
    if it.needs_regeneration {
        Some(it.regeneration_reason.unwrap_or(RegenerationReason::Manual))
    } else if differs(&it.governance_hash, now.governance.as_deref()) {
        Some(RegenerationReason::GovernanceChanged)
    } else if differs(&it.target_schema_hash, Some(now.target_schema.as_str())) {
        Some(RegenerationReason::SchemaChanged)
    } else {
        drift.filter(|it| it.is_breaking).map(|_| RegenerationReason::Drift)
    }
}

/// How the rows have changed since the mapping was drawn; none if only nulls have.
fn drifted(it: &Stored, subject: &Subject) -> Option<Drift> {
    if it.input_fingerprint.is_empty() || it.input_fingerprint == subject.fingerprint {
        return None;
    }
    let plan = plan(it);
    let Some(before) = Shape::from_json(&it.input_shape) else {
        // Of mappings drawn before shapes were kept, only what they read is known.
        let dead = |it: Plan| drift::dead_paths(&it, &it.records.of(subject.rows.clone()));
        let gone = plan.map(dead).unwrap_or_default();
        let is_breaking = !gone.is_empty();
        return Some(Drift { gone, changed: Vec::new(), new: Vec::new(), is_breaking });
    };
    let reads = plan.as_ref().map_or(Reads::Text(&it.expression), Reads::Plan);
    drift::between(&before, &subject.shape, reads)
}

/// Whether a new drawing would fill, from what is new, a slot that is empty now.
async fn gains(it: &Stored, subject: &Subject, drift: Option<&Drift>) -> bool {
    let new = drift.map(|it| it.new.clone()).unwrap_or_default();
    let Some(before) = plan(it).filter(|_| !new.is_empty()) else { return false };
    let case = Arc::clone(subject.case().await);
    let gains =
        super::blocking(move || Ok(drift::gains(&before, &case.drawn(Lead::Names).plan, &new)));
    gains.await.unwrap_or(false)
}

fn note(
    run: &mut Run<'_>,
    subject: &Subject,
    drift: Option<&Drift>,
    declared_schema: bool,
    call: &Call,
) {
    let first = |of: fn(&Drift) -> &Vec<String>| {
        drift.map(|it| of(it).iter().take(PATHS).cloned().collect()).unwrap_or_default()
    };
    let evidence = Evidence {
        breaking: drift.is_some_and(|it| it.is_breaking),
        gone: first(|it| &it.gone),
        changed: first(|it| &it.changed),
        new: first(|it| &it.new),
        declared_schema,
    };
    run.note(Finding::schema_drift_detected(subject.target(), call, &evidence));
}
