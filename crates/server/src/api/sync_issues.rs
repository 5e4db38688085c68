//! `/v1/sync-issues`: rows with one fingerprint. Users read; who may record may also mute, resolve,
//! reopen and note.

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use domain::id::SyncIssueId;
use store::issues::{self, Issue};
use store::{Store, Tenant};

use crate::App;
use crate::api::{self, Named};
use crate::auth::{Reader, Writer};
use crate::jsonapi::body::{self, Document};
use crate::jsonapi::document::{self, Around, Kind};
use crate::jsonapi::media::TakesJsonApi;
use crate::jsonapi::params::{self, Does, Listing, Params, Plain};
use crate::problem::Problem;

mod input;
mod resource;

pub use resource::{Story, resource, resource_in_full};

use resource::Shown;

pub(crate) static KIND: Kind = Kind {
    name: "sync_issue",
    path: "/v1/sync-issues",
    attributes: &[
        "sync_issue_id",
        "fingerprint",
        "state",
        "target_model",
        "tool_name",
        "reason",
        "class",
        "impact",
        "stage",
        "subject",
        "note",
        "first_seen_at",
        "last_seen_at",
        "count",
        "affected_records",
        "not_stored",
        "not_stored_since",
        "mapping_version",
        "muted_until",
        "muted_until_count",
        "resolved_at",
        "resolved_version",
        "changed_at",
        "created_at",
        "updated_at",
    ],
    relationships: &[
        ("workspace", "workspace"),
        ("workspace_connector", "workspace_connector"),
        ("opened_run", "workspace_connector_sync_log"),
        ("last_run", "workspace_connector_sync_log"),
        ("resolved_run", "workspace_connector_sync_log"),
    ],
};

pub(crate) static LISTING: Listing = listing(Does::Pages);
pub(crate) static SHOWING: Listing = listing(Does::Shows);

const fn listing(does: Does) -> Listing {
    Listing {
        kind: &KIND,
        fields: issues::FIELDS,
        sorts: issues::SORTS,
        newest_by: "last_seen_at",
        is_searchable: true,
        includes: &[],
        does,
    }
}

pub(crate) async fn list(
    State(app): State<App>,
    Reader(tenant): Reader,
    _: TakesJsonApi,
    uri: Uri,
) -> Result<Response, Problem> {
    let workspace = Some(tenant.workspace());
    let list = Around::read(&uri, &LISTING, app.cursors(), workspace)?;
    let slice = issues::list(app.store(), &tenant, &list.params.query).await?;
    Ok(list.page(&slice, |it| Shown::of(&tenant, it)))
}

/// With its history, its days, and how far it reaches, in `meta`.
pub(crate) async fn find(
    State(app): State<App>,
    Reader(tenant): Reader,
    _: TakesJsonApi,
    Named(id): Named,
    uri: Uri,
) -> Result<Response, Problem> {
    let params = params::read_one(&uri, &SHOWING)?;
    let found = issues::find(app.store(), &tenant, parse(&id)?).await?;
    let story = told(app.store(), &tenant, &found, app.now()).await?;
    let shown = Shown::in_full(&tenant, &found, &story);
    Ok(document::answer(StatusCode::OK, document::one(&shown, &params, None)))
}

pub(crate) async fn update(
    State(app): State<App>,
    Writer(tenant): Writer,
    _: Plain,
    Named(id): Named,
    Document(bytes): Document,
) -> Result<Response, Problem> {
    let known = parse(&id)?;
    // A foreign id is unknown before anything is said of the document.
    issues::find(app.store(), &tenant, known).await?;
    let patch = input::patch(&body::tree(&bytes)?, &id)?;
    let changed = issues::update(app.store(), &tenant, known, &patch, app.now()).await;
    let changed = changed.map_err(input::refused)?;
    let story = told(app.store(), &tenant, &changed, app.now()).await?;
    let shown = Shown::in_full(&tenant, &changed, &story);
    let document = document::one(&shown, &Params::default(), None);
    Ok(document::answer(StatusCode::OK, document))
}

async fn told(
    store: &Store,
    tenant: &Tenant,
    issue: &Issue,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<Story, store::Error> {
    Ok(Story {
        transitions: issues::transitions(store, tenant, issue).await?,
        trend: issues::trend(store, tenant, issue, now).await?,
        radius: issues::blast_radius(store, tenant, issue).await?,
    })
}

fn parse(id: &str) -> Result<SyncIssueId, Problem> {
    api::id(id, "sync_issue")
}
