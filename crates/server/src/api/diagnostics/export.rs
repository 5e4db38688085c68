//! The list as CSV or NDJSON: the same rows by the same path, page after page, as one stream. Sent
//! with `page[size]` it is that one page; without, every row that matches.

use std::io;

use axum::body::{Body, Bytes};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Uri, header};
use axum::response::Response;
use domain::Diagnostic;
use futures_util::stream;
use store::{Edge, Page, Slice, Tenant, diagnostics};

use super::LISTING;
use super::resource::{KIND, Shown};
use crate::App;
use crate::code::Code;
use crate::jsonapi::document::{self, Fields};
use crate::jsonapi::json::{Json, push_time};
use crate::jsonapi::media::{self, Media};
use crate::jsonapi::params::{self, Params};
use crate::problem::Problem;

/// In which form the client wants the list.
#[derive(Debug)]
pub(crate) struct Form(pub(crate) Media);

impl FromRequestParts<App> for Form {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        media::accepted(&parts.headers, &[Media::JsonApi, Media::Csv, Media::Ndjson]).map(Self)
    }
}

struct Export {
    app: App,
    tenant: Tenant,
    params: Params,
    media: Media,
    /// The page to be sent next; none: the end.
    next: Option<Slice<Diagnostic>>,
    has_head: bool,
}

/// The list in another form, for another door: the query is read as the API reads it.
///
/// # Errors
/// The query cannot be read, or the store does not answer.
pub async fn download(
    app: App,
    tenant: Tenant,
    uri: &Uri,
    as_csv: bool,
) -> Result<Response, Problem> {
    let params = params::read(uri, &LISTING, app.cursors(), Some(tenant.workspace()))?;
    export(app, tenant, params, if as_csv { Media::Csv } else { Media::Ndjson }).await
}

pub(super) async fn export(
    app: App,
    tenant: Tenant,
    mut params: Params,
    media: Media,
) -> Result<Response, Problem> {
    if !params.include.is_empty() || params.query.page.total {
        let name = if params.query.page.total { "page[total]" } else { "include" };
        let detail = "has no place in an export; ask for application/vnd.api+json";
        return Err(Problem::parameter(Code::InvalidParameter, name, detail));
    }
    if !params.is_sized {
        params.query.page.size = Page::SIZE_MAX;
    }
    // Before the head is sent: what fails now can still be told.
    let first = diagnostics::list(app.store(), &tenant, &params.query, app.now()).await?;
    let export = Export { app, tenant, params, media, next: Some(first), has_head: false };
    let mut response = Response::new(Body::from_stream(stream::try_unfold(export, Export::step)));
    let content_type = match media {
        Media::Csv => HeaderValue::from_static("text/csv; charset=utf-8; header=present"),
        Media::JsonApi | Media::Ndjson | Media::Events => {
            HeaderValue::from_static("application/x-ndjson")
        }
    };
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response.headers_mut().insert(header::VARY, media::VARY_ACCEPT);
    Ok(response)
}

impl Export {
    /// The bytes of a page, and the export after it. An error breaks the answer off, so that no
    /// client takes a part for the whole.
    async fn step(mut self) -> Result<Option<(Bytes, Self)>, io::Error> {
        let Some(slice) = self.next.take() else { return Ok(None) };
        let bytes = match self.media {
            Media::Csv => self.csv(&slice)?,
            Media::JsonApi | Media::Ndjson | Media::Events => self.ndjson(&slice),
        };
        self.has_head = true;
        if slice.has_after && !self.params.is_sized {
            if self.app.stop().is_cancelled() {
                return Err(io::Error::other("the server stops"));
            }
            self.params.query.page.at = slice.items.last().map(|it| Edge::After(it.1.clone()));
            let now = self.app.now();
            let next = diagnostics::list(self.app.store(), &self.tenant, &self.params.query, now);
            self.next = Some(next.await.map_err(broken_off)?);
        }
        Ok(Some((bytes.into(), self)))
    }

    fn ndjson(&self, slice: &Slice<Diagnostic>) -> Vec<u8> {
        let mut json = Json::with_capacity(slice.items.len() * 1400);
        let retention = self.tenant.retention();
        for (row, _) in &slice.items {
            document::resource(&mut json, &Shown { row, retention }, self.params.fields(&KIND));
            json.raw("\n");
        }
        json.into_bytes()
    }

    fn csv(&self, slice: &Slice<Diagnostic>) -> Result<Vec<u8>, io::Error> {
        let fields = self.params.fields(&KIND);
        let mut csv = csv::Writer::from_writer(Vec::with_capacity(slice.items.len() * 512));
        if !self.has_head {
            csv.write_record(columns(fields))?;
        }
        for (row, _) in &slice.items {
            csv.write_record(columns(fields).map(|name| cell(row, name)))?;
        }
        csv.into_inner().map_err(|it| it.into_error())
    }
}

fn broken_off(error: store::Error) -> io::Error {
    tracing::error!(error = &error as &dyn std::error::Error, "export broken off");
    io::Error::other("the export could not go on")
}

/// The attributes and relationships that are wanted, then what the row means.
fn columns(fields: &Fields) -> impl Iterator<Item = &'static str> {
    let relationships = KIND.relationships.iter().map(|it| it.0);
    let own = KIND.attributes.iter().copied().chain(relationships).filter(|it| fields.has(it));
    let meaning = match fields {
        Fields::All => ["class", "impact", "stage"].as_slice(),
        Fields::Only(_) => &[],
    };
    own.chain(meaning.iter().copied())
}

fn cell(row: &Diagnostic, column: &str) -> String {
    let time = |it| {
        let mut text = String::with_capacity(24);
        push_time(&mut text, it);
        text
    };
    match column {
        "diagnostic_id" => row.diagnostic_id.to_string(),
        "target_model" => row.target_model.to_string(),
        "tool_name" => plain(row.tool_name.as_deref().unwrap_or_default()),
        "reason" => row.reason.to_string(),
        "http_status" => row.http_status.map(|it| it.to_string()).unwrap_or_default(),
        "detail" => plain(&row.detail),
        "occurred_at" => time(row.occurred_at),
        "created_at" => time(row.created_at),
        "updated_at" => row.updated_at.map(time).unwrap_or_default(),
        "deleted_at" => row.deleted_at.map(time).unwrap_or_default(),
        "workspace" => row.workspace.to_string(),
        "workspace_connector" => row.workspace_connector.to_string(),
        "sync_log" => row.sync_log.map(|it| it.to_string()).unwrap_or_default(),
        "class" => row.reason.class().to_string(),
        "impact" => row.impact().to_string(),
        "stage" => row.stage().to_string(),
        _ => String::new(),
    }
}

/// A provider's text must not become a formula in somebody's spreadsheet.
fn plain(text: &str) -> String {
    match text.as_bytes().first() {
        Some(b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r') => format!("'{text}"),
        Some(_) | None => text.to_owned(),
    }
}
