//! `GET …/stream`: rows as they are written, as server-sent events. The store gives rows in the
//! order of their keys and none before every smaller key is settled, so one key is all that has to
//! be remembered: each row is sent once, also to a client that comes back with `Last-Event-ID`.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Uri, header};
use axum::response::Response;
use domain::Diagnostic;
use domain::connector::Secret;
use futures_util::stream;
use store::{Access, Mark, Page, Query, SortKey, Tenant, diagnostics, sessions};
use tokio::sync::watch;
use tokio::time::Instant;

use super::STREAMING;
use super::resource::{KIND, Shown};
use crate::App;
use crate::auth::{self, Reader};
use crate::code::Code;
use crate::jsonapi::cursor::Scope;
use crate::jsonapi::document;
use crate::jsonapi::json::Json;
use crate::jsonapi::media::{self, Media};
use crate::jsonapi::params::{self, Params};
use crate::problem::Problem;

/// Rows of one read.
const READ: u16 = 200;
/// Another process may have written: looked for this often.
const POLL: Duration = Duration::from_secs(1);
/// Shortest time between two looks: a burst of writes is one look, not one each.
const GATHER: Duration = Duration::from_millis(50);
/// How often a quiet stream moves its place forward, past rows that it does not show.
const ADVANCE: Duration = Duration::from_secs(10);
/// What an event id is bound to.
const ORDER: &str = "connector_sync_diagnostic stream";
const LAST_EVENT_ID: &str = "Last-Event-ID";

/// A client that takes events, maybe one that was here before.
#[derive(Debug)]
pub(crate) struct Follower {
    last: Option<String>,
    /// Kept for as long as the stream: a key can be taken back meanwhile.
    secret: Secret,
}

impl std::fmt::Debug for Looks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Resources => "Resources",
            Self::Other(_) => "Other",
        })
    }
}

impl FromRequestParts<App> for Follower {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        media::accepted(&parts.headers, &[Media::Events])?;
        let secret = auth::bearer(&parts.headers).ok_or_else(Problem::unauthorized)?;
        let last = parts.headers.get(LAST_EVENT_ID).filter(|it| !it.is_empty());
        let last = last.map(|it| it.to_str().map(str::to_owned)).transpose();
        let last = last.map_err(|_invisible| foreign_event())?;
        Ok(Self { last, secret: Secret::new(secret) })
    }
}

fn foreign_event() -> Problem {
    let detail = "is not the id of an event of this stream; without it the stream begins now";
    Problem::header(Code::InvalidHeader, LAST_EVENT_ID, detail)
}

pub(crate) async fn stream(
    State(app): State<App>,
    Reader(tenant): Reader,
    Follower { last, secret }: Follower,
    uri: Uri,
) -> Result<Response, Problem> {
    follow(app, tenant, (Proof::Key(secret), Looks::Resources), &uri, last.as_deref()).await
}

/// What a stream goes on by: it is proven again and again, since it can be taken back meanwhile.
#[derive(Debug)]
pub enum Proof {
    Key(Secret),
    /// The cookie of a session of the console.
    Session(String),
}

/// One row as the data of an event.
pub type Draw = Arc<dyn Fn(&Diagnostic) -> String + Send + Sync>;

/// What the events of a stream hold.
#[derive(Clone)]
pub enum Looks {
    /// Resource objects of the API.
    Resources,
    /// A text of another door, e.g. a row of a page.
    Other(Draw),
}

/// Rows of a query as they are written. `last`: the id of the last event that a client has had.
///
/// # Errors
/// The query or the event id cannot be read, or the store does not answer.
pub async fn follow(
    app: App,
    tenant: Tenant,
    (proof, looks): (Proof, Looks),
    uri: &Uri,
    last: Option<&str>,
) -> Result<Response, Problem> {
    let params = params::read(uri, &STREAMING, app.cursors(), Some(tenant.workspace()))?;
    let written = app.store().written();
    let mut live = Live {
        after: 0,
        params,
        tenant,
        proof,
        looks,
        written,
        app,
        checked: Instant::now(),
        advanced: Instant::now(),
        is_new: true,
    };
    live.after = match last {
        Some(event) => live.open(event).ok_or_else(foreign_event)?,
        None => live.head().await?,
    };
    let mut response = Response::new(Body::from_stream(stream::try_unfold(live, Live::step)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Some proxies hold an answer back until it is whole.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    headers.insert(header::VARY, media::VARY_ACCEPT);
    Ok(response)
}

struct Live {
    app: App,
    tenant: Tenant,
    proof: Proof,
    looks: Looks,
    params: Params,
    written: watch::Receiver<u64>,
    /// Everything up to this key was sent or is not wanted.
    after: i64,
    /// When the key was last proven, which is also the last heartbeat.
    checked: Instant,
    advanced: Instant,
    is_new: bool,
}

impl Live {
    /// Waits until there is something to send. An error ends the answer.
    async fn step(mut self) -> Result<Option<(Bytes, Self)>, io::Error> {
        if std::mem::take(&mut self.is_new) {
            // Tells the client at once that it is connected, and where it would go on.
            let hello = self.beat("connected");
            return Ok(Some((hello, self)));
        }
        loop {
            self.written.borrow_and_update();
            let rows = self.read(&self.params.query).await?;
            if let Some((_, last)) = rows.last() {
                self.after = *last;
                self.advanced = Instant::now();
                let events = self.events(&rows);
                return Ok(Some((events, self)));
            }
            if self.advanced.elapsed() >= ADVANCE {
                self.advanced = Instant::now();
                self.advance().await?;
            }
            if !self.wait().await {
                return Ok(None);
            }
            if self.checked.elapsed() >= self.app.settings().heartbeat {
                self.checked = Instant::now();
                if !self.prove().await? {
                    return Ok(None);
                }
                let beat = self.beat("alive");
                return Ok(Some((beat, self)));
            }
        }
    }

    async fn read(&self, query: &Query) -> Result<Vec<(Diagnostic, i64)>, io::Error> {
        let (store, now) = (self.app.store(), self.app.now());
        let rows = diagnostics::newer(store, &self.tenant, query, self.after, READ, now);
        rows.await.map_err(broken_off)
    }

    /// Until something was written or it is time to look; false: the server stops.
    async fn wait(&mut self) -> bool {
        let gather = tokio::time::sleep(GATHER);
        tokio::select! {
            () = self.app.stop().cancelled() => return false,
            () = gather => {}
        }
        let pause = POLL.min(self.app.settings().heartbeat);
        tokio::select! {
            () = self.app.stop().cancelled() => false,
            () = tokio::time::sleep(pause) => true,
            changed = self.written.changed() => changed.is_ok(),
        }
    }

    /// A key that was taken back meanwhile opens nothing any more.
    async fn prove(&mut self) -> Result<bool, io::Error> {
        let (store, now) = (self.app.store(), self.app.now());
        let proven = match &self.proof {
            Proof::Key(secret) => store.authenticate(secret.expose(), now).await,
            Proof::Session(cookie) => {
                let session = sessions::resume(store, cookie, now).await;
                session.map(|it| Access::Tenant(it.tenant))
            }
        };
        match proven {
            Ok(Access::Tenant(tenant)) => {
                self.tenant = tenant;
                Ok(true)
            }
            Ok(Access::Operator(_)) | Err(store::Error::NotFound(_)) => Ok(false),
            Err(error) => Err(broken_off(error)),
        }
    }

    /// The newest place: what is there already is not sent.
    async fn head(&mut self) -> Result<i64, Problem> {
        let newest = self.newest().await?;
        // Rows that were written late with an old time have greater keys than the newest.
        let (store, now) = (self.app.store(), self.app.now());
        let mut head = newest.unwrap_or(0);
        loop {
            let query = &self.params.query;
            let rows =
                diagnostics::newer(store, &self.tenant, query, head, Page::SIZE_MAX, now).await?;
            match rows.last() {
                Some((_, last)) => head = *last,
                None => return Ok(head),
            }
        }
    }

    /// The greatest key known to be settled: the newest row's, if the store lets it be seen.
    async fn newest(&self) -> Result<Option<i64>, store::Error> {
        let (store, now) = (self.app.store(), self.app.now());
        let query = Query { page: Page::first(1), ..Query::default() };
        let newest = diagnostics::list(store, &self.tenant, &query, now).await?;
        let Some((_, mark)) = newest.items.first() else { return Ok(None) };
        let before = mark.pk - 1;
        let settled = diagnostics::newer(store, &self.tenant, &query, before, 1, now).await?;
        Ok(settled.first().map(|it| it.1))
    }

    /// Rows that this stream does not show lie between its place and the newest row: without this
    /// each look would pass them again.
    async fn advance(&mut self) -> Result<(), io::Error> {
        let newest = self.newest().await.map_err(broken_off)?;
        // What was wanted up to there: nothing, when this comes back empty.
        if self.read(&self.params.query).await?.is_empty() {
            self.after = self.after.max(newest.unwrap_or(0));
        }
        Ok(())
    }

    fn events(&self, rows: &[(Diagnostic, i64)]) -> Bytes {
        let mut out = Json::with_capacity(rows.len() * 1500);
        let retention = self.tenant.retention();
        for (row, pk) in rows {
            out.raw("id: ").raw(&self.seal(*pk)).raw("\nevent: ").raw(KIND.name);
            match &self.looks {
                Looks::Resources => {
                    out.raw("\ndata:");
                    let shown = Shown { row, retention };
                    document::resource(&mut out, &shown, self.params.fields(&KIND));
                }
                Looks::Other(draw) => {
                    for line in draw(row).lines() {
                        out.raw("\ndata: ").raw(line);
                    }
                }
            }
            out.raw("\n\n");
        }
        out.into_bytes().into()
    }

    /// A comment, and the place: a client that comes back later goes on from here.
    fn beat(&self, word: &str) -> Bytes {
        format!(": {word}\nid: {}\n\n", self.seal(self.after)).into()
    }

    fn seal(&self, pk: i64) -> String {
        let mark = Mark { key: SortKey::Number(0), pk };
        self.app.cursors().seal(&mark, self.scope())
    }

    fn open(&self, event: &str) -> Option<i64> {
        self.app.cursors().open(event, self.scope()).map(|it| it.pk)
    }

    fn scope(&self) -> Scope<'_> {
        Scope { workspace: Some(self.tenant.workspace()), order: ORDER }
    }
}

fn broken_off(error: store::Error) -> io::Error {
    tracing::error!(error = &error as &dyn std::error::Error, "stream broken off");
    io::Error::other("the stream could not go on")
}
