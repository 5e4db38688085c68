//! How a connector is, and each of its targets: computed here and nowhere else.
//!
//! What counts is the impact of what runs have noted, not its class, and a share of the targets
//! that have data, not a number of them. An empty source and a target that the provider does not
//! offer are facts, not faults: they never degrade anything.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::connector::InstallationStatus;
use crate::reason::{Impact, Reason};
use crate::run::Tally;
use crate::target::TargetModel;

pub(crate) mod advice;
#[cfg(test)]
mod tests;

crate::words! {
    /// From well to worse, after the one that says nothing.
    HealthState, "health" {
        NeverSynced = "never_synced",
        Healthy = "healthy",
        NoData = "no_data",
        Degraded = "degraded",
        Failing = "failing",
        NeedsReconnect = "needs_reconnect",
    }
}

/// A connector fails as a whole when at least this share (in percent) of the targets that have
/// data, or ought to, brings nothing.
const FAILING_SHARE: usize = 50;

/// What a settled run has told.
#[derive(Debug, Clone, Default)]
pub struct RunFacts {
    pub started_at: Option<DateTime<Utc>>,
    pub completed_at: DateTime<Utc>,
    /// It ended as an error.
    pub failed: bool,
    /// It ended because somebody asked it to: that says nothing of the connector.
    pub cancelled: bool,
    pub targets: BTreeMap<TargetModel, TargetFacts>,
}

/// What it has told of one target.
#[derive(Debug, Clone, Default)]
pub struct TargetFacts {
    pub tally: Tally,
    /// Each reason with the worst impact that a row of it had.
    pub reasons: BTreeMap<Reason, Impact>,
}

/// How a connector is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Health {
    pub state: HealthState,
    /// When the run ended that first showed this state; none: it never ran.
    pub since: Option<DateTime<Utc>>,
    /// Data of every target that has any is complete up to here.
    pub fresh_until: Option<DateTime<Utc>>,
    /// The reasons that count, the worst first.
    pub reasons: Vec<Reason>,
    /// What to do, in one sentence.
    pub advice: String,
    pub targets: Vec<TargetHealth>,
}

/// How one target of it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TargetHealth {
    pub target_model: TargetModel,
    pub state: HealthState,
    pub since: Option<DateTime<Utc>>,
    pub fresh_until: Option<DateTime<Utc>>,
    pub reasons: Vec<Reason>,
    pub advice: String,
}

impl TargetFacts {
    /// One more row: of several with one reason the worst impact stands.
    pub fn note(&mut self, reason: Reason, impact: Impact) {
        let worst = self.reasons.entry(reason).or_insert(impact);
        if impact.weight() > worst.weight() {
            *worst = impact;
        }
    }
}

/// The health of the scheduled targets after some runs, given from the oldest to the newest.
pub fn assess(scheduled: &[TargetModel], runs: &[RunFacts]) -> Health {
    let mut targets: BTreeMap<TargetModel, TargetHealth> =
        scheduled.iter().map(|it| (*it, unknown(*it))).collect();
    let mut state = HealthState::NeverSynced;
    let mut since = None;
    for run in runs.iter().filter(|it| !it.cancelled) {
        for (model, facts) in run.targets.iter().filter(|it| scheduled.contains(it.0)) {
            learn(&mut targets, *model, facts, run);
        }
        let now = match refused(run, scheduled) {
            true => HealthState::NeedsReconnect,
            false => whole(targets.values(), run.failed),
        };
        if now != state {
            (state, since) = (now, Some(run.completed_at));
        }
    }
    let targets: Vec<TargetHealth> = targets.into_values().collect();
    let reasons = worst_reasons(&targets);
    let advice = advice::whole(state, &targets, &reasons);
    Health { state, since, fresh_until: fresh_until(&targets), reasons, advice, targets }
}

impl Health {
    /// The same, told of a connector that rests in this status: a person's word there is newer
    /// than the last run.
    #[must_use]
    pub fn at_rest(mut self, status: InstallationStatus) -> Self {
        match status {
            InstallationStatus::NeedReconnect => self.state = HealthState::NeedsReconnect,
            InstallationStatus::Enabled if self.state == HealthState::NeedsReconnect => {
                self.state = HealthState::Degraded;
                self.advice = "It was reconnected since: run a sync.".to_owned();
                return self;
            }
            InstallationStatus::ToConfigure
            | InstallationStatus::Suspended
            | InstallationStatus::Disabled => {
                self.advice = format!("The connector is {status}: enable it to sync again.");
                return self;
            }
            InstallationStatus::Enabled
            | InstallationStatus::Processing
            | InstallationStatus::Degraded
            | InstallationStatus::Error => {}
        }
        self.advice = advice::whole(self.state, &self.targets, &self.reasons);
        self
    }

    /// Where a connector rests after a run that left it like this.
    pub fn resting(&self, failed: bool) -> InstallationStatus {
        match self.state {
            HealthState::NeedsReconnect => InstallationStatus::NeedReconnect,
            _ if failed => InstallationStatus::Error,
            HealthState::Failing | HealthState::Degraded => InstallationStatus::Degraded,
            HealthState::NeverSynced | HealthState::Healthy | HealthState::NoData => {
                InstallationStatus::Enabled
            }
        }
    }
}

/// A target before anything is known of it.
fn unknown(model: TargetModel) -> TargetHealth {
    let state = HealthState::NeverSynced;
    TargetHealth {
        target_model: model,
        state,
        since: None,
        fresh_until: None,
        reasons: Vec::new(),
        advice: advice::target(model, state, &[]),
    }
}

/// What one run adds to what is known of a target. A target that was not run stays as it was.
fn learn(
    known: &mut BTreeMap<TargetModel, TargetHealth>,
    model: TargetModel,
    facts: &TargetFacts,
    run: &RunFacts,
) {
    let Some(state) = of_target(facts, run.failed) else { return };
    let before = known.remove(&model);
    let is_same = before.as_ref().is_some_and(|it| it.state == state);
    let since = before.as_ref().and_then(|it| it.since).filter(|_| is_same);
    let fresh = run.started_at.filter(|_| is_complete(facts, run));
    let reasons = counting(facts);
    let advice = advice::target(model, state, &reasons);
    let target = TargetHealth {
        target_model: model,
        state,
        since: since.or(Some(run.completed_at)),
        fresh_until: fresh.or(before.and_then(|it| it.fresh_until)),
        reasons,
        advice,
    };
    known.insert(model, target);
}

/// None: the run says nothing of the target.
fn of_target(facts: &TargetFacts, failed: bool) -> Option<HealthState> {
    let is_any = |wanted: Impact| facts.reasons.values().any(|it| *it == wanted);
    let arrived = facts.tally.persisted() + facts.tally.unchanged > 0;
    let skipped = facts.reasons.contains_key(&Reason::TargetSkipped);
    Some(match () {
        () if is_any(Impact::Auth) && !arrived => HealthState::NeedsReconnect,
        () if is_any(Impact::DataLost) && !arrived => HealthState::Failing,
        () if is_any(Impact::Auth) || is_any(Impact::DataLost) => HealthState::Degraded,
        () if arrived => HealthState::Healthy,
        () if is_any(Impact::NoData) => HealthState::NoData,
        // Not run, or cut short before anything was known.
        () if skipped || failed => return None,
        () => HealthState::NoData,
    })
}

/// Nothing that the source had when the run began is missing.
fn is_complete(facts: &TargetFacts, run: &RunFacts) -> bool {
    let lost = |it: &Impact| matches!(it, Impact::Auth | Impact::DataLost | Impact::NoData);
    let is_empty = facts.reasons.contains_key(&Reason::EmptyResult);
    !run.failed && !facts.tally.truncated && (is_empty || !facts.reasons.values().any(lost))
}

/// A fact about the provider that nobody can mend.
const fn is_structural(reason: Reason) -> bool {
    matches!(reason, Reason::NoSuitableTool | Reason::EmptyResult)
}

/// The reasons that keep data away, the worst first.
fn counting(facts: &TargetFacts) -> Vec<Reason> {
    let mut counting: Vec<(u8, Reason)> =
        facts.reasons.iter().map(|(reason, impact)| (impact.weight(), *reason)).collect();
    counting.retain(|(weight, reason)| *weight > 1 && *reason != Reason::TargetSkipped);
    counting.sort_by_key(|(weight, reason)| (std::cmp::Reverse(*weight), *reason));
    counting.into_iter().map(|(_, reason)| reason).collect()
}

/// Does the target have data, or ought to? One that the provider does not offer does not count.
fn counts(target: &TargetHealth) -> bool {
    match target.state {
        HealthState::NeverSynced => false,
        HealthState::NoData => target.reasons.iter().any(|it| !is_structural(*it)),
        HealthState::Healthy
        | HealthState::Degraded
        | HealthState::Failing
        | HealthState::NeedsReconnect => true,
    }
}

/// Every tool that the run could call refused the credentials.
fn refused(run: &RunFacts, scheduled: &[TargetModel]) -> bool {
    let of_run = run.targets.iter().filter(|it| scheduled.contains(it.0));
    let offered = |it: &(&TargetModel, &TargetFacts)| {
        let reasons = counting(it.1);
        reasons.is_empty() || !reasons.iter().all(|it| is_structural(*it))
    };
    let mut states = of_run.filter(offered).filter_map(|it| of_target(it.1, run.failed)).peekable();
    states.peek().is_some() && states.all(|it| it == HealthState::NeedsReconnect)
}

fn whole<'a>(targets: impl Iterator<Item = &'a TargetHealth>, failed: bool) -> HealthState {
    let states: Vec<HealthState> = targets.filter(|it| counts(it)).map(|it| it.state).collect();
    let share = |wanted: &[HealthState]| {
        let those = states.iter().filter(|it| wanted.contains(it)).count();
        (those * 100).checked_div(states.len()).unwrap_or_default()
    };
    let broken = [HealthState::Failing, HealthState::NeedsReconnect, HealthState::NoData];
    match () {
        () if share(&broken) >= FAILING_SHARE => HealthState::Failing,
        () if failed && states.is_empty() => HealthState::Failing,
        () if failed || states.iter().any(|it| *it != HealthState::Healthy) => {
            HealthState::Degraded
        }
        () if states.is_empty() => HealthState::NoData,
        () => HealthState::Healthy,
    }
}

/// The weakest of the targets that count; none as long as one was never complete.
fn fresh_until(targets: &[TargetHealth]) -> Option<DateTime<Utc>> {
    let times: Option<Vec<DateTime<Utc>>> =
        targets.iter().filter(|it| counts(it)).map(|it| it.fresh_until).collect();
    times?.into_iter().min()
}

/// Of the targets that count, those in the worst state first, each reason once.
fn worst_reasons(targets: &[TargetHealth]) -> Vec<Reason> {
    let mut counting: Vec<&TargetHealth> = targets.iter().filter(|it| counts(it)).collect();
    counting.sort_by_key(|it| std::cmp::Reverse(it.state));
    let mut seen = BTreeSet::new();
    counting.iter().flat_map(|it| &it.reasons).copied().filter(|it| seen.insert(*it)).collect()
}
