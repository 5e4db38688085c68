//! A language model on loopback that says what a test has it say, and remembers what it was asked.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use domain::connector::Secret;
use engine::{Lead, Seats};
use model::Endpoint;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// What it does when it is asked.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// The content of its message.
    Says(String),
    Refuses,
    /// Another status, with a body that repeats the key.
    Fails(u16),
    /// No answer ever.
    Hangs,
    /// Bytes that are no answer of the protocol.
    Babbles,
    /// An answer that does not end.
    Floods,
}

/// A running endpoint.
pub(crate) struct Scripted {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<String>>>,
    keys: Arc<Mutex<Vec<String>>>,
    stop: CancellationToken,
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Scripted {
    /// Gives its replies in turn, the last of them from then on.
    pub(crate) async fn of(replies: Vec<Reply>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/v1", listener.local_addr().expect("an address"));
        let (asked, keys) = (Arc::new(Mutex::default()), Arc::new(Mutex::default()));
        let stop = CancellationToken::new();
        let it = Self { url, asked, keys, stop };
        let (asked, keys) = (Arc::clone(&it.asked), Arc::clone(&it.keys));
        let answer = move |headers: HeaderMap, body: String| {
            let key = headers.get("authorization").and_then(|it| it.to_str().ok());
            let key = key.unwrap_or_default().to_owned();
            keys.lock().expect("the keys").push(key.clone());
            let turn = {
                let mut asked = asked.lock().expect("the requests");
                asked.push(body);
                asked.len() - 1
            };
            let reply = replies.get(turn).or(replies.last()).cloned().expect("a reply");
            async move { carried_out(reply, &key).await }
        };
        let app = Router::new().route("/v1/chat/completions", post(answer));
        let ended = it.stop.clone().cancelled_owned();
        tokio::spawn(async move { axum::serve(listener, app).with_graceful_shutdown(ended).await });
        it
    }

    pub(crate) async fn says(answer: &Value) -> Self {
        Self::of(vec![Reply::Says(answer.to_string())]).await
    }

    /// The bodies of all requests so far.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("the requests").clone()
    }

    pub(crate) fn keys(&self) -> Vec<String> {
        self.keys.lock().expect("the keys").clone()
    }

    pub(crate) fn seat(&self) -> String {
        format!("openai:small@{}", self.url)
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        let endpoint = Endpoint::parse(&self.seat()).expect("an endpoint");
        endpoint.with_key(Some(Secret::new(KEY)))
    }

    /// A seat beside some of ours.
    pub(crate) fn beside(&self, leads: &[Lead]) -> Seats {
        Seats::new(leads.to_vec(), vec![self.endpoint()]).expect("a jury")
    }
}

/// Of the endpoint; it may stand nowhere but in the header of a request.
pub(crate) const KEY: &str = "k3y-0f-the-m0del-9f2c71";

async fn carried_out(reply: Reply, key: &str) -> Response {
    let message = |it: Value| {
        let usage = json!({ "prompt_tokens": 1_000, "completion_tokens": 200 });
        json!({ "choices": [{ "message": it, "finish_reason": "stop" }], "usage": usage })
            .to_string()
    };
    match reply {
        Reply::Says(text) => {
            message(json!({ "role": "assistant", "content": text })).into_response()
        }
        Reply::Refuses => {
            let refusal = format!("I cannot help with that, {key}");
            message(json!({ "role": "assistant", "content": null, "refusal": refusal }))
                .into_response()
        }
        Reply::Fails(status) => {
            let status = StatusCode::from_u16(status).expect("a status");
            (status, format!("no good: {key}")).into_response()
        }
        Reply::Hangs => std::future::pending().await,
        Reply::Babbles => "<html>It works!</html>".into_response(),
        Reply::Floods => "x".repeat(1 << 20).into_response(),
    }
}
