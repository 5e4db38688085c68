//! A workspace that is deleted takes everything of it along, on both databases.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::collections::BTreeMap;

use domain::TargetModel;
use domain::connector::InstallationStatus;
use domain::id::WorkspaceConnectorId;
use store::{Store, Tenant};
use testkit::{Db, make};

use crate::workspace_connectors::{installed, sealed, tables};

testkit::each_database! {
    every_foreign_key_has_an_index,
    a_deleted_workspace_leaves_nothing_behind,
}

/// One row in each table that can hold one.
async fn fill(store: &Store, tenant: &Tenant) -> WorkspaceConnectorId {
    use store::records::{self, Upsert};
    let now = make::now();
    let connector = installed(store, tenant).await.workspace_connector_id;
    let trigger = domain::run::TriggerType::Manual;
    let gap = std::time::Duration::ZERO;
    let run = store::sync_logs::schedule(store, tenant, connector, trigger, gap, now).await;
    let run = run.unwrap().unwrap().sync_log_id;
    let outcome = store::sync_logs::Outcome {
        error: None,
        ledger: vec![domain::run::LedgerLine {
            target_model: TargetModel::Company,
            tally: Default::default(),
        }],
        metadata: None,
        resting: InstallationStatus::Enabled,
        evidence: None,
    };
    store::sync_logs::settle(store, tenant, run, outcome, now).await.unwrap();
    for entity in crate::records::one_of_each() {
        let entities = std::slice::from_ref(&entity);
        let batch = Upsert { run, connector, tool: "list", model: entity.model, entities };
        let upserted = records::upsert(store, tenant, &batch, now).await.unwrap();
        assert_eq!(upserted.inserted, 1);
    }
    let rows = vec![crate::missing::rejected_row(TargetModel::Company, "x")];
    store::rejected::insert_many(store, tenant, run, connector, rows, now).await.unwrap();
    let rows = [crate::missing::pending_row(TargetModel::People, "x")];
    store::pending::put(store, tenant, run, connector, &rows, now).await.unwrap();
    let new = store::webhooks::New {
        url: "https://hooks.example".to_owned(),
        description: None,
        events: domain::webhook::Event::subscribable().collect(),
        connector: Some(connector),
    };
    store::webhooks::insert(store, tenant, new, now).await.unwrap();
    let row = make::diagnostic(connector);
    store::diagnostics::insert(store, tenant, row, now).await.unwrap();
    let key = make_key(store, tenant).await;
    let store::Access::Tenant(own) = store.authenticate(&key, now).await.unwrap() else {
        unreachable!("a key of a workspace")
    };
    let until = now + chrono::TimeDelta::days(1);
    store::viewers::insert(store, &own, Some(connector), until, now).await.unwrap();
    let generator = store::mappings::Generator::Manual;
    let new = store::mappings::NewMapping::of(connector, TargetModel::Company, "a", generator, "x");
    let mapping = store::mappings::save(store, tenant, new, now).await.unwrap();
    let pin =
        store::mappings::SlotPin { slot: "name".to_owned(), path: None, reason: "x".to_owned() };
    let patch = store::mappings::Patch { pins: vec![pin], ..Default::default() };
    store::mappings::update(store, tenant, mapping.id, &patch, now).await.unwrap();
    connector
}

async fn make_key(store: &Store, tenant: &Tenant) -> String {
    let role = domain::connector::Role::Write;
    let new = store::api_keys::New { name: "x".to_owned(), role, expiration_at: None };
    let made = store::api_keys::insert(store, tenant, new, make::now()).await.unwrap();
    made.1.expose().to_owned()
}

async fn a_deleted_workspace_leaves_nothing_behind(db: Db) {
    let store = sealed(&db).await;
    let tenant = make::workspace(&db, "acme").await;
    let other = make::workspace(&db, "other").await;
    fill(&store, &tenant).await;
    fill(&store, &other).await;
    let counts = async || {
        let mut counts = BTreeMap::new();
        for table in tables(&db).await {
            let count = db.number(&format!("select count(*) from {table}")).await;
            counts.insert(table, count);
        }
        counts.remove("seaql_migrations");
        counts
    };
    let before = counts().await;
    store::workspaces::delete(&store, &tenant).await.unwrap();
    let after = counts().await;
    for (table, count) in &before {
        assert_eq!(after[table] * 2, *count, "{table}");
    }
    let filled = before.values().filter(|it| **it > 0).count();
    assert!(filled >= 4 + 4 + 6 + 24, "{before:?}");
}

/// Two tables of the base have partial indexes alone; `plans` looks at what erases from them.
async fn every_foreign_key_has_an_index(db: Db) {
    if !db.is_postgres() {
        return;
    }
    let bare = db.words(
        "select format('%s.%s', c.conrelid::regclass, a.attname) from pg_constraint c
           join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
          where c.contype = 'f' and c.connamespace = 'core_api'::regnamespace
            and c.conrelid::regclass::text not in (
              'connectors', 'workspace_connector_sync_targets')
            and not exists (select 1 from pg_index i
                             where i.indrelid = c.conrelid and i.indkey[0] = c.conkey[1]
                               and coalesce(pg_get_expr(i.indpred, i.indrelid)
                                            in ('(' || a.attname || ' IS NOT NULL)'), true))
          order by 1",
    );
    assert_eq!(bare.await, [""; 0]);
}
