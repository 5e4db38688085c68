//! Filters, sorts, facets and pages of diagnostics.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Duration;
use domain::id::{DiagnosticId, WorkspaceConnectorId};
use domain::{Class, Impact, NewDiagnostic, Reason, TargetModel};
use proptest::prelude::*;
use serde_json::json;
use store::diagnostics::{self, FIELDS, Facet, SORTS};
use store::query::FieldKind;
use store::{Condition, Edge, Field, Mark, Op, Page, Query, Slice, Sort, Tenant, Value};
use testkit::{Db, make};

testkit::each_database! {
    each_operator_of_each_field_selects_the_rows_it_says,
    text_operators_take_wildcards_as_they_are,
    facets_count_what_the_query_matches,
    sorts_follow_the_stated_key_in_both_directions,
    a_page_knows_what_lies_on_either_side,
    every_surviving_row_is_seen_exactly_once,
}

fn field(name: &str) -> &'static Field {
    FIELDS.iter().find(|it| it.name == name).unwrap()
}

fn condition(name: &str, op: Op, values: impl IntoIterator<Item = Value>) -> Condition {
    Condition { field: field(name), op, values: values.into_iter().collect() }
}

fn text(it: &str) -> Value {
    Value::Text(it.to_owned())
}

/// Every reason once, with members that depend on its number.
async fn fill(db: &Db) -> (Tenant, [WorkspaceConnectorId; 2], Vec<NewDiagnostic>) {
    let tenant = make::workspace(db, "acme").await;
    let connectors = [make::connector(db, &tenant).await, make::connector(db, &tenant).await];
    let run = make::run(db, connectors[0]).await;
    let news: Vec<NewDiagnostic> = Reason::ALL
        .iter()
        .map(|reason| {
            let n = i64::from(reason.code());
            let mut new = make::diagnostic(connectors[usize::from(n > 20)]);
            new.reason = *reason;
            new.target_model = TargetModel::ALL[n as usize % 12];
            new.tool_name = (n % 3 != 0).then(|| format!("Tool_{}", n % 3));
            new.http_status = (n % 2 == 0).then_some(400 + n as u16);
            new.detail = format!("Row {n} of 100% café");
            new.occurred_at = Some(make::now() - Duration::hours(n * 7));
            new.sync_log = (n == 4).then_some(run);
            new.context = (n == 15).then(|| json!({ "impact": "internal" }));
            new.subject = Some(n.to_string());
            new
        })
        .collect();
    diagnostics::insert_many(&db.store, &tenant, news.clone(), make::now()).await.unwrap();
    (tenant, connectors, news)
}

async fn select(db: &Db, tenant: &Tenant, conditions: Vec<Condition>) -> BTreeSet<i16> {
    let page = Page { size: 500, at: None, total: true };
    let query = Query { conditions, page, ..Query::default() };
    let slice = diagnostics::list(&db.store, tenant, &query, make::now()).await.unwrap();
    assert_eq!(slice.total, Some(slice.items.len() as u64));
    slice.items.iter().map(|it| it.0.reason.code()).collect()
}

type Expected<'a> = Box<dyn Fn(&NewDiagnostic) -> bool + 'a>;

async fn each_operator_of_each_field_selects_the_rows_it_says(db: Db) {
    let (tenant, connectors, news) = fill(&db).await;
    let run = news[3].sync_log.unwrap();
    let at = make::now() - Duration::hours(70);
    let time = |op, keep: fn(std::cmp::Ordering) -> bool| -> (Condition, Expected<'_>) {
        let given = condition("occurred_at", op, [Value::Time(at)]);
        (given, Box::new(move |it| keep(it.occurred_at.unwrap().cmp(&at))))
    };
    let status = |op, keep: fn(Option<u16>) -> bool| -> (Condition, Expected<'_>) {
        let given = condition("http_status", op, [Value::Number(410)]);
        (given, Box::new(move |it| keep(it.http_status)))
    };
    let impact = |it: &NewDiagnostic| match it.context {
        Some(_) => Impact::Internal,
        None => it.reason.impact(),
    };
    let fingerprint = news[6].fingerprint();
    let cases: Vec<(Condition, Expected<'_>)> = vec![
        (
            condition("target_model", Op::Eq, [text("invoice")]),
            Box::new(|it| it.target_model == TargetModel::Invoice),
        ),
        (
            condition("target_model", Op::Neq, [text("invoice")]),
            Box::new(|it| it.target_model != TargetModel::Invoice),
        ),
        (
            condition("target_model", Op::In, [text("invoice"), text("email")]),
            Box::new(|it| matches!(it.target_model, TargetModel::Invoice | TargetModel::Email)),
        ),
        (
            condition("reason", Op::Eq, [text("jury_run")]),
            Box::new(|it| it.reason == Reason::JuryRun),
        ),
        (
            condition("reason", Op::Neq, [text("jury_run")]),
            Box::new(|it| it.reason != Reason::JuryRun),
        ),
        (
            condition("reason", Op::In, [text("jury_run"), text("empty_result")]),
            Box::new(|it| matches!(it.reason, Reason::JuryRun | Reason::EmptyResult)),
        ),
        (
            condition("class", Op::Eq, [text("failure")]),
            Box::new(|it| it.reason.class() == Class::Failure),
        ),
        (
            condition("class", Op::Neq, [text("failure")]),
            Box::new(|it| it.reason.class() != Class::Failure),
        ),
        (condition("class", Op::In, [text("failure"), text("informational")]), Box::new(|_| true)),
        (
            condition("impact", Op::Eq, [text("internal")]),
            Box::new(|it| impact(it) == Impact::Internal),
        ),
        (
            condition("impact", Op::Neq, [text("data_lost")]),
            Box::new(|it| impact(it) != Impact::DataLost),
        ),
        (
            condition("impact", Op::In, [text("auth"), text("none")]),
            Box::new(|it| matches!(impact(it), Impact::Auth | Impact::None)),
        ),
        (
            condition("tool_name", Op::Eq, [text("Tool_1")]),
            Box::new(|it| it.tool_name.as_deref() == Some("Tool_1")),
        ),
        (
            condition("tool_name", Op::Neq, [text("Tool_1")]),
            Box::new(|it| it.tool_name.as_deref() != Some("Tool_1")),
        ),
        (
            condition("tool_name", Op::IsNull, [Value::Bool(true)]),
            Box::new(|it| it.tool_name.is_none()),
        ),
        (
            condition("tool_name", Op::IsNull, [Value::Bool(false)]),
            Box::new(|it| it.tool_name.is_some()),
        ),
        (
            condition("tool_name", Op::StartsWith, [text("tool_")]),
            Box::new(|it| it.tool_name.is_some()),
        ),
        (condition("detail", Op::EndsWith, [text("CAFé")]), Box::new(|_| true)),
        (
            condition("detail", Op::Contains, [text("ow 2")]),
            Box::new(|it| it.detail.starts_with("Row 2")),
        ),
        status(Op::Eq, |it| it == Some(410)),
        status(Op::Neq, |it| it != Some(410)),
        status(Op::Gt, |it| it.is_some_and(|it| it > 410)),
        status(Op::Gte, |it| it.is_some_and(|it| it >= 410)),
        status(Op::Lt, |it| it.is_some_and(|it| it < 410)),
        status(Op::Lte, |it| it.is_some_and(|it| it <= 410)),
        (
            condition("http_status", Op::IsNull, [Value::Bool(true)]),
            Box::new(|it| it.http_status.is_none()),
        ),
        time(Op::Eq, std::cmp::Ordering::is_eq),
        time(Op::Gt, std::cmp::Ordering::is_gt),
        time(Op::Gte, std::cmp::Ordering::is_ge),
        time(Op::Lt, std::cmp::Ordering::is_lt),
        time(Op::Lte, std::cmp::Ordering::is_le),
        (condition("created_at", Op::Eq, [Value::Time(make::now())]), Box::new(|_| true)),
        (
            condition("workspace_connector", Op::Eq, [Value::Id(connectors[1].0)]),
            Box::new(|it| it.workspace_connector == connectors[1]),
        ),
        (
            condition("workspace_connector", Op::In, connectors.map(|it| Value::Id(it.0))),
            Box::new(|_| true),
        ),
        (
            condition("workspace_connector", Op::Eq, [Value::Id(uuid::Uuid::nil())]),
            Box::new(|_| false),
        ),
        (condition("sync_log", Op::Eq, [Value::Id(run.0)]), Box::new(|it| it.sync_log.is_some())),
        (
            condition("issue", Op::Eq, [text(&fingerprint)]),
            Box::new(|it| it.reason == news[6].reason),
        ),
    ];
    for (given, expected) in cases {
        assert!(given.field.kind.ops().contains(&given.op), "{given:?}");
        let wanted: BTreeSet<i16> =
            news.iter().filter(|it| expected(it)).map(|it| it.reason.code()).collect();
        assert_eq!(select(&db, &tenant, vec![given.clone()]).await, wanted, "{given:?}");
    }
    // All of several hold.
    let both = vec![
        condition("class", Op::Eq, [text("failure")]),
        condition("http_status", Op::IsNull, [Value::Bool(false)]),
    ];
    let found = select(&db, &tenant, both).await;
    assert!(!found.is_empty() && found.iter().all(|it| it % 2 == 0));
    let searched = Query { search: Some("of 100%".to_owned()), ..Query::default() };
    let slice = diagnostics::list(&db.store, &tenant, &searched, make::now()).await.unwrap();
    assert_eq!(slice.items.len(), 20);
}

async fn text_operators_take_wildcards_as_they_are(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let details = ["100% done", "100 done", "a_b", "aXb", r"c:\d", "c:d"];
    for detail in details {
        let new = NewDiagnostic { detail: detail.to_owned(), ..make::diagnostic(connector) };
        diagnostics::insert(&db.store, &tenant, new, make::now()).await.unwrap();
    }
    for (given, wanted) in [("0%", "100% done"), ("_", "a_b"), (r"\", r"c:\d")] {
        let conditions = vec![condition("detail", Op::Contains, [text(given)])];
        let query = Query { conditions, ..Query::default() };
        let slice = diagnostics::list(&db.store, &tenant, &query, make::now()).await.unwrap();
        let found: Vec<_> = slice.items.iter().map(|it| it.0.detail.as_str()).collect();
        assert_eq!(found, [wanted], "{given}");
    }
}

async fn facets_count_what_the_query_matches(db: Db) {
    let (tenant, connectors, news) = fill(&db).await;
    let query = Query {
        conditions: vec![condition("class", Op::Eq, [text("failure")])],
        ..Query::default()
    };
    let counted =
        diagnostics::facets(&db.store, &tenant, Facet::ALL, &query, make::now()).await.unwrap();
    let failures: Vec<&NewDiagnostic> =
        news.iter().filter(|it| it.reason.class() == Class::Failure).collect();
    for counts in counted {
        let mut wanted: BTreeMap<Option<String>, u64> = BTreeMap::new();
        for it in &failures {
            let value = match counts.facet {
                Facet::Reason => Some(it.reason.to_string()),
                Facet::TargetModel => Some(it.target_model.to_string()),
                Facet::WorkspaceConnector => Some(it.workspace_connector.to_string()),
                Facet::Day => Some(it.occurred_at.unwrap().format("%Y-%m-%d").to_string()),
                Facet::Class => Some("failure".to_owned()),
                Facet::ToolName => it.tool_name.clone(),
            };
            *wanted.entry(value).or_default() += 1;
        }
        let ordered = counts.values.is_sorted_by_key(|it| std::cmp::Reverse(it.count));
        assert!(counts.facet == Facet::Day || ordered, "{counts:?}");
        let found: BTreeMap<_, _> =
            counts.values.iter().map(|it| (it.value.clone(), it.count)).collect();
        assert_eq!(found, wanted, "{:?}", counts.facet);
    }
    assert_ne!(connectors[0], connectors[1]);
}

async fn sorts_follow_the_stated_key_in_both_directions(db: Db) {
    let (tenant, _, _) = fill(&db).await;
    static REASON: Field = Field { name: "reason", kind: FieldKind::Number };
    for name in SORTS {
        for descending in [false, true] {
            let field = if *name == "reason" { &REASON } else { field(name) };
            let sort = Some(Sort { field, descending });
            let query = Query { sort, page: Page::first(7), ..Query::default() };
            let seen = walk(&db, &tenant, query.clone(), false).await;
            assert_eq!(seen.len(), 23);
            let mut codes: Vec<i16> = seen.iter().map(|it| it.1).collect();
            // The rows were written in the order of their codes, the newest first.
            let down = match *name {
                "occurred_at" => !descending,
                _ => descending,
            };
            if down {
                codes.reverse();
            }
            assert!(codes.is_sorted(), "{name} {descending}: {codes:?}");
        }
    }
}

/// Every page from one end, or from the other.
async fn walk(db: &Db, tenant: &Tenant, mut query: Query, back: bool) -> Vec<(DiagnosticId, i16)> {
    let mut seen = Vec::new();
    if back {
        // From behind the last row.
        let all = Query { page: Page::first(500), ..query.clone() };
        let all = diagnostics::list(&db.store, tenant, &all, make::now()).await.unwrap();
        let Some((last, mark)) = all.items.last() else { return seen };
        seen.push((last.diagnostic_id, last.reason.code()));
        query.page.at = Some(Edge::Before(mark.clone()));
    }
    loop {
        let slice = diagnostics::list(&db.store, tenant, &query, make::now()).await.unwrap();
        let row = |it: &(domain::Diagnostic, Mark)| (it.0.diagnostic_id, it.0.reason.code());
        let (edge, more) = if back {
            seen.splice(0..0, slice.items.iter().map(row));
            (slice.items.first().map(|it| Edge::Before(it.1.clone())), slice.has_before)
        } else {
            seen.extend(slice.items.iter().map(row));
            (slice.items.last().map(|it| Edge::After(it.1.clone())), slice.has_after)
        };
        if !more {
            return seen;
        }
        query.page.at = edge;
    }
}

async fn a_page_knows_what_lies_on_either_side(db: Db) {
    let (tenant, _, _) = fill(&db).await;
    let list = |page: Page| {
        let (store, tenant) = (db.store.clone(), tenant.clone());
        async move {
            let query = Query { page, ..Query::default() };
            diagnostics::list(&store, &tenant, &query, make::now()).await.unwrap()
        }
    };
    let sides = |it: &Slice<_>| (it.has_before, it.has_after);
    let first = list(Page::first(20)).await;
    assert_eq!((first.items.len(), sides(&first)), (20, (false, true)));
    let after =
        |slice: &Slice<domain::Diagnostic>| Edge::After(slice.items.last().unwrap().1.clone());
    let last = list(Page { at: Some(after(&first)), ..Page::first(20) }).await;
    assert_eq!((last.items.len(), sides(&last)), (3, (true, false)));
    let before = Edge::Before(last.items[0].1.clone());
    let again = list(Page { at: Some(before), ..Page::first(20) }).await;
    assert_eq!(again.items, first.items);
    assert_eq!(sides(&again), (false, true));
    let all = list(Page::first(23)).await;
    assert_eq!((all.items.len(), sides(&all)), (23, (false, false)));
    let forward = walk(&db, &tenant, Query { page: Page::first(5), ..Query::default() }, false);
    let backward = walk(&db, &tenant, Query { page: Page::first(4), ..Query::default() }, true);
    assert_eq!(forward.await, backward.await);
    // A mark survives its way through a cursor, to the millisecond.
    let mark = &first.items[19].1;
    let cursor = serde_json::to_string(mark).unwrap();
    assert_eq!(&serde_json::from_str::<Mark>(&cursor).unwrap(), mark);
}

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
    let sort = Some(Sort { field: field("occurred_at"), descending: !back });
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
