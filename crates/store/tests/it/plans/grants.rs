//! The statements of grants and flows.

use domain::connector::Secret;
use domain::id::WorkspaceConnectorId;
use store::grants::{self, Held};
use store::{Store, Tenant};
use testkit::make;

use super::Told;

pub(super) async fn statements(
    store: &Store,
    tenant: &Tenant,
    connector: WorkspaceConnectorId,
    told: &Told,
    case: &mut impl FnMut(&'static str, Vec<String>),
) {
    let secret = || Secret::new("x");
    let grant = domain::grant::Grant {
        access_token: secret(),
        refresh_token: None,
        expires_at: None,
        scopes: Vec::new(),
        party: secret(),
    };
    let flow = domain::grant::Flow {
        verifier: secret(),
        party: secret(),
        expires_at: make::now() + chrono::Duration::minutes(1),
    };
    let state = grants::begin(store, tenant, connector, flow, make::now()).await.unwrap();
    case("flow begin", told.take());
    grants::claim(store, &state, make::now()).await.unwrap();
    case("flow claim", told.take());
    grants::insert(store, tenant, connector, &grant, make::now()).await.unwrap();
    case("grant insert", told.take());
    grants::find(store, tenant, connector).await.unwrap();
    case("grant find", told.take());
    grants::lease(store, tenant, connector, 1, make::now()).await.unwrap();
    case("grant lease", told.take());
    let held = Held { generation: 1, grant };
    grants::update(store, tenant, connector, &held, make::now()).await.unwrap();
    case("grant update", told.take());
    grants::release(store, tenant, connector, 2, make::now()).await.unwrap();
    case("grant release", told.take());
}
