//! Two workspaces with keys, and a router over them.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use domain::connector::Role;
use domain::id::{SyncLogId, WorkspaceConnectorId};
use http_body_util::BodyExt as _;
use sandbox::{Program, Sandbox};
use serde_json::{Value, json};
use server::{App, Settings, Syncs};
use std::sync::{Arc, Mutex};
use store::{Tenant, api_keys, diagnostics};
use testkit::{Db, make};
use tower::ServiceExt as _;

pub(crate) const PATH: &str = "/v1/connector-sync-diagnostics";
pub(crate) const JSON_API: &str = "application/vnd.api+json";

pub(crate) struct World {
    pub(crate) db: Db,
    pub(crate) app: App,
    pub(crate) router: Router,
    pub(crate) acme: Party,
    pub(crate) rival: Party,
    pub(crate) operator: String,
    /// Runs that the server asked for.
    pub(crate) started: Arc<Mutex<Vec<SyncLogId>>>,
}

/// A workspace, its keys, and something in it.
pub(crate) struct Party {
    pub(crate) tenant: Tenant,
    pub(crate) read: String,
    pub(crate) write: String,
    pub(crate) admin: String,
    pub(crate) connector: WorkspaceConnectorId,
    pub(crate) run: SyncLogId,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.text))
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |it| it.to_str().unwrap())
    }

    /// `status code source`, of each error, after holding each to the form of JSON:API.
    #[track_caller]
    pub(crate) fn errors(&self) -> Vec<String> {
        assert_eq!(self.header("content-type"), JSON_API, "{}", self.text);
        let json = self.json();
        let errors = json["errors"].as_array().expect("errors").clone();
        assert!(!errors.is_empty());
        let told = errors.iter().map(|it| {
            assert_eq!(it["id"], self.header("x-request-id"));
            assert!(it["title"].is_string() && it["detail"].is_string(), "{it}");
            assert!(it["links"]["about"].as_str().unwrap().starts_with("/docs#"));
            let source = it["source"].as_object().and_then(|it| it.iter().next());
            let source = source
                .map_or(String::new(), |(kind, it)| format!(" {kind} {}", it.as_str().unwrap()));
            format!("{} {}{source}", it["status"].as_str().unwrap(), it["code"].as_str().unwrap())
        });
        told.collect()
    }
}

impl World {
    pub(crate) async fn new(db: Db) -> Self {
        Self::with(db, Settings::default()).await
    }

    pub(crate) async fn with(db: Db, settings: Settings) -> Self {
        let acme = Party::new(&db, "acme").await;
        let rival = Party::new(&db, "rival").await;
        let new =
            api_keys::New { name: "operator".to_owned(), role: Role::Admin, expiration_at: None };
        let owner = db.store.operator();
        let operator = api_keys::insert_operator(&db.store, &owner, new, make::now());
        let operator = operator.await.unwrap().1.expose().to_owned();
        let started = Arc::new(Mutex::new(Vec::new()));
        let runs = started.clone();
        let syncs = Syncs::new(move |_, run| runs.lock().unwrap().push(run));
        let program = Program { command: testkit::program("evaluator"), words: Vec::new() };
        let sandbox = Sandbox::new(sandbox::Settings::of(program));
        let settings =
            Settings { clock: make::now, cursor_key: Some([9; 32]), sandbox, ..settings };
        let app = App::new(db.store.clone(), syncs, settings);
        let router = server::router(app.clone());
        Self { db, app, router, acme, rival, operator, started }
    }

    pub(crate) async fn ask(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let text = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8(text.to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, text }
    }

    pub(crate) async fn get(&self, key: &str, uri: &str) -> Answer {
        self.ask(request(Method::GET, key, uri, None)).await
    }

    pub(crate) async fn get_as(&self, key: &str, accept: &str, uri: &str) -> Answer {
        let mut request = request(Method::GET, key, uri, None);
        request.headers_mut().insert("accept", accept.parse().unwrap());
        self.ask(request).await
    }

    pub(crate) async fn post(&self, key: &str, uri: &str, body: &Value) -> Answer {
        self.ask(request(Method::POST, key, uri, Some(body))).await
    }

    pub(crate) async fn patch(&self, key: &str, uri: &str, body: &Value) -> Answer {
        self.ask(request(Method::PATCH, key, uri, Some(body))).await
    }

    pub(crate) async fn delete(&self, key: &str, uri: &str) -> Answer {
        self.ask(request(Method::DELETE, key, uri, None)).await
    }

    /// The seed's example, made over HTTP.
    pub(crate) async fn record(&self, detail: &str) -> Value {
        let body = with(self.example(), "/data/attributes/detail", json!(detail));
        self.post(&self.acme.write, PATH, &body).await.expect(201).json()["data"].take()
    }

    /// What a client sends to record the seed's example.
    pub(crate) fn example(&self) -> Value {
        json!({ "data": resource(self.acme.connector) })
    }

    /// Rows of acme, straight into the store; the first occurred first.
    pub(crate) async fn rows(&self, n: usize) {
        let now = make::now();
        let rows = (0..n).map(|i| domain::NewDiagnostic {
            detail: format!("row {i}"),
            occurred_at: Some(now - chrono::Duration::seconds((n - i).try_into().unwrap())),
            ..make::diagnostic(self.acme.connector)
        });
        let rows: Vec<_> = rows.collect();
        for chunk in rows.chunks(1000) {
            diagnostics::insert_many(&self.db.store, &self.acme.tenant, chunk.to_vec(), now)
                .await
                .unwrap();
        }
    }
}

impl Party {
    async fn new(db: &Db, name: &str) -> Self {
        let new = store::workspaces::New {
            name: name.to_owned(),
            external_workspace_id: Some(format!("{name}-external")),
            ..Default::default()
        };
        let tenant = make::workspace_with(db, new).await;
        let connector = make::connector(db, &tenant).await;
        let run = make::run(db, connector).await;
        let key = async |role| make::key(db, &tenant, role).await.expose().to_owned();
        let (read, write, admin) =
            (key(Role::Read).await, key(Role::Write).await, key(Role::Admin).await);
        Self { tenant, read, write, admin, connector, run }
    }
}

pub(crate) fn resource(connector: WorkspaceConnectorId) -> Value {
    json!({
        "type": "connector_sync_diagnostic",
        "attributes": {
            "target_model": "invoice",
            "tool_name": "pennylane_get_invoices",
            "reason": "mapped_entities_dropped",
            "http_status": 200,
            "detail": "Validator rejected 12/12 mapped entities: required field 'issue_date' null after JSONata mapping for tool pennylane_get_invoices",
            "occurred_at": "2026-06-01T14:32:07.000Z",
        },
        "relationships": {
            "workspace_connector": { "data": { "type": "workspace_connector", "id": connector } },
        },
    })
}

/// The document with another value at a place.
pub(crate) fn with(mut document: Value, pointer: &str, value: Value) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = document.pointer_mut(parent).unwrap_or_else(|| panic!("no {parent}"));
    match name.parse::<usize>() {
        Ok(index) => parent[index] = value,
        Err(_) => parent[name] = value,
    }
    document
}

/// The document without a member.
pub(crate) fn without(mut document: Value, pointer: &str) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    document.pointer_mut(parent).unwrap().as_object_mut().unwrap().shift_remove(name);
    document
}

pub(crate) fn request(method: Method, key: &str, uri: &str, body: Option<&Value>) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(uri);
    if !key.is_empty() {
        request = request.header("authorization", format!("Bearer {key}"));
    }
    match body {
        None => request.body(Body::empty()).unwrap(),
        Some(body) => {
            request.header("content-type", JSON_API).body(Body::from(body.to_string())).unwrap()
        }
    }
}

/// Every uuid becomes a number by order of appearance, so that snapshots hold.
pub(crate) fn redacted(value: &Value) -> String {
    let text = serde_json::to_string_pretty(value).unwrap();
    let mut seen: Vec<String> = Vec::new();
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find(|it: char| it.is_ascii_hexdigit()) {
        let (head, tail) = rest.split_at(at);
        out.push_str(head);
        match tail.get(..36).filter(|it| it.parse::<uuid::Uuid>().is_ok()) {
            Some(id) => {
                let n = seen.iter().position(|it| it == id).unwrap_or_else(|| {
                    seen.push(id.to_owned());
                    seen.len() - 1
                });
                out.push_str(&format!("<id {n}>"));
                rest = &tail[36..];
            }
            None => {
                out.push_str(&tail[..1]);
                rest = &tail[1..];
            }
        }
    }
    out + rest
}
