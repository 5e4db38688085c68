//! `/v1/workspace-connectors`: installations, and starting their runs.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::Response;
use domain::connector::InstallationStatus;
use domain::id::WorkspaceConnectorId;
use domain::run::TriggerType;
use serde_json::Value;
use store::sync_logs::{Next, SyncLog};
use store::workspace_connectors::{self, New, WorkspaceConnector};
use store::{Tenant, sync_logs};

use crate::App;
use crate::api::{self, Named};
use crate::auth::{Admin, Reader, Writer};
use crate::code::Code;
use crate::jsonapi::body::{self, Document};
use crate::jsonapi::document::{self, Around, Fields, Id, Kind, Resource};
use crate::jsonapi::json::Json;
use crate::jsonapi::media::TakesJsonApi;
use crate::jsonapi::params::{self, Does, Listing, Params, Plain};
use crate::problem::Problem;

mod input;

pub(crate) static KIND: Kind = Kind {
    name: "workspace_connector",
    path: "/v1/workspace-connectors",
    attributes: &[
        "workspace_connector_id",
        "name",
        "status",
        "config",
        "installed_capabilities",
        "schedule",
        "supported_target_models",
        "last_success_at",
        "created_at",
        "updated_at",
    ],
    relationships: &[("workspace", "workspace"), ("connector", "connector")],
};

pub(crate) static LISTING: Listing = listing(Does::Pages);
pub(crate) static SHOWING: Listing = listing(Does::Shows);

const fn listing(does: Does) -> Listing {
    Listing {
        kind: &KIND,
        fields: workspace_connectors::FIELDS,
        sorts: workspace_connectors::SORTS,
        newest_by: "created_at",
        is_searchable: true,
        includes: &[],
        does,
    }
}

impl Resource for WorkspaceConnector {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn id(&self) -> Id<'_> {
        Id::Uuid(self.workspace_connector_id.0)
    }

    fn attributes(&self, json: &mut Json, fields: &Fields) {
        if fields.has("workspace_connector_id") {
            json.key("workspace_connector_id").uuid(self.workspace_connector_id.0);
        }
        if fields.has("name") {
            json.key("name").text(&self.name);
        }
        if fields.has("status") {
            json.key("status").word(self.status.as_str());
        }
        if fields.has("config") {
            // What it is reached by, and which secrets are set: never the secrets.
            json.key("config").open().key("address").text(&self.address);
            json.key("secrets_set").value(&self.secrets_set).close();
        }
        if fields.has("installed_capabilities") {
            json.key("installed_capabilities").value(&self.installed_capabilities);
        }
        if fields.has("schedule") {
            let minutes = self.schedule_minutes.map(u64::from);
            json.key("schedule").open().key("interval_minutes").number_or_null(minutes);
            json.key("paused").flag(self.paused).close();
        }
        if fields.has("supported_target_models") {
            json.key("supported_target_models").value(&self.supported_target_models);
        }
        if fields.has("last_success_at") {
            json.key("last_success_at").time_or_null(self.last_success_at);
        }
        if fields.has("created_at") {
            json.key("created_at").time(self.created_at);
        }
        if fields.has("updated_at") {
            json.key("updated_at").time(self.updated_at);
        }
    }

    fn relationships(&self, json: &mut Json, fields: &Fields) {
        if fields.has("workspace") {
            document::to_one(json, "workspace", "workspace", Some(self.workspace.0));
        }
        if fields.has("connector") {
            document::to_one(json, "connector", "connector", Some(self.connector.0));
        }
    }
}

/// The resource object of an installation, as every door shows it.
pub fn resource(it: &WorkspaceConnector) -> Value {
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
    let slice = workspace_connectors::list(app.store(), &tenant, &list.params.query).await?;
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
    let found = workspace_connectors::find(app.store(), &tenant, parse(&id)?).await?;
    Ok(document::answer(StatusCode::OK, document::one(&found, &params, None)))
}

pub(crate) async fn create(
    State(app): State<App>,
    Writer(tenant): Writer,
    _: Plain,
    Document(bytes): Document,
) -> Result<Response, Problem> {
    let given = input::new(&body::tree(&bytes)?, app.settings().allows_stdio)?;
    own(&app, &tenant, given.workspace.as_deref()).await?;
    let now = app.now();
    let first_run_at = app.settings().initial_after.map(|after| now + after);
    let new = New { first_run_at, ..given.new };
    let made = workspace_connectors::insert(app.store(), &tenant, new, now).await;
    let made = made.map_err(refused)?;
    Ok(document::created(&made, document::one(&made, &Params::default(), None)))
}

async fn own(app: &App, tenant: &Tenant, workspace: Option<&str>) -> Result<(), Problem> {
    let Some(named) = workspace else { return Ok(()) };
    api::workspaces::named(app, tenant, named).await.map(drop).map_err(|_foreign| {
        let pointer = "/data/relationships/workspace/data/id";
        Problem::pointer(Code::NotFound, pointer, "is not the workspace of this key")
    })
}

pub(crate) async fn update(
    State(app): State<App>,
    Admin(tenant): Admin,
    _: Plain,
    Named(id): Named,
    Document(bytes): Document,
) -> Result<Response, Problem> {
    let connector = parse(&id)?;
    let patch = input::patch(&body::tree(&bytes)?, &id, app.settings().allows_stdio)?;
    let store = app.store();
    let is_enabled = patch.status == Some(InstallationStatus::Enabled);
    let changed = workspace_connectors::update(store, &tenant, connector, patch, app.now()).await;
    let changed = changed.map_err(refused)?;
    if is_enabled {
        ask_for_first_run(&app, &tenant, &changed).await?;
    }
    let document = document::one(&changed, &Params::default(), None);
    Ok(document::answer(StatusCode::OK, document))
}

pub(crate) async fn delete(
    State(app): State<App>,
    Admin(tenant): Admin,
    _: Plain,
    Named(id): Named,
) -> Result<Response, Problem> {
    workspace_connectors::delete(app.store(), &tenant, parse(&id)?, app.now()).await?;
    Ok(document::nothing())
}

/// An installation that has never been synced is, soon after it may be: whoever is still setting it
/// up has a moment for it, and whoever asks for a run themselves has theirs.
async fn ask_for_first_run(
    app: &App,
    tenant: &Tenant,
    made: &WorkspaceConnector,
) -> Result<(), Problem> {
    let Some(after) = app.settings().initial_after else { return Ok(()) };
    if made.last_success_at.is_none() {
        let at = app.now() + after;
        let first = Next::first(TriggerType::Initial);
        let id = made.workspace_connector_id;
        sync_logs::schedule_later(app.store(), tenant, id, &first, at).await?;
    }
    Ok(())
}

/// 202 with the run that was scheduled, or 409 with the reason why not.
pub(crate) async fn sync(
    State(app): State<App>,
    Writer(tenant): Writer,
    _: Plain,
    Named(id): Named,
    body: Body,
) -> Result<Response, Problem> {
    body::expect_empty(body).await?;
    let run = schedule(&app, &tenant, parse(&id)?).await?;
    let shown = api::sync_logs::Shown { log: &run, ledger: None };
    let document = document::one(&shown, &Params::default(), None);
    let mut response = document::answer(StatusCode::ACCEPTED, document);
    let place = format!("{}/{}", api::sync_logs::KIND.path, run.sync_log_id);
    if let Ok(place) = HeaderValue::from_str(&place) {
        response.headers_mut().insert(header::CONTENT_LOCATION, place);
    }
    Ok(response)
}

/// A run that was asked for over the API; a worker claims it.
pub(crate) async fn schedule(
    app: &App,
    tenant: &Tenant,
    connector: WorkspaceConnectorId,
) -> Result<SyncLog, Problem> {
    let gap = app.settings().min_gap;
    let run = sync_logs::schedule(app.store(), tenant, connector, TriggerType::Api, gap, app.now());
    let run = run.await?.map_err(Problem::refused)?;
    app.syncs().start(tenant.clone(), run.sync_log_id);
    Ok(run)
}

fn parse(id: &str) -> Result<WorkspaceConnectorId, Problem> {
    api::id(id, "workspace_connector")
}

fn refused(error: store::Error) -> Problem {
    match error {
        store::Error::Invalid { refusal, .. } if refusal.attribute == "connector" => {
            let pointer = "/data/relationships/connector/data/id";
            Problem::pointer(Code::NotFound, pointer, format!("`connector` {}", refusal.detail))
        }
        store::Error::Invalid { refusal, .. } if refusal.attribute == "schedule_minutes" => {
            let pointer = "/data/attributes/schedule/interval_minutes";
            Problem::pointer(Code::InvalidMember, pointer, refusal.detail)
        }
        other @ (store::Error::NotFound(_)
        | store::Error::Conflict { .. }
        | store::Error::Invalid { .. }
        | store::Error::Busy(_)
        | store::Error::NotMigrated { .. }
        | store::Error::Sealed(_)
        | store::Error::Database { .. }) => other.into(),
    }
}
