//! The lottery, exactly: fixed dice, fixed clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use chrono::{DateTime, Duration, Utc};
use domain::id::WorkspaceConnectorId;
use store::diagnostics::{self, Facet};
use store::{Dice, Error, Query, Settings, Store, Tenant, workspaces};
use testkit::{Db, make};

testkit::each_database! {
    one_write_in_twenty_prunes_its_connector,
    a_prune_ends_at_its_bound,
    a_prune_takes_the_oldest_and_the_deleted_of_one_connector,
    no_answer_shows_a_row_past_its_retention,
    a_workspace_may_keep_rows_longer_or_shorter,
    a_run_that_ends_rolls_the_same_dice,
    the_operator_prunes_every_connector_to_the_end,
    a_prune_that_fails_does_not_fail_its_write,
}

const DAY: Duration = Duration::days(1);

async fn tenant_and_connector(db: &Db) -> (Tenant, WorkspaceConnectorId) {
    let tenant = make::workspace(db, "acme").await;
    let connector = make::connector(db, &tenant).await;
    (tenant, connector)
}

async fn put(
    store: &Store,
    tenant: &Tenant,
    connector: WorkspaceConnectorId,
    occurred_at: DateTime<Utc>,
    rows: usize,
) {
    let mut new = make::diagnostic(connector);
    new.occurred_at = Some(occurred_at);
    let many = vec![new; rows];
    diagnostics::insert_many(store, tenant, many, make::now()).await.unwrap();
}

async fn left(db: &Db) -> i64 {
    db.number("select count(*) from connector_sync_diagnostics").await
}

async fn one_write_in_twenty_prunes_its_connector(db: Db) {
    let (tenant, connector) = tenant_and_connector(&db).await;
    let rolls = Arc::new(AtomicU32::new(1));
    let next = rolls.clone();
    let dice = Dice::loaded(move || next.fetch_add(1, Ordering::Relaxed));
    let store = db.reopen(Settings { dice, ..testkit::settings() }).await;
    let now = make::now();
    let mut pruned_at = Vec::new();
    for write in 1..=60 {
        put(&db.store, &tenant, connector, now - DAY * 31, 1).await;
        let before = left(&db).await;
        let new = make::diagnostic(connector);
        diagnostics::insert(&store, &tenant, new, now).await.unwrap();
        store.idle().await;
        if left(&db).await != before + 1 {
            pruned_at.push(write);
            assert_eq!(left(&db).await, write, "the writes themselves are left");
        }
    }
    assert_eq!(pruned_at, [20, 40, 60]);
    assert_eq!(rolls.load(Ordering::Relaxed), 61, "one roll a write");
    // A batch rolls once for each of its rows.
    put(&store, &tenant, connector, now, 40).await;
    assert_eq!(rolls.load(Ordering::Relaxed), 101);
}

async fn a_prune_ends_at_its_bound(db: Db) {
    let (tenant, connector) = tenant_and_connector(&db).await;
    for _ in 0..3 {
        put(&db.store, &tenant, connector, make::now() - DAY * 31, 1_000).await;
    }
    let prune = || diagnostics::prune(&db.store, &tenant, connector, make::now());
    assert_eq!(prune().await.unwrap(), 2_500);
    assert_eq!(prune().await.unwrap(), 500);
    assert_eq!(prune().await.unwrap(), 0);
}

async fn a_prune_takes_the_oldest_and_the_deleted_of_one_connector(db: Db) {
    let (tenant, connector) = tenant_and_connector(&db).await;
    let neighbour = make::connector(&db, &tenant).await;
    let fed = make::workspace(&db, "fed").await;
    make::feed(&db, connector, &fed).await;
    let now = make::now();
    let cutoff = now - DAY * 30;
    put(&db.store, &tenant, connector, cutoff, 1).await;
    put(&db.store, &tenant, connector, cutoff - Duration::milliseconds(1), 2).await;
    put(&db.store, &tenant, neighbour, cutoff - DAY, 4).await;
    // The same connector's rows in another workspace keep by that workspace's rule.
    put(&db.store, &fed, connector, cutoff - DAY, 8).await;
    let mut new = make::diagnostic(connector);
    new.occurred_at = Some(cutoff - DAY);
    let then = now - DAY * 5;
    let deleted = diagnostics::insert(&db.store, &tenant, new, then).await.unwrap();
    diagnostics::delete(&db.store, &tenant, deleted.diagnostic_id, then).await.unwrap();
    assert_eq!(left(&db).await, 1 + 2 + 4 + 8 + 1);
    assert_eq!(diagnostics::prune(&db.store, &tenant, connector, now).await.unwrap(), 3);
    assert_eq!(left(&db).await, 1 + 4 + 8);
}

async fn no_answer_shows_a_row_past_its_retention(db: Db) {
    let (tenant, connector) = tenant_and_connector(&db).await;
    let now = make::now();
    let new = make::diagnostic(connector);
    let made = diagnostics::insert(&db.store, &tenant, new, now).await.unwrap();
    let (store, id) = (&db.store, made.diagnostic_id);
    let last = now + DAY * 30;
    let past = last + Duration::milliseconds(1);
    let mut query = Query::default();
    query.page.total = true;
    for (at, seen) in [(last, true), (past, false)] {
        assert_eq!(diagnostics::find(store, &tenant, id, at).await.is_ok(), seen);
        let slice = diagnostics::list(store, &tenant, &query, at).await.unwrap();
        assert_eq!((slice.items.len(), slice.total), (usize::from(seen), Some(u64::from(seen))));
        let counts = diagnostics::facets(store, &tenant, Facet::ALL, &query, at).await.unwrap();
        assert!(counts.iter().all(|it| it.values.is_empty() != seen));
        let newer = diagnostics::newer(store, &tenant, &query, 0, 10, at).await.unwrap();
        assert_eq!(newer.len(), usize::from(seen));
    }
    let patch = domain::diagnostic::Patch::default();
    let changed = diagnostics::update(store, &tenant, id, patch, past).await;
    assert!(matches!(changed, Err(Error::NotFound("diagnostic"))));
    let deleted = diagnostics::delete(store, &tenant, id, past).await;
    assert!(matches!(deleted, Err(Error::NotFound("diagnostic"))));
    assert_eq!(left(&db).await, 1, "shown no more, pruned or not");
}

async fn a_workspace_may_keep_rows_longer_or_shorter(db: Db) {
    let now = make::now();
    for (days, kept) in [(Some(7), 0), (None, 1), (Some(90), 2)] {
        let new = workspaces::New {
            name: format!("{days:?}"),
            retention_days: days,
            ..workspaces::New::default()
        };
        let tenant = make::workspace_with(&db, new).await;
        assert_eq!(tenant.retention().days, days.unwrap_or(30));
        let connector = make::connector(&db, &tenant).await;
        put(&db.store, &tenant, connector, now - DAY * 20, 1).await;
        put(&db.store, &tenant, connector, now - DAY * 60, 1).await;
        let shown = diagnostics::list(&db.store, &tenant, &Query::default(), now).await.unwrap();
        assert_eq!(shown.items.len(), kept);
        let pruned = diagnostics::prune(&db.store, &tenant, connector, now).await.unwrap();
        assert_eq!(pruned, 2 - kept as u64);
    }
}

async fn a_run_that_ends_rolls_the_same_dice(db: Db) {
    let (tenant, connector) = tenant_and_connector(&db).await;
    for (roll, pruned) in [(19, 0), (20, 1)] {
        let settings = Settings { dice: Dice::fixed(roll), ..testkit::settings() };
        let store = db.reopen(settings).await;
        if roll == 19 {
            put(&db.store, &tenant, connector, make::now() - DAY * 31, 1).await;
        }
        let gone = diagnostics::roll_and_prune(&store, &tenant, connector, make::now()).await;
        assert_eq!(gone.unwrap(), pruned);
    }
}

async fn the_operator_prunes_every_connector_to_the_end(db: Db) {
    let now = make::now();
    let operator = db.store.operator();
    assert_eq!(diagnostics::oldest(&db.store, &operator, now).await.unwrap(), None);
    let mut tenants = Vec::new();
    for name in ["a", "b"] {
        let tenant = make::workspace(&db, name).await;
        for _ in 0..2 {
            let connector = make::connector(&db, &tenant).await;
            for _ in 0..3 {
                put(&db.store, &tenant, connector, now - DAY * 40, 900).await;
            }
            put(&db.store, &tenant, connector, now - DAY * 10, 1).await;
        }
        tenants.push(tenant);
    }
    let oldest = diagnostics::oldest(&db.store, &operator, now).await.unwrap();
    assert_eq!(oldest, Some(now - DAY * 40));
    assert_eq!(diagnostics::prune_all(&db.store, &operator, now).await.unwrap(), 4 * 2_700);
    assert_eq!(left(&db).await, 4);
    let oldest = diagnostics::oldest(&db.store, &operator, now).await.unwrap();
    assert_eq!(oldest, Some(now - DAY * 10));
}

async fn a_prune_that_fails_does_not_fail_its_write(db: Db) {
    let (tenant, connector) = tenant_and_connector(&db).await;
    let store = db.reopen(Settings { dice: Dice::fixed(0), ..testkit::settings() }).await;
    put(&db.store, &tenant, connector, make::now() - DAY * 31, 1).await;
    db.run(if db.is_postgres() {
        "create function core_api.no() returns trigger language plpgsql as
           $$ begin raise exception 'no'; end $$;
         create trigger no before delete on core_api.connector_sync_diagnostics
           for each row execute function core_api.no()"
    } else {
        "create trigger no before delete on connector_sync_diagnostics
         begin select raise(abort, 'no'); end"
    })
    .await;
    let new = make::diagnostic(connector);
    let made = diagnostics::insert(&store, &tenant, new, make::now()).await.unwrap();
    store.idle().await;
    assert!(diagnostics::find(&store, &tenant, made.diagnostic_id, make::now()).await.is_ok());
    assert_eq!(left(&db).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pruner_leaves_what_another_holds() {
    let db = Db::postgres().await;
    let (tenant, connector) = tenant_and_connector(&db).await;
    put(&db.store, &tenant, connector, make::now() - DAY * 31, 10).await;
    let store::Place::Postgres { url } = &db.place else { unreachable!("asked on PostgreSQL") };
    let options: sqlx::postgres::PgConnectOptions = url.expose().parse().unwrap();
    let mut other = sqlx::ConnectOptions::connect(&options).await.unwrap();
    let mut held = sqlx::Connection::begin(&mut other).await.unwrap();
    sqlx::query("select 1 from core_api.connector_sync_diagnostics order by pk limit 4 for update")
        .execute(&mut *held)
        .await
        .unwrap();
    assert_eq!(diagnostics::prune(&db.store, &tenant, connector, make::now()).await.unwrap(), 6);
    held.rollback().await.unwrap();
    assert_eq!(diagnostics::prune(&db.store, &tenant, connector, make::now()).await.unwrap(), 4);
}
