//! States: always a shape and a word, and a colour beside them.

use domain::connector::InstallationStatus;
use domain::health::HealthState;
use domain::issue::State as IssueState;
use domain::reason::{Class, Impact};
use domain::run::SyncStatus;
use domain::webhook::{DeliveryStatus, EndpointStatus};
use maud::{Markup, html};
use store::sync_logs::SyncLog;
use store::webhooks::{Delivery, Endpoint};

/// The name of a state in the stylesheet, its shape, and its word.
struct Look(&'static str, Shape, &'static str);

/// Drawn, not typed: not every machine has a letter for each.
#[derive(Debug, Clone, Copy)]
enum Shape {
    Dot,
    Ring,
    Half,
    Triangle,
    Key,
    Dash,
    Play,
    Note,
}

impl Shape {
    fn drawn(self) -> Markup {
        html! {
            svg.shape viewBox="0 0 12 12" width="12" height="12" aria-hidden="true" {
                @match self {
                    Self::Dot => { circle cx="6" cy="6" r="4.5" fill="currentColor" {} }
                    Self::Ring => { circle cx="6" cy="6" r="4" fill="none" stroke="currentColor" stroke-width="1.6" {} }
                    Self::Half => {
                        circle cx="6" cy="6" r="4" fill="none" stroke="currentColor" stroke-width="1.6" {}
                        path d="M6 2a4 4 0 0 0 0 8z" fill="currentColor" {}
                    }
                    Self::Triangle => { path d="M6 1 11.5 11H.5z" fill="currentColor" {} }
                    Self::Key => {
                        circle cx="3.4" cy="6" r="2.4" fill="none" stroke="currentColor" stroke-width="1.6" {}
                        path d="M5.8 6H11.4M9 6v2.6M11 6v2.2" fill="none" stroke="currentColor" stroke-width="1.6" {}
                    }
                    Self::Dash => { path d="M2.5 6h7" stroke="currentColor" stroke-width="1.8" {} }
                    Self::Play => { path d="M3 1.5 10.5 6 3 10.5z" fill="currentColor" {} }
                    Self::Note => {
                        circle cx="6" cy="6" r="4.8" fill="none" stroke="currentColor" stroke-width="1.2" {}
                        path d="M6 5.4V9M6 3v1.2" stroke="currentColor" stroke-width="1.4" {}
                    }
                }
            }
        }
    }
}

const fn look(state: HealthState) -> Look {
    match state {
        HealthState::Healthy => Look("healthy", Shape::Dot, "Healthy"),
        HealthState::NoData => Look("no-data", Shape::Ring, "No data"),
        HealthState::Degraded => Look("degraded", Shape::Half, "Degraded"),
        HealthState::Failing => Look("failing", Shape::Triangle, "Failing"),
        HealthState::NeedsReconnect => Look("reconnect", Shape::Key, "Reconnect"),
        HealthState::NeverSynced => Look("never", Shape::Dash, "Not synced"),
    }
}

fn shown(Look(name, shape, word): Look) -> Markup {
    html! {
        span class={ "st st-" (name) } { (shape.drawn()) " " (word) }
    }
}

pub(crate) fn health(state: HealthState) -> Markup {
    shown(look(state))
}

pub(crate) fn word(state: HealthState) -> &'static str {
    look(state).2
}

/// The shape alone, for a cell whose row and column have their words; readers hear the word.
pub(crate) fn shape(state: HealthState) -> Markup {
    let Look(name, shape, word) = look(state);
    html! {
        span class={ "st st-" (name) } {
            (shape.drawn()) span.sr { (word) }
        }
    }
}

/// Does a person have to look?
pub(crate) const fn needs_you(state: HealthState) -> bool {
    match state {
        HealthState::Degraded | HealthState::Failing | HealthState::NeedsReconnect => true,
        HealthState::Healthy | HealthState::NoData | HealthState::NeverSynced => false,
    }
}

/// What became of a run, in words; "success, nothing ingested" is told apart from "success".
pub(crate) fn outcome(run: &SyncLog) -> &'static str {
    let outcome = run.metadata.as_ref().and_then(|it| it.get("outcome")).and_then(|it| it.as_str());
    match (run.status, outcome) {
        (SyncStatus::Scheduled, _) => "waiting for a worker",
        (SyncStatus::InProgress, _) => "running",
        (SyncStatus::Error, _) if run.error.as_deref() == Some("cancelled") => "cancelled",
        (SyncStatus::Error, _) => "error",
        (SyncStatus::Success, Some("nothing_ingested")) => "success, nothing ingested",
        (SyncStatus::Success, Some("everything_dropped")) => "success, everything dropped",
        (SyncStatus::Success, Some("ingested_with_drops")) => "success with drops",
        (SyncStatus::Success, _) => "success",
    }
}

/// The name of a run's outcome in the stylesheet.
pub(crate) fn of_run(run: &SyncLog) -> &'static str {
    match outcome(run) {
        "success" => "healthy",
        "success, nothing ingested" => "no-data",
        "success with drops" => "degraded",
        "success, everything dropped" | "error" => "failing",
        "running" => "running",
        _ => "never",
    }
}

pub(crate) fn run(run: &SyncLog) -> Markup {
    let shape = match of_run(run) {
        "healthy" => Shape::Dot,
        "no-data" => Shape::Ring,
        "degraded" => Shape::Half,
        "failing" => Shape::Triangle,
        "running" => Shape::Play,
        _ => Shape::Dash,
    };
    shown(Look(of_run(run), shape, outcome(run)))
}

pub(crate) fn issue(state: IssueState) -> Markup {
    shown(match state {
        IssueState::Open => Look("degraded", Shape::Half, "Open"),
        IssueState::Escalating => Look("failing", Shape::Triangle, "Escalating"),
        IssueState::Muted => Look("never", Shape::Dash, "Muted"),
        IssueState::Resolved => Look("healthy", Shape::Dot, "Resolved"),
        IssueState::Regressed => Look("failing", Shape::Play, "Came back"),
    })
}

/// Whether a receiver is told, and whether it answers.
pub(crate) fn endpoint(it: &Endpoint) -> Markup {
    shown(match (it.status, it.failing_since) {
        (EndpointStatus::Enabled, None) => Look("healthy", Shape::Dot, "Enabled"),
        (EndpointStatus::Enabled, Some(_)) => Look("degraded", Shape::Half, "Not answering"),
        (EndpointStatus::Disabled, _) => Look("never", Shape::Dash, "Disabled"),
    })
}

pub(crate) fn delivery(it: &Delivery) -> Markup {
    shown(match (it.status, it.attempts) {
        (DeliveryStatus::Pending, 0) => Look("never", Shape::Ring, "Waiting"),
        (DeliveryStatus::Pending, _) => Look("degraded", Shape::Half, "Trying again"),
        (DeliveryStatus::Delivered, _) => Look("healthy", Shape::Dot, "Delivered"),
        (DeliveryStatus::GivenUp, _) => Look("failing", Shape::Triangle, "Given up"),
    })
}

/// How many of something arose, by class.
pub(crate) fn marks(class: Class, n: u64) -> Markup {
    let (look, shape, what) = match class {
        Class::Failure => ("failing", Shape::Triangle, "failures"),
        Class::Informational => ("never", Shape::Note, "informational"),
    };
    html! { span class={ "st st-" (look) } { (shape.drawn()) (n) span.sr { " " (what) } } }
}

pub(crate) fn class(class: Class) -> Markup {
    match class {
        Class::Failure => shown(Look("failing", Shape::Triangle, "Failure")),
        Class::Informational => shown(Look("never", Shape::Note, "Informational")),
    }
}

/// What an event means for the data.
pub(crate) const fn impact(impact: Impact) -> &'static str {
    match impact {
        Impact::None => "no effect on data",
        Impact::NoData => "nothing arrives",
        Impact::DataLost => "records are missing",
        Impact::Auth => "access is refused",
        Impact::Internal => "inside Wireline",
    }
}

/// Where an installation stands, in words.
pub(crate) const fn installation(status: InstallationStatus) -> &'static str {
    match status {
        InstallationStatus::ToConfigure => "to be configured",
        InstallationStatus::Enabled => "enabled",
        InstallationStatus::Processing => "syncing now",
        InstallationStatus::Degraded => "degraded",
        InstallationStatus::NeedReconnect => "to be reconnected",
        InstallationStatus::Error => "in error",
        InstallationStatus::Suspended => "suspended",
        InstallationStatus::Disabled => "disabled",
    }
}
