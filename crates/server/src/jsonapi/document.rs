//! Answers: resource objects, single and in pages, written straight to bytes.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::Response;
use domain::id::WorkspaceId;
use store::{Mark, Slice};
use uuid::Uuid;

use super::cursor::{Cursors, Scope};
use super::json::Json;
use super::params::{self, Listing, Params};
use super::{link, media};
use crate::problem::Problem;

/// A type of resource: its name, its collection, and its members.
#[derive(Debug)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    /// The collection, e.g. `/v1/workspaces`.
    pub(crate) path: &'static str,
    pub(crate) attributes: &'static [&'static str],
    /// Name and type.
    pub(crate) relationships: &'static [(&'static str, &'static str)],
}

/// Which members of a type are wanted (`fields[type]`).
#[derive(Debug)]
pub(crate) enum Fields {
    All,
    Only(Vec<&'static str>),
}

impl Fields {
    pub(crate) fn has(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(wanted) => wanted.contains(&name),
        }
    }
}

/// What can be written as a resource object.
pub(crate) trait Resource {
    fn kind(&self) -> &'static Kind;

    fn id(&self) -> Id<'_>;

    /// Every attribute of the kind, in its order, that is wanted.
    fn attributes(&self, json: &mut Json, fields: &Fields);

    /// Every relationship of the kind that is wanted.
    fn relationships(&self, json: &mut Json, fields: &Fields);

    /// Members of `meta`; none, no `meta`.
    fn meta(&self, _: &mut Json) {}

    /// The page that explains this.
    fn about(&self) -> Option<String> {
        None
    }

    /// The end of its own path, for what is a part of another resource: `/health`.
    fn part(&self) -> &'static str {
        ""
    }
}

/// A resource of a list is looked at, not taken.
impl<R: Resource> Resource for &R {
    fn kind(&self) -> &'static Kind {
        (*self).kind()
    }

    fn id(&self) -> Id<'_> {
        (*self).id()
    }

    fn attributes(&self, json: &mut Json, fields: &Fields) {
        (*self).attributes(json, fields);
    }

    fn relationships(&self, json: &mut Json, fields: &Fields) {
        (*self).relationships(json, fields);
    }

    fn meta(&self, json: &mut Json) {
        (*self).meta(json);
    }

    fn about(&self) -> Option<String> {
        (*self).about()
    }

    fn part(&self) -> &'static str {
        (*self).part()
    }
}

/// Most resources have a uuid; a reason has its word.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Id<'a> {
    Uuid(Uuid),
    Word(&'a str),
}

impl std::fmt::Display for Id<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Uuid(id) => id.fmt(f),
            Self::Word(word) => f.write_str(word),
        }
    }
}

/// The resource object.
pub(crate) fn resource<R: Resource>(json: &mut Json, it: &R, fields: &Fields) {
    let kind = it.kind();
    json.open().key("type").word(kind.name);
    json.key("id");
    id(json, it.id());
    json.key("attributes").open();
    it.attributes(json, fields);
    json.close();
    if !kind.relationships.is_empty() {
        json.key("relationships").open();
        it.relationships(json, fields);
        json.close();
    }
    json.object_unless_empty("meta", |json| it.meta(json));
    json.key("links").open().key("self").raw("\"").raw(kind.path).raw("/");
    match it.id() {
        Id::Uuid(id) => json.raw(id.hyphenated().encode_lower(&mut Uuid::encode_buffer())),
        Id::Word(word) => json.raw(word),
    };
    json.raw(it.part()).raw("\"");
    if let Some(about) = it.about() {
        json.key("about").word(&about);
    }
    json.close().close();
}

/// The resource object with everything in it, as a value.
pub(crate) fn value(it: &impl Resource) -> serde_json::Value {
    let mut json = Json::with_capacity(1024);
    resource(&mut json, it, &Fields::All);
    serde_json::from_slice(&json.into_bytes()).unwrap_or_default()
}

fn id(json: &mut Json, id: Id<'_>) {
    match id {
        Id::Uuid(id) => json.uuid(id),
        Id::Word(word) => json.word(word),
    };
}

/// A resource identifier as the value of `data` of a relationship.
pub(crate) fn to_one(json: &mut Json, name: &'static str, kind: &'static str, to: Option<Uuid>) {
    json.key(name).open().key("data");
    match to {
        Some(id) => json.open().key("type").word(kind).key("id").uuid(id).close(),
        None => json.null(),
    };
    json.close();
}

/// A document on one resource.
pub(crate) fn one<R: Resource>(it: &R, params: &Params, included: Option<&Json>) -> Vec<u8> {
    let mut json = begin(2048);
    json.key("data");
    resource(&mut json, it, params.fields(it.kind()));
    push_included(&mut json, included);
    json.key("links").open().key("self").raw("\"").raw(it.kind().path).raw("/");
    json.raw(&it.id().to_string()).raw(it.part()).raw("\"").close();
    json.close();
    json.into_bytes()
}

/// A list that was asked for: what its pages are written with beyond their rows.
#[derive(Debug)]
pub(crate) struct Around<'a> {
    pub(crate) params: Params,
    uri: &'a Uri,
    cursors: &'a Cursors,
    workspace: Option<WorkspaceId>,
}

impl<'a> Around<'a> {
    /// Reads what the address asks of a list.
    pub(crate) fn read(
        uri: &'a Uri,
        listing: &'static Listing,
        cursors: &'a Cursors,
        workspace: Option<WorkspaceId>,
    ) -> Result<Self, Problem> {
        let params = params::read(uri, listing, cursors, workspace)?;
        Ok(Self { params, uri, cursors, workspace })
    }

    /// The answer with a page. `each` makes a resource of a row.
    pub(crate) fn page<'r, T, R: Resource>(
        &self,
        slice: &'r Slice<T>,
        each: impl Fn(&'r T) -> R,
    ) -> Response {
        self.page_with(slice, None, each)
    }

    /// The same, with the documents that were asked for beside it.
    pub(crate) fn page_with<'r, T, R: Resource>(
        &self,
        slice: &'r Slice<T>,
        included: Option<&Json>,
        each: impl Fn(&'r T) -> R,
    ) -> Response {
        let mut json = begin(1024 + slice.items.len() * 1400);
        json.key("data").open_list();
        for (row, _) in &slice.items {
            let it = each(row);
            resource(&mut json, &it, self.params.fields(it.kind()));
        }
        json.close_list();
        push_included(&mut json, included);
        links(&mut json, slice, self);
        if let Some(total) = slice.total {
            json.key("meta").open().key("page").open().key("total").number(total).close().close();
        }
        json.close();
        answer(StatusCode::OK, json.into_bytes())
    }
}

fn begin(bytes: usize) -> Json {
    let mut json = Json::with_capacity(bytes);
    json.open().key("jsonapi").raw(media::JSONAPI_OBJECT);
    json
}

fn push_included(json: &mut Json, included: Option<&Json>) {
    if let Some(included) = included {
        json.key("included").raw("[").raw(included.as_str()).raw("]");
    }
}

fn links<T>(json: &mut Json, slice: &Slice<T>, around: &Around<'_>) {
    let scope = Scope { workspace: around.workspace, order: &around.params.order };
    let seal = |mark: &Mark| around.cursors.seal(mark, scope);
    let edge = |name, wanted: bool, mark: Option<&Mark>| {
        let cursor = mark.filter(|_| wanted).map(seal)?;
        Some(link::at(around.uri, Some((name, &cursor))))
    };
    let (first, last) = (slice.items.first(), slice.items.last());
    let prev = edge("page[before]", slice.has_before, first.map(|it| &it.1));
    let next = edge("page[after]", slice.has_after, last.map(|it| &it.1));
    json.key("links").open();
    json.key("self").text(&link::own(around.uri));
    json.key("first").text(&link::at(around.uri, None));
    json.key("prev").text_or_null(prev.as_deref());
    json.key("next").text_or_null(next.as_deref());
    json.close();
}

/// Any document as an answer.
pub(crate) fn answer(status: StatusCode, document: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(document));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, media::JSON_API_VALUE);
    headers.insert(header::VARY, media::VARY_ACCEPT);
    response
}

/// 201 with `Location`.
pub(crate) fn created<R: Resource>(it: &R, document: Vec<u8>) -> Response {
    let mut response = answer(StatusCode::CREATED, document);
    let location = format!("{}/{}", it.kind().path, it.id());
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// 204: done, and nothing to say.
pub(crate) fn nothing() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().insert(header::VARY, media::VARY_ACCEPT);
    response
}
