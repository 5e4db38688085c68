//! Numbers as JSONata has them: doubles, and how they are written.

use serde_json::{Map, Number, Value};

/// JSONata writes numbers with 15 digits, and its doubles lose integers beyond 2^53. A longer
/// integer is an identifier, or an amount that must not change: it travels as text.
const LONGEST_INTEGER: u64 = 999_999_999_999_999;

/// The double of a number; none for an integer that travels as text.
pub(crate) fn double(number: &Number) -> Option<f64> {
    let magnitude = number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs));
    number.as_f64().filter(|_| magnitude.is_none_or(|it| it <= LONGEST_INTEGER))
}

/// Whole numbers come back as integers: `12`, not `12.0`.
pub(crate) fn json(it: f64) -> Value {
    if let Some(integer) = whole(it) {
        return Value::from(integer);
    }
    Number::from_f64(it).map_or(Value::Null, Value::Number)
}

#[expect(clippy::cast_possible_truncation, reason = "whole, and within the range of the integer")]
fn whole(it: f64) -> Option<i64> {
    const END: f64 = 9_223_372_036_854_775_808.0;
    (it.fract() == 0.0 && (-END..END).contains(&it)).then_some(it as i64)
}

/// As `$string` writes it, with 15 significant digits; none for what is no number.
pub(crate) fn text(it: f64) -> Option<String> {
    if !it.is_finite() {
        return None;
    }
    // Up to here every integer has at most 15 digits, and most numbers are such.
    if let Some(integer) = whole(it).filter(|it| it.unsigned_abs() <= LONGEST_INTEGER) {
        return Some(integer.to_string());
    }
    let rounded = format!("{it:.14e}").parse::<f64>().unwrap_or(it);
    if (1e-6..1e21).contains(&rounded.abs()) {
        return Some(rounded.to_string());
    }
    let text = format!("{rounded:e}");
    match text.split_once('e') {
        Some((digits, power)) if !power.starts_with('-') => Some(format!("{digits}e+{power}")),
        Some(_) | None => Some(text),
    }
}

/// With its numbers as JSONata gives them back.
pub(crate) fn copied(value: &Value) -> Value {
    match value {
        Value::Number(it) => double(it).map_or_else(|| Value::String(it.to_string()), json),
        Value::Array(items) => Value::Array(items.iter().map(copied).collect()),
        Value::Object(members) => {
            let members = members.iter().map(|(name, it)| (name.clone(), copied(it)));
            Value::Object(members.collect::<Map<_, _>>())
        }
        Value::Null | Value::Bool(_) | Value::String(_) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_javascript_writes_them() {
        for (number, expected) in [
            (0.1 + 0.2, "0.3"),
            (-0.0, "0"),
            (1e21, "1e+21"),
            (1.5e-7, "1.5e-7"),
            (1e20, "100000000000000000000"),
            (-1234.5, "-1234.5"),
            (0.000_001, "0.000001"),
            (1_234_567_890_123_456.0, "1234567890123460"),
        ] {
            assert_eq!(text(number).as_deref(), Some(expected));
        }
        assert_eq!(text(f64::NAN), None);
    }

    #[test]
    fn whole_numbers_are_integers() {
        assert_eq!(json(12.0).to_string(), "12");
        assert_eq!(json(-0.0).to_string(), "0");
        assert_eq!(json(0.5).to_string(), "0.5");
        assert_eq!(json(1e300).to_string(), "1e+300");
    }
}
