//! Rows in a text: JSON first, then the forms that tools print for people.

use serde_json::{Deserializer, Value};

use super::{Rows, Unusable, failure, find, markup, python, read, shown, zip};

const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// The name of a column is not longer.
const NAME_CHARS: usize = 60;

/// # Errors
/// [`Unusable`] when the text is an error sentence or prose.
pub(super) fn rows(text: &str, root: Option<&str>, wrappings: usize) -> Result<Rows, Unusable> {
    let text = text.trim().trim_start_matches('\u{feff}');
    let bare = fenced(text).unwrap_or(text);
    if let Ok(value) = serde_json::from_str::<Value>(bare) {
        return of_json(&value, root, wrappings);
    }
    if let Some(rows) = lines_of_json(bare) {
        return Ok(Rows::list(rows, "ndjson"));
    }
    if bare.starts_with(['[', '{', '('])
        && let Some(value) = python::parse(bare)
    {
        let rows = of_json(&value, root, wrappings)?;
        return Ok(Rows { kind: if rows.kind == "json" { "python" } else { rows.kind }, ..rows });
    }
    if let Some(error) = failure::in_text(text) {
        return Err(error);
    }
    if failure::says_nothing_found(text) {
        return Ok(Rows::none());
    }
    if let Some(value) = json_below_prose(text) {
        return of_json(&value, root, wrappings);
    }
    let table = markup::html(text)
        .or_else(|| markup::markdown(bare))
        .or_else(|| paths(bare))
        .or_else(|| csv(bare));
    table.ok_or_else(|| Unusable::Unparseable { text: shown(text) })
}

fn of_json(value: &Value, root: Option<&str>, wrappings: usize) -> Result<Rows, Unusable> {
    // A text in quotes, once more.
    match value.as_str().filter(|_| wrappings > 0) {
        Some(inner) => rows(inner, root, wrappings - 1),
        None => read(value, root, wrappings),
    }
}

/// What is inside the first code fence.
fn fenced(text: &str) -> Option<&str> {
    let (_, after) = text.split_once("```")?;
    let (info, body) = after.split_once('\n')?;
    let is_info = info.len() <= 20 && !info.contains(['{', '[', '`']);
    let (inside, _) = body.split_once("```").filter(|_| is_info)?;
    Some(inside.trim())
}

/// NDJSON: every line an object, two at least.
fn lines_of_json(text: &str) -> Option<Vec<Value>> {
    if !text.starts_with('{') {
        return None;
    }
    // Also objects on several lines each, one after the other.
    let rows: Result<Vec<Value>, _> = Deserializer::from_str(text).into_iter().collect();
    rows.ok().filter(|it| it.len() > 1 && it.iter().all(find::is_record))
}

/// JSON that begins on a line of its own, after a sentence or two; more prose may follow.
fn json_below_prose(text: &str) -> Option<Value> {
    let start = text.match_indices(['[', '{']).find_map(|(at, _)| {
        let (before, _) = text.split_at_checked(at)?;
        before.ends_with('\n').then_some(at)
    })?;
    let (_, json) = text.split_at_checked(start)?;
    let first = Deserializer::from_str(json).into_iter::<Value>().next()?.ok();
    first.filter(|it| it.is_object() || it.is_array())
}

/// The path of a file or folder on each line, perhaps below a line that announces them.
fn paths(text: &str) -> Option<Rows> {
    let is_path = |line: &str| {
        let below_drive = line.get(1..).is_some_and(|it| it.starts_with(":\\"));
        line.trim() == line && line.len() > 1 && (line.starts_with('/') || below_drive)
    };
    let lines = text.lines().filter(|it| !it.trim().is_empty());
    let is_title = |(at, line): &(usize, &str)| *at == 0 && line.ends_with(':');
    let lines: Vec<&str> =
        lines.enumerate().filter(|it| !is_title(it)).map(|(_, line)| line).collect();
    let is_list = !lines.is_empty() && lines.iter().all(|it| is_path(it));
    let rows = || lines.iter().map(|it| serde_json::json!({ "_value": it })).collect();
    is_list.then(|| Rows::list(rows(), "paths"))
}

/// Delimited text with a header, at least one row, and the same count of cells in each.
fn csv(text: &str) -> Option<Rows> {
    let header = text.lines().next()?;
    let count = |it: &u8| header.bytes().filter(|byte| byte == it).count();
    let delimiter = DELIMITERS.into_iter().max_by_key(count).filter(|it| count(it) > 0)?;
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(text.as_bytes());
    let names: Vec<String> = reader.headers().ok()?.iter().map(str::to_owned).collect();
    if !names
        .iter()
        .enumerate()
        .all(|(at, it)| is_name(it) && !names.iter().take(at).any(|seen| seen == it))
    {
        return None;
    }
    let records: Result<Vec<csv::StringRecord>, _> = reader.records().collect();
    let records = records.ok().filter(|it| !it.is_empty())?;
    let cell = |it: &str| if it.is_empty() { Value::Null } else { Value::from(it) };
    let rows = records.iter().map(|it| zip(&names, it.iter().map(cell))).collect();
    Some(Rows::list(rows, "csv"))
}

/// Whether a cell of the first line can be the name of a column, and not a piece of a sentence.
fn is_name(cell: &str) -> bool {
    !cell.is_empty()
        && cell.trim() == cell
        && cell.chars().count() <= NAME_CHARS
        && cell.split_whitespace().count() <= 4
        && !cell.ends_with(['.', '!', '?', ':'])
        && cell.chars().any(char::is_alphabetic)
}
