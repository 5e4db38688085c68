//! Law: what is counted is what a list of the same question has, whatever was written, changed,
//! deleted and pruned before.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use domain::diagnostic::Patch;
use domain::id::WorkspaceConnectorId;
use domain::{Class, Diagnostic, Reason, TargetModel};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use store::diagnostics::{self, Counts, FIELDS, Facet};
use store::{Condition, Op, Page, Query, Tenant, Value};
use testkit::{Db, make};

testkit::each_database! {
    counts_are_those_of_the_list,
    a_day_that_was_pruned_is_not_kept,
}

const REASONS: [Reason; 3] = [Reason::EmptyResult, Reason::JuryRun, Reason::FkParentMissing];
const MODELS: [TargetModel; 2] = [TargetModel::Invoice, TargetModel::People];

#[derive(Debug, Clone)]
struct Row {
    hours: u16,
    reason: usize,
    model: usize,
    has_tool: bool,
    is_second: bool,
}

#[derive(Debug, Clone)]
enum Event {
    Insert(Vec<Row>),
    Delete(u8),
    /// The n-th row gets another reason, and loses its tool.
    Correct(u8, usize),
    /// Rows older than that many days are pruned.
    Prune(u8),
}

#[derive(Debug, Clone)]
struct Question {
    since: Option<(bool, u16)>,
    before: Option<(bool, u16)>,
    reason: Option<usize>,
    is_failure: Option<bool>,
    has_no_tool: bool,
    of_second: bool,
    text: bool,
}

fn row() -> impl Strategy<Value = Row> {
    (0..100_u16, 0..3_usize, 0..2_usize, any::<bool>(), any::<bool>()).prop_map(
        |(hours, reason, model, has_tool, is_second)| Row {
            hours,
            reason,
            model,
            has_tool,
            is_second,
        },
    )
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => prop::collection::vec(row(), 1..12).prop_map(Event::Insert),
        1 => any::<u8>().prop_map(Event::Delete),
        1 => (any::<u8>(), 0..3_usize).prop_map(|(at, reason)| Event::Correct(at, reason)),
        1 => (1..4_u8).prop_map(Event::Prune),
    ]
}

fn question() -> impl Strategy<Value = Question> {
    let edge = || prop::option::of((any::<bool>(), 0..100_u16));
    let rest = (any::<bool>(), any::<bool>(), prop::bool::weighted(0.2));
    (edge(), edge(), prop::option::of(0..3_usize), prop::option::of(any::<bool>()), rest).prop_map(
        |(since, before, reason, is_failure, (has_no_tool, of_second, text))| Question {
            since,
            before,
            reason,
            is_failure,
            has_no_tool,
            of_second,
            text,
        },
    )
}

/// Some at midnight, where a day begins.
fn at(hours: u16) -> DateTime<Utc> {
    let at = make::now() - Duration::hours(i64::from(hours));
    if hours.is_multiple_of(7) {
        at.date_naive().and_time(chrono::NaiveTime::MIN).and_utc()
    } else {
        at
    }
}

async fn counts_are_those_of_the_list(db: Db) {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for round in 0..20 {
        let strategy = (prop::collection::vec(event(), 1..8), prop::collection::vec(question(), 6));
        let (events, questions) = strategy.new_tree(&mut runner).unwrap().current();
        let tenant = make::workspace(&db, &format!("round {round}")).await;
        let two = [make::connector(&db, &tenant).await, make::connector(&db, &tenant).await];
        for event in &events {
            happen(&db, &tenant, two, event).await;
        }
        ask(&db, &tenant, &Query::default(), &format!("{events:?}")).await;
        for question in questions {
            let query = query(&question, two[1]);
            ask(&db, &tenant, &query, &format!("{events:?} {question:?}")).await;
        }
    }
    let kept = db.number("select cast(sum(count) as bigint) from diagnostic_days").await;
    let live = "select count(*) from connector_sync_diagnostics where deleted_at is null";
    assert_eq!(kept, db.number(live).await);
}

async fn happen(db: &Db, tenant: &Tenant, two: [WorkspaceConnectorId; 2], event: &Event) {
    let (store, now) = (&db.store, make::now());
    match event {
        Event::Insert(rows) => {
            let new = |it: &Row| {
                let mut new = make::diagnostic(two[usize::from(it.is_second)]);
                new.occurred_at = Some(at(it.hours));
                (new.reason, new.target_model) = (REASONS[it.reason], MODELS[it.model]);
                new.tool_name = it.has_tool.then(|| "list_them".to_owned());
                new
            };
            diagnostics::insert_many(store, tenant, rows.iter().map(new).collect(), now)
                .await
                .unwrap();
        }
        Event::Delete(nth) => {
            let Some(it) = nth_row(db, tenant, *nth).await else { return };
            diagnostics::delete(store, tenant, it.diagnostic_id, now).await.unwrap();
        }
        Event::Correct(nth, reason) => {
            let Some(it) = nth_row(db, tenant, *nth).await else { return };
            let patch =
                Patch { reason: Some(REASONS[*reason]), tool_name: Some(None), ..Patch::default() };
            diagnostics::update(store, tenant, it.diagnostic_id, patch, now).await.unwrap();
        }
        Event::Prune(days) => {
            let then = now + Duration::days(30 - i64::from(*days));
            for connector in two {
                diagnostics::prune(store, tenant, connector, then).await.unwrap();
            }
        }
    }
}

async fn listed(db: &Db, tenant: &Tenant, query: &Query) -> Vec<Diagnostic> {
    let query = Query { page: Page::first(500), ..query.clone() };
    let all = diagnostics::list(&db.store, tenant, &query, make::now()).await.unwrap();
    all.items.into_iter().map(|it| it.0).collect()
}

async fn nth_row(db: &Db, tenant: &Tenant, nth: u8) -> Option<Diagnostic> {
    let all = listed(db, tenant, &Query::default()).await;
    let index = usize::from(nth).checked_rem(all.len())?;
    all.into_iter().nth(index)
}

fn query(question: &Question, second: WorkspaceConnectorId) -> Query {
    let on = |name: &str, op: Op, value: Value| Condition::on(FIELDS, name, op, [value]).unwrap();
    let word = |it: &str| Value::Text(it.to_owned());
    let mut conditions = Vec::new();
    if let Some((with, hours)) = question.since {
        let op = if with { Op::Gte } else { Op::Gt };
        conditions.push(on("occurred_at", op, Value::Time(at(hours))));
    }
    if let Some((with, hours)) = question.before {
        let op = if with { Op::Lte } else { Op::Lt };
        conditions.push(on("occurred_at", op, Value::Time(at(hours))));
    }
    if let Some(reason) = question.reason {
        conditions.push(on("reason", Op::Neq, word(REASONS[reason].as_str())));
    }
    if let Some(is_failure) = question.is_failure {
        let class = if is_failure { Class::Failure } else { Class::Informational };
        conditions.push(on("class", Op::Eq, word(class.as_str())));
    }
    if question.has_no_tool {
        conditions.push(on("tool_name", Op::IsNull, Value::Bool(true)));
    }
    if question.of_second {
        conditions.push(on("workspace_connector", Op::Eq, Value::Id(second.0)));
    }
    let search = question.text.then(|| "row".to_owned());
    Query { conditions, search, ..Query::default() }
}

async fn ask(db: &Db, tenant: &Tenant, query: &Query, told: &str) {
    let rows = listed(db, tenant, query).await;
    let counts: Counts = diagnostics::counts(&db.store, tenant, query, make::now()).await.unwrap();
    assert_eq!(counts.total, rows.len() as u64, "{told}");
    let by = |of: &dyn Fn(&Diagnostic) -> Option<String>| {
        let mut sums: BTreeMap<Option<String>, u64> = BTreeMap::new();
        for row in &rows {
            *sums.entry(of(row)).or_default() += 1;
        }
        sums
    };
    let day = |it: &Diagnostic| Some(it.occurred_at.format("%Y-%m-%d").to_string());
    let days: BTreeMap<_, _> =
        counts.days.iter().map(|(day, n)| (Some(day.to_string()), n.0 + n.1)).collect();
    assert_eq!(days, by(&day), "{told}");
    let reasons: BTreeMap<_, _> =
        counts.reasons.iter().map(|(it, n)| (Some(it.to_string()), *n)).collect();
    assert_eq!(reasons, by(&|it| Some(it.reason.to_string())), "{told}");
    let facets =
        diagnostics::facets(&db.store, tenant, Facet::ALL, query, make::now()).await.unwrap();
    for facet in facets {
        let values: BTreeMap<_, _> =
            facet.values.into_iter().map(|it| (it.value, it.count)).collect();
        let expected = match facet.facet {
            Facet::Reason => by(&|it| Some(it.reason.to_string())),
            Facet::TargetModel => by(&|it| Some(it.target_model.to_string())),
            Facet::WorkspaceConnector => by(&|it| Some(it.workspace_connector.to_string())),
            Facet::Day => by(&day),
            Facet::Class => by(&|it| Some(it.reason.class().to_string())),
            Facet::ToolName => by(&|it| it.tool_name.clone()),
        };
        assert_eq!(values, expected, "{} of {told}", facet.facet);
    }
}

async fn a_day_that_was_pruned_is_not_kept(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let row = Row { hours: 60, reason: 0, model: 0, has_tool: true, is_second: false };
    happen(&db, &tenant, [connector; 2], &Event::Insert(vec![row])).await;
    assert_eq!(db.number("select count(*) from diagnostic_days").await, 1);
    happen(&db, &tenant, [connector; 2], &Event::Prune(1)).await;
    assert_eq!(db.number("select count(*) from diagnostic_days").await, 0);
}
