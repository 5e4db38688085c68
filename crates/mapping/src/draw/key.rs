//! The slot of the provider's own identifier.

use std::collections::BTreeSet;

use domain::TargetModel;

use super::column::Column;
use super::{Draft, Sketch, names, phrases};
use crate::gate;
use crate::path::{Path, Pick};
use crate::plan::{Slot, Source, Transform};

/// Names of an identifier that need no noun beside them.
const PLAIN: &[&str] =
    &["id", "external id", "record id", "object id", "unique id", "key", "identifier"];

/// Endings that tell a record from its like if need be.
const WEAK: &[&str] = &["number", "code", "reference", "symbol"];

/// The identifier: the record's own id, else another unique field that is one by its name.
pub(super) fn draw(sketch: &Sketch<'_, '_>) -> Draft {
    let slot = sketch.target.external_id();
    let rows = sketch.columns.rows.len();
    let mut best: Option<(f64, &Column<'_>)> = None;
    for column in &sketch.columns.columns {
        let whole = column.fill_rate(rows) > 0.5 && is_key(sketch.target, column);
        let scalar = column.path.0.iter().all(|it| it.pick == Pick::All);
        let short = column.profile.is_texty() && column.profile.longest <= 255;
        if rows == 0 || !whole || !scalar || !short {
            continue;
        }
        // Of two names for the key, the one that never repeats is it.
        let sure = if column.profile.is_unique() { 1.0 } else { 0.8 };
        let score = score(column, phrases::nouns(sketch.target)) * column.fill_rate(rows) * sure;
        if score > 0.0 && best.is_none_or(|(most, _)| score > most) {
            best = Some((score, column));
        }
    }
    let Some((confidence, column)) = best else {
        return named(sketch).or_else(|| joined(sketch)).unwrap_or_else(|| {
            Draft::null(slot, "no field is an identifier and different in every row")
        });
    };
    let transforms = if column.profile.numbers > 0 { vec![Transform::Text] } else { Vec::new() };
    let source = Source::Path(column.path.clone());
    Draft { slot: Slot { slot: slot.to_owned(), source, transforms }, confidence }
}

/// Different in every row; in nearly every row where the name says that it is the key.
fn is_key(target: TargetModel, column: &Column<'_>) -> bool {
    let (count, distinct) = (column.profile.count, column.profile.distinct);
    let is_named_so = || is_own_id(&column.words, phrases::nouns(target));
    column.profile.is_unique()
        || (gate::is_key_with_repeats(target, count, distinct) && is_named_so())
}

/// Whether a path is named like the identifier of the record itself.
pub(crate) fn is_identifier(target: TargetModel, path: &Path) -> bool {
    is_own_id(&names::of_path(path), phrases::nouns(target))
}

fn is_own_id(words: &[String], nouns: &[&str]) -> bool {
    let is_id = words.last().is_some_and(|it| it == "id");
    PLAIN.contains(&words.join(" ").as_str()) || (is_id && is_own(words, nouns))
}

/// Nothing but nouns of the target stands before the last word.
fn is_own(words: &[String], nouns: &[&str]) -> bool {
    let before = words.split_last().map_or(&[][..], |(_, rest)| rest);
    before.iter().all(|it| nouns.contains(&it.as_str()) || it == "id" || it == "record")
}

/// A name that no two rows share is what the provider itself tells them apart by. Some models have
/// a better stand-in, which the validator computes.
fn named(sketch: &Sketch<'_, '_>) -> Option<Draft> {
    let names = ["name", "display name", "account name", "full name", "title", "label", "nickname"];
    if domain::entity::derivation(sketch.target).is_some() {
        return None;
    }
    let column = sketch.columns.named(&names)?;
    let unique = column.values.len() == sketch.columns.rows.len() && column.profile.is_unique();
    let usable = unique && column.profile.only_texts() && column.profile.longest <= 255;
    usable.then(|| Draft {
        slot: Slot::copy(sketch.target.external_id(), column.path.clone()),
        confidence: 0.4,
    })
}

/// A series and a number within it: neither tells rows apart, both together do.
fn joined(sketch: &Sketch<'_, '_>) -> Option<Draft> {
    let ends = ["series", "serie", "number", "year", "code", "prefix"];
    let parts: Vec<&Column<'_>> = sketch
        .columns
        .columns
        .iter()
        .filter(|it| it.path.0.len() == 1 && it.fill_rate(sketch.columns.rows.len()) >= 1.0)
        .filter(|it| it.profile.is_texty() && it.profile.longest <= 64)
        .filter(|it| it.words.last().is_some_and(|it| ends.contains(&it.as_str())))
        .collect();
    let is_key = |left: &Column<'_>, right: &Column<'_>| {
        let pairs: BTreeSet<(String, String)> = left
            .values
            .iter()
            .zip(&right.values)
            .map(|(left, right)| (left.to_string(), right.to_string()))
            .collect();
        pairs.len() == sketch.columns.rows.len()
    };
    let number = |it: &Column<'_>| it.words.last().is_some_and(|it| it == "number");
    let is_series = |it: &&&Column<'_>| it.words.last().is_some_and(|it| it.starts_with("serie"));
    let lefts = parts.iter().filter(is_series).chain(parts.iter().filter(|it| !is_series(it)));
    let nouns = phrases::nouns(sketch.target);
    let own = |it: &&&Column<'_>| it.words.iter().any(|it| nouns.contains(&it.as_str()));
    let parts = || parts.iter().filter(own).chain(parts.iter().filter(|it| !own(it)));
    let pair = lefts.into_iter().find_map(|left| {
        let right = parts().find(|it| number(it) && !number(left) && is_key(left, it))?;
        Some(vec![left.path.clone(), right.path.clone()])
    });
    let source = Source::Concat { paths: pair?, separator: String::new() };
    let slot = sketch.target.external_id().to_owned();
    Some(Draft { slot: Slot { slot, source, transforms: Vec::new() }, confidence: 0.5 })
}

fn score(column: &Column<'_>, nouns: &[&str]) -> f64 {
    let name = column.words.join(" ");
    let ends = |tail: &str| column.words.last().is_some_and(|it| it == tail);
    let own = || is_own(&column.words, nouns);
    let depth = u32::try_from(column.path.0.len()).unwrap_or(u32::MAX).saturating_sub(1);
    let likeness = match () {
        () if column.profile.with_spaces > 0.5 => 0.0,
        () if name == "id" => 1.0,
        () if PLAIN.contains(&name.as_str()) => 0.9,
        () if ends("id") && own() => 0.95,
        () if ends("id") => 0.6,
        () if name == "name" && column.profile.codes > 0.9 => 0.6,
        () if ends("url") && column.words.len() == 1 => 0.5,
        () if ends("number") && column.words.iter().any(|it| nouns.contains(&it.as_str())) => 0.55,
        () if WEAK.iter().any(|it| ends(it)) && own() => 0.65,
        () => 0.0,
    };
    likeness * (1.0 - 0.1 * f64::from(depth.min(5)))
}
