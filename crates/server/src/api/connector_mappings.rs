//! `/v1/connector-mappings`: how rows become records. Users read; admins pin, redraw and roll back.

use std::collections::HashMap;

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use domain::id::ConnectorMappingId;
use mapping::expression::ExpressionError;
use serde_json::Value;
use store::mappings::{self, Mapping, SlotPin, Whole};
use store::{Store, Tenant};

use crate::App;
use crate::api::{self, Named};
use crate::auth::{Admin, Reader};
use crate::jsonapi::body::{self, Document};
use crate::jsonapi::document::{self, Around, Kind};
use crate::jsonapi::json::Json;
use crate::jsonapi::media::TakesJsonApi;
use crate::jsonapi::params::{self, Does, Listing, Params, Plain};
use crate::problem::Problem;

mod input;
mod resource;

pub use input::{known_slot, slot_pin};
pub use resource::resource;

use resource::Shown;

pub(crate) static KIND: Kind = Kind {
    name: "connector_mapping",
    path: "/v1/connector-mappings",
    attributes: &[
        "connector_mapping_id",
        "target_model",
        "tool_name",
        "jsonata_expression",
        "plan",
        "tool_arguments",
        "pagination_plan",
        "needs_regeneration",
        "regeneration_reason",
        "generator",
        "version",
        "last_good_version",
        "is_live",
        "input_fingerprint",
        "output_schema_hash",
        "target_schema_hash",
        "governance_hash",
        "slot_pins",
        "slot_report",
        "jury",
        "stats",
        "sample",
        "created_at",
        "updated_at",
    ],
    relationships: &[
        ("workspace", "workspace"),
        ("workspace_connector", "workspace_connector"),
        ("versions", "connector_mapping"),
    ],
};

pub(crate) static LISTING: Listing = Listing { includes: &[], ..listing(Does::Pages) };
pub(crate) static SHOWING: Listing = listing(Does::Shows);

const fn listing(does: Does) -> Listing {
    Listing {
        kind: &KIND,
        fields: mappings::FIELDS,
        sorts: mappings::SORTS,
        newest_by: "created_at",
        is_searchable: true,
        includes: &["versions"],
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
    let slice = mappings::list(app.store(), &tenant, &list.params.query).await?;
    let pins = pins(app.store(), &tenant, slice.items.iter().map(|it| &it.0)).await?;
    Ok(list.page(&slice, |it| Shown::of(&tenant, it, &pins)))
}

/// With `include=versions`, every version of it, the newest first: what there is to compare.
pub(crate) async fn find(
    State(app): State<App>,
    Reader(tenant): Reader,
    _: TakesJsonApi,
    Named(id): Named,
    uri: Uri,
) -> Result<Response, Problem> {
    let params = params::read_one(&uri, &SHOWING)?;
    let found = mappings::find(app.store(), &tenant, parse(&id)?).await?;
    let pins = pins(app.store(), &tenant, [&found]).await?;
    let mut shown = Shown::of(&tenant, &found, &pins);
    if !params.includes("versions") {
        return Ok(document::answer(StatusCode::OK, document::one(&shown, &params, None)));
    }
    let Mapping { connector, model, tool, .. } = &found;
    let all = mappings::versions(app.store(), &tenant, *connector, *model, tool).await?;
    let mut included = Json::default();
    // The one that is asked for is the primary data, and is not said twice.
    for it in all.iter().filter(|it| it.id != found.id) {
        let other = Shown::of(&tenant, it, &pins);
        document::resource(&mut included, &other, params.fields(&KIND));
    }
    shown.versions = Some(all.iter().map(|it| it.id.0).collect());
    Ok(document::answer(StatusCode::OK, document::one(&shown, &params, Some(&included))))
}

/// A mapping written by hand: the live version from now on.
pub(crate) async fn create(
    State(app): State<App>,
    Admin(tenant): Admin,
    _: Plain,
    Document(bytes): Document,
) -> Result<Response, Problem> {
    let document = body::tree(&bytes)?;
    let verdict = judged(&app, &document).await?;
    let new = input::new(&document, &verdict)?;
    let made = mappings::save(app.store(), &tenant, new, app.now()).await;
    let made = made.map_err(input::refused)?;
    let pins = pins(app.store(), &tenant, [&made]).await?;
    let shown = Shown::of(&tenant, &made, &pins);
    Ok(document::created(&shown, document::one(&shown, &Params::default(), None)))
}

/// What is wrong with the expression, if there is one. It is looked at in a process that may die of
/// it, before the rest of the document, so that all faults can be told at once.
async fn judged(app: &App, document: &Value) -> Result<Result<(), ExpressionError>, Problem> {
    let Some(expression) = input::expression_in(document) else { return Ok(Ok(())) };
    match app.settings().sandbox.judge(expression).await {
        Ok(()) => Ok(Ok(())),
        Err(sandbox::Error::Expression(why)) => Ok(Err(why)),
        Err(error @ sandbox::Error::Unavailable { .. }) => Err(Problem::internal(error)),
    }
}

pub(crate) async fn update(
    State(app): State<App>,
    Admin(tenant): Admin,
    _: Plain,
    Named(id): Named,
    Document(bytes): Document,
) -> Result<Response, Problem> {
    let mapping = mappings::find(app.store(), &tenant, parse(&id)?).await?;
    let patch = input::patch(&body::tree(&bytes)?, &id, mapping.model)?;
    let changed = mappings::update(app.store(), &tenant, mapping.id, &patch, app.now()).await?;
    let pins = pins(app.store(), &tenant, [&changed]).await?;
    let shown = Shown::of(&tenant, &changed, &pins);
    let document = document::one(&shown, &Params::default(), None);
    Ok(document::answer(StatusCode::OK, document))
}

/// Without the live version, the next run draws anew.
pub(crate) async fn delete(
    State(app): State<App>,
    Admin(tenant): Admin,
    _: Plain,
    Named(id): Named,
) -> Result<Response, Problem> {
    mappings::delete(app.store(), &tenant, parse(&id)?, app.now()).await?;
    Ok(document::nothing())
}

/// The pins of all these mappings, in one query.
pub(crate) async fn pins<'a>(
    store: &Store,
    tenant: &Tenant,
    of: impl IntoIterator<Item = &'a Mapping>,
) -> Result<HashMap<Whole, Vec<SlotPin>>, Problem> {
    let mut connectors: Vec<_> = of.into_iter().map(|it| it.connector).collect();
    connectors.sort();
    connectors.dedup();
    Ok(mappings::slot_pins_of(store, tenant, &connectors).await?)
}

fn parse(id: &str) -> Result<ConnectorMappingId, Problem> {
    api::id(id, "connector_mapping")
}
