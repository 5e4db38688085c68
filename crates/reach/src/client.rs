//! One client that lasts: posts to whatever address somebody named, if it is allowed.

use std::error::Error as _;
use std::time::Duration;

use futures_util::StreamExt as _;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use tokio::time::{Instant, timeout_at};

use crate::guard::{Guard, walled};
use crate::{Error, Reach};

/// Of an answer's body, so that its connection can be used again; the rest is not read.
const ANSWER_BYTES: usize = 64 * 1024;
/// Receivers are many and seldom told: a connection waits for the next event of a burst.
const KEPT: Duration = Duration::from_secs(30);
const KEPT_PER_HOST: usize = 2;

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    pub status: u16,
    /// When the receiver wants to be asked again, if it said so in seconds.
    pub retry_after: Option<Duration>,
}

/// Cheap to clone; connections are shared.
#[derive(Debug, Clone)]
pub struct Client {
    reach: Reach,
    http: reqwest::Client,
}

impl Client {
    /// # Errors
    /// [`Error::Unreachable`] when this machine offers no TLS.
    pub fn new(reach: Reach) -> Result<Self, Error> {
        Self::behind(reach, Guard::of(reach))
    }

    fn behind(reach: Reach, guard: Guard) -> Result<Self, Error> {
        let http = walled(guard);
        let http = http.pool_idle_timeout(KEPT).pool_max_idle_per_host(KEPT_PER_HOST).build();
        Ok(Self { reach, http: http.map_err(unreachable)? })
    }

    /// Posts a JSON document. Any status is an answer, a redirect too: it is not followed.
    ///
    /// # Errors
    /// [`Error::Refused`] for an address that is not allowed; [`Error::Timeout`] when no status came
    /// within `patience`; [`Error::Unreachable`] when the receiver did not answer at all.
    pub async fn post(
        &self,
        url: &str,
        headers: &[(&'static str, String)],
        body: String,
        patience: Duration,
    ) -> Result<Posted, Error> {
        // A literal address is never looked up: it is checked here.
        let url = self.reach.url(url)?;
        let mut request = self.http.post(url).header(CONTENT_TYPE, "application/json").body(body);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let until = Instant::now() + patience;
        let answered = timeout_at(until, request.send()).await;
        let answer = answered.map_err(|_late| Error::Timeout { after: patience })?;
        let answer = answer.map_err(unreachable)?;
        let retry_after = answer.headers().get(RETRY_AFTER).and_then(|it| it.to_str().ok());
        let seconds = retry_after.and_then(|it| it.trim().parse().ok());
        let posted = Posted {
            status: answer.status().as_u16(),
            retry_after: seconds.map(Duration::from_secs),
        };
        // The status is there: what becomes of the body, and how long it takes, changes nothing.
        timeout_at(until, drain(answer)).await.unwrap_or_default();
        Ok(posted)
    }
}

async fn drain(answer: reqwest::Response) {
    let (mut read, mut chunks) = (0, answer.bytes_stream());
    while let Some(Ok(chunk)) = chunks.next().await {
        read += chunk.len();
        if read > ANSWER_BYTES {
            return;
        }
    }
}

/// The guard's own word, where it had one; else that nobody answered.
fn unreachable(error: reqwest::Error) -> Error {
    let mut cause = error.source();
    while let Some(it) = cause {
        match it.downcast_ref::<Error>() {
            Some(Error::Refused { why }) => return Error::Refused { why: why.clone() },
            Some(Error::Unreachable { what, .. }) => {
                return Error::Unreachable { what: what.clone(), source: None };
            }
            Some(Error::Timeout { after }) => return Error::Timeout { after: *after },
            None => cause = it.source(),
        }
    }
    Error::Unreachable {
        what: "the receiver did not answer".to_owned(),
        // An address may hold a credential, and errors are logged.
        source: Some(error.without_url().into()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::net::SocketAddr;
    use std::sync::{Arc, Mutex};

    use axum::Router;
    use axum::body::Body;
    use axum::extract::ConnectInfo;
    use axum::http::StatusCode;
    use axum::response::Redirect;
    use axum::routing::post;
    use futures_util::stream;

    use super::*;
    use crate::guard::Looking;

    const PATIENCE: Duration = Duration::from_secs(60);
    const OPEN: Reach = Reach { private_addresses: true, plain_http: true };

    /// A receiver on loopback, and whom it heard from.
    async fn receiver() -> (String, Arc<Mutex<HashSet<SocketAddr>>>) {
        let heard: Arc<Mutex<HashSet<SocketAddr>>> = Arc::default();
        let hears = Arc::clone(&heard);
        let well = move |ConnectInfo(from): ConnectInfo<SocketAddr>, body: String| {
            hears.lock().expect("heard").insert(from);
            async move { (StatusCode::OK, body) }
        };
        let endless = || async { Body::from_stream(stream::pending::<Result<String, Error>>()) };
        let router = Router::new()
            .route("/well", post(well))
            .route("/endless", post(endless))
            .route("/away", post(|| async { Redirect::temporary("/well") }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(axum::serve(listener, service).into_future());
        (base, heard)
    }

    async fn post_to(client: &Client, url: &str, patience: Duration) -> Result<u16, Error> {
        let headers = [("x-of", "us".to_owned())];
        client.post(url, &headers, "{}".to_owned(), patience).await.map(|it| it.status)
    }

    #[tokio::test]
    async fn a_client_that_lasts_uses_a_connection_again() {
        let (base, heard) = receiver().await;
        let client = Client::new(OPEN).expect("a client");
        for _ in 0..5 {
            let status = post_to(&client, &format!("{base}/well"), PATIENCE).await;
            assert_eq!(status.expect("an answer"), 200);
        }
        assert_eq!(heard.lock().expect("heard").len(), 1);
    }

    #[tokio::test]
    async fn a_redirect_is_an_answer_and_is_not_followed() {
        let (base, heard) = receiver().await;
        let client = Client::new(OPEN).expect("a client");
        let status = post_to(&client, &format!("{base}/away"), PATIENCE).await;
        assert_eq!(status.expect("an answer"), 307);
        assert!(heard.lock().expect("heard").is_empty());
    }

    #[tokio::test]
    async fn a_status_stands_whatever_becomes_of_the_body() {
        let (base, _) = receiver().await;
        let client = Client::new(OPEN).expect("a client");
        let status = post_to(&client, &format!("{base}/endless"), Duration::from_secs(2)).await;
        assert_eq!(status.expect("an answer"), 200);
    }

    #[tokio::test]
    async fn what_is_not_allowed_is_not_called() {
        let (base, heard) = receiver().await;
        let url = format!("{base}/well");
        for (reach, why) in [
            (Reach::default(), "refused: plain http is not allowed"),
            (
                Reach { plain_http: true, ..Reach::default() },
                "refused: 127.0.0.1 is a private address",
            ),
        ] {
            let refused = post_to(&Client::new(reach).expect("a client"), &url, PATIENCE).await;
            assert_eq!(refused.expect_err("refused").to_string(), why);
        }
        assert!(heard.lock().expect("heard").is_empty());
    }

    #[tokio::test]
    async fn the_word_of_the_guard_comes_through_the_client() {
        let (base, heard) = receiver().await;
        let url = base.replace("127.0.0.1", "hooks.example") + "/well";
        let lookup = |_| -> Looking {
            Box::pin(async { Ok(vec!["127.0.0.1:0".parse().expect("an address")]) })
        };
        let open = Client::behind(OPEN, Guard { reach: OPEN, lookup }).expect("a client");
        assert_eq!(post_to(&open, &url, PATIENCE).await.expect("an answer"), 200);
        let reach = Reach { plain_http: true, ..Reach::default() };
        let strict = Client::behind(reach, Guard { reach, lookup }).expect("a client");
        let refused = post_to(&strict, &url, PATIENCE).await.expect_err("refused");
        assert_eq!(refused.to_string(), "refused: 127.0.0.1 is a private address");
        assert_eq!(heard.lock().expect("heard").len(), 1);
    }
}
