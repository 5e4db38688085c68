//! Builtins that take a regular expression, with each expression compiled once. The engine compiles
//! it again for every call, which costs more than all the rest of a mapping.

use std::cell::RefCell;
use std::rc::Rc;

use jsonata_core::evaluator::{Evaluator, EvaluatorError, HostFnResult};
use jsonata_core::functions::string::{build_regex, match_regex};
use jsonata_core::value::JValue;
use regex::Regex;

use super::ExpressionError;

const CONTAINS: &str = "contains_pattern";
const MATCH: &str = "match_pattern";
const SPLIT: &str = "split_pattern";

/// More than any mapping has; an expression is short enough to hold few.
const MOST: usize = 64;

/// What the wall calls instead of a builtin with a text and a literal regular expression.
pub(super) fn stand_in(name: &str) -> Option<&'static str> {
    match name {
        "contains" => Some(CONTAINS),
        "match" => Some(MATCH),
        "split" => Some(SPLIT),
        _ => None,
    }
}

/// The regular expressions of one evaluator.
#[derive(Debug, Clone, Default)]
pub(super) struct Patterns(Rc<RefCell<Vec<Pattern>>>);

#[derive(Debug)]
struct Pattern {
    pattern: String,
    flags: String,
    regex: Regex,
}

impl Patterns {
    /// Installs the stand-ins.
    pub(super) fn install(&self, evaluator: &mut Evaluator) -> Result<(), ExpressionError> {
        let (contains, matches, split) = (self.clone(), self.clone(), self.clone());
        evaluator.register_fn(CONTAINS, move |given: &[JValue]| {
            contains.on(given, |regex, text| Ok(JValue::Bool(regex.is_match(text))))
        })?;
        evaluator.register_fn(MATCH, move |given: &[JValue]| {
            matches.on(given, |regex, text| Ok(match_regex(regex, text, None)?))
        })?;
        evaluator.register_fn(SPLIT, move |given: &[JValue]| {
            split.on(given, |regex, text| {
                Ok(JValue::array(regex.split(text).map(JValue::string).collect()))
            })
        })?;
        Ok(())
    }

    fn on(
        &self,
        given: &[JValue],
        work: impl FnOnce(&Regex, &str) -> HostFnResult,
    ) -> HostFnResult {
        let (text, pattern, flags) = match given {
            [JValue::String(text), JValue::Regex { pattern, flags }] => (text, pattern, flags),
            [JValue::Undefined, _] => return Ok(JValue::Undefined),
            _ => {
                return Err(EvaluatorError::TypeError("T0410: the argument is no text".to_owned()));
            }
        };
        self.with(pattern, flags, |regex| work(regex, text))
    }

    pub(super) fn with<T>(
        &self,
        pattern: &str,
        flags: &str,
        work: impl FnOnce(&Regex) -> Result<T, EvaluatorError>,
    ) -> Result<T, EvaluatorError> {
        let mut known = self.0.borrow_mut();
        if let Some(it) = known.iter().find(|it| it.pattern == pattern && it.flags == flags) {
            return work(&it.regex);
        }
        let regex = build_regex(pattern, flags)
            .map_err(|error| EvaluatorError::EvaluationError(format!("S0302: {error}")))?;
        let outcome = work(&regex);
        if known.len() < MOST {
            let (pattern, flags) = (pattern.to_owned(), flags.to_owned());
            known.push(Pattern { pattern, flags, regex });
        }
        outcome
    }
}
