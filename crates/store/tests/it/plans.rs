//! How PostgreSQL runs each statement of the product, over 100,000 rows: by an index.
//!
//! `auto_explain` tells every connection of this database the plan of every statement, those of
//! triggers and functions included. Lanes plan for any values, so these plans are the generic ones.

use std::sync::{Arc, Mutex};

use domain::TargetModel;
use domain::connector::Role;
use domain::diagnostic::Patch;
use domain::id::WorkspaceConnectorId;
use store::diagnostics::{self, FIELDS, Facet, Idempotency};
use store::{
    Condition, Edge, Mark, Op, Page, Query, Sort, SortKey, Store, Tenant, Value, api_keys,
    sync_logs, tenant, workspaces,
};
use testkit::{Db, make};

mod console;
mod grants;
mod issues;
mod pins;
mod webhooks;

/// What the server has told since it was last asked.
#[derive(Clone, Default)]
pub(crate) struct Told(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Told {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Told {
    /// The plans of these statements, in their order.
    pub(crate) fn take(&self) -> Vec<String> {
        let text = String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap();
        text.split("duration:").skip(1).map(str::to_owned).collect()
    }
}

struct Case<'a> {
    name: &'a str,
    plans: Vec<String>,
}

#[tokio::test(flavor = "multi_thread")]
async fn no_statement_scans_a_table_of_tenants() {
    let told = Told::default();
    let writer = told.clone();
    tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(tracing_subscriber::filter::LevelFilter::INFO)
        .with_writer(move || writer.clone())
        .init();
    let db = Db::postgres().await;
    fill(&db).await;
    let tables = db
        .words(
            "select c.relname::text from pg_class c join pg_attribute a on a.attrelid = c.oid
              where c.relnamespace = 'core_api'::regnamespace and c.relkind = 'r'
                and (a.attname = 'workspace_pk' or c.relname = 'workspaces')",
        )
        .await;
    for (may_scan, victim) in [(true, "w99"), (false, "w98")] {
        explain_everything(&db, may_scan).await;
        let store = db.reopen(testkit::settings()).await;
        told.take();
        let cases = everything(&db, &store, victim, &told).await;
        assert!(cases.len() > 30);
        for case in &cases {
            assert!(!case.plans.is_empty(), "{}: no plan was told", case.name);
            for plan in &case.plans {
                for table in &tables {
                    // A page or two is read faster than any index: those tables must merely be
                    // able to do without.
                    let is_big = table == "connector_sync_diagnostics";
                    let scanned = plan.contains(&format!("Seq Scan on {table} "));
                    let may = may_scan && !is_big;
                    assert!(may || !scanned, "{}: {plan}", case.name);
                }
            }
        }
        if may_scan {
            follow_their_index(&cases);
        }
    }
}

/// 100 workspaces, 1,000 connectors, 100,000 rows, skewed.
async fn fill(db: &Db) {
    db.run(
        "insert into workspaces (workspace_id, name, external_workspace_id, created_at, updated_at)
           select gen_random_uuid(), 'w' || n, 'w' || n, now(), now()
             from generate_series(1, 100) n;
         insert into connectors (connector_id, service_id, name, authorization_flow, status,
             created_at, updated_at)
           values (gen_random_uuid(), 's', 's', 'none', 'available', now(), now());
         insert into workspace_connectors (workspace_connector_id, workspace_pk, connector_pk, name,
             status, address, paused, created_at, updated_at)
           select gen_random_uuid(), w.pk, c.pk, 'c', 'enabled', 'x', false, now(), now()
             from workspaces w, connectors c, generate_series(1, 10);
         insert into workspace_connector_sync_logs (sync_log_id, workspace_pk,
             workspace_connector_pk, status, trigger_type, created_at, updated_at)
           select gen_random_uuid(), workspace_pk, pk, 'success', 'manual', now(), now()
             from workspace_connectors, generate_series(1, 3);
         insert into connector_sync_diagnostics (workspace_pk, workspace_connector_pk, sync_log_pk,
             target_model, tool_name, reason, http_status, detail, fingerprint, occurred_at)
           select c.workspace_pk, c.pk, l.pk, 'invoice', 'tool', r.reasons[1 + rows.n % 23], 200,
                  'detail of row ' || rows.n, md5((rows.n % 5000)::text),
                  timestamptz '2026-06-01 14:32:07Z' - rows.n * interval '20 seconds'
             from (select enum_range(null::sync_failure_reason_enum) reasons) r,
                  (select n, (1 + 999 * power(random(), 2))::int c from generate_series(1, 100000) n)
                    rows (n, c)
             join (select pk, workspace_pk, row_number() over (order by pk) n
                     from workspace_connectors) c on c.n = rows.c
             left join (select workspace_connector_pk, min(pk) pk
                          from workspace_connector_sync_logs group by 1) l
                    on l.workspace_connector_pk = c.pk and rows.n % 2 = 0;
         analyze;",
    )
    .await;
}

async fn explain_everything(db: &Db, may_scan: bool) {
    let name = db.words("select current_database()::text").await.remove(0);
    for (setting, value) in [
        ("session_preload_libraries", "auto_explain"),
        ("auto_explain.log_min_duration", "0"),
        ("auto_explain.log_nested_statements", "on"),
        ("auto_explain.log_level", "notice"),
        ("enable_seqscan", if may_scan { "on" } else { "off" }),
    ] {
        db.run(&format!("alter database {name} set {setting} = '{value}'")).await;
    }
}

async fn everything<'a>(db: &Db, store: &Store, victim: &str, told: &Told) -> Vec<Case<'a>> {
    let tenant = tenant::of(store, &store.operator(), "w1").await.unwrap();
    let connector = "select workspace_connector_id::text from workspace_connectors
                      where workspace_pk = (select pk from workspaces where name = 'w1') limit 1";
    let connector: WorkspaceConnectorId = db.words(connector).await[0].parse().unwrap();
    let run = format!(
        "select l.sync_log_id::text from workspace_connector_sync_logs l
           join workspace_connectors c on c.pk = l.workspace_connector_pk
          where c.workspace_connector_id = '{connector}'"
    );
    let run: uuid::Uuid = db.words(&run).await[0].parse().unwrap();
    told.take();
    let mut cases = Vec::new();
    let mut case = |name, plans| cases.push(Case { name, plans });
    for (name, query) in queries(connector, run) {
        diagnostics::list(store, &tenant, &query, make::now()).await.unwrap();
        case(name, told.take());
    }
    write(store, &tenant, connector, told, &mut case).await;
    pins::statements(store, &tenant, connector, told, &mut case).await;
    read(store, &tenant, connector, told, &mut case).await;
    crate::plans_of_runs::explain(store, &tenant, connector, told, &mut case).await;
    runs(store, &tenant, connector, told, &mut case).await;
    console::statements(store, &tenant, connector, told, &mut case).await;
    grants::statements(store, &tenant, connector, told, &mut case).await;
    issues::statements(store, &tenant, connector, told, &mut case).await;
    webhooks::statements(store, &tenant, connector, told, &mut case).await;
    around(store, &tenant, victim, told, &mut case).await;
    cases
}

async fn read(
    store: &Store,
    tenant: &Tenant,
    connector: WorkspaceConnectorId,
    told: &Told,
    case: &mut impl FnMut(&'static str, Vec<String>),
) {
    use store::mappings;
    for query in [Query::default(), Query { search: Some("t".to_owned()), ..Query::default() }] {
        mappings::list(store, tenant, &query).await.unwrap();
        case("mappings", told.take());
    }
    mappings::versions(store, tenant, connector, TargetModel::Invoice, "t").await.unwrap();
    case("versions", told.take());
    for model in TargetModel::ALL {
        store::records::list(store, tenant, *model, &Query::default()).await.unwrap();
        case("records", told.take());
        let id = uuid::Uuid::nil();
        store::records::find(store, tenant, *model, id).await.unwrap_err();
        case("record", told.take());
    }
}

fn field(name: &str) -> &'static store::Field {
    FIELDS.iter().find(|it| it.name == name).unwrap()
}

fn queries(connector: WorkspaceConnectorId, run: uuid::Uuid) -> Vec<(&'static str, Query)> {
    let on =
        |name: &str, op, value: Value| Condition { field: field(name), op, values: vec![value] };
    let text = |it: &str| Value::Text(it.to_owned());
    let connector = on("workspace_connector", Op::Eq, Value::Id(connector.0));
    let reason = on("reason", Op::Eq, text("jury_run"));
    let mark = Mark { key: SortKey::Time(make::now()), pk: 500 };
    let at = |edge| Page { at: Some(edge), ..Page::first(50) };
    let list = |conditions: &[&Condition], page| Query {
        conditions: conditions.iter().map(|it| (*it).clone()).collect(),
        page,
        ..Query::default()
    };
    let first = || Page::first(50);
    let mut all = vec![
        ("newest", list(&[], first())),
        ("newest after", list(&[], at(Edge::After(mark.clone())))),
        ("newest before", list(&[], at(Edge::Before(mark.clone())))),
        ("total", list(&[], Page { total: true, ..first() })),
        ("connector", list(&[&connector], first())),
        ("connector after", list(&[&connector], at(Edge::After(mark.clone())))),
        ("connector reason", list(&[&connector, &reason], first())),
        ("connector reason after", list(&[&connector, &reason], at(Edge::After(mark)))),
        ("reason", list(&[&reason], first())),
        ("class", list(&[&on("class", Op::Eq, text("failure"))], first())),
        ("impact", list(&[&on("impact", Op::Eq, text("auth"))], first())),
        ("run", list(&[&on("sync_log", Op::Eq, Value::Id(run))], first())),
        ("issue", list(&[&on("issue", Op::Eq, text("0123"))], first())),
        ("model", list(&[&on("target_model", Op::Eq, text("invoice"))], first())),
        ("tool", list(&[&on("tool_name", Op::Contains, text("x"))], first())),
        ("since", list(&[&on("occurred_at", Op::Gte, Value::Time(make::now()))], first())),
        ("search", Query { search: Some("row 7".to_owned()), ..list(&[], first()) }),
    ];
    for name in ["created_at", "reason"] {
        let sort = Some(Sort { field: field(name), descending: false });
        all.push((name, Query { sort, ..list(&[], first()) }));
    }
    all
}

async fn write(
    store: &Store,
    tenant: &Tenant,
    connector: WorkspaceConnectorId,
    told: &Told,
    case: &mut impl FnMut(&'static str, Vec<String>),
) {
    let now = make::now();
    let new = make::diagnostic(connector);
    let made = diagnostics::insert(store, tenant, new.clone(), now).await.unwrap();
    case("insert", told.take());
    diagnostics::insert_many(store, tenant, vec![new.clone(); 100], now).await.unwrap();
    case("insert many", told.take());
    let key = Idempotency { key: made.diagnostic_id.to_string(), body_hash: [0; 32] };
    for at in [now, now, now + chrono::Duration::days(2)] {
        diagnostics::insert_once(store, tenant, new.clone(), &key, at).await.unwrap();
        case("insert once", told.take());
    }
    diagnostics::find(store, tenant, made.diagnostic_id, now).await.unwrap();
    case("find", told.take());
    let patch = Patch { detail: Some("x".to_owned()), ..Patch::default() };
    diagnostics::update(store, tenant, made.diagnostic_id, patch, now).await.unwrap();
    case("update", told.take());
    diagnostics::delete(store, tenant, made.diagnostic_id, now).await.unwrap();
    case("delete", told.take());
    for facet in Facet::ALL {
        diagnostics::facets(store, tenant, &[*facet], &Query::default(), now).await.unwrap();
        case("facets", told.take());
    }
    diagnostics::newer(store, tenant, &Query::default(), 99_000, 100, now).await.unwrap();
    case("newer", told.take());
    diagnostics::prune(store, tenant, connector, now).await.unwrap();
    case("prune", told.take());
    diagnostics::oldest(store, &store.operator(), now).await.unwrap();
    case("oldest", told.take());
}

/// What workers ask again and again, and what a run is made of.
async fn runs(
    store: &Store,
    tenant: &Tenant,
    connector: WorkspaceConnectorId,
    told: &Told,
    case: &mut impl FnMut(&'static str, Vec<String>),
) {
    use domain::run::TriggerType::Api;
    let (now, operator) = (make::now(), &store.operator());
    sync_logs::due(store, operator, now, 100).await.unwrap();
    case("due", told.take());
    sync_logs::running(store, operator).await.unwrap();
    case("running", told.take());
    store::queue::mend(store, operator, now).await.unwrap();
    case("mend", told.take());
    let next = sync_logs::Next::first(Api);
    sync_logs::schedule_later(store, tenant, connector, &next, now).await.unwrap();
    case("schedule later", told.take());
    let run = sync_logs::schedule_due(store, tenant, connector, now).await.unwrap();
    case("schedule due", told.take());
    let run = run.unwrap().sync_log_id;
    sync_logs::tenant_of(store, operator, run).await.unwrap();
    case("tenant of", told.take());
    sync_logs::start(store, tenant, run, now).await.unwrap();
    case("start", told.take());
    sync_logs::beat(store, tenant, run, None, now).await.unwrap();
    case("beat", told.take());
    let next = sync_logs::interrupt(store, tenant, (run, now), 9, now).await.unwrap().unwrap();
    case("interrupt", told.take());
    sync_logs::cancel(store, tenant, next.sync_log_id, now).await.unwrap();
    case("cancel", told.take());
    let next = sync_logs::hand_back(store, tenant, next.sync_log_id, now).await.unwrap().unwrap();
    case("hand back", told.take());
    sync_logs::cancel(store, tenant, next.sync_log_id, now).await.unwrap();
    told.take();
    store::queue::release(store, operator, "nobody").await.unwrap();
    case("release", told.take());
}

async fn around(
    store: &Store,
    tenant: &Tenant,
    victim: &str,
    told: &Told,
    case: &mut impl FnMut(&'static str, Vec<String>),
) {
    let now = make::now();
    workspaces::find(store, tenant).await.unwrap();
    case("workspace", told.take());
    let patch = workspaces::Patch { name: Some("w1".to_owned()), ..Default::default() };
    workspaces::update(store, tenant, patch, now).await.unwrap();
    case("workspace update", told.take());
    let new = api_keys::New { name: "k".to_owned(), role: Role::Read, expiration_at: None };
    let (key, secret) = api_keys::insert(store, tenant, new, now).await.unwrap();
    case("key insert", told.take());
    store.authenticate(secret.expose(), now).await.unwrap();
    case("authenticate", told.take());
    api_keys::list(store, tenant, &Query::default()).await.unwrap();
    case("keys", told.take());
    let patch = api_keys::Patch::default();
    api_keys::update(store, tenant, key.api_key_id, patch, now).await.unwrap();
    case("key update", told.take());
    api_keys::delete(store, tenant, key.api_key_id, now).await.unwrap();
    case("key delete", told.take());
    let last = tenant::of(store, &store.operator(), victim).await.unwrap();
    told.take();
    workspaces::delete(store, &last).await.unwrap();
    case("workspace delete", told.take());
}

/// The order of a page is that of an index: nothing is sorted.
fn follow_their_index(cases: &[Case<'_>]) {
    for (name, index) in [
        ("newest", "workspace_idx"),
        ("newest after", "workspace_idx"),
        ("newest before", "workspace_idx"),
        ("connector", "connector_idx"),
        ("connector after", "connector_idx"),
        ("connector reason", "reason_idx"),
        ("connector reason after", "reason_idx"),
        ("run", "sync_log_idx"),
        ("issue", "fingerprint_idx"),
        ("newer", "stream_idx"),
        ("find", "diagnostic_id_key"),
        ("prune", "connector_idx"),
    ] {
        let index = format!("connector_sync_diagnostics_{index}");
        let case = cases.iter().find(|it| it.name == name).unwrap();
        let plan =
            case.plans.iter().find(|it| it.contains(" on connector_sync_diagnostics ")).unwrap();
        assert!(plan.contains(&index), "{name}: {plan}");
        assert!(!plan.contains("Sort"), "{name}: {plan}");
    }
}
