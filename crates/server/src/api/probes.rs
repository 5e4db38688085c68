//! `POST …/probe`: tries an address, or that of an installation. Nothing is called and nothing is
//! kept, so a probe is no resource with a place of its own: it is answered once.

use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::connector::Transport;
use domain::id::WorkspaceConnectorId;
use domain::probe::{Probe, ProbeOutcome};
use serde_json::Value;
use store::{Tenant, workspace_connectors};
use uuid::Uuid;

use crate::App;
use crate::api::{self, Named, transport};
use crate::auth::Writer;
use crate::code::Code;
use crate::jsonapi::body::{self, Document};
use crate::jsonapi::document::{self, Kind};
use crate::jsonapi::input::{self, Faults, Incoming, Meant};
use crate::jsonapi::json::Json;
use crate::jsonapi::media;
use crate::jsonapi::params::Plain;
use crate::problem::Problem;

/// For the form of what comes in and goes out; there is no collection.
pub(crate) static KIND: Kind = Kind {
    name: "connector_probe",
    path: "/v1/connectors/probe",
    attributes: &[
        "outcome",
        "detail",
        "http_status",
        "server",
        "tool_count",
        "offers",
        "authorization",
    ],
    relationships: &[],
};

/// An address that is not installed yet: `config` as an installation takes it.
pub(crate) async fn address(
    State(app): State<App>,
    Writer(tenant): Writer,
    _: Plain,
    Document(bytes): Document,
) -> Result<Response, Problem> {
    let transport = config(&body::tree(&bytes)?, app.settings().allows_stdio)?;
    answer(&app, &tenant, transport).await
}

/// An installation, with its credentials.
pub(crate) async fn installation(
    State(app): State<App>,
    Writer(tenant): Writer,
    _: Plain,
    Named(id): Named,
    body: Body,
) -> Result<Response, Problem> {
    body::expect_empty(body).await?;
    let id: WorkspaceConnectorId = api::id(&id, "workspace_connector")?;
    match workspace_connectors::transport(app.store(), &tenant, id).await {
        Ok(transport) => answer(&app, &tenant, transport).await,
        Err(store::Error::Sealed(why)) => {
            tracing::warn!(connector.id = %id, why, "an installation cannot be probed");
            let detail = "there is no address, or its seal does not open; set `config` anew";
            Ok(shown(&Probe::without(ProbeOutcome::NotConfigured, detail)))
        }
        Err(
            other @ (store::Error::NotFound(_)
            | store::Error::Conflict { .. }
            | store::Error::Invalid { .. }
            | store::Error::Busy(_)
            | store::Error::NotMigrated { .. }
            | store::Error::Database { .. }),
        ) => Err(other.into()),
    }
}

async fn answer(app: &App, tenant: &Tenant, transport: Transport) -> Result<Response, Problem> {
    app.probe_rates().take_for(tenant)?;
    Ok(shown(&app.settings().probes.probe(transport).await?))
}

fn shown(probe: &Probe) -> Response {
    let mut json = Json::with_capacity(1024);
    json.open().key("jsonapi").raw(media::JSONAPI_OBJECT);
    json.key("data").open().key("type").word(KIND.name).key("id").uuid(Uuid::new_v4());
    json.key("attributes").value(probe).close().close();
    document::answer(StatusCode::OK, json.into_bytes())
}

fn config(document: &Value, allows_stdio: bool) -> Result<Transport, Problem> {
    let mut faults = Faults::default();
    let incoming = input::data(document, &mut faults)
        .and_then(|it| input::resource(it, "/data", &KIND, Meant::New, &mut faults));
    let Some(Incoming { mut attributes, relationships, meta }) = incoming else {
        return faults.or(None);
    };
    if !attributes.has("config") {
        faults.add(Code::MissingMember, attributes.pointer("config"), "`config` is required");
    }
    let pointer = attributes.pointer("config");
    let config = attributes.optional("config", &mut faults, input::object);
    let transport = config.and_then(|it| transport::config(it, pointer, allows_stdio, &mut faults));
    attributes.finish(&mut faults);
    relationships.finish(&mut faults);
    meta.finish(&mut faults);
    faults.or(transport)
}
