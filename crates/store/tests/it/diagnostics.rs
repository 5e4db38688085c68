//! What each function of `diagnostics` promises, on both databases.

use chrono::Duration;
use domain::diagnostic::Patch;
use domain::id::{DiagnosticId, SyncLogId, WorkspaceConnectorId};
use domain::{Impact, Reason, TargetModel};
use serde_json::json;
use store::diagnostics::{self, Idempotency};
use store::{Error, Query};
use testkit::{Db, make};
use uuid::Uuid;

testkit::each_database! {
    a_row_is_found_as_it_was_written,
    a_row_may_be_back_dated,
    a_strange_connector_is_refused_by_name,
    a_fed_workspace_may_name_the_connector,
    a_patch_changes_what_it_names_and_moves_updated_at,
    a_patch_can_clear_members,
    a_deleted_row_is_unknown,
    many_rows_are_all_or_nothing,
    rows_alone_and_in_batches_are_the_same,
    each_of_many_concurrent_creates_gets_its_own_row,
    one_bad_row_does_not_fail_its_neighbours,
    a_row_written_is_told,
    newer_rows_come_in_order,
    a_write_after_its_run_was_deleted_is_refused,
}

async fn a_row_is_found_as_it_was_written(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let run = make::run(&db, connector).await;
    let mut new = make::diagnostic(connector);
    new.sync_log = Some(run);
    new.context = Some(json!({ "dropped": 12, "path": "issue_date", "impact": "internal" }));
    new.detail = "it's \"quoted\" \\ {braces} % _ \u{1f980}".to_owned();
    let made = diagnostics::insert(&db.store, &tenant, new.clone(), make::now()).await.unwrap();
    assert_eq!(made.workspace, tenant.workspace());
    assert_eq!(made.workspace_connector, connector);
    assert_eq!(made.sync_log, Some(run));
    assert_eq!(made.occurred_at, make::now());
    assert_eq!(made.created_at, make::now());
    assert_eq!(made.updated_at, Some(make::now()));
    assert_eq!(made.deleted_at, None);
    assert_eq!(made.fingerprint, new.fingerprint());
    assert_eq!(made.impact(), Impact::Internal);
    let found =
        diagnostics::find(&db.store, &tenant, made.diagnostic_id, make::now()).await.unwrap();
    assert_eq!(found, made);
    // The database counts the impact that the context names.
    assert_eq!(
        db.number("select cast(impact_code as bigint) from connector_sync_diagnostics").await,
        5
    );
    assert_eq!(
        db.number("select cast(reason_code as bigint) from connector_sync_diagnostics").await,
        13
    );
}

async fn a_row_may_be_back_dated(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let mut new = make::diagnostic(connector);
    new.occurred_at = Some(make::now() - Duration::days(3) + Duration::microseconds(1_999));
    let made = diagnostics::insert(&db.store, &tenant, new, make::now()).await.unwrap();
    assert_eq!(made.occurred_at, make::now() - Duration::days(3) + Duration::milliseconds(1));
    let found = diagnostics::find(&db.store, &tenant, made.diagnostic_id, make::now()).await;
    assert_eq!(found.unwrap(), made);
}

async fn a_strange_connector_is_refused_by_name(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let stranger = make::workspace(&db, "other").await;
    let foreign = make::connector(&db, &stranger).await;
    let unknown = WorkspaceConnectorId(Uuid::new_v4());
    for connector in [foreign, unknown] {
        let new = make::diagnostic(connector);
        match diagnostics::insert(&db.store, &tenant, new, make::now()).await {
            Err(Error::Invalid { index: 0, refusal }) => {
                assert_eq!(refusal.attribute, "workspace_connector");
            }
            other => panic!("{other:?}"),
        }
    }
    let mut new = make::diagnostic(make::connector(&db, &tenant).await);
    new.sync_log = Some(SyncLogId(Uuid::new_v4()));
    match diagnostics::insert(&db.store, &tenant, new, make::now()).await {
        Err(Error::Invalid { refusal, .. }) => assert_eq!(refusal.attribute, "sync_log"),
        other => panic!("{other:?}"),
    }
}

async fn a_fed_workspace_may_name_the_connector(db: Db) {
    let home = make::workspace(&db, "home").await;
    let fed = make::workspace(&db, "fed").await;
    let connector = make::connector(&db, &home).await;
    make::feed(&db, connector, &fed).await;
    let new = make::diagnostic(connector);
    let made = diagnostics::insert(&db.store, &fed, new, make::now()).await.unwrap();
    // Another process, which knows no connector yet.
    let other = db.reopen(testkit::settings()).await;
    let found = diagnostics::find(&other, &fed, made.diagnostic_id, make::now()).await.unwrap();
    assert_eq!(found.workspace_connector, connector);
    assert_eq!(found.workspace, fed.workspace());
    let at_home = diagnostics::find(&other, &home, made.diagnostic_id, make::now()).await;
    assert!(matches!(at_home, Err(Error::NotFound("diagnostic"))), "{at_home:?}");
}

async fn a_patch_changes_what_it_names_and_moves_updated_at(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let new = make::diagnostic(connector);
    let made = diagnostics::insert(&db.store, &tenant, new, make::now()).await.unwrap();
    let later = make::now() + Duration::minutes(1);
    let patch = Patch {
        reason: Some(Reason::EmptyResult),
        detail: Some("shorter".to_owned()),
        target_model: Some(TargetModel::People),
        ..Patch::default()
    };
    let id = made.diagnostic_id;
    let changed = diagnostics::update(&db.store, &tenant, id, patch, later).await.unwrap();
    assert_eq!((changed.reason, changed.detail.as_str()), (Reason::EmptyResult, "shorter"));
    assert_eq!(changed.target_model, TargetModel::People);
    assert_eq!(changed.updated_at, Some(later));
    assert_eq!((changed.created_at, changed.occurred_at), (made.created_at, made.occurred_at));
    assert_eq!((&changed.tool_name, changed.http_status), (&made.tool_name, made.http_status));
    assert_ne!(changed.fingerprint, made.fingerprint);
    assert_eq!(
        db.number("select cast(reason_code as bigint) from connector_sync_diagnostics").await,
        5
    );
    assert_eq!(diagnostics::find(&db.store, &tenant, id, later).await.unwrap(), changed);
}

async fn a_patch_can_clear_members(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let new = make::diagnostic(connector);
    let made = diagnostics::insert(&db.store, &tenant, new, make::now()).await.unwrap();
    let patch = Patch { tool_name: Some(None), http_status: Some(None), ..Patch::default() };
    let changed =
        diagnostics::update(&db.store, &tenant, made.diagnostic_id, patch, make::now()).await;
    let changed = changed.unwrap();
    assert_eq!((changed.tool_name, changed.http_status), (None, None));
    let nobody = DiagnosticId(Uuid::new_v4());
    let none = diagnostics::update(&db.store, &tenant, nobody, Patch::default(), make::now()).await;
    assert!(matches!(none, Err(Error::NotFound("diagnostic"))));
}

async fn a_deleted_row_is_unknown(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let new = make::diagnostic(connector);
    let made = diagnostics::insert(&db.store, &tenant, new, make::now()).await.unwrap();
    let id = made.diagnostic_id;
    diagnostics::delete(&db.store, &tenant, id, make::now()).await.unwrap();
    let unknown = |it: Result<(), Error>| assert!(matches!(it, Err(Error::NotFound("diagnostic"))));
    unknown(diagnostics::delete(&db.store, &tenant, id, make::now()).await);
    unknown(diagnostics::find(&db.store, &tenant, id, make::now()).await.map(|_| ()));
    let patch = Patch::default();
    unknown(diagnostics::update(&db.store, &tenant, id, patch, make::now()).await.map(|_| ()));
    let all = diagnostics::list(&db.store, &tenant, &Query::default(), make::now()).await.unwrap();
    assert!(all.items.is_empty());
    // Soft: the row itself stays until its retention.
    assert_eq!(db.number("select count(*) from connector_sync_diagnostics").await, 1);
}

fn once(key: &str, body: u8) -> Idempotency {
    Idempotency { key: key.to_owned(), body_hash: [body; 32] }
}

async fn many_rows_are_all_or_nothing(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let mut news: Vec<_> = (0..1_000)
        .map(|n| {
            let mut new = make::diagnostic(connector);
            new.detail = format!("row {n}");
            new
        })
        .collect();
    let made = diagnostics::insert_many(&db.store, &tenant, news.clone(), make::now()).await;
    let details: Vec<_> = made.unwrap().into_iter().map(|it| it.detail).collect();
    assert_eq!(details, news.iter().map(|it| it.detail.clone()).collect::<Vec<_>>());
    news[700].workspace_connector = WorkspaceConnectorId(Uuid::new_v4());
    match diagnostics::insert_many(&db.store, &tenant, news.clone(), make::now()).await {
        Err(Error::Invalid { index: 700, .. }) => {}
        other => panic!("{other:?}"),
    }
    news.push(make::diagnostic(connector));
    let too_many = diagnostics::insert_many(&db.store, &tenant, news, make::now()).await;
    assert!(matches!(too_many, Err(Error::Invalid { .. })));
    assert_eq!(db.number("select count(*) from connector_sync_diagnostics").await, 1_000);
}

async fn rows_alone_and_in_batches_are_the_same(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let run = make::run(&db, connector).await;
    let news: Vec<_> = Reason::ALL
        .iter()
        .zip(TargetModel::ALL.iter().cycle())
        .map(|(reason, model)| {
            let mut new = make::diagnostic(connector);
            new.reason = *reason;
            new.target_model = *model;
            let odd = reason.code() % 2 == 1;
            new.tool_name = odd.then(|| "täll \"x\", {y}\\".to_owned());
            new.http_status = odd.then_some(429);
            new.sync_log = odd.then_some(run);
            new.context = odd.then(|| json!({ "a": [1, null, "NULL", {}] }));
            new
        })
        .collect();
    let many = diagnostics::insert_many(&db.store, &tenant, news.clone(), make::now()).await;
    let mut alone = Vec::new();
    for new in &news {
        let key = once(new.reason.as_str(), 0);
        let made = diagnostics::insert_once(&db.store, &tenant, new.clone(), &key, make::now());
        alone.push(made.await.unwrap().0);
    }
    let mut waiting = Vec::new();
    for new in &news {
        let made = diagnostics::insert(&db.store, &tenant, new.clone(), make::now()).await;
        waiting.push(made.unwrap());
    }
    for ((mut many, mut alone), mut waiting) in many.unwrap().into_iter().zip(alone).zip(waiting) {
        for row in [&mut many, &mut alone, &mut waiting] {
            let found = diagnostics::find(&db.store, &tenant, row.diagnostic_id, make::now()).await;
            assert_eq!(&found.unwrap(), row);
            row.diagnostic_id = DiagnosticId(Uuid::nil());
        }
        assert_eq!(many, alone);
        assert_eq!(alone, waiting);
    }
}

async fn each_of_many_concurrent_creates_gets_its_own_row(db: Db) {
    let one = make::workspace(&db, "one").await;
    let two = make::workspace(&db, "two").await;
    let connectors = [make::connector(&db, &one).await, make::connector(&db, &two).await];
    let tasks: Vec<_> = (0..640)
        .map(|n| {
            let (store, tenant) = (db.store.clone(), [&one, &two][n % 2].clone());
            let mut new = make::diagnostic(connectors[n % 2]);
            new.detail = format!("row {n}");
            tokio::spawn(async move {
                let made = diagnostics::insert(&store, &tenant, new, make::now()).await.unwrap();
                assert_eq!(made.detail, format!("row {n}"));
                let id = made.diagnostic_id;
                let found = diagnostics::find(&store, &tenant, id, make::now()).await.unwrap();
                assert_eq!(found, made);
                made.diagnostic_id
            })
        })
        .collect();
    let mut ids = std::collections::BTreeSet::new();
    for task in tasks {
        ids.insert(task.await.unwrap());
    }
    assert_eq!(ids.len(), 640);
}

async fn one_bad_row_does_not_fail_its_neighbours(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let good = make::connector(&db, &tenant).await;
    let bad = make::connector(&db, &tenant).await;
    // Believed in, and deleted underneath.
    diagnostics::insert(&db.store, &tenant, make::diagnostic(bad), make::now()).await.unwrap();
    let literal = db.uuid(bad.0);
    db.run(&format!("delete from workspace_connectors where workspace_connector_id = {literal}"))
        .await;
    let tasks: Vec<_> = (0..64)
        .map(|n| {
            let (store, tenant) = (db.store.clone(), tenant.clone());
            let new = make::diagnostic(if n % 8 == 3 { bad } else { good });
            tokio::spawn(async move {
                (n % 8 == 3, diagnostics::insert(&store, &tenant, new, make::now()).await)
            })
        })
        .collect();
    for task in tasks {
        match task.await.unwrap() {
            (false, Ok(_)) => {}
            (true, Err(Error::Invalid { refusal, .. })) => {
                assert_eq!(refusal.attribute, "workspace_connector");
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(db.number("select count(*) from connector_sync_diagnostics").await, 56);
}

async fn a_write_after_its_run_was_deleted_is_refused(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let run = make::run(&db, connector).await;
    let mut new = make::diagnostic(connector);
    new.sync_log = Some(run);
    let kept = diagnostics::insert(&db.store, &tenant, new.clone(), make::now()).await.unwrap();
    db.run("delete from workspace_connector_sync_logs").await;
    match diagnostics::insert(&db.store, &tenant, new, make::now()).await {
        Err(Error::Invalid { refusal, .. }) => assert_eq!(refusal.attribute, "sync_log"),
        other => panic!("{other:?}"),
    }
    let found = diagnostics::find(&db.store, &tenant, kept.diagnostic_id, make::now()).await;
    assert_eq!(found.unwrap().sync_log, None);
}

async fn a_row_written_is_told(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let mut written = db.store.written();
    assert_eq!(*written.borrow_and_update(), 0);
    let new = make::diagnostic(connector);
    diagnostics::insert(&db.store, &tenant, new.clone(), make::now()).await.unwrap();
    written.changed().await.unwrap();
    assert_eq!(*written.borrow_and_update(), 1);
    diagnostics::insert_many(&db.store, &tenant, vec![new; 3], make::now()).await.unwrap();
    assert_eq!(*written.borrow_and_update(), 4);
}

async fn newer_rows_come_in_order(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let mut made = Vec::new();
    for _ in 0..5 {
        let new = make::diagnostic(connector);
        made.push(diagnostics::insert(&db.store, &tenant, new, make::now()).await.unwrap());
    }
    let newer = |after, limit| {
        let (store, tenant) = (db.store.clone(), tenant.clone());
        async move {
            let query = Query::default();
            diagnostics::newer(&store, &tenant, &query, after, limit, make::now()).await.unwrap()
        }
    };
    let all = newer(0, 100).await;
    assert_eq!(all.iter().map(|it| it.0.clone()).collect::<Vec<_>>(), made);
    assert!(all.is_sorted_by_key(|it| it.1));
    assert_eq!(newer(all[1].1, 2).await, all[2..4]);
    assert_eq!(newer(all[4].1, 2).await, []);
}
