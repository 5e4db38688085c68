//! Issues follow runs of real servers: evidence resolves, and nothing less does.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use domain::TargetModel::{Company, Transaction};
use domain::issue::State;
use domain::{NewDiagnostic, Reason};
use engine::{Report, Request};
use serde_json::{Value, json};
use store::issues::{self, Issue};
use store::{Query, diagnostics};
use testkit::Db;

use crate::script::tool;
use crate::world::{World, now};

testkit::each_database! {
    a_run_with_rows_resolves_what_another_target_or_an_empty_answer_does_not,
    a_late_row_of_the_mapping_before_the_fix_is_counted_alone,
    samples_that_misbehave_have_issues_and_mended_ones_resolve_them,
}

const BROKEN: u8 = 0;
const EMPTY: u8 = 1;
const SOUND: u8 = 2;

/// Companies of which one has no name, none, or all sound.
fn companies(state: u8) -> Value {
    let named =
        |n: usize, name: Value| json!({"id": format!("c{n}"), "name": name, "city": "Ghent"});
    match state {
        EMPTY => json!([]),
        _ => {
            let third = if state == BROKEN { Value::Null } else { "Sound Ltd".into() };
            let rest = ["Acme Ltd", "Borden NV", "Dune SA"].map(Value::from);
            let all = rest.into_iter().chain([third]).enumerate();
            all.map(|(n, name)| named(n, name)).collect()
        }
    }
}

async fn world(db: Db) -> (World, domain::id::WorkspaceConnectorId, Arc<AtomicU8>) {
    let world = World::on(db).await;
    let state = Arc::new(AtomicU8::new(BROKEN));
    let shared = Arc::clone(&state);
    let answer = move |name: String, _| {
        let state = shared.load(Ordering::SeqCst);
        async move {
            Ok(match name.as_str() {
                "list_companies" => companies(state),
                _ => json!([{"id": "t1", "date": "2026-05-01", "amount": "10.00",
                    "currency": "EUR"}]),
            })
        }
    };
    let tools = [tool("list_companies", &[], &[]), tool("list_transactions", &[], &[])];
    let transport = world.scripted(&tools, answer).await;
    let connector = world.connector("made-up", transport).await;
    (world, connector, state)
}

async fn dropped(world: &World) -> Issue {
    let query = Query::default();
    let all = issues::list(&world.db.store, &world.tenant, &query).await.expect("listed");
    let is_one = |it: &Issue| it.reason == Reason::MappedEntitiesPartialDrop;
    all.items.into_iter().map(|it| it.0).find(is_one).expect("an issue")
}

async fn sync(
    world: &World,
    connector: domain::id::WorkspaceConnectorId,
    target: domain::TargetModel,
) -> Report {
    let request = Request { targets: vec![target], ..Request::default() };
    world.sync_with(connector, &request).await
}

async fn a_run_with_rows_resolves_what_another_target_or_an_empty_answer_does_not(db: Db) {
    let (world, connector, state) = world(db).await;
    let first = sync(&world, connector, Company).await;
    let issue = dropped(&world).await;
    assert_eq!((issue.state, issue.affected_records), (State::Open, 1));
    assert_eq!((issue.opened_run, issue.mapping_version), (Some(first.log.sync_log_id), Some(1)));
    // Another target, and an answer without rows.
    state.store(SOUND, Ordering::SeqCst);
    sync(&world, connector, Transaction).await;
    state.store(EMPTY, Ordering::SeqCst);
    let empty = sync(&world, connector, Company).await;
    assert_eq!(empty.log.status.as_str(), "success");
    assert_eq!(dropped(&world).await.state, State::Open);
    state.store(SOUND, Ordering::SeqCst);
    let mended = sync(&world, connector, Company).await;
    let issue = dropped(&world).await;
    let run = Some(mended.log.sync_log_id);
    assert_eq!((issue.state, issue.resolved_run), (State::Resolved, run));
    state.store(BROKEN, Ordering::SeqCst);
    sync(&world, connector, Company).await;
    let issue = dropped(&world).await;
    assert_eq!((issue.state, issue.count), (State::Regressed, 2));
    let story = issues::transitions(&world.db.store, &world.tenant, &issue).await.expect("told");
    assert_eq!(story.len(), 3);
}

async fn a_late_row_of_the_mapping_before_the_fix_is_counted_alone(db: Db) {
    let (world, connector, state) = world(db).await;
    let first = sync(&world, connector, Company).await;
    let rows = world.rows(first.log.sync_log_id).await;
    let row = rows.iter().find(|it| it.reason == Reason::MappedEntitiesPartialDrop).expect("a row");
    assert_eq!(row.context.as_ref().expect("evidence")["mapping_version"], 1);
    // Somebody writes another mapping: version 2 reads the answer, which is sound by now.
    let by_hand = store::mappings::NewMapping::of(
        connector,
        Company,
        "list_companies",
        store::mappings::Generator::Manual,
        r#"{"company_external_id": id, "name": name}"#,
    );
    store::mappings::save(&world.db.store, &world.tenant, by_hand, now()).await.expect("saved");
    state.store(SOUND, Ordering::SeqCst);
    sync(&world, connector, Company).await;
    let issue = dropped(&world).await;
    assert_eq!((issue.state, issue.resolved_version), (State::Resolved, Some(2)));
    let late = NewDiagnostic {
        workspace_connector: connector,
        target_model: row.target_model,
        tool_name: row.tool_name.clone(),
        reason: row.reason,
        http_status: row.http_status,
        detail: row.detail.clone(),
        occurred_at: None,
        sync_log: None,
        context: row.context.clone(),
        subject: Some("name".to_owned()),
    };
    assert_eq!(late.fingerprint(), row.fingerprint);
    diagnostics::insert(&world.db.store, &world.tenant, late, now()).await.expect("written");
    let issue = dropped(&world).await;
    assert_eq!((issue.state, issue.count), (State::Resolved, 2));
}

async fn samples_that_misbehave_have_issues_and_mended_ones_resolve_them(db: Db) {
    let world = World::on(db).await;
    let transport = world.http("ledger", &["server_error"]).await;
    let connector = world.connector("ledger", transport).await;
    let request = Request { targets: vec![Company], ..Request::default() };
    world.sync_with(connector, &request).await;
    let of = async || {
        let query = Query::default();
        let all = issues::list(&world.db.store, &world.tenant, &query).await.expect("listed");
        let told = all.items.into_iter().map(|(it, _)| (it.reason, it.state));
        told.collect::<Vec<_>>()
    };
    let failed = of().await;
    assert!(failed.iter().all(|it| it.1 == State::Open) && !failed.is_empty(), "{failed:?}");
    let transport = world.http("ledger", &[]).await;
    world.redirect(connector, transport).await;
    world.sync_with(connector, &request).await;
    let mended = of().await;
    assert!(mended.iter().all(|it| it.1 == State::Resolved), "{mended:?}");
}
