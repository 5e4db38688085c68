//! A mapping as data: where each slot of a target comes from, and what is done to it on the way.

use std::collections::BTreeMap;
use std::fmt;

use domain::TargetModel;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::path::Path;
use crate::records::Records;

/// How the records of one target are made from the rows of one tool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    pub target: TargetModel,
    /// Which part of each row the slots are read from.
    #[serde(default, skip_serializing_if = "Records::are_rows")]
    pub records: Records,
    pub slots: Vec<Slot>,
}

/// One attribute of the target, and its origin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Slot {
    /// Attribute, dotted for a member: `instructed_amount.amount`. Within [`Source::Each`],
    /// relative to the item.
    pub slot: String,
    pub source: Source,
    /// Applied in order; none means that the value is copied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transforms: Vec<Transform>,
}

/// Where the value of a slot is read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    Path(Path),
    /// The first of several that is present.
    FirstOf(Vec<Path>),
    /// Those present, joined.
    Concat {
        paths: Vec<Path>,
        separator: String,
    },
    /// One amount less another (money in, money out); either may be absent.
    Difference {
        plus: Path,
        minus: Path,
    },
    /// A list: one object for each item, by slots of its own.
    Each {
        path: Path,
        slots: Vec<Slot>,
    },
    /// The same for every row, because of something known outside the row.
    Constant {
        value: Value,
        reason: String,
    },
    /// Nothing in the source fits.
    Null {
        reason: String,
    },
}

/// What is done to a value. The list is closed: each has one meaning in JSONata.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transform {
    /// A number or a truth value, written as text.
    Text,
    /// A text, read as a number; `comma` if the comma marks the decimals.
    Number {
        comma: bool,
    },
    /// An integer of the smallest unit; of `currency` where the row says which, else hundredths.
    MinorUnits {
        currency: Option<Path>,
    },
    Negate,
    /// Positive or negative by a sibling: negative where its text is one of these.
    SignFrom {
        path: Path,
        negative: Vec<String>,
    },
    /// Kept only where a sibling has this text (one amount field with a debit/credit mark).
    OnlyWhere {
        path: Path,
        equals: String,
    },
    /// The amount if above zero; the amount turned positive if below zero.
    Above,
    Below,
    /// The date of a text that is written this way.
    Date {
        format: DateFormat,
    },
    /// The date of a count of seconds or milliseconds since 1970.
    EpochDate {
        unit: EpochUnit,
    },
    EpochTime {
        unit: EpochUnit,
    },
    /// A word for a word; both sides are compared by their [`spelling`].
    Enum {
        words: BTreeMap<String, String>,
        other: Otherwise,
    },
    Upper,
    Lower,
    /// Whether the value is one of these words: `active`, `1`.
    IsOneOf {
        words: Vec<String>,
    },
    Not,
    /// The part before the first mark, or after it.
    Before {
        mark: String,
    },
    After {
        mark: String,
    },
    /// The part after the last mark; all of it where there is none.
    AfterLast {
        mark: String,
    },
    First,
    Last,
    /// `false` stands for nothing.
    FalseIsNull,
    /// The e-mail address within a text such as `Ada <ada@example.org>`.
    Address,
    /// The bare host of a web address or of an e-mail address.
    Domain,
}

/// How words of a provider are compared: in lower case, with blanks for hyphens and underscores.
pub fn spelling(word: &str) -> String {
    word.to_lowercase().replace(['_', '-'], " ")
}

/// What becomes of a word that is not in the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Otherwise {
    /// It stays, so that the validator names it: for a required attribute.
    Keep,
    /// Left out: for an optional attribute, where an unknown word must not cost the row.
    Null,
    Word(String),
}

/// How a provider writes a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateFormat {
    /// `2025-12-31`, with or without a time.
    Iso,
    /// `20251231`
    Compact,
    /// `31/12/2025`, `31.12.2025`, `31-12-2025`
    DayFirst,
    /// `12/31/2025`
    MonthFirst,
    /// `2025/12/31`
    YearFirst,
    /// `31 Dec 2025`, `Wed, 31 Dec 2025 10:00:00 +0000`
    DayName,
    /// `Dec 31, 2025`
    MonthName,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EpochUnit {
    Seconds,
    Milliseconds,
}

impl Plan {
    pub fn slot(&self, name: &str) -> Option<&Slot> {
        self.slots.iter().find(|it| it.slot == name)
    }

    /// Every path that the plan reads, relative to the row; for drift, and to refuse a path that
    /// is not in the sample. Paths of list items are given beneath their list.
    pub fn paths(&self) -> Vec<Path> {
        let of_record = self.slots.iter().flat_map(Slot::paths);
        let mut paths: Vec<Path> = of_record.map(|it| self.records.from_row(&it)).collect();
        paths.sort();
        paths.dedup();
        paths
    }
}

impl Slot {
    pub fn copy(slot: &str, path: Path) -> Self {
        Self { slot: slot.to_owned(), source: Source::Path(path), transforms: Vec::new() }
    }

    pub fn null(slot: &str, reason: impl Into<String>) -> Self {
        let source = Source::Null { reason: reason.into() };
        Self { slot: slot.to_owned(), source, transforms: Vec::new() }
    }

    pub fn is_null(&self) -> bool {
        matches!(self.source, Source::Null { .. })
    }

    /// The paths that lead to one value of a row: not those within a list.
    pub fn own_paths(&self) -> Vec<Path> {
        match &self.source {
            Source::Each { path, .. } => vec![path.clone()],
            Source::Path(_)
            | Source::FirstOf(_)
            | Source::Concat { .. }
            | Source::Difference { .. }
            | Source::Constant { .. }
            | Source::Null { .. } => self.paths(),
        }
    }

    pub(crate) fn paths(&self) -> Vec<Path> {
        let mut paths = match &self.source {
            Source::Path(path) => vec![path.clone()],
            Source::FirstOf(paths) | Source::Concat { paths, .. } => paths.clone(),
            Source::Difference { plus, minus } => vec![plus.clone(), minus.clone()],
            Source::Each { path, slots } => {
                let below = |it: Path| Path(path.0.iter().cloned().chain(it.0).collect());
                let inner = slots.iter().flat_map(Slot::paths).map(below);
                std::iter::once(path.clone()).chain(inner).collect()
            }
            Source::Constant { .. } | Source::Null { .. } => Vec::new(),
        };
        paths.extend(self.transforms.iter().filter_map(Transform::sibling).cloned());
        paths
    }
}

impl Transform {
    /// The further path that a transform reads.
    pub fn sibling(&self) -> Option<&Path> {
        match self {
            Self::MinorUnits { currency } => currency.as_ref(),
            Self::SignFrom { path, .. } | Self::OnlyWhere { path, .. } => Some(path),
            Self::Text
            | Self::Number { .. }
            | Self::Negate
            | Self::Above
            | Self::Below
            | Self::Date { .. }
            | Self::EpochDate { .. }
            | Self::EpochTime { .. }
            | Self::Enum { .. }
            | Self::Upper
            | Self::Lower
            | Self::IsOneOf { .. }
            | Self::Not
            | Self::Before { .. }
            | Self::After { .. }
            | Self::AfterLast { .. }
            | Self::First
            | Self::Last
            | Self::FalseIsNull
            | Self::Address
            | Self::Domain => None,
        }
    }

    /// The transform in a word.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number { .. } => "number",
            Self::MinorUnits { .. } => "minor_units",
            Self::Negate => "negate",
            Self::SignFrom { .. } => "sign_from",
            Self::OnlyWhere { .. } => "only_where",
            Self::Above => "above",
            Self::Below => "below",
            Self::Date { .. } => "date",
            Self::EpochDate { .. } => "epoch_date",
            Self::EpochTime { .. } => "epoch_time",
            Self::Enum { .. } => "enum",
            Self::Upper => "upper",
            Self::Lower => "lower",
            Self::IsOneOf { .. } => "is_one_of",
            Self::Not => "not",
            Self::Before { .. } => "before",
            Self::After { .. } => "after",
            Self::AfterLast { .. } => "after_last",
            Self::First => "first",
            Self::Last => "last",
            Self::FalseIsNull => "false_is_null",
            Self::Address => "address",
            Self::Domain => "domain",
        }
    }
}

impl fmt::Display for Transform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
