//! One run, from its job to its end, and what follows from that end.

use std::sync::Arc;
use std::time::Duration;

use domain::id::SyncLogId;
use domain::retry::{Noted, helps};
use domain::run::SyncStatus;
use engine::{ASKED_TO_STOP, Request};
use store::query::{Condition, Op, Page, Query, Value};
use store::sync_logs::{self, Next, SyncLog};
use store::{Error, Tenant, diagnostics, queue, workspace_connectors};
use tokio::sync::Notify;
use tokio::time::sleep;

use crate::Crew;

/// Before a job that could not be started is offered again.
const PAUSE: Duration = Duration::from_secs(1);

/// Known as long as it lasts, however it ends.
struct UnderWay<'a>(&'a Crew, SyncLogId);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.under_way().remove(&self.1);
    }
}

impl Crew {
    /// Carries out the run that a job names, as a task of its own: it goes on when nobody waits.
    pub(crate) async fn carry(self: &Arc<Self>, run: SyncLogId) {
        let Ok(slot) = Arc::clone(&self.slots).acquire_owned().await else { return };
        if self.stop.is_cancelled() {
            return;
        }
        let (crew, ready) = (Arc::clone(self), Arc::new(Notify::new()));
        let go = Arc::clone(&ready);
        let task = self.runs.spawn(async move {
            go.notified().await;
            let _under_way = UnderWay(&crew, run);
            crew.run(run).await;
            drop(slot);
        });
        // Known before it begins, so that it cannot end before it is known.
        self.under_way().insert(run, task.abort_handle());
        ready.notify_one();
        if let Err(error) = task.await
            && error.is_panic()
        {
            tracing::error!(run.id = %run, %error, "a run panicked; it will be found silent");
        }
    }

    async fn run(&self, run: SyncLogId) {
        let store = &self.engine.store;
        let operator = &store.operator();
        let started = match sync_logs::tenant_of(store, operator, run).await {
            Ok(tenant) => sync_logs::find(store, &tenant, run).await.map(|log| (tenant, log)),
            Err(error) => Err(error),
        };
        let is_over = match started {
            Ok((tenant, log)) if log.status == SyncStatus::Scheduled => {
                self.begin(&tenant, &log).await
            }
            // It has started or ended, or is gone: its job has come too late.
            Ok(_) | Err(Error::NotFound(_)) => true,
            Err(error) => {
                tracing::warn!(run.id = %run, error = &error as &dyn std::error::Error, "run not read");
                false
            }
        };
        let mut settled = self.settle_job(run, is_over).await;
        while let Err(error) = settled {
            tracing::debug!(run.id = %run, %error, "the queue is away");
            sleep(PAUSE).await;
            settled = self.settle_job(run, is_over).await;
        }
    }

    /// A job whose run is over is over; one that could not be started is for any worker.
    async fn settle_job(&self, run: SyncLogId, is_over: bool) -> Result<(), Error> {
        let store = &self.engine.store;
        match is_over {
            true => queue::discard(store, &store.operator(), run).await,
            false => {
                sleep(PAUSE).await;
                queue::put_back(store, &store.operator(), run).await
            }
        }
    }

    /// Unless its connector was put aside while it waited. False: the run has not started.
    async fn begin(&self, tenant: &Tenant, log: &SyncLog) -> bool {
        let store = &self.engine.store;
        match workspace_connectors::find(store, tenant, log.workspace_connector).await {
            Ok(it) if !it.status.is_startable() => {
                sync_logs::cancel(store, tenant, log.sync_log_id, self.now()).await.is_ok()
            }
            Ok(_) | Err(_) => self.sync(tenant, log).await,
        }
    }

    async fn sync(&self, tenant: &Tenant, log: &SyncLog) -> bool {
        let request = Request { cancel: self.hand_back.child_token(), ..Request::default() };
        match self.engine.sync(tenant, log, &request).await {
            Ok(report) => {
                if let Err(error) = self.follow_up(tenant, &report.log).await {
                    let error = &error as &dyn std::error::Error;
                    tracing::error!(run.id = %log.sync_log_id, error, "no further attempt could be asked for");
                }
                true
            }
            Err(error) => {
                let id = log.sync_log_id;
                tracing::error!(run.id = %id, error = &error as &dyn std::error::Error, "run not carried out");
                // One that has started is silent from now on, and will be rescued.
                let now = sync_logs::find(&self.engine.store, tenant, id).await;
                !now.is_ok_and(|it| it.status == SyncStatus::Scheduled)
            }
        }
    }

    /// What was cut short because we stop goes back to the queue; what failed for a reason that
    /// passes is tried again.
    async fn follow_up(&self, tenant: &Tenant, log: &SyncLog) -> Result<(), Error> {
        let store = &self.engine.store;
        let flag = |name: &str| log.metadata.as_ref().is_some_and(|it| it[name] == true);
        let Some(error) = log.error.as_deref() else { return Ok(()) };
        if flag("cancel_requested") {
            return Ok(());
        }
        if error == ASKED_TO_STOP {
            return sync_logs::hand_back(store, tenant, log.sync_log_id, self.now())
                .await
                .map(drop);
        }
        let attempt = sync_logs::attempt(log);
        let Some(pause) = self.settings.retries.after(attempt, (self.settings.roll)()) else {
            return Ok(());
        };
        if !self.passes(tenant, log).await? {
            return Ok(());
        }
        let at = self.now() + chrono::Duration::from_std(pause).unwrap_or_default();
        let next =
            Next { trigger: log.trigger, attempt: attempt + 1, retry_of: Some(log.sync_log_id) };
        sync_logs::schedule_later(store, tenant, log.workspace_connector, &next, at).await.map(drop)
    }

    /// Does any finding of the run name something that passes?
    async fn passes(&self, tenant: &Tenant, log: &SyncLog) -> Result<bool, Error> {
        let of_run = [Value::Id(log.sync_log_id.0)];
        let condition = Condition::on(diagnostics::FIELDS, "sync_log", Op::Eq, of_run);
        let query = Query {
            conditions: condition.into_iter().collect(),
            page: Page::first(Page::SIZE_MAX),
            ..Query::default()
        };
        let noted = diagnostics::list(&self.engine.store, tenant, &query, self.now()).await?;
        Ok(noted.items.iter().any(|(it, _)| {
            let kind = it.context.as_ref().and_then(|it| it["kind"].as_str());
            helps(Noted { reason: it.reason, http_status: it.http_status, kind })
        }))
    }
}
