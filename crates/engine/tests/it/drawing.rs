//! How a mapping comes to be, is judged, remembered, and taken back.

use domain::Reason;
use domain::TargetModel;
use domain::TargetModel::{Company, Invoice, Transaction};
use domain::id::WorkspaceConnectorId;
use expect_test::{Expect, expect};
use serde_json::json;
use store::mappings::{self, Generator, Mapping, NewMapping, Patch, RegenerationReason, SlotPin};
use testkit::Db;

use crate::world::{World, ledger, now};

testkit::each_database! {
    a_mapping_is_drawn_by_a_jury_once_and_then_used_again,
    a_mapping_that_cannot_be_saved_is_used_and_the_databases_own_words_are_kept,
    a_new_field_is_told_once_and_changes_nothing,
    a_field_that_the_mapping_reads_and_that_is_gone_has_it_drawn_anew,
    a_redrawn_mapping_that_does_worse_on_the_sample_gives_way_to_the_last_good_one,
    a_new_version_under_which_fewer_rows_are_accepted_gives_way_after_the_run,
    a_mapping_under_which_every_row_was_dropped_is_drawn_anew,
    a_pinned_slot_is_drawn_anew_as_the_pin_says,
    governance_that_changes_has_the_mapping_drawn_anew,
}

/// Nothing new, and nothing to tell.
const QUIET: &str =
    "success\ninvoice: fetched 60 inserted 0 updated 0 unchanged 60 dropped [] waiting 0\n";

/// A server on HTTP, a connector to it, and its live mapping of a target.
struct Scene {
    world: World,
    connector: WorkspaceConnectorId,
    target: TargetModel,
}

impl Scene {
    async fn on(db: Db, target: TargetModel, faults: &[&str]) -> Self {
        let world = World::on(db).await;
        let transport = world.http("ledger", faults).await;
        let connector = world.connector("ledger", transport).await;
        Self { world, connector, target }
    }

    async fn run(&self) -> String {
        let report = self.world.sync(self.connector, &[self.target]).await;
        let told = self.world.findings_and_juries(report.log.sync_log_id).await;
        let told = told.lines().filter(|it| {
            // Of other stages, and told there.
            !it.contains("fk_parent_missing") && !it.contains("tool_selection jury")
        });
        told.fold(ledger(&report), |all, it| format!("{all}{it}\n"))
    }

    async fn run_with(&self, faults: &[&str]) -> String {
        let transport = self.world.http("ledger", faults).await;
        self.world.redirect(self.connector, transport).await;
        self.run().await
    }

    fn tool(&self) -> &'static str {
        if self.target == Invoice { "list_invoices" } else { "list_companies" }
    }

    async fn versions(&self) -> Vec<Mapping> {
        let (store, tenant) = (&self.world.db.store, &self.world.tenant);
        let all = mappings::versions(store, tenant, self.connector, self.target, self.tool()).await;
        all.expect("listed")
    }

    async fn live(&self) -> Mapping {
        self.versions().await.into_iter().find(|it| it.is_live).expect("a live mapping")
    }
}

async fn check(target: TargetModel, faults: &[&str], expected: Expect) {
    let scene = Scene::on(Db::sqlite().await, target, faults).await;
    expected.assert_eq(&scene.run().await);
}

async fn a_mapping_is_drawn_by_a_jury_once_and_then_used_again(db: Db) {
    let scene = Scene::on(db, Invoice, &[]).await;
    expect![[r#"
        success
        invoice: fetched 60 inserted 60 updated 0 unchanged 0 dropped [] waiting 0
        invoice | jury_run | list_invoices | - | mapping jury: 3/3 seats valid, agreement 1.00, winner names
    "#]].assert_eq(&scene.run().await);
    assert_eq!(scene.run().await, QUIET);
    let versions = scene.versions().await;
    let live = versions.first().expect("one");
    assert_eq!((versions.len(), live.version, live.last_good_version), (1, 1, Some(1)));
    assert_eq!(live.jury["votes"][0]["seats"].as_array().map(Vec::len), Some(3));
    assert_eq!(live.stats["accept_rate"], 1.0);
    assert_eq!(live.stats["fill"]["issue_date"], 1.0);
    assert_eq!(live.sample.as_array().map(Vec::len), Some(5));
    assert!(live.input_shape.get("customer.id").is_some(), "{}", live.input_shape);
}

#[tokio::test]
async fn a_seat_that_finds_no_source_for_what_the_others_find_has_failed() {
    check(Invoice, &["nameless:list_invoices"], expect![[r#"
        success
        invoice: fetched 60 inserted 60 updated 0 unchanged 0 dropped [] waiting 0
        invoice | jury_run | list_invoices | - | mapping jury: 2/3 seats valid, agreement 1.00, winner structure
        invoice | jury_partial | list_invoices | - | mapping jury met its quorum with 2/3 seats; failed: names: required slot `issue_date` is null in every row, though the rows have something for it
    "#]]).await;
}

#[tokio::test]
async fn seats_that_read_a_slot_from_different_fields_disagree() {
    check(Company, &["two_readings:list_companies"], expect![[r#"
        success
        company: fetched 12 inserted 12 updated 0 unchanged 0 dropped [] waiting 0
        company | jury_run | list_companies | - | mapping jury: 3/3 seats valid, agreement 0.67, winner structure
        company | jury_disagreement | list_companies | - | mapping jury was split 2:1 (agreement 0.67) on phone; decided by larger_vote
    "#]]).await;
}

#[tokio::test]
async fn what_only_one_seat_finds_is_not_used() {
    check(Invoice, &["buried:list_invoices"], expect![[r#"
        success
        invoice | jury_quorum_lost | list_invoices | - | mapping jury: 1 of 2 needed seats valid (names: required slot `issue_date` is null in every row, though the rows have something for it; structure: required slot `issue_date` is null in every row, though the rows have something for it); fallback: none
        invoice | jsonata_generation_failed | list_invoices | - | the structured path gave no usable expression in 3 attempt(s): names: required slot `issue_date` is null in every row, though the rows have something for it
        invoice | structured_pipeline_fell_back_to_legacy | list_invoices | - | the structured path ended in draw: names: required slot `issue_date` is null in every row, though the rows have something for it; the one-shot generator ran
        invoice | jsonata_generation_failed | list_invoices | - | the legacy path gave no usable expression in 1 attempt(s): required slot `grand_total` is null in every row, though the rows have something for it
        invoice | mapping_generation_hard_fail | list_invoices | - | no mapping could be made and none is stored; structured: 3 attempt(s), names: required slot `issue_date` is null in every row, though the rows have something for it; legacy: 1 attempt(s), required slot `grand_total` is null in every row, though the rows have something for it
    "#]]).await;
}

#[tokio::test]
async fn the_projection_by_names_stands_in_when_no_seat_has_an_expression_that_runs() {
    check(Transaction, &["wordy:list_transactions"], expect![[r#"
        success
        transaction: fetched 240 inserted 240 updated 0 unchanged 0 dropped [] waiting 0
        transaction | jury_quorum_lost | list_transactions | - | mapping jury: 0 of 2 needed seats valid (names: W0001: an expression has at most 16384 bytes; structure: W0001: an expression has at most 16384 bytes; values: W0001: an expression has at most 16384 bytes); fallback: legacy
        transaction | jsonata_generation_failed | list_transactions | - | the structured path gave no usable expression in 3 attempt(s): W0001: an expression has at most 16384 bytes
        transaction | structured_pipeline_fell_back_to_legacy | list_transactions | - | the structured path ended in draw: W0001: an expression has at most 16384 bytes; the one-shot generator ran
    "#]]).await;
}

#[tokio::test]
async fn rows_that_say_nothing_end_the_target() {
    check(Invoice, &["opaque:list_invoices"], expect![[r#"
        success
        invoice | jury_quorum_lost | list_invoices | - | mapping jury: 0 of 2 needed seats valid (names: no path of the rows fits a required attribute (`invoice_external_id`, `status`, `issue_date`, `grand_total`); structure: no path of the rows fits a required attribute (`invoice_external_id`, `status`, `issue_date`, `grand_total`); values: no path of the rows fits a required attribute (`invoice_external_id`, `status`, `issue_date`, `grand_total`)); fallback: none
        invoice | jsonata_generation_failed | list_invoices | - | the structured path gave no usable expression in 3 attempt(s): no path of the rows fits a required attribute (`invoice_external_id`, `status`, `issue_date`, `grand_total`)
        invoice | structured_pipeline_fell_back_to_legacy | list_invoices | - | the structured path ended in draw: no path of the rows fits a required attribute (`invoice_external_id`, `status`, `issue_date`, `grand_total`); the one-shot generator ran
        invoice | jsonata_generation_failed | list_invoices | - | the legacy path gave no usable expression in 1 attempt(s): no path of the rows fits a required attribute (`invoice_external_id`, `status`, `issue_date`, `grand_total`)
        invoice | mapping_generation_hard_fail | list_invoices | - | no mapping could be made and none is stored; structured: 3 attempt(s), no path of the rows fits a required attribute (`invoice_external_id`, `status`, `issue_date`, `grand_total`); legacy: 1 attempt(s), no path of the rows fits a required attribute (`invoice_external_id`, `status`, `issue_date`, `grand_total`)
    "#]]).await;
}

#[tokio::test]
async fn text_in_the_place_of_declared_structure_is_told() {
    check(Invoice, &["text_only:list_invoices"], expect![[r#"
        success
        invoice: fetched 60 inserted 60 updated 0 unchanged 0 dropped [] waiting 0
        invoice | structured_pipeline_degraded | list_invoices | - | stage fetch was replaced or skipped: the tool declares an output schema and sent no structured content; used instead: rows parsed from its text
        invoice | jury_run | list_invoices | - | mapping jury: 3/3 seats valid, agreement 1.00, winner names
    "#]]).await;
}

async fn a_mapping_that_cannot_be_saved_is_used_and_the_databases_own_words_are_kept(db: Db) {
    let is_postgres = db.is_postgres();
    let refuse = if is_postgres {
        "alter table core_api.connector_mappings
         add constraint blueprints_are_frozen check (version < 1) not valid"
    } else {
        "create trigger blueprints_are_frozen before insert on connector_mappings
         begin select raise(abort, 'CHECK constraint failed: blueprints_are_frozen'); end"
    };
    db.run(refuse).await;
    let scene = Scene::on(db, Invoice, &[]).await;
    let report = scene.world.sync(scene.connector, &[Invoice]).await;
    assert!(ledger(&report).contains("invoice: fetched 60 inserted 60"), "{}", ledger(&report));
    let told = scene.world.rows(report.log.sync_log_id).await;
    let failed = told.iter().find(|it| it.reason == Reason::BlueprintPersistenceFailed);
    let failed = failed.expect("told");
    assert_eq!(failed.tool_name.as_deref(), Some("list_invoices"));
    let context = failed.context.clone().unwrap_or_default();
    let code = if is_postgres { "23514" } else { "1811" };
    assert_eq!(
        (&context["sqlstate"], &context["constraint"]),
        (&json!(code), &json!("blueprints_are_frozen"))
    );
    assert!(scene.versions().await.is_empty());
}

async fn a_new_field_is_told_once_and_changes_nothing(db: Db) {
    let scene = Scene::on(db, Invoice, &[]).await;
    scene.run().await;
    expect![[r#"
        success
        invoice: fetched 60 inserted 0 updated 0 unchanged 60 dropped [] waiting 0
        invoice | schema_drift_detected | list_invoices | 200 | the answer of list_invoices changed shape (additive); new: revision
    "#]].assert_eq(&scene.run_with(&["new_field:list_invoices"]).await);
    assert_eq!(scene.run().await, QUIET);
    assert_eq!(scene.versions().await.len(), 1);
}

async fn a_field_that_the_mapping_reads_and_that_is_gone_has_it_drawn_anew(db: Db) {
    let scene = Scene::on(db, Invoice, &[]).await;
    scene.run().await;
    expect![[r#"
        success
        invoice: fetched 60 inserted 0 updated 0 unchanged 60 dropped [] waiting 0
        invoice | schema_drift_detected | list_invoices | 200 | the answer of list_invoices changed shape (breaking); gone: issue_date; new: issue_date_v2, revision
        invoice | jury_run | list_invoices | - | mapping jury: 2/3 seats valid, agreement 1.00, winner structure
        invoice | jury_partial | list_invoices | - | mapping jury met its quorum with 2/3 seats; failed: names: required slot `issue_date` is null in every row, though the rows have something for it
    "#]].assert_eq(&scene.run_with(&["drift:list_invoices"]).await);
    let live = scene.live().await;
    assert_eq!((live.version, live.last_good_version), (2, Some(2)));
    assert!(!live.needs_regeneration);
}

#[tokio::test]
async fn a_schema_that_the_tool_declares_anew_is_drift_though_the_rows_are_the_same() {
    let scene = Scene::on(Db::sqlite().await, Invoice, &[]).await;
    scene.run().await;
    expect![[r#"
        success
        invoice: fetched 60 inserted 0 updated 0 unchanged 60 dropped [] waiting 0
        invoice | schema_drift_detected | list_invoices | 200 | the output schema that list_invoices declares has changed (additive)
    "#]].assert_eq(&scene.run_with(&["declares:list_invoices"]).await);
    assert_eq!(scene.run().await, QUIET);
}

async fn a_redrawn_mapping_that_does_worse_on_the_sample_gives_way_to_the_last_good_one(db: Db) {
    let scene = Scene::on(db, Invoice, &[]).await;
    scene.run().await;
    expect![[r#"
        success
        invoice: fetched 60 inserted 0 updated 60 unchanged 0 dropped [] waiting 0
        invoice | schema_drift_detected | list_invoices | 200 | the answer of list_invoices changed shape (breaking); gone: memo; new: total_including_tax
        invoice | jury_run | list_invoices | - | mapping jury: 3/3 seats valid, agreement 1.00, winner names
        invoice | regression_reverted | list_invoices | - | version 2 scored worse than 1 (valid_rows 30.00, was 50.00); version 1 is back
    "#]].assert_eq(&scene.run_with(&["decoy:list_invoices=30"]).await);
    let versions = scene.versions().await;
    let kept = versions.first().expect("the one that did worse");
    assert_eq!((kept.version, kept.is_live), (2, false));
    assert_eq!(kept.regeneration_reason, Some(RegenerationReason::Regression));
    assert_eq!(scene.live().await.version, 1);
    // It stands for the new shape now: nothing is told again.
    assert_eq!(scene.run().await, QUIET);
}

async fn a_new_version_under_which_fewer_rows_are_accepted_gives_way_after_the_run(db: Db) {
    let scene = Scene::on(db, Invoice, &[]).await;
    scene.run().await;
    expect![[r#"
        success
        invoice: fetched 60 inserted 0 updated 50 unchanged 0 dropped [mapped_entities_partial_drop=10] waiting 0
        invoice | schema_drift_detected | list_invoices | 200 | the answer of list_invoices changed shape (breaking); gone: memo; new: total_including_tax
        invoice | jury_run | list_invoices | - | mapping jury: 3/3 seats valid, agreement 1.00, winner names
        invoice | regression_reverted | list_invoices | - | version 2 scored worse than 1 (accept_rate 0.83, was 1.00); version 1 is back
        invoice | mapped_entities_partial_drop | list_invoices | 200 | Validator rejected 10/60 mapped entities: required field 'grand_total' null after JSONata mapping for tool list_invoices
    "#]].assert_eq(&scene.run_with(&["decoy:list_invoices=50"]).await);
    assert_eq!(scene.live().await.version, 1);
    expect![[r#"
        success
        invoice: fetched 60 inserted 0 updated 10 unchanged 50 dropped [] waiting 0
    "#]]
    .assert_eq(&scene.run().await);
}

async fn a_mapping_under_which_every_row_was_dropped_is_drawn_anew(db: Db) {
    let scene = Scene::on(db, Invoice, &["null_required:list_invoices"]).await;
    expect![[r#"
        success
        invoice: fetched 60 inserted 0 updated 0 unchanged 0 dropped [mapped_entities_dropped=60] waiting 0
        invoice | jury_run | list_invoices | - | mapping jury: 3/3 seats valid, agreement 1.00, winner names
        invoice | mapped_entities_dropped | list_invoices | 200 | Validator rejected 60/60 mapped entities: required field 'issue_date' null after JSONata mapping for tool list_invoices
    "#]].assert_eq(&scene.run().await);
    let live = scene.live().await;
    assert_eq!(live.regeneration_reason, Some(RegenerationReason::DropRate));
    expect![[r#"
        success
        invoice: fetched 60 inserted 60 updated 0 unchanged 0 dropped [] waiting 0
        invoice | jury_run | list_invoices | - | mapping jury: 3/3 seats valid, agreement 1.00, winner names
    "#]].assert_eq(&scene.run_with(&[]).await);
    let live = scene.live().await;
    assert_eq!((live.needs_regeneration, live.regeneration_reason), (false, None));
}

async fn a_pinned_slot_is_drawn_anew_as_the_pin_says(db: Db) {
    let scene = Scene::on(db, Invoice, &[]).await;
    scene.run().await;
    let live = scene.live().await;
    let pin = |slot: &str, path: Option<&str>| SlotPin {
        slot: slot.to_owned(),
        path: path.map(str::to_owned),
        reason: "asked for".to_owned(),
    };
    let pins = vec![pin("issue_date", Some("due_date")), pin("description", None)];
    let patch = Patch { pins, ..Patch::default() };
    let (store, tenant) = (&scene.world.db.store, &scene.world.tenant);
    mappings::update(store, tenant, live.id, &patch, now()).await.expect("pinned");
    expect![[r#"
        success
        invoice: fetched 60 inserted 0 updated 60 unchanged 0 dropped [] waiting 0
        invoice | jury_run | list_invoices | - | mapping jury: 3/3 seats valid, agreement 1.00, winner names
    "#]].assert_eq(&scene.run().await);
    let live = scene.live().await;
    assert_eq!(live.version, 2);
    assert_eq!(pinned(&live), [r#""issue_date" <- "due_date""#, r#""description" <- null"#]);
    assert_eq!(scene.run().await, QUIET);
}

async fn governance_that_changes_has_the_mapping_drawn_anew(db: Db) {
    let scene = Scene::on(db, Invoice, &[]).await;
    scene.run().await;
    let slots = json!({
        "issue_date": { "path": "due_date", "reason": "that is when it counts" },
        "description": { "path": null, "reason": "nobody reads it" },
    });
    let document = json!({ "targets": { "invoice": { "slots": slots } } });
    scene.world.govern("ledger", document).await;
    scene.run().await;
    let (first, live) = (scene.versions().await.pop().expect("the first"), scene.live().await);
    assert_eq!(first.regeneration_reason, Some(RegenerationReason::GovernanceChanged));
    assert_eq!((live.version, live.needs_regeneration), (2, false));
    assert_eq!(pinned(&live), [r#""issue_date" <- "due_date""#, r#""description" <- null"#]);

    // What is pinned for the installation wins over what is decided for the connector.
    let pin = SlotPin {
        slot: "issue_date".to_owned(),
        path: Some("issue_date".to_owned()),
        reason: "not here".to_owned(),
    };
    let patch = Patch { pins: vec![pin], ..Patch::default() };
    let (store, tenant) = (&scene.world.db.store, &scene.world.tenant);
    mappings::update(store, tenant, live.id, &patch, now()).await.expect("pinned");
    scene.run().await;
    let live = scene.live().await;
    assert_eq!(pinned(&live), [r#""issue_date" <- "issue_date""#, r#""description" <- null"#]);
}

/// The slots of a mapping that somebody fixed.
fn pinned(it: &Mapping) -> Vec<String> {
    let report = it.slot_report.as_array().expect("a report").iter();
    report
        .filter(|it| it["pinned"] == true)
        .map(|it| format!("{} <- {}", it["slot"], it["path"]))
        .collect()
}

#[tokio::test]
async fn without_time_for_its_seats_a_jury_has_no_quorum_and_the_last_good_mapping_serves() {
    let mut scene = Scene::on(Db::sqlite().await, Invoice, &[]).await;
    scene.run().await;
    let live = scene.live().await;
    let (store, tenant) = (&scene.world.db.store, &scene.world.tenant);
    let manual = RegenerationReason::Manual;
    mappings::mark(store, tenant, live.id, manual, now()).await.expect("marked");
    scene.world.engine.settings.seat_time = std::time::Duration::ZERO;
    expect![[r#"
        success
        invoice: fetched 60 inserted 0 updated 0 unchanged 60 dropped [] waiting 0
        invoice | jury_quorum_lost | list_invoices | - | mapping jury: 0 of 2 needed seats valid (names: no answer within 0 ms; structure: no answer within 0 ms; values: no answer within 0 ms); fallback: last good mapping, version 1
    "#]].assert_eq(&scene.run().await);
    assert!(scene.live().await.needs_regeneration, "the next run tries again");
}

#[tokio::test]
async fn a_mapping_made_by_hand_is_used_as_it_stands() {
    let scene = Scene::on(Db::sqlite().await, Invoice, &[]).await;
    let expression = r#"{ "invoice_external_id": id, "issue_date": issue_date, "status": "issued",
        "grand_total": $number(total.amount), "invoice_number": "by hand" }"#;
    let by_hand =
        NewMapping::of(scene.connector, Invoice, "list_invoices", Generator::Manual, expression);
    let (store, tenant) = (&scene.world.db.store, &scene.world.tenant);
    mappings::save(store, tenant, by_hand, now()).await.expect("saved");
    expect![[r#"
        success
        invoice: fetched 60 inserted 60 updated 0 unchanged 0 dropped [] waiting 0
    "#]]
    .assert_eq(&scene.run().await);
    expect![[r#"
        success
        invoice: fetched 60 inserted 0 updated 0 unchanged 60 dropped [] waiting 0
        invoice | schema_drift_detected | list_invoices | 200 | the answer of list_invoices changed shape (additive); new: revision
    "#]].assert_eq(&scene.run_with(&["new_field:list_invoices"]).await);
    assert_eq!(scene.live().await.version, 1);
}
