//! One sync run, stage after stage: `plan → select → fetch → draw → apply → check → resolve →
//! persist → settle`. Start reading in [`run`].
//!
//! Choosing is pure and lives in `mapping`; doing is a short async step around it, here. Notes on
//! the way go to the [`Recorder`], which never fails a run.

mod access;
mod authorization;
mod error;
mod link;
mod links;
mod patience;
mod probe;
mod progress;
mod pulse;
mod recorder;
mod run;
mod seats;
mod settings;
mod shown;
mod stage;

pub use authorization::Failed;
pub use error::Error;
pub use link::reach;
pub use mapping::draw::Lead;
pub use probe::probe;
pub use progress::{Event, Progress};
pub use recorder::Recorder;
pub use run::{ASKED_TO_STOP, Engine, Report, Request};
pub use seats::{NoJury, Seats};
pub use settings::Settings;
