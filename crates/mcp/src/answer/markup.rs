//! Tables in Markdown and HTML.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::{Rows, zip};

/// The largest Markdown table of a text: a line of names, a line of dashes, lines of cells.
pub(super) fn markdown(text: &str) -> Option<Rows> {
    let lines: Vec<&str> = text.lines().collect();
    let tables = lines.windows(2).enumerate().filter_map(|(at, pair)| {
        let [names, dashes] = pair else { return None };
        let names = cells(names);
        let is_table = names.len() > 1 && is_rule(dashes) && cells(dashes).len() == names.len();
        is_table.then(|| {
            let body = lines.iter().skip(at + 2).take_while(|it| it.contains('|'));
            let rows = body.map(|it| zip(&names, cells(it).into_iter().map(cell))).collect();
            Rows::list(rows, "markdown")
        })
    });
    tables.max_by_key(|it| it.rows.len())
}

fn is_rule(line: &str) -> bool {
    line.contains('-') && line.chars().all(|it| matches!(it, '|' | '-' | ':' | ' ' | '\t'))
}

/// The cells of one line, without their frame and emphasis. `\|` is a bar within a cell.
fn cells(line: &str) -> Vec<String> {
    let line = line.trim();
    if !line.contains('|') {
        return Vec::new();
    }
    let inner = line.strip_prefix('|').unwrap_or(line);
    let inner = inner.strip_suffix('|').unwrap_or(inner);
    let hidden = inner.replace("\\|", "\u{0}");
    hidden.split('|').map(|it| plain(&it.replace('\u{0}', "|"))).collect()
}

fn plain(cell: &str) -> String {
    let cell = cell.trim();
    let bare = cell.strip_prefix("**").and_then(|it| it.strip_suffix("**")).unwrap_or(cell);
    bare.strip_prefix('`').and_then(|it| it.strip_suffix('`')).unwrap_or(bare).to_owned()
}

/// A cell's text; an empty one is null.
fn cell(text: String) -> Value {
    if text.is_empty() { Value::Null } else { Value::String(text) }
}

static TABLE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?is)<table\b[^>]*>(.*?)(?:</table>|$)").ok());
static ROW: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?is)<tr\b[^>]*>(.*?)(?:</tr>|$)").ok());
static CELL: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?is)<t[hd]\b[^>]*>(.*?)(?:</t[hd]>|$)").ok());
static TAG: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?s)<[^>]*>").ok());

/// The largest HTML table of a text; its first row names the columns.
pub(super) fn html(text: &str) -> Option<Rows> {
    let inside = |pattern: &Option<Regex>, text: &str| -> Vec<String> {
        let found = pattern.iter().flat_map(|it| it.captures_iter(text));
        found.filter_map(|it| Some(it.get(1)?.as_str().to_owned())).collect()
    };
    let tables = inside(&TABLE, text).into_iter().filter_map(|table| {
        let mut rows = inside(&ROW, &table).into_iter();
        let names: Vec<String> = inside(&CELL, &rows.next()?).iter().map(|it| words(it)).collect();
        let named = names.len() > 1 && names.iter().all(|it| !it.is_empty());
        named.then(|| {
            let rows = rows
                .map(|row| inside(&CELL, &row))
                .filter(|cells| !cells.is_empty())
                .map(|cells| zip(&names, cells.iter().map(|it| cell(words(it)))))
                .collect();
            Rows::list(rows, "html")
        })
    });
    tables.max_by_key(|it| it.rows.len())
}

/// The words of a piece of HTML.
fn words(html: &str) -> String {
    let bare = match &*TAG {
        Some(tag) => tag.replace_all(html, " ").into_owned(),
        None => html.to_owned(),
    };
    let text = bare
        .replace("&nbsp;", " ")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&euro;", "€")
        // Last, or `&amp;lt;` would turn into a bracket.
        .replace("&amp;", "&");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
