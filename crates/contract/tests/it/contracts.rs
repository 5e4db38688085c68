//! A reason without a contract, or with one that does not hold, fails here.

use std::fmt::Write as _;

use contract::{Checked, Played, Program, Scratch};
use domain::Reason;
use futures_util::{StreamExt as _, stream};
use testkit::Db;

testkit::each_database! { every_reason_has_a_contract_that_holds }

/// Contracts at a time: they mostly wait for servers.
const AT_ONCE: usize = 4;

#[expect(clippy::print_stdout, reason = "a figure for whoever looks")]
async fn every_reason_has_a_contract_that_holds(db: Db) {
    let settings = store::Settings { connections: 2, ..testkit::settings() };
    let program = Program { command: testkit::program("sample-server"), words: Vec::new() };
    let scratch = Scratch::open(db.place.clone(), settings, program).await.expect("opened");
    let checked: Vec<Checked> = stream::iter(Reason::ALL)
        .map(async |it| contract::check(&scratch, *it).await.expect("carried out"))
        .buffered(AT_ONCE)
        .collect()
        .await;
    let mut broken = String::new();
    for it in checked.iter().filter(|it| !it.holds()) {
        writeln!(broken, "{}: {} scenario(s)", it.reason, it.played.len()).expect("written");
        for played in it.played.iter().filter(|it| !it.broken.is_empty()) {
            writeln!(broken, "  {} ({})", played.says, played.wire.as_str()).expect("written");
            for what in &played.broken {
                writeln!(broken, "    {what}").expect("written");
            }
            for row in &played.rows {
                let tool = row.tool_name.as_deref().unwrap_or("-");
                writeln!(
                    broken,
                    "      | {} {} {tool} {:?}",
                    row.target_model, row.reason, row.detail
                )
                .expect("written");
            }
        }
    }
    assert!(broken.is_empty(), "\n{broken}");
    let sum = |of: fn(&Played) -> usize| checked.iter().flat_map(|it| &it.played).map(of).sum();
    let (asked, missing): (usize, usize) = (sum(|it| it.asked), sum(|it| it.missing));
    assert!(missing > 200, "only {missing} of {asked} records were missing");
    println!("of {asked} records {missing} were missing, and each was told why");
    assert_eq!(db.number("select count(*) from workspaces").await, 0, "workspaces are left");
    scratch.close().await;
}
