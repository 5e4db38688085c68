//! Builtins whose output can outgrow any input, with a cap. The engine looks at its clock
//! between nodes only, so these have to bound themselves.

use jsonata_core::evaluator::{Evaluator, EvaluatorError, HostFnResult};
use jsonata_core::value::JValue;

use super::ExpressionError;
use super::patterns::Patterns;
use crate::number;

/// The engine compiles `$string` and `$join` into a fast path that no override reaches, so the
/// wall renames every use of them to these.
pub(super) const STRING: &str = "capped_string";
pub(super) const JOIN: &str = "capped_join";

/// Installs the capped builtins.
pub(super) fn cap(evaluator: &mut Evaluator, most: usize) -> Result<(), ExpressionError> {
    evaluator.register_fn(STRING, move |given: &[JValue]| string(given, most))?;
    evaluator.register_fn(JOIN, move |given: &[JValue]| join(given, most))?;
    evaluator.register_fn_override("pad", move |given: &[JValue]| pad(given, most))?;
    let patterns = Patterns::default();
    patterns.install(evaluator)?;
    evaluator
        .register_fn_override("replace", move |given: &[JValue]| replace(given, most, &patterns))?;
    Ok(())
}

fn string(given: &[JValue], most: usize) -> HostFnResult {
    let Some(value) = given.first() else { return Ok(JValue::Undefined) };
    match value {
        JValue::Undefined => Ok(JValue::Undefined),
        JValue::String(_) => Ok(value.clone()),
        JValue::Lambda(_) | JValue::Builtin { .. } | JValue::Regex { .. } => Ok(JValue::string("")),
        JValue::Null | JValue::Bool(_) | JValue::Number(_) => scalar(value).map(JValue::string),
        JValue::Array(_) | JValue::Object(_) => {
            let mut text = String::new();
            write(value, &mut text, most, 64)?;
            Ok(JValue::string(text))
        }
    }
}

/// JSON without blanks, as `$string` writes it, given up as soon as it is too long.
fn write(value: &JValue, text: &mut String, most: usize, depth: u32) -> Result<(), EvaluatorError> {
    if text.len() > most {
        return Err(too_long());
    }
    let below = depth.checked_sub(1).ok_or_else(too_long)?;
    match value {
        JValue::Null | JValue::Bool(_) | JValue::Number(_) => text.push_str(&scalar(value)?),
        JValue::String(it) => text.push_str(&quoted(it)),
        JValue::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                text.push_str(if index == 0 { "" } else { "," });
                write(item, text, most, below)?;
            }
            text.push(']');
        }
        JValue::Object(members) => {
            text.push('{');
            let present = members.iter().filter(|(_, it)| !it.is_undefined());
            for (index, (name, member)) in present.enumerate() {
                text.push_str(if index == 0 { "" } else { "," });
                text.push_str(&quoted(name));
                text.push(':');
                write(member, text, most, below)?;
            }
            text.push('}');
        }
        JValue::Undefined => text.push_str("null"),
        JValue::Lambda(_) | JValue::Builtin { .. } | JValue::Regex { .. } => text.push_str("\"\""),
    }
    Ok(())
}

/// A number as JSONata writes it, with 15 significant digits; an exponent only where JavaScript
/// has one.
fn scalar(value: &JValue) -> Result<String, EvaluatorError> {
    match value {
        JValue::Bool(it) => Ok(it.to_string()),
        JValue::Number(it) => number::text(*it).ok_or_else(|| {
            EvaluatorError::EvaluationError(
                "D3001: Attempting to invoke string function on Infinity or NaN".to_owned(),
            )
        }),
        JValue::Null
        | JValue::String(_)
        | JValue::Array(_)
        | JValue::Object(_)
        | JValue::Undefined
        | JValue::Lambda(_)
        | JValue::Builtin { .. }
        | JValue::Regex { .. } => Ok("null".to_owned()),
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn join(given: &[JValue], most: usize) -> HostFnResult {
    let separator = given.get(1).and_then(JValue::as_str).unwrap_or("");
    let parts: Vec<&str> = match given.first() {
        None | Some(JValue::Undefined) => return Ok(JValue::Undefined),
        Some(JValue::String(one)) => vec![one],
        Some(JValue::Array(items)) => {
            items.iter().map(JValue::as_str).collect::<Option<_>>().ok_or_else(not_texts)?
        }
        Some(_) => return Err(not_texts()),
    };
    let length = parts.iter().map(|it| it.len().saturating_add(separator.len()));
    if length.fold(0, usize::saturating_add) > most {
        return Err(too_long());
    }
    Ok(JValue::string(parts.join(separator)))
}

fn pad(given: &[JValue], most: usize) -> HostFnResult {
    let Some(text) = text(given, "$pad")? else { return Ok(JValue::Undefined) };
    let width = given.get(1).and_then(whole).unwrap_or(0);
    let filler = given.get(2).and_then(JValue::as_str).filter(|it| !it.is_empty()).unwrap_or(" ");
    let length = text.chars().count();
    let missing =
        usize::try_from(width.unsigned_abs()).unwrap_or(usize::MAX).saturating_sub(length);
    if missing.saturating_mul(4) > most {
        return Err(too_long());
    }
    let padding: String = filler.chars().cycle().take(missing).collect();
    let padded = if width < 0 { format!("{padding}{text}") } else { format!("{text}{padding}") };
    Ok(JValue::string(padded))
}

/// The first argument. Nothing is replaced in nothing; what is there and no text is a mistake that
/// must not end as an empty slot.
fn text<'a>(given: &'a [JValue], of: &str) -> Result<Option<&'a str>, EvaluatorError> {
    match given.first() {
        None | Some(JValue::Undefined) => Ok(None),
        Some(JValue::String(it)) => Ok(Some(&**it)),
        Some(_) => Err(EvaluatorError::TypeError(format!("T0410: {of} takes a text"))),
    }
}

/// The whole part of a number, or the farthest there is in its direction.
fn whole(value: &JValue) -> Option<i64> {
    let JValue::Number(it) = value else { return None };
    let farthest = if *it < 0.0 { i64::MIN } else { i64::MAX };
    Some(it.trunc().to_string().parse().unwrap_or(farthest))
}

/// `$replace` with a text or a regular expression, and a text with `$1`, `$0`, `$$`.
fn replace(given: &[JValue], most: usize, patterns: &Patterns) -> HostFnResult {
    let Some(text) = text(given, "$replace")? else { return Ok(JValue::Undefined) };
    let Some(by) = given.get(2).and_then(JValue::as_str) else {
        return Err(EvaluatorError::TypeError("T0410: replacement is no text".to_owned()));
    };
    let limit = match given.get(3) {
        None | Some(JValue::Undefined) => usize::MAX,
        Some(it) => limit(whole(it))?,
    };
    let mut out = String::new();
    let mut from = 0;
    let mut push = |part: &str| match out.len().saturating_add(part.len()) > most {
        true => Err(too_long()),
        false => {
            out.push_str(part);
            Ok(())
        }
    };
    let part = |start: usize, end: usize| text.get(start..end).unwrap_or_default();
    match given.get(1) {
        Some(JValue::String(pattern)) if !pattern.is_empty() => {
            for (at, found) in text.match_indices(&**pattern).take(limit) {
                push(part(from, at))?;
                push(by)?;
                from = at + found.len();
            }
        }
        Some(JValue::Regex { pattern, flags }) => {
            patterns.with(pattern, flags, |regex| {
                for found in regex.captures_iter(text).take(limit) {
                    let Some(whole) = found.get(0) else { continue };
                    if whole.is_empty() {
                        let nothing = "D1004: the regular expression matches nothing";
                        return Err(EvaluatorError::EvaluationError(nothing.to_owned()));
                    }
                    push(part(from, whole.start()))?;
                    push(&substituted(by, &found))?;
                    from = whole.end();
                }
                Ok(())
            })?;
        }
        _ => return Err(EvaluatorError::EvaluationError("D3010: nothing to replace".to_owned())),
    }
    push(part(from, text.len()))?;
    Ok(JValue::string(out))
}

fn limit(given: Option<i64>) -> Result<usize, EvaluatorError> {
    let given = given.ok_or_else(|| {
        EvaluatorError::TypeError("T0410: the limit of $replace is no number".to_owned())
    })?;
    usize::try_from(given).map_err(|_negative| {
        EvaluatorError::EvaluationError("D3011: the limit of $replace is negative".to_owned())
    })
}

/// `$12` is the twelfth group, or the first and a `2` when there are fewer.
fn substituted(by: &str, found: &regex::Captures<'_>) -> String {
    let groups = found.len() - 1;
    let longest = groups.max(1).to_string().len();
    let mut out = String::new();
    let mut rest = by;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        rest = after;
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$');
            rest = after;
            continue;
        }
        let digits = rest.bytes().take(longest).take_while(u8::is_ascii_digit).count();
        let number = |length: usize| rest.get(..length)?.parse::<usize>().ok();
        let fits = |length: &usize| *length == 1 || number(*length).is_some_and(|it| it <= groups);
        match (1..=digits).rev().find(fits) {
            Some(length) => {
                let group = number(length).and_then(|it| found.get(it));
                out.push_str(group.map_or("", |it| it.as_str()));
                rest = rest.get(length..).unwrap_or_default();
            }
            None => out.push('$'),
        }
    }
    out.push_str(rest);
    out
}

fn too_long() -> EvaluatorError {
    EvaluatorError::EvaluationError("D3137: the text would be too long".to_owned())
}

fn not_texts() -> EvaluatorError {
    EvaluatorError::TypeError("T0412: $join takes texts".to_owned())
}
