//! Probes: an address is tried while the client waits. The command line wires the engine in.

use std::fmt;
use std::sync::Arc;

use domain::connector::Transport;
use domain::probe::{Probe, ProbeOutcome};
use futures_util::future::BoxFuture;
use tokio::sync::Semaphore;

use crate::Problem;
use crate::code::Code;

/// Probes at once: each may start a process and holds a connection to somewhere.
const AT_ONCE: usize = 4;

/// What tries an address. It must end by itself, within the time of a request.
#[derive(Clone)]
pub struct Probes {
    run: Arc<dyn Fn(Transport) -> BoxFuture<'static, Probe> + Send + Sync>,
    turns: Arc<Semaphore>,
}

impl Probes {
    pub fn new(
        run: impl Fn(Transport) -> BoxFuture<'static, Probe> + Send + Sync + 'static,
    ) -> Self {
        Self { run: Arc::new(run), turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// For a server beside no engine.
    pub fn none() -> Self {
        let detail = "this process has no engine beside it, so nothing was tried";
        Self::new(move |_| Box::pin(async move { Probe::without(ProbeOutcome::Failed, detail) }))
    }

    pub(crate) async fn probe(&self, transport: Transport) -> Result<Probe, Problem> {
        let Ok(_turn) = self.turns.try_acquire() else {
            return Err(Problem::wait(Code::Busy, "other probes are under way; try again", 5));
        };
        Ok((self.run)(transport).await)
    }
}

impl fmt::Debug for Probes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Probes")
    }
}
