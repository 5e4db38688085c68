//! Bytes off the wire into protocol messages, leniently.
//!
//! Results are handed on as plain JSON: the SDK would otherwise try twenty typed shapes on each,
//! and lose an answer over one odd field.

use rmcp::model::{
    CustomResult, ErrorCode, ErrorData, InitializeResult, RequestId, ServerJsonRpcMessage,
    ServerResult,
};
use serde_json::{Map, Value, json};

/// Codes of errors that we make up ourselves in place of an answer that could not be taken.
pub(crate) const TOO_LARGE: i32 = -32_097;
pub(crate) const UNREADABLE: i32 = -32_098;

/// How far from either end of a message we look for its id when it cannot be parsed.
const ID_REACH: usize = 400;

/// The messages in one line or body: none when it is noise, several when it is a batch.
pub(crate) fn parse(bytes: &[u8]) -> Vec<ServerJsonRpcMessage> {
    let bytes = bytes.trim_ascii().strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes.trim_ascii());
    if !bytes.starts_with(b"{") && !bytes.starts_with(b"[") {
        return Vec::new();
    }
    match serde_json::from_slice(bytes) {
        Ok(Value::Array(items)) => items.into_iter().filter_map(message).collect(),
        Ok(value) => message(value).into_iter().collect(),
        Err(error) => salvage(bytes, bytes, UNREADABLE, &error.to_string()).into_iter().collect(),
    }
}

/// An error in place of an answer of which only the ends are known, so that its caller does not
/// wait for ever. `None` when no id shows.
pub(crate) fn salvage(
    head: &[u8],
    tail: &[u8],
    code: i32,
    what: &str,
) -> Option<ServerJsonRpcMessage> {
    let head = head.get(..ID_REACH.min(head.len()))?;
    let tail = tail.get(tail.len().saturating_sub(ID_REACH)..)?;
    // Only an answer has a result; a notification or a request of the server's is not waited for.
    let is_answer = [head, tail].iter().any(|it| contains(it, b"\"jsonrpc\""));
    let id = id_in(head).or_else(|| id_in(tail)).filter(|_| is_answer)?;
    let error = ErrorData::new(ErrorCode(code), what.to_owned(), None);
    Some(ServerJsonRpcMessage::error(error, Some(RequestId::Number(id))))
}

fn contains(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|it| it == word)
}

/// The number after the first `"id":`. Our own ids are numbers.
fn id_in(bytes: &[u8]) -> Option<i64> {
    let at = bytes.windows(4).position(|it| it == b"\"id\"")?;
    let rest = bytes.get(at + 4..)?.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
    let digits: Vec<u8> = rest.iter().copied().take_while(u8::is_ascii_digit).collect();
    std::str::from_utf8(&digits).ok()?.parse().ok()
}

fn message(value: Value) -> Option<ServerJsonRpcMessage> {
    let Value::Object(mut fields) = value else { return None };
    if fields.contains_key("method") {
        fields.entry("jsonrpc").or_insert_with(|| json!("2.0"));
        return serde_json::from_value(Value::Object(fields)).ok();
    }
    let id = fields.remove("id").and_then(|it| serde_json::from_value::<RequestId>(it).ok());
    if let Some(error) = fields.remove("error").filter(|it| !it.is_null()) {
        return Some(ServerJsonRpcMessage::error(error_data(error), id));
    }
    let result = fields.remove("result")?;
    Some(ServerJsonRpcMessage::response(result_of(result), id?))
}

fn error_data(error: Value) -> ErrorData {
    let code = match error.get("code") {
        Some(Value::Number(code)) => code.as_i64(),
        Some(Value::String(code)) => code.parse().ok(),
        Some(_) | None => None,
    };
    let code = code.and_then(|it| i32::try_from(it).ok()).unwrap_or(ErrorCode::INTERNAL_ERROR.0);
    let said = error.get("message").unwrap_or(&error);
    let message = said.as_str().map_or_else(|| said.to_string(), str::to_owned);
    let data = match error {
        Value::Object(mut fields) => fields.remove("data"),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            None
        }
    };
    ErrorData::new(ErrorCode(code), message, data)
}

/// The handshake's result must be typed for the SDK; what servers leave out of it is filled in.
fn result_of(result: Value) -> ServerResult {
    let handshake = result.get("protocolVersion").is_some_and(Value::is_string)
        && (result.get("capabilities").is_some() || result.get("serverInfo").is_some());
    if !handshake {
        return ServerResult::CustomResult(CustomResult::new(result));
    }
    let name = |key: &str| {
        let found = result.get("serverInfo").and_then(|it| it.get(key)?.as_str());
        found.unwrap_or_default().to_owned()
    };
    let tidy = json!({
        "protocolVersion": result["protocolVersion"],
        "capabilities": Map::new(),
        "serverInfo": { "name": name("name"), "version": name("version") },
    });
    match serde_json::from_value::<InitializeResult>(tidy) {
        Ok(typed) => ServerResult::InitializeResult(typed),
        Err(_) => ServerResult::CustomResult(CustomResult::new(result)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(text: &str) -> Value {
        let mut all = parse(text.as_bytes());
        assert_eq!(all.len(), 1, "{text}");
        serde_json::to_value(all.remove(0)).expect("serializes")
    }

    #[test]
    fn noise_is_no_message() {
        for text in ["", "Server listening on stdio", "[INFO] up", "{not json", "{}", "[1, 2]"] {
            assert!(parse(text.as_bytes()).is_empty(), "{text}");
        }
    }

    #[test]
    fn a_result_of_any_shape_arrives_as_it_was_sent() {
        let answer = only(r#"{"jsonrpc":"2.0","id":3,"result":{"content":"odd","x":[1]}}"#);
        assert_eq!(answer["result"], json!({"content": "odd", "x": [1]}));
    }

    #[test]
    fn a_handshake_without_server_info_is_filled_in() {
        let text = r#"{"id":0,"result":{"protocolVersion":"2025-06-18","capabilities":{}}}"#;
        assert_eq!(only(text)["result"]["serverInfo"]["name"], "");
    }

    #[test]
    fn an_error_with_a_code_in_words_is_still_an_error() {
        let error = only(r#"{"jsonrpc":"2.0","id":1,"error":{"code":"E_FAIL","message":{"a":1}}}"#);
        assert_eq!(error["error"]["code"], -32603);
        assert_eq!(error["error"]["message"], r#"{"a":1}"#);
    }

    #[test]
    fn an_answer_that_cannot_be_parsed_becomes_an_error_for_its_caller() {
        let error = only(r#"{"jsonrpc":"2.0","id":12,"result":{"total":NaN}}"#);
        assert_eq!(error["id"], 12);
        assert_eq!(error["error"]["code"], UNREADABLE);
    }

    #[test]
    fn a_batch_is_taken_apart() {
        let batch = br#"[{"id":1,"result":{}},{"method":"notifications/progress"},7]"#;
        assert_eq!(parse(batch).len(), 2);
    }
}
