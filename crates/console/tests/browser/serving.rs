//! A server in a process of its own, over a database of the test, with a connector that can be
//! synced: the sample server that ships in the binary.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use domain::connector::{Role, Transport};
use domain::id::WorkspaceConnectorId;
use store::{Place, Tenant, connectors, workspace_connectors};
use testkit::{Db, make};

/// The key that `testkit` seals with, as the settings have it.
const SEAL_KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

pub(crate) struct Serving {
    pub(crate) db: Db,
    pub(crate) base: String,
    pub(crate) tenant: Tenant,
    pub(crate) key: String,
    pub(crate) connector: WorkspaceConnectorId,
    child: Child,
    /// What the process writes is read to its end: a full pipe would stop it.
    _folder: tempfile::TempDir,
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Serving {
    pub(crate) async fn start(db: Db) -> Self {
        let tenant = make::workspace(&db, "Acme").await;
        let key = make::key(&db, &tenant, Role::Admin).await.expose().to_owned();
        let connector = install(&db, &tenant, "Books", "ledger").await;
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(testkit::program("wireline"));
        command.env_clear().env("PATH", "/usr/bin:/bin").env("WIRELINE_SEAL_KEY", SEAL_KEY);
        command.env("WIRELINE_RUN_MIN_GAP_S", "0").current_dir(folder.path());
        match &db.place {
            Place::Sqlite { data } => command.env("WIRELINE_DATA", data),
            Place::Postgres { url } => command
                .env("WIRELINE_DATA", folder.path())
                .env("WIRELINE_DATABASE_URL", url.expose()),
        };
        command.args(["serve", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::inherit()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let base = line.trim().rsplit("listening on ").next().unwrap().to_owned();
        assert!(base.starts_with("http://127."), "{line}");
        Self { db, base, tenant, key, connector, child, _folder: folder }
    }
}

/// A sample server, started by each run as a program of this machine.
pub(crate) async fn install(
    db: &Db,
    tenant: &Tenant,
    name: &str,
    sample: &str,
) -> WorkspaceConnectorId {
    let new = connectors::New {
        service_id: name.to_lowercase(),
        name: name.to_owned(),
        ..connectors::New::default()
    };
    let entry = connectors::insert(&db.store, tenant, new, make::now()).await.unwrap();
    let transport = Transport::Stdio {
        command: testkit::program("wireline").display().to_string(),
        args: vec!["sample-server".to_owned(), sample.to_owned()],
        env: BTreeMap::new(),
    };
    let new = workspace_connectors::New::of(entry.connector_id, name, transport);
    let made = workspace_connectors::insert(&db.store, tenant, new, make::now()).await.unwrap();
    made.workspace_connector_id
}
