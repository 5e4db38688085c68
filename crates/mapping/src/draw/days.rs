//! How a column writes its days: decided by all of its values together.

use crate::plan::DateFormat;

const MONTHS: &[&str] =
    &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// The one format that every text has. `03/04/2025` alone has two, so it has none: a wrong day is
/// worse than no day.
pub(super) fn format(texts: &[&str]) -> Option<DateFormat> {
    let every = |test: &dyn Fn(&str) -> bool| !texts.is_empty() && texts.iter().all(|it| test(it));
    if every(&|it| is_day(&groups(it), (0, 1, 2)) && dashed(it)) {
        return Some(DateFormat::Iso);
    }
    if every(&|it| is_day(&groups(it), (0, 1, 2))) {
        return Some(DateFormat::YearFirst);
    }
    if every(&is_compact) {
        return Some(DateFormat::Compact);
    }
    let day_first = every(&|it| is_day(&groups(it), (2, 1, 0)));
    let month_first = every(&|it| is_day(&groups(it), (2, 0, 1)));
    match (day_first, month_first) {
        (true, false) => return Some(DateFormat::DayFirst),
        (false, true) => return Some(DateFormat::MonthFirst),
        // Nobody writes the month first with points between.
        (true, true) if every(&|it| it.contains('.')) => return Some(DateFormat::DayFirst),
        _ => {}
    }
    if every(&|it| has_month(it) && starts_with_number(it)) {
        return Some(DateFormat::DayName);
    }
    every(&has_month).then_some(DateFormat::MonthName)
}

pub(super) fn has_time(text: &str) -> bool {
    let hour = text.split(['T', ' ']).find(|it| it.contains(':'));
    hour.and_then(|it| it.split(':').next()).is_some_and(|it| {
        (1..=2).contains(&it.len()) && it.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// The first three runs of digits of a text that begins with one.
fn groups(text: &str) -> Vec<u32> {
    let text = text.trim();
    let head: String =
        text.chars().take_while(|it| it.is_ascii_digit() || "-/. ".contains(*it)).collect();
    // The hour of `2025-12-31 10:00` is a fourth run.
    let runs = head.split(|it: char| !it.is_ascii_digit()).filter(|it| !it.is_empty()).take(3);
    runs.map_while(|it| it.parse().ok()).collect()
}

fn is_day(groups: &[u32], (year, month, day): (usize, usize, usize)) -> bool {
    let at = |it: usize| groups.get(it).copied().unwrap_or(0);
    (1900..2200).contains(&at(year)) && (1..=12).contains(&at(month)) && (1..=31).contains(&at(day))
}

fn dashed(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 10 && bytes.get(4) == Some(&b'-') && bytes.get(7) == Some(&b'-')
}

fn is_compact(text: &str) -> bool {
    let part = |from: usize, to: usize| text.get(from..to).and_then(|it| it.parse().ok());
    text.len() == 8
        && text.bytes().all(|it| it.is_ascii_digit())
        && is_day(
            &[part(0, 4).unwrap_or(0), part(4, 6).unwrap_or(0), part(6, 8).unwrap_or(0)],
            (0, 1, 2),
        )
}

fn has_month(text: &str) -> bool {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower.split(|it: char| !it.is_alphanumeric()).collect();
    let month = |it: &&str| it.len() >= 3 && MONTHS.iter().any(|name| it.starts_with(name));
    let year = |it: &&str| it.len() == 4 && it.parse::<u32>().is_ok_and(|it| it > 1900);
    text.len() <= 40 && words.iter().any(month) && words.iter().any(year)
}

fn starts_with_number(text: &str) -> bool {
    let after_weekday = text.split_once(", ").map_or(text, |(head, rest)| {
        if head.chars().all(char::is_alphabetic) { rest } else { text }
    });
    after_weekday.trim().starts_with(|it: char| it.is_ascii_digit())
}
