//! JSON into the engine and out of it.

use jsonata_core::value::JValue;
use serde_json::{Map, Value};

use super::{ExpressionError, Limits};
use crate::number;

pub(super) fn into_engine(value: &Value) -> JValue {
    match value {
        Value::Null => JValue::Null,
        Value::Bool(it) => JValue::Bool(*it),
        Value::Number(it) => {
            number::double(it).map_or_else(|| JValue::string(it.to_string()), JValue::Number)
        }
        Value::String(it) => JValue::string(it.as_str()),
        Value::Array(items) => JValue::array(items.iter().map(into_engine).collect()),
        Value::Object(members) => {
            let members = members.iter().map(|(name, it)| (name.clone(), into_engine(it)));
            JValue::object(members.collect())
        }
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
            JValue::Number(it) => Ok(number::json(*it)),
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
