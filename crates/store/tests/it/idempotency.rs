//! A request that is sent again is answered again, once for each key.

use chrono::Duration;
use store::Error;
use store::diagnostics::{self, Idempotency};
use testkit::{Db, make};

testkit::each_database! {
    a_key_answers_the_same_body_again,
    a_key_with_another_body_is_a_conflict,
    a_key_is_free_again_after_a_day,
}

fn once(key: &str, body: u8) -> Idempotency {
    Idempotency { key: key.to_owned(), body_hash: [body; 32] }
}

async fn a_key_answers_the_same_body_again(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let create = |key: Idempotency| {
        let (store, tenant) = (db.store.clone(), tenant.clone());
        async move {
            let new = make::diagnostic(connector);
            diagnostics::insert_once(&store, &tenant, new, &key, make::now()).await
        }
    };
    let (first, replayed) = create(once("a", 1)).await.unwrap();
    assert!(!replayed);
    assert_eq!(create(once("a", 1)).await.unwrap(), (first.clone(), true));
    let (second, replayed) = create(once("b", 1)).await.unwrap();
    assert!(!replayed && second.diagnostic_id != first.diagnostic_id);
    // At the same moment: one row, everyone's answer.
    let all: Vec<_> = (0..16).map(|_| tokio::spawn(create(once("c", 1)))).collect();
    let mut made = std::collections::BTreeSet::new();
    let mut fresh = 0;
    for task in all {
        let (row, replayed) = task.await.unwrap().unwrap();
        made.insert(row.diagnostic_id);
        fresh += usize::from(!replayed);
    }
    assert_eq!((made.len(), fresh), (1, 1));
}

async fn a_key_with_another_body_is_a_conflict(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    for body in [1, 2] {
        let new = make::diagnostic(connector);
        let key = once("a", body);
        let made = diagnostics::insert_once(&db.store, &tenant, new, &key, make::now()).await;
        match (body, made) {
            (1, Ok(_)) | (2, Err(Error::Conflict { field: "Idempotency-Key", .. })) => {}
            (_, other) => panic!("{other:?}"),
        }
    }
    // Another connector, or another workspace that it feeds, has keys of its own.
    let neighbour = make::connector(&db, &tenant).await;
    let fed = make::workspace(&db, "fed").await;
    make::feed(&db, connector, &fed).await;
    for (tenant, connector) in [(&tenant, neighbour), (&fed, connector)] {
        let new = make::diagnostic(connector);
        let key = once("a", 2);
        let made = diagnostics::insert_once(&db.store, tenant, new, &key, make::now()).await;
        assert!(!made.unwrap().1);
    }
}

async fn a_key_is_free_again_after_a_day(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let mut made = Vec::new();
    for (hours, body) in [(0, 1), (23, 1), (24, 2), (47, 2)] {
        let now = make::now() + Duration::hours(hours);
        let new = make::diagnostic(connector);
        let answer = diagnostics::insert_once(&db.store, &tenant, new, &once("a", body), now).await;
        made.push(answer.unwrap());
    }
    let replayed: Vec<bool> = made.iter().map(|it| it.1).collect();
    assert_eq!(replayed, [false, true, false, true]);
    assert_eq!(db.number("select count(*) from connector_sync_diagnostics").await, 2);
}
