//! A receiver on loopback, and a workspace that tells it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use chrono::{DateTime, Utc};
use domain::NewDiagnostic;
use domain::connector::Secret;
use domain::id::WorkspaceConnectorId;
use domain::webhook::{DeliveryStatus, Event};
use store::webhooks::{self, Endpoint, New};
use store::{Query, Store, Tenant, diagnostics};
use testkit::{Db, make};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use worker::Courier;

pub(super) const OPEN: reach::Reach = reach::Reach { private_addresses: true, plain_http: true };

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mood {
    Well,
    Answers(u16),
    Sleeps,
}

/// What it took: id, type, detail or subject, and whether the signature held.
pub(super) type Taken = (String, String, String);

#[derive(Clone)]
pub(super) struct Receiver {
    pub(super) url: String,
    pub(super) mood: Arc<Mutex<Mood>>,
    pub(super) taken: Arc<Mutex<Vec<Taken>>>,
    pub(super) headers: Arc<Mutex<Vec<(HeaderMap, String)>>>,
    /// How many it took so far.
    pub(super) told: watch::Sender<usize>,
    pub(super) stop: CancellationToken,
}

impl Receiver {
    async fn new() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
        let it = Self {
            url,
            mood: Arc::new(Mutex::new(Mood::Well)),
            taken: Arc::default(),
            headers: Arc::default(),
            told: watch::Sender::new(0),
            stop: CancellationToken::new(),
        };
        let router = Router::new().route("/hook", post(take)).with_state(it.clone());
        let stop = it.stop.clone();
        tokio::spawn(async move {
            let serving = axum::serve(listener, router).into_future();
            tokio::select! { _ = serving => {}, () = stop.cancelled() => {} }
        });
        it
    }

    pub(super) fn is(&self, mood: Mood) {
        *self.mood.lock().expect("a mood") = mood;
    }

    pub(super) fn details(&self, of: &str) -> Vec<String> {
        let taken = self.taken.lock().expect("taken");
        taken.iter().filter(|it| it.2.starts_with(of)).map(|it| it.2.clone()).collect()
    }
}

async fn take(State(it): State<Receiver>, headers: HeaderMap, body: String) -> StatusCode {
    let mood = *it.mood.lock().expect("a mood");
    match mood {
        Mood::Sleeps => std::future::pending().await,
        Mood::Answers(status) => StatusCode::from_u16(status).expect("a status"),
        Mood::Well => {
            let document: serde_json::Value = serde_json::from_str(&body).expect("JSON");
            let word = |it: &serde_json::Value| it.as_str().unwrap_or_default().to_owned();
            let id = headers["webhook-id"].to_str().expect("text").to_owned();
            let told = (id, word(&document["type"]), word(&document["data"]["detail"]));
            it.taken.lock().expect("taken").push(told);
            it.headers.lock().expect("headers").push((headers, body));
            it.told.send_modify(|it| *it += 1);
            StatusCode::NO_CONTENT
        }
    }
}

pub(super) struct World {
    pub(super) store: Store,
    pub(super) tenant: Tenant,
    pub(super) connectors: [WorkspaceConnectorId; 2],
    pub(super) receiver: Receiver,
    pub(super) endpoint: Endpoint,
    pub(super) secret: Secret,
}

impl Drop for World {
    fn drop(&mut self) {
        self.receiver.stop.cancel();
    }
}

pub(super) fn at(seconds: i64) -> DateTime<Utc> {
    make::now() + chrono::Duration::seconds(seconds)
}

impl World {
    pub(super) async fn new(db: &Db, events: &[Event]) -> Self {
        let settings = store::Settings { seal_key: Some([7; 32]), ..testkit::settings() };
        let store = db.reopen(settings).await;
        let tenant = make::workspace(db, "acme").await;
        let connectors = [make::connector(db, &tenant).await, make::connector(db, &tenant).await];
        let receiver = Receiver::new().await;
        let new = New {
            url: receiver.url.clone(),
            description: None,
            events: events.to_vec(),
            connector: None,
        };
        let made = webhooks::insert(&store, &tenant, new, at(0)).await.expect("an endpoint");
        Self { store, tenant, connectors, receiver, endpoint: made.0, secret: made.1 }
    }

    pub(super) fn courier(&self) -> Courier {
        // However busy the machine is: only who sleeps is waited for in vain.
        let sleeps = *self.receiver.mood.lock().expect("a mood") == Mood::Sleeps;
        let patience = Duration::from_millis(if sleeps { 300 } else { 60_000 });
        Courier {
            store: self.store.clone(),
            client: reach::Client::new(OPEN).expect("a client"),
            patience,
            roll: || u32::MAX / 2,
        }
    }

    /// A failure of a connector, named by its detail.
    pub(super) async fn fail(&self, connector: usize, detail: &str) {
        let row = NewDiagnostic {
            detail: detail.to_owned(),
            ..make::diagnostic(self.connectors[connector])
        };
        diagnostics::insert(&self.store, &self.tenant, row, at(0)).await.expect("written");
    }

    /// Rounds at a moment until nothing is due; how many attempts were made.
    pub(super) async fn deliver(&self, seconds: i64) -> usize {
        let courier = self.courier();
        let mut attempts = 0;
        loop {
            match courier.round(at(seconds)).await.expect("the store answers").made {
                0 => return attempts,
                made => attempts += made,
            }
        }
    }

    pub(super) async fn statuses(&self) -> Vec<(DeliveryStatus, u32, Option<u16>)> {
        let query = Query::default();
        let all = webhooks::deliveries(&self.store, &self.tenant, &query).await.expect("listed");
        let all = all.items.into_iter().rev();
        all.map(|(it, _)| (it.status, it.attempts, it.answer_status)).collect()
    }

    pub(super) async fn endpoint(&self) -> Endpoint {
        webhooks::find(&self.store, &self.tenant, self.endpoint.id).await.expect("found")
    }
}
