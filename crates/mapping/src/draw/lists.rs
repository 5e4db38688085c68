//! Slots that hold a list: the lines of an invoice, the lines of a journal entry.

use domain::TargetModel;
use domain::schema::Attribute;

use super::column::{Children, Column, Columns};
use super::money::Money;
use super::{Draft, Hints, Sketch, names};
use crate::path::{Path, Pick};
use crate::plan::{Slot, Source, Transform};

/// Names of the lists that hold the lines of a document.
const LISTS: &[&str] =
    &["line", "item", "row", "position", "entry", "product", "detail", "split", "posting"];

/// The list whose items fill the most slots of the attribute.
pub(super) fn draw(sketch: &Sketch<'_, '_>, attribute: &Attribute, hints: &Hints<'_>) -> Draft {
    let mut best: Option<(usize, &Children<'_>, Vec<Draft>)> = None;
    for children in sketch.columns.children.iter().filter(|it| is_plain(it)) {
        let columns = Columns::of(&children.items);
        let money = Money::of(&columns, hints).under(sketch.money);
        let (strategy, target) = (sketch.strategy, sketch.target);
        let inner = Sketch { strategy, target, columns: &columns, money: &money };
        let drafts = inner.line(attribute);
        let filled = drafts.iter().filter(|it| !it.slot.is_null()).count();
        // A list by another name is one of lines if its items have nearly all that lines have.
        let enough = if is_named(children) { 2 } else { 4 };
        if filled >= enough && best.as_ref().is_none_or(|(most, _, _)| filled > *most) {
            best = Some((filled, children, drafts));
        }
    }
    let Some((_, children, drafts)) = best else {
        return alone(sketch, attribute)
            .unwrap_or_else(|| Draft::null(&attribute.name, "no list of lines in the rows"));
    };
    let confidence = drafts.iter().map(|it| it.confidence).fold(0.0, f64::max);
    let slots = drafts.into_iter().map(|it| it.slot).filter(|it| !it.is_null()).collect();
    let source = Source::Each { path: children.path.clone(), slots };
    Draft {
        slot: Slot { slot: attribute.name.clone(), source, transforms: Vec::new() },
        confidence,
    }
}

/// A row that is a line itself: it names an account and says debit or credit.
fn alone(sketch: &Sketch<'_, '_>, attribute: &Attribute) -> Option<Draft> {
    let sides = |it: &Draft| ["debit", "credit"].contains(&it.slot.slot.as_str());
    if sketch.target != TargetModel::JournalEntry || !sketch.columns.children.is_empty() {
        return None;
    }
    let drafts = sketch.line(attribute);
    let has =
        |test: &dyn Fn(&Draft) -> bool| drafts.iter().any(|it| !it.slot.is_null() && test(it));
    let is_line = has(&sides) && has(&|it| it.slot.slot.starts_with("ledger_account"));
    let slots: Vec<Slot> =
        drafts.into_iter().map(|it| it.slot).filter(|it| !it.is_null()).collect();
    let source = Source::Each { path: Path::default(), slots };
    let slot = Slot { slot: attribute.name.clone(), source, transforms: Vec::new() };
    is_line.then_some(Draft { slot, confidence: 0.6 })
}

fn is_named(children: &Children<'_>) -> bool {
    children.words.iter().any(|it| LISTS.contains(&it.as_str()))
}

fn is_plain(children: &Children<'_>) -> bool {
    children.path.0.iter().all(|it| it.pick == Pick::All)
}

impl Sketch<'_, '_> {
    /// The members of one line.
    fn line(&self, attribute: &Attribute) -> Vec<Draft> {
        let slot = |it: &Attribute| {
            self.named_slot(&it.name, &format!("{}.{}", attribute.name, it.name), it)
        };
        let mut drafts: Vec<Draft> = attribute.items.iter().map(slot).collect();
        if attribute.items.iter().any(|it| it.name == "debit") {
            self.sides(&mut drafts);
            account_numbers(self, &mut drafts);
        }
        drafts
    }

    /// Debit and credit of a line that has one amount: told apart by a mark, else by the sign.
    fn sides(&self, drafts: &mut [Draft]) {
        let is_null =
            |name: &str| drafts.iter().any(|it| it.slot.slot == name && it.slot.is_null());
        if !(is_null("debit") && is_null("credit")) {
            return;
        }
        let names = ["net amount", "amount", "total amount", "value", "total"];
        let Some(amount) = self.columns.named(&names) else { return };
        let mark = self.columns.columns.iter().find(|it| is_side(it)).map(|it| &it.path);
        let minor = self.money.minor_units(amount);
        for draft in drafts.iter_mut() {
            let further = match draft.slot.slot.as_str() {
                "debit" => side(mark, "debit", Transform::Above),
                "credit" => side(mark, "credit", Transform::Below),
                _ => continue,
            };
            let transforms = minor.iter().cloned().chain([further]).collect();
            let source = Source::Path(amount.path.clone());
            draft.slot = Slot { slot: draft.slot.slot.clone(), source, transforms };
            draft.confidence = 0.8;
        }
    }
}

/// An account that is named by digits is named by its number, whatever the field is called.
fn account_numbers(sketch: &Sketch<'_, '_>, drafts: &mut [Draft]) {
    let of = |slot: &str| drafts.iter().find(|it| it.slot.slot == slot && !it.slot.is_null());
    let number = "ledger_account_account_number";
    let (Some(id), None) = (of("ledger_account_external_id").cloned(), of(number)) else { return };
    let Source::Path(path) = &id.slot.source else { return };
    let column = sketch.columns.columns.iter().find(|it| it.path == *path);
    let is_number = column.is_some_and(|it| {
        let digits = |it: &str| it.len() <= 10 && it.chars().all(|it| it.is_ascii_digit());
        it.values.iter().all(|it| digits(it.to_string().trim_matches('"')))
    });
    if let Some(draft) = drafts.iter_mut().find(|it| it.slot.slot == number && is_number) {
        draft.slot = Slot { slot: number.to_owned(), ..id.slot };
        draft.confidence = id.confidence;
    }
}

fn side(mark: Option<&Path>, word: &str, by_sign: Transform) -> Transform {
    match mark {
        Some(path) => Transform::OnlyWhere { path: path.clone(), equals: word.to_owned() },
        None => by_sign,
    }
}

/// A column that says debit or credit.
fn is_side(column: &Column<'_>) -> bool {
    let says = |text: &str| {
        let word = names::words(text).join(" ");
        word == "debit" || word == "credit"
    };
    !column.values.is_empty() && column.values.iter().all(|it| it.as_str().is_some_and(says))
}
