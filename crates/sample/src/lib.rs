//! Sample MCP servers: one healthy, one that misbehaves, one whose records name one another in
//! every way, one that wants arguments, any whose tool list was saved, and every fault on demand.
//!
//! All data is made up and the same on every run. Nothing is stored: tools that would change
//! something say so and change nothing.

mod books;
mod brittle;
mod chance;
mod data;
mod disguise;
mod fault;
mod guard;
mod ledger;
mod listing;
mod mutate;
mod nested;
mod replay;
mod serve;
mod server;

use std::path::Path;
use std::sync::Arc;

use listing::Listing;
use serde_json::Value;

pub use fault::{Fault, Kind, UnknownFault};
pub use guard::{Guard, Lapse, UnknownLapse, serve_guarded};
pub use replay::UnreadableCatalogue;
pub use serve::{Error, serve_http, serve_stdio};

/// The servers there are.
pub const NAMES: [&str; 4] = ["ledger", "brittle", "books", "nested"];

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
#[derive(Debug, Clone)]
pub struct Sample {
    which: Which,
    scale: Scale,
}

#[derive(Debug, Clone)]
enum Which {
    Ledger,
    Brittle,
    Books,
    Nested,
    /// Some server's tools, with answers that are made up.
    Replay(Arc<replay::Catalogue>),
}

impl Sample {
    /// The healthy server: accounting and banking of a small company.
    pub const LEDGER: Self = Self { which: Which::Ledger, scale: Scale { transactions: 240 } };
    /// The server that misbehaves.
    pub const BRITTLE: Self = Self { which: Which::Brittle, scale: Scale { transactions: 240 } };

    /// The server whose records name one another by name, code and number, in any order.
    pub const BOOKS: Self = Self { which: Which::Books, scale: Scale { transactions: 240 } };
    /// The server whose tools want arguments.
    pub const NESTED: Self = Self { which: Which::Nested, scale: Scale { transactions: 240 } };

    /// One of [`NAMES`], or one with an amount of data: `ledger:rows=100000`.
    pub fn named(name: &str) -> Option<Self> {
        let (name, option) = match name.split_once(':') {
            Some((name, option)) => (name, Some(option)),
            None => (name, None),
        };
        let sample = match name {
            "ledger" => Self::LEDGER,
            "brittle" => Self::BRITTLE,
            "books" => Self::BOOKS,
            "nested" => Self::NESTED,
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

    /// A server with the tools of a saved `tools/list`. Its answers are made up, good ones in every
    /// form and bad ones, the same on every run.
    ///
    /// # Errors
    /// When the file cannot be read as a tool list.
    pub fn replay(file: &Path) -> Result<Self, UnreadableCatalogue> {
        let which = Which::Replay(Arc::new(replay::Catalogue::read(file)?));
        Ok(Self { which, scale: Scale::default() })
    }

    /// The same server with another amount of data.
    #[must_use]
    pub fn scaled(self, scale: Scale) -> Self {
        Self { scale, ..self }
    }

    /// The identifiers of everything that a listing tool of it has, in its order: what a sync may
    /// be asked for afterwards. They are the first member of each row.
    pub fn identifiers(&self, tool: &str) -> Vec<String> {
        let Some(listing) = self.listings().iter().find(|it| it.name == tool) else {
            return Vec::new();
        };
        let rows = (0..(listing.count)(&self.scale)).map(|it| (listing.row)(it, &self.scale));
        let first = |row: Value| match row.as_object()?.values().next()? {
            Value::String(id) => Some(id.clone()),
            Value::Number(id) => Some(id.to_string()),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        };
        rows.filter_map(first).collect()
    }

    /// The tools that list its rows.
    pub(crate) fn listings(&self) -> &'static [Listing] {
        match self.which {
            Which::Ledger => &ledger::LISTINGS,
            Which::Brittle => &brittle::LISTINGS,
            Which::Books => &books::LISTINGS,
            Which::Nested | Which::Replay(_) => &[],
        }
    }

    /// Its name: one of [`NAMES`], or of the file that is replayed.
    pub fn name(&self) -> &str {
        match &self.which {
            Which::Ledger => "ledger",
            Which::Brittle => "brittle",
            Which::Books => "books",
            Which::Nested => "nested",
            Which::Replay(catalogue) => &catalogue.name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_a_sample() {
        for name in NAMES {
            assert_eq!(Sample::named(name).expect("a sample").name(), name);
        }
        assert!(Sample::named("other").is_none());
        assert!(Sample::named("ledger:rows=x").is_none());
    }

    #[test]
    fn a_name_may_say_how_much_data() {
        let many = Sample::named("ledger:rows=5000").expect("a sample");
        assert_eq!(many.scale.transactions, 5_000);
    }
}
