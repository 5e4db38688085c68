//! What the values of a column look like.

use std::collections::BTreeSet;

use domain::entity::{is_currency, is_iban};
use serde_json::Value;

use super::column::share;
use super::days;
use crate::plan::{DateFormat, EpochUnit};

/// Counts and patterns over the present values of a column.
#[derive(Debug, Clone, Default)]
pub(super) struct Profile {
    pub(super) count: usize,
    pub(super) distinct: usize,
    pub(super) texts: usize,
    pub(super) numbers: usize,
    /// Numbers written without a point.
    pub(super) integers: usize,
    pub(super) booleans: usize,
    /// `false` among values of another kind.
    pub(super) false_as_null: bool,
    pub(super) negatives: usize,
    pub(super) positives: usize,
    /// Shares of the texts.
    pub(super) emails: f64,
    pub(super) addresses_within: f64,
    pub(super) urls: f64,
    /// Texts with a scheme: addresses of something, never names.
    pub(super) links: f64,
    /// Texts of one word with digits in it, as machines make them.
    pub(super) codes: f64,
    pub(super) mimes: f64,
    pub(super) ibans: f64,
    pub(super) currencies: f64,
    pub(super) in_lower_case: bool,
    pub(super) with_spaces: f64,
    pub(super) with_digits: f64,
    pub(super) longest: usize,
    /// Every text is a number, with this mark for the decimals.
    pub(super) number_texts: Option<char>,
    /// Every text is a whole number as programs write them: `1250`, and not `1250.00`.
    pub(super) whole_texts: bool,
    /// Some text has more than digits, a sign and a mark.
    pub(super) decorated: bool,
    /// Every text is a day written in one way.
    pub(super) days: Option<DateFormat>,
    pub(super) with_time: bool,
    pub(super) microsoft: bool,
    /// Every number, or every text that is one, counts time since 1970.
    pub(super) epoch: Option<EpochUnit>,
}

impl Profile {
    pub(super) fn of(values: &[&Value]) -> Self {
        let texts: Vec<&str> = values.iter().filter_map(|it| it.as_str()).collect();
        let numbers: Vec<f64> = values.iter().filter_map(|it| it.as_f64()).collect();
        let booleans = values.iter().filter(|it| it.is_boolean()).count();
        let distinct: BTreeSet<String> = values.iter().map(|it| it.to_string()).collect();
        let of_texts = |test: &dyn Fn(&str) -> bool| {
            share(texts.iter().filter(|it| test(it)).count(), texts.len())
        };
        let is_true = |it: &&Value| **it == Value::Bool(true);
        let whole_texts = !texts.is_empty() && texts.iter().all(|it| is_whole(it));
        let counted: Vec<f64> = match whole_texts && numbers.is_empty() {
            true => texts.iter().filter_map(|it| it.parse().ok()).collect(),
            false => numbers.clone(),
        };
        Self {
            count: values.len(),
            distinct: distinct.len(),
            texts: texts.len(),
            numbers: numbers.len(),
            integers: values.iter().filter(|it| it.is_i64() || it.is_u64()).count(),
            booleans,
            false_as_null: booleans > 0 && booleans < values.len() && !values.iter().any(is_true),
            negatives: numbers.iter().filter(|it| **it < 0.0).count(),
            positives: numbers.iter().filter(|it| **it > 0.0).count(),
            emails: of_texts(&is_email),
            addresses_within: of_texts(&|it| it.split(['<', '>', ' ', ',', ';']).any(is_email)),
            urls: of_texts(&|it| it.contains("://") || it.starts_with("www.") || is_host(it)),
            links: of_texts(&|it| it.contains("://")),
            codes: of_texts(&is_code),
            mimes: of_texts(&|it| it.contains('/') && !it.contains([' ', ':'])),
            ibans: of_texts(&is_iban),
            currencies: of_texts(&|it| is_currency(&it.to_uppercase())),
            in_lower_case: !texts.is_empty() && texts.iter().all(|it| *it == it.to_lowercase()),
            with_spaces: of_texts(&|it| it.trim().contains(' ')),
            with_digits: of_texts(&|it| it.contains(|letter: char| letter.is_ascii_digit())),
            longest: texts.iter().map(|it| it.chars().count()).max().unwrap_or(0),
            number_texts: number_mark(&texts),
            whole_texts,
            decorated: texts
                .iter()
                .any(|it| it.contains(|it: char| !it.is_ascii_digit() && !"-.,".contains(it))),
            days: days::format(&texts),
            with_time: !texts.is_empty() && texts.iter().all(|it| days::has_time(it)),
            microsoft: !texts.is_empty() && texts.iter().all(|it| it.starts_with("/Date(")),
            epoch: epoch(&counted),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(super) fn only_texts(&self) -> bool {
        self.texts == self.count
    }

    pub(super) fn only_numbers(&self) -> bool {
        self.numbers == self.count
    }

    pub(super) fn only_booleans(&self) -> bool {
        self.booleans == self.count
    }

    /// Numbers without decimals, however they are written.
    pub(super) fn is_whole(&self) -> bool {
        self.integers == self.numbers && (self.texts == 0 || self.whole_texts)
    }

    /// Neither a list nor a truth value: something that can be written as text.
    pub(super) fn is_texty(&self) -> bool {
        self.texts + self.numbers == self.count || self.false_as_null
    }

    /// A record may change between two pages and come twice; one in fifty is let pass.
    pub(super) fn is_unique(&self) -> bool {
        (self.count - self.distinct) * 50 <= self.count
    }
}

/// No code either: nothing is written before its first digit.
fn is_whole(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|it| it.is_ascii_digit());
    is_number && (digits == "0" || !digits.starts_with('0'))
}

fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && domain.contains('.') && !text.contains([' ', '<', '>', '/'])
    })
}

fn is_code(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    text.len() >= 8 && digits >= 2 && !text.contains(' ')
}

/// `example.org`: dots, no blanks, and a top-level domain of letters.
fn is_host(text: &str) -> bool {
    let top = text.rsplit('.').next().unwrap_or_default();
    text.contains('.')
        && !text.contains([' ', '@'])
        && (2..=10).contains(&top.len())
        && top.chars().all(|it| it.is_ascii_alphabetic())
}

/// The decimal mark, if every text is a number; a point unless the texts say otherwise.
fn number_mark(texts: &[&str]) -> Option<char> {
    let digits = |it: &str| it.chars().any(|letter| letter.is_ascii_digit());
    let allowed = |letter: char| letter.is_ascii_digit() || " .,-+()'$€£\u{a0}".contains(letter);
    let coded = |it: &str| {
        let rest = it.trim_start_matches(|letter: char| letter.is_ascii_uppercase());
        let rest = rest.trim_end_matches(|letter: char| letter.is_ascii_uppercase());
        it.len() - rest.len() == 3 || it.len() == rest.len()
    };
    let trimmed = |it: &str| it.trim_matches(|letter: char| letter.is_ascii_uppercase()).to_owned();
    let is_number = |it: &&str| {
        digits(it)
            && it.len() <= 30
            && coded(it)
            && trimmed(it).chars().all(allowed)
            && !it.trim_start_matches('-').contains('-')
            && it.matches('.').count() + it.matches(',').count() <= 4
    };
    if texts.is_empty() || !texts.iter().all(is_number) {
        return None;
    }
    let comma_last = |it: &&str| {
        it.rsplit_once(',').is_some_and(|(_, rest)| !rest.contains('.') && rest.trim().len() <= 2)
    };
    Some(if texts.iter().any(comma_last) { ',' } else { '.' })
}

/// Seconds or milliseconds between 1990 and 2065.
fn epoch(numbers: &[f64]) -> Option<EpochUnit> {
    let all = |from: f64, to: f64| numbers.iter().all(|it| (from..to).contains(it));
    match numbers {
        [] => None,
        _ if all(631_152_000.0, 3_000_000_000.0) => Some(EpochUnit::Seconds),
        _ if all(631_152_000_000.0, 3_000_000_000_000.0) => Some(EpochUnit::Milliseconds),
        _ => None,
    }
}
