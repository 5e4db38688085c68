//! Words, numbers, times and ids as they are shown.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use domain::TargetModel;
use maud::{Markup, html};
use serde_json::Value;

/// An exact count, its thousands set apart.
pub(crate) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 record`, `2 records`.
pub(crate) fn of(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(n), if n == 1 { one } else { many })
}

/// How long ago, with the exact time beside it.
pub(crate) fn time(at: DateTime<Utc>, now: DateTime<Utc>) -> Markup {
    let exact = at.to_rfc3339_opts(SecondsFormat::Millis, true);
    let shown = at.format("%Y-%m-%d %H:%M:%S UTC").to_string();
    html! { time datetime=(exact) title=(shown) { (relative(at, now)) } }
}

/// The same for a time that may not be known.
pub(crate) fn time_or(at: Option<DateTime<Utc>>, now: DateTime<Utc>, otherwise: &str) -> Markup {
    match at {
        Some(at) => time(at, now),
        None => html! { span.quiet { (otherwise) } },
    }
}

/// The exact time, for tables in which moments are compared.
pub(crate) fn moment(at: DateTime<Utc>) -> Markup {
    let exact = at.to_rfc3339_opts(SecondsFormat::Millis, true);
    let shown = at.format("%Y-%m-%d %H:%M:%S UTC").to_string();
    html! { time datetime=(exact) title=(shown) { (at.format("%b %-d, %H:%M:%S").to_string()) } }
}

/// For how long something has been so, with the exact time it began beside it.
pub(crate) fn lasting(at: DateTime<Utc>, now: DateTime<Utc>) -> Markup {
    let exact = at.to_rfc3339_opts(SecondsFormat::Millis, true);
    let shown = at.format("since %Y-%m-%d %H:%M:%S UTC").to_string();
    let words = match span((now - at).max(TimeDelta::zero())) {
        None => "just now".to_owned(),
        Some(span) => format!("for {span}"),
    };
    html! { time datetime=(exact) title=(shown) { (words) } }
}

/// None: less than a minute.
fn span(it: TimeDelta) -> Option<String> {
    match it.num_minutes() {
        0 => None,
        minutes @ 1..60 => Some(format!("{minutes} min")),
        60..2880 => Some(format!("{} h", it.num_hours())),
        _ => Some(format!("{} d", it.num_days())),
    }
}

fn relative(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let gone = now - at;
    let (gone, is_ahead) = if gone < TimeDelta::zero() { (-gone, true) } else { (gone, false) };
    let Some(text) = span(gone) else { return "just now".to_owned() };
    if is_ahead { format!("in {text}") } else { format!("{text} ago") }
}

/// `00:42`, `1:02:03`, or milliseconds below a second.
pub(crate) fn duration(ms: u64) -> String {
    let seconds = ms / 1000;
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    match (hours, seconds) {
        (0, 0) => format!("{ms} ms"),
        (0, 1..10) => format!("{}.{} s", seconds, ms % 1000 / 100),
        (0, _) => format!("{minutes:02}:{:02}", seconds % 60),
        (_, _) => format!("{hours}:{minutes:02}:{:02}", seconds % 60),
    }
}

/// The start of an id, enough to tell one from another; the whole id is its title.
pub(crate) fn id(id: impl std::fmt::Display) -> Markup {
    let whole = id.to_string();
    let short: String = whole.chars().take(8).collect();
    html! { code title=(whole) { (short) } }
}

/// A word of the contract as words: `ledger_account` → `ledger account`.
pub(crate) fn words(word: &str) -> String {
    word.replace('_', " ")
}

pub(crate) fn model(model: TargetModel) -> String {
    words(model.as_str())
}

/// With a capital, as the first word of a title.
pub(crate) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |it| it.to_uppercase().chain(letters).collect())
}

/// A value of a record or a context, in one line.
pub(crate) fn value(value: &Value) -> Markup {
    match value {
        Value::Null => html! { span.quiet { "empty" } },
        Value::String(text) => html! { (text) },
        Value::Bool(_) | Value::Number(_) => html! { span.num { (value.to_string()) } },
        Value::Array(items) if items.iter().all(|it| !it.is_object() && !it.is_array()) => {
            html! { @for (at, it) in items.iter().enumerate() { @if at > 0 { ", " } (self::value(it)) } }
        }
        Value::Array(_) | Value::Object(_) => html! { code.json { (value.to_string()) } },
    }
}

/// At most so many characters, with a mark where something was cut.
pub(crate) fn short(text: &str, most: usize) -> String {
    domain::diagnostic::shorten(text, most)
}

/// The first line of a text that may have several.
pub(crate) fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_exact() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_204), "1,204");
        assert_eq!(count(1_000_000), "1,000,000");
        assert_eq!(of(1, "row", "rows"), "1 row");
    }

    #[test]
    fn times_are_relative_and_durations_are_short() {
        let now: DateTime<Utc> = "2026-06-01T14:00:00Z".parse().unwrap();
        let ago = |minutes| relative(now - TimeDelta::minutes(minutes), now);
        assert_eq!(
            [ago(0), ago(59), ago(61), ago(60 * 47), ago(60 * 49), ago(-90)],
            ["just now", "59 min ago", "1 h ago", "47 h ago", "2 d ago", "in 1 h"]
        );
        assert_eq!(
            [duration(42), duration(1_250), duration(42_000), duration(3_723_000)],
            ["42 ms", "1.2 s", "00:42", "1:02:03"]
        );
    }
}
