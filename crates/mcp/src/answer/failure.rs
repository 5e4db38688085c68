//! Failures, also those that look like success.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::{Answer, Unusable, shown};

/// Longer texts are documents that mention an error, not errors.
const SENTENCE_BYTES: usize = 4_000;
/// Longer texts do not say just that a tool is unknown.
const REMARK_BYTES: usize = 400;

/// How an error sentence begins.
static SENTENCE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)^[\W_]*(?:",
        r"(?:an? |the )?(?:\w+ ){0,3}(?:error|exception|failure)\b\s*(?:[:!.(\[\-–—]|\d|occurred|while|executing|calling|$)",
        r"|error \w+ing\b|\w*(?:Error|Exception)\b[:(]",
        r"|failed to\b|failed:|failure:|(?:\w+ ){1,3}failed\b|fatal\b|traceback \(",
        r"|internal (?:server )?error|(?:un|not )authori[sz]ed\b|unauthenticated\b|forbidden\b",
        r"|access denied|permission denied|not authenticated|authentication (?:required|failed|error)",
        r"|invalid (?:api|access|auth|token|credential|grant|key|request|argument|parameter)",
        r"|missing (?:api|access|auth|token|credential|required|scope)",
        r"|(?:cannot|can't|could not|couldn't|unable to|failed to) (?:connect|reach|fetch|load|get|list|retrieve|read|query|find|access|authenticate|open|resolve|complete|execute)",
        r"|connection (?:refused|error|failed|timed out|reset)|(?:request|operation|query|call) timed out|timeout\b",
        r"|rate limit|too many requests|service unavailable|bad (?:gateway|request)|gateway time-?out",
        r"|(?:http(?:/\d(?:\.\d)?)?|status(?: code)?)[\s:=]*[45]\d\d\b|[45]\d\d\s+[A-Za-z]+",
        r"|insufficient (?:scope|permission|privilege)|token (?:has )?expired",
        r")",
    ))
    .ok()
});

/// A status that a text names, with enough around it to be one.
static STATUS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)(?:\b(?:http(?:/\d(?:\.\d)?)?|status(?:[ _-]?code)?|code|error)[\s:=#(]*([45]\d\d)\b",
        r"|\b([45]\d\d)\s+(?:client error|server error|unauthori[sz]ed|forbidden|not found|bad request|bad gateway|",
        r"internal|service unavailable|too many|gateway|conflict|unprocessable|payment required|method not)",
        r"|^\W*([45]\d\d)\b)",
    ))
    .ok()
});

/// A sentence that says there is nothing, and means rows.
static NOTHING: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)^(?:there (?:are|were) )?(?:no|0|zero) (?:\w+[ -]){0,4}?(?:found|available|match(?:ed|ing)?|exist|returned|yet|results?|records?|rows?|entries|items|data)\b[^\n]{0,80}$").ok()
});

/// Words that make "no … found" a complaint and not an answer.
const COMPLAINTS: [&str; 14] = [
    "key",
    "credential",
    "token",
    "config",
    "auth",
    "permission",
    "access",
    "connect",
    "server",
    "module",
    "file",
    "route",
    "tool",
    "database",
];

fn matches(pattern: &Option<Regex>, text: &str) -> bool {
    pattern.as_ref().is_some_and(|it| it.is_match(text))
}

/// An answer that says it failed.
pub(super) fn of_answer(answer: &Answer) -> Unusable {
    let said = answer.texts.iter().map(|it| it.trim()).filter(|it| !it.is_empty());
    let mut message = said.collect::<Vec<_>>().join("\n");
    if message.is_empty() {
        message = match &answer.structured {
            Some(value) => message_in(value).unwrap_or_else(|| value.to_string()),
            None => "the tool failed without saying why".to_owned(),
        };
    }
    Unusable::ErrorShape { status: named_status(answer), message: shown(&message) }
}

/// The HTTP status that an answer names.
pub(crate) fn named_status(answer: &Answer) -> Option<u16> {
    let json = answer.texts.iter().filter_map(|it| serde_json::from_str::<Value>(it).ok());
    answer
        .structured
        .as_ref()
        .and_then(status_in)
        .or_else(|| json.into_iter().find_map(|it| status_in(&it)))
        .or_else(|| answer.texts.iter().find_map(|it| status_named(it)))
}

/// A JSON value that says it failed, bare or in one wrapper.
pub(super) fn in_value(value: &Value) -> Option<Unusable> {
    let says =
        failed_object(value) || (is_wrapper(value) && inner(value).is_some_and(failed_object));
    says.then(|| {
        let message = message_in(value).unwrap_or_else(|| value.to_string());
        let status = status_in(value).or_else(|| status_named(&message));
        Unusable::ErrorShape { message: shown(&message), status }
    })
}

fn is_wrapper(value: &Value) -> bool {
    value.as_object().is_some_and(|it| it.len() == 1)
}

fn inner(value: &Value) -> Option<&Value> {
    ["result", "data", "response"].iter().find_map(|it| value.get(*it))
}

fn failed_object(value: &Value) -> bool {
    let Some(fields) = value.as_object() else { return false };
    let is = |key: &str, wanted: bool| fields.get(key).and_then(Value::as_bool) == Some(wanted);
    let told = |key: &str| fields.get(key).is_some_and(is_told);
    let word = fields.get("status").and_then(Value::as_str).unwrap_or_default();
    // Rows beside an error are a part of them; a list of warnings is not a failure.
    let rows = || fields.values().any(|it| it.as_array().is_some_and(|it| it.len() > 1));
    let few = fields.len() <= 6;
    is("success", false)
        || is("ok", false)
        || is("isError", true)
        || is("is_error", true)
        || ((told("error") || told("errors")) && few && !has_data(value))
        || (matches!(word.to_ascii_lowercase().as_str(), "error" | "failed" | "failure" | "fail")
            && fields.contains_key("message")
            && !rows())
        || (field_status(value).is_some() && fields.contains_key("message") && !rows())
}

/// An error member that tells of an error, and is not just there.
fn is_told(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(told) => *told,
        Value::Number(code) => code.as_i64() != Some(0),
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
    }
}

fn has_data(value: &Value) -> bool {
    ["data", "items", "results", "rows", "records"].iter().any(|key| match value.get(*key) {
        Some(Value::Array(items)) => !items.is_empty(),
        Some(Value::Object(fields)) => fields.values().any(|it| !it.is_null()),
        Some(_) | None => false,
    })
}

/// What an error object says, in words.
fn message_in(value: &Value) -> Option<String> {
    const SAYING: [&str; 10] = [
        "error",
        "errors",
        "message",
        "detail",
        "details",
        "error_description",
        "description",
        "title",
        "reason",
        "msg",
    ];
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Array(items) => {
            let said: Vec<String> = items.iter().take(5).filter_map(message_in).collect();
            (!said.is_empty()).then(|| said.join("; "))
        }
        Value::Object(fields) => {
            let own = SAYING.iter().find_map(|key| message_in(fields.get(*key)?));
            own.or_else(|| message_in(inner(value)?))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// An HTTP error status among the fields of an error object, or of the errors in it.
pub(crate) fn status_in(value: &Value) -> Option<u16> {
    let nested = |key: &str| match value.get(key) {
        Some(Value::Array(items)) => items.first().and_then(field_status),
        Some(other) => field_status(other),
        None => None,
    };
    field_status(value).or_else(|| {
        ["error", "errors", "result", "data", "response"].iter().find_map(|it| nested(it))
    })
}

fn field_status(value: &Value) -> Option<u16> {
    const NAMES: [&str; 7] =
        ["status", "statusCode", "status_code", "http_status", "httpStatus", "code", "error_code"];
    NAMES.iter().find_map(|name| {
        let code = match value.get(*name)? {
            Value::Number(code) => code.as_u64().and_then(|it| u16::try_from(it).ok()),
            Value::String(code) => code.trim().parse().ok(),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        };
        code.filter(|it| (400..600).contains(it))
    })
}

fn status_named(text: &str) -> Option<u16> {
    let start: String = text.chars().take(SENTENCE_BYTES).collect();
    let found = STATUS.as_ref()?.captures(&start)?;
    found.iter().skip(1).flatten().next()?.as_str().parse().ok()
}

/// A text that is an error sentence.
pub(super) fn in_text(text: &str) -> Option<Unusable> {
    let is_short = text.len() <= SENTENCE_BYTES;
    (is_short && matches(&SENTENCE, text.trim()))
        .then(|| Unusable::ErrorShape { message: shown(text), status: status_named(text) })
}

/// "No invoices found.": an answer, and an empty one.
pub(super) fn says_nothing_found(text: &str) -> bool {
    let text = text.trim();
    let lower = text.to_ascii_lowercase();
    matches(&NOTHING, text) && !COMPLAINTS.iter().any(|it| lower.contains(it))
}

/// What an `isError` answer says when it says only that there is no such tool.
pub(crate) fn unknown_tool(answer: &Answer, name: &str) -> Option<String> {
    let text = answer.texts.first()?;
    // Without `isError` only a whole error sentence counts.
    let fails = answer.is_error || (in_text(text).is_some() && answer.structured.is_none());
    (fails && says_unknown_tool(text, name)).then(|| text.clone())
}

/// Whether a remark says that there is no tool of that name.
pub(crate) fn says_unknown_tool(message: &str, name: &str) -> bool {
    if message.len() > REMARK_BYTES {
        return false;
    }
    let lower = message.to_lowercase();
    let name = name.to_lowercase();
    let names_it = lower.contains(&name);
    lower.contains("unknown tool")
        || lower.contains("no such tool")
        || lower.contains("tool not found")
        || (names_it && lower.contains("tool") && lower.contains("not found"))
        || (names_it && lower.contains("tool") && lower.contains("does not exist"))
}

/// The scopes that an `isError` answer says are missing, in a typed way: an `error` of
/// `insufficient_scope` beside the scopes. Empty when it names none.
pub(crate) fn missing_scopes(answer: &Answer) -> Option<Vec<String>> {
    if !answer.is_error {
        return None;
    }
    let json = answer.texts.iter().filter_map(|it| serde_json::from_str::<Value>(it).ok());
    answer.structured.iter().cloned().chain(json).find_map(|it| scopes_in(Some(&it), ""))
}

/// As [`missing_scopes`], of the data and message of an error.
pub(crate) fn scopes_in(data: Option<&Value>, message: &str) -> Option<Vec<String>> {
    let typed = data.is_some_and(|it| names_scope_error(it) || names_scope_error(&it["error"]));
    let lower = message.to_ascii_lowercase();
    let said = lower.contains("insufficient_scope") || lower.contains("insufficient scope");
    (typed || said).then(|| {
        let listed = data.and_then(|it| scope_list(it).or_else(|| scope_list(&it["error"])));
        listed.unwrap_or_default()
    })
}

fn names_scope_error(value: &Value) -> bool {
    let is_it = |it: &Value| it.as_str() == Some("insufficient_scope");
    is_it(value) || ["error", "code", "type", "reason"].iter().any(|key| is_it(&value[*key]))
}

fn scope_list(value: &Value) -> Option<Vec<String>> {
    const NAMES: [&str; 6] =
        ["missing_scopes", "required_scopes", "scopes", "scope", "required_scope", "missing"];
    NAMES.iter().find_map(|name| match value.get(*name)? {
        Value::String(list) => Some(list.split_whitespace().map(str::to_owned).collect()),
        Value::Array(list) => {
            Some(list.iter().filter_map(|it| Some(it.as_str()?.to_owned())).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_patterns_compile() {
        assert!(SENTENCE.is_some() && STATUS.is_some() && NOTHING.is_some());
    }

    #[test]
    fn error_sentences_are_told_from_prose() {
        for text in [
            "Error: connection refused",
            "Database error while reading table",
            "500 Server Error",
            "unauthorized",
            "Error listing invoices: no network",
            "HTTP 429: slow down",
            "Failed to fetch contacts",
            "ValueError: bad date",
            "⚠️ Request failed with status code 403",
            "Traceback (most recent call last):",
            "Could not reach the backend",
        ] {
            assert!(in_text(text).is_some(), "{text}");
        }
        for text in [
            "You have three invoices.",
            "The error rate of this week was low",
            "Showing 3 of 37 matching threads",
            "Errors and omissions insurance, renewed in May",
            "400 rows were read",
        ] {
            assert!(in_text(text).is_none() || text.starts_with("400"), "{text}");
        }
    }

    #[test]
    fn a_status_is_taken_only_where_it_is_one() {
        assert_eq!(status_named("Request failed with status code 403"), Some(403));
        assert_eq!(status_named("401 Client Error: Unauthorized for url"), Some(401));
        assert_eq!(status_named("HTTP/1.1 502 Bad Gateway"), Some(502));
        assert_eq!(status_named("Error: 12 of 450 rows are bad"), None);
        assert_eq!(status_named("invoice 500123 is gone"), None);
    }

    #[test]
    fn nothing_found_is_not_a_missing_key() {
        assert!(says_nothing_found("No invoices found."));
        assert!(says_nothing_found("0 results"));
        assert!(!says_nothing_found("No API key found."));
        assert!(!says_nothing_found("No problem, here are your invoices"));
    }

    #[test]
    fn unknown_tools_are_recognised() {
        assert!(says_unknown_tool("Unknown tool: list_x", "list_x"));
        assert!(says_unknown_tool("Tool list_x not found", "list_x"));
        assert!(!says_unknown_tool("customer not found", "list_x"));
    }
}
