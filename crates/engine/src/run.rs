//! A run: who, where to, what has been noted; and the way of one target through the stages.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::evidence::SkipCause;
use domain::governance::Governance;
use domain::id::{SyncLogId, WorkspaceConnectorId};
use domain::issue::Noted;
use domain::reason::Stage;
use domain::redact::Redactor;
use domain::run::LedgerLine;
use domain::{Finding, Impact, Reason, TargetModel};
use store::sync_logs::SyncLog;
use store::{Store, Tenant};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::access::Access;
use crate::error::Error;
use crate::link::Link;
use crate::links::Links;
use crate::progress::{Event, Progress, SoFar};
use crate::pulse;
use crate::recorder::Recorder;
use crate::settings::Settings;
use crate::shown::Shown;
use crate::stage::fetch::Reading;
use crate::stage::select::{Choice, Evidence, Offer, Remembered};
use crate::stage::{self, Book};

/// The error of a run that was cancelled, by a person or because its worker stops.
pub const ASKED_TO_STOP: &str = "the run was asked to stop";

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

/// A target has ended, and a finding says why. Only [`Run::stop`] makes one, and a run that others
/// have ended.
#[must_use]
#[derive(Debug)]
pub(crate) struct Stop(Reason);

impl Stop {
    pub(crate) fn reason(&self) -> Reason {
        self.0
    }
}

/// A run under way.
pub(crate) struct Run<'e> {
    pub(crate) engine: &'e Engine,
    pub(crate) tenant: &'e Tenant,
    pub(crate) id: SyncLogId,
    pub(crate) connector: WorkspaceConnectorId,
    pub(crate) redactor: Redactor,
    /// What is left for language models.
    pub(crate) budget: model::Budget,
    /// What people have decided about the connector.
    pub(crate) governance: Governance,
    /// Which tools were chosen over the server's tool list.
    pub(crate) remembered: Remembered,
    /// What was granted; none until it is read.
    pub(crate) access: Option<Arc<Access>>,
    pub(crate) request: &'e Request,
    pub(crate) deadline: Instant,
    /// Others have ended it: see [`Run::ended_by_others`].
    pub(crate) is_ended: bool,
    /// Its configuration is sealed and does not open.
    pub(crate) is_locked: bool,
    /// Targets that have records of this run: what failed of them is not all of them.
    pub(crate) brought: BTreeSet<TargetModel>,
    /// What was noted, target by target: health and the end of the run follow from it.
    pub(crate) noted: Vec<(Noted, Impact)>,
    /// Which tools were read, and what came of it.
    pub(crate) shown: Shown,
    pub(crate) started_at: DateTime<Utc>,
    /// The targets that the connector is for, whether asked for this time or not.
    pub(crate) supported: Vec<TargetModel>,
    /// Milliseconds by target and stage.
    pub(crate) times: serde_json::Map<String, serde_json::Value>,
    /// What its foreign keys hold up, and until when.
    pub(crate) links: Links,
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
        if self.is_ended {
            return;
        }
        let impact = finding.impact();
        let row = finding.into_row(self.connector, self.id, &self.redactor);
        let (target, tool) = (row.target_model, row.tool_name.clone());
        let mut row = match self.shown.version(target, tool.as_deref()) {
            Some(version) => row.under(version),
            None => row,
        };
        self.noted.push((Noted { target, tool, reason: row.reason }, impact));
        row.occurred_at = Some(domain::time::to_millis(self.now()));
        self.engine.recorder.note(self.tenant, row);
    }

    /// Ends a target, and says why.
    pub(crate) fn stop(&mut self, finding: Finding) -> Stop {
        let reason = finding.reason();
        self.note(finding);
        Stop(reason)
    }

    /// Others have ended the run and said why: from now on it writes nothing, findings included.
    pub(crate) fn ended_by_others(&mut self) -> Stop {
        self.is_ended = true;
        self.request.cancel.cancel();
        Stop(Reason::TargetSkipped)
    }

    pub(crate) fn is_over(&self) -> bool {
        self.over().is_some()
    }

    /// Why nothing more is begun.
    pub(crate) fn over(&self) -> Option<SkipCause> {
        match () {
            () if self.request.cancel.is_cancelled() => Some(SkipCause::Stopped),
            () if Instant::now() >= self.deadline => Some(SkipCause::BudgetSpent),
            () => None,
        }
    }

    pub(crate) fn ended_by(&self, target: TargetModel, reasons: &[Reason]) -> bool {
        self.noted.iter().any(|(it, _)| it.target == target && reasons.contains(&it.reason))
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
        let so_far = Arc::new(SoFar::default());
        let span = tracing::info_span!(
            "sync", sync_log.id = %log.sync_log_id, workspace.id = %tenant.workspace(),
            workspace_connector.id = %log.workspace_connector, trigger = %log.trigger
        );
        let request = &Request { progress: request.progress.and(&so_far), ..request.clone() };
        tokio::select! {
            // Boxed: whoever awaits a run would otherwise carry all of its stages.
            report = Box::pin(carry_out(self, tenant, log, request).instrument(span)) => report,
            () = pulse::of(self, tenant, log.sync_log_id, &so_far, &request.cancel) => {
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
    // Of what the database did not say a run cannot go on; it is ended all the same.
    let ready = match stage::plan::ready(&mut run).await {
        Ok(ready) => ready,
        Err(error) => {
            let said = error.to_string();
            return stage::settle::run(run, Vec::new(), Some(said)).await.map_err(|_same| error);
        }
    };
    let stage::plan::Ready { scheduled, way } = ready;
    let opened = match &way {
        Ok((transport, access)) => Link::open_with(transport, &engine.settings, access).await,
        Err(closed) => Err(mcp::Error::Refused { why: closed.clone() }),
    };
    let (ledger, error) = match opened {
        Ok(link) => {
            let (server, tools) = (link.server(), link.tools.len());
            request.progress.tell(Event::Connected { server, tools });
            stage::plan::remember(&run, &link).await;
            run.remembered = stage::select::recall(&run, &link).await;
            let ledger = sync_targets(&mut run, &link, &scheduled).await;
            stage::select::remember(&run).await;
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
        Some(ASKED_TO_STOP.to_owned())
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
    let catalogue = stage::select::catalogue(link);
    let weigh = |it: &TargetModel| (*it, Evidence::of(run, &catalogue, *it));
    let weighed: Vec<(TargetModel, Evidence)> = scheduled.iter().map(weigh).collect();
    let scoped = stage::select::parent_scoped(run, &weighed);
    stage::release::at_start(run).await;
    for (target, evidence) in &weighed {
        let target = *target;
        let mut book = Book::new(target);
        if scoped.contains(&target) {
            // Said before.
        } else if let Some(skipped) = stage::plan::skip(run, target) {
            run.note(Finding::target_skipped(target, &skipped));
        } else {
            // The finding is noted; what had been read until then stays in the book.
            // Boxed: it is large, and awaited once a target.
            let offer = Offer { link, catalogue: &catalogue, evidence };
            let span = tracing::info_span!("target", target_model = %target);
            let way = sync_target(run, offer, &mut book).instrument(span);
            let _stop: Result<(), Stop> = Box::pin(way).await;
            stage::release::after(run, target).await;
            book.times.lap(Stage::Settle);
            run.times.insert(target.as_str().to_owned(), book.times.to_json());
        }
        let tally = book.into_tally();
        if tally.inserted + tally.updated + tally.unchanged > 0 {
            run.brought.insert(target);
        }
        run.request.progress.tell(Event::TargetEnded { target, tally: tally.clone() });
        ledger.push(LedgerLine { target_model: target, tally });
    }
    stage::resolve::pass(run, None, None).await;
    stage::release::count(run, &mut ledger);
    ledger
}

/// One target, by each of its tools that is needed.
async fn sync_target(run: &mut Run<'_>, offer: Offer<'_>, book: &mut Book) -> Result<(), Stop> {
    let link = offer.link;
    let selection = stage::select::tools(run, offer, book.target);
    book.times.lap(Stage::Select);
    let mut selection = selection?;
    let mut ended = Ok(());
    while let Some(choice) = selection.next() {
        let before = book.tally.clone();
        ended = sync_tool(run, link, book, &choice).await;
        run.shown.read(book.target, &choice.tool.name, (&before, &book.tally));
        let has_rows = book.rows() > 0;
        book.close();
        if !selection.goes_on(&ended, has_rows) || link.is_lost() || run.is_over() {
            break;
        }
    }
    ended
}

/// The way of one tool's rows: values move from stage to stage, a page at a time.
async fn sync_tool(
    run: &mut Run<'_>,
    link: &Link,
    book: &mut Book,
    choice: &Choice,
) -> Result<(), Stop> {
    let target = book.target;
    let tool = Some(choice.tool.name.clone());
    run.request.progress.tell(Event::TargetStarted { target, tool });
    let mut reading = Reading::of(choice);
    let mut mapping = None;
    let mut ended = loop {
        let page = reading.next(run, link, target).await;
        book.times.lap(Stage::Fetch);
        let page = match page {
            Ok(Some(page)) => page,
            Ok(None) => break Ok(()),
            Err(stop) => break Err(stop),
        };
        let mapping = match &mut mapping {
            Some(drawn) => drawn,
            empty @ None => {
                // Boxed: it is large, and awaited once a tool.
                match Box::pin(stage::draw::mapping(run, choice, target, &page, &reading.call))
                    .await
                {
                    Ok(drawn) => {
                        run.shown.uses(target, &choice.tool.name, drawn.version());
                        empty.insert(drawn)
                    }
                    Err(stop) => break Err(stop),
                }
            }
        };
        book.times.lap(Stage::Draw);
        let mapped = stage::apply::rows(run, mapping, page.rows).await;
        book.times.lap(Stage::Apply);
        mapping.tried.mapped(target, &mapped);
        let (rows, rejected) = (mapped.len() as u64, book.rejected);
        let sound = stage::check::entities(run, book, choice, mapped).await;
        mapping.tried.checked(rows, book.rejected - rejected);
        book.times.lap(Stage::Check);
        let linked = match stage::resolve::parents(run, book, choice, sound).await {
            Ok(linked) => linked,
            Err(stop) => break Err(stop),
        };
        book.times.lap(Stage::Resolve);
        if let Err(stop) = stage::persist::entities(run, book, choice, linked).await {
            break Err(stop);
        }
        book.times.lap(Stage::Persist);
        run.request.progress.tell(Event::Page { target, tally: book.tally.clone() });
    };
    if let Some(mapping) = &mapping {
        if ended.is_ok() && mapping.tried.is_empty() {
            ended = Err(reading.nothing(run, target).await);
        }
        stage::draw::settle(run, (target, &choice.tool.name), mapping).await;
    }
    close(run, book, (choice, &reading), ended.is_ok()).await;
    ended
}

/// The account of a tool that was read: what is missing of it is said here.
async fn close(
    run: &mut Run<'_>,
    book: &mut Book,
    (choice, reading): (&Choice, &Reading),
    is_well: bool,
) {
    book.tally.truncated |= reading.truncated();
    if is_well && !reading.truncated() {
        stage::persist::read_whole(run, book, choice).await;
    }
    stage::check::report(run, book, choice, &reading.call).await;
    stage::resolve::report(run, book, choice).await;
    stage::persist::report(run, book, choice);
}
