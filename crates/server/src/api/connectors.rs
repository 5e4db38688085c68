//! `/v1/connectors`: the catalogue. Global entries are read only; a workspace adds its own.

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use domain::connector::AuthorizationFlow;
use domain::id::ConnectorId;
use serde_json::Value;
use store::connectors::{self, Connector, New, Patch};

use crate::App;
use crate::api::{self, Named, transport};
use crate::auth::{Admin, Reader, Writer};
use crate::jsonapi::body::{self, Document};
use crate::jsonapi::document::{self, Around, Fields, Id, Kind, Resource};
use crate::jsonapi::input::{self, Faults, Incoming, Meant, Members};
use crate::jsonapi::json::Json;
use crate::jsonapi::media::TakesJsonApi;
use crate::jsonapi::params::{self, Does, Listing, Params, Plain};
use crate::problem::Problem;

/// Largest `governance`, in bytes of JSON.
const GOVERNANCE_MAX: usize = 65_536;

pub(crate) static KIND: Kind = Kind {
    name: "connector",
    path: "/v1/connectors",
    attributes: &[
        "connector_id",
        "service_id",
        "name",
        "provider",
        "authorization_flow",
        "supported_target_models",
        "status",
        "default_transport",
        "governance",
        "is_custom",
        "created_at",
        "updated_at",
    ],
    relationships: &[],
};

pub(crate) static LISTING: Listing = listing(Does::Pages);
pub(crate) static SHOWING: Listing = listing(Does::Shows);

const fn listing(does: Does) -> Listing {
    Listing {
        kind: &KIND,
        fields: connectors::FIELDS,
        sorts: connectors::SORTS,
        newest_by: "created_at",
        is_searchable: true,
        includes: &[],
        does,
    }
}

impl Resource for Connector {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn id(&self) -> Id<'_> {
        Id::Uuid(self.connector_id.0)
    }

    fn attributes(&self, json: &mut Json, fields: &Fields) {
        if fields.has("connector_id") {
            json.key("connector_id").uuid(self.connector_id.0);
        }
        if fields.has("service_id") {
            json.key("service_id").text(&self.service_id);
        }
        if fields.has("name") {
            json.key("name").text(&self.name);
        }
        if fields.has("provider") {
            json.key("provider").text_or_null(self.provider.as_deref());
        }
        if fields.has("authorization_flow") {
            json.key("authorization_flow").word(self.authorization_flow.as_str());
        }
        if fields.has("supported_target_models") {
            json.key("supported_target_models").value(&self.supported_target_models);
        }
        if fields.has("status") {
            json.key("status").word(self.status.as_str());
        }
        if fields.has("default_transport") {
            json.key("default_transport").value(&self.transport);
        }
        if fields.has("governance") {
            json.key("governance").value(&self.governance);
        }
        if fields.has("is_custom") {
            json.key("is_custom").flag(self.is_custom);
        }
        if fields.has("created_at") {
            json.key("created_at").time(self.created_at);
        }
        if fields.has("updated_at") {
            json.key("updated_at").time(self.updated_at);
        }
    }

    fn relationships(&self, _: &mut Json, _: &Fields) {}
}

/// The resource object of a catalogue entry, as every door shows it.
pub fn resource(it: &Connector) -> Value {
    document::value(it)
}

pub(crate) async fn list(
    State(app): State<App>,
    Reader(tenant): Reader,
    _: TakesJsonApi,
    uri: Uri,
) -> Result<Response, Problem> {
    let workspace = Some(tenant.workspace());
    let list = Around::read(&uri, &LISTING, app.cursors(), workspace)?;
    let slice = connectors::list(app.store(), &tenant, &list.params.query).await?;
    Ok(list.page(&slice, |it| it))
}

pub(crate) async fn find(
    State(app): State<App>,
    Reader(tenant): Reader,
    _: TakesJsonApi,
    Named(id): Named,
    uri: Uri,
) -> Result<Response, Problem> {
    let params = params::read_one(&uri, &SHOWING)?;
    let found = connectors::find(app.store(), &tenant, parse(&id)?).await?;
    Ok(document::answer(StatusCode::OK, document::one(&found, &params, None)))
}

/// The same address or `service_id` again answers with the entry that is there.
pub(crate) async fn create(
    State(app): State<App>,
    Writer(tenant): Writer,
    _: Plain,
    Document(bytes): Document,
) -> Result<Response, Problem> {
    let new = new(&body::tree(&bytes)?)?;
    let made = connectors::insert(app.store(), &tenant, new, app.now()).await?;
    Ok(document::created(&made, document::one(&made, &Params::default(), None)))
}

pub(crate) async fn update(
    State(app): State<App>,
    Admin(tenant): Admin,
    _: Plain,
    Named(id): Named,
    Document(bytes): Document,
) -> Result<Response, Problem> {
    let connector = parse(&id)?;
    let patch = patch(&body::tree(&bytes)?, &id)?;
    let changed = connectors::update(app.store(), &tenant, connector, patch, app.now()).await?;
    let document = document::one(&changed, &Params::default(), None);
    Ok(document::answer(StatusCode::OK, document))
}

pub(crate) async fn delete(
    State(app): State<App>,
    Admin(tenant): Admin,
    _: Plain,
    Named(id): Named,
) -> Result<Response, Problem> {
    connectors::delete(app.store(), &tenant, parse(&id)?, app.now()).await?;
    Ok(document::nothing())
}

fn parse(id: &str) -> Result<ConnectorId, Problem> {
    api::id(id, "connector")
}

fn made_here(attributes: &mut Members<'_>, faults: &mut Faults) {
    for name in ["connector_id", "is_custom", "created_at", "updated_at"] {
        attributes.immutable(name, faults);
    }
}

fn new(document: &Value) -> Result<New, Problem> {
    let mut faults = Faults::default();
    let incoming = input::data(document, &mut faults)
        .and_then(|it| input::resource(it, "/data", &KIND, Meant::New, &mut faults));
    let Some(Incoming { mut attributes, relationships, meta }) = incoming else {
        return faults.or(None);
    };
    made_here(&mut attributes, &mut faults);
    for name in ["status", "governance"] {
        // Set by a change.
        attributes.immutable(name, &mut faults);
    }
    let pointer = attributes.pointer("default_transport");
    let address = attributes
        .nullable("default_transport", &mut faults, input::object)
        .flatten()
        .and_then(|it| transport::address(it, pointer, &mut faults));
    // An address names its connector; without one, the client does.
    let service_id = match attributes.has("default_transport") && !attributes.has("service_id") {
        true => address.as_deref().map(transport::slug),
        false => attributes.required("service_id", &mut faults, slug),
    };
    let name = attributes.required("name", &mut faults, input::sized_text(1, 100));
    let provider =
        attributes.nullable("provider", &mut faults, input::sized_text(1, 100)).flatten();
    let flow = attributes.optional("authorization_flow", &mut faults, input::word);
    let targets =
        attributes.nullable("supported_target_models", &mut faults, input::words).flatten();
    attributes.finish(&mut faults);
    relationships.finish(&mut faults);
    meta.finish(&mut faults);
    let new = service_id.zip(name).map(|(service_id, name)| New {
        service_id,
        name,
        provider,
        authorization_flow: flow.unwrap_or(AuthorizationFlow::None),
        supported_target_models: targets,
        address,
    });
    faults.or(new)
}

/// Pins, bans and hints per target: what the engine would not understand is refused here.
fn governance(value: &Value) -> Result<Value, String> {
    if value.to_string().len() > GOVERNANCE_MAX {
        return Err(format!("is larger than {GOVERNANCE_MAX} bytes"));
    }
    match api::governance::read(value) {
        Ok(_) => Ok(value.clone()),
        Err(fault) if fault.at.is_empty() => Err(fault.says),
        Err(fault) => Err(format!("is refused: {fault}")),
    }
}

fn slug(value: &Value) -> Result<String, String> {
    let text = input::sized_text(1, 100)(value)?;
    let is_plain = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || b"._-".contains(&it);
    match text.bytes().all(is_plain) && !text.starts_with('-') {
        true => Ok(text),
        false => Err("takes a–z, 0–9 and `._-`, and no `-` at its beginning".to_owned()),
    }
}

fn patch(document: &Value, id: &str) -> Result<Patch, Problem> {
    let mut faults = Faults::default();
    let incoming = input::data(document, &mut faults)
        .and_then(|it| input::resource(it, "/data", &KIND, Meant::Known(id), &mut faults));
    let Some(Incoming { mut attributes, relationships, meta }) = incoming else {
        return faults.or(None);
    };
    made_here(&mut attributes, &mut faults);
    for name in ["service_id", "authorization_flow", "default_transport"] {
        attributes.immutable(name, &mut faults);
    }
    let patch = Patch {
        name: attributes.optional("name", &mut faults, input::sized_text(1, 100)),
        provider: attributes.nullable("provider", &mut faults, input::sized_text(1, 100)),
        supported_target_models: attributes.nullable(
            "supported_target_models",
            &mut faults,
            input::words,
        ),
        status: attributes.optional("status", &mut faults, input::word),
        governance: attributes.nullable("governance", &mut faults, governance),
    };
    attributes.finish(&mut faults);
    relationships.finish(&mut faults);
    meta.finish(&mut faults);
    faults.or(Some(patch))
}
