//! Two workspaces with something in each, hostile texts included, and a console over them.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use chrono::Duration;
use domain::connector::Role;
use domain::entity;
use domain::id::{
    ApiKeyId, ConnectorMappingId, DiagnosticId, SyncIssueId, SyncLogId, ViewerLinkId,
    WebhookEndpointId, WorkspaceConnectorId,
};
use domain::webhook::Event;
use domain::{NewDiagnostic, TargetModel};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use server::{App, Settings, Syncs};
use store::mappings::{self, Generator, NewMapping};
use store::records::{self, Upsert};
use store::{Access, Tenant, api_keys, diagnostics, viewers, webhooks};
use testkit::{Db, make};
use tower::ServiceExt as _;
use uuid::Uuid;

/// What must never become markup.
pub(crate) const HOSTILE: &str = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>";

pub(crate) struct World {
    pub(crate) db: Db,
    pub(crate) router: Router,
    pub(crate) acme: Party,
    pub(crate) rival: Party,
    pub(crate) operator: String,
}

pub(crate) struct Party {
    pub(crate) tenant: Tenant,
    pub(crate) read: String,
    pub(crate) write: String,
    pub(crate) admin: String,
    pub(crate) connector: WorkspaceConnectorId,
    pub(crate) run: SyncLogId,
    pub(crate) diagnostic: DiagnosticId,
    pub(crate) record: Uuid,
    pub(crate) mapping: ConnectorMappingId,
    pub(crate) issue: SyncIssueId,
    pub(crate) hook: WebhookEndpointId,
    /// Of the key that reads.
    pub(crate) key: ApiKeyId,
    /// The viewer link of the workspace.
    pub(crate) link: ViewerLinkId,
    /// Tokens of viewer links: of the workspace, and of its one connector.
    pub(crate) all: String,
    pub(crate) one: String,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |it| it.to_str().unwrap())
    }

    /// The cookie of a session that this answer sets.
    pub(crate) fn session(&self) -> String {
        let set = self.header("set-cookie");
        set.split(';').next().unwrap().to_owned()
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
        let settings = Settings {
            clock: make::now,
            cursor_key: Some([9; 32]),
            pages: console::pages(),
            sign_ins_per_min: settings.sign_ins_per_min.max(200),
            ..settings
        };
        let app = App::new(db.store.clone(), Syncs::none(), settings);
        Self { router: server::router(app), db, acme, rival, operator }
    }

    pub(crate) async fn ask(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let text = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8(text.to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, text }
    }

    pub(crate) async fn get(&self, session: &str, uri: &str) -> Answer {
        self.ask(request(Method::GET, session, uri, String::new())).await
    }

    pub(crate) async fn post(&self, session: &str, uri: &str, fields: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.ask(request(Method::POST, session, uri, body)).await
    }

    /// The API, for what both doors do.
    pub(crate) async fn api(&self, key: &str, uri: &str, body: &Value) -> Answer {
        let request = Request::builder()
            .method(Method::POST)
            .uri(uri)
            .header("authorization", format!("Bearer {key}"))
            .header("content-type", "application/vnd.api+json");
        self.ask(request.body(Body::from(body.to_string())).unwrap()).await
    }

    /// A cookie for this key.
    pub(crate) async fn sign_in(&self, key: &str) -> String {
        self.post("", "/sign-in", &[("key", key)]).await.expect(303).session()
    }

    /// The token that the forms of a session carry.
    pub(crate) async fn token(&self, session: &str) -> String {
        let page = self.get(session, "/connectors").await.expect(200).text;
        between(&page, "name=\"token\" value=\"", "\"").to_owned()
    }
}

pub(crate) fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("no {before} in {text}"));
    rest.split_once(after).unwrap().0
}

pub(crate) fn request(method: Method, session: &str, uri: &str, body: String) -> Request<Body> {
    let mut request =
        Request::builder().method(method.clone()).uri(uri).header("accept", "text/html");
    if !session.is_empty() {
        request = request.header("cookie", format!("other=1; {session}"));
    }
    if method == Method::POST {
        request = request.header("content-type", "application/x-www-form-urlencoded");
    }
    request.body(Body::from(body)).unwrap()
}

impl Party {
    async fn new(db: &Db, name: &str) -> Self {
        let tenant = make::workspace(db, name).await;
        let connector = make::connector(db, &tenant).await;
        let run = make::run(db, connector).await;
        let key = async |role| make::key(db, &tenant, role).await.expose().to_owned();
        let (read, write, admin) =
            (key(Role::Read).await, key(Role::Write).await, key(Role::Admin).await);
        let (store, now) = (&db.store, make::now());
        let hook = hook(db, &tenant).await;
        let new = NewDiagnostic {
            tool_name: Some(HOSTILE.to_owned()),
            detail: format!("{name}: {HOSTILE}"),
            sync_log: Some(run),
            context: Some(json!({"fields": [HOSTILE], HOSTILE: 1})),
            ..make::diagnostic(connector)
        };
        let rows = vec![new; 30];
        let rows = diagnostics::insert_many(store, &tenant, rows, now).await.unwrap();
        let mapping = mappings::save(store, &tenant, drawn(connector), now).await.unwrap();
        let record = record(db, &tenant, connector, run).await;
        let own = store.authenticate(&write, now).await.unwrap();
        let Access::Tenant(own) = own else { panic!("a key of a workspace") };
        let until = now + Duration::days(7);
        let link = async |of| viewers::insert(store, &own, of, until, now).await.unwrap();
        let (all, one) = (link(None).await, link(Some(connector)).await);
        let Access::Tenant(reader) = store.authenticate(&read, now).await.unwrap() else {
            panic!("a key of a workspace")
        };
        Self {
            issue: domain::issue::id_of(tenant.workspace(), &rows[0].fingerprint),
            hook,
            tenant,
            read,
            write,
            admin,
            connector,
            run,
            diagnostic: rows[0].diagnostic_id,
            record,
            mapping: mapping.id,
            key: reader.key().unwrap(),
            link: all.0.id,
            all: all.1,
            one: one.1,
        }
    }
}

/// Told of everything, so that the findings that follow are on their way to it.
async fn hook(db: &Db, tenant: &Tenant) -> WebhookEndpointId {
    let new = webhooks::New {
        url: "https://hooks.example/wireline".to_owned(),
        description: Some(HOSTILE.to_owned()),
        events: Event::subscribable().collect(),
        connector: None,
    };
    webhooks::insert(&db.store, tenant, new, make::now()).await.unwrap().0.id
}

fn drawn(connector: WorkspaceConnectorId) -> NewMapping {
    let path = |it: &str| json!({"path": it});
    let plan = json!({"target": "invoice", "slots": [
        {"slot": "invoice_external_id", "source": path("id")},
        {"slot": "invoice_number", "source": path("number")},
    ]});
    let compiled = mapping::compile(&serde_json::from_value(plan.clone()).unwrap());
    NewMapping {
        plan,
        sample: json!([{"id": "i-1", "number": HOSTILE}]),
        slot_report: json!([]),
        ..NewMapping::of(connector, TargetModel::Invoice, HOSTILE, Generator::Structured, compiled)
    }
}

async fn record(db: &Db, tenant: &Tenant, connector: WorkspaceConnectorId, run: SyncLogId) -> Uuid {
    let now = make::now();
    let values = json!({"company_external_id": "c-1", "name": HOSTILE});
    let entity = entity::check(TargetModel::Company, &values, now.date_naive()).unwrap();
    let batch = Upsert {
        run,
        connector,
        tool: HOSTILE,
        model: TargetModel::Company,
        entities: std::slice::from_ref(&entity),
    };
    let done = records::upsert(&db.store, tenant, &batch, now).await.unwrap();
    assert_eq!(done.inserted, 1, "{done:?}");
    let all = records::find_all(&db.store, tenant, TargetModel::Company, "c-1").await.unwrap();
    all[0].record_id
}
