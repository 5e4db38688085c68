//! A run as it goes on, as server-sent events: the inside of the page again whenever it changed.

use std::io;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use domain::id::SyncLogId;
use futures_util::stream;
use server::{App, Problem};
use store::sessions;
use tokio::time::{Instant, sleep};

use super::{LOOK, read, whole};
use crate::answer;
use crate::session::Person;

struct Following {
    app: App,
    person: Person,
    id: SyncLogId,
    /// What was sent last.
    sent: String,
    proven: Instant,
    has_ended: bool,
}

pub(super) async fn follow(app: App, person: Person, id: SyncLogId) -> Result<Response, Problem> {
    // Refused before the stream begins, so that it can be told.
    read(&app, &person, id, person.now).await?;
    let proven = Instant::now();
    let following = Following { app, person, id, sent: String::new(), proven, has_ended: false };
    let events = stream::try_unfold(following, Following::step);
    let mut response = Response::new(Body::from_stream(events));
    let headers = response.headers_mut();
    answer::guard(headers);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    // Some proxies hold an answer back until it is whole.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

impl Following {
    async fn step(mut self) -> Result<Option<(Bytes, Self)>, io::Error> {
        if self.has_ended {
            return Ok(None);
        }
        loop {
            if self.proven.elapsed() >= self.app.settings().heartbeat {
                self.proven = Instant::now();
                if !self.prove().await? {
                    return Ok(None);
                }
                return Ok(Some((Bytes::from_static(b": here\n\n"), self)));
            }
            let shown = read(&self.app, &self.person, self.id, self.app.now()).await;
            let Ok(shown) = shown else { return Ok(None) };
            self.has_ended = !shown.is_live();
            let text = whole(&self.person, &shown).into_string();
            if text != self.sent || self.has_ended {
                let event = event(if self.has_ended { "ended" } else { "moved" }, &text);
                self.sent = text;
                return Ok(Some((event, self)));
            }
            let stop = self.app.stop().clone();
            tokio::select! {
                () = stop.cancelled() => return Ok(None),
                () = sleep(LOOK) => {}
            }
        }
    }

    /// A key can be taken back while its stream goes on.
    async fn prove(&mut self) -> Result<bool, io::Error> {
        match sessions::resume(self.app.store(), &self.person.cookie, self.app.now()).await {
            Ok(session) => {
                self.person.session = session;
                Ok(true)
            }
            Err(store::Error::NotFound(_)) => Ok(false),
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "stream broken off");
                Err(io::Error::other("the stream could not go on"))
            }
        }
    }
}

/// One event; its text in as many lines as it has.
fn event(name: &str, text: &str) -> Bytes {
    let mut out = format!("event: {name}\n");
    for line in text.lines() {
        out.push_str("data: ");
        out.push_str(line);
        out.push('\n');
    }
    out.push('\n');
    out.into()
}
