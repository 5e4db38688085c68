//! What one connector knows of a record, judged.

use super::{Account, Held, Kept, Known, Looked, Noted, Question, Refused, RunSeen, Verdict, says};
use crate::id::SyncLogId;
use crate::reason::{Impact, Reason, Stage};
use crate::target::TargetModel;

/// The account of one connector.
pub fn judge(question: &Question, known: Known) -> Account {
    let mut account = match (&known.stored, &known.waiting, &known.rejected) {
        (Some(kept), _, _) => stored(question, &known, kept),
        (None, Some(held), None) => waiting(question, &known, held),
        (None, Some(held), Some(refused)) if held.seen_at >= refused.seen_at => {
            waiting(question, &known, held)
        }
        (None, _, Some(refused)) => rejected(question, &known, refused),
        (None, None, None) => absent(question, &known),
    };
    if known.running.is_some() {
        account.notes.push("A run is under way or about to begin: ask again when it ends.".into());
    }
    account
}

fn account(known: &Known, verdict: Verdict, says: String, advice: String) -> Account {
    Account {
        workspace_connector: known.connector,
        connector_name: known.name.clone(),
        verdict,
        says,
        advice,
        external_id: None,
        stage: None,
        reason: None,
        field: None,
        cause: None,
        waits_for: Vec::new(),
        diagnostic: None,
        record: None,
        run: None,
        complete_run: None,
        call: known.call.clone(),
        notes: Vec::new(),
    }
}

fn stored(question: &Question, known: &Known, kept: &Kept) -> Account {
    let says = says::stored(question, known, kept);
    let mut it = account(known, Verdict::Stored, says, "Nothing to do.".to_owned());
    it.external_id = Some(kept.external_id.clone());
    it.stage = Some(Stage::Persist);
    it.record = Some(kept.record_id);
    it.run = known.run(kept.last_seen_run);
    if let Some(refused) = &known.rejected {
        it.notes.push(says::newer_refused(refused));
    }
    let complete = known.complete();
    if let Some(complete) = complete.filter(|run| run.run != kept.last_seen_run) {
        // Runs are told newest first: one that stands before the last that saw it came after it.
        let after = known.runs.iter().take_while(|run| run.run != kept.last_seen_run);
        if after.into_iter().any(|run| run.run == complete.run) {
            it.complete_run = Some(complete.run);
            it.notes.push(says::no_longer_sent(complete));
        }
    }
    it
}

fn waiting(question: &Question, known: &Known, held: &Held) -> Account {
    let says = says::waiting(question, known, held);
    let mut it = account(known, Verdict::Waiting, says, says::waiting_advice(held));
    it.external_id = Some(held.external_id.clone());
    it.stage = Some(Stage::Resolve);
    it.reason = Some(Reason::FkParentMissing);
    it.waits_for.clone_from(&held.parents);
    it.run = known.run(held.last_seen_run);
    it.diagnostic = known.noted(held.last_seen_run, Reason::FkParentMissing);
    it
}

fn rejected(question: &Question, known: &Known, refused: &Refused) -> Account {
    let says = says::rejected(question, known, refused);
    let advice = says::advice(refused.reason, question.model);
    let mut it = account(known, Verdict::Rejected, says, advice);
    it.external_id.clone_from(&refused.external_id);
    it.stage = Some(refused.reason.stage());
    it.reason = Some(refused.reason);
    it.field = Some(refused.field.clone()).filter(|it| !it.is_empty());
    it.cause = Some(refused.cause.clone());
    it.run = known.run(refused.last_seen_run);
    it.diagnostic = known.noted(refused.last_seen_run, refused.reason);
    it
}

/// No row of it is here: what the last run that looked has to say.
fn absent(question: &Question, known: &Known) -> Account {
    let model = question.model;
    let Some(last) = known.runs.first() else {
        let (says, advice) = says::not_synced(question, known);
        return account(known, Verdict::NotSynced, says, advice);
    };
    let mut it = match cause(last, known) {
        Cause::Noted(noted) => {
            let verdict = match noted.stage {
                Stage::Fetch if last.fetched() > 0 => Verdict::NotReached,
                Stage::Plan
                | Stage::Select
                | Stage::Fetch
                | Stage::Draw
                | Stage::Apply
                | Stage::Check
                | Stage::Resolve
                | Stage::Persist
                | Stage::Settle => Verdict::NotRead,
            };
            let says = says::not_read(question, known, last, noted);
            let mut it = account(known, verdict, says, says::advice(noted.reason, model));
            it.stage = Some(noted.stage);
            it.reason = Some(noted.reason);
            it.diagnostic = Some(noted.diagnostic_id);
            it
        }
        Cause::Unnamed(reason, rows) => {
            let says = says::unnamed(question, known, rows);
            let mut it =
                account(known, Verdict::RejectedUnnamed, says, says::advice(reason, model));
            it.stage = Some(reason.stage());
            it.reason = Some(reason);
            it.diagnostic = last.noted_as(reason);
            it
        }
        Cause::Short => {
            let (says, advice) = says::not_reached(question, known, last);
            let mut it = account(known, Verdict::NotReached, says, advice);
            it.stage = Some(Stage::Fetch);
            it
        }
        Cause::None => {
            let (says, advice) = says::not_sent(question, known, last);
            let mut it = account(known, Verdict::NotSent, says, advice);
            it.stage = Some(Stage::Fetch);
            it.reason = last.noted_as(Reason::EmptyResult).map(|_| Reason::EmptyResult);
            it.diagnostic = last.noted_as(Reason::EmptyResult);
            it
        }
    };
    it.run = Some(last.seen());
    if let Some(complete) = known.complete().filter(|run| run.run != last.run) {
        it.complete_run = Some(complete.run);
        it.notes.push(says::complete_before(complete));
    }
    let told = last.noted.iter().find(|it| it.reason == Reason::StructuredPipelineDegraded);
    it.notes.extend(told.map(|it| it.detail.clone()));
    it
}

/// Why a record that the last run does not know may be missing.
enum Cause<'a> {
    /// Something ended the target, or kept a part of it away.
    Noted(&'a Noted),
    /// Rows were refused that left no identifier.
    Unnamed(Reason, u64),
    /// The reading stopped before its end.
    Short,
    /// Everything was read.
    None,
}

fn cause<'a>(last: &'a Looked, known: &Known) -> Cause<'a> {
    let worst = last.noted.iter().filter(|it| keeps_away(it, last));
    if let Some(noted) = worst.max_by_key(|it| (it.impact.weight(), it.stage)) {
        return Cause::Noted(noted);
    }
    if let Some((reason, rows)) = known.unnamed.iter().max_by_key(|it| *it.1) {
        return Cause::Unnamed(*reason, *rows);
    }
    let is_cut = last.tally.as_ref().is_none_or(|it| it.truncated) || last.error.is_some();
    if is_cut { Cause::Short } else { Cause::None }
}

/// Does it explain that a record is not here, of which nothing else is known? What refuses single
/// records does not: those are known by their identifier.
fn keeps_away(noted: &Noted, of: &Looked) -> bool {
    match noted.reason {
        Reason::MappedEntitiesDropped
        | Reason::MappedEntitiesPartialDrop
        | Reason::FkParentMissing
        | Reason::EntityPersistFailed
        | Reason::EmptyResult => false,
        Reason::TargetSkipped | Reason::SyncFkDagCycle => of.fetched() == 0,
        Reason::NoSuitableTool
        | Reason::ToolNotFound
        | Reason::AuthScopeInsufficient
        | Reason::ToolExecutionFailed
        | Reason::JsonataGenerationFailed
        | Reason::SchemaDriftDetected
        | Reason::JuryRun
        | Reason::JuryPartial
        | Reason::JuryDisagreement
        | Reason::JuryQuorumLost
        | Reason::BlueprintPersistenceFailed
        | Reason::RegressionReverted
        | Reason::StructuredPipelineDegraded
        | Reason::StructuredPipelineFellBackToLegacy
        | Reason::MappingGenerationHardFail
        | Reason::ToolSelectionPinned => {
            matches!(noted.impact, Impact::Auth | Impact::DataLost | Impact::NoData)
        }
    }
}

impl Known {
    fn run(&self, id: SyncLogId) -> Option<RunSeen> {
        self.runs.iter().find(|it| it.run == id).map(Looked::seen)
    }

    fn noted(&self, run: SyncLogId, reason: Reason) -> Option<crate::id::DiagnosticId> {
        self.runs.iter().find(|it| it.run == run)?.noted_as(reason)
    }

    /// The newest run that read everything that the provider sent.
    fn complete(&self) -> Option<&Looked> {
        self.runs.iter().find(|run| {
            let is_whole = run.tally.as_ref().is_some_and(|it| !it.truncated);
            is_whole && run.error.is_none() && !run.noted.iter().any(|it| keeps_away(it, run))
        })
    }
}

impl Looked {
    fn fetched(&self) -> u64 {
        self.tally.as_ref().map_or(0, |it| it.fetched)
    }

    fn noted_as(&self, reason: Reason) -> Option<crate::id::DiagnosticId> {
        self.noted.iter().rev().find(|it| it.reason == reason).map(|it| it.diagnostic_id)
    }

    /// The run, as an answer shows it.
    pub fn seen(&self) -> RunSeen {
        RunSeen {
            sync_log: self.run,
            started_at: self.started_at,
            completed_at: self.completed_at,
            fetched: self.fetched(),
            truncated: self.tally.as_ref().is_some_and(|it| it.truncated),
            dropped: self.tally.as_ref().map(|it| it.dropped.clone()).unwrap_or_default(),
        }
    }
}

/// How the model is called in a sentence: `ledger account`.
pub(super) fn in_words(model: TargetModel) -> String {
    model.as_str().replace('_', " ")
}
