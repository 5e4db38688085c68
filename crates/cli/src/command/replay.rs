//! `wireline replay`: what another mapping would make of the stored records, before a switch.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result, anyhow};
use domain::id::ConnectorMappingId;
use serde_json::Value;
use server::api::connector_mappings::slot_pin;
use server::replay::{self, Change, Replayed};

use super::place::{Named, Place, within};
use crate::{Context, output, wiring};

/// Differences that are listed; `--json` has them all.
const SHOWN: usize = 20;
/// Characters of a value that are shown.
const VALUE: usize = 60;

#[derive(Debug, clap::Args)]
// `--version` is one of the mapping here.
#[command(disable_version_flag = true)]
#[command(group = clap::ArgGroup::new("with").required(true).args(["version", "pin", "redraw", "expression"]))]
pub(crate) struct Options {
    /// Id of the version that stands; `wireline mapping list` shows them
    mapping: ConnectorMappingId,
    #[command(flatten)]
    named: Named,
    /// Try this version of it
    #[arg(long, value_name = "N")]
    version: Option<u32>,
    /// Try a pin: `issue_date=header.date`, or `issue_date=` for nothing
    #[arg(long, value_name = "SLOT=PATH")]
    pin: Option<String>,
    /// Try what would be drawn from the stored records today
    #[arg(long)]
    redraw: bool,
    /// Try the JSONata in a file
    #[arg(long, value_name = "FILE")]
    expression: Option<PathBuf>,
}

pub(crate) async fn run(context: &Context, options: &Options) -> Result<ExitCode> {
    let replayed =
        within(context, &options.named, async |place| tried(place, options).await).await?;
    if context.json {
        output::json(&replayed)?;
    } else {
        shown(&replayed);
    }
    Ok(ExitCode::SUCCESS)
}

async fn tried(place: &Place<'_>, options: &Options) -> Result<Replayed> {
    let id = options.mapping;
    let mapping = place.mapping(id).await?;
    let change = match (options.version, &options.pin, &options.expression) {
        (Some(version), _, _) => Change::Version(version),
        (None, Some(pin), _) => {
            let (slot, path) =
                pin.split_once('=').context("a pin is SLOT=PATH, or SLOT= for nothing")?;
            let path = Some(path).filter(|it| !it.is_empty());
            let pin = slot_pin(mapping.model, slot, path, "tried");
            Change::Pin(pin.map_err(|why| anyhow!("{why}"))?)
        }
        (None, None, Some(file)) => {
            let text = std::fs::read_to_string(file);
            Change::Expression(text.with_context(|| format!("reading {}", file.display()))?)
        }
        (None, None, None) => Change::Redraw,
    };
    let sandbox = place.context.config.sandbox();
    let at = (&place.store, &place.tenant);
    let replayed = replay::replay(at, &sandbox, id, change, wiring::now()).await;
    replayed.with_context(|| format!("replaying version {}", mapping.version))
}

fn shown(it: &Replayed) {
    output::line(format!(
        "{} from {}: {} → {}, on {} stored record(s) of version {}",
        it.target_model, it.tool_name, it.from, it.to, it.replay.records, it.sample_version
    ));
    for note in &it.notes {
        output::line(format!("note: {note}"));
    }
    let count = &it.replay.entities;
    output::line(format!(
        "entities: {} the same, {} changed, {} only before, {} only after, {} neither",
        count.same, count.changed, count.only_before, count.only_after, count.neither
    ));
    slots(it);
    differences(it);
    if !it.replay.rejected.is_empty() {
        output::line("\nRejected");
        let says = |it: &[String]| if it.is_empty() { "-".to_owned() } else { it.join("; ") };
        output::table(
            &["record", "before", "after"],
            it.replay
                .rejected
                .iter()
                .map(|row| vec![row.record.to_string(), says(&row.before), says(&row.after)]),
        );
    }
    output::line("\nReasons that would be written");
    for (name, side) in [("before", &it.replay.before), ("after", &it.replay.after)] {
        for told in &side.reasons {
            output::line(format!("{name}: {} | {}", told.reason, told.detail));
        }
        if side.reasons.is_empty() {
            output::line(format!("{name}: none"));
        }
    }
    if let Some(worse) = &it.replay.worse {
        output::line(format!(
            "It does worse: {} {:.2}, was {:.2}. A redraw that does so is reverted.",
            worse.metric, worse.after, worse.before
        ));
    }
}

fn slots(it: &Replayed) {
    let differs = it
        .replay
        .slots
        .iter()
        .filter(|(_, count)| count.changed + count.only_before + count.only_after > 0);
    let rows: Vec<Vec<String>> = differs
        .map(|(slot, count)| {
            let counts = [count.same, count.changed, count.only_before, count.only_after];
            let counts = counts.iter().map(ToString::to_string);
            std::iter::once(slot.clone()).chain(counts).collect()
        })
        .collect();
    if !rows.is_empty() {
        output::table(&["slot", "same", "changed", "only before", "only after"], rows);
    }
}

fn differences(it: &Replayed) {
    let all = &it.replay.differences;
    if all.is_empty() {
        return;
    }
    output::table(
        &["record", "slot", "before", "after"],
        all.iter().take(SHOWN).map(|row| {
            vec![row.record.to_string(), row.slot.clone(), value(&row.before), value(&row.after)]
        }),
    );
    if all.len() > SHOWN {
        output::line(format!("and {} more; --json has them all", all.len() - SHOWN));
    }
}

/// A value on one line.
fn value(it: &Value) -> String {
    let text = match it {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => it.to_string(),
    };
    domain::diagnostic::shorten(&text, VALUE)
}
