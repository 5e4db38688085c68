//! Findings become rows. The one place where an error may die: a lost audit row is bad, a sync
//! that is lost to its audit row is worse.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::NewDiagnostic;
use store::{Store, Tenant};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, timeout_at};

/// Rows that go into one insert.
const BATCH: usize = 500;

/// Writes findings in the background, in the order they were given, on connections of its own.
/// While the log cannot be written, rows are kept up to a bound and tried again.
#[derive(Debug, Clone)]
pub struct Recorder {
    queue: mpsc::Sender<Entry>,
    lost: Arc<AtomicU64>,
}

enum Entry {
    Row(Box<(Tenant, NewDiagnostic)>),
    /// Answered when everything before it is written or given up.
    Flush(oneshot::Sender<()>),
}

impl Recorder {
    /// Starts the writing task. `keep`: rows held in memory while the log is away.
    pub fn start(store: Store, keep: usize, clock: fn() -> DateTime<Utc>) -> Self {
        let (queue, entries) = mpsc::channel(keep.max(1));
        let lost = Arc::new(AtomicU64::new(0));
        tokio::spawn(Writer { store, clock, lost: Arc::clone(&lost) }.run(entries));
        Self { queue, lost }
    }

    /// Takes a row without waiting. A full queue loses it, counted.
    pub(crate) fn note(&self, tenant: &Tenant, row: NewDiagnostic) {
        if self.queue.try_send(Entry::Row(Box::new((tenant.clone(), row)))).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
            metrics::counter!("wireline_diagnostics_lost_total").increment(1);
        }
    }

    /// Waits until what was noted so far is written, at most for `patience`.
    /// False: it is not, yet; the writing goes on in the background.
    pub async fn flush(&self, patience: Duration) -> bool {
        let until = Instant::now() + patience;
        let (done, is_done) = oneshot::channel();
        let sent = timeout_at(until, self.queue.send(Entry::Flush(done))).await;
        matches!(sent, Ok(Ok(()))) && matches!(timeout_at(until, is_done).await, Ok(Ok(())))
    }
}

struct Writer {
    store: Store,
    clock: fn() -> DateTime<Utc>,
    lost: Arc<AtomicU64>,
}

impl Writer {
    async fn run(self, mut entries: mpsc::Receiver<Entry>) {
        let mut taken = Vec::with_capacity(BATCH);
        while entries.recv_many(&mut taken, BATCH).await > 0 {
            let mut rows: Vec<(Tenant, NewDiagnostic)> = Vec::new();
            for entry in taken.drain(..) {
                match entry {
                    Entry::Row(row) => rows.push(*row),
                    Entry::Flush(done) => {
                        self.write(std::mem::take(&mut rows)).await;
                        // Whoever asked may have stopped waiting.
                        done.send(()).ok();
                    }
                }
            }
            self.write(rows).await;
        }
    }

    /// Groups neighbours of one tenant, so that order is kept within it.
    async fn write(&self, rows: Vec<(Tenant, NewDiagnostic)>) {
        let mut rows = rows.into_iter().peekable();
        while let Some((tenant, first)) = rows.next() {
            let mut batch = vec![first];
            while let Some((_, row)) = rows.next_if(|(it, _)| it.workspace() == tenant.workspace())
            {
                batch.push(row);
            }
            self.insert(&tenant, batch).await;
        }
    }

    async fn insert(&self, tenant: &Tenant, mut batch: Vec<NewDiagnostic>) {
        let mut pause = Duration::from_millis(100);
        while !batch.is_empty() {
            match store::diagnostics::record(&self.store, tenant, batch.clone(), (self.clock)())
                .await
            {
                Ok(_) => return self.tell_of_loss(),
                Err(store::Error::Busy(cause)) => {
                    tracing::warn!(cause = %cause, rows = batch.len(), "findings wait for the log");
                    sleep(pause).await;
                    pause = (pause * 2).min(Duration::from_secs(5));
                }
                Err(store::Error::Invalid { index, refusal }) if index < batch.len() => {
                    // E.g. the connector was deleted during its run. Its neighbours go on.
                    tracing::error!(refusal = %refusal.detail, "a finding was refused by the log");
                    self.lost.fetch_add(1, Ordering::Relaxed);
                    // In its order: the log numbers rows as they come.
                    batch.remove(index);
                }
                Err(error) => {
                    let lost = batch.len();
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        lost,
                        "findings not recorded"
                    );
                    metrics::counter!("wireline_diagnostics_lost_total").increment(lost as u64);
                    self.lost.fetch_add(lost as u64, Ordering::Relaxed);
                    return;
                }
            }
        }
    }

    /// Once the log is back, it is told what is missing from it.
    fn tell_of_loss(&self) {
        match self.lost.swap(0, Ordering::Relaxed) {
            0 => {}
            lost => tracing::error!(lost, "findings were lost while the log could not be written"),
        }
    }
}
