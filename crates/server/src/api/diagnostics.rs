//! `/v1/connector-sync-diagnostics`: the log itself.

use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, StatusCode, Uri};
use axum::response::Response;
use domain::Diagnostic;
use domain::id::DiagnosticId;
use domain::retention::Retention;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use store::diagnostics::{self, Idempotency};
use store::{Tenant, workspaces};

use crate::App;
use crate::api::{self, Named};
use crate::auth::{Admin, Reader, Writer};
use crate::code::Code;
use crate::jsonapi::body::{self, Document, Upload};
use crate::jsonapi::document::{self, Around, Fields};
use crate::jsonapi::json::Json;
use crate::jsonapi::media::{Media, TakesJsonApi};
use crate::jsonapi::params::{self, Does, Listing, Plain};
use crate::problem::Problem;

mod export;
mod facets;
mod included;
mod input;
mod resource;
mod stream;

pub(crate) use export::Form;
pub use export::download;
pub(crate) use facets::facets;
pub(crate) use resource::KIND;
pub(crate) use stream::stream;
pub use stream::{Draw, Looks, Proof, follow};

use included::included;
use input::Given;
use resource::Shown;

/// Most rows of a batch.
const ROWS_MAX: usize = 1_000;
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

pub(crate) static LISTING: Listing = listing(Does::Pages);
pub(crate) static SHOWING: Listing = listing(Does::Shows);
pub(crate) static STREAMING: Listing = listing(Does::Streams);
pub(crate) static COUNTING: Listing = listing(Does::Counts);

const fn listing(does: Does) -> Listing {
    Listing {
        kind: &KIND,
        fields: diagnostics::FIELDS,
        sorts: diagnostics::SORTS,
        newest_by: "occurred_at",
        is_searchable: true,
        includes: &["workspace", "workspace_connector", "sync_log"],
        does,
    }
}

/// The resource object of a row, as every door shows it.
pub fn resource(row: &Diagnostic, retention: Retention) -> Value {
    let mut json = Json::with_capacity(1400);
    document::resource(&mut json, &Shown { row, retention }, &Fields::All);
    serde_json::from_slice(&json.into_bytes()).unwrap_or_default()
}

/// A page, or in another form every row that matches.
pub(crate) async fn list(
    State(app): State<App>,
    Reader(tenant): Reader,
    Form(media): Form,
    uri: Uri,
) -> Result<Response, Problem> {
    let workspace = Some(tenant.workspace());
    let list = Around::read(&uri, &LISTING, app.cursors(), workspace)?;
    if media != Media::JsonApi {
        let params = list.params;
        return export::export(app, tenant, params, media).await;
    }
    let slice = diagnostics::list(app.store(), &tenant, &list.params.query, app.now()).await?;
    let included =
        included(&app, &tenant, &list.params, slice.items.iter().map(|it| &it.0)).await?;
    let retention = tenant.retention();
    Ok(list.page_with(&slice, included.as_ref(), |row| Shown { row, retention }))
}

pub(crate) async fn find(
    State(app): State<App>,
    Reader(tenant): Reader,
    _: TakesJsonApi,
    Named(id): Named,
    uri: Uri,
) -> Result<Response, Problem> {
    let params = params::read_one(&uri, &SHOWING)?;
    let row = diagnostics::find(app.store(), &tenant, parse(&id)?, app.now()).await?;
    let included = included(&app, &tenant, &params, std::iter::once(&row)).await?;
    let shown = Shown { row: &row, retention: tenant.retention() };
    Ok(document::answer(StatusCode::OK, document::one(&shown, &params, included.as_ref())))
}

/// One row, or a row in each line of an NDJSON body.
pub(crate) async fn create(
    State(app): State<App>,
    Writer(tenant): Writer,
    _: Plain,
    upload: Upload,
) -> Result<Response, Problem> {
    if upload.media == Media::Ndjson {
        return insert_many(&app, &tenant, upload).await;
    }
    let now = app.now();
    let given = input::one(&upload.bytes)?;
    let mut own = Own::new(&app, &tenant);
    own.check(&given, "/data").await?;
    let new = input::checked(given.new, tenant.retention(), now, "/data")?;
    let (row, is_replayed) = match upload.key {
        None => (
            diagnostics::insert(app.store(), &tenant, new, now)
                .await
                .map_err(|it| refused(it, Rows::One))?,
            false,
        ),
        Some(key) => {
            let once = Idempotency { key, body_hash: Sha256::digest(&upload.bytes).into() };
            let made = diagnostics::insert_once(app.store(), &tenant, new, &once, now);
            made.await.map_err(|it| refused(it, Rows::One))?
        }
    };
    let shown = Shown { row: &row, retention: tenant.retention() };
    let mut response =
        document::created(&shown, document::one(&shown, &params::Params::default(), None));
    if is_replayed {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// All of them or none.
pub(crate) async fn create_many(
    State(app): State<App>,
    Writer(tenant): Writer,
    _: Plain,
    upload: Upload,
) -> Result<Response, Problem> {
    insert_many(&app, &tenant, upload).await
}

async fn insert_many(app: &App, tenant: &Tenant, upload: Upload) -> Result<Response, Problem> {
    if upload.key.is_some() {
        let detail = "a batch is all or nothing, and takes no idempotency key";
        return Err(Problem::header(Code::InvalidHeader, "Idempotency-Key", detail));
    }
    let given = match upload.media {
        Media::Ndjson => input::lines(&upload.bytes)?,
        Media::JsonApi | Media::Csv | Media::Events => input::many(&upload.bytes)?,
    };
    if !(1..=ROWS_MAX).contains(&given.len()) {
        let detail = format!("has {} rows; a batch has 1 to {ROWS_MAX}", given.len());
        return Err(Problem::pointer(Code::TooManyRows, "/data", detail));
    }
    let now = app.now();
    let mut own = Own::new(app, tenant);
    let mut news = Vec::with_capacity(given.len());
    for (index, given) in given.into_iter().enumerate() {
        let at = format!("/data/{index}");
        own.check(&given, &at).await?;
        news.push(input::checked(given.new, tenant.retention(), now, &at)?);
    }
    let rows = diagnostics::insert_many(app.store(), tenant, news, now).await;
    let rows = rows.map_err(|it| refused(it, Rows::Many))?;
    Ok(document::answer(StatusCode::CREATED, batch(&rows, tenant.retention(), upload.wants_rows)))
}

/// What was made: identifiers in the order of the batch, or whole resources when asked for.
fn batch(rows: &[Diagnostic], retention: Retention, wants_rows: bool) -> Vec<u8> {
    let mut json = Json::with_capacity(128 + rows.len() * if wants_rows { 1400 } else { 100 });
    json.open().key("data").open_list();
    for row in rows {
        if wants_rows {
            document::resource(&mut json, &Shown { row, retention }, &Fields::All);
        } else {
            json.open().key("type").word(KIND.name).key("id").uuid(row.diagnostic_id.0).close();
        }
    }
    let count = u64::try_from(rows.len()).unwrap_or_default();
    json.close_list().key("meta").open().key("count").number(count).close().close();
    json.into_bytes()
}

pub(crate) async fn update(
    State(app): State<App>,
    Admin(tenant): Admin,
    _: Plain,
    Named(id): Named,
    Document(bytes): Document,
) -> Result<Response, Problem> {
    let row_id: DiagnosticId = parse(&id)?;
    let patch = input::patch(&body::tree(&bytes)?, &id)?;
    let row = diagnostics::update(app.store(), &tenant, row_id, patch, app.now()).await?;
    let shown = Shown { row: &row, retention: tenant.retention() };
    let document = document::one(&shown, &params::Params::default(), None);
    Ok(document::answer(StatusCode::OK, document))
}

pub(crate) async fn delete(
    State(app): State<App>,
    Admin(tenant): Admin,
    _: Plain,
    Named(id): Named,
) -> Result<Response, Problem> {
    diagnostics::delete(app.store(), &tenant, parse(&id)?, app.now()).await?;
    Ok(document::nothing())
}

fn parse(id: &str) -> Result<DiagnosticId, Problem> {
    api::id(id, "diagnostic")
}

/// The workspace that a document names must be the key's own, by its id or its external id.
struct Own<'a> {
    app: &'a App,
    tenant: &'a Tenant,
    id: String,
    /// Read once, and only when a document does not name the id.
    external: Option<Option<String>>,
}

impl<'a> Own<'a> {
    fn new(app: &'a App, tenant: &'a Tenant) -> Self {
        Self { app, tenant, id: tenant.workspace().to_string(), external: None }
    }

    async fn check(&mut self, given: &Given, at: &str) -> Result<(), Problem> {
        let Some(named) = &given.workspace else { return Ok(()) };
        if *named == self.id {
            return Ok(());
        }
        if self.external.is_none() {
            let own = workspaces::find(self.app.store(), self.tenant).await?;
            self.external = Some(own.external_workspace_id);
        }
        if self.external.as_ref().is_some_and(|it| it.as_ref() == Some(named)) {
            return Ok(());
        }
        let pointer = format!("{at}/relationships/workspace/data/id");
        Err(Problem::pointer(Code::NotFound, pointer, "is not the workspace of this key"))
    }
}

/// One row stands at `/data`, those of a batch below it.
#[derive(Clone, Copy)]
enum Rows {
    One,
    Many,
}

fn refused(error: store::Error, rows: Rows) -> Problem {
    use store::Error;
    match (error, rows) {
        (Error::Invalid { refusal, .. }, Rows::One) => input::refused(&refusal, "/data"),
        (Error::Invalid { index, refusal }, Rows::Many) => {
            input::refused(&refusal, &format!("/data/{index}"))
        }
        (other, _) => other.into(),
    }
}
