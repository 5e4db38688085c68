//! Malformed requests by the thousand: each is a client error in the form of JSON:API, or an
//! answer; never a failure of ours, and never a word about what is behind.

use axum::body::Body;
use axum::http::{Method, Request};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};
use server::routes::{self, Auth};
use testkit::Db;

use crate::world::{JSON_API, World};

testkit::each_database! { hostile_requests_are_refused_politely }

const REQUESTS: usize = 5000;

/// What must never be said.
const WORDS: &[&str] = &[
    "sqlx",
    "select ",
    "SELECT",
    "insert into",
    "core_api",
    "workspace_pk",
    "panicked",
    "src/",
    "/root",
    "/home",
    ".rs",
    "postgres",
    "sqlite",
    "syntax error",
    "secret of acme",
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("' or 1=1 --".to_owned()),
        Just("'; drop table connector_sync_diagnostics; --".to_owned()),
        Just("$1".to_owned()),
        Just("%00".to_owned()),
        Just("\u{0}\u{feff}\u{202e}😀".to_owned()),
        Just("../../etc/passwd".to_owned()),
        Just("null".to_owned()),
        Just("9".repeat(400)),
        Just("-1".to_owned()),
        Just("1e999".to_owned()),
        Just("2026-13-45T99:99:99Z".to_owned()),
        Just("+262142-12-31T23:59:59Z".to_owned()),
        Just("0000-01-01T00:00:00Z".to_owned()),
        Just("a,".repeat(300)),
        Just("00000000-0000-0000-0000-000000000000".to_owned()),
        Just("empty_result".to_owned()),
        Just("true".to_owned()),
        ".{0,20}",
        "[a-z_]{1,12}",
    ]
}

fn name() -> impl Strategy<Value = String> {
    let field = prop_oneof![
        Just("reason"),
        Just("detail"),
        Just("occurred_at"),
        Just("http_status"),
        Just("sync_log"),
        Just("workspace_connector"),
        Just("class"),
        Just("issue"),
        Just("tool_name"),
        Just("name"),
        Just("status"),
        Just("created_at"),
        Just("paused"),
        Just("is_active"),
        Just("pk"),
        Just("workspace_pk"),
        Just("reason) or (1=1"),
    ];
    let op = prop_oneof![
        Just("eq"),
        Just("neq"),
        Just("in"),
        Just("gt"),
        Just("gte"),
        Just("lt"),
        Just("lte"),
        Just("contains"),
        Just("starts_with"),
        Just("ends_with"),
        Just("is_null"),
        Just("like"),
    ];
    prop_oneof![
        field.clone().prop_map(|it| format!("filter[{it}]")),
        (field, op).prop_map(|(field, op)| format!("filter[{field}][{op}]")),
        prop_oneof![
            Just("q"),
            Just("sort"),
            Just("include"),
            Just("by"),
            Just("page[size]"),
            Just("limit"),
            Just("page[after]"),
            Just("page[before]"),
            Just("cursor"),
            Just("page[total]"),
            Just("fields[workspace]"),
            Just("fields[connector_sync_diagnostic]"),
        ]
        .prop_map(str::to_owned),
        text(),
    ]
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|it| json!(it)),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 60, 8, |inner| {
        let member = prop_oneof![
            Just("data".to_owned()),
            Just("type".to_owned()),
            Just("id".to_owned()),
            Just("attributes".to_owned()),
            Just("relationships".to_owned()),
            Just("meta".to_owned()),
            Just("context".to_owned()),
            Just("detail".to_owned()),
            Just("reason".to_owned()),
            Just("config".to_owned()),
            Just("workspace_connector".to_owned()),
            text(),
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::vec((member, inner), 0..8)
                .prop_map(|it| Value::Object(it.into_iter().collect())),
        ]
    })
}

/// A right document with one or two of its members exchanged for anything.
fn damaged(right: Value) -> impl Strategy<Value = Value> {
    let pointers = pointers(&right, String::new());
    let change = (prop::sample::select(pointers), json());
    prop::collection::vec(change, 1..3).prop_map(move |changes| {
        let mut document = right.clone();
        for (pointer, value) in changes {
            if let Some(place) = document.pointer_mut(&pointer) {
                *place = value;
            }
        }
        document
    })
}

fn pointers(value: &Value, at: String) -> Vec<String> {
    let mut all = vec![at.clone()];
    if let Some(members) = value.as_object() {
        all.extend(
            members.iter().flat_map(|(name, value)| pointers(value, format!("{at}/{name}"))),
        );
    }
    all
}

fn body(right: Value) -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => damaged(right),
        2 => json(),
    ]
    .prop_map(|it| it.to_string().into_bytes())
    .prop_flat_map(|bytes| {
        let length = bytes.len();
        prop_oneof![
            8 => Just(bytes.clone()),
            // Cut off, or with a byte that is no UTF-8.
            1 => (0..=length).prop_map({ let bytes = bytes.clone(); move |at| bytes[..at].to_vec() }),
            1 => (0..length.max(1)).prop_map(move |at| {
                let mut bytes = bytes.clone();
                if let Some(byte) = bytes.get_mut(at) { *byte = 0xff; }
                bytes
            }),
        ]
    })
}

fn media() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        8 => Just(JSON_API),
        1 => Just("application/x-ndjson"),
        1 => Just("application/json"),
        1 => Just("text/csv;;q=\"\""),
        1 => Just("*/*"),
        1 => Just("\"\\,;="),
    ]
}

type Given = (usize, Vec<(String, String)>, String, Vec<u8>, &'static str, &'static str);

fn strategy(right: Value) -> impl Strategy<Value = Given> {
    let pairs = prop::collection::vec((name(), text()), 0..3);
    let id = prop_oneof![text(), Just("00000000-0000-0000-0000-000000000000".to_owned())];
    (0..routes::ALL.len(), pairs, id, body(right), media(), media())
}

fn request(
    world: &World,
    (route, pairs, id, body, accept, content): Given,
) -> Option<Request<Body>> {
    let route = &routes::ALL[route];
    // It never ends, and has tests of its own.
    if route.path.ends_with("/stream") || route.path == "/metrics" {
        return None;
    }
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs);
    let id: String = form_urlencoded::byte_serialize(id.as_bytes()).collect();
    let uri =
        format!("{}?{}", route.path.replace("{id}", &id).replace("{reason}", &id), query.finish());
    let key = if route.auth == Auth::Operator { &world.operator } else { &world.rival.admin };
    let request = Request::builder()
        .method(route.method.clone())
        .uri(uri)
        .header("authorization", format!("Bearer {key}"))
        .header("accept", accept)
        .header("content-type", content);
    let has_body = matches!(route.method, Method::POST | Method::PATCH);
    request.body(if has_body { Body::from(body) } else { Body::empty() }).ok()
}

async fn hostile_requests_are_refused_politely(db: Db) {
    let world = World::new(db).await;
    world.record("secret of acme").await;
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut right = world.example();
    right["data"]["relationships"]["workspace_connector"]["data"]["id"] =
        json!(world.rival.connector);
    right["data"]["meta"] = json!({"context": {"a": [1, {"b": "c"}]}});
    let strategy = strategy(right);
    let mut refused = 0;
    for _ in 0..REQUESTS {
        let given = strategy.new_tree(&mut runner).unwrap().current();
        let Some(request) = request(&world, given) else { continue };
        let told = format!("{request:?}");
        let answer = world.ask(request).await;
        assert!(answer.status.as_u16() < 500, "{told}\n{} {}", answer.status, answer.text);
        if answer.status.is_client_error() {
            refused += 1;
            answer.errors();
            // What came in may come back in a pointer or a suggestion; what is ours may not.
            for word in WORDS.iter().filter(|it| !told.contains(**it)) {
                assert!(!answer.text.contains(word), "{told}\n{}", answer.text);
            }
        }
    }
    assert!(refused > REQUESTS / 2, "{refused}");
}
