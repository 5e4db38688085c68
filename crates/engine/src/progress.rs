//! What a run tells while it goes on, for the person who watches.

use std::sync::Arc;

use domain::TargetModel;
use domain::run::Tally;

/// A step of a run.
#[derive(Debug, Clone)]
pub enum Event {
    Connected {
        server: String,
        tools: usize,
    },
    TargetStarted {
        target: TargetModel,
        tool: Option<String>,
    },
    /// So far, after each page.
    Page {
        target: TargetModel,
        tally: Tally,
    },
    TargetEnded {
        target: TargetModel,
        tally: Tally,
    },
}

/// Where the events go. Called on the run's own task: it must not block.
#[derive(Clone)]
pub struct Progress(Arc<dyn Fn(Event) + Send + Sync>);

impl Progress {
    pub fn new(to: impl Fn(Event) + Send + Sync + 'static) -> Self {
        Self(Arc::new(to))
    }

    pub(crate) fn tell(&self, event: Event) {
        (self.0)(event);
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self::new(|_| {})
    }
}

impl std::fmt::Debug for Progress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Progress")
    }
}
