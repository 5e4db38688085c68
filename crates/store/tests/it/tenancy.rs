//! A stranger's row is unknown, whatever is asked of it; and on PostgreSQL the database itself
//! says so, a second time.

use std::collections::BTreeSet;

use domain::diagnostic::Patch;
use domain::{Diagnostic, NewDiagnostic};
use store::diagnostics::{self, Facet, Idempotency};
use store::{Condition, Error, Op, Query, Settings, Store, Tenant, Value};
use testkit::{Db, make};

testkit::each_database! {
    a_stranger_finds_lists_counts_changes_and_streams_nothing,
    tenants_interleaved_over_one_connection_see_their_own,
    tenants_in_one_batch_get_their_own,
    every_public_id_of_a_row_is_the_tenants,
}

struct Two {
    mine: Tenant,
    stranger: Tenant,
    new: NewDiagnostic,
    made: Diagnostic,
}

async fn two(db: &Db) -> Two {
    let mine = make::workspace(db, "mine").await;
    let stranger = make::workspace(db, "stranger").await;
    let new = make::diagnostic(make::connector(db, &mine).await);
    let made = diagnostics::insert(&db.store, &mine, new.clone(), make::now()).await.unwrap();
    Two { mine, stranger, new, made }
}

async fn a_stranger_finds_lists_counts_changes_and_streams_nothing(db: Db) {
    let Two { mine, stranger, new, made } = two(&db).await;
    let (store, id, now) = (&db.store, made.diagnostic_id, make::now());
    let unknown = |it: Option<Error>| {
        assert!(matches!(it, Some(Error::NotFound("diagnostic"))), "{it:?}");
    };
    unknown(diagnostics::find(store, &stranger, id, now).await.err());
    let patch = Patch { detail: Some("mine now".to_owned()), ..Patch::default() };
    unknown(diagnostics::update(store, &stranger, id, patch, now).await.err());
    unknown(diagnostics::delete(store, &stranger, id, now).await.err());
    let by_connector = Query {
        conditions: vec![Condition {
            field: diagnostics::FIELDS.iter().find(|it| it.name == "workspace_connector").unwrap(),
            op: Op::Eq,
            values: vec![Value::Id(new.workspace_connector.0)],
        }],
        ..Query::default()
    };
    for mut query in [Query::default(), by_connector] {
        query.page.total = true;
        let slice = diagnostics::list(store, &stranger, &query, now).await.unwrap();
        assert_eq!((slice.items.len(), slice.total), (0, Some(0)));
        let counts = diagnostics::facets(store, &stranger, Facet::ALL, &query, now).await.unwrap();
        assert!(counts.iter().all(|it| it.values.is_empty()), "{counts:?}");
        assert!(diagnostics::newer(store, &stranger, &query, 0, 10, now).await.unwrap().is_empty());
    }
    let refused = |it: Option<Error>| assert!(matches!(it, Some(Error::Invalid { .. })), "{it:?}");
    refused(diagnostics::insert(store, &stranger, new.clone(), now).await.err());
    refused(diagnostics::insert_many(store, &stranger, vec![new.clone()], now).await.err());
    let key = Idempotency { key: "k".to_owned(), body_hash: [0; 32] };
    refused(diagnostics::insert_once(store, &stranger, new.clone(), &key, now).await.err());
    let pruned = diagnostics::prune(store, &stranger, new.workspace_connector, now).await;
    assert!(matches!(pruned, Err(Error::NotFound(_))), "{pruned:?}");
    assert_eq!(diagnostics::find(store, &mine, id, now).await.unwrap(), made);
}

async fn tenants_interleaved_over_one_connection_see_their_own(db: Db) {
    let one = db.reopen(Settings { connections: 1, ..testkit::settings() }).await;
    let mut tenants = Vec::new();
    for name in ["a", "b", "c"] {
        let tenant = make::workspace(&db, name).await;
        let connector = make::connector(&db, &tenant).await;
        tenants.push((tenant, connector));
    }
    let tasks: Vec<_> = (0..90)
        .map(|n| {
            let (store, (tenant, connector)) = (one.clone(), tenants[n % 3].clone());
            tokio::spawn(async move { write_and_read(&store, &tenant, connector).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

async fn write_and_read(
    store: &Store,
    tenant: &Tenant,
    connector: domain::id::WorkspaceConnectorId,
) {
    let now = make::now();
    let new = make::diagnostic(connector);
    let made = diagnostics::insert(store, tenant, new, now).await.unwrap();
    let query = Query::default();
    let (found, listed, workspace) = tokio::join!(
        diagnostics::find(store, tenant, made.diagnostic_id, now),
        diagnostics::list(store, tenant, &query, now),
        store::workspaces::find(store, tenant),
    );
    assert_eq!(found.unwrap(), made);
    let listed = listed.unwrap();
    assert!(!listed.items.is_empty());
    assert!(listed.items.iter().all(|(it, _)| it.workspace_connector == connector));
    assert_eq!(workspace.unwrap().workspace_id, tenant.workspace());
}

async fn tenants_in_one_batch_get_their_own(db: Db) {
    let mut tasks = Vec::new();
    for n in 0..20 {
        let tenant = make::workspace(&db, &format!("tenant {n}")).await;
        let connector = make::connector(&db, &tenant).await;
        for _ in 0..10 {
            let (store, tenant) = (db.store.clone(), tenant.clone());
            tasks.push(tokio::spawn(async move {
                let new = make::diagnostic(connector);
                let made = diagnostics::insert(&store, &tenant, new, make::now()).await.unwrap();
                assert_eq!(made.workspace, tenant.workspace());
            }));
        }
    }
    for task in tasks {
        task.await.unwrap();
    }
    let wrong = "select count(*) from connector_sync_diagnostics d
                   join workspace_connectors c on c.pk = d.workspace_connector_pk
                  where c.workspace_pk <> d.workspace_pk";
    assert_eq!(db.number(wrong).await, 0);
    assert_eq!(db.number("select count(*) from connector_sync_diagnostics").await, 200);
}

async fn every_public_id_of_a_row_is_the_tenants(db: Db) {
    let Two { mine, new, .. } = two(&db).await;
    // A store that has nothing in its caches asks for the ids of what it lists.
    let other = db.reopen(testkit::settings()).await;
    let run = make::run(&db, new.workspace_connector).await;
    let with_run = NewDiagnostic { sync_log: Some(run), ..new.clone() };
    diagnostics::insert(&db.store, &mine, with_run, make::now()).await.unwrap();
    let listed = diagnostics::list(&other, &mine, &Query::default(), make::now()).await.unwrap();
    let runs: Vec<_> = listed.items.iter().map(|it| it.0.sync_log).collect();
    assert_eq!(runs, [Some(run), None]);
    assert!(listed.items.iter().all(|it| it.0.workspace_connector == new.workspace_connector));
}

/// Runs SQL the way the service does, without the store.
async fn as_service(db: &Db, sql: &str) -> Result<i64, String> {
    let store::Place::Postgres { url } = &db.place else { unreachable!("asked on PostgreSQL") };
    let options: sqlx::postgres::PgConnectOptions = url.expose().parse().unwrap();
    let options = options.options([("role", "wireline_service"), ("search_path", "core_api")]);
    let mut connection = sqlx::ConnectOptions::connect(&options).await.unwrap();
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
        .fetch_one(&mut connection)
        .await
        .map_err(|error| error.to_string())
}

const TENANT_TABLES: &str = "
    select c.relname::text from pg_class c
      join pg_attribute a on a.attrelid = c.oid and a.attname = 'workspace_pk' and not attisdropped
     where c.relnamespace = 'core_api'::regnamespace and c.relkind in ('r', 'p')";

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_without_a_tenant_sees_no_row_of_any_table() {
    let db = Db::postgres().await;
    let Two { mine, .. } = two(&db).await;
    make::key(&db, &mine, domain::connector::Role::Read).await;
    let mut tables: BTreeSet<String> = db.words(TENANT_TABLES).await.into_iter().collect();
    assert!(tables.len() >= 6, "{tables:?}");
    // Entries of the catalogue belong to everyone.
    tables.remove("connectors");
    tables.insert("workspaces".to_owned());
    for table in tables {
        let seen = as_service(&db, &format!("select count(*) from {table}")).await;
        assert_eq!(seen, Ok(0), "{table}");
        let gone =
            format!("with gone as (delete from {table} returning 1) select count(*) from gone");
        assert_eq!(as_service(&db, &gone).await, Ok(0), "{table}");
    }
    assert_eq!(db.number("select count(*) from connector_sync_diagnostics").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gate_opens_before_the_rows_and_closes_after_the_statement() {
    let db = Db::postgres().await;
    two(&db).await;
    let pk = db.number("select pk from workspaces where name = 'mine'").await;
    let gated = format!(
        "select count(*) from connector_sync_diagnostics where (select core_api.enter('{pk}'))"
    );
    assert_eq!(as_service(&db, &gated).await, Ok(1));
    let stranger = db.number("select pk from workspaces where name = 'stranger'").await;
    let gated = format!(
        "select count(*) from connector_sync_diagnostics where (select core_api.enter('{stranger}'))"
    );
    assert_eq!(as_service(&db, &gated).await, Ok(0));
    // A row of another workspace cannot be written through the gate of one's own.
    let write = format!(
        "with made as (insert into connector_sync_diagnostics (workspace_pk, workspace_connector_pk,
           target_model, reason, detail)
         select {pk}, c.pk, 'invoice', 'jury_run', 'x' from (select 1 as pk) c
          where (select core_api.enter('{stranger}')) returning 1) select count(*) from made"
    );
    let refused = as_service(&db, &write).await.unwrap_err();
    assert!(refused.contains("row-level security"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_table_of_tenants_has_its_policies_forced() {
    let db = Db::postgres().await;
    let bare = format!(
        "select relname::text from pg_class
          where oid in (select ('core_api.' || t)::regclass from ({TENANT_TABLES}) as tables (t))
            and not (relrowsecurity and relforcerowsecurity and exists (
              select from pg_policy p where p.polrelid = pg_class.oid and p.polcmd = '*'
                 and p.polwithcheck is not null))"
    );
    assert_eq!(db.words(&bare).await, Vec::<String>::new());
    let open = "select relname::text from pg_class
        where relnamespace = 'core_api'::regnamespace and relkind = 'r'
          and not relrowsecurity and relname not in ('seaql_migrations')
          and not exists (select from pg_constraint k where k.conrelid = pg_class.oid
                             and k.contype = 'f')";
    assert_eq!(db.words(open).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_owns_nothing_and_cannot_change_what_it_uses() {
    let db = Db::postgres().await;
    let owned = "select count(*) from pg_shdepend d join pg_roles r on r.oid = d.refobjid
                  where r.rolname = 'wireline_service' and d.deptype = 'o'";
    assert_eq!(db.number(owned).await, 0);
    let role = "select rolname::text from pg_roles where rolname = 'wireline_service'
                  and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolcanlogin)";
    assert_eq!(db.words(role).await, Vec::<String>::new());
    for forbidden in [
        "alter table connector_sync_diagnostics disable row level security",
        "drop policy connector_sync_diagnostics_tenant on connector_sync_diagnostics",
        "create table core_api.mine (pk int)",
        "truncate connector_sync_diagnostics",
        "insert into seaql_migrations (version, applied_at) values ('x', 0)",
    ] {
        let refused = as_service(&db, forbidden).await.unwrap_err();
        assert!(
            refused.contains("permission denied") || refused.contains("must be owner"),
            "{refused}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_catalogue_is_read_by_all_and_written_by_the_operator() {
    let db = Db::postgres().await;
    two(&db).await;
    assert_eq!(as_service(&db, "select count(*) from connectors").await, Ok(1));
    for sql in [
        "with n as (update connectors set name = 'x' returning 1) select count(*) from n",
        "with n as (delete from connectors returning 1) select count(*) from n",
    ] {
        assert_eq!(as_service(&db, sql).await, Ok(0), "{sql}");
    }
}
