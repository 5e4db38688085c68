//! Workspaces: what the operator and what a tenant may do with them, and what deleting one leaves.

use chrono::Duration;
use domain::connector::Role;
use store::workspaces::{self, New, Patch};
use store::{Access, Edge, Error, Page, Query, diagnostics, tenant};
use testkit::{Db, make};

testkit::each_database! {
    a_workspace_is_found_by_its_tenant_and_by_the_operator,
    an_external_id_belongs_to_one_workspace,
    what_does_not_fit_is_refused_by_member,
    a_patch_changes_what_it_names_at_once,
    the_operator_pages_through_all,
    deleting_a_workspace_leaves_no_trace_in_any_table,
}

async fn a_workspace_is_found_by_its_tenant_and_by_the_operator(db: Db) {
    let operator = db.store.operator();
    let new = New {
        name: "Acme".to_owned(),
        description: Some("books".to_owned()),
        external_workspace_id: Some("acme-1".to_owned()),
        retention_days: Some(90),
    };
    let made = workspaces::insert(&db.store, &operator, new, make::now()).await.unwrap();
    assert_eq!((made.created_at, made.updated_at), (make::now(), make::now()));
    for name in ["acme-1".to_owned(), made.workspace_id.to_string()] {
        let found = workspaces::find_as(&db.store, &operator, &name).await.unwrap();
        assert_eq!(found, made);
        let tenant = tenant::of(&db.store, &operator, &name).await.unwrap();
        assert_eq!((tenant.role(), tenant.retention().days), (Role::Admin, 90));
        assert_eq!(workspaces::find(&db.store, &tenant).await.unwrap(), made);
    }
    for unknown in ["acme-2", "", "00000000-0000-0000-0000-000000000000"] {
        let found = workspaces::find_as(&db.store, &operator, unknown).await;
        assert!(matches!(found, Err(Error::NotFound("workspace"))));
    }
}

async fn an_external_id_belongs_to_one_workspace(db: Db) {
    let new = |name: &str| New {
        name: name.to_owned(),
        external_workspace_id: Some("one".to_owned()),
        ..New::default()
    };
    make::workspace_with(&db, new("first")).await;
    let taken = |it: Result<_, Error>| match it {
        Err(Error::Conflict { what: "workspace", field: "external_workspace_id" }) => {}
        other => panic!("{other:?}"),
    };
    let operator = db.store.operator();
    taken(workspaces::insert(&db.store, &operator, new("second"), make::now()).await);
    let tenant = make::workspace(&db, "third").await;
    let patch = Patch { external_workspace_id: Some(Some("one".to_owned())), ..Patch::default() };
    taken(workspaces::update(&db.store, &tenant, patch, make::now()).await);
}

async fn what_does_not_fit_is_refused_by_member(db: Db) {
    let ok = New { name: "x".repeat(100), ..New::default() };
    make::workspace_with(&db, ok.clone()).await;
    let cases = [
        ("name", New { name: String::new(), ..ok.clone() }),
        ("name", New { name: "  ".to_owned(), ..ok.clone() }),
        ("name", New { name: "x".repeat(101), ..ok.clone() }),
        ("description", New { description: Some("x".repeat(501)), ..ok.clone() }),
        ("external_workspace_id", New { external_workspace_id: Some(String::new()), ..ok.clone() }),
        ("retention_days", New { retention_days: Some(0), ..ok.clone() }),
        ("retention_days", New { retention_days: Some(3_651), ..ok }),
    ];
    for (member, new) in cases {
        match workspaces::insert(&db.store, &db.store.operator(), new, make::now()).await {
            Err(Error::Invalid { refusal, .. }) => assert_eq!(refusal.attribute, member),
            other => panic!("{member}: {other:?}"),
        }
    }
}

async fn a_patch_changes_what_it_names_at_once(db: Db) {
    let tenant = make::workspace(&db, "before").await;
    let secret = make::key(&db, &tenant, Role::Admin).await;
    let days = || async {
        match db.store.authenticate(secret.expose(), make::now()).await.unwrap() {
            Access::Tenant(tenant) => tenant.retention().days,
            Access::Operator(_) => unreachable!("a key of a workspace"),
        }
    };
    assert_eq!(days().await, 30);
    let later = make::now() + Duration::hours(1);
    let patch = Patch { retention_days: Some(Some(7)), ..Patch::default() };
    let changed = workspaces::update(&db.store, &tenant, patch, later).await.unwrap();
    assert_eq!((changed.name.as_str(), changed.retention_days), ("before", Some(7)));
    assert_eq!((changed.created_at, changed.updated_at), (make::now(), later));
    assert_eq!(days().await, 7, "a proven key is proven again");
}

async fn the_operator_pages_through_all(db: Db) {
    for n in 0..7 {
        make::workspace(&db, &format!("w{n}")).await;
    }
    let mut query = Query { page: Page { total: true, ..Page::first(3) }, ..Query::default() };
    let mut names = Vec::new();
    loop {
        let slice = workspaces::list(&db.store, &db.store.operator(), &query).await.unwrap();
        assert_eq!(slice.total, Some(7));
        names.extend(slice.items.iter().map(|it| it.0.name.clone()));
        if !slice.has_after {
            break;
        }
        query.page.at = Some(Edge::After(slice.items.last().unwrap().1.clone()));
    }
    assert_eq!(names, ["w6", "w5", "w4", "w3", "w2", "w1", "w0"]);
}

/// Every table and its columns, but for the catalogue's own.
async fn columns(db: &Db) -> Vec<(String, String)> {
    let sql = if db.is_postgres() {
        "select table_name || '.' || column_name from information_schema.columns
          where table_schema = 'core_api'"
    } else {
        "select t.name || '.' || c.name from sqlite_schema t, pragma_table_info(t.name) c
          where t.type = 'table' and t.name not like 'sqlite_%'"
    };
    let split = |it: String| {
        let (table, column) = it.split_once('.').unwrap();
        (table.to_owned(), column.to_owned())
    };
    db.words(sql).await.into_iter().map(split).collect()
}

async fn deleting_a_workspace_leaves_no_trace_in_any_table(db: Db) {
    let (going, staying) =
        (make::workspace(&db, "going").await, make::workspace(&db, "staying").await);
    let mut ids = vec![going.workspace().0];
    for tenant in [&going, &staying] {
        make::key(&db, tenant, Role::Write).await;
        let connector = make::connector(&db, tenant).await;
        make::feed(&db, connector, &staying).await;
        let run = make::run(&db, connector).await;
        let mut new = make::diagnostic(connector);
        new.sync_log = Some(run);
        let made = diagnostics::insert(&db.store, tenant, new, make::now()).await.unwrap();
        if tenant.workspace() == going.workspace() {
            ids.extend([connector.0, run.0, made.diagnostic_id.0]);
        }
    }
    let secret = make::key(&db, &going, Role::Read).await;
    db.store.authenticate(secret.expose(), make::now()).await.unwrap();
    let name = db.uuid(going.workspace().0);
    let pk = db.number(&format!("select pk from workspaces where workspace_id = {name}")).await;
    let kept = db.number("select count(*) from connector_sync_diagnostics").await - 1;

    workspaces::delete(&db.store, &going).await.unwrap();

    let mut looked_at = 0;
    for (table, column) in columns(&db).await {
        if column == "workspace_pk" || (table == "workspaces" && column == "pk") {
            let sql = format!("select count(*) from {table} where {column} = {pk}");
            assert_eq!(db.number(&sql).await, 0, "{table}.{column}");
            looked_at += 1;
        }
        for id in &ids {
            // Wherever an id could hide: its own column, or text and documents.
            let text = if db.is_postgres() {
                format!("{column}::text like '%{id}%'")
            } else {
                format!("{column} = x'{}' or {column} like '%{id}%'", id.simple())
            };
            let sql = format!("select count(*) from {table} where {text}");
            // The catalogue entry of the test carries the installation's id in its name.
            if table != "connectors" {
                assert_eq!(db.number(&sql).await, 0, "{table}.{column}");
            }
        }
    }
    assert!(looked_at >= 6, "{looked_at}");
    assert_eq!(db.number("select count(*) from connector_sync_diagnostics").await, kept);
    let unknown = db.store.authenticate(secret.expose(), make::now()).await;
    assert!(matches!(unknown, Err(Error::NotFound(_))));
    let again = workspaces::delete(&db.store, &going).await;
    assert!(matches!(again, Err(Error::NotFound("workspace"))));
}
