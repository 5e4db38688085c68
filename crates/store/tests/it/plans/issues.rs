//! The statements of issues.

use domain::NewDiagnostic;
use domain::id::WorkspaceConnectorId;
use domain::issue::{Evidence, Ran, Wish};
use domain::run::TriggerType;
use store::issues::{self, Patch};
use store::{Query, Store, Tenant, diagnostics, sync_logs};
use testkit::make;

use super::Told;

pub(super) async fn statements(
    store: &Store,
    tenant: &Tenant,
    connector: WorkspaceConnectorId,
    told: &Told,
    case: &mut impl FnMut(&'static str, Vec<String>),
) {
    let now = make::now();
    let row = || NewDiagnostic {
        tool_name: Some("of an issue".to_owned()),
        ..make::diagnostic(connector)
    };
    diagnostics::record(store, tenant, vec![row(); 30], now).await.unwrap();
    case("issue record", told.take());
    let query = Query { search: Some("issue".to_owned()), ..Query::default() };
    for query in [Query::default(), query] {
        issues::list(store, tenant, &query).await.unwrap();
        case("issues", told.take());
    }
    let query = Query { search: Some("of an issue".to_owned()), ..Query::default() };
    let issue = issues::list(store, tenant, &query).await.unwrap().items.remove(0).0;
    told.take();
    issues::find(store, tenant, issue.id).await.unwrap();
    case("issue", told.take());
    issues::transitions(store, tenant, &issue).await.unwrap();
    case("issue transitions", told.take());
    issues::trend(store, tenant, &issue, now).await.unwrap();
    case("issue trend", told.take());
    issues::blast_radius(store, tenant, &issue).await.unwrap();
    case("issue radius", told.take());
    let until = Some(now + chrono::Duration::minutes(1));
    for wish in [Wish::Resolve, Wish::Open, Wish::Mute { until, until_count: None }] {
        let patch = Patch { wish: Some(wish), note: Some(Some(format!("{wish:?}"))) };
        issues::update(store, tenant, issue.id, &patch, now).await.unwrap();
        case("issue update", told.take());
    }
    let later = now + chrono::Duration::minutes(2);
    issues::end_mutes(store, &store.operator(), 10, later).await.unwrap();
    case("issue mutes", told.take());
    evidence(store, tenant, connector, told, case).await;
    diagnostics::insert(store, tenant, row(), later + chrono::Duration::hours(1)).await.unwrap();
    case("issue comes back", told.take());
}

async fn evidence(
    store: &Store,
    tenant: &Tenant,
    connector: WorkspaceConnectorId,
    told: &Told,
    case: &mut impl FnMut(&'static str, Vec<String>),
) {
    let at = make::now() + chrono::Duration::minutes(5);
    let gap = std::time::Duration::ZERO;
    let run = sync_logs::schedule(store, tenant, connector, TriggerType::Api, gap, at).await;
    let run = run.unwrap().unwrap().sync_log_id;
    sync_logs::start(store, tenant, run, at).await.unwrap();
    told.take();
    let ran = Ran {
        target: domain::TargetModel::Invoice,
        tool: "of an issue".to_owned(),
        mapping_version: None,
        arrived: 1,
        written: 1,
    };
    let outcome = sync_logs::Outcome {
        error: None,
        ledger: Vec::new(),
        metadata: None,
        resting: domain::connector::InstallationStatus::Enabled,
        evidence: Some(Evidence { started_at: at, ran: vec![ran], noted: Vec::new() }),
    };
    sync_logs::settle(store, tenant, run, outcome, at).await.unwrap();
    case("issue evidence", told.take());
}
