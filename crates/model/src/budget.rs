//! What a run may spend on language models. Seats ask side by side, so what a call may come to is
//! set aside before it is made, and corrected by what it came to.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::error::Error;

/// The most that a run may spend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Requests, each further try among them.
    pub calls: u64,
    /// Of questions and answers together.
    pub tokens: u64,
    /// Millionths of the currency that prices are in.
    pub cost_micros: u64,
    /// Of all answers together, also of those that were waited for side by side.
    pub time: Duration,
}

impl Default for Allowance {
    fn default() -> Self {
        Self { calls: 50, tokens: 1_000_000, cost_micros: 1_000_000, time: Duration::from_mins(10) }
    }
}

/// What is left of it in one run.
#[derive(Debug, Default)]
pub struct Budget {
    allowance: Allowance,
    spent: Mutex<Spent>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Spent {
    calls: u64,
    tokens: u64,
    cost_micros: u64,
    time: Duration,
}

/// Tokens and their price.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bill {
    pub(crate) tokens: u64,
    pub(crate) cost_micros: u64,
}

impl Budget {
    pub fn new(allowance: Allowance) -> Self {
        Self { allowance, spent: Mutex::default() }
    }

    pub(crate) fn time_left(&self) -> Duration {
        self.allowance.time.saturating_sub(self.spent().time)
    }

    /// Sets aside what a call may come to at most. Should nobody ever learn what it came to, `least`
    /// stays spent: what was sent is billed, whether or not an answer arrived.
    pub(crate) fn hold(&self, most: Bill, least: Bill) -> Result<Held<'_>, Error> {
        let allowance = &self.allowance;
        let mut spent = self.spent();
        for (what, would_be, limit) in [
            ("calls", spent.calls + 1, allowance.calls),
            ("tokens", spent.tokens.saturating_add(most.tokens), allowance.tokens),
            ("money", spent.cost_micros.saturating_add(most.cost_micros), allowance.cost_micros),
        ] {
            if would_be > limit {
                return Err(Error::Spent(what));
            }
        }
        if spent.time >= allowance.time {
            return Err(Error::Spent("time"));
        }
        spent.calls += 1;
        spent.tokens += most.tokens;
        spent.cost_micros += most.cost_micros;
        Ok(Held { budget: self, most, owed: least, began: Instant::now() })
    }

    fn spent(&self) -> MutexGuard<'_, Spent> {
        self.spent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Set aside for one call; what it came to is booked when this goes, however the call ends.
#[derive(Debug)]
pub(crate) struct Held<'b> {
    budget: &'b Budget,
    most: Bill,
    owed: Bill,
    began: Instant,
}

impl Held<'_> {
    pub(crate) fn came_to(&mut self, bill: Bill) {
        self.owed = bill;
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let mut spent = self.budget.spent();
        let corrected =
            |now: u64, most: u64, owed: u64| now.saturating_sub(most).saturating_add(owed);
        spent.tokens = corrected(spent.tokens, self.most.tokens, self.owed.tokens);
        spent.cost_micros =
            corrected(spent.cost_micros, self.most.cost_micros, self.owed.cost_micros);
        spent.time = spent.time.saturating_add(self.began.elapsed());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bill(tokens: u64) -> Bill {
        Bill { tokens, cost_micros: tokens * 2 }
    }

    fn budget() -> Budget {
        Budget::new(Allowance {
            calls: 3,
            tokens: 100,
            cost_micros: 1_000,
            time: Duration::from_mins(1),
        })
    }

    #[test]
    fn what_is_set_aside_counts_until_it_is_known_what_was_spent() {
        let budget = budget();
        let mut held = budget.hold(bill(80), bill(10)).unwrap();
        assert!(matches!(budget.hold(bill(30), bill(1)), Err(Error::Spent("tokens"))));
        held.came_to(bill(20));
        drop(held);
        assert!(budget.hold(bill(80), bill(1)).is_ok());
    }

    #[test]
    fn a_call_of_which_nothing_is_heard_costs_what_was_sent() {
        let budget = budget();
        drop(budget.hold(bill(80), bill(30)).unwrap());
        assert!(matches!(budget.hold(bill(71), bill(1)), Err(Error::Spent("tokens"))));
        assert!(budget.hold(bill(70), bill(1)).is_ok());
    }

    #[test]
    fn calls_and_time_and_money_are_counted_too() {
        let of = |it: Allowance| Budget::new(it).hold(bill(10), bill(1)).map(drop);
        let enough = budget().allowance;
        assert!(matches!(of(Allowance { calls: 0, ..enough }), Err(Error::Spent("calls"))));
        assert!(matches!(of(Allowance { cost_micros: 19, ..enough }), Err(Error::Spent("money"))));
        let time = Duration::ZERO;
        assert!(matches!(of(Allowance { time, ..enough }), Err(Error::Spent("time"))));
        assert!(of(enough).is_ok());
    }
}
