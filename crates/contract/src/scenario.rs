//! The words that contracts are written in.

use std::time::Duration;

use domain::TargetModel;
use serde_json::Value;

/// Over what the server is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    Http,
    Stdio,
}

impl Wire {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Stdio => "stdio",
        }
    }

    /// The status of a call that succeeded, as a row has it.
    pub(crate) const fn ok(self) -> Option<u16> {
        match self {
            Self::Http => Some(200),
            Self::Stdio => None,
        }
    }
}

/// One way to provoke a reason, and to make it go away.
#[derive(Debug, Clone)]
pub(crate) struct Scenario {
    /// What is wrong, in a few words.
    pub(crate) says: &'static str,
    /// Runs before the fault, e.g. one that stores a mapping.
    pub(crate) before: Vec<Scene>,
    pub(crate) inject: Scene,
    /// The rows of the reason, in their order, no more and no fewer.
    pub(crate) rows: Vec<Expected>,
    /// Runs after it; the last one must not write the reason.
    pub(crate) repair: Vec<Scene>,
}

/// What a run meets.
#[derive(Debug, Clone)]
pub(crate) struct Scene {
    pub(crate) wire: Wire,
    /// A name that [`sample::Sample::named`] knows.
    pub(crate) sample: &'static str,
    pub(crate) faults: &'static [&'static str],
    pub(crate) targets: &'static [TargetModel],
    /// Pins of the request.
    pub(crate) pins: &'static [(TargetModel, &'static [&'static str])],
    /// What the connector supports; empty: everything.
    pub(crate) supported: &'static [TargetModel],
    /// What people have decided about the connector, as JSON.
    pub(crate) governance: Option<&'static str>,
    /// Makes the database refuse what would be sound.
    pub(crate) store: Option<store::Fault>,
    /// How long a call may take.
    pub(crate) call: Duration,
    /// How long a seat of a jury may take; none: as long as ever.
    pub(crate) seat_time: Option<Duration>,
    /// Has every live mapping drawn anew.
    pub(crate) marked: bool,
    /// References beside those of the schemas: child, attribute, parent, required.
    pub(crate) references: &'static [(TargetModel, &'static str, TargetModel, bool)],
}

impl Scene {
    /// The healthy ledger server, nothing pinned.
    pub(crate) fn of(wire: Wire, targets: &'static [TargetModel]) -> Self {
        Self {
            wire,
            // Few rows: a contract is about what is said of them.
            sample: "ledger:rows=24",
            faults: &[],
            targets,
            pins: &[],
            supported: &[],
            governance: None,
            store: None,
            call: Duration::from_secs(60),
            seat_time: None,
            marked: false,
            references: &[],
        }
    }

    pub(crate) fn faulty(self, faults: &'static [&'static str]) -> Self {
        Self { faults, ..self }
    }
}

/// A row of the reason.
#[derive(Debug, Clone)]
pub(crate) struct Expected {
    pub(crate) target: TargetModel,
    pub(crate) tool: Option<&'static str>,
    pub(crate) http: Option<u16>,
    /// `*` stands for what differs from run to run.
    pub(crate) detail: &'static str,
    /// Members of the context and their values; `"*"` stands for any value but null.
    pub(crate) context: Value,
}

/// The common case: a server with a fault, and then without.
pub(crate) fn broken_server(says: &'static str, faulty: Scene, rows: Vec<Expected>) -> Scenario {
    let patience = Scene::of(faulty.wire, faulty.targets).call;
    let repair = Scene { faults: &[], store: None, call: patience, ..faulty.clone() };
    Scenario { says, before: Vec::new(), inject: faulty, rows, repair: vec![repair] }
}
