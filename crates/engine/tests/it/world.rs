//! A store, an engine, and sample servers to sync.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use domain::TargetModel;
use domain::connector::Transport;
use domain::id::{SyncLogId, WorkspaceConnectorId};
use domain::run::TriggerType;
use engine::{Engine, Recorder, Report, Request, Settings};
use sample::{Fault, Sample};
use store::query::{Condition, Op, Page, Query, Value};
use store::{Tenant, connectors, diagnostics, sync_logs, workspace_connectors};
use testkit::{Db, make};
use tokio_util::sync::CancellationToken;

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
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/mcp", listener.local_addr().expect("an address"));
        let faults = faults.iter().map(|it| it.parse::<Fault>().expect("a fault")).collect();
        let sample = Sample::named(name).expect("a sample");
        tokio::spawn(sample::serve_http(sample, faults, listener, self.servers.clone()));
        Transport::Http { url, headers: BTreeMap::new() }
    }

    /// A sample server as a process of its own.
    pub(crate) fn stdio(name: &str, faults: &[&str]) -> Transport {
        let mut args = vec![name.to_owned()];
        args.extend(faults.iter().map(|it| (*it).to_owned()));
        Transport::Stdio {
            command: sample_server().display().to_string(),
            args,
            env: BTreeMap::new(),
        }
    }

    pub(crate) async fn connector(&self, name: &str, transport: Transport) -> WorkspaceConnectorId {
        let new = connectors::New {
            service_id: name.to_owned(),
            name: name.to_owned(),
            ..connectors::New::default()
        };
        let connector = connectors::insert(&self.db.store, &self.tenant, new, now())
            .await
            .expect("a connector");
        let new = workspace_connectors::New::of(connector.connector_id, name, transport);
        let made = workspace_connectors::insert(&self.db.store, &self.tenant, new, now()).await;
        made.expect("an installation").workspace_connector_id
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

    /// The findings of a run, in their order, one a line.
    pub(crate) async fn findings(&self, run: SyncLogId) -> String {
        let of_run = Condition::on(diagnostics::FIELDS, "sync_log", Op::Eq, [Value::Id(run.0)]);
        let query = Query {
            conditions: vec![of_run.expect("a field")],
            page: Page { size: 500, ..Page::default() },
            ..Query::default()
        };
        let rows =
            diagnostics::list(&self.db.store, &self.tenant, &query, now()).await.expect("listed");
        let mut table = String::new();
        for (it, _) in rows.items.iter().rev() {
            let tool = it.tool_name.as_deref().unwrap_or("-");
            let http = it.http_status.map_or("-".to_owned(), |it| it.to_string());
            writeln!(
                table,
                "{} | {} | {tool} | {http} | {}",
                it.target_model, it.reason, it.detail
            )
            .expect("written");
        }
        table
    }
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

/// Built with the workspace's tests, beside their binaries.
fn sample_server() -> PathBuf {
    let test = std::env::current_exe().expect("this test");
    let folder = test.parent().and_then(|it| it.parent()).expect("the target folder");
    let program = folder.join("sample-server");
    assert!(program.exists(), "build the workspace first: cargo build --workspace --all-targets");
    program
}
