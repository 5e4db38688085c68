//! Sample MCP servers: one healthy, one that misbehaves, and every fault on demand.
//!
//! All data is made up and the same on every run. Nothing is stored: tools that would change
//! something say so and change nothing.

mod brittle;
mod data;
mod fault;
mod ledger;
mod listing;
mod serve;
mod server;

pub use fault::{Fault, Kind, UnknownFault};
pub use serve::{Error, serve_http, serve_stdio};

/// The servers there are.
pub const NAMES: [&str; 2] = ["ledger", "brittle"];

/// How much data a server has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale {
    /// Made one page at a time, so that their number costs no memory.
    pub transactions: usize,
}

impl Default for Scale {
    fn default() -> Self {
        Self { transactions: 240 }
    }
}

/// A sample server, not yet running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    which: Which,
    scale: Scale,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    Ledger,
    Brittle,
}

impl Sample {
    /// The healthy server: accounting and banking of a small company.
    pub const LEDGER: Self = Self { which: Which::Ledger, scale: Scale { transactions: 240 } };
    /// The server that misbehaves.
    pub const BRITTLE: Self = Self { which: Which::Brittle, scale: Scale { transactions: 240 } };

    /// `ledger`, `brittle`, or either with an amount of data: `ledger:rows=100000`.
    pub fn named(name: &str) -> Option<Self> {
        let (name, option) = match name.split_once(':') {
            Some((name, option)) => (name, Some(option)),
            None => (name, None),
        };
        let sample = match name {
            "ledger" => Self::LEDGER,
            "brittle" => Self::BRITTLE,
            _ => return None,
        };
        match option {
            None => Some(sample),
            Some(option) => {
                let transactions = option.strip_prefix("rows=")?.parse().ok()?;
                Some(sample.scaled(Scale { transactions }))
            }
        }
    }

    /// The same server with another amount of data.
    #[must_use]
    pub fn scaled(self, scale: Scale) -> Self {
        Self { scale, ..self }
    }

    /// Its name, one of [`NAMES`].
    pub fn name(self) -> &'static str {
        match self.which {
            Which::Ledger => "ledger",
            Which::Brittle => "brittle",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_a_sample() {
        for name in NAMES {
            assert_eq!(Sample::named(name).map(Sample::name), Some(name));
        }
        assert_eq!(Sample::named("other"), None);
        assert_eq!(Sample::named("ledger:rows=x"), None);
    }

    #[test]
    fn a_name_may_say_how_much_data() {
        let many = Sample::named("ledger:rows=5000").expect("a sample");
        assert_eq!(many.scale.transactions, 5_000);
    }
}
