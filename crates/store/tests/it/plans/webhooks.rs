//! The statements of webhooks.

use std::time::Duration;

use domain::id::WorkspaceConnectorId;
use domain::webhook::{Event, Verdict};
use store::webhooks::{self, Answer, New, Patch, Replay};
use store::{Query, Store, Tenant, diagnostics};
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
    let new = New {
        url: "https://hooks.example".to_owned(),
        description: None,
        events: Event::subscribable().collect(),
        connector: None,
    };
    let id = webhooks::insert(store, tenant, new, now).await.unwrap().0.id;
    case("webhook insert", told.take());
    diagnostics::insert(store, tenant, make::diagnostic(connector), now).await.unwrap();
    case("webhook outbox", told.take());
    webhooks::list(store, tenant, &Query::default()).await.unwrap();
    case("webhooks", told.take());
    webhooks::test(store, tenant, id, now).await.unwrap();
    case("webhook test", told.take());
    webhooks::deliveries(store, tenant, &Query::default()).await.unwrap();
    case("webhook deliveries", told.take());
    let operator = &store.operator();
    let limits = (10, Duration::from_secs(60));
    let parcels = webhooks::claim(store, operator, limits, now).await.unwrap().parcels;
    assert_eq!(parcels.len(), 2);
    case("webhook claim", told.take());
    let verdicts = [Verdict::Delivered, Verdict::Retry(Duration::from_secs(5))];
    for (parcel, verdict) in parcels.iter().zip(verdicts) {
        let answer = Answer { status: None, note: None, verdict };
        webhooks::settle(store, operator, parcel, &answer, now).await.unwrap();
        case("webhook settle", told.take());
    }
    webhooks::replay(store, tenant, id, Replay::Since(now), now).await.unwrap();
    case("webhook replay", told.take());
    let patch = Patch { rotate: true, ..Patch::default() };
    webhooks::update(store, tenant, id, patch, now).await.unwrap();
    case("webhook update", told.take());
    webhooks::prune(store, tenant, now).await.unwrap();
    case("webhook prune", told.take());
    webhooks::delete(store, tenant, id).await.unwrap();
    case("webhook delete", told.take());
}
