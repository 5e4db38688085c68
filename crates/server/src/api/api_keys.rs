//! `/v1/api-keys`: who may ask. The secret is shown once, in the answer that makes the key.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::Response;
use domain::connector::{Role, Secret};
use domain::id::ApiKeyId;
use serde_json::Value;
use store::api_keys::{self, ApiKey, New, Patch};
use store::{Access, Tenant, tenant};

use crate::App;
use crate::api::{self, Named};
use crate::auth::{self, Admin, Asker};
use crate::code::Code;
use crate::jsonapi::body::{self, Document};
use crate::jsonapi::document::{self, Around, Fields, Id, Kind, Resource};
use crate::jsonapi::input::{self, Faults, Incoming, Meant, Members};
use crate::jsonapi::json::Json;
use crate::jsonapi::media::TakesJsonApi;
use crate::jsonapi::params::{self, Does, Listing, Params, Plain};
use crate::problem::Problem;

const NAME_MAX: usize = 100;

pub(crate) static KIND: Kind = Kind {
    name: "api_key",
    path: "/v1/api-keys",
    attributes: &[
        "api_key_id",
        "name",
        "role",
        "expiration_at",
        "last_used_at",
        "is_active",
        "masked_key",
        "created_at",
        "updated_at",
    ],
    relationships: &[("workspace", "workspace")],
};

pub(crate) static LISTING: Listing = listing(Does::Pages);
pub(crate) static SHOWING: Listing = listing(Does::Shows);

const fn listing(does: Does) -> Listing {
    Listing {
        kind: &KIND,
        fields: api_keys::FIELDS,
        sorts: api_keys::SORTS,
        newest_by: "created_at",
        is_searchable: true,
        includes: &[],
        does,
    }
}

/// A key, and its secret when it was just made.
struct Shown<'a> {
    key: &'a ApiKey,
    secret: Option<&'a Secret>,
}

impl Resource for Shown<'_> {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn id(&self) -> Id<'_> {
        Id::Uuid(self.key.api_key_id.0)
    }

    fn attributes(&self, json: &mut Json, fields: &Fields) {
        let key = self.key;
        if fields.has("api_key_id") {
            json.key("api_key_id").uuid(key.api_key_id.0);
        }
        if fields.has("name") {
            json.key("name").text(&key.name);
        }
        if fields.has("role") {
            json.key("role").word(key.role.as_str());
        }
        if fields.has("expiration_at") {
            json.key("expiration_at").time_or_null(key.expiration_at);
        }
        if fields.has("last_used_at") {
            json.key("last_used_at").time_or_null(key.last_used_at);
        }
        if fields.has("is_active") {
            json.key("is_active").flag(key.is_active);
        }
        if fields.has("masked_key") {
            json.key("masked_key").text(&key.masked_key);
        }
        if fields.has("created_at") {
            json.key("created_at").time(key.created_at);
        }
        if fields.has("updated_at") {
            json.key("updated_at").time(key.updated_at);
        }
    }

    fn relationships(&self, json: &mut Json, fields: &Fields) {
        if fields.has("workspace") {
            document::to_one(json, "workspace", "workspace", self.key.workspace.map(|it| it.0));
        }
    }

    fn meta(&self, json: &mut Json) {
        if let Some(secret) = self.secret {
            json.key("key").text(secret.expose());
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
    let slice = api_keys::list(app.store(), &tenant, &list.params.query).await?;
    Ok(list.page(&slice, |key| Shown { key, secret: None }))
}

pub(crate) async fn find(
    State(app): State<App>,
    Admin(tenant): Admin,
    _: TakesJsonApi,
    Named(id): Named,
    uri: Uri,
) -> Result<Response, Problem> {
    let params = params::read_one(&uri, &SHOWING)?;
    let key = api_keys::find(app.store(), &tenant, parse(&id)?).await?;
    let document = document::one(&Shown { key: &key, secret: None }, &params, None);
    Ok(document::answer(StatusCode::OK, document))
}

/// An admin makes keys of its workspace; the operator makes the first ones of any.
pub(crate) async fn create(
    State(app): State<App>,
    Asker(access): Asker,
    _: Plain,
    Document(bytes): Document,
) -> Result<Response, Problem> {
    let access = match access {
        Access::Tenant(tenant) => Access::Tenant(auth::allowed(tenant, Role::Admin)?),
        operator @ Access::Operator(_) => operator,
    };
    let (new, workspace) = new(&body::tree(&bytes)?, &app)?;
    let tenant = owner(&app, access, workspace.as_deref()).await?;
    let (key, secret) = api_keys::insert(app.store(), &tenant, new, app.now()).await?;
    let shown = Shown { key: &key, secret: Some(&secret) };
    let document = document::one(&shown, &Params::default(), None);
    let mut response = document::created(&shown, document);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// The workspace that a new key is for.
async fn owner(app: &App, access: Access, workspace: Option<&str>) -> Result<Tenant, Problem> {
    const POINTER: &str = "/data/relationships/workspace/data/id";
    match (access, workspace) {
        (Access::Tenant(tenant), None) => Ok(tenant),
        (Access::Tenant(tenant), Some(named)) => {
            let own = api::workspaces::named(app, &tenant, named).await;
            own.map(|_| tenant).map_err(|_foreign| {
                Problem::pointer(Code::NotFound, POINTER, "is not the workspace of this key")
            })
        }
        (Access::Operator(operator), Some(named)) => {
            tenant::of(app.store(), &operator, named).await.map_err(|error| match error {
                store::Error::NotFound(_) => {
                    Problem::pointer(Code::NotFound, POINTER, "there is no such workspace")
                }
                other @ (store::Error::Conflict { .. }
                | store::Error::Invalid { .. }
                | store::Error::Busy(_)
                | store::Error::NotMigrated { .. }
                | store::Error::Sealed(_)
                | store::Error::Database { .. }) => other.into(),
            })
        }
        (Access::Operator(_), None) => Err(Problem::pointer(
            Code::MissingMember,
            "/data/relationships/workspace",
            "with an operator key, say for which workspace",
        )),
    }
}

pub(crate) async fn update(
    State(app): State<App>,
    Admin(tenant): Admin,
    _: Plain,
    Named(id): Named,
    Document(bytes): Document,
) -> Result<Response, Problem> {
    let key_id = parse(&id)?;
    let patch = patch(&body::tree(&bytes)?, &id)?;
    let key = api_keys::update(app.store(), &tenant, key_id, patch, app.now()).await?;
    let shown = Shown { key: &key, secret: None };
    let document = document::one(&shown, &Params::default(), None);
    Ok(document::answer(StatusCode::OK, document))
}

pub(crate) async fn delete(
    State(app): State<App>,
    Admin(tenant): Admin,
    _: Plain,
    Named(id): Named,
) -> Result<Response, Problem> {
    api_keys::delete(app.store(), &tenant, parse(&id)?, app.now()).await?;
    Ok(document::nothing())
}

fn parse(id: &str) -> Result<ApiKeyId, Problem> {
    api::id(id, "api_key")
}

fn made_here(attributes: &mut Members<'_>, faults: &mut Faults) {
    for name in ["api_key_id", "last_used_at", "masked_key", "created_at", "updated_at"] {
        attributes.immutable(name, faults);
    }
}

/// The key, and the workspace that it names.
fn new(document: &Value, app: &App) -> Result<(New, Option<String>), Problem> {
    let mut faults = Faults::default();
    let incoming = input::data(document, &mut faults)
        .and_then(|it| input::resource(it, "/data", &KIND, Meant::New, &mut faults));
    let Some(Incoming { mut attributes, mut relationships, meta }) = incoming else {
        return faults.or(None);
    };
    made_here(&mut attributes, &mut faults);
    attributes.immutable("is_active", &mut faults);
    let name = attributes.required("name", &mut faults, input::sized_text(1, NAME_MAX));
    let role = attributes.required("role", &mut faults, input::word::<Role>);
    let expiration_at = attributes.nullable("expiration_at", &mut faults, input::time).flatten();
    if expiration_at.is_some_and(|it| it <= app.now()) {
        let pointer = attributes.pointer("expiration_at");
        faults.add(Code::InvalidMember, pointer, "`expiration_at` lies in the past");
    }
    let workspace = relationships.linked("workspace", "workspace", &mut faults).flatten();
    attributes.finish(&mut faults);
    relationships.finish(&mut faults);
    meta.finish(&mut faults);
    let new = name.zip(role).map(|(name, role)| New { name, role, expiration_at });
    faults.or(new.map(|it| (it, workspace.map(str::to_owned))))
}

fn patch(document: &Value, id: &str) -> Result<Patch, Problem> {
    let mut faults = Faults::default();
    let incoming = input::data(document, &mut faults)
        .and_then(|it| input::resource(it, "/data", &KIND, Meant::Known(id), &mut faults));
    let Some(Incoming { mut attributes, mut relationships, meta }) = incoming else {
        return faults.or(None);
    };
    made_here(&mut attributes, &mut faults);
    relationships.immutable("workspace", &mut faults);
    let patch = Patch {
        name: attributes.optional("name", &mut faults, input::sized_text(1, NAME_MAX)),
        role: attributes.optional("role", &mut faults, input::word),
        expiration_at: attributes.nullable("expiration_at", &mut faults, input::time),
        is_active: attributes.optional("is_active", &mut faults, input::flag),
    };
    attributes.finish(&mut faults);
    relationships.finish(&mut faults);
    meta.finish(&mut faults);
    faults.or(Some(patch))
}
