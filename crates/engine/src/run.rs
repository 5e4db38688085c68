//! A run: who, where to, what has been noted; and the way of one target through the stages.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::evidence::{SkipCause, Skipped};
use domain::id::{SyncLogId, WorkspaceConnectorId};
use domain::redact::Redactor;
use domain::run::LedgerLine;
use domain::{Finding, Reason, TargetModel};
use store::sync_logs::SyncLog;
use store::{Store, Tenant};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::error::Error;
use crate::link::Link;
use crate::progress::{Event, Progress};
use crate::pulse;
use crate::recorder::Recorder;
use crate::settings::Settings;
use crate::stage::{self, Book};

/// What every run shares.
#[derive(Debug, Clone)]
pub struct Engine {
    pub store: Store,
    pub recorder: Recorder,
    pub settings: Settings,
    pub clock: fn() -> DateTime<Utc>,
}

/// What is asked of a run beyond "sync this connector".
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Empty: every target that the connector supports.
    pub targets: Vec<TargetModel>,
    /// Tools that must be used for a target, in this order.
    pub pins: BTreeMap<TargetModel, Vec<String>>,
    pub progress: Progress,
    pub cancel: CancellationToken,
}

/// What came of a run.
#[derive(Debug, Clone)]
pub struct Report {
    /// Settled, with its ledger.
    pub log: SyncLog,
    /// Every finding was written before the run returned.
    pub is_recorded: bool,
}

/// A target has ended, and a finding says why. Only [`Run::stop`] makes one.
#[must_use]
#[derive(Debug)]
pub(crate) struct Stop(());

/// A run under way.
pub(crate) struct Run<'e> {
    pub(crate) engine: &'e Engine,
    pub(crate) tenant: &'e Tenant,
    pub(crate) id: SyncLogId,
    pub(crate) connector: WorkspaceConnectorId,
    pub(crate) redactor: Redactor,
    pub(crate) request: &'e Request,
    pub(crate) deadline: Instant,
    /// What was noted, target by target: health and the end of the run follow from it.
    pub(crate) noted: Vec<(TargetModel, Reason)>,
}

impl Run<'_> {
    pub(crate) fn now(&self) -> DateTime<Utc> {
        (self.engine.clock)()
    }

    pub(crate) fn store(&self) -> &Store {
        &self.engine.store
    }

    /// Writes a finding down. Never fails and never waits.
    pub(crate) fn note(&mut self, finding: Finding) {
        self.noted.push((finding.target(), finding.reason()));
        let mut row = finding.into_row(self.connector, self.id, &self.redactor);
        row.occurred_at = Some(domain::time::to_millis(self.now()));
        self.engine.recorder.note(self.tenant, row);
    }

    /// Ends a target, and says why.
    pub(crate) fn stop(&mut self, finding: Finding) -> Stop {
        self.note(finding);
        Stop(())
    }

    pub(crate) fn is_over(&self) -> bool {
        self.request.cancel.is_cancelled() || Instant::now() >= self.deadline
    }

    pub(crate) fn ended_by(&self, target: TargetModel, reasons: &[Reason]) -> bool {
        self.noted.iter().any(|(it, reason)| *it == target && reasons.contains(reason))
    }
}

impl Engine {
    /// Carries out a run that [`store::sync_logs::schedule`] has made, from start to settlement.
    /// An error means that the run could not even be settled: it is an orphan of the store.
    pub async fn sync(
        &self,
        tenant: &Tenant,
        log: &SyncLog,
        request: &Request,
    ) -> Result<Report, Error> {
        tokio::select! {
            // Boxed: whoever awaits a run would otherwise carry all of its stages.
            report = Box::pin(carry_out(self, tenant, log, request)) => report,
            () = pulse::of(self, tenant, log.sync_log_id, &request.cancel) => {
                unreachable!("a pulse does not end by itself")
            }
        }
    }
}

async fn carry_out(
    engine: &Engine,
    tenant: &Tenant,
    log: &SyncLog,
    request: &Request,
) -> Result<Report, Error> {
    let mut run = stage::plan::start(engine, tenant, log, request).await?;
    let transport = stage::plan::transport(&run).await?;
    run.redactor = Redactor::new(transport.secrets().map(|it| it.expose()));
    let scheduled = stage::plan::targets(&mut run).await?;
    let (ledger, error) = match Link::open(&transport, &engine.settings).await {
        Ok(link) => {
            let (server, tools) = (link.server(), link.tools.len());
            request.progress.tell(Event::Connected { server, tools });
            stage::plan::remember(&run, &link).await;
            let ledger = sync_targets(&mut run, &link, &scheduled).await;
            let error = ended_early(&run, &link);
            link.close().await;
            (ledger, error)
        }
        Err(error) => (Vec::new(), Some(stage::plan::unreachable(&mut run, &scheduled, &error))),
    };
    stage::settle::run(run, ledger, error).await
}

/// Why a run is an error although it was carried out: it was cut short.
fn ended_early(run: &Run<'_>, link: &Link) -> Option<String> {
    if link.is_lost() {
        Some("the server went away during the run".to_owned())
    } else if run.request.cancel.is_cancelled() {
        Some("the run was asked to stop".to_owned())
    } else if run.is_over() {
        Some("the time for a run was over; see run.time_limit_min".to_owned())
    } else {
        None
    }
}

/// Every target in foreign-key order, parents first.
async fn sync_targets(
    run: &mut Run<'_>,
    link: &Link,
    scheduled: &[TargetModel],
) -> Vec<LedgerLine> {
    let mut ledger = Vec::with_capacity(scheduled.len());
    for &target in scheduled {
        let mut book = Book::new(target);
        if let Some(skipped) = skip(run, target, scheduled) {
            run.note(Finding::target_skipped(target, &skipped));
        } else {
            // The finding is noted; what had been read until then stays in the book.
            let _stop: Result<(), Stop> = sync_target(run, link, &mut book).await;
        }
        let tally = book.into_tally();
        run.request.progress.tell(Event::TargetEnded { target, tally: tally.clone() });
        ledger.push(LedgerLine { target_model: target, tally });
    }
    ledger
}

/// Why a target is not even tried: no time is left, or a parent that it cannot do without failed.
fn skip(run: &Run<'_>, target: TargetModel, scheduled: &[TargetModel]) -> Option<Skipped> {
    const HARD: &[Reason] = &[
        Reason::ToolExecutionFailed,
        Reason::AuthScopeInsufficient,
        Reason::MappingGenerationHardFail,
        Reason::MappedEntitiesDropped,
    ];
    if run.is_over() {
        return Some(Skipped { cause: SkipCause::BudgetSpent, upstream: None });
    }
    let parents = target.required_parents();
    let failed = scheduled.iter().find(|it| parents.contains(it) && run.ended_by(**it, HARD))?;
    Some(Skipped { cause: SkipCause::UpstreamFailed, upstream: Some(*failed) })
}

/// The way of one target: values move from stage to stage, a page at a time.
async fn sync_target(run: &mut Run<'_>, link: &Link, book: &mut Book) -> Result<(), Stop> {
    let target = book.target;
    let choice = stage::select::tool(run, link, target)?;
    run.request
        .progress
        .tell(Event::TargetStarted { target, tool: Some(choice.tool.name.clone()) });
    let mut reading = stage::fetch::Reading::of(&choice);
    let mut mapping = None;
    let ended = loop {
        let page = match reading.next(run, link, target).await {
            Ok(Some(page)) => page,
            Ok(None) => break Ok(()),
            Err(stop) => break Err(stop),
        };
        let mapping = match &mut mapping {
            Some(drawn) => drawn,
            empty @ None => match stage::draw::mapping(run, &choice, target, &page).await {
                Ok(drawn) => empty.insert(drawn),
                Err(stop) => break Err(stop),
            },
        };
        book.tally.truncated = page.truncated;
        let mapped = stage::apply::rows(mapping, page.rows).await;
        let sound = stage::check::entities(run, book, &choice, mapped).await;
        let linked = stage::resolve::parents(run, book, &choice, sound).await;
        if let Err(stop) = stage::persist::entities(run, book, &choice, linked).await {
            break Err(stop);
        }
        run.request.progress.tell(Event::Page { target, tally: book.tally.clone() });
    };
    stage::check::report(run, book, &choice, &reading.call).await;
    stage::resolve::report(run, book, &choice);
    stage::persist::report(run, book, &choice);
    ended
}
