//! What a run tells while it goes on, for the person who watches.

use std::sync::{Arc, Mutex, PoisonError};

use domain::TargetModel;
use domain::run::Tally;
use serde_json::{Map, Value, json};

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

    /// The same, and for whoever asks later.
    pub(crate) fn and(&self, so_far: &Arc<SoFar>) -> Self {
        let (first, so_far) = (self.clone(), Arc::clone(so_far));
        Self::new(move |event| {
            so_far.hear(&event);
            first.tell(event);
        })
    }
}

/// How far a run has come, for people in other processes.
#[derive(Debug, Default)]
pub(crate) struct SoFar(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    members: Map<String, Value>,
    targets: Map<String, Value>,
    is_news: bool,
}

impl SoFar {
    fn hear(&self, event: &Event) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.is_news = true;
        let mut set = |name: &str, value: Value| state.members.insert(name.to_owned(), value);
        match event {
            Event::Connected { server, tools } => {
                set("server", json!(server));
                set("tools", json!(tools));
                set("stage", json!("select"));
            }
            Event::TargetStarted { target, tool } => {
                set("target", json!(target));
                set("tool", json!(tool));
                set("stage", json!("fetch"));
            }
            Event::Page { target, tally } | Event::TargetEnded { target, tally } => {
                set("target", json!(target));
                state.targets.insert(target.as_str().to_owned(), json!(tally));
            }
        }
    }

    /// What has changed since it was last asked.
    pub(crate) fn news(&self) -> Option<Value> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut state.is_news).then(|| {
            let mut members = state.members.clone();
            members.insert("targets".to_owned(), Value::Object(state.targets.clone()));
            Value::Object(members)
        })
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
