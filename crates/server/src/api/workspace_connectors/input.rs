//! Installations that come in.

use domain::TargetModel;
use domain::connector::{InstallationStatus, Transport};
use domain::id::ConnectorId;
use serde_json::Value;
use store::workspace_connectors::{New, Patch};

use super::KIND;
use crate::api::transport;
use crate::code::Code;
use crate::jsonapi::input::{self, Faults, Incoming, Meant, Members};
use crate::problem::Problem;

/// A year.
const MINUTES_MAX: i64 = 525_600;

pub(super) struct Given {
    pub(super) new: New,
    pub(super) workspace: Option<String>,
}

pub(super) fn new(document: &Value, allows_stdio: bool) -> Result<Given, Problem> {
    let mut faults = Faults::default();
    let incoming = input::data(document, &mut faults)
        .and_then(|it| input::resource(it, "/data", &KIND, Meant::New, &mut faults));
    let Some(Incoming { mut attributes, mut relationships, meta }) = incoming else {
        return faults.or(None);
    };
    made_here(&mut attributes, &mut faults);
    attributes.immutable("status", &mut faults);
    let name = attributes.required("name", &mut faults, input::sized_text(1, 100));
    if !attributes.has("config") {
        faults.add(Code::MissingMember, attributes.pointer("config"), "`config` is required");
    }
    let transport = config(&mut attributes, allows_stdio, &mut faults);
    let Schedule { minutes, paused } = Schedule::read(&mut attributes, &mut faults);
    let targets = targets(&mut attributes, &mut faults).flatten();
    attributes.finish(&mut faults);
    let workspace = relationships.linked("workspace", "workspace", &mut faults).flatten();
    let connector = connector(&mut relationships, &mut faults);
    relationships.finish(&mut faults);
    meta.finish(&mut faults);
    let parts = name.zip(transport).zip(connector);
    faults.or(parts.map(|((name, transport), connector)| Given {
        new: New {
            connector,
            name,
            transport,
            schedule_minutes: minutes.flatten(),
            paused: paused.unwrap_or(false),
            supported_target_models: targets,
            first_run_at: None,
        },
        workspace: workspace.map(str::to_owned),
    }))
}

pub(super) fn patch(document: &Value, id: &str, allows_stdio: bool) -> Result<Patch, Problem> {
    let mut faults = Faults::default();
    let incoming = input::data(document, &mut faults)
        .and_then(|it| input::resource(it, "/data", &KIND, Meant::Known(id), &mut faults));
    let Some(Incoming { mut attributes, mut relationships, meta }) = incoming else {
        return faults.or(None);
    };
    made_here(&mut attributes, &mut faults);
    for (name, _) in KIND.relationships {
        relationships.immutable(name, &mut faults);
    }
    let Schedule { minutes, paused } = Schedule::read(&mut attributes, &mut faults);
    let patch = Patch {
        name: attributes.optional("name", &mut faults, input::sized_text(1, 100)),
        transport: config(&mut attributes, allows_stdio, &mut faults),
        status: attributes.optional("status", &mut faults, status),
        schedule_minutes: minutes,
        paused,
        supported_target_models: targets(&mut attributes, &mut faults),
    };
    attributes.finish(&mut faults);
    relationships.finish(&mut faults);
    meta.finish(&mut faults);
    faults.or(Some(patch))
}

fn made_here(attributes: &mut Members<'_>, faults: &mut Faults) {
    let names = [
        "workspace_connector_id",
        "installed_capabilities",
        "last_success_at",
        "created_at",
        "updated_at",
    ];
    for name in names {
        attributes.immutable(name, faults);
    }
}

/// Where an admin may put a connector to rest; every other state is what runs have found.
fn status(value: &Value) -> Result<InstallationStatus, String> {
    match input::word(value)? {
        status @ (InstallationStatus::Enabled
        | InstallationStatus::Suspended
        | InstallationStatus::Disabled) => Ok(status),
        found @ (InstallationStatus::ToConfigure
        | InstallationStatus::Processing
        | InstallationStatus::Degraded
        | InstallationStatus::NeedReconnect
        | InstallationStatus::Error) => Err(format!(
            "is set to `{found}` by runs alone; set `enabled`, `suspended` or `disabled`"
        )),
    }
}

fn config(
    attributes: &mut Members<'_>,
    allows_stdio: bool,
    faults: &mut Faults,
) -> Option<Transport> {
    let pointer = attributes.pointer("config");
    let config = attributes.optional("config", faults, input::object)?;
    transport::config(config, pointer, allows_stdio, faults)
}

fn targets(attributes: &mut Members<'_>, faults: &mut Faults) -> Option<Option<Vec<TargetModel>>> {
    attributes.nullable("supported_target_models", faults, input::words)
}

fn connector(relationships: &mut Members<'_>, faults: &mut Faults) -> Option<ConnectorId> {
    let pointer = relationships.pointer("connector");
    match relationships.linked("connector", "connector", faults) {
        Some(Some(id)) => {
            let parsed = id.parse().ok();
            if parsed.is_none() {
                faults.add(Code::InvalidMember, format!("{pointer}/data/id"), "must be a uuid");
            }
            parsed
        }
        Some(None) => {
            faults.add(Code::InvalidMember, format!("{pointer}/data"), "must not be null");
            None
        }
        None => {
            if !relationships.has("connector") {
                faults.add(Code::MissingMember, pointer, "say which connector is installed");
            }
            None
        }
    }
}

/// `{ "interval_minutes": 60, "paused": false }`.
struct Schedule {
    minutes: Option<Option<u32>>,
    paused: Option<bool>,
}

impl Schedule {
    fn read(attributes: &mut Members<'_>, faults: &mut Faults) -> Self {
        let pointer = attributes.pointer("schedule");
        let Some(given) = attributes.optional("schedule", faults, input::object) else {
            return Self { minutes: None, paused: None };
        };
        let mut members = Members::new(given, pointer);
        let minutes = members.nullable("interval_minutes", faults, input::number(1, MINUTES_MAX));
        let paused = members.optional("paused", faults, input::flag);
        members.finish(faults);
        Self { minutes, paused }
    }
}
