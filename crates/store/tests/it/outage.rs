//! PostgreSQL goes away and comes back: callers are told `Busy` in time, and nothing is wedged.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use domain::connector::Secret;
use store::{Error, Place, Query, Settings, Store, diagnostics};
use testkit::{Db, make};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// Stands between the store and the server.
struct Line {
    directory: tempfile::TempDir,
    is_cut: Arc<AtomicBool>,
    cut: Arc<Notify>,
}

impl Line {
    fn to(db: &Db) -> (Self, Place) {
        let Place::Postgres { url } = &db.place else { unreachable!("asked on PostgreSQL") };
        let (base, socket) = url.expose().split_once("?host=").unwrap();
        let server = PathBuf::from(socket.replace("%2F", "/")).join(".s.PGSQL.5432");
        let directory = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(directory.path().join(".s.PGSQL.5432")).unwrap();
        let host = directory.path().display().to_string().replace('/', "%2F");
        let place = Place::Postgres { url: Secret::new(format!("{base}?host={host}")) };
        let (is_cut, cut) = (Arc::new(AtomicBool::new(false)), Arc::new(Notify::new()));
        tokio::spawn(relay(listener, server, is_cut.clone(), cut.clone()));
        (Self { directory, is_cut, cut }, place)
    }

    fn cut(&self) {
        self.is_cut.store(true, Ordering::SeqCst);
        self.cut.notify_waiters();
    }

    fn mend(&self) {
        self.is_cut.store(false, Ordering::SeqCst);
        assert!(self.directory.path().exists());
    }
}

async fn relay(listener: UnixListener, server: PathBuf, is_cut: Arc<AtomicBool>, cut: Arc<Notify>) {
    let mut pairs = JoinSet::new();
    while let Ok((mut client, _)) = listener.accept().await {
        if is_cut.load(Ordering::SeqCst) {
            continue;
        }
        let (server, cut) = (server.clone(), cut.clone());
        pairs.spawn(async move {
            let mut server = UnixStream::connect(server).await.unwrap();
            tokio::select! {
                _ = tokio::io::copy_bidirectional(&mut client, &mut server) => {}
                () = cut.notified() => {}
            }
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_goes_away_and_returns_is_busy_meanwhile() {
    let db = Db::postgres().await;
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let (line, place) = Line::to(&db);
    let store = Store::open(&place, testkit::settings()).await.unwrap();
    let insert = || {
        let (store, tenant) = (store.clone(), tenant.clone());
        async move {
            let new = make::diagnostic(connector);
            diagnostics::insert(&store, &tenant, new, make::now()).await
        }
    };
    let many = || futures_util::future::join_all((0..40).map(|_| insert()));
    assert!(many().await.iter().all(Result::is_ok));
    line.cut();
    let since = Instant::now();
    for made in many().await {
        assert!(matches!(made, Err(Error::Busy(_))), "{made:?}");
    }
    let query = Query::default();
    let listed = diagnostics::list(&store, &tenant, &query, make::now()).await;
    assert!(matches!(listed, Err(Error::Busy(_))), "{listed:?}");
    assert!(matches!(store.check().await, Err(Error::Busy(_))));
    let found = store::workspaces::find(&store, &tenant).await;
    assert!(matches!(found, Err(Error::Busy(_))), "{found:?}");
    assert!(since.elapsed() < Duration::from_secs(15), "{:?}", since.elapsed());
    line.mend();
    assert!(many().await.iter().all(Result::is_ok));
    assert!(store.check().await.is_ok());
    assert!(store::workspaces::find(&store, &tenant).await.is_ok());
    assert_eq!(db.number("select count(*) from connector_sync_diagnostics").await, 80);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_survives_a_restart_of_the_server_unnoticed() {
    let db = Db::postgres().await;
    let tenant = make::workspace(&db, "acme").await;
    let query = Query::default();
    let list = || diagnostics::list(&db.store, &tenant, &query, make::now());
    futures_util::future::join_all((0..8).map(|_| list())).await;
    let ended = "select count(*) from (select pg_terminate_backend(pid) from pg_stat_activity
                  where datname = current_database() and pid <> pg_backend_pid()) as ended";
    assert!(db.number(ended).await > 0);
    assert!(list().await.is_ok());
    assert!(store::workspaces::find(&db.store, &tenant).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_waits_five_seconds_for_a_connection_and_no_longer() {
    let db = Db::postgres().await;
    let tenant = make::workspace(&db, "acme").await;
    let one = db.reopen(Settings { connections: 1, ..testkit::settings() }).await;
    let Place::Postgres { url } = &db.place else { unreachable!("asked on PostgreSQL") };
    let options: sqlx::postgres::PgConnectOptions = url.expose().parse().unwrap();
    let mut other = sqlx::ConnectOptions::connect(&options).await.unwrap();
    let mut held = sqlx::Connection::begin(&mut other).await.unwrap();
    sqlx::query("lock table core_api.connector_sync_diagnostics in access exclusive mode")
        .execute(&mut *held)
        .await
        .unwrap();
    let query = Query::default();
    let list = || diagnostics::list(&one, &tenant, &query, make::now());
    // The first waits for the lock, the second for the first: both within their bounds.
    let since = Instant::now();
    let (first, second) = tokio::join!(list(), list());
    assert!(matches!(first, Err(Error::Busy(_))), "{first:?}");
    assert!(matches!(second, Err(Error::Busy(_))), "{second:?}");
    assert!(since.elapsed() < Duration::from_secs(12), "{:?}", since.elapsed());
    held.rollback().await.unwrap();
    assert!(list().await.is_ok());
}
