//! JSON into the engine and out of it.

use jsonata_core::value::JValue;
use serde_json::{Map, Number, Value};

use super::{ExpressionError, Limits};

/// JSONata writes numbers with 15 digits, and its doubles lose integers beyond 2^53. A longer
/// integer is an identifier, or an amount that must not change: it travels as text.
const LONGEST_INTEGER: u64 = 999_999_999_999_999;

pub(super) fn into_engine(value: &Value) -> JValue {
    match value {
        Value::Null => JValue::Null,
        Value::Bool(it) => JValue::Bool(*it),
        Value::Number(it) => number(it),
        Value::String(it) => JValue::string(it.as_str()),
        Value::Array(items) => JValue::array(items.iter().map(into_engine).collect()),
        Value::Object(members) => {
            let members = members.iter().map(|(name, it)| (name.clone(), into_engine(it)));
            JValue::object(members.collect())
        }
    }
}

fn number(number: &Number) -> JValue {
    let magnitude = number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs));
    match number.as_f64() {
        Some(it) if magnitude.is_none_or(|it| it <= LONGEST_INTEGER) => JValue::Number(it),
        _ => JValue::string(number.to_string()),
    }
}

/// Copies the outcome, spending a budget as it goes: shared values are counted each time.
pub(super) fn out_of_engine(value: &JValue, limits: &Limits) -> Result<Value, ExpressionError> {
    let mut budget = Budget { nodes: limits.output_nodes, bytes: limits.output_bytes };
    budget.copy(value, limits.output_depth)
}

struct Budget {
    nodes: usize,
    bytes: usize,
}

impl Budget {
    fn copy(&mut self, value: &JValue, depth: usize) -> Result<Value, ExpressionError> {
        self.nodes = spend(self.nodes, 1, "values")?;
        let Some(below) = depth.checked_sub(1) else { return Err(exceeded("levels")) };
        match value {
            JValue::Null | JValue::Undefined => Ok(Value::Null),
            JValue::Bool(it) => Ok(Value::Bool(*it)),
            JValue::Number(it) => Ok(json_number(*it)),
            JValue::String(it) => Ok(Value::String(self.text(it)?)),
            JValue::Array(items) => {
                let items = items.iter().map(|it| self.copy(it, below));
                Ok(Value::Array(items.collect::<Result<_, _>>()?))
            }
            JValue::Object(members) => {
                let mut copy = Map::new();
                for (name, it) in members.iter().filter(|(_, it)| !it.is_undefined()) {
                    copy.insert(self.text(name)?, self.copy(it, below)?);
                }
                Ok(Value::Object(copy))
            }
            JValue::Lambda(_) | JValue::Builtin { .. } | JValue::Regex { .. } => {
                Err(ExpressionError::ours("W0005", "the outcome holds a function"))
            }
        }
    }

    fn text(&mut self, text: &str) -> Result<String, ExpressionError> {
        self.bytes = spend(self.bytes, text.len(), "bytes")?;
        Ok(text.to_owned())
    }
}

fn spend(left: usize, cost: usize, unit: &str) -> Result<usize, ExpressionError> {
    left.checked_sub(cost).ok_or_else(|| exceeded(unit))
}

fn exceeded(unit: &str) -> ExpressionError {
    ExpressionError::ours("W0004", format!("the outcome has too many {unit}"))
}

/// Whole numbers come back as integers: `12`, not `12.0`.
fn json_number(it: f64) -> Value {
    let text = format!("{it}");
    let integer = text.parse::<i64>().ok().map(Number::from);
    integer.or_else(|| Number::from_f64(it)).map_or(Value::Null, Value::Number)
}
