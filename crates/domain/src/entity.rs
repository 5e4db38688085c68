//! A record that may be stored: a mapped value, checked against its model's schema and rules.
//!
//! [`check`] is total and pure: any JSON value gives an [`Entity`] or the causes of its rejection.
//! Nothing is invented on the way; what is moved for good reason is told in [`Entity::repairs`].

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::schema::Attribute;
use crate::target::TargetModel;

mod cause;
mod currency;
mod field;
mod iban;
mod key;
mod links;
mod rules;
#[cfg(test)]
mod tests;

pub use cause::{Cause, Causes, Rule};
pub use currency::is_currency;
pub use field::FieldValue;
pub use iban::is_iban;
pub use key::derivation;
pub use links::Claim;

/// A sound record of one model.
#[derive(Debug, Clone, PartialEq)]
pub struct Entity {
    pub model: TargetModel,
    /// The upsert key within a workspace and connector.
    pub external_id: String,
    /// Present attributes by name; the one that holds the external id is among them.
    pub values: BTreeMap<String, FieldValue>,
    /// What the validator set right without rejecting, e.g. an IBAN whose checksum is wrong.
    pub repairs: Vec<Cause>,
}

/// Checks one mapped value. `today` bounds the dates that are plausible.
pub fn check(model: TargetModel, value: &Value, today: NaiveDate) -> Result<Entity, Vec<Cause>> {
    let Value::Object(members) = value else {
        return Err(vec![Cause::new("", Rule::WrongType, "the mapping gave no object")]);
    };
    let schema = model.schema();
    let mut causes = Vec::new();
    let mut values = BTreeMap::new();
    for attribute in &schema.attributes {
        let given = members.get(&attribute.name).filter(|it| !is_absent(it));
        match given.map(|it| FieldValue::read(attribute, &attribute.name, it)) {
            Some(Ok(value)) => {
                values.insert(attribute.name.clone(), value);
            }
            Some(Err(found)) => causes.extend(found),
            None => {}
        }
    }
    let unknown = members.keys().filter(|name| schema.attribute(name).is_none());
    causes.extend(unknown.map(|name| Cause::new(name, Rule::UnknownField, "not in the schema")));

    let repairs = rules::settle(model, &mut values);
    key::derive(model, &mut values);
    let rejected: Vec<String> = causes.iter().map(|it| it.attribute().to_owned()).collect();
    let missing = |it: &&Attribute| {
        it.required && !values.contains_key(&it.name) && !rejected.contains(&it.name)
    };
    let missing: Vec<&Attribute> = schema.attributes.iter().filter(missing).collect();
    causes.extend(missing.into_iter().map(|it| Cause::null_required(&it.name)));
    causes.extend(rules::broken(model, &values, today));

    match values.get(model.external_id()) {
        Some(FieldValue::Text(key)) if causes.is_empty() => {
            Ok(Entity { model, external_id: key.clone(), values, repairs })
        }
        _ => Err(causes),
    }
}

/// `""`, `[]`, `{}` and null count as absent.
pub fn is_absent(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(it) => it.is_empty(),
        Value::Array(it) => it.is_empty(),
        Value::Object(it) => it.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

impl Entity {
    /// Equal for equal content: independent of member order, of `12.50` against `12.5`, and of
    /// the zone that a time was written in.
    pub fn content_hash(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        let mut part = |text: &str| {
            hash.update(text.len().to_be_bytes());
            hash.update(text.as_bytes());
        };
        part(self.model.as_str());
        part(&self.external_id);
        for (name, value) in &self.values {
            part(name);
            part(value.kind());
            part(&value.canonical());
        }
        hash.finalize().into()
    }

    /// Whether the key was computed from the content, so that a twin may have it too.
    pub fn has_derived_key(&self) -> bool {
        self.external_id.starts_with(key::DERIVED)
    }

    /// The same record as the `n`th of those with its derived key.
    #[must_use]
    pub fn numbered(mut self, n: u32) -> Self {
        self.external_id = format!("{}#{n}", self.external_id);
        let key = FieldValue::Text(self.external_id.clone());
        self.values.insert(self.model.external_id().to_owned(), key);
        self
    }

    /// The values as a mapping may give them: [`check`] reads the same entity from it.
    pub fn to_json(&self) -> Value {
        self.values.iter().map(|(name, value)| (name.clone(), value.to_json())).collect()
    }
}
