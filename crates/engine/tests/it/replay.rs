//! Servers with the tool lists of others: whatever is offered and answered, a run ends and says
//! what came of each target.

use std::path::{Path, PathBuf};
use std::time::Duration;

use domain::TargetModel;
use engine::Request;
use testkit::Db;

use crate::law;
use crate::world::World;

/// A folder of saved tool lists of real servers; else the few of our own.
const CATALOGUES: &str = "WIRELINE_TEST_CATALOGUES";

/// Far longer than any run of these takes.
const PATIENCE: Duration = Duration::from_secs(300);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_catalogue_is_synced_to_an_end_and_no_target_ends_in_silence() {
    let world = World::on(Db::sqlite().await).await;
    let mut rows = 0;
    for file in catalogues() {
        let name = file.file_stem().expect("a name").to_string_lossy().into_owned();
        let transport = world.replay(&file).await;
        let connector = world.connector(&format!("replay-{name}"), transport).await;
        // Twice: what the first run remembers is used by the second.
        for _ in 0..2 {
            let request = Request::default();
            let run = world.sync_with(connector, &request);
            let report = tokio::time::timeout(PATIENCE, run).await;
            let report = report.unwrap_or_else(|_| panic!("{name} hangs"));
            law::holds(&world, &report, TargetModel::ALL).await;
            let fetched: u64 = report.log.ledger.iter().map(|it| it.tally.fetched).sum();
            let stored: u64 = report.log.ledger.iter().map(|it| it.tally.persisted()).sum();
            rows += fetched;
            println!("{name}: {} fetched {fetched}, stored {stored}", report.log.status);
        }
    }
    assert!(rows > 0, "none of them gave a row");
}

#[expect(clippy::disallowed_methods, reason = "tests have no settings file")]
fn catalogues() -> Vec<PathBuf> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/catalogues");
    let folder = std::env::var(CATALOGUES).map_or(own, PathBuf::from);
    let files = std::fs::read_dir(&folder).expect("the folder of catalogues");
    let mut files: Vec<PathBuf> = files.map(|it| it.expect("a file").path()).collect();
    files.retain(|it| it.extension().is_some_and(|it| it == "json"));
    files.sort();
    assert!(!files.is_empty(), "no catalogue in {}", folder.display());
    files
}
