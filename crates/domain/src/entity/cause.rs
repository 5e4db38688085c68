//! Why a row was rejected, and the causes of many rows in one list.

use std::collections::{BTreeMap, BTreeSet};

use crate::evidence;

crate::words! {
    /// A rule of the validator.
    Rule, "validator rule" {
        NullRequired = "null_required",
        WrongType = "wrong_type",
        TooLong = "too_long",
        TooShort = "too_short",
        NotInEnum = "not_in_enum",
        BadPattern = "bad_pattern",
        BadFormat = "bad_format",
        BadChecksum = "bad_checksum",
        OutOfRange = "out_of_range",
        TotalsDoNotAddUp = "totals_do_not_add_up",
        Unbalanced = "unbalanced",
        MissingCurrency = "missing_currency",
        UnknownField = "unknown_field",
        /// The mapping gave nothing for the row.
        EvaluationFailed = "evaluation_failed",
        /// Another record of the run has the key.
        DuplicateKey = "duplicate_key",
    }
}

/// One field of one row broke one rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cause {
    /// Dotted path of the attribute, e.g. `lines.debit`; empty for the row as a whole.
    pub field: String,
    pub rule: Rule,
    /// What was expected; never the value itself, which may be personal.
    pub detail: String,
}

impl Cause {
    pub fn new(field: &str, rule: Rule, detail: impl Into<String>) -> Self {
        Self { field: field.to_owned(), rule, detail: detail.into() }
    }

    pub(super) fn null_required(field: &str) -> Self {
        Self::new(field, Rule::NullRequired, "required by the schema")
    }

    pub(super) fn at(self, field: &str) -> Self {
        Self { field: field.to_owned(), ..self }
    }

    /// The attribute that `field` belongs to.
    pub(super) fn attribute(&self) -> &str {
        self.field.split('.').next().unwrap_or_default()
    }

    /// The cause in words, as a finding says it.
    pub fn says(&self) -> String {
        let field = &self.field;
        match self.rule {
            Rule::NullRequired => format!("required field '{field}' null"),
            Rule::WrongType => format!("field '{field}' of wrong type"),
            Rule::TooLong => format!("field '{field}' too long"),
            Rule::TooShort => format!("field '{field}' too short"),
            Rule::NotInEnum => format!("field '{field}' not an allowed value"),
            Rule::BadPattern => format!("field '{field}' not of the required pattern"),
            Rule::BadFormat => format!("field '{field}' not of the required format"),
            Rule::BadChecksum => format!("field '{field}' with a wrong checksum"),
            Rule::OutOfRange => format!("field '{field}' out of range"),
            Rule::TotalsDoNotAddUp => format!("field '{field}' not the sum of its parts"),
            Rule::Unbalanced => format!("field '{field}' not balanced"),
            Rule::MissingCurrency => format!("field '{field}' without a currency"),
            Rule::UnknownField => format!("unknown field '{field}'"),
            Rule::EvaluationFailed => self.detail.clone(),
            Rule::DuplicateKey => {
                format!("field '{field}' already used by another record of this run")
            }
        }
    }
}

/// The causes of many rejected rows, counted. A row counts once for each cause.
#[derive(Debug, Clone, Default)]
pub struct Causes(BTreeMap<(String, Rule), (u64, Cause)>);

impl Causes {
    /// The causes of one more row.
    pub fn add(&mut self, row: &[Cause]) {
        let keys: BTreeSet<(&str, Rule)> =
            row.iter().map(|it| (it.field.as_str(), it.rule)).collect();
        for (field, rule) in keys {
            let first = row.iter().find(|it| it.field == field && it.rule == rule);
            if let Some(cause) = first {
                self.0.entry((field.to_owned(), rule)).or_insert_with(|| (0, cause.clone())).0 += 1;
            }
        }
    }

    /// The most frequent first; ties by name, so that the same rows always give the same sentence.
    pub fn most_frequent(&self) -> Vec<evidence::Cause> {
        let counted = |(count, cause): &(u64, Cause)| evidence::Cause {
            field: cause.field.clone(),
            rule: cause.rule.as_str().to_owned(),
            count: *count,
            says: cause.says(),
        };
        let mut causes: Vec<evidence::Cause> = self.0.values().map(counted).collect();
        causes.sort_by_key(|it| std::cmp::Reverse(it.count));
        causes
    }
}
