//! Every error that a client can see. The client learns a code and a safe sentence; the log learns
//! the chain of causes, once (`edge`).

use std::borrow::Cow;
use std::error::Error as StdError;
use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::code::Code;
use crate::jsonapi::json::Json;
use crate::jsonapi::media;

/// A refusal or a failure, on its way to the client. Rendered by `edge`, which knows the request.
#[derive(Debug, Clone)]
pub struct Problem(Arc<Parts>);

#[derive(Debug, Clone)]
struct Parts {
    status: StatusCode,
    faults: Vec<Fault>,
    headers: HeaderMap,
    cause: Option<Arc<dyn StdError + Send + Sync>>,
}

/// One member of `errors`.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    code: Code,
    /// The word of a refused run stands for the code of its fault.
    word: Option<&'static str>,
    detail: Cow<'static, str>,
    source: Option<Source>,
    /// `links.type`: what the cursor-pagination profile calls this.
    profile: Option<&'static str>,
}

/// Where in the request the fault lies.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    Pointer(String),
    Parameter(String),
    Header(&'static str),
}

impl Fault {
    pub(crate) fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, word: None, detail: detail.into(), source: None, profile: None }
    }

    /// A member of the document.
    pub(crate) fn at(
        code: Code,
        pointer: impl Into<String>,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { source: Some(Source::Pointer(pointer.into())), ..Self::new(code, detail) }
    }

    /// A parameter of the query.
    pub(crate) fn of_parameter(self, name: &str) -> Self {
        Self { source: Some(Source::Parameter(name.to_owned())), ..self }
    }

    pub(crate) fn of_profile(self, profile: &'static str) -> Self {
        Self { profile: Some(profile), ..self }
    }
}

impl Problem {
    /// One fault, with a sentence that is fit to be shown.
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::of(vec![Fault::new(code, detail)])
    }

    /// Several faults of one request. The status is the first one's.
    pub(crate) fn of(faults: Vec<Fault>) -> Self {
        let status = faults.first().map_or(StatusCode::BAD_REQUEST, |it| it.code.status());
        Self(Arc::new(Parts { status, faults, headers: HeaderMap::new(), cause: None }))
    }

    /// Of one parameter of the query.
    pub fn parameter(
        code: Code,
        name: impl Into<String>,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        let source = Some(Source::Parameter(name.into()));
        Self::of(vec![Fault { source, ..Fault::new(code, detail) }])
    }

    pub(crate) fn header(
        code: Code,
        name: &'static str,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        let source = Some(Source::Header(name));
        Self::of(vec![Fault { source, ..Fault::new(code, detail) }])
    }

    pub(crate) fn pointer(
        code: Code,
        pointer: impl Into<String>,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::of(vec![Fault::at(code, pointer, detail)])
    }

    /// Worth another try after some seconds.
    pub fn wait(code: Code, detail: impl Into<Cow<'static, str>>, seconds: u64) -> Self {
        Self::new(code, detail).with_header(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// The same for what is not there and for what is another's.
    pub fn not_found(what: &str) -> Self {
        Self::new(Code::NotFound, format!("there is no such {what} here"))
    }

    pub(crate) fn unauthorized() -> Self {
        Self::header(
            Code::Unauthorized,
            "Authorization",
            "give a valid key: `Authorization: Bearer wl_live_…`",
        )
        .with_header(
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static("Bearer realm=\"wireline\""),
        )
    }

    /// A run that was not started.
    pub fn refused(refusal: domain::run::Refusal) -> Self {
        use domain::run::Refusal;
        match refusal {
            Refusal::NotFound => Self::not_found("workspace_connector"),
            Refusal::SyncedRecently | Refusal::AlreadyRunning | Refusal::NotStartable => {
                let fault = Fault::new(Code::RunRefused, refusal.sentence());
                Self::of(vec![Fault { word: Some(refusal.as_str()), ..fault }])
            }
        }
    }

    /// Something went wrong on our side. The cause goes to the log, not to the client.
    pub fn internal(cause: impl StdError + Send + Sync + 'static) -> Self {
        Self::new(Code::Internal, "something went wrong on our side; the log has it under this id")
            .because(cause)
    }

    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        Arc::make_mut(&mut self.0).headers.insert(name, value);
        self
    }

    fn because(mut self, cause: impl StdError + Send + Sync + 'static) -> Self {
        Arc::make_mut(&mut self.0).cause = Some(Arc::new(cause));
        self
    }

    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The code of the first fault.
    pub fn code(&self) -> Code {
        self.0.faults.first().map_or(Code::Internal, |it| it.code)
    }

    /// What each fault says, and of which parameter, if of one.
    pub fn details(&self) -> impl Iterator<Item = (Option<&str>, &str)> {
        self.0.faults.iter().map(|it| {
            let parameter = match &it.source {
                Some(Source::Parameter(name)) => Some(name.as_str()),
                Some(Source::Pointer(_) | Source::Header(_)) | None => None,
            };
            (parameter, it.detail.as_ref())
        })
    }

    /// Headers that the answer needs, e.g. how long to wait.
    pub fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    pub(crate) fn cause(&self) -> Option<&(dyn StdError + Send + Sync + 'static)> {
        self.0.cause.as_deref()
    }

    /// What is wrong, a sentence for each fault, with the parameter at fault.
    pub(crate) fn sentences(&self) -> Vec<String> {
        let each = self.0.faults.iter().map(|it| match &it.source {
            Some(Source::Parameter(name)) => format!("`{name}`: {}", it.detail),
            Some(Source::Pointer(_) | Source::Header(_)) | None => it.detail.to_string(),
        });
        each.collect()
    }

    /// The whole answer, for a request with this id.
    pub(crate) fn render(&self, request_id: &str) -> Response {
        let mut json = Json::with_capacity(512);
        json.open().key("jsonapi").raw(media::JSONAPI_OBJECT).key("errors").open_list();
        for fault in &self.0.faults {
            write_fault(&mut json, fault, request_id);
        }
        json.close_list().close();
        let mut response = (self.0.status, json.into_bytes()).into_response();
        let headers = response.headers_mut();
        headers.extend(self.0.headers.clone());
        headers.insert(header::CONTENT_TYPE, media::JSON_API_VALUE);
        headers.insert(header::VARY, media::VARY_ACCEPT);
        response
    }
}

fn write_fault(json: &mut Json, fault: &Fault, request_id: &str) {
    let code = fault.code;
    json.open().key("id").word(request_id);
    json.key("links").open().key("about").word(&format!("/docs#{code}"));
    if let Some(profile) = fault.profile {
        json.key("type").word(&format!("{}{profile}", media::CURSOR_PROFILE));
    }
    json.close();
    json.key("status").word(code.status().as_str());
    json.key("code").word(fault.word.unwrap_or(code.as_str()));
    json.key("title").text(code.title());
    json.key("detail").text(&fault.detail);
    match &fault.source {
        Some(Source::Pointer(it)) => {
            json.key("source").open().key("pointer").text(it).close();
        }
        Some(Source::Parameter(it)) => {
            json.key("source").open().key("parameter").text(it).close();
        }
        Some(Source::Header(it)) => {
            json.key("source").open().key("header").text(it).close();
        }
        None => {}
    }
    json.close();
}

/// Empty but for the problem itself: `edge` renders it with the id of the request.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.0.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<store::Error> for Problem {
    fn from(error: store::Error) -> Self {
        use store::Error;
        match error {
            Error::NotFound(what) => Self::not_found(what),
            Error::Conflict { what, field: "Idempotency-Key" } => Self::header(
                Code::IdempotencyConflict,
                "Idempotency-Key",
                format!("another {what} was created with this key and another body"),
            ),
            Error::Conflict { what, field } => Self::pointer(
                Code::Conflict,
                format!("/data/attributes/{field}"),
                format!("another {what} has this {field}"),
            ),
            Error::Invalid { refusal, .. } => Self::pointer(
                Code::InvalidMember,
                format!("/data/attributes/{}", refusal.attribute),
                format!("`{}` {}", refusal.attribute, refusal.detail),
            ),
            busy @ Error::Busy(_) => {
                Self::new(Code::Busy, "the database is busy or away; try again in a moment")
                    .with_header(header::RETRY_AFTER, HeaderValue::from_static("1"))
                    .because(busy)
            }
            hidden @ (Error::NotMigrated { .. } | Error::Sealed(_) | Error::Database { .. }) => {
                Self::internal(hidden)
            }
        }
    }
}
