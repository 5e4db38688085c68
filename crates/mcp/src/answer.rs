//! What a tool answered, and the rows in it.

mod failure;
mod find;
mod markup;
mod python;
mod text;

use serde_json::{Map, Value};

pub(crate) use failure::{
    missing_scopes, named_status, says_unknown_tool, scopes_in, status_in, unknown_tool,
};

/// How deep [`rows`] looks; what nests deeper is not read.
pub(crate) const DEPTH: usize = 64;
/// Answers wrapped in answers: this often at most.
const WRAPPINGS: usize = 3;
/// How much of a text is kept to show.
const SHOWN_CHARS: usize = 2_000;

/// The parts of a tool's answer that can hold rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub structured: Option<Value>,
    /// Text blocks and embedded text resources, in order. Images and links are left out.
    pub texts: Vec<String>,
    pub is_error: bool,
    /// 200 over HTTP, `None` over stdio.
    pub http_status: Option<u16>,
}

/// The rows of one answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    pub rows: Vec<Value>,
    /// The path at which they were found: `""` for the answer itself, `data.items`.
    pub root: String,
    /// What stood beside the rows, for paging: counts, cursors, flags.
    pub envelope: Option<Value>,
    /// Where and in which form they were: `structured`, `json`, `json_string`, `table`, `keyed`,
    /// `scalars`, `record`, `ndjson`, `csv`, `markdown`, `html`, `python` or `empty`.
    pub kind: &'static str,
}

/// Why an answer has no rows, although it is not empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unusable {
    /// A failure, whether or not it says so with `isError`.
    ErrorShape {
        message: String,
        /// The HTTP status that the text names.
        status: Option<u16>,
    },
    /// Prose, or a form that we do not read.
    Unparseable { text: String },
}

impl Answer {
    /// An answer of one JSON value, as if it had been the structured content.
    pub fn of(structured: Value) -> Self {
        Self { structured: Some(structured), texts: Vec::new(), is_error: false, http_status: None }
    }

    /// An answer of one text.
    pub fn text(text: impl Into<String>) -> Self {
        let texts = vec![text.into()];
        Self { structured: None, texts, is_error: false, http_status: None }
    }

    /// Reads the result of `tools/call`, leniently: what is not as it should be is left out.
    pub(crate) fn from_wire(result: Value, http_status: Option<u16>) -> Self {
        let Value::Object(mut fields) = result else {
            // Not an answer by the protocol, but what there is may be read.
            return Self { http_status, ..Self::of(result) };
        };
        let is_error = fields.get("isError").and_then(Value::as_bool).unwrap_or_default();
        let structured = fields.remove("structuredContent").filter(|it| !it.is_null());
        let texts = match fields.remove("content") {
            Some(Value::Array(blocks)) => blocks.into_iter().filter_map(text_of).collect(),
            Some(Value::String(text)) => vec![text],
            Some(_) | None => Vec::new(),
        };
        Self { structured, texts, is_error, http_status }
    }
}

fn text_of(mut block: Value) -> Option<String> {
    let text = match block.get_mut("text") {
        Some(text) => text.take(),
        None => block.get_mut("resource")?.get_mut("text")?.take(),
    };
    match text {
        Value::String(text) => Some(text),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            None
        }
    }
}

/// Finds the rows.
///
/// # Errors
/// [`Unusable`] when the answer is a failure, prose, or nothing that we read.
pub fn rows(answer: &Answer) -> Result<Rows, Unusable> {
    rows_of(answer, None, WRAPPINGS)
}

/// As [`rows`], for another page of an answer whose rows were at `root`: there they are taken from,
/// even when there are none left and another list is longer.
///
/// # Errors
/// As [`rows`].
pub fn rows_at(answer: &Answer, root: &str) -> Result<Rows, Unusable> {
    rows_of(answer, Some(root), WRAPPINGS)
}

fn rows_of(answer: &Answer, root: Option<&str>, wrappings: usize) -> Result<Rows, Unusable> {
    if answer.is_error {
        return Err(failure::of_answer(answer));
    }
    let mut empty = None;
    let mut unusable = None;
    if let Some(value) = &answer.structured {
        match read(value, root, wrappings) {
            Ok(rows) if rows.rows.is_empty() => empty = Some(rows),
            Ok(rows) => return Ok(Rows { kind: structured_kind(rows.kind), ..rows }),
            Err(error @ Unusable::ErrorShape { .. }) => return Err(error),
            Err(error) => unusable = Some(error),
        }
    }
    if let Some(rows) = records_in_blocks(&answer.texts) {
        return Ok(rows);
    }
    for block in answer.texts.iter().filter(|it| !it.trim().is_empty()) {
        match text::rows(block, root, wrappings) {
            Ok(rows) if rows.rows.is_empty() => empty = empty.or(Some(rows)),
            Ok(rows) => return Ok(rows),
            // Only the first text speaks for the call; those after it comment on it.
            Err(error) if empty.is_none() && unusable.is_none() => unusable = Some(error),
            Err(_) => {}
        }
    }
    match (empty, unusable) {
        (_, Some(error @ Unusable::ErrorShape { .. })) => Err(error),
        (Some(rows), _) => Ok(rows),
        (None, Some(error)) => Err(error),
        (None, None) => Ok(Rows::none()),
    }
}

/// One record a block, as some frameworks send a list.
fn records_in_blocks(texts: &[String]) -> Option<Rows> {
    if texts.len() < 2 {
        return None;
    }
    let rows: Option<Vec<Value>> =
        texts.iter().map(|it| serde_json::from_str(it).ok().filter(find::is_record)).collect();
    Some(Rows { rows: rows?, kind: "json", ..Rows::none() })
}

/// Rows in a value that came as JSON.
fn read(value: &Value, root: Option<&str>, wrappings: usize) -> Result<Rows, Unusable> {
    if is_deeper(value, DEPTH) {
        return Err(Unusable::Unparseable { text: format!("nests deeper than {DEPTH}") });
    }
    if let Some(error) = failure::in_value(value) {
        return Err(error);
    }
    if let Some(inner) = wrapped_answer(value).filter(|_| wrappings > 0) {
        return rows_of(&inner, root, wrappings - 1);
    }
    if let Some(inner) = wrapped_text(value).filter(|_| wrappings > 0) {
        let rows = text::rows(inner, root, wrappings - 1)?;
        return Ok(Rows {
            kind: if rows.kind == "json" { "json_string" } else { rows.kind },
            ..rows
        });
    }
    let unreadable = || Unusable::Unparseable { text: shown(&value.to_string()) };
    find::rows(value, root).ok_or_else(unreadable)
}

/// A whole answer where its content should be: `{"content":[{"type":"text","text":…}]}`.
fn wrapped_answer(value: &Value) -> Option<Answer> {
    let blocks = value.get("content")?.as_array().filter(|it| !it.is_empty())?;
    let is_block =
        |it: &Value| it.get("type").is_some_and(|it| it == "text") && it["text"].is_string();
    blocks.iter().all(is_block).then(|| Answer::from_wire(value.clone(), None))
}

/// A text where a value should be: the value itself, or the only thing of note in a wrapper.
fn wrapped_text(value: &Value) -> Option<&str> {
    const WRAPPERS: [&str; 7] = ["result", "data", "response", "output", "content", "text", "body"];
    match value {
        Value::String(text) => Some(text),
        Value::Object(fields) => {
            let text = WRAPPERS.iter().find_map(|it| fields.get(*it)?.as_str())?;
            let alone = fields.len() == 1;
            let is_json = text.trim_start().starts_with(['[', '{']);
            let no_lists = !fields.values().any(Value::is_array);
            (alone || (is_json && no_lists)).then_some(text)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
    }
}

fn structured_kind(kind: &'static str) -> &'static str {
    if kind == "json" { "structured" } else { kind }
}

/// Whether a value nests deeper than `depth` levels.
pub(crate) fn is_deeper(value: &Value, depth: usize) -> bool {
    match value {
        Value::Array(items) => depth == 0 || items.iter().any(|it| is_deeper(it, depth - 1)),
        Value::Object(fields) => depth == 0 || fields.values().any(|it| is_deeper(it, depth - 1)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn shown(text: &str) -> String {
    text.trim().chars().take(SHOWN_CHARS).collect()
}

impl Rows {
    /// No rows, found nowhere.
    fn none() -> Self {
        Self { rows: Vec::new(), root: String::new(), envelope: None, kind: "empty" }
    }

    /// Rows from a text that is a list and nothing else.
    fn list(rows: Vec<Value>, kind: &'static str) -> Self {
        Self { rows, kind, ..Self::none() }
    }
}

/// Names and cells to an object; a cell without a name is left out, a name without a cell is null.
fn zip(names: &[String], cells: impl IntoIterator<Item = Value>) -> Value {
    let mut cells = cells.into_iter();
    let fields: Map<String, Value> =
        names.iter().map(|it| (it.clone(), cells.next().unwrap_or_default())).collect();
    Value::Object(fields)
}

#[cfg(test)]
mod tests;
