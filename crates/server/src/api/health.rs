//! `GET /v1/workspace-connectors/{id}/health`: how an installation does, and each of its targets.

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use domain::health::Health;
use domain::id::WorkspaceConnectorId;
use serde_json::Value;
use store::health;

use crate::App;
use crate::api::{self, Named};
use crate::auth::Reader;
use crate::jsonapi::document::{self, Fields, Id, Kind, Resource};
use crate::jsonapi::json::Json;
use crate::jsonapi::media::TakesJsonApi;
use crate::jsonapi::params::{self, Does, Listing};
use crate::problem::Problem;

pub(crate) static KIND: Kind = Kind {
    name: "health",
    path: "/v1/workspace-connectors",
    attributes: &["state", "since", "fresh_until", "reasons", "advice", "targets"],
    relationships: &[("workspace_connector", "workspace_connector")],
};

pub(crate) static SHOWING: Listing = Listing {
    kind: &KIND,
    fields: &[],
    sorts: &[],
    newest_by: "since",
    is_searchable: false,
    includes: &[],
    does: Does::Shows,
};

/// The health of an installation has the id of the installation.
#[derive(Debug)]
struct Shown {
    of: WorkspaceConnectorId,
    health: Health,
}

impl Resource for Shown {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn id(&self) -> Id<'_> {
        Id::Uuid(self.of.0)
    }

    fn part(&self) -> &'static str {
        "/health"
    }

    fn attributes(&self, json: &mut Json, fields: &Fields) {
        let it = &self.health;
        if fields.has("state") {
            json.key("state").word(it.state.as_str());
        }
        if fields.has("since") {
            json.key("since").time_or_null(it.since);
        }
        if fields.has("fresh_until") {
            json.key("fresh_until").time_or_null(it.fresh_until);
        }
        if fields.has("reasons") {
            json.key("reasons").value(&it.reasons);
        }
        if fields.has("advice") {
            json.key("advice").text(&it.advice);
        }
        if fields.has("targets") {
            json.key("targets").open_list();
            for target in &it.targets {
                json.open().key("target_model").word(target.target_model.as_str());
                json.key("state").word(target.state.as_str());
                json.key("since").time_or_null(target.since);
                json.key("fresh_until").time_or_null(target.fresh_until);
                json.key("reasons").value(&target.reasons);
                json.key("advice").text(&target.advice).close();
            }
            json.close_list();
        }
    }

    fn relationships(&self, json: &mut Json, fields: &Fields) {
        if fields.has("workspace_connector") {
            let to = Some(self.of.0);
            document::to_one(json, "workspace_connector", "workspace_connector", to);
        }
    }
}

/// The resource object of a connector's health, as every door shows it.
pub fn resource(of: WorkspaceConnectorId, health: Health) -> Value {
    document::value(&Shown { of, health })
}

pub(crate) async fn find(
    State(app): State<App>,
    Reader(tenant): Reader,
    _: TakesJsonApi,
    Named(id): Named,
    uri: Uri,
) -> Result<Response, Problem> {
    let params = params::read_one(&uri, &SHOWING)?;
    let of = api::id(&id, "workspace_connector")?;
    let health = health::find(app.store(), &tenant, of, app.now()).await?;
    let shown = Shown { of, health };
    Ok(document::answer(StatusCode::OK, document::one(&shown, &params, None)))
}
