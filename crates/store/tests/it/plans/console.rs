//! What the pages of the console ask beyond the lists of the API.

use chrono::TimeDelta;
use domain::connector::Role;
use domain::id::WorkspaceConnectorId;
use store::{
    Query, Store, Tenant, api_keys, diagnostics, health, records, sessions, sync_logs, viewers,
    workspace_connectors,
};
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
    let all = workspace_connectors::list(store, tenant, &Query::default()).await.unwrap();
    let all: Vec<_> = all.items.into_iter().map(|it| it.0).collect();
    told.take();
    health::of(store, tenant, &all, now).await.unwrap();
    case("health of all", told.take());
    diagnostics::counts(store, tenant, &Query::default(), now).await.unwrap();
    case("counts", told.take());
    sync_logs::days(store, tenant, now - TimeDelta::days(30)).await.unwrap();
    case("days of runs", told.take());
    records::counts(store, tenant, None).await.unwrap();
    case("records by model", told.take());
    records::counts(store, tenant, Some(connector)).await.unwrap();
    case("records of a connector", told.take());
    let new = api_keys::New { name: "v".to_owned(), role: Role::Write, expiration_at: None };
    let (_, secret) = api_keys::insert(store, tenant, new, now).await.unwrap();
    told.take();
    let opened = sessions::open(store, secret.expose(), now).await.unwrap();
    case("session", told.take());
    let sessions::Opened::Session(cookie) = opened else { unreachable!("a key of a workspace") };
    let session = sessions::resume(store, &cookie, now).await.unwrap();
    told.take();
    let until = now + TimeDelta::days(1);
    let made = viewers::insert(store, &session.tenant, Some(connector), until, now).await;
    case("viewer link", told.take());
    let (link, token) = made.unwrap();
    viewers::resume(store, &token, now).await.unwrap();
    case("viewer", told.take());
    viewers::list(store, tenant, &Query::default(), now).await.unwrap();
    case("viewer links", told.take());
    viewers::delete(store, tenant, link.id, now).await.unwrap();
    case("viewer link delete", told.take());
}
