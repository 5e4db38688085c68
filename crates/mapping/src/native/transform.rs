//! Each transform on a value. One that a value is not made for leaves it as it is.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;

use super::cell::Cell;
use super::{at, date};
use crate::number;
use crate::plan::{Otherwise, Transform, spelling};

pub(super) fn apply<'a>(transform: &'a Transform, cell: Cell<'a>, row: &'a Value) -> Cell<'a> {
    match transform {
        Transform::Text => text(cell),
        Transform::Number { comma } => number(cell, if *comma { ',' } else { '.' }),
        Transform::MinorUnits { currency } => {
            let code = currency.as_ref().map_or(Cell::Absent, |path| at(path, row));
            shifted(cell, if let Cell::Text(code) = code { digits(&code) } else { 2 })
        }
        Transform::Negate => negated(cell),
        Transform::SignFrom { path, negative } => signed(cell, is_one_of(&at(path, row), negative)),
        Transform::OnlyWhere { path, equals } => {
            match is_one_of(&at(path, row), std::slice::from_ref(equals)) {
                true => cell,
                false => Cell::Number(0.0),
            }
        }
        Transform::Above => of_number(cell, |it| if it > 0.0 { it } else { 0.0 }),
        Transform::Below => of_number(cell, |it| if it < 0.0 { 0.0 - it } else { 0.0 }),
        Transform::Date { format } => date::day(*format, cell),
        Transform::EpochDate { unit } => date::epoch(*unit, cell, "%Y-%m-%d"),
        Transform::EpochTime { unit } => date::epoch(*unit, cell, "%Y-%m-%dT%H:%M:%S%.3fZ"),
        Transform::Enum { words, other } => word(cell, words, other),
        Transform::Upper => of_text(cell, |it| it.to_uppercase()),
        Transform::Lower => of_text(cell, |it| it.to_lowercase()),
        Transform::IsOneOf { words } => match scalar(&cell) {
            Some(_) => Cell::Bool(is_one_of(&cell, words)),
            None => Cell::Null,
        },
        Transform::Not => {
            if let Cell::Bool(it) = cell {
                Cell::Bool(!it)
            } else {
                cell
            }
        }
        Transform::Before { mark } => {
            of_text(cell, |it| trimmed(it.split_once(mark.as_str()).map_or(it, |(left, _)| left)))
        }
        Transform::After { mark } => after(cell, mark),
        Transform::AfterLast { mark } => after_last(cell, mark),
        Transform::First => end(cell, true),
        Transform::Last => end(cell, false),
        Transform::FalseIsNull => {
            if matches!(cell, Cell::Bool(false)) {
                Cell::Null
            } else {
                cell
            }
        }
        Transform::Address => of_text(cell, address),
        Transform::Domain => of_text(cell, domain),
    }
}

fn of_text<'a>(cell: Cell<'a>, by: impl FnOnce(&str) -> String) -> Cell<'a> {
    if let Cell::Text(it) = cell { Cell::Text(by(&it).into()) } else { cell }
}

fn of_number(cell: Cell<'_>, by: impl FnOnce(f64) -> f64) -> Cell<'_> {
    if let Cell::Number(it) = cell { Cell::Number(by(it)) } else { cell }
}

fn text(cell: Cell<'_>) -> Cell<'_> {
    if matches!(cell, Cell::Text(_)) {
        return cell;
    }
    match scalar(&cell).map(Cow::into_owned) {
        Some(text) => Cell::Text(text.into()),
        None => cell,
    }
}

/// A text, a number or a truth value as text.
pub(super) fn scalar<'c>(cell: &'c Cell<'_>) -> Option<Cow<'c, str>> {
    match cell {
        Cell::Text(it) => Some(Cow::Borrowed(it)),
        Cell::Bool(it) => Some(if *it { "true" } else { "false" }.into()),
        Cell::Number(it) => number::text(*it).map(Cow::Owned),
        Cell::Absent | Cell::Null | Cell::Whole(_) | Cell::Many(_) | Cell::Made(_) => None,
    }
}

/// More digits than a number holds stay text: the validator reads them exactly.
pub(super) fn number(cell: Cell<'_>, point: char) -> Cell<'_> {
    let Cell::Text(text) = &cell else { return cell };
    let is_kept = |it: char| it.is_ascii_digit() || it == point || "()-".contains(it);
    let kept: Cow<'_, str> = match text.chars().all(is_kept) {
        true => Cow::Borrowed(text),
        false => text.chars().filter(|it| is_kept(*it)).collect(),
    };
    // Accountants write what is below zero in brackets.
    let inner = kept.strip_prefix('(').and_then(|it| it.strip_suffix(')'));
    let plain: Cow<'_, str> = match inner {
        Some(inner) if point == '.' => format!("-{inner}").into(),
        _ if point == '.' => kept,
        _ => kept.replace(',', ".").into(),
    };
    match is_decimal(&plain) {
        true if plain.len() > 15 => Cell::Text(plain.into_owned().into()),
        true => plain.parse().map_or(cell, Cell::Number),
        false => cell,
    }
}

fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(w, f)| (w, Some(f)));
    is_digits(whole) && fraction.is_none_or(is_digits)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit())
}

/// How many digits the smallest unit of a currency stands behind the point.
fn digits(currency: &str) -> u8 {
    match currency.to_uppercase().as_str() {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX"
        | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

fn shifted(cell: Cell<'_>, digits: u8) -> Cell<'_> {
    let by = 10_f64.powi(i32::from(digits));
    if let Cell::Number(it) = cell {
        return Cell::Number(it / by);
    }
    let Cell::Text(text) = &cell else { return cell };
    if !is_digits(text.strip_prefix('-').unwrap_or(text)) {
        return cell;
    }
    if text.len() <= 15 {
        return text.parse::<f64>().map_or(cell, |it| Cell::Number(it / by));
    }
    // More digits than a number holds: the point is set by hand.
    match text.split_at_checked(text.len() - usize::from(digits)) {
        Some((left, right)) if digits > 0 => Cell::Text(format!("{left}.{right}").into()),
        Some(_) | None => cell,
    }
}

fn starts_with_digit(text: &str) -> bool {
    text.starts_with(|it: char| it.is_ascii_digit())
}

fn negated(cell: Cell<'_>) -> Cell<'_> {
    if let Cell::Number(it) = cell {
        return Cell::Number(0.0 - it);
    }
    let Cell::Text(text) = &cell else { return cell };
    match text.strip_prefix('-') {
        Some(rest) => Cell::Text(rest.to_owned().into()),
        None if starts_with_digit(text) => Cell::Text(format!("-{text}").into()),
        None => cell,
    }
}

fn is_one_of(cell: &Cell<'_>, words: &[String]) -> bool {
    let Some(text) = scalar(cell) else { return false };
    let text = lower(&text);
    words.iter().any(|it| *it == text)
}

fn lower(text: &str) -> Cow<'_, str> {
    match text.bytes().all(|it| it.is_ascii() && !it.is_ascii_uppercase()) {
        true => Cow::Borrowed(text),
        false => Cow::Owned(text.to_lowercase()),
    }
}

fn signed(cell: Cell<'_>, is_negative: bool) -> Cell<'_> {
    if let Cell::Number(it) = cell {
        return Cell::Number(if is_negative { 0.0 - it.abs() } else { it.abs() });
    }
    let Cell::Text(text) = &cell else { return cell };
    match is_negative && starts_with_digit(text) {
        true => Cell::Text(format!("-{text}").into()),
        false => cell,
    }
}

fn word<'a>(cell: Cell<'a>, words: &'a BTreeMap<String, String>, other: &'a Otherwise) -> Cell<'a> {
    let spelled = scalar(&cell).map(|it| spelling(&it));
    match (spelled.and_then(|it| words.get(&it)), other) {
        (Some(word), _) | (None, Otherwise::Word(word)) => Cell::Text(word.into()),
        (None, Otherwise::Null) => Cell::Null,
        (None, Otherwise::Keep) => cell,
    }
}

/// Blanks in a row are one, as `$trim` has it, and none is at the ends.
fn trimmed(text: &str) -> String {
    let parts = text.split([' ', '\t', '\n', '\r']).filter(|it| !it.is_empty());
    let mut trimmed = String::with_capacity(text.len());
    for part in parts {
        if !trimmed.is_empty() {
            trimmed.push(' ');
        }
        trimmed.push_str(part);
    }
    trimmed
}

fn after<'a>(cell: Cell<'a>, mark: &str) -> Cell<'a> {
    let Cell::Text(text) = &cell else { return cell };
    let right = text.split_once(mark).map(|(_, right)| trimmed(right));
    right.map_or(Cell::Null, |it| Cell::Text(it.into()))
}

fn after_last<'a>(cell: Cell<'a>, mark: &str) -> Cell<'a> {
    let Cell::Text(text) = &cell else { return cell };
    let last = match mark {
        // A text split at nothing falls into its characters.
        "" => text.char_indices().next_back().and_then(|(at, _)| text.get(at..)),
        _ => Some(text.rsplit(mark).next().unwrap_or_default()),
    };
    last.map_or(Cell::Absent, |it| Cell::Text(trimmed(it).into()))
}

/// The first or the last item of a list.
fn end(cell: Cell<'_>, is_first: bool) -> Cell<'_> {
    let index = |count: usize| if is_first { 0 } else { count.saturating_sub(1) };
    if let Cell::Whole(Value::Array(items)) = &cell {
        return items.get(index(items.len())).map_or(Cell::Absent, Cell::of);
    }
    if let Cell::Many(items) = &cell {
        return items.get(index(items.len())).map_or(Cell::Absent, |it| Cell::of(it));
    }
    let Cell::Made(Value::Array(mut items)) = cell else { return cell };
    match items.is_empty() {
        true => Cell::Absent,
        false => Cell::Made(items.swap_remove(index(items.len()))),
    }
}

/// The first run of characters around an `@`.
fn address(text: &str) -> String {
    let is_around = |it: char| it.is_whitespace() || "<>\"',;:()".contains(it);
    let has_at = |it: &&str| {
        let mut letters = it.chars();
        letters.next();
        letters.next_back();
        letters.as_str().contains('@')
    };
    text.split(is_around).find(has_at).unwrap_or(text).to_owned()
}

fn domain(text: &str) -> String {
    let text = text.to_lowercase();
    let scheme = text.split_once("://").filter(|(scheme, _)| {
        !scheme.is_empty() && scheme.bytes().all(|it| it.is_ascii_lowercase())
    });
    let host = match scheme {
        Some((_, rest)) => rest,
        // A line is as far as `.` goes.
        None => {
            let line = text.split('\n').next().unwrap_or_default();
            line.rfind('@').and_then(|at| text.get(at + 1..)).unwrap_or(&text)
        }
    };
    let host = host.split(['/', '?', '#', ':']).next().unwrap_or_default();
    host.strip_prefix("www.").unwrap_or(host).to_owned()
}
