//! A sample server behind a slow line, that sees who is connected.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::TargetModel;
use domain::connector::Transport;
use domain::id::WorkspaceConnectorId;
use sample::Sample;
use store::{Tenant, connectors, workspace_connectors};
use testkit::{Db, make};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// Each message of a client arrives so much later.
const DELAY: Duration = Duration::from_millis(60);

pub(crate) struct SlowServer {
    pub(crate) url: String,
    seen: Arc<Seen>,
    stop: CancellationToken,
}

/// The sessions of open connections.
#[derive(Default)]
struct Seen {
    next: AtomicUsize,
    open: Mutex<HashMap<usize, String>>,
    most: AtomicUsize,
}

impl Seen {
    fn hear(&self, connection: usize, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes).to_lowercase();
        let Some(rest) = text.split("mcp-session-id: ").nth(1) else { return };
        let session = rest.split("\r\n").next().unwrap_or_default().to_owned();
        let mut open = self.open.lock().expect("no panic");
        open.insert(connection, session);
        let mut sessions: Vec<&String> = open.values().collect();
        sessions.sort();
        sessions.dedup();
        self.most.fetch_max(sessions.len(), Ordering::Relaxed);
    }

    fn forget(&self, connection: usize) {
        self.open.lock().expect("no panic").remove(&connection);
    }
}

impl Drop for SlowServer {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl SlowServer {
    pub(crate) async fn start(rows: usize) -> Self {
        let sample = Sample::named(&format!("ledger:rows={rows}")).expect("a sample");
        let inner = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let upstream = inner.local_addr().expect("an address");
        let stop = CancellationToken::new();
        tokio::spawn(sample::serve_http(sample, Vec::new(), inner, stop.clone()));
        let outer = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/mcp", outer.local_addr().expect("an address"));
        let seen = Arc::new(Seen::default());
        let seer = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((client, _)) = outer.accept().await {
                let server = TcpStream::connect(upstream).await.expect("our own server");
                tokio::spawn(forward(client, server, Arc::clone(&seer)));
            }
        });
        Self { url, seen, stop }
    }

    /// The most clients that were connected at one moment.
    pub(crate) fn most_at_once(&self) -> usize {
        self.seen.most.load(Ordering::Relaxed)
    }

    /// Installs it, for accounts and transactions.
    pub(crate) async fn install(
        &self,
        db: &Db,
        tenant: &Tenant,
        name: &str,
    ) -> WorkspaceConnectorId {
        let new = connectors::New {
            service_id: name.to_owned(),
            name: name.to_owned(),
            ..connectors::New::default()
        };
        let made = connectors::insert(&db.store, tenant, new, make::now()).await;
        let connector = made.expect("a connector").connector_id;
        let transport = Transport::Http { url: self.url.clone(), headers: BTreeMap::new() };
        let mut new = workspace_connectors::New::of(connector, name, transport);
        new.supported_target_models = Some(vec![TargetModel::Account, TargetModel::Transaction]);
        let made = workspace_connectors::insert(&db.store, tenant, new, make::now()).await;
        made.expect("an installation").workspace_connector_id
    }
}

async fn forward(client: TcpStream, server: TcpStream, seen: Arc<Seen>) {
    let connection = seen.next.fetch_add(1, Ordering::Relaxed);
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let back = tokio::spawn(async move {
        tokio::io::copy(&mut from_server, &mut to_client).await.ok();
    });
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = from_client.read(&mut bytes).await {
        seen.hear(connection, &bytes[..read]);
        tokio::time::sleep(DELAY).await;
        if to_server.write_all(&bytes[..read]).await.is_err() {
            break;
        }
    }
    back.abort();
    seen.forget(connection);
}
