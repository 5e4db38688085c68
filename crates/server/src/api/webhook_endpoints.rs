//! `/v1/webhook-endpoints`: who is told of what, and what is sent to them once more.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::Response;
use domain::connector::Secret;
use domain::id::{WebhookEndpointId, WorkspaceId};
use serde_json::Value;
use store::Tenant;
use store::webhooks::{self, Endpoint};

use crate::App;
use crate::api::{self, Named};
use crate::auth::Admin;
use crate::jsonapi::body::{self, Document};
use crate::jsonapi::document::{self, Around, Fields, Id, Kind, Resource};
use crate::jsonapi::json::Json;
use crate::jsonapi::media::{self, TakesJsonApi};
use crate::jsonapi::params::{self, Does, Listing, Params, Plain};
use crate::problem::Problem;

mod input;

pub(crate) static KIND: Kind = Kind {
    name: "webhook_endpoint",
    path: "/v1/webhook-endpoints",
    attributes: &[
        "webhook_endpoint_id",
        "url",
        "description",
        "event_types",
        "status",
        "disabled_reason",
        "failing_since",
        "old_secret_until",
        "created_at",
        "updated_at",
    ],
    relationships: &[("workspace", "workspace"), ("workspace_connector", "workspace_connector")],
};

/// For the form of what comes in and goes out; there is no collection.
pub(crate) static REPLAY: Kind = Kind {
    name: "webhook_replay",
    path: "/v1/webhook-endpoints/{id}/replay",
    attributes: &["since", "webhook_delivery_id", "deliveries"],
    relationships: &[],
};

pub(crate) static LISTING: Listing = listing(Does::Pages);
pub(crate) static SHOWING: Listing = listing(Does::Shows);

const fn listing(does: Does) -> Listing {
    Listing {
        kind: &KIND,
        fields: webhooks::FIELDS,
        sorts: webhooks::SORTS,
        newest_by: "created_at",
        is_searchable: false,
        includes: &[],
        does,
    }
}

/// An endpoint, and its secret when it was just made.
struct Shown<'a> {
    endpoint: &'a Endpoint,
    workspace: WorkspaceId,
    secret: Option<&'a Secret>,
}

/// The resource object of an endpoint, as every door shows it.
pub fn resource(tenant: &Tenant, endpoint: &Endpoint) -> Value {
    document::value(&Shown { endpoint, workspace: tenant.workspace(), secret: None })
}

/// With its secret in `meta`: only when it was just made.
pub fn resource_with(tenant: &Tenant, endpoint: &Endpoint, secret: &Secret) -> Value {
    document::value(&Shown { endpoint, workspace: tenant.workspace(), secret: Some(secret) })
}

impl Resource for Shown<'_> {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn id(&self) -> Id<'_> {
        Id::Uuid(self.endpoint.id.0)
    }

    fn attributes(&self, json: &mut Json, fields: &Fields) {
        let it = self.endpoint;
        if fields.has("webhook_endpoint_id") {
            json.key("webhook_endpoint_id").uuid(it.id.0);
        }
        if fields.has("url") {
            json.key("url").text(&it.url);
        }
        if fields.has("description") {
            json.key("description").text_or_null(it.description.as_deref());
        }
        if fields.has("event_types") {
            json.key("event_types").value(&it.events);
        }
        if fields.has("status") {
            json.key("status").word(it.status.as_str());
        }
        if fields.has("disabled_reason") {
            json.key("disabled_reason").text_or_null(it.disabled_reason.as_deref());
        }
        for (name, time) in
            [("failing_since", it.failing_since), ("old_secret_until", it.old_secret_until)]
        {
            if fields.has(name) {
                json.key(name).time_or_null(time);
            }
        }
        for (name, time) in [("created_at", it.created_at), ("updated_at", it.updated_at)] {
            if fields.has(name) {
                json.key(name).time(time);
            }
        }
    }

    fn relationships(&self, json: &mut Json, fields: &Fields) {
        if fields.has("workspace") {
            document::to_one(json, "workspace", "workspace", Some(self.workspace.0));
        }
        if fields.has("workspace_connector") {
            let to = self.endpoint.connector.map(|it| it.0);
            document::to_one(json, "workspace_connector", "workspace_connector", to);
        }
    }

    fn meta(&self, json: &mut Json) {
        if let Some(secret) = self.secret {
            json.key("secret").text(secret.expose());
        }
    }
}

pub(crate) async fn list(
    State(app): State<App>,
    Admin(tenant): Admin,
    _: TakesJsonApi,
    uri: Uri,
) -> Result<Response, Problem> {
    let workspace = Some(tenant.workspace());
    let list = Around::read(&uri, &LISTING, app.cursors(), workspace)?;
    let slice = webhooks::list(app.store(), &tenant, &list.params.query).await?;
    let workspace = tenant.workspace();
    Ok(list.page(&slice, |endpoint| Shown { endpoint, workspace, secret: None }))
}

pub(crate) async fn find(
    State(app): State<App>,
    Admin(tenant): Admin,
    _: TakesJsonApi,
    Named(id): Named,
    uri: Uri,
) -> Result<Response, Problem> {
    let params = params::read_one(&uri, &SHOWING)?;
    let found = webhooks::find(app.store(), &tenant, parse(&id)?).await?;
    let shown = Shown { endpoint: &found, workspace: tenant.workspace(), secret: None };
    Ok(document::answer(StatusCode::OK, document::one(&shown, &params, None)))
}

/// With its secret, which is not shown again.
pub(crate) async fn create(
    State(app): State<App>,
    Admin(tenant): Admin,
    _: Plain,
    Document(bytes): Document,
) -> Result<Response, Problem> {
    let new = input::new(&body::tree(&bytes)?)?;
    let made = webhooks::insert(app.store(), &tenant, new, app.now()).await;
    let (endpoint, secret) = made.map_err(input::refused)?;
    let shown = Shown { endpoint: &endpoint, workspace: tenant.workspace(), secret: Some(&secret) };
    let document = document::one(&shown, &Params::default(), None);
    Ok(unstored(document::created(&shown, document)))
}

pub(crate) async fn update(
    State(app): State<App>,
    Admin(tenant): Admin,
    _: Plain,
    Named(id): Named,
    Document(bytes): Document,
) -> Result<Response, Problem> {
    let known = parse(&id)?;
    webhooks::find(app.store(), &tenant, known).await?;
    let patch = input::patch(&body::tree(&bytes)?, &id)?;
    let (endpoint, secret) =
        webhooks::update(app.store(), &tenant, known, patch, app.now()).await?;
    let shown =
        Shown { endpoint: &endpoint, workspace: tenant.workspace(), secret: secret.as_ref() };
    let document = document::one(&shown, &Params::default(), None);
    Ok(unstored(document::answer(StatusCode::OK, document)))
}

pub(crate) async fn delete(
    State(app): State<App>,
    Admin(tenant): Admin,
    _: Plain,
    Named(id): Named,
) -> Result<Response, Problem> {
    webhooks::delete(app.store(), &tenant, parse(&id)?).await?;
    Ok(document::nothing())
}

/// Puts an event of its own into the outbox.
pub(crate) async fn test(
    State(app): State<App>,
    Admin(tenant): Admin,
    _: Plain,
    Named(id): Named,
) -> Result<Response, Problem> {
    webhooks::test(app.store(), &tenant, parse(&id)?, app.now()).await?;
    Ok(document::nothing())
}

/// Events go out once more, under their ids and in their order.
pub(crate) async fn replay(
    State(app): State<App>,
    Admin(tenant): Admin,
    _: Plain,
    Named(id): Named,
    Document(bytes): Document,
) -> Result<Response, Problem> {
    let known = parse(&id)?;
    webhooks::find(app.store(), &tenant, known).await?;
    let what = input::replay(&body::tree(&bytes)?)?;
    let replayed = webhooks::replay(app.store(), &tenant, known, what, app.now()).await;
    let replayed = replayed.map_err(input::unknown_delivery)?;
    let mut json = Json::with_capacity(512);
    json.open().key("jsonapi").raw(media::JSONAPI_OBJECT);
    json.key("data").open().key("type").word(REPLAY.name).key("id").uuid(uuid::Uuid::new_v4());
    json.key("attributes").open().key("deliveries").number(replayed).close().close().close();
    Ok(document::answer(StatusCode::CREATED, json.into_bytes()))
}

/// No cache keeps a secret.
fn unstored(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn parse(id: &str) -> Result<WebhookEndpointId, Problem> {
    api::id(id, "webhook_endpoint")
}
