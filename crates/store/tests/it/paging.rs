//! Pages stay true while rows come and go.

use std::collections::BTreeSet;

use chrono::Duration;
use domain::id::{DiagnosticId, WorkspaceConnectorId};
use proptest::prelude::*;
use store::diagnostics::{self, FIELDS};
use store::{Edge, Page, Query, Sort, Tenant};
use testkit::{Db, make};

testkit::each_database! { every_surviving_row_is_seen_exactly_once }

/// What happens between two pages.
#[derive(Debug, Clone)]
enum Event {
    /// Rows so many minutes before now, at most a day apart: many share a moment.
    Insert(Vec<u8>),
    /// The n-th row of those there is deleted.
    Delete(u8),
    /// Rows older than that many minutes are pruned.
    Prune(u8),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        prop::collection::vec(0..40_u8, 1..6).prop_map(Event::Insert),
        any::<u8>().prop_map(Event::Delete),
        (10..40_u8).prop_map(Event::Prune),
    ]
}

fn story() -> impl Strategy<Value = (Vec<u8>, Vec<Event>, u16, bool)> {
    let rows = prop::collection::vec(0..40_u8, 5..40);
    (rows, prop::collection::vec(event(), 0..8), 1..7_u16, any::<bool>())
}

async fn every_surviving_row_is_seen_exactly_once(db: Db) {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for round in 0..25 {
        let told = story().new_tree(&mut runner).unwrap().current();
        let tenant = make::workspace(&db, &format!("round {round}")).await;
        let connector = make::connector(&db, &tenant).await;
        tell(&db, &tenant, connector, told).await;
    }
}

async fn insert(db: &Db, tenant: &Tenant, connector: WorkspaceConnectorId, minutes: &[u8]) {
    for minutes in minutes {
        let mut new = make::diagnostic(connector);
        new.occurred_at = Some(make::now() - Duration::minutes(i64::from(*minutes)));
        diagnostics::insert(&db.store, tenant, new, make::now()).await.unwrap();
    }
}

async fn ids(db: &Db, tenant: &Tenant) -> Vec<DiagnosticId> {
    let query = Query { page: Page::first(500), ..Query::default() };
    let all = diagnostics::list(&db.store, tenant, &query, make::now()).await.unwrap();
    all.items.iter().map(|it| it.0.diagnostic_id).collect()
}

async fn tell(
    db: &Db,
    tenant: &Tenant,
    connector: WorkspaceConnectorId,
    (rows, events, size, back): (Vec<u8>, Vec<Event>, u16, bool),
) {
    let told = format!("{rows:?} {events:?} {size} {back}");
    insert(db, tenant, connector, &rows).await;
    let before = ids(db, tenant).await;
    let mut events = events.into_iter();
    let field = FIELDS.iter().find(|it| it.name == "occurred_at").unwrap();
    let sort = Some(Sort { field, descending: !back });
    let mut query = Query { sort, page: Page::first(size), ..Query::default() };
    let mut seen = Vec::new();
    loop {
        let slice = diagnostics::list(&db.store, tenant, &query, make::now()).await.unwrap();
        seen.extend(slice.items.iter().map(|it| it.0.diagnostic_id));
        let Some(last) = slice.items.last() else { break };
        query.page.at = Some(Edge::After(last.1.clone()));
        match events.next() {
            None if !slice.has_after => break,
            None => {}
            Some(Event::Insert(minutes)) => insert(db, tenant, connector, &minutes).await,
            Some(Event::Delete(n)) => {
                let there = ids(db, tenant).await;
                if let Some(id) = there.get(usize::from(n) % there.len().max(1)) {
                    diagnostics::delete(&db.store, tenant, *id, make::now()).await.unwrap();
                }
            }
            Some(Event::Prune(minutes)) => {
                // A prune when those rows are just past their thirty days.
                let then = make::now() + Duration::days(30) - Duration::minutes(minutes.into());
                diagnostics::prune(&db.store, tenant, connector, then).await.unwrap();
            }
        }
    }
    let distinct: BTreeSet<_> = seen.iter().collect();
    assert_eq!(distinct.len(), seen.len(), "a row was seen twice: {told}");
    let after: BTreeSet<_> = ids(db, tenant).await.into_iter().collect();
    for id in before.iter().filter(|it| after.contains(it)) {
        assert!(distinct.contains(id), "a row that survived was not seen: {told}");
    }
}
