//! Going on by dates, where a tool has a size, a span of dates, and no other way.

use serde_json::Value;

/// The names of the two arguments that bound the span.
#[derive(Debug, Clone)]
pub(super) struct Bounds {
    pub(super) from: String,
    pub(super) to: String,
}

/// What of the span is still unseen.
#[derive(Debug, Clone)]
pub(super) struct Window {
    bounds: Bounds,
    /// The bound sent last.
    sent: Option<Step>,
    /// The server leaves out the day of the bound.
    is_exclusive: bool,
    has_gap: bool,
}

/// A bound to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    /// Rows come newest first, so the end moves back; else the start moves on.
    is_end: bool,
    /// `YYYY-MM-DD`.
    pub(super) date: String,
    /// The date seen that this bound is meant to include.
    day: String,
}

/// The dates of a page, first row to last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dates {
    first: String,
    last: String,
}

impl Window {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self { bounds, sent: None, is_exclusive: false, has_gap: false }
    }

    /// Whether a day held more rows than a page does, so that some of it is unseen.
    pub(super) fn has_gap(&self) -> bool {
        self.has_gap
    }

    pub(super) fn argument(&self, step: &Step) -> &str {
        if step.is_end { &self.bounds.to } else { &self.bounds.from }
    }

    /// The next bound. `dates`: of the page with all its rows; `repeated`: rows in it that were
    /// known; `kept`: rows that were not; `is_cut`: whether there is more.
    pub(super) fn step(
        &mut self,
        dates: Option<&Dates>,
        repeated: usize,
        kept: usize,
        is_cut: bool,
    ) -> Option<Step> {
        if let Some(sent) = self.sent.clone()
            && repeated == 0
            && !self.is_exclusive
        {
            // The day of the bound should have come again. Without it, look once more, a day wider.
            self.is_exclusive = true;
            return self.send(sent.is_end, &sent.day);
        }
        let dates = dates.filter(|_| is_cut)?;
        let is_end = self.sent.as_ref().map_or(dates.last <= dates.first, |it| it.is_end);
        let reached = &dates.last;
        let stuck = self.sent.as_ref().is_some_and(|it| it.day == *reached) && kept == 0;
        let one_day =
            dates.first == dates.last && self.sent.as_ref().is_none_or(|it| it.day == *reached);
        if !stuck && !one_day {
            return self.send(is_end, reached);
        }
        // One day fills a page: what is left of that day is out of reach.
        self.has_gap = true;
        let beyond = if is_end { day_before(reached) } else { day_after(reached) };
        self.send(is_end, &beyond?)
    }

    fn send(&mut self, is_end: bool, day: &str) -> Option<Step> {
        let date = match (self.is_exclusive, is_end) {
            (false, _) => day.to_owned(),
            (true, true) => day_after(day)?,
            (true, false) => day_before(day)?,
        };
        let step = Step { is_end, date, day: day.to_owned() };
        // The same bound again would bring the same rows again.
        if self.sent.as_ref().is_some_and(|it| it.date == step.date) {
            return None;
        }
        self.sent = Some(step.clone());
        Some(step)
    }
}

/// The dates by which the rows are sorted: the first field that holds a date in every row and
/// never turns back. `None` when there is none.
pub(super) fn dates(rows: &[Value]) -> Option<Dates> {
    let fields = rows.first()?.as_object()?;
    fields.keys().find_map(|name| {
        let days: Option<Vec<&str>> = rows.iter().map(|it| day_of(it.get(name)?)).collect();
        let days = days?;
        let sorted = days.is_sorted() || days.iter().rev().is_sorted();
        let (first, last) = (days.first()?, days.last()?);
        sorted.then(|| Dates { first: (*first).to_owned(), last: (*last).to_owned() })
    })
}

/// The day that a date or a moment begins with.
fn day_of(value: &Value) -> Option<&str> {
    let day = value.as_str()?.get(..10)?;
    parts(day).map(|_| day)
}

fn parts(day: &str) -> Option<(u16, u8, u8)> {
    let mut parts = day.split('-');
    let (year, month, date) = (parts.next()?, parts.next()?, parts.next()?);
    let is_shaped =
        year.len() == 4 && month.len() == 2 && date.len() == 2 && parts.next().is_none();
    let (year, month, date) = (year.parse().ok()?, month.parse().ok()?, date.parse().ok()?);
    let is_real = is_shaped && date >= 1 && date <= length(year, month)?;
    is_real.then_some((year, month, date))
}

fn length(year: u16, month: u8) -> Option<u8> {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => Some(31),
        4 | 6 | 9 | 11 => Some(30),
        2 => Some(if leap { 29 } else { 28 }),
        _ => None,
    }
}

fn day_after(day: &str) -> Option<String> {
    let (year, month, date) = parts(day)?;
    let next = match (month, date) {
        (12, 31) => (year.checked_add(1)?, 1, 1),
        (_, date) if date == length(year, month)? => (year, month + 1, 1),
        (_, date) => (year, month, date + 1),
    };
    Some(format!("{:04}-{:02}-{:02}", next.0, next.1, next.2))
}

fn day_before(day: &str) -> Option<String> {
    let (year, month, date) = parts(day)?;
    let previous = match (month, date) {
        (1, 1) => (year.checked_sub(1)?, 12, 31),
        (_, 1) => (year, month - 1, length(year, month - 1)?),
        (_, date) => (year, month, date - 1),
    };
    Some(format!("{:04}-{:02}-{:02}", previous.0, previous.1, previous.2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_over_months_and_years() {
        assert_eq!(day_after("2024-02-28").as_deref(), Some("2024-02-29"));
        assert_eq!(day_after("2026-12-31").as_deref(), Some("2027-01-01"));
        assert_eq!(day_before("2026-03-01").as_deref(), Some("2026-02-28"));
        assert_eq!(day_before("2026-01-01").as_deref(), Some("2025-12-31"));
        assert_eq!(day_after("2026-13-01"), None);
        assert_eq!(day_before("yesterday"), None);
    }

    #[test]
    fn only_a_sorted_field_of_dates_counts() {
        let rows = [
            serde_json::json!({"due": "2026-01-01", "posted": "2026-01-09T10:00:00Z"}),
            serde_json::json!({"due": "2026-05-01", "posted": "2026-01-08T10:00:00Z"}),
            serde_json::json!({"due": "2026-02-01", "posted": "2026-01-08T09:00:00Z"}),
        ];
        let found = dates(&rows).expect("sorted");
        assert_eq!((found.first.as_str(), found.last.as_str()), ("2026-01-09", "2026-01-08"));
    }
}
