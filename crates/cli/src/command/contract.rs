//! `wireline contract [REASON…|--all]`: inject, run, show the rows, repair, run again.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use contract::{Checked, Played, Program, Scratch};
use domain::retention::Retention;
use domain::{Diagnostic, Reason};
use serde_json::{Value, json};
use store::{Place, Store};
use uuid::Uuid;

use crate::{Context, output, wiring};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Reasons whose contracts are carried out, e.g. `empty_result`; else every reason
    #[arg(value_name = "REASON")]
    reasons: Vec<Reason>,
    /// Every reason
    #[arg(long, conflicts_with = "reasons")]
    all: bool,
}

/// Runs in workspaces of its own, of the database that was named, else of one in a temporary
/// folder.
pub(crate) async fn run(context: &Context, options: &Options) -> Result<ExitCode> {
    let folder = tempfile::tempdir().context("making a temporary folder")?;
    let place = match context.config.names_database() {
        true => context.config.place()?,
        false => Place::Sqlite { data: folder.path().join("data") },
    };
    if matches!(place, Place::Sqlite { .. }) {
        Store::migrate(&place)
            .await
            .with_context(|| format!("preparing the database ({})", wiring::named(&place)))?;
    }
    let settings = settings(context)?;
    let retention = settings.retention;
    let program = Program {
        command: std::env::current_exe().context("finding this program")?,
        words: vec!["sample-server".to_owned()],
    };
    let scratch = Scratch::open(place, settings, program).await?;
    let reasons = match options.reasons.as_slice() {
        [] => Reason::ALL,
        named => named,
    };
    let mut documents = Vec::new();
    let mut held = 0;
    for reason in reasons {
        let checked = contract::check(&scratch, *reason).await;
        let checked = checked.with_context(|| format!("carrying out the contract of {reason}"))?;
        held += usize::from(checked.holds());
        match context.json {
            true => documents.push(document(&checked, retention)),
            false => show(&checked),
        }
    }
    scratch.close().await;
    match context.json {
        true => output::json(&documents)?,
        false => output::line(format!("\n{held} of {} contract(s) hold", reasons.len())),
    }
    Ok(if held == reasons.len() { ExitCode::SUCCESS } else { ExitCode::from(output::FAILED) })
}

fn settings(context: &Context) -> Result<store::Settings> {
    // What is sealed lives no longer than its contract, and so does the key.
    let mut key = [0; 32];
    for half in key.chunks_exact_mut(16) {
        half.copy_from_slice(Uuid::new_v4().as_bytes());
    }
    Ok(store::Settings { connections: 2, seal_key: Some(key), ..context.config.store()? })
}

/// `rows` and `after_repair` are those of every scenario, one after the other.
fn document(checked: &Checked, retention: Retention) -> Value {
    let resources = |rows: &[Diagnostic]| -> Vec<Value> {
        rows.iter().map(|it| server::api::diagnostics::resource(it, retention)).collect()
    };
    let every = |of: fn(&Played) -> &Vec<Diagnostic>| -> Vec<Value> {
        checked.played.iter().flat_map(|it| resources(of(it))).collect()
    };
    let scenarios: Vec<Value> = checked
        .played
        .iter()
        .map(|it| {
            json!({
                "says": it.says,
                "wire": it.wire.as_str(),
                "holds": it.broken.is_empty(),
                "broken": it.broken,
                "asked": it.asked,
                "missing": it.missing,
                "rows": resources(&it.rows),
                "after_repair": resources(&it.after_repair),
            })
        })
        .collect();
    json!({
        "reason": checked.reason,
        "holds": checked.holds(),
        "rows": every(|it| &it.rows),
        "after_repair": every(|it| &it.after_repair),
        "scenarios": scenarios,
    })
}

fn show(checked: &Checked) {
    let verdict = if checked.holds() { "holds" } else { "DOES NOT HOLD" };
    output::line(format!("\n{}: {verdict}", checked.reason));
    if checked.played.is_empty() {
        output::line("  it has no scenario");
    }
    for it in &checked.played {
        output::line(format!("\n  {} ({})", it.says, it.wire.as_str()));
        let rows = |when: &str, rows: &[Diagnostic]| -> Vec<Vec<String>> {
            rows.iter()
                .map(|it| {
                    vec![
                        when.to_owned(),
                        it.target_model.to_string(),
                        it.reason.to_string(),
                        it.tool_name.clone().unwrap_or_else(|| "-".to_owned()),
                        it.http_status.map_or_else(|| "-".to_owned(), |it| it.to_string()),
                        it.detail.clone(),
                    ]
                })
                .collect()
        };
        let mut table = rows("fault", &it.rows);
        table.extend(rows("repaired", &it.after_repair));
        if it.after_repair.is_empty() {
            table.push(vec!["repaired".to_owned(), "nothing to tell".to_owned()]);
        }
        output::table(&["run", "target", "reason", "tool", "http", "detail"], table);
        output::line(format!(
            "  \"why is it missing?\" was asked of {} record(s), of which {} were",
            it.asked, it.missing
        ));
        for what in &it.broken {
            output::line(format!("  broken: {what}"));
        }
    }
}
