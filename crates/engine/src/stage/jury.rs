//! Jury: what a verdict says in the log. It is used where a tool is chosen and where a mapping is
//! drawn.

use std::time::Duration;

use domain::evidence::Jury;
use domain::{Finding, TargetModel};
use mapping::jury::Verdict;

use crate::run::Run;

/// What a jury was asked, and how long it took.
#[derive(Debug, Clone)]
pub(crate) struct Sitting<'a> {
    pub(crate) target: TargetModel,
    /// None when it chose tools.
    pub(crate) tool: Option<&'a str>,
    /// `tool_selection` or `mapping`.
    pub(crate) purpose: &'static str,
    pub(crate) took: Duration,
    /// What language models among the seats cost.
    pub(crate) cost_micros: u64,
    /// What is used instead, should the quorum be lost.
    pub(crate) fallback: Option<&'a str>,
}

/// Notes a verdict: that the jury ran, and in how far it was of one mind; or that its quorum was
/// lost, which excludes the others.
pub(crate) fn report(run: &mut Run<'_>, sitting: &Sitting<'_>, verdict: &Verdict) {
    let Sitting { target, tool, .. } = *sitting;
    let jury = evidence(sitting, verdict);
    if !verdict.has_quorum() {
        run.note(Finding::jury_quorum_lost(target, tool, &jury));
        return;
    }
    run.note(Finding::jury_run(target, tool, &jury));
    if verdict.valid < verdict.seats {
        run.note(Finding::jury_partial(target, tool, &jury));
    }
    if verdict.votes.len() > 1 {
        run.note(Finding::jury_disagreement(target, tool, &jury));
    }
}

fn evidence(sitting: &Sitting<'_>, verdict: &Verdict) -> Jury {
    let failed = verdict.failed.iter().map(|it| format!("{}: {}", it.seat, it.why));
    let lost = !verdict.has_quorum();
    Jury {
        purpose: sitting.purpose,
        seats: verdict.seats,
        valid: verdict.valid,
        needed: verdict.needed,
        agreement: rounded(verdict.agreement),
        split: verdict.split(),
        effective_votes: rounded(verdict.effective_votes),
        winner: verdict.winner.clone().filter(|_| !lost),
        duration_ms: u64::try_from(sitting.took.as_millis()).unwrap_or(u64::MAX),
        cost_micros: sitting.cost_micros,
        failed: failed.collect(),
        disputed: verdict.disputed.clone(),
        decided_by: verdict.decided_by.filter(|_| !lost).map(mapping::jury::Rule::as_str),
        fallback: sitting.fallback.filter(|_| lost).map(str::to_owned),
    }
}

/// Four decimals are more than anybody reads.
fn rounded(share: f64) -> f64 {
    (share * 10_000.0).round() / 10_000.0
}
