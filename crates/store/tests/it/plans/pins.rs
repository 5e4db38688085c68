//! The statements of slot pins.

use domain::TargetModel;
use domain::id::WorkspaceConnectorId;
use store::{Query, Store, Tenant};
use testkit::make;

use super::Told;

pub(super) async fn statements(
    store: &Store,
    tenant: &Tenant,
    connector: WorkspaceConnectorId,
    told: &Told,
    case: &mut impl FnMut(&'static str, Vec<String>),
) {
    use store::mappings::{self, Generator, NewMapping, Patch, SlotPin};
    let new = NewMapping::of(connector, TargetModel::Invoice, "t", Generator::Manual, "x");
    let mapping = mappings::save(store, tenant, new, make::now()).await.unwrap();
    told.take();
    let pin = SlotPin { slot: "due_date".to_owned(), path: None, reason: "x".to_owned() };
    let unpins = vec!["issue_date".to_owned()];
    let patch = Patch { pins: vec![pin], unpins, restore: true, ..Patch::default() };
    mappings::update(store, tenant, mapping.id, &patch, make::now()).await.unwrap();
    case("mapping update", told.take());
    mappings::slot_pins_of(store, tenant, &[connector]).await.unwrap();
    case("slot pins", told.take());
    let standing = mappings::Standing::of(&mapping);
    mappings::refresh(store, tenant, &mapping, standing, make::now()).await.unwrap();
    case("mapping refresh", told.take());
    mappings::find_version(store, tenant, &mapping, 1).await.unwrap();
    case("mapping version", told.take());
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
