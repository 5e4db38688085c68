//! An acknowledged write survives `kill -9`.

use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use store::Place;
use testkit::{Db, make};

use crate::binary::{Connection, Serving, wireline};

const ROUNDS: usize = 20;
const WRITERS: usize = 8;

#[tokio::test(flavor = "multi_thread")]
async fn no_acknowledged_row_is_lost_to_twenty_kills_on_sqlite() {
    let db = Db::sqlite().await;
    let folder = db.directory().expect("a folder");
    killed_twenty_times(&db, || wireline(&folder)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_acknowledged_row_is_lost_to_twenty_kills_on_postgres() {
    let db = Db::postgres().await;
    let folder = tempfile::TempDir::with_prefix("wireline-").expect("a folder");
    let Place::Postgres { url } = &db.place else { unreachable!("asked for PostgreSQL") };
    killed_twenty_times(&db, || {
        let mut command = wireline(folder.path());
        command.env("WIRELINE_DATABASE_URL", url.expose());
        command
    })
    .await;
}

async fn killed_twenty_times(db: &Db, command: impl Fn() -> Command) {
    let tenant = make::workspace(db, "acme").await;
    let key = make::key(db, &tenant, domain::connector::Role::Write).await;
    let connector = make::connector(db, &tenant).await;
    let body = json!({"data": {
        "type": "connector_sync_diagnostic",
        "attributes": {"target_model": "invoice", "reason": "empty_result", "detail": "kept"},
        "relationships": {"workspace_connector": {"data": {"type": "workspace_connector", "id": connector}}},
    }})
    .to_string();
    let mut acknowledged: Vec<String> = Vec::new();
    for round in 0..ROUNDS {
        let mut serving = Serving::start(command());
        // The kill falls at another point of the writing in each round.
        let enough = 20 + round * 7;
        let acknowledged_now = AtomicUsize::new(0);
        let written: Vec<String> = std::thread::scope(|scope| {
            let connections: Vec<_> = (0..WRITERS).map(|_| serving.connect(key.expose())).collect();
            let writers: Vec<_> = connections
                .into_iter()
                .map(|it| scope.spawn(|| write(it, &body, &acknowledged_now)))
                .collect();
            let mut probe = serving.connect(key.expose());
            while acknowledged_now.load(Ordering::Relaxed) < enough {
                probe.send("GET", "/healthz", "").expect("it lives until it is killed");
            }
            kill(&serving);
            writers.into_iter().flat_map(|it| it.join().expect("a writer")).collect()
        });
        serving.kill();
        assert!(!written.is_empty(), "round {round} wrote nothing");
        acknowledged.extend(written);
    }
    let serving = Serving::start(command());
    let mut reader = serving.connect(key.expose());
    for id in &acknowledged {
        let found = reader.send("GET", &format!("/v1/connector-sync-diagnostics/{id}"), "");
        assert_eq!(found.map(|it| it.0), Some(200), "{id} was acknowledged and is lost");
    }
}

/// Writes until the server is gone; the ids that were acknowledged with 201.
fn write(mut connection: Connection, body: &str, count: &AtomicUsize) -> Vec<String> {
    let mut ids = Vec::new();
    while let Some((status, answer)) =
        connection.send("POST", "/v1/connector-sync-diagnostics", body)
    {
        assert_eq!(status, 201, "{answer}");
        ids.push(answer["data"]["id"].as_str().expect("an id").to_owned());
        count.fetch_add(1, Ordering::Relaxed);
    }
    ids
}

fn kill(serving: &Serving) {
    let killed = Command::new("kill").args(["-9", &serving.id().to_string()]).status();
    assert!(killed.is_ok_and(|it| it.success()));
}
