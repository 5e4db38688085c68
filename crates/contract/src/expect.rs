//! The rows of a reason against what its contract says.

use domain::{Diagnostic, Reason};
use serde_json::Value;

use crate::scenario::Expected;

/// What differs, in words.
pub(crate) fn broken(reason: Reason, expected: &[Expected], rows: &[Diagnostic]) -> Vec<String> {
    let purposes: Vec<&Value> =
        expected.iter().filter_map(|it| it.context.get("purpose")).collect();
    // Juries of another purpose may sit in the same run.
    let is_meant = |it: &&Diagnostic| {
        let purpose = it.context.as_ref().and_then(|it| it.get("purpose"));
        it.reason == reason
            && (purposes.is_empty() || purpose.is_some_and(|it| purposes.contains(&it)))
    };
    let written: Vec<&Diagnostic> = rows.iter().filter(is_meant).collect();
    let mut broken = Vec::new();
    if written.len() != expected.len() {
        broken.push(format!("{} row(s) of {reason}, {} expected", written.len(), expected.len()));
    }
    for (row, wanted) in written.iter().zip(expected) {
        differs(&mut broken, "target_model", &row.target_model, &wanted.target);
        differs(&mut broken, "tool_name", &row.tool_name.as_deref(), &wanted.tool);
        differs(&mut broken, "http_status", &row.http_status, &wanted.http);
        if !like(wanted.detail, &row.detail) {
            broken.push(format!("detail is {:?}, expected {:?}", row.detail, wanted.detail));
        }
        let context = row.context.clone().unwrap_or_default();
        if let Some(at) = lacks(&context, &wanted.context, "context") {
            broken.push(at);
        }
    }
    broken
}

fn differs<T: PartialEq + std::fmt::Debug>(
    broken: &mut Vec<String>,
    what: &str,
    is: &T,
    wanted: &T,
) {
    if is != wanted {
        broken.push(format!("{what} is {is:?}, expected {wanted:?}"));
    }
}

/// `*` in the pattern stands for any text.
fn like(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, rest)) => {
            let Some(text) = text.strip_prefix(head) else { return false };
            let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            ends.into_iter().any(|at| text.get(at..).is_some_and(|it| like(rest, it)))
        }
    }
}

/// Where a value is not as wanted. Members beyond the wanted ones are free.
fn lacks(is: &Value, wanted: &Value, at: &str) -> Option<String> {
    match (is, wanted) {
        (Value::Null, Value::String(any)) if any == "*" => Some(format!("{at} is null")),
        (_, Value::String(any)) if any == "*" => None,
        (Value::Object(is), Value::Object(wanted)) => wanted.iter().find_map(|(name, wanted)| {
            let at = format!("{at}.{name}");
            match is.get(name) {
                Some(is) => lacks(is, wanted, &at),
                None => Some(format!("{at} is not there")),
            }
        }),
        (Value::Array(is), Value::Array(wanted)) if is.len() == wanted.len() => is
            .iter()
            .zip(wanted)
            .enumerate()
            .find_map(|(index, (is, wanted))| lacks(is, wanted, &format!("{at}[{index}]"))),
        (is, wanted) if is == wanted => None,
        (is, wanted) => Some(format!("{at} is {is}, expected {wanted}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        assert!(like("took * ms of *", "took 12 ms of 30"));
        assert!(like("*", ""));
        assert!(!like("took * ms", "took 12 s"));
        assert!(!like("took", "took 1"));
    }

    #[test]
    fn members_beyond_the_wanted_ones_are_free() {
        let is = json!({ "a": 1, "b": { "c": [1, 2] }, "d": null });
        assert_eq!(lacks(&is, &json!({ "a": "*", "b": { "c": [1, "*"] } }), "it"), None);
        assert!(lacks(&is, &json!({ "d": "*" }), "it").is_some());
        assert!(lacks(&is, &json!({ "b": { "c": [1] } }), "it").is_some());
        assert!(lacks(&is, &json!({ "e": null }), "it").is_some());
    }
}
