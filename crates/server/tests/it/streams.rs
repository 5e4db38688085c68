//! Rows as they are written, over server-sent events.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::{Method, Response};
use domain::connector::Role;
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use server::Settings;
use store::api_keys;
use testkit::{Db, make};
use tower::ServiceExt as _;

use crate::world::{PATH, World, request, with};

testkit::each_database! {
    a_row_is_sent_once_to_whom_it_belongs,
    a_client_that_comes_back_misses_nothing,
    a_stream_ends_with_its_key,
    a_wrong_event_id_is_refused,
}

struct Events {
    body: BodyDataStream,
    buffer: String,
    last_id: String,
}

impl Events {
    async fn open(world: &World, key: &str, query: &str, last: Option<&str>) -> Self {
        let mut request = request(Method::GET, key, &format!("{PATH}/stream{query}"), None);
        if let Some(last) = last {
            request.headers_mut().insert("last-event-id", last.parse().unwrap());
        }
        let response: Response<Body> = world.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut events = Self {
            body: response.into_body().into_data_stream(),
            buffer: String::new(),
            last_id: String::new(),
        };
        events.frame().await.expect("a greeting");
        events
    }

    /// The next event or comment; none: the stream has ended.
    async fn frame(&mut self) -> Option<String> {
        loop {
            if let Some((frame, rest)) = self.buffer.split_once("\n\n") {
                let (frame, rest) = (frame.to_owned(), rest.to_owned());
                self.buffer = rest;
                let id = frame.lines().find_map(|it| it.strip_prefix("id: "));
                self.last_id = id.expect("each has an id").to_owned();
                return Some(frame);
            }
            let bytes = tokio::time::timeout(Duration::from_secs(20), self.body.next())
                .await
                .expect("in time")?;
            self.buffer.push_str(std::str::from_utf8(&bytes.expect("sound")).unwrap());
        }
    }

    /// The detail of the next row.
    async fn row(&mut self) -> String {
        loop {
            let frame = self.frame().await.expect("an event");
            if let Some(data) = frame.lines().find_map(|it| it.strip_prefix("data:")) {
                assert!(frame.contains("event: connector_sync_diagnostic"));
                let data: Value = serde_json::from_str(data).unwrap();
                return data["attributes"]["detail"].as_str().unwrap().to_owned();
            }
        }
    }
}

async fn a_row_is_sent_once_to_whom_it_belongs(db: Db) {
    let world = World::new(db).await;
    world.rows(3).await;
    let mut all = Events::open(&world, &world.acme.read, "", None).await;
    let mut some = Events::open(
        &world,
        &world.acme.read,
        "?filter[reason]=empty_result&fields[connector_sync_diagnostic]=detail",
        None,
    )
    .await;
    let mut rival = Events::open(&world, &world.rival.read, "", None).await;
    for i in 0..30 {
        world.record(&format!("new {i}")).await;
    }
    let body = with(world.example(), "/data/attributes/reason", json!("empty_result"));
    let body = with(body, "/data/attributes/detail", json!("empty"));
    world.post(&world.acme.write, PATH, &body).await.expect(201);
    let body = with(
        world.example(),
        "/data/relationships/workspace_connector/data/id",
        json!(world.rival.connector),
    );
    let body = with(body, "/data/attributes/detail", json!("theirs"));
    world.post(&world.rival.write, PATH, &body).await.expect(201);
    for i in 0..30 {
        assert_eq!(all.row().await, format!("new {i}"));
    }
    assert_eq!(all.row().await, "empty");
    assert_eq!(some.row().await, "empty");
    assert_eq!(rival.row().await, "theirs");
}

async fn a_client_that_comes_back_misses_nothing(db: Db) {
    let world = World::new(db).await;
    let mut events = Events::open(&world, &world.acme.read, "", None).await;
    world.record("seen").await;
    assert_eq!(events.row().await, "seen");
    let last = events.last_id.clone();
    drop(events);
    world.rows(450).await;
    let mut events = Events::open(&world, &world.acme.read, "", Some(&last)).await;
    for i in 0..450 {
        assert_eq!(events.row().await, format!("row {i}"));
    }
    world.record("after").await;
    assert_eq!(events.row().await, "after");
}

async fn a_stream_ends_with_its_key(db: Db) {
    let settings = Settings { heartbeat: Duration::from_millis(100), ..Settings::default() };
    let world = World::with(db, settings).await;
    let new = api_keys::New { name: "short".to_owned(), role: Role::Read, expiration_at: None };
    let (key, secret) =
        api_keys::insert(&world.db.store, &world.acme.tenant, new, make::now()).await.unwrap();
    let mut events = Events::open(&world, secret.expose(), "", None).await;
    assert!(events.frame().await.expect("alive").starts_with(": alive"));
    api_keys::delete(&world.db.store, &world.acme.tenant, key.api_key_id, make::now())
        .await
        .unwrap();
    while events.frame().await.is_some() {}
}

async fn a_wrong_event_id_is_refused(db: Db) {
    let world = World::new(db).await;
    world.record("a").await;
    let mut events = Events::open(&world, &world.acme.read, "", None).await;
    world.record("b").await;
    assert_eq!(events.row().await, "b");
    for (key, id) in [(&world.acme.read, "17"), (&world.rival.read, &*events.last_id)] {
        let mut request = request(Method::GET, key, &format!("{PATH}/stream"), None);
        request.headers_mut().insert("last-event-id", id.parse().unwrap());
        assert_eq!(world.ask(request).await.errors(), ["400 invalid_header header Last-Event-ID"]);
    }
    let accept =
        world.get_as(&world.acme.read, "application/json", &format!("{PATH}/stream")).await;
    assert_eq!(accept.errors(), ["406 not_acceptable header Accept"]);
}
