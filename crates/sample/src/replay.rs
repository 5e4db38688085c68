//! A server made of any saved `tools/list`: the tools are its own, the answers are made up, always
//! the same for the same tool. Good answers in every form, and bad ones among them.

use std::path::Path;

use rmcp::model::{JsonObject, Tool};
use serde_json::{Map, Value, json};

use crate::chance::Chance;
use crate::data;
use crate::listing::Reply;

/// The tools of a saved list.
#[derive(Debug)]
pub(crate) struct Catalogue {
    pub(crate) name: String,
    pub(crate) tools: Vec<Tool>,
}

/// Why a file is no tool list.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableCatalogue {
    #[error("the tool list cannot be read")]
    File(#[from] std::io::Error),
    #[error("the tool list is no JSON")]
    Json(#[from] serde_json::Error),
    #[error("no `tools` in it, neither at the top nor under `result`")]
    Tools,
}

impl Catalogue {
    /// Reads the result of `tools/list`, as it came or with `result` around it. What is no tool by
    /// the protocol is left out.
    pub(crate) fn read(file: &Path) -> Result<Self, UnreadableCatalogue> {
        let document: Value = serde_json::from_slice(&std::fs::read(file)?)?;
        let listed = document.get("tools").or_else(|| document.get("result")?.get("tools"));
        let listed = listed.and_then(Value::as_array).ok_or(UnreadableCatalogue::Tools)?;
        let tools = listed.iter().filter_map(|it| serde_json::from_value(it.clone()).ok());
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { name, tools: tools.collect() })
    }

    /// What a tool answers; none: it is not in the list.
    pub(crate) fn reply(&self, name: &str, args: &JsonObject) -> Option<Reply> {
        let tool = self.tools.iter().find(|it| it.name == name)?;
        let mut chance = Chance::of(&[&self.name, name]);
        if let Some(bad) = bad(&mut chance) {
            return Some(bad);
        }
        if let Some(schema) = tool.output_schema.as_deref()
            && chance.one_in(2)
        {
            return Some(Reply::Structured(made(&Value::Object(schema.clone()), name, 6)));
        }
        let total = chance.below(70);
        let page = Page::asked(args, total);
        let kind = Record::of(name, args);
        let rows: Vec<Value> = (page.from..page.to).map(|it| kind.row(it)).collect();
        Some(formed(&mut chance, rows, page))
    }
}

/// An answer that has no rows in it, now and then.
fn bad(chance: &mut Chance) -> Option<Reply> {
    Some(match chance.below(24) {
        0 => Reply::Structured(json!({ "items": [] })),
        1 => Reply::Text("[]".to_owned()),
        2 => Reply::Text("Error: request to the upstream API failed with 500".to_owned()),
        3 => Reply::Failed("401 Unauthorized: the token has expired".to_owned()),
        4 => {
            Reply::Structured(json!({ "success": false, "error": { "message": "not connected" } }))
        }
        5 => Reply::Text("No connection yet. Ask the person at the desk to set one up.".to_owned()),
        6 => Reply::Text(String::new()),
        7 => Reply::Failed("429 Too Many Requests".to_owned()),
        _ => return None,
    })
}

/// The part that a call asks for, by whatever name its arguments have.
#[derive(Debug, Clone, Copy)]
struct Page {
    from: usize,
    to: usize,
    of: usize,
}

impl Page {
    fn asked(args: &JsonObject, of: usize) -> Self {
        let number = |names: &[&str]| {
            let named = names.iter().find_map(|it| args.get(*it))?;
            let number = named.as_u64().or_else(|| named.as_str()?.parse().ok())?;
            usize::try_from(number).ok()
        };
        let sizes = ["limit", "per_page", "page_size", "pageSize", "top", "maxRecords", "count"];
        let size = number(&sizes).unwrap_or(25).clamp(1, 50);
        let from = match (number(&["offset", "skip", "startIndex"]), number(&["page"])) {
            (Some(offset), _) => offset,
            (None, Some(page)) => page.saturating_sub(1).saturating_mul(size),
            (None, None) => {
                number(&["cursor", "after", "pageToken", "starting_after"]).unwrap_or(0)
            }
        };
        let from = from.min(of);
        Self { from, to: from.saturating_add(size).min(of), of }
    }

    fn next(self) -> Value {
        if self.to < self.of { json!(self.to.to_string()) } else { Value::Null }
    }
}

/// What the rows are, after the words of the tool and of its arguments.
#[derive(Debug, Clone, Copy)]
enum Record {
    Company,
    Person,
    Invoice,
    Transaction,
    Account,
    LedgerAccount,
    Other,
}

impl Record {
    fn of(name: &str, args: &JsonObject) -> Self {
        let words = format!("{name} {}", Value::Object(args.clone())).to_lowercase();
        let has = |any: &[&str]| any.iter().any(|it| words.contains(it));
        if has(&["invoice", "bill"]) {
            Self::Invoice
        } else if has(&["transaction", "payment"]) {
            Self::Transaction
        } else if has(&["compan", "customer", "client", "vendor", "organi"]) {
            Self::Company
        } else if has(&["contact", "people", "person", "user"]) {
            Self::Person
        } else if has(&["ledger", "chart"]) {
            Self::LedgerAccount
        } else if has(&["account", "wallet"]) {
            Self::Account
        } else {
            Self::Other
        }
    }

    fn row(self, index: usize) -> Value {
        match self {
            Self::Company => data::company(index % data::COMPANIES),
            Self::Person => data::person(index % data::PEOPLE),
            Self::Invoice => data::invoice(index % data::INVOICES),
            Self::Transaction => data::transaction(index, 70),
            Self::Account => data::account(index % data::ACCOUNTS),
            Self::LedgerAccount => data::ledger_account(index % data::CHART.len()),
            Self::Other => json!({
                "id": format!("o-{index}"),
                "name": format!("Object {index}"),
                "created": data::day(i64::try_from(index).unwrap_or_default()),
                "size": index * 17,
                "tags": ["a", "b"],
            }),
        }
    }
}

/// The rows in one of the forms that real servers answer in.
fn formed(chance: &mut Chance, rows: Vec<Value>, page: Page) -> Reply {
    let text = |rows: &[Value], between: &str| -> String {
        rows.iter().map(Value::to_string).collect::<Vec<_>>().join(between)
    };
    match chance.below(12) {
        0 => Reply::Text(Value::Array(rows).to_string()),
        1 => Reply::Text(text(&rows, "\n")),
        2 => Reply::Text(format!("Found {} result(s):\n{}", rows.len(), Value::Array(rows))),
        3 => Reply::Structured(json!({ "result": Value::Array(rows).to_string() })),
        4 => Reply::Structured(keyed(rows)),
        5 => table(&rows),
        6 => Reply::Structured(json!({ "data": { "items": rows }, "total": page.of })),
        7 => Reply::Text(
            json!({ "data": rows, "meta": { "next_cursor": page.next(), "total": page.of } })
                .to_string(),
        ),
        8 => csv(&rows),
        _ => Reply::Structured(
            json!({ "items": rows, "total": page.of, "next_cursor": page.next() }),
        ),
    }
}

fn keyed(rows: Vec<Value>) -> Value {
    (0..).zip(rows).map(|(index, row): (usize, _)| (format!("key-{index}"), row)).collect()
}

fn columns(rows: &[Value]) -> Vec<&String> {
    rows.first().and_then(Value::as_object).map(|it| it.keys().collect()).unwrap_or_default()
}

fn table(rows: &[Value]) -> Reply {
    let columns = columns(rows);
    let lines: Vec<Vec<&Value>> = rows
        .iter()
        .map(|row| columns.iter().map(|it| row.get(it.as_str()).unwrap_or(&Value::Null)).collect())
        .collect();
    Reply::Structured(json!({ "columns": columns, "rows": lines }))
}

fn csv(rows: &[Value]) -> Reply {
    let columns = columns(rows);
    let mut lines = vec![columns.iter().map(|it| it.as_str()).collect::<Vec<_>>().join(",")];
    for row in rows {
        let cells = columns.iter().map(|it| match row.get(it.as_str()) {
            Some(Value::String(text)) => format!("\"{}\"", text.replace('"', "\"\"")),
            Some(other) => other.to_string().replace(',', ";"),
            None => String::new(),
        });
        lines.push(cells.collect::<Vec<_>>().join(","));
    }
    Reply::Text(lines.join("\n"))
}

/// A value that fits a schema, roughly: enough to look like an answer. `depth` bounds schemas that
/// contain themselves.
fn made(schema: &Value, name: &str, depth: usize) -> Value {
    let kind = match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.first().and_then(Value::as_str),
        Some(kind) => kind.as_str(),
        None => schema.get("properties").map(|_| "object"),
    };
    if let Some(first) = schema.get("enum").and_then(|it| it.get(0)) {
        return first.clone();
    }
    match kind {
        _ if depth == 0 => Value::Null,
        Some("object") => {
            let mut object = Map::new();
            for (name, schema) in
                schema.get("properties").and_then(Value::as_object).into_iter().flatten()
            {
                object.insert(name.clone(), made(schema, name, depth - 1));
            }
            Value::Object(object)
        }
        Some("array") => {
            let items = schema.get("items").unwrap_or(&Value::Null);
            let item = |index: usize| match made(items, name, depth - 1) {
                Value::String(text) => json!(format!("{text} {index}")),
                Value::Object(mut row) => {
                    if let Some(id) = row.get_mut("id") {
                        *id = json!(format!("id-{index}"));
                    }
                    Value::Object(row)
                }
                other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_)) => {
                    other
                }
            };
            (0..3).map(item).collect()
        }
        Some("integer") => json!(7),
        Some("number") => json!(12.5),
        Some("boolean") => json!(true),
        Some("string") if name.contains("date") => json!("2026-03-04"),
        Some("string") if name.contains("email") => json!("someone@example.org"),
        Some("string") => json!(format!("{name} of it")),
        Some(_) | None => Value::Null,
    }
}
