//! Consent of a person: begun over the API, ended where the authorization server sends them back to.
//!
//! The callback is public: its `state` was sealed by us for one use and names the installation, so it
//! proves all that there is to prove. It sends nobody anywhere and repeats nothing that it was given.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use domain::grant::{Answer, Begun};
use domain::id::WorkspaceConnectorId;
use store::{Tenant, workspace_connectors};
use tokio::net::TcpListener;

use crate::api::{self, Named};
use crate::auth::Writer;
use crate::code::Code;
use crate::jsonapi::json::Json;
use crate::jsonapi::params::Plain;
use crate::jsonapi::{body, document, media};
use crate::problem::Problem;
use crate::{App, docs};

pub(crate) const CALLBACK: &str = "/oauth/callback";

/// Why nothing was granted. The sentences are fit to be shown.
#[derive(Debug)]
pub enum Failed {
    NotFound(&'static str),
    Refused(String),
    Store(store::Error),
}

type Work<T> = Pin<Box<dyn Future<Output = Result<T, Failed>> + Send>>;
type Begin = dyn Fn(Tenant, WorkspaceConnectorId, String) -> Work<Begun> + Send + Sync;
type Finish = dyn Fn(Answer) -> Work<()> + Send + Sync;

/// What speaks with authorization servers; the command line wires the engine in.
#[derive(Clone)]
pub struct Authorizations {
    begin: Arc<Begin>,
    finish: Arc<Finish>,
}

impl Authorizations {
    pub fn new(
        begin: impl Fn(Tenant, WorkspaceConnectorId, String) -> Work<Begun> + Send + Sync + 'static,
        finish: impl Fn(Answer) -> Work<()> + Send + Sync + 'static,
    ) -> Self {
        Self { begin: Arc::new(begin), finish: Arc::new(finish) }
    }

    /// For a server beside no engine: nothing can be authorized.
    pub fn none() -> Self {
        fn refused<T: Send + 'static>() -> Work<T> {
            let why = "connectors are not authorized by this server".to_owned();
            Box::pin(std::future::ready(Err(Failed::Refused(why))))
        }
        Self::new(|_, _, _| refused(), |_| refused())
    }
}

impl fmt::Debug for Authorizations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authorizations")
    }
}

impl From<Failed> for Problem {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::NotFound(what) => Self::not_found(what),
            Failed::Refused(why) => Self::new(Code::AuthorizationRefused, why),
            Failed::Store(error) => error.into(),
        }
    }
}

/// Where authorization servers send people back to, below a public address.
pub fn callback_of(public_url: &str) -> String {
    format!("{}{CALLBACK}", public_url.trim_end_matches('/'))
}

/// 200 with the address that a person is to open.
pub(crate) async fn begin(
    State(app): State<App>,
    Writer(tenant): Writer,
    _: Plain,
    Named(id): Named,
    body: Body,
) -> Result<Response, Problem> {
    body::expect_empty(body).await?;
    let id: WorkspaceConnectorId = api::id(&id, "workspace_connector")?;
    workspace_connectors::find(app.store(), &tenant, id).await?;
    let settings = app.settings();
    let Some(public) = &settings.public_url else {
        let why = "this server does not know its own address; the operator sets server.public_url";
        return Err(Problem::new(Code::AuthorizationRefused, why));
    };
    let begun = (settings.authorizations.begin)(tenant, id, callback_of(public)).await?;
    let mut json = Json::with_capacity(512);
    json.open().key("jsonapi").raw(media::JSONAPI_OBJECT).key("meta").open();
    json.key("authorization_url").text(&begun.url).key("expires_at").time(begun.expires_at);
    json.close().close();
    Ok(document::answer(StatusCode::OK, json.into_bytes()))
}

/// A page that says how it went.
pub(crate) async fn finish(
    State(app): State<App>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let done = (app.settings().authorizations.finish)(answer(query.as_deref())).await;
    if let Err(Failed::Store(error)) = done {
        return Err(error.into());
    }
    Ok(told(done.err().as_ref()))
}

fn answer(query: Option<&str>) -> Answer {
    let pairs: Vec<_> = form_urlencoded::parse(query.unwrap_or_default().as_bytes()).collect();
    Answer::of(pairs.iter().map(|(name, value)| (name.as_ref(), value.as_ref())))
}

/// Always 200: a page for a person, where an error of ours is a document for a program.
fn told(failed: Option<&Failed>) -> Response {
    let (title, text) = match failed {
        None => ("Authorized", "You can close this page.".to_owned()),
        Some(Failed::NotFound(_)) => (
            "Not authorized",
            "This link was used already, is too old, or is not ours. Begin again.".to_owned(),
        ),
        Some(Failed::Refused(why)) => ("Not authorized", why.clone()),
        Some(Failed::Store(_)) => {
            ("Not authorized", "The database did not answer. Begin again in a moment.".to_owned())
        }
    };
    let body = format!("<h1>{title}</h1><p>{}</p>\n", docs::escape(&text));
    let mut response = docs::html(title, &body);
    let headers = response.headers_mut();
    // The address of this page holds a code: it goes nowhere else.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Waits on a loopback listener for one person to come back, for a command on their own machine.
/// Answers that end no flow of ours are told so, and waiting goes on.
///
/// # Errors
/// The last failure, when the listener cannot go on.
pub async fn wait_for_one(
    listener: TcpListener,
    authorizations: Authorizations,
) -> std::io::Result<Result<(), Failed>> {
    let (sender, mut receiver) = tokio::sync::mpsc::channel(1);
    let handler = move |RawQuery(query): RawQuery| {
        let (authorizations, sender) = (authorizations.clone(), sender.clone());
        async move {
            let done = (authorizations.finish)(answer(query.as_deref())).await;
            let response = told(done.as_ref().err());
            if !matches!(done, Err(Failed::NotFound(_))) && sender.send(done).await.is_err() {
                tracing::debug!("nobody waits any more");
            }
            response
        }
    };
    let router = axum::Router::new().route(CALLBACK, axum::routing::get(handler));
    let stop = tokio_util::sync::CancellationToken::new();
    let serving = tokio::spawn(crate::serve::plain(router, listener, stop.clone()));
    let done = receiver.recv().await;
    stop.cancel();
    serving.await.map_err(std::io::Error::other)??;
    done.ok_or_else(|| std::io::Error::other("the listener ended"))
}
