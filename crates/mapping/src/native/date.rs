//! Days as providers write them.

use std::borrow::Cow;
use std::sync::LazyLock;

use chrono::DateTime;
use regex::Regex;

use super::cell::Cell;
use super::transform::scalar;
use crate::plan::{DateFormat, EpochUnit};

/// Milliseconds from the year 1 to 1970: a count beyond this, on either side, is no date.
const FARTHEST: f64 = 62_135_596_800_000.0;

pub(super) fn day(format: DateFormat, cell: Cell<'_>) -> Cell<'_> {
    if format == DateFormat::Compact {
        let day = scalar(&cell).filter(|_| !matches!(cell, Cell::Bool(_)));
        let day = day.and_then(|it| compact(&it));
        return day.map_or(cell, |it| Cell::Text(it.into()));
    }
    let Cell::Text(text) = cell else { return cell };
    let day = match format {
        DateFormat::Iso => return Cell::Text(start(text)),
        DateFormat::Compact => compact(&text),
        DateFormat::DayFirst => ending_in_year(&text).map(|(d, m, y)| ymd(y, m, d)),
        DateFormat::MonthFirst => ending_in_year(&text).map(|(m, d, y)| ymd(y, m, d)),
        DateFormat::YearFirst => year_first(&text),
        DateFormat::DayName => {
            named(&text, &DAY_NAME).and_then(|[d, m, y]| Some(ymd(y, month(m)?, d)))
        }
        DateFormat::MonthName => {
            named(&text, &MONTH_NAME).and_then(|[m, d, y]| Some(ymd(y, month(m)?, d)))
        }
    };
    Cell::Text(day.map_or(text, Into::into))
}

pub(super) fn epoch<'a>(unit: EpochUnit, cell: Cell<'a>, picture: &str) -> Cell<'a> {
    let Cell::Number(count) = cell else { return cell };
    let scale = match unit {
        EpochUnit::Seconds => 1000.0,
        EpochUnit::Milliseconds => 1.0,
    };
    if count.abs() >= FARTHEST / scale {
        return cell;
    }
    #[expect(clippy::cast_possible_truncation, reason = "whole, and a count of milliseconds")]
    let time = DateTime::from_timestamp_millis((count * scale).floor() as i64);
    time.map_or(cell, |it| Cell::Text(it.format(picture).to_string().into()))
}

/// The first ten characters.
fn start(text: Cow<'_, str>) -> Cow<'_, str> {
    let Some((end, _)) = text.char_indices().nth(10) else { return text };
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.get(..end).unwrap_or(text)),
        Cow::Owned(mut text) => {
            text.truncate(end);
            Cow::Owned(text)
        }
    }
}

fn ymd(year: &str, month: &str, day: &str) -> String {
    format!("{year}-{month:0>2}-{day:0>2}")
}

fn compact(text: &str) -> Option<String> {
    let (year, rest) = digits(text, 4, 4)?;
    let (month, rest) = digits(rest, 2, 2)?;
    let (day, _) = digits(rest, 2, 2)?;
    Some(ymd(year, month, day))
}

fn ending_in_year(text: &str) -> Option<(&str, &str, &str)> {
    let (first, rest) = digits(text, 1, 2)?;
    let (second, rest) = digits(after_mark(rest)?, 1, 2)?;
    let (year, _) = digits(after_mark(rest)?, 4, 4)?;
    Some((first, second, year))
}

fn year_first(text: &str) -> Option<String> {
    let (year, rest) = digits(text, 4, 4)?;
    let (month, rest) = digits(after_mark(rest)?, 1, 2)?;
    let (day, _) = digits(after_mark(rest)?, 1, 2)?;
    Some(ymd(year, month, day))
}

/// As many digits as there are, up to `most`, and what comes after them.
fn digits(text: &str, least: usize, most: usize) -> Option<(&str, &str)> {
    let count = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    if count < least { None } else { text.split_at_checked(count) }
}

/// What comes after one character that is no digit.
fn after_mark(text: &str) -> Option<&str> {
    let mut letters = text.chars();
    letters.next().filter(|it| !it.is_ascii_digit())?;
    Some(letters.as_str())
}

static DAY_NAME: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new("([0-9]{1,2})[. -]+([A-Za-z]{3})[A-Za-z]*[., -]+([0-9]{4})").ok());
static MONTH_NAME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new("([A-Za-z]{3})[A-Za-z]*[. -]+([0-9]{1,2})[a-z]*[, -]+([0-9]{4})").ok()
});

fn named<'t>(text: &'t str, regex: &LazyLock<Option<Regex>>) -> Option<[&'t str; 3]> {
    let found = (*regex).as_ref()?.captures(text)?;
    Some(found.extract().1)
}

fn month(name: &str) -> Option<&'static str> {
    Some(match name.to_ascii_lowercase().as_str() {
        "jan" => "01",
        "feb" => "02",
        "mar" => "03",
        "apr" => "04",
        "may" => "05",
        "jun" => "06",
        "jul" => "07",
        "aug" => "08",
        "sep" => "09",
        "oct" => "10",
        "nov" => "11",
        "dec" => "12",
        _ => return None,
    })
}
