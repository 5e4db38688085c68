//! What a person asks of an issue.

use domain::issue::{State, Wish};
use serde_json::Value;
use store::issues::Patch;

use super::KIND;
use crate::code::Code;
use crate::jsonapi::input::{self, Faults, Incoming, Meant};
use crate::problem::Problem;

/// Longest note, in characters.
const NOTE_MAX: usize = 2_000;

/// What a change may name.
const CHANGED: &[&str] = &["state", "muted_until", "muted_until_count", "note"];

pub(super) fn patch(document: &Value, id: &str) -> Result<Patch, Problem> {
    let mut faults = Faults::default();
    let incoming = input::data(document, &mut faults)
        .and_then(|it| input::resource(it, "/data", &KIND, Meant::Known(id), &mut faults));
    let Some(Incoming { mut attributes, mut relationships, meta }) = incoming else {
        return faults.or(None);
    };
    for name in KIND.attributes.iter().filter(|it| !CHANGED.contains(it)) {
        attributes.immutable(name, &mut faults);
    }
    for (name, _) in KIND.relationships {
        relationships.immutable(name, &mut faults);
    }
    let state = attributes.optional("state", &mut faults, input::word::<State>);
    let until = attributes.nullable("muted_until", &mut faults, input::time).flatten();
    let count = input::number::<u64>(1, i64::MAX);
    let until_count = attributes.nullable("muted_until_count", &mut faults, count).flatten();
    let note = attributes.nullable("note", &mut faults, input::sized_text(1, NOTE_MAX));
    let at = |name: &str| format!("/data/attributes/{name}");
    let wish = match state {
        None => None,
        Some(State::Muted) => Some(Wish::Mute { until, until_count }),
        Some(State::Resolved) => Some(Wish::Resolve),
        Some(State::Open) => Some(Wish::Open),
        Some(State::Escalating | State::Regressed) => {
            let detail = "`state` can be set to `open`, `muted` or `resolved`";
            faults.add(Code::InvalidMember, at("state"), detail);
            None
        }
    };
    let is_mute = matches!(wish, Some(Wish::Mute { .. }));
    for (name, is_given) in
        [("muted_until", until.is_some()), ("muted_until_count", until_count.is_some())]
    {
        if is_given && !is_mute {
            let detail = format!("`{name}` goes with `state` `muted`");
            faults.add(Code::InvalidMember, at(name), detail);
        }
    }
    attributes.finish(&mut faults);
    relationships.finish(&mut faults);
    meta.finish(&mut faults);
    faults.or(Some(Patch { wish, note }))
}

/// A change that the issue does not take, with the member at fault.
pub(super) fn refused(error: store::Error) -> Problem {
    match error {
        store::Error::Invalid { refusal, .. } => {
            let pointer = format!("/data/attributes/{}", refusal.attribute);
            let detail = format!("`{}` {}", refusal.attribute, refusal.detail);
            Problem::pointer(Code::InvalidMember, &pointer, detail)
        }
        other @ (store::Error::NotFound(_)
        | store::Error::Conflict { .. }
        | store::Error::Busy(_)
        | store::Error::NotMigrated { .. }
        | store::Error::Sealed(_)
        | store::Error::Database { .. }) => other.into(),
    }
}
