//! The words of the trade: pure and synchronous. No clock, no driver, no I/O.
//!
//! Everything that another crate says aloud (in SQL, JSON, a page or a log line) is named here once.

pub mod catalogue;
pub mod connector;
pub mod diagnostic;
pub mod entity;
pub mod evidence;
pub mod finding;
pub mod governance;
pub mod grant;
pub mod health;
pub mod id;
pub mod issue;
pub mod missing;
pub mod nearest;
pub mod order;
pub mod probe;
pub mod reason;
pub mod redact;
pub mod reference;
pub mod retention;
pub mod retry;
pub mod run;
pub mod schema;
pub mod target;
pub mod time;
pub mod webhook;
pub mod words;

pub use diagnostic::{Diagnostic, NewDiagnostic};
pub use finding::Finding;
pub use reason::{Class, Impact, Reason, Stage};
pub use target::TargetModel;

/// Bytes as lower-case hexadecimal digits, two each.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap_or_else(|_| unreachable!("a string takes any text"));
        text
    })
}
