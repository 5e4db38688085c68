//! Which paths could fill which slot, by their values first: for a seat that is shown no more than
//! that. It may know a name that the phrases do not, so no name is asked for here.

use domain::schema::{Attribute, Kind};
use serde_json::Value;

use super::column::Column;
use super::{Pin, Sketch, fit, phrases, score};
use crate::path::Path;

/// Paths of one slot.
const PATHS: usize = 8;
/// Values of one path.
const VALUES: usize = 3;

/// A path to plain values, and what stands there.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) path: Path,
    pub(crate) kind: &'static str,
    /// Share of the rows that have it.
    pub(crate) fill_rate: f64,
    /// A few that differ.
    pub(crate) values: Vec<Value>,
}

/// A slot, and the paths that could fill it, the likeliest first.
#[derive(Debug, Clone)]
pub(crate) struct Likely {
    pub(crate) slot: String,
    pub(crate) attribute: &'static Attribute,
    pub(crate) is_required: bool,
    pub(crate) paths: Vec<Path>,
}

#[derive(Debug, Clone)]
pub(crate) struct Shortlist {
    /// Those without a path among them; lists and pinned slots are not.
    pub(crate) slots: Vec<Likely>,
    /// Each that some slot could be filled from.
    pub(crate) fields: Vec<Field>,
}

pub(super) fn of(sketch: &Sketch<'_, '_>, pins: &[Pin]) -> Shortlist {
    let mut slots: Vec<Likely> = Vec::new();
    for attribute in &sketch.target.schema().attributes {
        match attribute.kind {
            // Which list it is and what is in it is told by structure.
            Kind::List => {}
            Kind::Money | Kind::Object => slots.extend(attribute.items.iter().map(|it| {
                let slot = format!("{}.{}", attribute.name, it.name);
                likely(sketch, slot, it, attribute.required)
            })),
            Kind::Text
            | Kind::Decimal
            | Kind::Integer
            | Kind::Boolean
            | Kind::Date
            | Kind::DateTime
            | Kind::Email
            | Kind::Uri => {
                slots.push(likely(sketch, attribute.name.clone(), attribute, attribute.required));
            }
        }
    }
    slots.retain(|it| !pins.iter().any(|pin| pin.slot == it.slot));
    let is_likely = |it: &&Column<'_>| slots.iter().any(|slot| slot.paths.contains(&it.path));
    let columns = sketch.columns;
    let fields = columns.columns.iter().filter(is_likely).map(|it| field(it, columns.rows.len()));
    Shortlist { fields: fields.collect(), slots }
}

fn likely(
    sketch: &Sketch<'_, '_>,
    slot: String,
    attribute: &'static Attribute,
    is_required: bool,
) -> Likely {
    let role = fit::role(sketch.target, &slot, attribute);
    let entry = phrases::of(sketch.target).iter().find(|it| it.slot == slot);
    let seen = sketch.columns.columns.iter().filter(|it| !it.values.is_empty());
    let mut ranked: Vec<(f64, &Path)> = seen
        .filter_map(|it| {
            let fit = fit::fit(role, it, sketch.money)?;
            let name =
                entry.map_or(0.0, |entry| score::name_score(&it.words, entry, sketch.target));
            let filled = it.fill_rate(sketch.columns.rows.len());
            Some((name + 0.5 * fit.score + 0.1 * filled, &it.path))
        })
        .collect();
    // Stable: the order of the rows decides between equals.
    ranked.sort_by(|left, right| right.0.total_cmp(&left.0));
    let paths = ranked.into_iter().take(PATHS).map(|(_, it)| it.clone()).collect();
    Likely { slot, attribute, is_required, paths }
}

fn field(column: &Column<'_>, rows: usize) -> Field {
    let profile = &column.profile;
    let kind = match () {
        () if profile.only_texts() => "text",
        () if profile.only_numbers() => "number",
        () if profile.only_booleans() => "boolean",
        () => "mixed",
    };
    let mut values: Vec<Value> = Vec::new();
    for it in &column.values {
        if values.len() < VALUES && !values.contains(it) {
            values.push((*it).clone());
        }
    }
    Field { path: column.path.clone(), kind, fill_rate: column.fill_rate(rows), values }
}
