//! Pinned slots and what else an admin changes of a mapping, on both databases.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use domain::TargetModel;
use domain::id::WorkspaceConnectorId;
use store::mappings::{self, Generator, Mapping, NewMapping, Patch, RegenerationReason, SlotPin};
use store::{Error, Tenant};
use testkit::{Db, make};

testkit::each_database! {
    a_pin_outlives_the_version_it_was_made_on,
    pins_of_many_mappings_come_at_once,
    a_change_is_made_whole_or_not_at_all,
    a_stranger_pins_nothing,
}

const MODEL: TargetModel = TargetModel::Invoice;

fn pin(slot: &str, path: Option<&str>) -> SlotPin {
    SlotPin { slot: slot.to_owned(), path: path.map(str::to_owned), reason: "we know".to_owned() }
}

async fn save(db: &Db, tenant: &Tenant, connector: WorkspaceConnectorId, tool: &str) -> Mapping {
    let new = NewMapping::of(connector, MODEL, tool, Generator::Structured, "x");
    mappings::save(&db.store, tenant, new, make::now()).await.unwrap()
}

async fn update(db: &Db, tenant: &Tenant, it: &Mapping, patch: Patch) -> Result<Mapping, Error> {
    mappings::update(&db.store, tenant, it.id, &patch, make::now()).await
}

async fn pins(db: &Db, tenant: &Tenant, connector: WorkspaceConnectorId) -> Vec<SlotPin> {
    mappings::slot_pins(&db.store, tenant, connector, MODEL, "list").await.unwrap()
}

async fn a_pin_outlives_the_version_it_was_made_on(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let first = save(&db, &tenant, connector, "list").await;
    let patch = Patch {
        pins: vec![pin("issue_date", Some("dated")), pin("due_date", None)],
        ..Patch::default()
    };
    let pinned = update(&db, &tenant, &first, patch).await.unwrap();
    assert!(pinned.needs_regeneration);
    assert_eq!(pinned.regeneration_reason, Some(RegenerationReason::GovernanceChanged));
    let second = save(&db, &tenant, connector, "list").await;
    assert!(!second.needs_regeneration);
    let both = [pin("due_date", None), pin("issue_date", Some("dated"))];
    assert_eq!(pins(&db, &tenant, connector).await, both);
    // The same slot again replaces its pin; an old version speaks for the mapping as a whole.
    let patch = Patch {
        pins: vec![pin("issue_date", Some("day"))],
        unpins: vec!["due_date".to_owned()],
        ..Patch::default()
    };
    update(&db, &tenant, &first, patch).await.unwrap();
    assert_eq!(pins(&db, &tenant, connector).await, [pin("issue_date", Some("day"))]);
    let live = mappings::find(&db.store, &tenant, second.id).await.unwrap();
    assert_eq!(live.regeneration_reason, Some(RegenerationReason::GovernanceChanged));
    // What was not pinned is not unpinned: nothing to draw again.
    let third = save(&db, &tenant, connector, "list").await;
    let patch = Patch { unpins: vec!["due_date".to_owned()], ..Patch::default() };
    assert!(!update(&db, &tenant, &third, patch).await.unwrap().needs_regeneration);
}

async fn pins_of_many_mappings_come_at_once(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let (one, two) = (make::connector(&db, &tenant).await, make::connector(&db, &tenant).await);
    for (connector, tool, slot) in [(one, "list", "a"), (one, "other", "b"), (two, "list", "c")] {
        let mapping = save(&db, &tenant, connector, tool).await;
        let patch = Patch { pins: vec![pin(slot, None)], ..Patch::default() };
        update(&db, &tenant, &mapping, patch).await.unwrap();
    }
    let all = mappings::slot_pins_of(&db.store, &tenant, &[one, two]).await.unwrap();
    assert_eq!(all.len(), 3);
    assert_eq!(all[&(two, MODEL, "list".to_owned())], [pin("c", None)]);
    assert_eq!(pins(&db, &tenant, one).await, [pin("a", None)]);
    assert!(mappings::slot_pins_of(&db.store, &tenant, &[]).await.unwrap().is_empty());
}

async fn a_change_is_made_whole_or_not_at_all(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let connector = make::connector(&db, &tenant).await;
    let old = save(&db, &tenant, connector, "list").await;
    let live = save(&db, &tenant, connector, "list").await;
    let patch = Patch { pins: vec![pin("issue_date", None)], regenerate: true, ..Patch::default() };
    let refused = update(&db, &tenant, &old, patch.clone()).await;
    assert!(matches!(refused, Err(Error::Invalid { .. })), "{refused:?}");
    assert!(pins(&db, &tenant, connector).await.is_empty());
    let asked = update(&db, &tenant, &live, patch).await.unwrap();
    assert_eq!(asked.regeneration_reason, Some(RegenerationReason::Manual));
    // Rolled back, and drawn again from there: both in one.
    let patch = Patch { restore: true, regenerate: true, ..Patch::default() };
    let back = update(&db, &tenant, &old, patch).await.unwrap();
    assert!(back.is_live && back.needs_regeneration);
    let retired = mappings::find(&db.store, &tenant, live.id).await.unwrap();
    assert!(!retired.is_live);
}

async fn a_stranger_pins_nothing(db: Db) {
    let tenant = make::workspace(&db, "acme").await;
    let stranger = make::workspace(&db, "stranger").await;
    let connector = make::connector(&db, &tenant).await;
    let mapping = save(&db, &tenant, connector, "list").await;
    let patch = Patch { pins: vec![pin("issue_date", None)], ..Patch::default() };
    let refused = update(&db, &stranger, &mapping, patch.clone()).await;
    assert!(matches!(refused, Err(Error::NotFound("connector_mapping"))), "{refused:?}");
    update(&db, &tenant, &mapping, patch).await.unwrap();
    assert!(pins(&db, &stranger, connector).await.is_empty());
    assert_eq!(pins(&db, &tenant, connector).await.len(), 1);
}
