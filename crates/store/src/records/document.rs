//! Entities as the JSON document of a batch, one statement's only long bind.

use chrono::SecondsFormat;
use domain::TargetModel;
use domain::entity::{Entity, FieldValue};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::table::{self, Store};

/// Bytes of a natural key.
const KEY_MAX: usize = 1000;

/// An entity on its way into its table.
pub(super) fn row(entity: &Entity, record_id: Uuid, hash: &[u8; 32]) -> Value {
    let mut row = Map::new();
    row.insert("record_id".to_owned(), Value::String(record_id.simple().to_string()));
    row.insert("content_hash".to_owned(), Value::String(domain::hex(hash)));
    for (name, value) in &entity.values {
        match value {
            FieldValue::Text(it) => row.insert(name.clone(), Value::String(it.clone())),
            FieldValue::Decimal(it) => row.insert(name.clone(), Value::String(it.to_string())),
            FieldValue::Integer(it) => row.insert(name.clone(), Value::from(*it)),
            FieldValue::Boolean(it) => row.insert(name.clone(), Value::Bool(*it)),
            FieldValue::Date(it) => row.insert(name.clone(), Value::String(it.to_string())),
            // As the driver writes a time on SQLite, so that both kinds of text sort together.
            FieldValue::DateTime(it) => row.insert(
                name.clone(),
                Value::String(it.to_rfc3339_opts(SecondsFormat::AutoSi, false)),
            ),
            FieldValue::Json(it) => row.insert(name.clone(), it.clone()),
            FieldValue::Money { amount, currency } => {
                row.insert(format!("{name}_currency"), Value::String(currency.clone()));
                row.insert(name.clone(), Value::String(amount.to_string()))
            }
        };
    }
    for (column, attribute, key) in table::folded(entity.model) {
        if let Some(FieldValue::Text(it)) = entity.values.get(*attribute) {
            // A longer text is no name to be found by, and would not fit into an index.
            let folded = key.fold(it);
            if folded.len() <= KEY_MAX {
                row.insert((*column).to_owned(), Value::String(folded));
            }
        }
    }
    Value::Object(row)
}

/// Whether a text holds a NUL, which PostgreSQL cannot store and SQLite would cut at.
pub(super) fn has_nul(entity: &Entity) -> bool {
    entity.external_id.contains('\0')
        || entity.values.values().any(|it| match it {
            FieldValue::Text(text) => text.contains('\0'),
            FieldValue::Json(value) => value_has_nul(value),
            FieldValue::Decimal(_)
            | FieldValue::Integer(_)
            | FieldValue::Boolean(_)
            | FieldValue::Date(_)
            | FieldValue::DateTime(_)
            | FieldValue::Money { .. } => false,
        })
}

fn value_has_nul(value: &Value) -> bool {
    match value {
        Value::String(it) => it.contains('\0'),
        Value::Array(it) => it.iter().any(value_has_nul),
        Value::Object(it) => it.iter().any(|(name, it)| name.contains('\0') || value_has_nul(it)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The expression that gives a stored row's attributes as one JSON text, decimals as texts.
pub(super) fn select(model: TargetModel, postgres: bool) -> String {
    let members: Vec<String> = table::columns(model)
        .iter()
        .chain(&table::linked(model))
        .map(|it| {
            let column = format!("t.\"{}\"", it.name);
            let value = match (it.store, postgres) {
                (Store::Json, false) => format!("json({column})"),
                (Store::Decimal, true) => format!("{column}::text"),
                (Store::Text | Store::Integer | Store::Date | Store::Json, true)
                | (Store::Boolean, true)
                | (Store::Text | Store::Integer | Store::Date | Store::Decimal, false)
                | (Store::Boolean | Store::Time, false) => column,
                (Store::Time, true) => format!(
                    "to_char({column} at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"+00:00\"')"
                ),
            };
            format!("'{}', {value}", it.name)
        })
        .collect();
    let function = if postgres { "json_build_object" } else { "json_object" };
    let object = format!("{function}({})", members.join(", "));
    if postgres { format!("{object}::text") } else { object }
}

/// The attributes of a stored row from what [`select`] gave.
pub(super) fn values(
    model: TargetModel,
    text: &str,
) -> Result<Map<String, Value>, serde_json::Error> {
    let mut stored: Map<String, Value> = serde_json::from_str(text)?;
    let mut values = Map::new();
    for column in table::columns(model).into_iter().chain(table::linked(model)) {
        let Some(value) = stored.remove(&column.name).filter(|it| !it.is_null()) else { continue };
        let value = match (column.store, value) {
            // SQLite has no boolean of its own.
            (Store::Boolean, Value::Number(it)) => Value::Bool(it.as_i64() != Some(0)),
            (Store::Time, Value::String(it)) => match it.parse() {
                Ok(time) => Value::String(domain::time::rfc3339(time)),
                Err(_) => Value::String(it),
            },
            (_, value) => value,
        };
        values.insert(column.name, value);
    }
    for attribute in &model.schema().attributes {
        let Some(currency) = values.remove(&format!("{}_currency", attribute.name)) else {
            continue;
        };
        if let Some(amount) = values.get_mut(&attribute.name) {
            *amount = serde_json::json!({ "amount": amount.take(), "currency": currency });
        }
    }
    Ok(values)
}
