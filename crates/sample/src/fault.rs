//! Faults on demand: `name[:tool][=n]`.

use std::fmt;
use std::str::FromStr;

/// What goes wrong. Each says what its number means; without one a default holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The tool list holds no tool that lists anything.
    NoListingTools,
    /// The tool is listed, and a call answers that there is none.
    UnknownTool,
    /// HTTP 401 with a challenge; over stdio a typed answer that a scope is missing.
    Unauthorized,
    /// HTTP 403 with a challenge that names a scope; over stdio as `unauthorized`.
    Forbidden,
    /// An answer with `isError`.
    IsError,
    /// An error sentence in an answer that claims success.
    ErrorSentence,
    /// An error object in an answer that claims success.
    ErrorObject,
    /// HTTP 503; over stdio an answer with `isError` that names it.
    ServerError,
    /// No answer ever.
    Timeout,
    /// The process ends, or over HTTP the connection breaks. Number: calls answered before, 1.
    DieMidway,
    /// No rows.
    Empty,
    /// A required field is null. Number: in every so many rows, 1.
    NullRequired,
    /// A field has another name, and there is a new one.
    Drift,
    /// Prose in place of data.
    Prose,
    /// An answer of so many MiB, 80.
    Huge,
    /// Numbers as words, texts as lists.
    WrongTypes,
    /// Rows name a parent that does not exist. Number: in every so many rows, 1.
    MissingParent,
    /// Lines on stdout that are not messages.
    NoiseOnStdout,
    /// Every answer is spoilt, each in another way: cut, nested, in wrong types or in wrong bytes.
    /// Number: the seed, 0.
    Mutated,
    /// The required field has a name that says nothing.
    Nameless,
    /// The required field is buried in an object, under a name that says nothing.
    Buried,
    /// No name and no value says anything.
    Opaque,
    /// Movements in the words of the target model, with a status that is a paragraph.
    Wordy,
    /// A second field that might be meant, beside the right one.
    TwoReadings,
    /// A field more.
    NewField,
    /// A total with a better name, empty from some row on, and a field less. Number: that row, 30.
    Decoy,
    /// The tool declares an output schema and answers with text only.
    TextOnly,
    /// The tool declares an output schema.
    Declares,
    /// The server waits before it answers anything. Number: milliseconds, 3000.
    SlowStart,
}

impl Kind {
    pub const ALL: [Self; 29] = [
        Self::NoListingTools,
        Self::UnknownTool,
        Self::Unauthorized,
        Self::Forbidden,
        Self::IsError,
        Self::ErrorSentence,
        Self::ErrorObject,
        Self::ServerError,
        Self::Timeout,
        Self::DieMidway,
        Self::Empty,
        Self::NullRequired,
        Self::Drift,
        Self::Prose,
        Self::Huge,
        Self::WrongTypes,
        Self::MissingParent,
        Self::NoiseOnStdout,
        Self::Mutated,
        Self::Nameless,
        Self::Buried,
        Self::Opaque,
        Self::Wordy,
        Self::TwoReadings,
        Self::NewField,
        Self::Decoy,
        Self::TextOnly,
        Self::Declares,
        Self::SlowStart,
    ];

    /// The name on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoListingTools => "no_listing_tools",
            Self::UnknownTool => "unknown_tool",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::IsError => "is_error",
            Self::ErrorSentence => "error_sentence",
            Self::ErrorObject => "error_object",
            Self::ServerError => "server_error",
            Self::Timeout => "timeout",
            Self::DieMidway => "die_midway",
            Self::Empty => "empty",
            Self::NullRequired => "null_required",
            Self::Drift => "drift",
            Self::Prose => "prose",
            Self::Huge => "huge",
            Self::WrongTypes => "wrong_types",
            Self::MissingParent => "missing_parent",
            Self::NoiseOnStdout => "noise_on_stdout",
            Self::Mutated => "mutated",
            Self::Nameless => "nameless",
            Self::Buried => "buried",
            Self::Opaque => "opaque",
            Self::Wordy => "wordy",
            Self::TwoReadings => "two_readings",
            Self::NewField => "new_field",
            Self::Decoy => "decoy",
            Self::TextOnly => "text_only",
            Self::Declares => "declares",
            Self::SlowStart => "slow_start",
        }
    }

    const fn default_number(self) -> u64 {
        match self {
            Self::Huge => 80,
            Self::Decoy => 30,
            Self::SlowStart => 3_000,
            Self::DieMidway | Self::NullRequired | Self::MissingParent => 1,
            Self::NoListingTools
            | Self::UnknownTool
            | Self::Unauthorized
            | Self::Forbidden
            | Self::IsError
            | Self::ErrorSentence
            | Self::ErrorObject
            | Self::ServerError
            | Self::Timeout
            | Self::Empty
            | Self::Drift
            | Self::Prose
            | Self::WrongTypes
            | Self::Mutated
            | Self::Nameless
            | Self::Buried
            | Self::Opaque
            | Self::Wordy
            | Self::TwoReadings
            | Self::NewField
            | Self::TextOnly
            | Self::Declares
            | Self::NoiseOnStdout => 0,
        }
    }
}

/// A fault, of every tool or of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub kind: Kind,
    pub tool: Option<String>,
    pub number: Option<u64>,
}

#[derive(Debug, thiserror::Error)]
#[error("no fault {given:?}: it is `name[:tool][=n]`, the names are {}", names())]
pub struct UnknownFault {
    given: String,
}

fn names() -> String {
    Kind::ALL.map(Kind::as_str).join(", ")
}

impl Fault {
    /// A fault of every tool.
    pub fn of(kind: Kind) -> Self {
        Self { kind, tool: None, number: None }
    }

    /// The number given, or the kind's own.
    pub fn number(&self) -> u64 {
        self.number.unwrap_or(self.kind.default_number())
    }

    pub(crate) fn concerns(&self, tool: &str) -> bool {
        self.tool.as_deref().is_none_or(|it| it == tool)
    }
}

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(text: &str) -> Result<Self, UnknownFault> {
        let unknown = || UnknownFault { given: text.to_owned() };
        let (rest, number) = match text.split_once('=') {
            Some((rest, number)) => (rest, Some(number.parse().ok().ok_or_else(unknown)?)),
            None => (text, None),
        };
        let (name, tool) = match rest.split_once(':') {
            Some((name, tool)) => (name, Some(tool.to_owned())),
            None => (rest, None),
        };
        let name = if name == "hang" { "timeout" } else { name };
        let kind = Kind::ALL.into_iter().find(|it| it.as_str() == name).ok_or_else(unknown)?;
        Ok(Self { kind, tool, number })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.as_str())?;
        if let Some(tool) = &self.tool {
            write!(f, ":{tool}")?;
        }
        match self.number {
            Some(number) => write!(f, "={number}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_reads_as_it_is_written() {
        for text in ["empty", "null_required:list_invoices", "die_midway=3", "huge:list_people=2"] {
            let fault: Fault = text.parse().expect(text);
            assert_eq!(fault.to_string(), text);
        }
    }

    #[test]
    fn every_kind_has_its_name() {
        for kind in Kind::ALL {
            assert_eq!(kind.as_str().parse::<Fault>().expect("a fault").kind, kind);
        }
    }

    #[test]
    fn what_is_no_fault_is_told_with_the_names() {
        let error = "fire".parse::<Fault>().expect_err("no fault").to_string();
        assert!(error.contains("die_midway"), "{error}");
        assert!("empty=x".parse::<Fault>().is_err());
    }
}
