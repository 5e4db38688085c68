//! `/v1/workspaces`: tenants. An operator makes and lists them; a key sees its own.

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde_json::Value;
use store::workspaces::{self, New, Patch, Workspace};
use store::{Access, Mark, Slice, SortKey, Tenant};

use crate::App;
use crate::api::Named;
use crate::auth::{Admin, Asker, Owner};
use crate::jsonapi::body::{self, Document};
use crate::jsonapi::document::{self, Around, Fields, Id, Kind, Resource};
use crate::jsonapi::input::{self, Faults, Incoming, Meant, Members};
use crate::jsonapi::json::Json;
use crate::jsonapi::media::TakesJsonApi;
use crate::jsonapi::params::{self, Does, Listing, Params, Plain};
use crate::problem::Problem;

pub(crate) static KIND: Kind = Kind {
    name: "workspace",
    path: "/v1/workspaces",
    attributes: &[
        "workspace_id",
        "name",
        "description",
        "external_workspace_id",
        "retention_days",
        "created_at",
        "updated_at",
    ],
    relationships: &[],
};

pub(crate) static LISTING: Listing = listing(Does::Pages);
pub(crate) static SHOWING: Listing = listing(Does::Shows);

const fn listing(does: Does) -> Listing {
    Listing {
        kind: &KIND,
        fields: workspaces::FIELDS,
        sorts: workspaces::SORTS,
        newest_by: "created_at",
        is_searchable: true,
        includes: &[],
        does,
    }
}

impl Resource for Workspace {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn id(&self) -> Id<'_> {
        Id::Uuid(self.workspace_id.0)
    }

    fn attributes(&self, json: &mut Json, fields: &Fields) {
        if fields.has("workspace_id") {
            json.key("workspace_id").uuid(self.workspace_id.0);
        }
        if fields.has("name") {
            json.key("name").text(&self.name);
        }
        if fields.has("description") {
            json.key("description").text_or_null(self.description.as_deref());
        }
        if fields.has("external_workspace_id") {
            json.key("external_workspace_id").text_or_null(self.external_workspace_id.as_deref());
        }
        if fields.has("retention_days") {
            json.key("retention_days").number_or_null(self.retention_days.map(u64::from));
        }
        if fields.has("created_at") {
            json.key("created_at").time(self.created_at);
        }
        if fields.has("updated_at") {
            json.key("updated_at").time(self.updated_at);
        }
    }

    fn relationships(&self, _: &mut Json, _: &Fields) {}
}

/// Every workspace for the operator; for a key a list of one.
pub(crate) async fn list(
    State(app): State<App>,
    Asker(access): Asker,
    _: TakesJsonApi,
    uri: Uri,
) -> Result<Response, Problem> {
    let workspace = match &access {
        Access::Operator(_) => None,
        Access::Tenant(tenant) => Some(tenant.workspace()),
    };
    let list = Around::read(&uri, &LISTING, app.cursors(), workspace)?;
    let slice = match &access {
        Access::Operator(operator) => {
            workspaces::list(app.store(), operator, &list.params.query).await?
        }
        Access::Tenant(tenant) => own(&app, tenant, &list.params).await?,
    };
    Ok(list.page(&slice, |it| it))
}

async fn own(app: &App, tenant: &Tenant, params: &Params) -> Result<Slice<Workspace>, Problem> {
    let query = &params.query;
    if !query.conditions.is_empty() || query.search.is_some() || query.page.at.is_some() {
        let detail = "a workspace key sees its own workspace alone; there is nothing to filter";
        let code = crate::code::Code::InvalidParameter;
        return Err(Problem::new(code, detail));
    }
    let own = workspaces::find(app.store(), tenant).await?;
    let mark = Mark { key: SortKey::Time(own.created_at), pk: 0 };
    let total = query.page.total.then_some(1);
    Ok(Slice { items: vec![(own, mark)], has_before: false, has_after: false, total })
}

pub(crate) async fn find(
    State(app): State<App>,
    Asker(access): Asker,
    _: TakesJsonApi,
    Named(id): Named,
    uri: Uri,
) -> Result<Response, Problem> {
    let params = params::read_one(&uri, &SHOWING)?;
    let found = match &access {
        Access::Operator(operator) => workspaces::find_as(app.store(), operator, &id).await?,
        Access::Tenant(tenant) => named(&app, tenant, &id).await?,
    };
    Ok(document::answer(StatusCode::OK, document::one(&found, &params, None)))
}

/// The key's own workspace, if that is what the id or external id names.
pub(crate) async fn named(app: &App, tenant: &Tenant, id: &str) -> Result<Workspace, Problem> {
    let own = workspaces::find(app.store(), tenant).await?;
    let is_own =
        own.workspace_id.to_string() == id || own.external_workspace_id.as_deref() == Some(id);
    is_own.then_some(own).ok_or_else(|| Problem::not_found("workspace"))
}

pub(crate) async fn create(
    State(app): State<App>,
    Owner(operator): Owner,
    _: Plain,
    Document(bytes): Document,
) -> Result<Response, Problem> {
    let new = new(&body::tree(&bytes)?)?;
    let made = workspaces::insert(app.store(), &operator, new, app.now()).await?;
    Ok(document::created(&made, document::one(&made, &Params::default(), None)))
}

pub(crate) async fn update(
    State(app): State<App>,
    Admin(tenant): Admin,
    _: Plain,
    Named(id): Named,
    Document(bytes): Document,
) -> Result<Response, Problem> {
    named(&app, &tenant, &id).await?;
    let patch = patch(&body::tree(&bytes)?, &id)?;
    let changed = workspaces::update(app.store(), &tenant, patch, app.now()).await?;
    let document = document::one(&changed, &Params::default(), None);
    Ok(document::answer(StatusCode::OK, document))
}

/// Erases everything of the workspace, this key included.
pub(crate) async fn delete(
    State(app): State<App>,
    Admin(tenant): Admin,
    _: Plain,
    Named(id): Named,
) -> Result<Response, Problem> {
    named(&app, &tenant, &id).await?;
    workspaces::delete(app.store(), &tenant).await?;
    Ok(document::nothing())
}

fn new(document: &Value) -> Result<New, Problem> {
    let mut faults = Faults::default();
    let incoming = input::data(document, &mut faults)
        .and_then(|it| input::resource(it, "/data", &KIND, Meant::New, &mut faults));
    let Some(Incoming { mut attributes, relationships, meta }) = incoming else {
        return faults.or(None);
    };
    made_here(&mut attributes, &mut faults);
    let name = attributes.required("name", &mut faults, input::sized_text(1, workspaces::NAME_MAX));
    let rest = Rest::read(&mut attributes, &mut faults);
    attributes.finish(&mut faults);
    relationships.finish(&mut faults);
    meta.finish(&mut faults);
    faults.or(name.map(|name| New {
        name,
        description: rest.description.flatten(),
        external_workspace_id: rest.external_workspace_id.flatten(),
        retention_days: rest.retention_days.flatten(),
    }))
}

fn patch(document: &Value, id: &str) -> Result<Patch, Problem> {
    let mut faults = Faults::default();
    let incoming = input::data(document, &mut faults)
        .and_then(|it| input::resource(it, "/data", &KIND, Meant::Known(id), &mut faults));
    let Some(Incoming { mut attributes, relationships, meta }) = incoming else {
        return faults.or(None);
    };
    made_here(&mut attributes, &mut faults);
    let name = attributes.optional("name", &mut faults, input::sized_text(1, workspaces::NAME_MAX));
    let Rest { description, external_workspace_id, retention_days } =
        Rest::read(&mut attributes, &mut faults);
    attributes.finish(&mut faults);
    relationships.finish(&mut faults);
    meta.finish(&mut faults);
    faults.or(Some(Patch { name, description, external_workspace_id, retention_days }))
}

fn made_here(attributes: &mut Members<'_>, faults: &mut Faults) {
    for name in ["workspace_id", "created_at", "updated_at"] {
        attributes.immutable(name, faults);
    }
}

/// What a new workspace and a changed one have in common.
struct Rest {
    description: Option<Option<String>>,
    external_workspace_id: Option<Option<String>>,
    retention_days: Option<Option<u16>>,
}

impl Rest {
    fn read(attributes: &mut Members<'_>, faults: &mut Faults) -> Self {
        let days = domain::retention::Retention::DAYS;
        Self {
            description: attributes.nullable(
                "description",
                faults,
                input::sized_text(0, workspaces::DESCRIPTION_MAX),
            ),
            external_workspace_id: attributes.nullable(
                "external_workspace_id",
                faults,
                external_id,
            ),
            retention_days: attributes.nullable(
                "retention_days",
                faults,
                input::number((*days.start()).into(), (*days.end()).into()),
            ),
        }
    }
}

/// It stands in paths, and must not be taken for an id.
fn external_id(value: &Value) -> Result<String, String> {
    let text = input::sized_text(1, 100)(value)?;
    let is_plain = text.bytes().all(|it| it.is_ascii_alphanumeric() || b"-_.:@".contains(&it));
    if !is_plain {
        return Err("takes letters, digits and `-_.:@`".to_owned());
    }
    if text.parse::<uuid::Uuid>().is_ok() {
        return Err("must not be a uuid: it could be taken for an id".to_owned());
    }
    Ok(text)
}
