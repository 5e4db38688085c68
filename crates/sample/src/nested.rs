//! The server whose tools want arguments: a parent, a kind of record, a query.

use std::sync::Arc;

use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use serde_json::{Value, json};

use crate::Scale;
use crate::data;
use crate::listing::{Reply, object};

/// Movements on one page.
const PAGE: usize = 25;

pub(crate) fn tools() -> Vec<Tool> {
    let text = json!({ "type": "string" });
    let entity = json!({ "type": "string", "enum": ["customers", "invoices", "templates"] });
    let action = json!({ "type": "string", "enum": ["list", "create", "delete"] });
    let number = json!({ "type": "integer", "minimum": 1 });
    let size = json!({ "type": "integer", "minimum": 1, "maximum": PAGE });
    vec![
        tool("list_accounts", "List our bank accounts with IBAN and balance.", &json!({}), &[]),
        tool(
            "list_transactions",
            "List the bank transactions of one account, newest first.",
            &json!({ "account_id": text, "page": number, "per_page": size }),
            &["account_id"],
        ),
        tool(
            "list_files",
            "List the files of one message.",
            &json!({ "message_id": text }),
            &["message_id"],
        ),
        plain(
            "records",
            "Work with records of the accounting software.",
            &json!({ "entity": entity, "action": action }),
            &["entity", "action"],
        ),
        plain("run_query", "Run a SQL query on the archive.", &json!({ "sql": text }), &["sql"]),
    ]
}

fn tool(name: &'static str, about: &'static str, properties: &Value, required: &[&str]) -> Tool {
    plain(name, about, properties, required)
        .with_annotations(ToolAnnotations::new().read_only(true))
}

/// A tool that says nothing of what it may change.
fn plain(name: &'static str, about: &'static str, properties: &Value, required: &[&str]) -> Tool {
    let schema = json!({ "type": "object", "properties": properties, "required": required });
    Tool::new(name, about, Arc::new(object(schema)))
}

pub(crate) fn reply(name: &str, args: &JsonObject, scale: &Scale) -> Option<Reply> {
    let text = |name: &str| args.get(name).and_then(Value::as_str).unwrap_or_default();
    Some(match name {
        "list_accounts" => rows((0..data::ACCOUNTS).map(data::account)),
        "list_transactions" => transactions(text("account_id"), args, scale),
        "records" => match (text("entity"), text("action")) {
            ("customers", "list") => rows((0..data::COMPANIES).map(data::company)),
            ("invoices", "list") => rows((0..data::INVOICES).map(data::invoice)),
            ("templates", "list") => rows(std::iter::empty()),
            (entity, action) => Reply::Failed(format!("may not {action} {entity}")),
        },
        "run_query" => query(text("sql")),
        "list_files" => Reply::Failed("there is no such message".to_owned()),
        _ => return None,
    })
}

fn rows(rows: impl Iterator<Item = Value>) -> Reply {
    Reply::Text(Value::Array(rows.collect()).to_string())
}

/// A page of one account; its rows do not name the account.
fn transactions(account: &str, args: &JsonObject, scale: &Scale) -> Reply {
    if !(0..data::ACCOUNTS).any(|it| data::account_id(it) == account) {
        return Reply::Failed(format!("no account {account:?}"));
    }
    let number = |name: &str, default: usize| {
        let number = args.get(name).and_then(Value::as_u64);
        number.and_then(|it| usize::try_from(it).ok()).unwrap_or(default).max(1)
    };
    let (page, size) = (number("page", 1), number("per_page", 10).min(PAGE));
    let all = (0..scale.transactions).map(|it| data::transaction(it, scale.transactions));
    let own = all.filter(|it| it["account_id"] == account).map(|mut row| {
        if let Some(fields) = row.as_object_mut() {
            fields.shift_remove("account_id");
        }
        row
    });
    let own: Vec<Value> = own.collect();
    let total = own.len();
    let from = (page - 1).saturating_mul(size);
    let page: Vec<Value> = own.into_iter().skip(from).take(size).collect();
    Reply::Structured(json!({ "transactions": page, "total": total }))
}

/// As SQL tools answer: names, then cells.
fn query(sql: &str) -> Reply {
    if sql != "select id, full_name, email from people" {
        return Reply::Failed(format!("syntax error in {sql:?}"));
    }
    let cells = |it| {
        let person = data::person(it);
        json!([person["id"], person["full_name"], person["email"]])
    };
    let rows: Vec<Value> = (0..data::PEOPLE).map(cells).collect();
    Reply::Structured(json!({ "columns": ["id", "full_name", "email"], "rows": rows }))
}
