//! A stream loses no row, however writers overlap.

use std::collections::BTreeSet;

use store::{Query, diagnostics};
use testkit::{Db, make};

testkit::each_database! { a_reader_of_concurrent_writers_misses_nothing }

async fn a_reader_of_concurrent_writers_misses_nothing(db: Db) {
    const ROWS: usize = 600;
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    // Two processes' worth of writers.
    let stores = [db.store.clone(), db.reopen(testkit::settings()).await];
    let mut writers = Vec::new();
    for n in 0..ROWS / 2 {
        let (store, tenant) = (stores[n % 2].clone(), tenant.clone());
        writers.push(tokio::spawn(async move {
            let new = make::diagnostic(connector);
            if n % 3 == 0 {
                let two = vec![new.clone(), new];
                diagnostics::insert_many(&store, &tenant, two, make::now()).await.unwrap();
            } else {
                for _ in 0..2 {
                    let new = new.clone();
                    diagnostics::insert(&store, &tenant, new, make::now()).await.unwrap();
                }
            }
        }));
    }
    let (mut seen, mut last) = (BTreeSet::new(), 0);
    let query = Query::default();
    while seen.len() < ROWS {
        let done = writers.iter().all(tokio::task::JoinHandle::is_finished);
        let rows =
            diagnostics::newer(&db.store, &tenant, &query, last, 50, make::now()).await.unwrap();
        assert!(!done || !rows.is_empty(), "all are written, {} of {ROWS} were seen", seen.len());
        for (row, pk) in rows {
            assert!(pk > last && seen.insert(row.diagnostic_id));
            last = pk;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_waits_for_smaller_keys_that_are_not_committed() {
    let db = Db::postgres().await;
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let store::Place::Postgres { url } = &db.place else { unreachable!("asked on PostgreSQL") };
    let options: sqlx::postgres::PgConnectOptions = url.expose().parse().unwrap();
    let options = options.options([("search_path", "core_api")]);
    let mut slow = sqlx::ConnectOptions::connect(&options).await.unwrap();
    let mut open = sqlx::Connection::begin(&mut slow).await.unwrap();
    sqlx::query(
        "insert into connector_sync_diagnostics (workspace_pk, workspace_connector_pk,
           target_model, reason, detail, occurred_at)
         select workspace_pk, pk, 'invoice', 'jury_run', 'slow', '2026-06-01T14:32:07Z'
           from workspace_connectors where (select enter_to_write(''))",
    )
    .execute(&mut *open)
    .await
    .unwrap();
    let new = make::diagnostic(connector);
    diagnostics::insert(&db.store, &tenant, new, make::now()).await.unwrap();
    let query = Query::default();
    let newer = || diagnostics::newer(&db.store, &tenant, &query, 0, 10, make::now());
    assert_eq!(newer().await.unwrap().len(), 0, "a smaller key may yet appear");
    open.commit().await.unwrap();
    let details: Vec<_> = newer().await.unwrap().into_iter().map(|it| it.0.detail).collect();
    assert_eq!((details.len(), details[0].as_str()), (2, "slow"));
}
