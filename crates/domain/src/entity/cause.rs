//! Why a row was rejected, and the causes of many rows in one list.

use std::collections::BTreeMap;

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
        }
    }
}

/// The causes of many rejected rows, the most frequent first; ties by name, so that the same rows
/// always give the same sentence. A row counts once for each cause.
pub fn top<'a>(rejected: impl IntoIterator<Item = &'a [Cause]>) -> Vec<evidence::Cause> {
    let mut counts: BTreeMap<(&str, Rule), (u64, &Cause)> = BTreeMap::new();
    for causes in rejected {
        let mut seen: Vec<(&str, Rule)> = Vec::new();
        for cause in causes {
            let key = (cause.field.as_str(), cause.rule);
            if !seen.contains(&key) {
                seen.push(key);
                counts.entry(key).or_insert((0, cause)).0 += 1;
            }
        }
    }
    let mut causes: Vec<evidence::Cause> = counts
        .into_values()
        .map(|(count, cause)| evidence::Cause {
            field: cause.field.clone(),
            rule: cause.rule.as_str().to_owned(),
            count,
            says: cause.says(),
        })
        .collect();
    causes.sort_by_key(|it| std::cmp::Reverse(it.count));
    causes
}
