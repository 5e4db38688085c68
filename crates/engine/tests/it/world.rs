//! A store, an engine, and sample servers to sync.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use domain::connector::{AuthorizationFlow, Transport};
use domain::diagnostic::Diagnostic;
use domain::id::{SyncLogId, WorkspaceConnectorId};
use domain::run::TriggerType;
use domain::{Reason, TargetModel};
use engine::{Engine, Recorder, Report, Request, Settings};
use sample::{Fault, Sample};
use sandbox::{Program, Sandbox};
use store::query::{Condition, Op, Page, Query, Value};
use store::{Tenant, connectors, diagnostics, sync_logs, workspace_connectors};
use testkit::{Db, make};
use tokio_util::sync::CancellationToken;

use crate::script;

/// Everything that a run needs, on one database.
pub(crate) struct World {
    pub(crate) db: Db,
    pub(crate) engine: Engine,
    pub(crate) tenant: Tenant,
    servers: CancellationToken,
}

impl Drop for World {
    fn drop(&mut self) {
        self.servers.cancel();
    }
}

#[expect(clippy::disallowed_methods, reason = "the edge of a test reads the clock")]
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now()
}

impl World {
    pub(crate) async fn on(db: Db) -> Self {
        let settings = Settings {
            allow_stdio: true,
            reach: mcp::Reach { private_addresses: true, plain_http: true },
            sandbox: sandbox(),
            // However busy the machine is: a late seat is a test of its own.
            seat_time: std::time::Duration::from_mins(30),
            ..Settings::default()
        };
        let engine = Engine {
            store: db.store.clone(),
            recorder: Recorder::start(db.store.clone(), settings.findings_kept, now),
            settings,
            clock: now,
        };
        let tenant = make::workspace(&db, "acme").await;
        Self { db, engine, tenant, servers: CancellationToken::new() }
    }

    /// A sample server on a port of this machine.
    pub(crate) async fn http(&self, name: &str, faults: &[&str]) -> Transport {
        let faults = faults.iter().map(|it| it.parse::<Fault>().expect("a fault")).collect();
        self.serve(Sample::named(name).expect("a sample"), faults).await
    }

    /// A server with the tools of a saved list.
    pub(crate) async fn replay(&self, file: &Path) -> Transport {
        self.serve(Sample::replay(file).expect("a tool list"), Vec::new()).await
    }

    async fn serve(&self, sample: Sample, faults: Vec<Fault>) -> Transport {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/mcp", listener.local_addr().expect("an address"));
        tokio::spawn(sample::serve_http(sample, faults, listener, self.servers.clone()));
        Transport::Http { url, headers: BTreeMap::new() }
    }

    /// A server whose answers the test makes up.
    pub(crate) async fn scripted<F, A>(&self, tools: &[serde_json::Value], answer: F) -> Transport
    where
        F: Fn(String, script::Args) -> A + Clone + Send + Sync + 'static,
        A: Future<Output = Result<serde_json::Value, StatusCode>> + Send,
    {
        script::serve(tools, answer, self.servers.clone()).await
    }

    /// For a connector whose server comes later.
    pub(crate) fn nowhere() -> Transport {
        Transport::Http { url: "http://127.0.0.1:9/mcp".to_owned(), headers: BTreeMap::new() }
    }

    /// A sample behind an authorization server.
    pub(crate) async fn guarded(&self, name: &str, guard: &sample::Guard) -> Transport {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/mcp", listener.local_addr().expect("an address"));
        let sample = Sample::named(name).expect("a sample");
        let at = (listener, self.servers.clone());
        tokio::spawn(sample::serve_guarded(sample, Vec::new(), guard.clone(), at));
        Transport::Http { url, headers: BTreeMap::new() }
    }

    /// A sample server as a process of its own.
    pub(crate) fn stdio(name: &str, faults: &[&str]) -> Transport {
        let mut args = vec![name.to_owned()];
        args.extend(faults.iter().map(|it| (*it).to_owned()));
        Transport::Stdio {
            command: testkit::program("sample-server").display().to_string(),
            args,
            env: BTreeMap::new(),
        }
    }

    pub(crate) async fn connector(&self, name: &str, transport: Transport) -> WorkspaceConnectorId {
        self.installed(name, transport, AuthorizationFlow::None).await
    }

    /// A connector that waits for a person's consent.
    pub(crate) async fn oauth_connector(
        &self,
        name: &str,
        transport: Transport,
    ) -> WorkspaceConnectorId {
        self.installed(name, transport, AuthorizationFlow::Oauth2).await
    }

    async fn installed(
        &self,
        name: &str,
        transport: Transport,
        authorization_flow: AuthorizationFlow,
    ) -> WorkspaceConnectorId {
        let new = connectors::New {
            service_id: name.to_owned(),
            name: name.to_owned(),
            authorization_flow,
            ..connectors::New::default()
        };
        let connector = connectors::insert(&self.db.store, &self.tenant, new, now())
            .await
            .expect("a connector");
        let new = workspace_connectors::New::of(connector.connector_id, name, transport);
        let made = workspace_connectors::insert(&self.db.store, &self.tenant, new, now()).await;
        made.expect("an installation").workspace_connector_id
    }

    /// Writes down what was decided about a connector, by the name it was made with.
    pub(crate) async fn govern(&self, name: &str, document: serde_json::Value) {
        let new = connectors::New {
            service_id: name.to_owned(),
            name: name.to_owned(),
            ..connectors::New::default()
        };
        let found = connectors::insert(&self.db.store, &self.tenant, new, now()).await;
        let id = found.expect("the connector").connector_id;
        let patch =
            connectors::Patch { governance: Some(Some(document)), ..connectors::Patch::default() };
        connectors::update(&self.db.store, &self.tenant, id, patch, now()).await.expect("governed");
    }

    /// Points a connector at another server.
    pub(crate) async fn redirect(&self, connector: WorkspaceConnectorId, transport: Transport) {
        let patch =
            workspace_connectors::Patch { transport: Some(transport), ..Default::default() };
        workspace_connectors::update(&self.db.store, &self.tenant, connector, patch, now())
            .await
            .expect("redirected");
    }

    pub(crate) async fn sync(
        &self,
        connector: WorkspaceConnectorId,
        targets: &[TargetModel],
    ) -> Report {
        let request = Request { targets: targets.to_vec(), ..Request::default() };
        self.sync_with(connector, &request).await
    }

    pub(crate) async fn sync_with(
        &self,
        connector: WorkspaceConnectorId,
        request: &Request,
    ) -> Report {
        let gap = std::time::Duration::ZERO;
        let log = sync_logs::schedule(
            &self.db.store,
            &self.tenant,
            connector,
            TriggerType::Manual,
            gap,
            now(),
        )
        .await
        .expect("the store answers")
        .expect("no refusal");
        let report = self.engine.sync(&self.tenant, &log, request).await.expect("settled");
        assert!(report.is_recorded, "every finding is written when a run returns");
        for line in &report.log.ledger {
            assert!(line.tally.is_balanced(), "{line:?}");
        }
        report
    }

    /// The findings of a run, in their order, one a line. That juries ran is no news.
    pub(crate) async fn findings(&self, run: SyncLogId) -> String {
        let mut rows = self.rows(run).await;
        rows.retain(|it| it.reason != Reason::JuryRun);
        table(&rows)
    }

    /// The same with every jury.
    pub(crate) async fn findings_and_juries(&self, run: SyncLogId) -> String {
        table(&self.rows(run).await)
    }

    /// The diagnostics of a run, in their order.
    pub(crate) async fn rows(&self, run: SyncLogId) -> Vec<Diagnostic> {
        let of_run = Condition::on(diagnostics::FIELDS, "sync_log", Op::Eq, [Value::Id(run.0)]);
        let query = Query {
            conditions: vec![of_run.expect("a field")],
            page: Page { size: 500, ..Page::default() },
            ..Query::default()
        };
        let rows =
            diagnostics::list(&self.db.store, &self.tenant, &query, now()).await.expect("listed");
        rows.items.into_iter().rev().map(|(it, _)| it).collect()
    }
}

fn table(rows: &[Diagnostic]) -> String {
    let mut table = String::new();
    for it in rows {
        let tool = it.tool_name.as_deref().unwrap_or("-");
        let http = it.http_status.map_or("-".to_owned(), |it| it.to_string());
        writeln!(table, "{} | {} | {tool} | {http} | {}", it.target_model, it.reason, it.detail)
            .expect("written");
    }
    table
}

/// The ledger of a run, lines with rows only.
pub(crate) fn ledger(report: &Report) -> String {
    let mut table = format!("{}\n", report.log.status);
    for it in report.log.ledger.iter().filter(|it| it.tally.fetched > 0) {
        let t = &it.tally;
        let dropped: Vec<String> =
            t.dropped.iter().map(|(reason, rows)| format!("{reason}={rows}")).collect();
        writeln!(
            table,
            "{}: fetched {} inserted {} updated {} unchanged {} dropped [{}] waiting {}{}",
            it.target_model,
            t.fetched,
            t.inserted,
            t.updated,
            t.unchanged,
            dropped.join(" "),
            t.waiting,
            if t.truncated { " truncated" } else { "" }
        )
        .expect("written");
    }
    table
}

fn sandbox() -> Sandbox {
    let program = Program { command: testkit::program("evaluator"), words: Vec::new() };
    Sandbox::new(sandbox::Settings::of(program))
}
