//! Filters, sorts, facets and pages of diagnostics.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Duration;
use domain::id::{DiagnosticId, WorkspaceConnectorId};
use domain::{Class, Impact, NewDiagnostic, Reason, TargetModel};
use serde_json::json;
use store::diagnostics::{self, FIELDS, Facet, SORTS};
use store::query::FieldKind;
use store::{Condition, Edge, Field, Mark, Op, Page, Query, Slice, Sort, Tenant, Value};
use testkit::{Db, make};

testkit::each_database! {
    words_select_the_rows_they_name,
    texts_and_numbers_select_the_rows_they_compare_with,
    times_and_ids_select_the_rows_they_name,
    all_of_several_conditions_hold,
    text_operators_take_wildcards_as_they_are,
    facets_count_what_the_query_matches,
    sorts_follow_the_stated_key_in_both_directions,
    a_page_knows_what_lies_on_either_side,
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

/// A condition, and the rows it says.
struct Case {
    given: Condition,
    keeps: Box<dyn Fn(&NewDiagnostic) -> bool>,
}

fn case(
    name: &str,
    op: Op,
    values: impl IntoIterator<Item = Value>,
    keeps: impl Fn(&NewDiagnostic) -> bool + 'static,
) -> Case {
    Case { given: condition(name, op, values), keeps: Box::new(keeps) }
}

async fn check(db: &Db, tenant: &Tenant, news: &[NewDiagnostic], cases: Vec<Case>) {
    for Case { given, keeps } in cases {
        assert!(given.field.kind.ops().contains(&given.op), "{given:?}");
        let wanted: BTreeSet<i16> =
            news.iter().filter(|it| keeps(it)).map(|it| it.reason.code()).collect();
        assert_eq!(select(db, tenant, vec![given.clone()]).await, wanted, "{given:?}");
    }
}

fn impact(it: &NewDiagnostic) -> Impact {
    if it.context.is_some() { Impact::Internal } else { it.reason.impact() }
}

async fn words_select_the_rows_they_name(db: Db) {
    use Impact::{Auth, DataLost, Internal};
    use Reason::{EmptyResult, JuryRun};
    use TargetModel::{Email, Invoice};
    let (tenant, _, news) = fill(&db).await;
    let one = |it: &str| [text(it)];
    let two = |a: &str, b: &str| [text(a), text(b)];
    let cases = vec![
        case("target_model", Op::Eq, one("invoice"), |it| it.target_model == Invoice),
        case("target_model", Op::Neq, one("invoice"), |it| it.target_model != Invoice),
        case("target_model", Op::In, two("invoice", "email"), |it| {
            matches!(it.target_model, Invoice | Email)
        }),
        case("reason", Op::Eq, one("jury_run"), |it| it.reason == JuryRun),
        case("reason", Op::Neq, one("jury_run"), |it| it.reason != JuryRun),
        case("reason", Op::In, two("jury_run", "empty_result"), |it| {
            matches!(it.reason, JuryRun | EmptyResult)
        }),
        case("class", Op::Eq, one("failure"), |it| it.reason.class() == Class::Failure),
        case("class", Op::Neq, one("failure"), |it| it.reason.class() != Class::Failure),
        case("class", Op::In, two("failure", "informational"), |_| true),
        case("impact", Op::Eq, one("internal"), |it| impact(it) == Internal),
        case("impact", Op::Neq, one("data_lost"), |it| impact(it) != DataLost),
        case("impact", Op::In, two("auth", "none"), |it| matches!(impact(it), Auth | Impact::None)),
    ];
    check(&db, &tenant, &news, cases).await;
}

async fn texts_and_numbers_select_the_rows_they_compare_with(db: Db) {
    let (tenant, _, news) = fill(&db).await;
    let is_null = |it: bool| [Value::Bool(it)];
    let tool = |it: &NewDiagnostic| it.tool_name.clone().unwrap_or_default();
    let fingerprint = news[6].fingerprint();
    let mut cases = vec![
        case("tool_name", Op::Eq, [text("Tool_1")], move |it| tool(it) == "Tool_1"),
        case("tool_name", Op::Neq, [text("Tool_1")], move |it| tool(it) != "Tool_1"),
        case("tool_name", Op::IsNull, is_null(true), |it| it.tool_name.is_none()),
        case("tool_name", Op::IsNull, is_null(false), |it| it.tool_name.is_some()),
        case("tool_name", Op::StartsWith, [text("tool_")], |it| it.tool_name.is_some()),
        case("detail", Op::EndsWith, [text("CAFé")], |_| true),
        case("detail", Op::Contains, [text("ow 2")], |it| it.detail.starts_with("Row 2")),
        case("http_status", Op::IsNull, is_null(true), |it| it.http_status.is_none()),
        case("http_status", Op::Neq, [Value::Number(410)], |it| it.http_status != Some(410)),
        case("issue", Op::Eq, [text(&fingerprint)], |it| it.reason.code() == 7),
    ];
    for (op, keeps) in orders() {
        let keeps = move |it: &NewDiagnostic| it.http_status.is_some_and(|it| keeps(it.cmp(&410)));
        cases.push(case("http_status", op, [Value::Number(410)], keeps));
    }
    check(&db, &tenant, &news, cases).await;
}

type Keeps = fn(std::cmp::Ordering) -> bool;

fn orders() -> [(Op, Keeps); 5] {
    use std::cmp::Ordering;
    [
        (Op::Eq, Ordering::is_eq),
        (Op::Gt, Ordering::is_gt),
        (Op::Gte, Ordering::is_ge),
        (Op::Lt, Ordering::is_lt),
        (Op::Lte, Ordering::is_le),
    ]
}

async fn times_and_ids_select_the_rows_they_name(db: Db) {
    let (tenant, connectors, news) = fill(&db).await;
    let run = news[3].sync_log.unwrap();
    let at = make::now() - Duration::hours(70);
    let name = "workspace_connector";
    let nobody = uuid::Uuid::nil();
    let mut cases = vec![
        case("created_at", Op::Eq, [Value::Time(make::now())], |_| true),
        case(name, Op::Eq, [Value::Id(connectors[1].0)], move |it| {
            it.workspace_connector == connectors[1]
        }),
        case(name, Op::In, connectors.map(|it| Value::Id(it.0)), |_| true),
        case(name, Op::In, [nobody, connectors[0].0].map(Value::Id), move |it| {
            it.workspace_connector == connectors[0]
        }),
        case(name, Op::Eq, [Value::Id(nobody)], |_| false),
        case("sync_log", Op::Eq, [Value::Id(run.0)], |it| it.sync_log.is_some()),
    ];
    for (op, keeps) in orders() {
        let keeps = move |it: &NewDiagnostic| keeps(it.occurred_at.unwrap().cmp(&at));
        cases.push(case("occurred_at", op, [Value::Time(at)], keeps));
    }
    check(&db, &tenant, &news, cases).await;
}

async fn all_of_several_conditions_hold(db: Db) {
    let (tenant, _, _) = fill(&db).await;
    let both = vec![
        condition("class", Op::Eq, [text("failure")]),
        condition("http_status", Op::IsNull, [Value::Bool(false)]),
    ];
    let found = select(&db, &tenant, both).await;
    assert!(!found.is_empty() && found.iter().all(|it| it % 2 == 0));
    let searched = Query { search: Some("OF 100%".to_owned()), ..Query::default() };
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
