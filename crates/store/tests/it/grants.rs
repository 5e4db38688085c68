//! Grants and the flows to them: sealed, of one tenant, renewed by one at a time, for one use.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use chrono::Duration;
use domain::connector::{InstallationStatus, Secret, Transport};
use domain::grant::{Flow, Grant};
use store::grants::{self, Held};
use store::workspace_connectors::{self, Patch};
use testkit::{Db, make};

use crate::workspace_connectors::{http, installed, not_found, sealed};

testkit::each_database! {
    a_grant_comes_back_out_of_its_seal_and_for_its_tenant_only,
    one_at_a_time_renews_a_grant,
    a_flow_ends_once_and_only_by_its_state,
    a_grant_ends_with_its_installation_and_its_address,
    a_renewal_under_way_outlives_a_new_configuration_of_the_same_server,
}

fn grant(token: &str) -> Grant {
    Grant {
        access_token: Secret::new(token),
        refresh_token: Some(Secret::new("r")),
        expires_at: Some(make::now()),
        scopes: vec!["a".to_owned()],
        party: Secret::new("{}"),
    }
}

fn flow() -> Flow {
    let expires_at = make::now() + Duration::minutes(15);
    Flow { verifier: Secret::new("v"), party: Secret::new("{}"), expires_at }
}

async fn a_grant_comes_back_out_of_its_seal_and_for_its_tenant_only(db: Db) {
    let store = &sealed(&db).await;
    let acme = &make::workspace(&db, "acme").await;
    let rival = &make::workspace(&db, "rival").await;
    let (id, now) = (installed(store, acme).await.workspace_connector_id, make::now());
    assert_eq!(grants::find(store, acme, id).await.unwrap(), None);
    grants::insert(store, acme, id, &grant("t-0ken-0f-acme"), now).await.unwrap();
    let held = grants::find(store, acme, id).await.unwrap().unwrap();
    assert_eq!((held.generation, &held.grant), (1, &grant("t-0ken-0f-acme")));

    not_found(grants::find(store, rival, id).await, "workspace_connector");
    not_found(grants::insert(store, rival, id, &grant("x"), now).await, "workspace_connector");
    not_found(grants::begin(store, rival, id, flow(), now).await, "workspace_connector");
    assert!(!grants::lease(store, rival, id, 1, now).await.unwrap());
    assert!(!grants::update(store, rival, id, &held, now).await.unwrap());
    assert_eq!(grants::find(store, acme, id).await.unwrap(), Some(held));

    // As another kind of value of the same row it does not open.
    let own = db.uuid(id.0);
    db.run(&format!(
        "update workspace_connectors set transport = grant_sealed where workspace_connector_id = {own}"
    ))
    .await;
    assert!(workspace_connectors::transport(store, acme, id).await.is_err());
}

async fn one_at_a_time_renews_a_grant(db: Db) {
    let store = &sealed(&db).await;
    let acme = &make::workspace(&db, "acme").await;
    let (id, now) = (installed(store, acme).await.workspace_connector_id, make::now());
    grants::insert(store, acme, id, &grant("one"), now).await.unwrap();
    let lease =
        async |generation, at| grants::lease(store, acme, id, generation, at).await.unwrap();
    assert!(!lease(0, now).await, "there is another meanwhile");
    assert!(lease(1, now).await);
    assert!(!lease(1, now).await, "somebody has it");
    grants::release(store, acme, id, 1, now).await.unwrap();
    assert!(lease(1, now).await);
    let later = now + Duration::from_std(grants::LEASE).unwrap();
    assert!(lease(1, later).await, "its holder died");

    let next = Held { generation: 1, grant: grant("two") };
    assert!(grants::update(store, acme, id, &next, now).await.unwrap());
    assert!(!grants::update(store, acme, id, &next, now).await.unwrap(), "it was replaced");
    let held = grants::find(store, acme, id).await.unwrap().unwrap();
    assert_eq!((held.generation, held.grant), (2, grant("two")));
    assert!(lease(2, now).await, "the lease ended with the renewal");
}

async fn a_flow_ends_once_and_only_by_its_state(db: Db) {
    let store = &sealed(&db).await;
    let acme = &make::workspace(&db, "acme").await;
    let (id, now) = (installed(store, acme).await.workspace_connector_id, make::now());
    let old = grants::begin(store, acme, id, flow(), now).await.unwrap();
    let state = grants::begin(store, acme, id, flow(), now).await.unwrap();
    let cut = state.get(..20).unwrap().to_owned();
    for wrong in [old, cut, state.replace(['A', 'B'], "C") + "x", String::new()] {
        not_found(grants::claim(store, &wrong, now).await, "authorization");
    }
    let (tenant, claimed, kept) = grants::claim(store, &state, now).await.unwrap();
    assert_eq!((tenant.workspace(), claimed, kept), (acme.workspace(), id, flow()));
    not_found(grants::claim(store, &state, now).await, "authorization");
    let late = grants::begin(store, acme, id, flow(), now).await.unwrap();
    not_found(grants::claim(store, &late, now + Duration::minutes(15)).await, "authorization");
}

async fn a_renewal_under_way_outlives_a_new_configuration_of_the_same_server(db: Db) {
    let store = &sealed(&db).await;
    let acme = &make::workspace(&db, "acme").await;
    let (id, now) = (installed(store, acme).await.workspace_connector_id, make::now());
    grants::insert(store, acme, id, &grant("old"), now).await.unwrap();
    let held = grants::find(store, acme, id).await.unwrap().unwrap();
    assert!(grants::lease(store, acme, id, held.generation, now).await.unwrap());
    let to = |transport| Patch { transport: Some(transport), ..Patch::default() };
    workspace_connectors::update(store, acme, id, to(http()), now).await.unwrap();
    // The old refresh token is spent: what was renewed is all there is.
    let renewed = Held { grant: grant("new"), ..held.clone() };
    assert!(grants::update(store, acme, id, &renewed, now).await.unwrap());
    let found = grants::find(store, acme, id).await.unwrap().unwrap();
    assert_eq!(found.grant, grant("new"));

    let headers = std::collections::BTreeMap::default();
    let other = Transport::Http { url: "https://other.example/x".to_owned(), headers };
    workspace_connectors::update(store, acme, id, to(other), now).await.unwrap();
    assert!(!grants::update(store, acme, id, &found, now).await.unwrap(), "it is another server");
}

async fn a_grant_ends_with_its_installation_and_its_address(db: Db) {
    let store = &sealed(&db).await;
    let acme = &make::workspace(&db, "acme").await;
    let (id, now) = (installed(store, acme).await.workspace_connector_id, make::now());
    let to = |transport| Patch { transport: Some(transport), ..Patch::default() };
    let moved = async |transport| {
        grants::insert(store, acme, id, &grant("t"), now).await.unwrap();
        workspace_connectors::update(store, acme, id, to(transport), now).await.unwrap();
        grants::find(store, acme, id).await.unwrap().is_some()
    };
    assert!(moved(http()).await, "another header or query is not another server");
    let headers = std::collections::BTreeMap::default();
    let other = Transport::Http { url: "https://other.example/x".to_owned(), headers };
    assert!(!moved(other).await);

    grants::insert(store, acme, id, &grant("t"), now).await.unwrap();
    let suspended = Patch { status: Some(InstallationStatus::Suspended), ..Patch::default() };
    workspace_connectors::update(store, acme, id, suspended, now).await.unwrap();
    grants::insert(store, acme, id, &grant("t"), now).await.unwrap();
    let found = workspace_connectors::find(store, acme, id).await.unwrap();
    assert_eq!(found.status, InstallationStatus::Suspended, "consent does not switch it on");

    workspace_connectors::delete(store, acme, id, now).await.unwrap();
    let left = "select count(*) from workspace_connectors
        where grant_sealed is not null or flow_sealed is not null";
    assert_eq!(db.number(left).await, 0);
}
