//! Stored mappings: reading them, and trying them again. A store that is away costs the memory of
//! a mapping, never the run.

use std::collections::BTreeMap;

use domain::TargetModel;
use mapping::draw::Pin;
use mapping::gate::{self, Trial};
use mapping::native::Program;
use mapping::path::NotAPath;
use mapping::plan::Plan;
use mapping::regression::Measure;
use mapping::seats;
use serde_json::Value;
use store::mappings::{self, Mapping as Stored, RegenerationReason, SlotPin, Standing};

use super::subject::Subject;
use crate::patience::patiently;
use crate::run::Run;
use crate::stage::select::Choice;

/// The live mapping; none if there is none, or it cannot be read.
pub(super) async fn live(run: &Run<'_>, subject: &Subject) -> Option<Stored> {
    let (target, tool) = (subject.target(), subject.tool());
    let found = patiently(run.engine.settings.store_patience, || {
        mappings::find_live(run.store(), run.tenant, run.connector, target, tool)
    });
    found.await.unwrap_or_else(|error| {
        missed(&error, "stored mapping not read; drawing anew");
        None
    })
}

/// The last version that did well: often the live one itself.
pub(super) async fn last_good(run: &Run<'_>, live: &Stored) -> Option<Stored> {
    let version = live.last_good_version?;
    if version == live.version {
        return Some(live.clone());
    }
    let found = mappings::find_version(run.store(), run.tenant, live, version);
    found.await.unwrap_or_else(|error| {
        missed(&error, "the last good mapping is not read");
        None
    })
}

/// Slots that people fixed: for the connector by its governance, and for this installation by an
/// administrator, who knows more and wins. None: what was fixed here cannot be read.
pub(super) async fn pins(
    run: &Run<'_>,
    choice: &Choice,
    target: TargetModel,
) -> Option<BTreeMap<String, Fixed>> {
    let tool = &choice.tool.name;
    let decided = run.governance.targets.get(&target).map(|it| &it.slots);
    let decided = decided.into_iter().flatten();
    let mut all: BTreeMap<String, Fixed> = decided
        .map(|(slot, it)| (slot.clone(), Pin::of(slot, it.path.as_deref(), &it.reason)))
        .collect();
    let found = patiently(run.engine.settings.store_patience, || {
        mappings::slot_pins(run.store(), run.tenant, run.connector, target, tool)
    });
    match found.await {
        Ok(found) => {
            let own = |it: &SlotPin| Pin::of(&it.slot, it.path.as_deref(), &it.reason);
            all.extend(found.iter().map(|it| (it.slot.clone(), own(it))));
            Some(all)
        }
        Err(error) => {
            missed(&error, "pinned slots not read; the mapping that stands is not judged by them");
            None
        }
    }
}

/// A slot that is fixed; or what is wrong with the path that it is fixed to. Such a path is refused
/// where it is made, so it comes from before that: none is guessed at here.
pub(super) type Fixed = Result<Pin, NotAPath>;

/// The plan that it was compiled from; none of a free-form one.
pub(super) fn plan(it: &Stored) -> Option<Plan> {
    serde_json::from_value(it.plan.clone()).ok()
}

/// The records of the sample, as a mapping takes them: a free-form one takes the rows themselves.
fn records(subject: &Subject, it: &Stored) -> Vec<Value> {
    plan(it).map(|it| it.records).unwrap_or_default().of(subject.rows.clone())
}

/// What a mapping makes of the sample; null for a row that fails. Off the async threads, and in the
/// sandbox what a person or a model wrote.
pub(super) async fn tried(run: &Run<'_>, subject: &Subject, it: &Stored) -> Option<Vec<Value>> {
    let rows = records(subject, it);
    let Some(program) = Program::of_compiled(&it.expression, &it.plan) else {
        let sandbox = &run.engine.settings.sandbox;
        let outcomes = sandbox.apply(&it.expression, &rows).await.ok()?;
        return seats::entities(outcomes).ok();
    };
    let tried = super::blocking(move || Ok(rows.iter().map(|it| program.evaluate(it)).collect()));
    tried.await.ok()
}

/// Whether a mapping passes the gate on the sample, and gives any sound record.
pub(super) async fn passes(run: &Run<'_>, subject: &Subject, it: &Stored) -> bool {
    let Some(entities) = tried(run, subject, it).await else { return false };
    let (rows, plan) = (records(subject, it), plan(it));
    let trial = Trial {
        target: subject.target(),
        rows: &rows,
        entities: &entities,
        plan: plan.as_ref(),
        today: subject.today(),
    };
    gate::judge(&trial).doubts.is_empty() && measure(subject, &entities).valid_rows > 0
}

/// A mapping, if it still evaluates and gives any sound record.
pub(super) async fn serving(
    run: &Run<'_>,
    subject: &Subject,
    it: Option<Stored>,
) -> Option<Stored> {
    let it = it?;
    let entities = tried(run, subject, &it).await?;
    (measure(subject, &entities).valid_rows > 0).then_some(it)
}

pub(super) fn measure(subject: &Subject, entities: &[Value]) -> Measure {
    Measure::of(subject.target(), entities, subject.today())
}

/// It is to be drawn anew, in this run or, should that fail, in the next.
pub(super) async fn mark(run: &Run<'_>, it: Stored, reason: RegenerationReason) -> Stored {
    if it.needs_regeneration {
        return it;
    }
    match mappings::mark(run.store(), run.tenant, it.id, reason, run.now()).await {
        Ok(marked) => marked,
        Err(error) => {
            missed(&error, "a mapping is not marked for regeneration");
            it
        }
    }
}

/// What the mapping stands for from now on.
pub(super) async fn refresh(run: &Run<'_>, subject: &Subject, it: Stored) -> Stored {
    let standing = standing(subject);
    match mappings::refresh(run.store(), run.tenant, &it, standing, run.now()).await {
        Ok(refreshed) => refreshed,
        Err(error) => {
            missed(&error, "the new shape is not remembered; it will be told again");
            it
        }
    }
}

pub(super) fn standing(subject: &Subject) -> Standing {
    Standing {
        input_fingerprint: subject.fingerprint.clone(),
        input_shape: subject.shape.to_json(),
        output_schema_hash: Some(subject.hashes.output_schema.clone()),
        target_schema_hash: Some(subject.hashes.target_schema.clone()),
        governance_hash: subject.hashes.governance.clone(),
    }
}

pub(super) fn missed(error: &store::Error, what: &'static str) {
    tracing::error!(error = error as &dyn std::error::Error, what, "mapping store");
}
