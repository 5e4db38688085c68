//! Required slots that no name led to, filled from what is left: by what the values are, or by
//! where they stand. The names seat never does this; it is what makes the others differ.

use domain::schema::Kind;

use super::column::Column;
use super::fit::{self, Fit, Role};
use super::{Draft, Lead, Sketch, phrases, score};
use crate::path::{Path, Pick};
use crate::plan::{Slot, Source};

/// A fit below this is a guess.
const SURE: f64 = 0.9;

/// Fills the required slots that are still empty. A field that has the name of a slot and no value
/// stays: the source says that it has none.
pub(super) fn required(sketch: &Sketch<'_, '_>, drafts: &mut [Draft]) {
    let schema = sketch.target.schema();
    for attribute in schema.attributes.iter().filter(|it| it.required) {
        if attribute.kind == Kind::Money {
            for member in &attribute.items {
                fill(sketch, &format!("{}.{}", attribute.name, member.name), member, drafts);
            }
        } else if attribute.kind != Kind::List {
            fill(sketch, &attribute.name, attribute, drafts);
        }
    }
}

fn fill(
    sketch: &Sketch<'_, '_>,
    slot: &str,
    attribute: &domain::schema::Attribute,
    drafts: &mut [Draft],
) {
    let is_derived =
        slot == sketch.target.external_id() && domain::entity::derivation(sketch.target).is_some();
    let is_empty = drafts.iter().any(|it| it.slot.slot == slot && it.slot.is_null());
    if !is_empty || is_derived || is_named(sketch, slot) {
        return;
    }
    let role = fit::role(sketch.target, slot, attribute);
    let taken: Vec<Path> = drafts.iter().flat_map(|it| it.slot.paths()).collect();
    let free = sketch.columns.columns.iter().filter(|it| is_free(sketch, it, role, &taken));
    let free = free.filter(|it| may_mean(sketch, slot, it));
    let fitting = free.filter_map(|it| {
        let fit = fit::fit(role, it, sketch.money).filter(|fit| fit.score >= SURE)?;
        Some((it, fit))
    });
    let found = match sketch.strategy {
        Lead::Names => None,
        Lead::Values => alone(role, fitting.collect()),
        Lead::Structure => in_place(fitting.collect()),
    };
    let Some((column, fit)) = found else { return };
    if let Some(draft) = drafts.iter_mut().find(|it| it.slot.slot == slot) {
        let source = Source::Path(column.path.clone());
        draft.slot = Slot { slot: slot.to_owned(), source, transforms: fit.transforms };
        draft.confidence = 0.5;
    }
}

/// Some field has the name of the slot, with values or without.
fn is_named(sketch: &Sketch<'_, '_>, slot: &str) -> bool {
    let entry = phrases::of(sketch.target).iter().find(|it| it.slot == slot);
    entry.is_some_and(|entry| {
        let likeness = |it: &Column<'_>| score::name_score(&it.words, entry, sketch.target);
        sketch.columns.columns.iter().any(|it| likeness(it) >= score::THRESHOLD)
    })
}

/// A name that shares a word with the slot's own names says of what the value is, and was found
/// wanting: `write_date` is a date, and not that of an invoice. One that has a whole name in it may
/// still be it: `issue_date_v2`.
fn may_mean(sketch: &Sketch<'_, '_>, slot: &str, it: &Column<'_>) -> bool {
    let entry = phrases::of(sketch.target).iter().find(|it| it.slot == slot);
    let mut known = entry.iter().flat_map(|it| &it.phrases).map(|it| it.words.as_slice());
    let shares = known.clone().flatten().any(|word| it.words.contains(word));
    let has = |phrase: &[String]| {
        phrase.len() > 1 && it.words.windows(phrase.len()).any(|words| words == phrase)
    };
    !shares || known.any(has)
}

fn is_free(sketch: &Sketch<'_, '_>, it: &Column<'_>, role: Role, taken: &[Path]) -> bool {
    let profile = &it.profile;
    let hostile = |word: &String| score::HOSTILE.contains(&word.as_str());
    let whole = !profile.is_empty() && it.fill_rate(sketch.columns.rows.len()) >= SURE;
    let suits = match role {
        Role::Id => {
            profile.is_unique()
                && profile.days.is_none()
                && (profile.numbers > 0 || profile.with_digits > 0.9 && profile.with_spaces < 0.1)
        }
        Role::Name => profile.days.is_none() && profile.numbers == 0 && profile.codes < 0.1,
        Role::Amount => profile.epoch.is_none(),
        Role::Text
        | Role::Number
        | Role::Integer
        | Role::Boolean
        | Role::Date
        | Role::DateTime
        | Role::Email
        | Role::Web
        | Role::Domain
        | Role::Currency
        | Role::Iban
        | Role::Phone
        | Role::FileName
        | Role::Mime
        | Role::Word(_) => true,
    };
    whole && suits && !taken.contains(&it.path) && !it.words.iter().any(hostile)
}

/// Values that can only be one thing, in one column only.
fn alone<'c, 'a>(role: Role, fitting: Vec<(&'c Column<'a>, Fit)>) -> Option<(&'c Column<'a>, Fit)> {
    let is_telling = match role {
        Role::Id
        | Role::Amount
        | Role::Date
        | Role::DateTime
        | Role::Email
        | Role::Currency
        | Role::Iban
        | Role::Word(_) => true,
        Role::Name
        | Role::Text
        | Role::Number
        | Role::Integer
        | Role::Boolean
        | Role::Web
        | Role::Domain
        | Role::Phone
        | Role::FileName
        | Role::Mime => false,
    };
    match <[_; 1]>::try_from(fitting) {
        Ok([one]) if is_telling => Some(one),
        Ok(_) | Err(_) => None,
    }
}

/// Records open with what they are called by: the first fitting field of the row itself.
fn in_place<'c, 'a>(fitting: Vec<(&'c Column<'a>, Fit)>) -> Option<(&'c Column<'a>, Fit)> {
    let is_top =
        |it: &Column<'_>| it.path.0.len() == 1 && it.path.0.iter().all(|it| it.pick == Pick::All);
    fitting.into_iter().find(|(it, _)| is_top(it))
}
