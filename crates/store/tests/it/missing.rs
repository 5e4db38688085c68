//! Rows that wait and rows that were rejected, on both databases.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use chrono::Duration;
use domain::id::SyncLogId;
use domain::{Reason, TargetModel};
use serde_json::json;
use store::pending::{self, Parent, Pending};
use store::rejected::{self, Rejected};
use store::{Error, Tenant};
use testkit::{Db, make};
use uuid::Uuid;

testkit::each_database! {
    a_waiting_row_is_kept_until_it_is_cleared,
    a_row_that_waits_again_is_one_row,
    waiting_rows_come_in_pages,
    a_rejection_says_why_a_record_is_missing,
    a_row_rejected_again_is_the_same_rejection,
    a_rejection_that_no_run_sees_is_pruned,
    a_rejection_without_an_id_ends_when_its_row_is_not_seen_again,
    a_wait_that_no_run_sees_is_pruned,
    a_stranger_learns_of_no_missing_row,
}

pub(crate) fn pending_row(model: TargetModel, id: &str) -> Pending {
    Pending {
        model,
        tool: "list".to_owned(),
        external_id: id.to_owned(),
        entity: json!({ "id": id }),
        parents: vec![Parent {
            attribute: "company_external_id".to_owned(),
            model: TargetModel::Company,
            external_id: "c1".to_owned(),
        }],
    }
}

pub(crate) fn rejected_row(model: TargetModel, id: &str) -> Rejected {
    let mut row_hash = [0; 32];
    row_hash.iter_mut().zip(id.bytes()).for_each(|(to, from)| *to = from);
    Rejected {
        model,
        tool: "list".to_owned(),
        external_id: Some(id.to_owned()),
        known_as: None,
        reason: Reason::MappedEntitiesPartialDrop,
        field: "issue_date".to_owned(),
        cause: "null_required".to_owned(),
        row_hash,
        entity: None,
    }
}

fn run() -> SyncLogId {
    SyncLogId(Uuid::new_v4())
}

async fn waiting(db: &Db, tenant: &Tenant, connector: domain::id::WorkspaceConnectorId) -> usize {
    let model = TargetModel::People;
    let listed = pending::list(&db.store, tenant, connector, model, 0).await.unwrap().len();
    let counted = pending::count(&db.store, tenant, connector, model).await.unwrap();
    assert_eq!(counted, listed as u64);
    listed
}

async fn a_waiting_row_is_kept_until_it_is_cleared(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let model = TargetModel::People;
    let (run, rows) = (run(), [pending_row(model, "p1"), pending_row(model, "p2")]);
    pending::put(&db.store, &tenant, run, connector, &rows, make::now()).await.unwrap();
    let listed = pending::list(&db.store, &tenant, connector, model, 0).await.unwrap();
    let kept: Vec<&Pending> = listed.iter().map(|it| &it.row).collect();
    assert_eq!(kept, rows.iter().collect::<Vec<_>>());
    assert_eq!((listed[0].first_seen_run, listed[0].created_at), (run, make::now()));
    let cleared = pending::clear(&db.store, &tenant, connector, model, &["p1", "p9"]).await;
    assert_eq!(cleared.unwrap(), 1);
    assert_eq!(waiting(&db, &tenant, connector).await, 1);
}

async fn a_row_that_waits_again_is_one_row(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let model = TargetModel::People;
    let (first, second) = (run(), run());
    let mut row = pending_row(model, "p1");
    pending::put(&db.store, &tenant, first, connector, std::slice::from_ref(&row), make::now())
        .await
        .unwrap();
    row.entity = json!({ "id": "p1", "name": "new" });
    let twice = [pending_row(model, "p1"), row.clone()];
    pending::put(&db.store, &tenant, second, connector, &twice, make::now()).await.unwrap();
    let listed = pending::list(&db.store, &tenant, connector, model, 0).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].row, row);
    assert_eq!((listed[0].first_seen_run, listed[0].last_seen_run), (first, second));
}

async fn waiting_rows_come_in_pages(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let model = TargetModel::People;
    let rows: Vec<Pending> = (0..1100).map(|it| pending_row(model, &it.to_string())).collect();
    pending::put(&db.store, &tenant, run(), connector, &rows, make::now()).await.unwrap();
    let (mut after, mut seen) = (0, Vec::new());
    loop {
        let page = pending::list(&db.store, &tenant, connector, model, after).await.unwrap();
        let Some(last) = page.last() else { break };
        after = last.pk;
        seen.extend(page.into_iter().map(|it| it.row.external_id));
    }
    assert_eq!(seen, (0..1100).map(|it| it.to_string()).collect::<Vec<_>>());
}

async fn a_rejection_says_why_a_record_is_missing(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let model = TargetModel::Invoice;
    let mut nameless = rejected_row(model, "x");
    nameless.external_id = None;
    nameless.entity = Some(json!({ "total": 12.5 }));
    let rows = vec![rejected_row(model, "i1"), nameless.clone()];
    let run = run();
    rejected::insert_many(&db.store, &tenant, run, connector, rows, make::now()).await.unwrap();
    let found = rejected::find_all(&db.store, &tenant, model, "i1").await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].connector, found[0].first_seen_run), (connector, run));
    assert_eq!(found[0].row, rejected_row(model, "i1"));
    let listed = rejected::list(&db.store, &tenant, connector, 10).await.unwrap();
    assert_eq!(listed[0].row, nameless);
}

async fn a_row_rejected_again_is_the_same_rejection(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let row = rejected_row(TargetModel::Invoice, "i1");
    let (first, second) = (run(), run());
    for run in [first, second] {
        let twice = vec![row.clone(), row.clone()];
        rejected::insert_many(&db.store, &tenant, run, connector, twice, make::now())
            .await
            .unwrap();
    }
    let listed = rejected::list(&db.store, &tenant, connector, 10).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].first_seen_run, listed[0].last_seen_run), (first, second));
}

async fn a_rejection_that_no_run_sees_is_pruned(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let days = |it: i64| make::now() + Duration::days(it);
    for (id, at) in [("old", days(0)), ("young", days(20))] {
        let rows = vec![rejected_row(TargetModel::Invoice, id)];
        rejected::insert_many(&db.store, &tenant, run(), connector, rows, at).await.unwrap();
    }
    let pruned = rejected::prune(&db.store, &tenant, connector, days(31)).await.unwrap();
    assert_eq!(pruned, 1);
    let left = rejected::list(&db.store, &tenant, connector, 10).await.unwrap();
    assert_eq!(left[0].row.external_id.as_deref(), Some("young"));
}

async fn a_rejection_without_an_id_ends_when_its_row_is_not_seen_again(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let model = TargetModel::Invoice;
    let nameless = |id: &str| Rejected { external_id: None, ..rejected_row(model, id) };
    let (first, second) = (run(), run());
    let rows = vec![rejected_row(model, "named"), nameless("gone"), nameless("again")];
    rejected::insert_many(&db.store, &tenant, first, connector, rows, make::now()).await.unwrap();
    let rows = vec![nameless("again")];
    rejected::insert_many(&db.store, &tenant, second, connector, rows, make::now()).await.unwrap();
    let of_run = rejected::OfRun { run: second, connector, model, tool: "list" };
    assert_eq!(rejected::end_nameless(&db.store, &tenant, of_run).await.unwrap(), 1);
    assert_eq!(rejected::list(&db.store, &tenant, connector, 10).await.unwrap().len(), 2);
}

async fn a_wait_that_no_run_sees_is_pruned(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let days = |it: i64| make::now() + Duration::days(it);
    for (id, at) in [("old", days(0)), ("young", days(20))] {
        let rows = [pending_row(TargetModel::People, id)];
        pending::put(&db.store, &tenant, run(), connector, &rows, at).await.unwrap();
    }
    let models = pending::models(&db.store, &tenant, connector).await.unwrap();
    assert_eq!(models, [TargetModel::People]);
    assert_eq!(pending::prune(&db.store, &tenant, connector, days(31)).await.unwrap(), 1);
    assert_eq!(waiting(&db, &tenant, connector).await, 1);
}

async fn a_stranger_learns_of_no_missing_row(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let stranger = make::workspace(&db, "stranger").await;
    let connector = make::connector(&db, &tenant).await;
    let model = TargetModel::People;
    let (row, now) = (pending_row(model, "p1"), make::now());
    let rejection = rejected_row(model, "p1");
    pending::put(&db.store, &tenant, run(), connector, std::slice::from_ref(&row), now)
        .await
        .unwrap();
    rejected::insert_many(&db.store, &tenant, run(), connector, vec![rejection.clone()], now)
        .await
        .unwrap();
    assert_eq!(waiting(&db, &stranger, connector).await, 0);
    assert!(pending::find_all(&db.store, &stranger, model, "p1").await.unwrap().is_empty());
    let cleared = pending::clear(&db.store, &stranger, connector, model, &["p1"]).await.unwrap();
    assert_eq!(cleared, 0);
    assert!(rejected::find_all(&db.store, &stranger, model, "p1").await.unwrap().is_empty());
    assert!(rejected::list(&db.store, &stranger, connector, 10).await.unwrap().is_empty());
    let far = now + Duration::days(99);
    assert_eq!(rejected::prune(&db.store, &stranger, connector, far).await.unwrap(), 0);
    assert_eq!(pending::prune(&db.store, &stranger, connector, far).await.unwrap(), 0);
    assert!(pending::models(&db.store, &stranger, connector).await.unwrap().is_empty());
    let put = pending::put(&db.store, &stranger, run(), connector, &[row], now).await;
    assert!(matches!(put, Err(Error::NotFound("workspace_connector"))), "{put:?}");
    let noted =
        rejected::insert_many(&db.store, &stranger, run(), connector, vec![rejection], now).await;
    assert!(matches!(noted, Err(Error::NotFound("workspace_connector"))), "{noted:?}");
    assert_eq!(waiting(&db, &tenant, connector).await, 1);
}
