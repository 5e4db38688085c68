//! Mappings that people wrote are evaluated elsewhere, and cost their own rows at most.

use domain::TargetModel::Invoice;
use domain::id::WorkspaceConnectorId;
use sandbox::Sandbox;
use store::mappings::{self, Generator, Mapping, NewMapping};
use testkit::Db;

use crate::world::{World, ledger, now};

/// Sound for every row but one, for which it compares two shared values of 2^60 parts.
const BY_HAND: &str = r#"(
    $tower := function($s, $n) { $n = 0 ? $s : $tower([[$s], [$s]], $n - 1) };
    $endless := function() { $tower(1, 60) = $tower(1, 60) };
    { "invoice_external_id": id, "issue_date": issue_date, "status": "issued",
      "grand_total": $number(total.amount),
      "invoice_number": id = FIRST ? $string($endless()) : "by hand" }
)"#;

struct Scene {
    world: World,
    connector: WorkspaceConnectorId,
}

impl Scene {
    async fn new() -> Self {
        let world = World::on(Db::sqlite().await).await;
        let transport = world.http("ledger", &[]).await;
        let connector = world.connector("ledger", transport).await;
        Self { world, connector }
    }

    async fn write(&self, expression: &str) {
        let by_hand =
            NewMapping::of(self.connector, Invoice, "list_invoices", Generator::Manual, expression);
        let (store, tenant) = (&self.world.db.store, &self.world.tenant);
        mappings::save(store, tenant, by_hand, now()).await.expect("saved");
    }

    async fn run(&self) -> String {
        let report = self.world.sync(self.connector, &[Invoice]).await;
        let told = self.world.findings(report.log.sync_log_id).await;
        format!("{}{told}", ledger(&report))
    }

    async fn live(&self) -> Mapping {
        let (store, tenant) = (&self.world.db.store, &self.world.tenant);
        let live = mappings::find_live(store, tenant, self.connector, Invoice, "list_invoices");
        live.await.expect("read").expect("a live mapping")
    }
}

#[tokio::test]
async fn what_we_compiled_needs_no_other_process() {
    let mut scene = Scene::new().await;
    scene.world.engine.settings.sandbox = Sandbox::none();
    assert!(scene.run().await.contains("fetched 60 inserted 60"));
    // As it was stored, too.
    assert!(scene.run().await.contains("fetched 60 inserted 0 updated 0 unchanged 60"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_on_which_a_mapping_by_hand_does_not_end_is_dropped_and_the_others_are_not() {
    let mut scene = Scene::new().await;
    let program = testkit::program("evaluator");
    let program = sandbox::Program { command: program, words: Vec::new() };
    let mut settings = sandbox::Settings::of(program);
    settings.limits.timeout_ms = 1_000;
    scene.world.engine.settings.sandbox = Sandbox::new(settings);
    scene.run().await;
    let sample = scene.live().await.sample;
    scene.write(&BY_HAND.replace("FIRST", &sample[0]["id"].to_string())).await;
    let told = scene.run().await;
    assert!(
        told.contains("updated 59 unchanged 0 dropped [mapped_entities_partial_drop=1]"),
        "{told}"
    );
    assert!(told.contains("W0007: it was stopped after 2000 ms"), "{told}");
}

#[tokio::test]
async fn a_mapping_by_hand_is_not_replaced_because_no_process_can_be_had() {
    let mut scene = Scene::new().await;
    scene.world.engine.settings.sandbox = Sandbox::none();
    scene.write(r#"{ "invoice_external_id": id }"#).await;
    let told = scene.run().await;
    assert!(told.contains("dropped [mapped_entities_dropped=60]"), "{told}");
    assert!(
        told.contains("no process can be had to evaluate mappings that people wrote"),
        "{told}"
    );
    let live = scene.live().await;
    assert_eq!((live.generator, live.needs_regeneration), (Generator::Manual, false));
}
