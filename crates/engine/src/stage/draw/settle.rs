//! The end of a target: what its mapping came to, over all rows, and whether it is to be kept.

use std::collections::BTreeMap;

use domain::evidence::{Degraded, Reverted};
use domain::{Finding, Stage, TargetModel};
use mapping::{gate, regression};
use serde_json::{Value, json};
use store::mappings::{self, Mapping as Stored, RegenerationReason, Standing};

use super::Mapping;
use super::stored::{self, missed};
use crate::run::Run;
use crate::stage::apply::Mapped;

/// What a mapping made of the rows of a run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tried {
    /// Rows of another kind, of which no record was made.
    pub(crate) left_out: u64,
    rows: u64,
    accepted: u64,
    /// Could it not even be evaluated, for a reason that is ours?
    pub(crate) was_kept_from: bool,
    /// Required slots, with the rows that fill them.
    filled: BTreeMap<String, u64>,
}

impl Tried {
    /// Counts a page as it comes out of the expression.
    pub(crate) fn mapped(&mut self, target: TargetModel, page: &[Mapped]) {
        self.rows += page.len() as u64;
        for entity in page.iter().filter_map(|it| it.entity.as_ref().ok()) {
            for slot in gate::filled(target, entity) {
                *self.filled.entry(slot).or_default() += 1;
            }
        }
    }

    /// Counts the rows of a page that the validator refused.
    pub(crate) fn checked(&mut self, rows: u64, rejected: u64) {
        self.accepted += rows.saturating_sub(rejected);
    }

    /// The rows held no record.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows == 0
    }

    fn accept_rate(&self) -> f64 {
        ratio(self.accepted, self.rows)
    }

    fn stats(&self, run: &Run<'_>) -> Value {
        let fill: BTreeMap<&String, f64> =
            self.filled.iter().map(|(slot, rows)| (slot, ratio(*rows, self.rows))).collect();
        json!({
            "sync_log": run.id.to_string(),
            "rows": self.rows,
            "accepted": self.accepted,
            "accept_rate": self.accept_rate(),
            "fill": fill,
            "at": domain::time::rfc3339(run.now()),
        })
    }
}

/// Keeps the count with the version. If fewer rows were accepted than under the last good version,
/// that one is live again; rows of this run stay as they were judged.
pub(crate) async fn settle(
    run: &mut Run<'_>,
    (target, tool): (TargetModel, &str),
    mapping: &Mapping,
) {
    left_out(run, (target, tool), mapping);
    // What it would have made of the rows is not known: it is not to be replaced for that.
    let was_tried = mapping.tried.rows > 0 && !mapping.tried.was_kept_from;
    let Some(version) = mapping.stored.as_ref().filter(|_| was_tried) else { return };
    let stats = mapping.tried.stats(run);
    let kept = mappings::set_stats(run.store(), run.tenant, version.id, &stats, run.now()).await;
    if let Err(error) = kept {
        missed(&error, "the count of a mapping is not kept");
        return;
    }
    let rate = mapping.tried.accept_rate();
    if let Some((good, before)) = better(run, version, rate).await {
        revert(run, version, &good, (before, rate)).await;
    } else if mapping.tried.accepted == 0 {
        stored::mark(run, version.clone(), RegenerationReason::DropRate).await;
    } else if version.last_good_version != Some(version.version) {
        let marked = mappings::mark_good(run.store(), run.tenant, version.id, run.now()).await;
        if let Err(error) = marked {
            missed(&error, "a mapping that did well is not marked");
        }
    }
}

/// A row of which no record is made is told of, too: a folder among files.
fn left_out(run: &mut Run<'_>, (target, tool): (TargetModel, &str), mapping: &Mapping) {
    let Some(only) = mapping.records.only.as_ref().filter(|_| mapping.tried.left_out > 0) else {
        return;
    };
    let rows = mapping.tried.left_out;
    let cause = format!("{rows} row(s) are of another kind: `{}` {}", only.path, only.test);
    let evidence = Degraded { cause, substitute: Some("the other rows alone".to_owned()) };
    run.note(Finding::structured_pipeline_degraded(target, Some(tool), Stage::Apply, &evidence));
}

/// The last good version, with its share of accepted rows, if that was higher by more than chance.
async fn better(run: &Run<'_>, version: &Stored, rate: f64) -> Option<(Stored, f64)> {
    let good = stored::last_good(run, version).await?;
    let before = good.stats.get("accept_rate").and_then(Value::as_f64)?;
    // What a person asked for is not taken back for its numbers.
    let comparable =
        good.version != version.version && good.governance_hash == version.governance_hash;
    let fell = comparable && before - rate > regression::TOLERANCE;
    fell.then_some((good, before))
}

async fn revert(run: &mut Run<'_>, from: &Stored, to: &Stored, (before, after): (f64, f64)) {
    let restored = async {
        let to = mappings::restore(run.store(), run.tenant, to.id, run.now()).await?;
        // It stands for the rows of today, or the next run would draw the same again.
        mappings::refresh(run.store(), run.tenant, &to, Standing::of(from), run.now()).await
    };
    if let Err(error) = restored.await {
        missed(&error, "the last good mapping is not restored");
        return;
    }
    stored::mark(run, from.clone(), RegenerationReason::Regression).await;
    let evidence = Reverted {
        version: from.version,
        restored_version: to.version,
        metric: "accept_rate".to_owned(),
        before,
        after,
    };
    run.note(Finding::regression_reverted(from.model, &from.tool, &evidence));
}

fn ratio(part: u64, whole: u64) -> f64 {
    let count = |it: u64| f64::from(u32::try_from(it).unwrap_or(u32::MAX));
    if whole == 0 { 0.0 } else { count(part) / count(whole) }
}
