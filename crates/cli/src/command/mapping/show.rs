//! `wireline mapping show`.

use anyhow::{Context as _, Result};
use domain::id::ConnectorMappingId;
use serde_json::Value;
use store::mappings::{self, Mapping};

use super::Place;
use crate::output;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Id of a version
    mapping: ConnectorMappingId,
    /// Show what this version of it did otherwise
    #[arg(long, value_name = "VERSION")]
    against: Option<u32>,
}

pub(super) async fn run(place: &Place<'_>, options: &Options) -> Result<()> {
    let it = place.mapping(options.mapping).await?;
    let versions = place.versions(&it).await?;
    if let Some(wanted) = options.against {
        let other = versions.iter().find(|other| other.version == wanted).with_context(|| {
            let known: Vec<_> = versions.iter().map(|it| it.version.to_string()).collect();
            format!("there is no version {wanted}; there are {}", known.join(", "))
        })?;
        return compared(place, other, &it);
    }
    if place.context.json {
        return output::json(&place.resource(&it).await?);
    }
    let state = if it.is_live { "live" } else { "old" };
    let known: Vec<_> = versions.iter().map(|it| it.version.to_string()).collect();
    output::line(format!(
        "{} from {}, version {} ({state}, {}); versions {}",
        it.model,
        it.tool,
        it.version,
        it.generator,
        known.join(", ")
    ));
    if let Some(reason) = it.regeneration_reason {
        output::line(format!("the next run draws it again: {reason}"));
    }
    output::table(
        &["slot", "from", "filled", "confidence"],
        slots(&it).map(|slot| {
            let percent = |name: &str| {
                slot[name].as_f64().map_or("-".to_owned(), |it| format!("{:.0} %", it * 100.0))
            };
            vec![
                text(&slot["slot"]).to_owned(),
                text(&slot["path"]).to_owned(),
                percent("fill_rate"),
                percent("confidence"),
            ]
        }),
    );
    let pins =
        mappings::slot_pins(&place.store, &place.tenant, it.connector, it.model, &it.tool).await?;
    if !pins.is_empty() {
        output::line("\nPinned");
        output::table(
            &["slot", "to", "because"],
            pins.into_iter().map(|pin| {
                vec![pin.slot, pin.path.unwrap_or_else(|| "nothing".to_owned()), pin.reason]
            }),
        );
    }
    output::line(format!("\n{}", it.expression));
    Ok(())
}

fn slots(it: &Mapping) -> impl Iterator<Item = &Value> {
    it.slot_report.as_array().into_iter().flatten()
}

fn text(it: &Value) -> &str {
    it.as_str().unwrap_or("-")
}

/// Slot by slot; a mapping without slots by its expression alone.
fn compared(place: &Place<'_>, old: &Mapping, new: &Mapping) -> Result<()> {
    let source = |it: &Mapping, name: &str| {
        let slot = slots(it).find(|it| it["slot"] == name);
        slot.map(|it| (it["path"].clone(), it["transforms"].clone()))
    };
    let mut names: Vec<&str> = slots(old).chain(slots(new)).map(|it| text(&it["slot"])).collect();
    names.sort_unstable();
    names.dedup();
    let changed: Vec<_> = names
        .into_iter()
        .map(|name| (name, source(old, name), source(new, name)))
        .filter(|(_, before, after)| before != after)
        .collect();
    if place.context.json {
        return output::json(&serde_json::json!({
            "from": old.version, "to": new.version,
            "expression_changed": old.expression != new.expression,
            "slots": changed.iter().map(|(name, before, after)| {
                serde_json::json!({ "slot": name, "before": before, "after": after })
            }).collect::<Vec<_>>(),
        }));
    }
    output::line(format!("version {} → version {}", old.version, new.version));
    if changed.is_empty() {
        let words = match old.expression == new.expression {
            true => "the same expression",
            false => "another expression, from the same sources",
        };
        output::line(words);
        return Ok(());
    }
    let told = |it: &Option<(Value, Value)>| match it {
        None => "-".to_owned(),
        Some((path, transforms)) => {
            let steps = transforms.as_array().is_some_and(|it| !it.is_empty());
            let steps = if steps { format!(" {transforms}") } else { String::new() };
            format!("{}{steps}", text(path))
        }
    };
    output::table(
        &["slot", "before", "after"],
        changed
            .iter()
            .map(|(name, before, after)| vec![(*name).to_owned(), told(before), told(after)]),
    );
    Ok(())
}
