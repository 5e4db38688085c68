//! Webhooks to a real receiver on loopback: each event once by its id, in order per connector.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use chrono::{DateTime, Utc};
use domain::connector::Secret;
use domain::id::WorkspaceConnectorId;
use domain::webhook::{DeliveryStatus, EndpointStatus, Event, signatures};
use domain::{NewDiagnostic, Reason};
use store::webhooks::{self, Endpoint, New, Patch, Replay};
use store::{Query, Store, Tenant, diagnostics};
use testkit::{Db, make};
use tokio_util::sync::CancellationToken;
use worker::Courier;

testkit::each_database! {
    a_receiver_that_fails_sleeps_and_comes_back_gets_every_event_once_in_order,
    two_processes_deliver_each_event_once,
    an_event_is_given_up_after_the_last_pause_and_the_next_goes_out,
    a_receiver_that_is_gone_or_dead_is_disabled_until_somebody_enables_it,
    secrets_rotate_and_deliveries_are_replayed,
    an_address_that_is_not_allowed_is_not_called,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    Well,
    Answers(u16),
    Sleeps,
}

/// What it took: id, type, detail or subject, and whether the signature held.
type Taken = (String, String, String);

#[derive(Clone)]
struct Receiver {
    url: String,
    mood: Arc<Mutex<Mood>>,
    taken: Arc<Mutex<Vec<Taken>>>,
    headers: Arc<Mutex<Vec<(HeaderMap, String)>>>,
    stop: CancellationToken,
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

    fn is(&self, mood: Mood) {
        *self.mood.lock().expect("a mood") = mood;
    }

    fn details(&self, of: &str) -> Vec<String> {
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
            StatusCode::NO_CONTENT
        }
    }
}

struct World {
    store: Store,
    tenant: Tenant,
    connectors: [WorkspaceConnectorId; 2],
    receiver: Receiver,
    endpoint: Endpoint,
    secret: Secret,
}

impl Drop for World {
    fn drop(&mut self) {
        self.receiver.stop.cancel();
    }
}

fn at(seconds: i64) -> DateTime<Utc> {
    make::now() + chrono::Duration::seconds(seconds)
}

impl World {
    async fn new(db: &Db, events: &[Event]) -> Self {
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

    fn courier(&self) -> Courier {
        // However busy the machine is: only who sleeps is waited for in vain.
        let sleeps = *self.receiver.mood.lock().expect("a mood") == Mood::Sleeps;
        let patience = Duration::from_millis(if sleeps { 300 } else { 60_000 });
        Courier {
            store: self.store.clone(),
            reach: mcp::Reach { private_addresses: true, plain_http: true },
            patience,
            roll: || u32::MAX / 2,
        }
    }

    /// A failure of a connector, named by its detail.
    async fn fail(&self, connector: usize, detail: &str) {
        let row = NewDiagnostic {
            detail: detail.to_owned(),
            ..make::diagnostic(self.connectors[connector])
        };
        diagnostics::insert(&self.store, &self.tenant, row, at(0)).await.expect("written");
    }

    /// Rounds at a moment until nothing is due; how many attempts were made.
    async fn deliver(&self, seconds: i64) -> usize {
        let courier = self.courier();
        let mut attempts = 0;
        loop {
            match courier.round(at(seconds)).await.expect("the store answers") {
                0 => return attempts,
                made => attempts += made,
            }
        }
    }

    async fn statuses(&self) -> Vec<(DeliveryStatus, u32, Option<u16>)> {
        let query = Query::default();
        let all = webhooks::deliveries(&self.store, &self.tenant, &query).await.expect("listed");
        let all = all.items.into_iter().rev();
        all.map(|(it, _)| (it.status, it.attempts, it.answer_status)).collect()
    }

    async fn endpoint(&self) -> Endpoint {
        webhooks::find(&self.store, &self.tenant, self.endpoint.id).await.expect("found")
    }
}

async fn a_receiver_that_fails_sleeps_and_comes_back_gets_every_event_once_in_order(db: Db) {
    let world = World::new(&db, &[Event::DiagnosticFailure, Event::IssueOpened]).await;
    for n in 0..5 {
        world.fail(0, &format!("a{n}")).await;
        world.fail(1, &format!("b{n}")).await;
    }
    let rows: Vec<_> = (5..9)
        .map(|n| NewDiagnostic { detail: format!("a{n}"), ..make::diagnostic(world.connectors[0]) })
        .collect();
    diagnostics::insert_many(&world.store, &world.tenant, rows, at(0)).await.expect("written");
    // What only informs is no failure.
    let row = NewDiagnostic { reason: Reason::JuryRun, ..make::diagnostic(world.connectors[0]) };
    diagnostics::insert(&world.store, &world.tenant, row, at(0)).await.expect("written");
    assert_eq!(world.statuses().await.len(), 16);
    world.receiver.is(Mood::Answers(500));
    // The first of each lane alone, once.
    assert_eq!(world.deliver(1).await, 2);
    assert_eq!(world.deliver(5).await, 0);
    world.receiver.is(Mood::Sleeps);
    assert_eq!(world.deliver(7).await, 2);
    assert_eq!(world.deliver(200).await, 0);
    let told = world.endpoint().await;
    assert_eq!((told.status, told.failing_since), (EndpointStatus::Enabled, Some(at(1))));
    world.receiver.is(Mood::Well);
    world.deliver(400).await;
    let of =
        |from: &str, to: usize| -> Vec<String> { (0..to).map(|n| format!("{from}{n}")).collect() };
    assert_eq!(world.receiver.details("a"), of("a", 9));
    assert_eq!(world.receiver.details("b"), of("b", 5));
    let taken = world.receiver.taken.lock().expect("taken").clone();
    let mut ids: Vec<_> = taken.iter().map(|it| it.0.clone()).collect();
    assert_eq!(taken.iter().filter(|it| it.1 == "issue.opened").count(), 2);
    ids.sort();
    ids.dedup();
    assert_eq!((taken.len(), ids.len()), (16, 16));
    assert_eq!(world.endpoint().await.failing_since, None);
    let statuses = world.statuses().await;
    assert!(statuses.iter().all(|it| it.0 == DeliveryStatus::Delivered && it.2 == Some(204)));
    assert_eq!(statuses.iter().filter(|it| it.1 == 3).count(), 2);
}

async fn two_processes_deliver_each_event_once(db: Db) {
    let world = World::new(&db, &[Event::DiagnosticFailure]).await;
    for n in 0..6 {
        world.fail(n % 2, &format!("a{n}")).await;
    }
    let settings = store::Settings { seal_key: Some([7; 32]), ..testkit::settings() };
    let other = Courier { store: db.reopen(settings).await, ..world.courier() };
    let one = world.courier();
    for second in 0..12 {
        let (a, b) = tokio::join!(one.round(at(second)), other.round(at(second)));
        a.expect("the store answers");
        b.expect("the store answers");
    }
    let mut details = world.receiver.details("a");
    assert_eq!(details.len(), 6);
    details.sort();
    details.dedup();
    assert_eq!(details.len(), 6);
}

async fn an_event_is_given_up_after_the_last_pause_and_the_next_goes_out(db: Db) {
    let world = World::new(&db, &[Event::DiagnosticFailure]).await;
    world.fail(0, "a0").await;
    world.fail(0, "a1").await;
    world.receiver.is(Mood::Answers(503));
    let mut now = 0;
    for pause in domain::webhook::BACK_OFF_S {
        assert_eq!(world.deliver(now).await, 1);
        now += i64::try_from(pause).expect("a pause") + 1;
    }
    world.receiver.is(Mood::Answers(500));
    let courier = world.courier();
    assert_eq!(courier.round(at(now)).await.expect("a round"), 1);
    assert_eq!(world.statuses().await[0], (DeliveryStatus::GivenUp, 10, Some(500)));
    world.receiver.is(Mood::Well);
    assert_eq!(world.deliver(now).await, 1);
    assert_eq!(world.receiver.details("a"), ["a1"]);
}

async fn a_receiver_that_is_gone_or_dead_is_disabled_until_somebody_enables_it(db: Db) {
    let world = World::new(&db, &[Event::DiagnosticFailure]).await;
    world.fail(0, "a0").await;
    world.fail(0, "a1").await;
    world.receiver.is(Mood::Answers(410));
    assert_eq!(world.deliver(0).await, 1);
    let told = world.endpoint().await;
    assert_eq!(told.status, EndpointStatus::Disabled);
    assert_eq!(told.disabled_reason.as_deref(), Some("it answered 410: it wants no more"));
    world.receiver.is(Mood::Well);
    assert_eq!(world.deliver(60).await, 0);
    let enable = || Patch { status: Some(EndpointStatus::Enabled), ..Patch::default() };
    let id = world.endpoint.id;
    webhooks::update(&world.store, &world.tenant, id, enable(), at(61)).await.expect("enabled");
    assert_eq!(world.deliver(62).await, 1);
    assert_eq!(world.receiver.details("a"), ["a1"]);
    // Nothing arrives for days.
    world.fail(0, "a2").await;
    world.receiver.is(Mood::Answers(500));
    let day = 24 * 3_600;
    for n in 0..6 {
        world.deliver(70 + n * day).await;
    }
    let told = world.endpoint().await;
    assert_eq!(told.disabled_reason.as_deref(), Some("nothing has arrived for 5 days"));
    assert_eq!((told.status, told.failing_since), (EndpointStatus::Disabled, Some(at(70))));
}

async fn secrets_rotate_and_deliveries_are_replayed(db: Db) {
    let world = World::new(&db, &[Event::DiagnosticFailure]).await;
    world.fail(0, "a0").await;
    world.deliver(0).await;
    let patch = Patch { rotate: true, ..Patch::default() };
    let id = world.endpoint.id;
    let rotated = webhooks::update(&world.store, &world.tenant, id, patch, at(1)).await;
    let fresh = rotated.expect("rotated").1.expect("a secret");
    let since = Replay::Since(at(-5));
    let replayed = webhooks::replay(&world.store, &world.tenant, id, since, at(2)).await;
    assert_eq!(replayed.expect("replayed"), 1);
    world.deliver(2).await;
    // A day later the old one is over.
    let day = 24 * 3_600;
    webhooks::test(&world.store, &world.tenant, id, at(day + 5)).await.expect("a test");
    world.deliver(day + 5).await;
    let told = world.receiver.headers.lock().expect("headers").clone();
    let own = |n: usize, secrets: &[&Secret]| {
        let (headers, body) = &told[n];
        let text = |name: &str| headers[name].to_str().expect("text").to_owned();
        let at = DateTime::from_timestamp(text("webhook-timestamp").parse().expect("a time"), 0);
        let wanted =
            signatures(secrets.iter().copied(), &text("webhook-id"), at.expect("a time"), body);
        assert_eq!(text("webhook-signature"), wanted, "{n}");
        text("webhook-id")
    };
    let first = own(0, &[&world.secret]);
    assert_eq!(own(1, &[&fresh, &world.secret]), first);
    own(2, &[&fresh]);
    assert_eq!(told[0].1, told[1].1);
    assert!(told[2].1.contains("webhook.test"));
    assert!(!format!("{:?}", world.endpoint().await).contains("whsec"));
}

async fn an_address_that_is_not_allowed_is_not_called(db: Db) {
    let world = World::new(&db, &[Event::DiagnosticFailure]).await;
    world.fail(0, "a0").await;
    let courier = Courier { reach: mcp::Reach::default(), ..world.courier() };
    assert_eq!(courier.round(at(0)).await.expect("a round"), 1);
    assert!(world.receiver.taken.lock().expect("taken").is_empty());
    let query = Query::default();
    let all = webhooks::deliveries(&world.store, &world.tenant, &query).await.expect("listed");
    let note = all.items[0].0.answer_note.clone();
    assert_eq!(note.as_deref(), Some("refused: plain http is not allowed"));
}
