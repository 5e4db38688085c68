//! `/v1/companies` and its eleven sisters: the records of the target models, read only. One module
//! for all of them, driven by their schemas.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use domain::TargetModel;
use store::Tenant;
use store::records::{self, Record};

use crate::App;
use crate::api::{self, Named, included};
use crate::auth::Reader;
use crate::jsonapi::document::{self, Around, Fields, Id, Kind, Resource};
use crate::jsonapi::json::Json;
use crate::jsonapi::media::TakesJsonApi;
use crate::jsonapi::params::{self, Does, Listing, Params};
use crate::problem::Problem;

const RELATIONSHIPS: &[(&str, &str)] = &[
    ("workspace_connector", "workspace_connector"),
    ("first_seen_run", "workspace_connector_sync_log"),
    ("last_seen_run", "workspace_connector_sync_log"),
];

/// What every record has around the attributes of its model.
const BEFORE: &[&str] = &["record_id"];
const AFTER: &[&str] = &["tool_name", "created_at", "updated_at"];

static ATTRIBUTES: LazyLock<Vec<Vec<&'static str>>> = LazyLock::new(|| {
    let of = |model: &TargetModel| {
        let own = model.schema().attributes.iter().map(|it| it.name.as_str());
        BEFORE.iter().copied().chain(own).chain(AFTER.iter().copied()).collect()
    };
    TargetModel::ALL.iter().map(of).collect()
});

static KINDS: LazyLock<Vec<Kind>> = LazyLock::new(|| {
    let models = TargetModel::ALL.iter().zip(ATTRIBUTES.iter());
    let of = |(model, attributes): (&TargetModel, &'static Vec<&'static str>)| Kind {
        name: model.as_str(),
        path: path(*model),
        attributes,
        relationships: RELATIONSHIPS,
    };
    models.map(of).collect()
});

static LISTINGS: LazyLock<Vec<[Listing; 2]>> = LazyLock::new(|| {
    let models = TargetModel::ALL.iter().zip(KINDS.iter());
    let of = |(model, kind): (&TargetModel, &'static Kind)| {
        [Does::Pages, Does::Shows].map(|does| Listing {
            kind,
            fields: records::fields(*model),
            sorts: records::SORTS,
            newest_by: "created_at",
            is_searchable: true,
            includes: &["workspace_connector", "first_seen_run", "last_seen_run"],
            does,
        })
    };
    models.map(of).collect()
});

/// The collection of a model.
pub(crate) const fn path(model: TargetModel) -> &'static str {
    match model {
        TargetModel::Company => "/v1/companies",
        TargetModel::People => "/v1/people",
        TargetModel::Invoice => "/v1/invoices",
        TargetModel::Transaction => "/v1/transactions",
        TargetModel::Account => "/v1/accounts",
        TargetModel::LedgerAccount => "/v1/ledger-accounts",
        TargetModel::Journal => "/v1/journals",
        TargetModel::JournalEntry => "/v1/journal-entries",
        TargetModel::Email => "/v1/emails",
        TargetModel::PaymentMeans => "/v1/payment-means",
        TargetModel::InvoiceTransaction => "/v1/invoice-transactions",
        TargetModel::Document => "/v1/documents",
    }
}

/// Every type of record.
pub(crate) fn kinds() -> impl Iterator<Item = &'static Kind> {
    KINDS.iter()
}

/// The model whose records are of this kind.
pub(crate) fn model(kind: &Kind) -> Option<TargetModel> {
    TargetModel::ALL.iter().copied().find(|it| it.as_str() == kind.name)
}

fn listings(model: TargetModel) -> &'static [Listing; 2] {
    let all = TargetModel::ALL.iter().zip(LISTINGS.iter());
    all.into_iter()
        .find(|it| *it.0 == model)
        .map_or_else(|| unreachable!("every model has its listings"), |it| it.1)
}

pub(crate) fn listing(model: TargetModel) -> &'static Listing {
    &listings(model)[0]
}

pub(crate) fn showing(model: TargetModel) -> &'static Listing {
    &listings(model)[1]
}

impl Resource for Record {
    fn kind(&self) -> &'static Kind {
        listing(self.model).kind
    }

    fn id(&self) -> Id<'_> {
        Id::Uuid(self.record_id)
    }

    fn attributes(&self, json: &mut Json, fields: &Fields) {
        if fields.has("record_id") {
            json.key("record_id").uuid(self.record_id);
        }
        for it in &self.model.schema().attributes {
            if fields.has(&it.name) {
                json.key(&it.name).value(&self.values.get(&it.name));
            }
        }
        if fields.has("tool_name") {
            json.key("tool_name").text(&self.tool);
        }
        if fields.has("created_at") {
            json.key("created_at").time(self.created_at);
        }
        if fields.has("updated_at") {
            json.key("updated_at").time(self.updated_at);
        }
    }

    fn relationships(&self, json: &mut Json, fields: &Fields) {
        let to = [self.connector.0, self.first_seen_run.0, self.last_seen_run.0];
        for ((name, kind), id) in RELATIONSHIPS.iter().zip(to) {
            if fields.has(name) {
                document::to_one(json, name, kind, Some(id));
            }
        }
    }
}

/// The handler of a model's collection.
pub(crate) fn lists(model: TargetModel) -> MethodRouter<App> {
    get(move |app: State<App>, reader: Reader, _: TakesJsonApi, uri: Uri| {
        list(model, app, reader, uri)
    })
}

/// The handler of one record of a model.
pub(crate) fn finds(model: TargetModel) -> MethodRouter<App> {
    get(move |app: State<App>, reader: Reader, _: TakesJsonApi, named: Named, uri: Uri| {
        find(model, app, reader, named, uri)
    })
}

async fn list(
    model: TargetModel,
    State(app): State<App>,
    Reader(tenant): Reader,
    uri: Uri,
) -> Result<Response, Problem> {
    let workspace = Some(tenant.workspace());
    let list = Around::read(&uri, listing(model), app.cursors(), workspace)?;
    let slice = records::list(app.store(), &tenant, model, &list.params.query).await?;
    let included = around(&app, &tenant, &list.params, slice.items.iter().map(|it| &it.0)).await?;
    Ok(list.page_with(&slice, included.as_ref(), |it| it))
}

async fn find(
    model: TargetModel,
    State(app): State<App>,
    Reader(tenant): Reader,
    Named(id): Named,
    uri: Uri,
) -> Result<Response, Problem> {
    let params = params::read_one(&uri, showing(model))?;
    let found = records::find(app.store(), &tenant, model, api::id(&id, "record")?).await?;
    let included = around(&app, &tenant, &params, std::iter::once(&found)).await?;
    Ok(document::answer(StatusCode::OK, document::one(&found, &params, included.as_ref())))
}

/// Where the records came from, if that was asked for.
async fn around<'a>(
    app: &App,
    tenant: &Tenant,
    params: &Params,
    rows: impl Iterator<Item = &'a Record> + Clone,
) -> Result<Option<Json>, Problem> {
    if params.include.is_empty() {
        return Ok(None);
    }
    let mut json = Json::default();
    if params.includes("workspace_connector") {
        let ids = rows.clone().map(|it| it.connector.0).collect();
        included::connectors(app, tenant, params, ids, &mut json).await?;
    }
    let mut runs = BTreeSet::new();
    if params.includes("first_seen_run") {
        runs.extend(rows.clone().map(|it| it.first_seen_run.0));
    }
    if params.includes("last_seen_run") {
        runs.extend(rows.map(|it| it.last_seen_run.0));
    }
    included::runs(app, tenant, params, runs, &mut json).await?;
    Ok(Some(json))
}
