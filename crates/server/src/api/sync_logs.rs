//! `/v1/workspace-connector-sync-logs`: runs, with their ledgers when asked.

use std::collections::HashMap;

use axum::body::Body;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use domain::id::SyncLogId;
use domain::run::LedgerLine;
use serde_json::Value;
use store::Tenant;
use store::sync_logs::{self, SyncLog};

use crate::App;
use crate::api::{self, Named};
use crate::auth::{Reader, Writer};
use crate::jsonapi::body;
use crate::jsonapi::document::{self, Around, Fields, Id, Kind, Resource};
use crate::jsonapi::json::Json;
use crate::jsonapi::media::TakesJsonApi;
use crate::jsonapi::params::{self, Does, Listing, Params, Plain};
use crate::problem::Problem;

pub(crate) static KIND: Kind = Kind {
    name: "workspace_connector_sync_log",
    path: "/v1/workspace-connector-sync-logs",
    attributes: &[
        "sync_log_id",
        "status",
        "trigger_type",
        "started_at",
        "completed_at",
        "duration_ms",
        "error",
        "metadata",
        "created_at",
        "updated_at",
    ],
    relationships: &[("workspace_connector", "workspace_connector")],
};

pub(crate) static LISTING: Listing = listing(Does::Pages);
pub(crate) static SHOWING: Listing = listing(Does::Shows);

const fn listing(does: Does) -> Listing {
    Listing {
        kind: &KIND,
        fields: sync_logs::FIELDS,
        sorts: sync_logs::SORTS,
        newest_by: "created_at",
        is_searchable: true,
        includes: &["ledger"],
        does,
    }
}

/// A run, with its ledger in `meta` when that was asked for: its lines are no resources, since
/// nothing else refers to them.
#[derive(Debug)]
pub(crate) struct Shown<'a> {
    pub(crate) log: &'a SyncLog,
    pub(crate) ledger: Option<&'a [LedgerLine]>,
}

impl Resource for Shown<'_> {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn id(&self) -> Id<'_> {
        Id::Uuid(self.log.sync_log_id.0)
    }

    fn attributes(&self, json: &mut Json, fields: &Fields) {
        let log = self.log;
        if fields.has("sync_log_id") {
            json.key("sync_log_id").uuid(log.sync_log_id.0);
        }
        if fields.has("status") {
            json.key("status").word(log.status.as_str());
        }
        if fields.has("trigger_type") {
            json.key("trigger_type").word(log.trigger.as_str());
        }
        if fields.has("started_at") {
            json.key("started_at").time_or_null(log.started_at);
        }
        if fields.has("completed_at") {
            json.key("completed_at").time_or_null(log.completed_at);
        }
        if fields.has("duration_ms") {
            json.key("duration_ms").number_or_null(log.duration_ms);
        }
        if fields.has("error") {
            json.key("error").text_or_null(log.error.as_deref());
        }
        if fields.has("metadata") {
            json.key("metadata").value(&log.metadata);
        }
        if fields.has("created_at") {
            json.key("created_at").time(log.created_at);
        }
        if fields.has("updated_at") {
            json.key("updated_at").time(log.updated_at);
        }
    }

    fn relationships(&self, json: &mut Json, fields: &Fields) {
        if fields.has("workspace_connector") {
            let to = Some(self.log.workspace_connector.0);
            document::to_one(json, "workspace_connector", "workspace_connector", to);
        }
    }

    fn meta(&self, json: &mut Json) {
        if let Some(ledger) = self.ledger {
            json.key("ledger").value(&ledger);
        }
    }
}

/// The resource object of a run, as every door shows it.
pub fn resource(log: &SyncLog) -> Value {
    let mut json = Json::with_capacity(1024);
    let ledger = (!log.ledger.is_empty()).then_some(log.ledger.as_slice());
    document::resource(&mut json, &Shown { log, ledger }, &Fields::All);
    serde_json::from_slice(&json.into_bytes()).unwrap_or_default()
}

pub(crate) async fn list(
    State(app): State<App>,
    Reader(tenant): Reader,
    _: TakesJsonApi,
    uri: Uri,
) -> Result<Response, Problem> {
    let workspace = Some(tenant.workspace());
    let list = Around::read(&uri, &LISTING, app.cursors(), workspace)?;
    let slice = sync_logs::list(app.store(), &tenant, &list.params.query).await?;
    let ids: Vec<_> = slice.items.iter().map(|it| it.0.sync_log_id).collect();
    let ledgers = ledgers(&app, &tenant, &list.params, &ids).await?;
    Ok(list.page(&slice, |log| shown(log, ledgers.as_ref())))
}

pub(crate) async fn find(
    State(app): State<App>,
    Reader(tenant): Reader,
    _: TakesJsonApi,
    Named(id): Named,
    uri: Uri,
) -> Result<Response, Problem> {
    let params = params::read_one(&uri, &SHOWING)?;
    let log = sync_logs::find(app.store(), &tenant, parse(&id)?).await?;
    let ledgers = ledgers(&app, &tenant, &params, &[log.sync_log_id]).await?;
    let document = document::one(&shown(&log, ledgers.as_ref()), &params, None);
    Ok(document::answer(StatusCode::OK, document))
}

/// Asks a run to stop.
pub(crate) async fn cancel(
    State(app): State<App>,
    Writer(tenant): Writer,
    _: Plain,
    Named(id): Named,
    body: Body,
) -> Result<Response, Problem> {
    body::expect_empty(body).await?;
    let log = sync_logs::cancel(app.store(), &tenant, parse(&id)?, app.now()).await?;
    let document = document::one(&shown(&log, None), &Params::default(), None);
    Ok(document::answer(StatusCode::ACCEPTED, document))
}

type Ledgers = HashMap<SyncLogId, Vec<LedgerLine>>;

/// The ledgers of all these runs in one query, if they were asked for.
async fn ledgers(
    app: &App,
    tenant: &Tenant,
    params: &Params,
    runs: &[SyncLogId],
) -> Result<Option<Ledgers>, Problem> {
    if !params.includes("ledger") {
        return Ok(None);
    }
    let ledgers = sync_logs::ledgers(app.store(), tenant, runs).await?;
    Ok(Some(ledgers.into_iter().collect()))
}

fn shown<'a>(log: &'a SyncLog, ledgers: Option<&'a Ledgers>) -> Shown<'a> {
    let ledger = ledgers.map(|it| it.get(&log.sync_log_id).map_or(&[][..], Vec::as_slice));
    Shown { log, ledger }
}

fn parse(id: &str) -> Result<SyncLogId, Problem> {
    api::id(id, "sync_log")
}
