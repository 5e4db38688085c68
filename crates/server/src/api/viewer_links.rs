//! `POST /v1/viewer-links`: a short-lived link for somebody without a key, who may read how
//! connectors do. Nothing is kept of one, so it is no resource with a place of its own: it is
//! answered once.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::Duration;
use domain::id::WorkspaceConnectorId;
use serde_json::Value;
use store::viewers;
use uuid::Uuid;

use crate::App;
use crate::api;
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
    name: "viewer_link",
    path: "/v1/viewer-links",
    attributes: &["url", "expires_at", "expires_in_hours"],
    relationships: &[("workspace_connector", "workspace_connector")],
};

/// A week, unless it is said.
const HOURS: i64 = 168;

struct Wanted {
    hours: i64,
    connector: Option<String>,
}

pub(crate) async fn create(
    State(app): State<App>,
    Writer(tenant): Writer,
    _: Plain,
    Document(bytes): Document,
) -> Result<Response, Problem> {
    let wanted = wanted(&body::tree(&bytes)?)?;
    let connector = wanted.connector.as_deref().map(id).transpose()?;
    let now = app.now();
    let until = now + Duration::hours(wanted.hours);
    let token = match viewers::insert(app.store(), &tenant, connector, until, now).await {
        Err(store::Error::NotFound("workspace_connector")) => return Err(foreign()),
        token => token?,
    };
    let mut json = Json::with_capacity(1024);
    json.open().key("jsonapi").raw(media::JSONAPI_OBJECT);
    json.key("data").open().key("type").word(KIND.name).key("id").uuid(Uuid::new_v4());
    json.key("attributes").open().key("url").text(&app.viewer_url(&token));
    json.key("expires_at").time(until).key("expires_in_hours").value(&wanted.hours).close();
    json.key("relationships").open();
    document::to_one(
        &mut json,
        "workspace_connector",
        "workspace_connector",
        connector.map(|it| it.0),
    );
    json.close().close().close();
    Ok(document::answer(StatusCode::CREATED, json.into_bytes()))
}

fn id(given: &str) -> Result<WorkspaceConnectorId, Problem> {
    api::id(given, "workspace_connector").map_err(|_unknown| foreign())
}

/// Unknown, or another's: the same.
fn foreign() -> Problem {
    let pointer = "/data/relationships/workspace_connector/data/id";
    Problem::pointer(Code::NotFound, pointer, "is not a connector of this workspace")
}

fn wanted(document: &Value) -> Result<Wanted, Problem> {
    let mut faults = Faults::default();
    let incoming = input::data(document, &mut faults)
        .and_then(|it| input::resource(it, "/data", &KIND, Meant::New, &mut faults));
    let Some(Incoming { mut attributes, mut relationships, meta }) = incoming else {
        return faults.or(None);
    };
    attributes.immutable("url", &mut faults);
    attributes.immutable("expires_at", &mut faults);
    let longest = viewers::LONGEST.num_hours();
    let hours = attributes.optional("expires_in_hours", &mut faults, input::number(1, longest));
    let kind = "workspace_connector";
    let connector = relationships.linked(kind, kind, &mut faults).flatten().map(str::to_owned);
    attributes.finish(&mut faults);
    relationships.finish(&mut faults);
    meta.finish(&mut faults);
    faults.or(Some(Wanted { hours: hours.unwrap_or(HOURS), connector }))
}
