//! `/v1/viewer-links`: short-lived links for somebody without a key, who may read how connectors do.
//! The link itself is told once, by the answer that makes it; what is kept can be seen and ended.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::Response;
use chrono::Duration;
use domain::id::{ViewerLinkId, WorkspaceConnectorId};
use serde_json::Value;
use store::viewers::{self, ViewerLink};

use crate::App;
use crate::api::{self, Named};
use crate::auth::Writer;
use crate::code::Code;
use crate::jsonapi::body::{self, Document};
use crate::jsonapi::document::{self, Around, Fields, Id, Kind, Resource};
use crate::jsonapi::input::{self, Faults, Incoming, Meant};
use crate::jsonapi::json::Json;
use crate::jsonapi::media::TakesJsonApi;
use crate::jsonapi::params::{self, Does, Listing, Params, Plain};
use crate::problem::Problem;

pub(crate) static KIND: Kind = Kind {
    name: "viewer_link",
    path: "/v1/viewer-links",
    attributes: &[
        "viewer_link_id",
        "url",
        "expires_at",
        "expires_in_hours",
        "is_active",
        "created_at",
        "updated_at",
    ],
    relationships: &[("workspace_connector", "workspace_connector"), ("api_key", "api_key")],
};

pub(crate) static LISTING: Listing = listing(Does::Pages);
pub(crate) static SHOWING: Listing = listing(Does::Shows);

const fn listing(does: Does) -> Listing {
    Listing {
        kind: &KIND,
        fields: viewers::FIELDS,
        sorts: viewers::SORTS,
        newest_by: "created_at",
        is_searchable: false,
        includes: &[],
        does,
    }
}

/// A week, unless it is said.
const HOURS: i64 = 168;

/// A link, and its address and how long it lasts when it was just made.
struct Shown<'a> {
    link: &'a ViewerLink,
    made: Option<(&'a str, i64)>,
}

impl Resource for Shown<'_> {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn id(&self) -> Id<'_> {
        Id::Uuid(self.link.id.0)
    }

    fn attributes(&self, json: &mut Json, fields: &Fields) {
        let it = self.link;
        if fields.has("viewer_link_id") {
            json.key("viewer_link_id").uuid(it.id.0);
        }
        if let Some((url, hours)) = self.made {
            json.key("url").text(url).key("expires_in_hours").value(&hours);
        }
        if fields.has("is_active") {
            json.key("is_active").flag(it.is_active);
        }
        for (name, time) in [
            ("expires_at", it.expires_at),
            ("created_at", it.created_at),
            ("updated_at", it.updated_at),
        ] {
            if fields.has(name) {
                json.key(name).time(time);
            }
        }
    }

    fn relationships(&self, json: &mut Json, fields: &Fields) {
        if fields.has("workspace_connector") {
            let to = self.link.connector.map(|it| it.0);
            document::to_one(json, "workspace_connector", "workspace_connector", to);
        }
        if fields.has("api_key") {
            document::to_one(json, "api_key", "api_key", Some(self.link.key.0));
        }
    }
}

pub(crate) async fn list(
    State(app): State<App>,
    Writer(tenant): Writer,
    _: TakesJsonApi,
    uri: Uri,
) -> Result<Response, Problem> {
    let workspace = Some(tenant.workspace());
    let list = Around::read(&uri, &LISTING, app.cursors(), workspace)?;
    let slice = viewers::list(app.store(), &tenant, &list.params.query, app.now()).await?;
    Ok(list.page(&slice, |link| Shown { link, made: None }))
}

pub(crate) async fn find(
    State(app): State<App>,
    Writer(tenant): Writer,
    _: TakesJsonApi,
    Named(id): Named,
    uri: Uri,
) -> Result<Response, Problem> {
    let params = params::read_one(&uri, &SHOWING)?;
    let link = viewers::find(app.store(), &tenant, parse(&id)?, app.now()).await?;
    let shown = Shown { link: &link, made: None };
    Ok(document::answer(StatusCode::OK, document::one(&shown, &params, None)))
}

struct Wanted {
    hours: i64,
    connector: Option<String>,
}

/// With its address, which is not shown again.
pub(crate) async fn create(
    State(app): State<App>,
    Writer(tenant): Writer,
    _: Plain,
    Document(bytes): Document,
) -> Result<Response, Problem> {
    let wanted = wanted(&body::tree(&bytes)?)?;
    let connector = wanted.connector.as_deref().map(connector).transpose()?;
    let now = app.now();
    let until = now + Duration::hours(wanted.hours);
    let (link, token) = match viewers::insert(app.store(), &tenant, connector, until, now).await {
        Err(store::Error::NotFound("workspace_connector")) => return Err(foreign()),
        made => made?,
    };
    let url = app.viewer_url(&token);
    let shown = Shown { link: &link, made: Some((&url, wanted.hours)) };
    let mut made = document::created(&shown, document::one(&shown, &Params::default(), None));
    // No cache keeps what opens something.
    made.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(made)
}

/// Whoever has it open reads nothing more.
pub(crate) async fn delete(
    State(app): State<App>,
    Writer(tenant): Writer,
    _: Plain,
    Named(id): Named,
) -> Result<Response, Problem> {
    viewers::delete(app.store(), &tenant, parse(&id)?, app.now()).await?;
    Ok(document::nothing())
}

fn parse(id: &str) -> Result<ViewerLinkId, Problem> {
    api::id(id, "viewer_link")
}

fn connector(given: &str) -> Result<WorkspaceConnectorId, Problem> {
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
    for name in ["viewer_link_id", "url", "expires_at", "is_active", "created_at", "updated_at"] {
        attributes.immutable(name, &mut faults);
    }
    relationships.immutable("api_key", &mut faults);
    let longest = viewers::LONGEST.num_hours();
    let hours = attributes.optional("expires_in_hours", &mut faults, input::number(1, longest));
    let kind = "workspace_connector";
    let connector = relationships.linked(kind, kind, &mut faults).flatten().map(str::to_owned);
    attributes.finish(&mut faults);
    relationships.finish(&mut faults);
    meta.finish(&mut faults);
    faults.or(Some(Wanted { hours: hours.unwrap_or(HOURS), connector }))
}
