//! Runs whose worker died. A run says every few seconds that it lives; who listens for as long as a
//! lease and hears nothing, by its own clock and while the database answers, takes it for dead.
//!
//! So neither clocks that differ nor a database that was away make a run look dead. A worker that
//! was only paused can be taken for dead: the store then refuses what it writes.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::id::{SyncLogId, WorkspaceConnectorId};
use domain::run::SyncStatus;
use engine::Engine;
use store::query::{Condition, Op, Page, Query, Value};
use store::sync_logs::{self, Running, SyncLog};
use store::{Error, Store, Tenant, queue, tenant};
use tokio::time::{Instant, sleep};

/// Longer than a look takes.
const PAUSED: Duration = Duration::from_secs(3);

/// When each run was first heard with the beat that it still has.
#[derive(Debug, Default)]
pub(crate) struct Silence {
    heard: HashMap<SyncLogId, (DateTime<Utc>, Instant)>,
    at: Option<Instant>,
}

impl Silence {
    /// The runs that have been silent for a lease.
    pub(crate) fn listen(
        &mut self,
        running: impl Iterator<Item = Running>,
        lease: Duration,
        now: Instant,
    ) -> Vec<Running> {
        if self.at.is_some_and(|it| now - it > PAUSED.max(lease / 2)) {
            // We were paused ourselves, and perhaps everyone was.
            self.forget();
        }
        self.at = Some(now);
        let before = std::mem::take(&mut self.heard);
        let mut dead = Vec::new();
        for run in running {
            let same = before.get(&run.run).filter(|(beat, _)| *beat == run.beat_at);
            let since = same.map_or(now, |(_, since)| *since);
            self.heard.insert(run.run, (run.beat_at, since));
            if now - since >= lease {
                dead.push(run);
            }
        }
        dead
    }

    pub(crate) fn forget(&mut self) {
        self.heard.clear();
    }
}

/// Ends a silent run, and puts another in its place.
pub(crate) async fn interrupt(engine: &Engine, silent: &Running, attempts: u32) {
    end(engine, silent, Some(attempts)).await;
}

/// Ends a run of our own that we have broken off, and hands it to others.
pub(crate) async fn give_up(engine: &Engine, broken_off: &Running) {
    end(engine, broken_off, None).await;
}

/// `attempts`: none where the end is no failure of the run.
async fn end(engine: &Engine, silent: &Running, attempts: Option<u32>) {
    let store = &engine.store;
    let id = silent.run;
    let whose = tenant::of(store, &store.operator(), &silent.workspace.to_string()).await;
    let ended = match whose {
        Ok(tenant) => {
            let (silent, now) = ((id, silent.beat_at), (engine.clock)());
            match attempts {
                Some(attempts) => sync_logs::interrupt(store, &tenant, silent, attempts, now).await,
                None => sync_logs::give_up(store, &tenant, silent, now).await,
            }
        }
        Err(error) => Err(error),
    };
    match ended {
        Ok(Some(next)) => tracing::warn!(
            run.id = %id, run.next = %next.sync_log_id,
            "the worker of a run is gone; another run takes its place"
        ),
        Ok(None) => {
            tracing::warn!(run.id = %id, "the worker of a run is gone; it is not run again")
        }
        // It lives after all, or another process was faster.
        Err(Error::Conflict { .. } | Error::NotFound(_)) => {}
        Err(error) => {
            tracing::warn!(run.id = %id, error = &error as &dyn std::error::Error, "run not rescued");
        }
    }
}

/// For who wants to run a connector now and is told that a run is under way: listens whether that
/// run lives, and ends it if it does not. True: the way is free.
pub async fn take_over(
    store: &Store,
    tenant: &Tenant,
    connector: WorkspaceConnectorId,
    lease: Duration,
    clock: fn() -> DateTime<Utc>,
) -> Result<bool, Error> {
    const LOOK: Duration = Duration::from_millis(200);
    let Some(run) = live(store, tenant, connector).await? else { return Ok(true) };
    if run.status == SyncStatus::Scheduled {
        // Whoever scheduled it is about to start it, or a worker will, if there is one.
        let a_while_ago = clock() - chrono::Duration::minutes(1);
        if run.created_at > a_while_ago || queue::is_served(store, a_while_ago).await? {
            return Ok(false);
        }
        return sync_logs::cancel(store, tenant, run.sync_log_id, clock()).await.map(|_| true);
    }
    let until = Instant::now() + lease;
    while Instant::now() < until {
        sleep(LOOK).await;
        let now = sync_logs::find(store, tenant, run.sync_log_id).await?;
        if now.status != SyncStatus::InProgress {
            return Ok(true);
        }
        if now.updated_at != run.updated_at {
            return Ok(false);
        }
    }
    let silent = (run.sync_log_id, run.updated_at);
    match sync_logs::interrupt(store, tenant, silent, 0, clock()).await {
        Ok(_) => Ok(true),
        Err(Error::Conflict { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

async fn live(
    store: &Store,
    tenant: &Tenant,
    connector: WorkspaceConnectorId,
) -> Result<Option<SyncLog>, Error> {
    let on = |name, values: Vec<Value>| Condition::on(sync_logs::FIELDS, name, Op::In, values);
    let live = [SyncStatus::Scheduled, SyncStatus::InProgress];
    let conditions = [
        on("workspace_connector", vec![Value::Id(connector.0)]),
        on("status", live.map(|it| Value::Text(it.as_str().to_owned())).to_vec()),
    ];
    let query = Query {
        conditions: conditions.into_iter().flatten().collect(),
        page: Page::first(1),
        ..Query::default()
    };
    let found = sync_logs::list(store, tenant, &query).await?;
    Ok(found.items.into_iter().next().map(|it| it.0))
}

#[cfg(test)]
mod tests {
    use domain::id::WorkspaceId;
    use uuid::Uuid;

    use super::*;

    const LEASE: Duration = Duration::from_secs(30);

    fn run(beat: i64) -> Running {
        Running {
            workspace: WorkspaceId(Uuid::nil()),
            run: SyncLogId(Uuid::nil()),
            beat_at: DateTime::from_timestamp(beat, 0).expect("a time"),
        }
    }

    fn dead(silence: &mut Silence, heard: Running, at: Instant) -> bool {
        !silence.listen([heard].into_iter(), LEASE, at).is_empty()
    }

    #[test]
    fn a_run_is_dead_when_it_was_silent_for_a_lease_and_only_then() {
        let (mut silence, start) = (Silence::default(), Instant::now());
        let after = |seconds| start + Duration::from_secs(seconds);
        for second in 0..30 {
            assert!(!dead(&mut silence, run(1), after(second)), "after {second} s");
        }
        assert!(dead(&mut silence, run(1), after(30)));
        assert!(!dead(&mut silence, run(2), after(31)), "it has said something");
        assert!(!dead(&mut silence, run(2), after(32)));
    }

    #[test]
    fn nobody_is_dead_because_we_did_not_listen() {
        let (mut silence, start) = (Silence::default(), Instant::now());
        let after = |seconds| start + Duration::from_secs(seconds);
        assert!(!dead(&mut silence, run(1), start));
        assert!(!dead(&mut silence, run(1), after(3600)), "we were paused");
        silence.forget();
        assert!(!dead(&mut silence, run(1), after(3610)), "the database was away");
    }
}
