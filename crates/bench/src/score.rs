//! Counts and the shares made of them.

/// Right, wrong and missing, of anything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) right: usize,
    /// Given, and not what was expected.
    pub(crate) wrong: usize,
    /// Expected, and not given.
    pub(crate) missed: usize,
}

impl Tally {
    /// What was expected against what was given; `is_right` is asked where both are there.
    pub(crate) fn count(&mut self, expected: bool, given: bool, is_right: impl FnOnce() -> bool) {
        match (expected, given) {
            (true, true) if is_right() => self.right += 1,
            (expected, given) => {
                self.missed += usize::from(expected);
                self.wrong += usize::from(given);
            }
        }
    }

    pub(crate) fn precision(self) -> f64 {
        share(self.right, self.right + self.wrong)
    }

    pub(crate) fn recall(self) -> f64 {
        share(self.right, self.right + self.missed)
    }

    pub(crate) fn f1(self) -> f64 {
        share(2 * self.right, 2 * self.right + self.wrong + self.missed)
    }
}

/// A share with four decimals; 1 of nothing, because nothing was got wrong.
pub(crate) fn share(part: usize, whole: usize) -> f64 {
    let count = |it: usize| f64::from(u32::try_from(it).unwrap_or(u32::MAX));
    let share = if whole == 0 { 1.0 } else { count(part) / count(whole) };
    (share * 10_000.0).round() / 10_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_counts_twice_where_something_else_was_expected() {
        let mut tally = Tally::default();
        tally.count(true, true, || true);
        tally.count(true, true, || false);
        tally.count(true, false, || false);
        tally.count(false, true, || false);
        tally.count(false, false, || false);
        assert_eq!(tally, Tally { right: 1, wrong: 2, missed: 2 });
        assert_eq!((tally.precision(), tally.recall(), tally.f1()), (0.3333, 0.3333, 0.3333));
    }

    #[test]
    fn of_nothing_nothing_was_wrong() {
        assert_eq!(Tally::default().f1(), 1.0);
    }
}
