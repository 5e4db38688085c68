//! How long a diagnostic is kept, and when a write prunes. Clock and dice are arguments.

use chrono::{DateTime, Duration, Utc};

/// The rule of the seed: rows older than 30 days go, on about 1 write in 20.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// 1 to 3,650.
    pub days: u16,
    /// A write prunes when its roll is a multiple of this; 0 means never.
    pub one_write_in: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self { days: 30, one_write_in: 20 }
    }
}

impl Retention {
    pub const DAYS: std::ops::RangeInclusive<u16> = 1..=3650;

    /// The same dice with another number of days (a workspace's own, when it has one).
    #[must_use]
    pub fn with_days(self, days: Option<u16>) -> Self {
        Self { days: days.unwrap_or(self.days), ..self }
    }

    /// Rows that occurred before this are past their retention: no read shows them.
    pub fn cutoff(self, now: DateTime<Utc>) -> DateTime<Utc> {
        now - Duration::days(i64::from(self.days))
    }

    /// When a row that occurred then will be gone from every answer.
    pub fn expires_at(self, occurred_at: DateTime<Utc>) -> DateTime<Utc> {
        occurred_at + Duration::days(i64::from(self.days))
    }

    /// The cut-off of a prune that this write owes, if its roll says so.
    pub fn prune_before(self, roll: u32, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        (self.one_write_in > 0 && roll.is_multiple_of(self.one_write_in)).then(|| self.cutoff(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_roll_in_twenty_prunes_what_is_older_than_thirty_days() {
        let now = DateTime::from_timestamp(1_780_000_000, 0).unwrap();
        let rule = Retention::default();
        let due = (0..2000).filter(|roll| rule.prune_before(*roll, now).is_some()).count();
        assert_eq!(due, 100);
        assert_eq!(rule.prune_before(40, now), Some(now - Duration::days(30)));
        assert_eq!(rule.prune_before(41, now), None);
    }
}
