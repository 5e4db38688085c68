//! A tool that lists rows: its schema, its way of paging, its form of answer.

use std::sync::Arc;

use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use serde_json::{Map, Value, json};

use crate::Scale;

/// What a tool answers, before it is put on the wire.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Reply {
    /// Structured content, repeated as text.
    Structured(Value),
    /// One text block.
    Text(String),
    /// An answer with `isError`.
    Failed(String),
    /// An answer with `isError` and structured content.
    FailedWith(Value),
}

/// How a tool hands out pages. Numbers: the largest page, and its schema says so.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Style {
    Cursor(usize),
    Page(usize),
    Offset(usize),
    LimitOnly(usize),
    /// Everything at once.
    All,
}

/// In which form rows are sent.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Form {
    Structured,
    Text,
    /// A JSON text in `structuredContent.result`.
    ResultText,
}

/// A tool that lists rows. Rows are made on the fly, by index.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Listing {
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    pub(crate) style: Style,
    pub(crate) form: Form,
    /// The member of the answer that holds the rows.
    pub(crate) member: &'static str,
    /// The field that a record cannot do without; faults strike there.
    pub(crate) required: &'static str,
    /// The field that names a parent record.
    pub(crate) parent: Option<&'static str>,
    pub(crate) count: fn(&Scale) -> usize,
    pub(crate) row: fn(usize, &Scale) -> Value,
}

/// The part of the rows that a call asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) of: usize,
}

impl Listing {
    pub(crate) fn tool(&self) -> Tool {
        let size = |max: usize| {
            json!({
                "type": "integer", "minimum": 1, "maximum": max,
                "description": format!("How many to return (max {max})"),
            })
        };
        let properties = match self.style {
            Style::Cursor(max) => json!({
                "limit": size(max),
                "cursor": { "type": "string", "description": "next_cursor of the page before" },
            }),
            Style::Page(max) => json!({
                "page": { "type": "integer", "minimum": 1, "default": 1 },
                "per_page": size(max),
            }),
            Style::Offset(max) => json!({
                "offset": { "type": "integer", "minimum": 0, "default": 0 },
                "limit": size(max),
            }),
            Style::LimitOnly(max) => json!({ "limit": size(max) }),
            Style::All => json!({}),
        };
        let schema = object(json!({ "type": "object", "properties": properties }));
        Tool::new(self.name, self.description, Arc::new(schema))
            .with_annotations(ToolAnnotations::new().read_only(true))
    }

    pub(crate) fn span(&self, args: &JsonObject, scale: &Scale) -> Span {
        let of = (self.count)(scale);
        let number = |name: &str| {
            let number = args.get(name).and_then(Value::as_u64);
            number.and_then(|it| usize::try_from(it).ok())
        };
        let size = |name: &str, max: usize| number(name).unwrap_or(max.min(20)).clamp(1, max);
        let (from, size) = match self.style {
            Style::Cursor(max) => (after(args), size("limit", max)),
            Style::Page(max) => {
                let size = size("per_page", max);
                (number("page").unwrap_or(1).saturating_sub(1).saturating_mul(size), size)
            }
            Style::Offset(max) => (number("offset").unwrap_or(0), size("limit", max)),
            Style::LimitOnly(max) => (0, size("limit", max)),
            Style::All => (0, of),
        };
        let from = from.min(of);
        Span { from, to: from.saturating_add(size).min(of), of }
    }

    pub(crate) fn rows(&self, span: Span, scale: &Scale) -> Vec<Value> {
        (span.from..span.to).map(|it| (self.row)(it, scale)).collect()
    }

    /// The page around the rows, each style in its own words.
    pub(crate) fn reply(&self, rows: Vec<Value>, span: Span) -> Reply {
        let more = span.to < span.of;
        let (from, count) = (span.from, rows.len());
        let mut page = Map::new();
        page.insert(self.member.to_owned(), Value::Array(rows));
        let about = match self.style {
            Style::Cursor(_) => {
                json!({ "has_more": more, "next_cursor": more.then(|| format!("after-{}", span.to)) })
            }
            Style::Page(_) => json!({ "total": span.of, "returned": count }),
            Style::Offset(_) => json!({ "offset": from, "total": span.of }),
            Style::LimitOnly(_) => json!({ "count": count, "truncated": more }),
            Style::All => json!({}),
        };
        page.extend(object(about));
        let page = match self.style {
            // A bare list, as tools without pages answer.
            Style::All => page.remove(self.member).unwrap_or_default(),
            Style::Cursor(_) | Style::Page(_) | Style::Offset(_) | Style::LimitOnly(_) => {
                Value::Object(page)
            }
        };
        match self.form {
            Form::Structured => Reply::Structured(page),
            Form::Text => Reply::Text(page.to_string()),
            Form::ResultText => Reply::Structured(json!({ "result": page.to_string() })),
        }
    }
}

fn after(args: &JsonObject) -> usize {
    let mark = args.get("cursor").and_then(Value::as_str).unwrap_or_default();
    mark.strip_prefix("after-").and_then(|it| it.parse().ok()).unwrap_or_default()
}

pub(crate) fn object(value: Value) -> JsonObject {
    match value {
        Value::Object(fields) => fields,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            JsonObject::new()
        }
    }
}

/// A tool that does not list: a name, what it does, its arguments, whether it changes anything.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Other {
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    pub(crate) required: &'static [&'static str],
    pub(crate) changes: bool,
}

impl Other {
    pub(crate) fn tool(&self) -> Tool {
        let fields: Map<String, Value> = self
            .required
            .iter()
            .map(|it| ((*it).to_owned(), json!({ "type": "string" })))
            .collect();
        let schema = object(json!({
            "type": "object", "properties": fields, "required": self.required,
        }));
        let hints = ToolAnnotations::new().read_only(!self.changes).destructive(self.changes);
        Tool::new(self.name, self.description, Arc::new(schema)).with_annotations(hints)
    }
}
