//! How an entity names its parents, and how a parent that was found is written into it.

use serde_json::Value;

use super::{Entity, FieldValue};
use crate::reference::{Natural, Reference};

/// One place where an entity names a parent: the entity itself, or one item of a list of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The item of the list that the reference is in.
    pub item: Option<usize>,
    pub id: Option<String>,
    /// Natural keys, in the order of the reference, in the spelling that is compared.
    pub naturals: Vec<(Natural, String)>,
}

impl Entity {
    /// Where it names a parent by this reference: nothing where it names none.
    pub fn claims(&self, reference: &Reference) -> Vec<Claim> {
        match reference.attribute.split_once('.') {
            None => {
                let text = |name: &str| match self.values.get(name) {
                    Some(FieldValue::Text(it)) => Some(it.as_str()),
                    _ => None,
                };
                claim(reference, None, &reference.attribute, text).into_iter().collect()
            }
            Some((list, member)) => {
                let Some(FieldValue::Json(Value::Array(items))) = self.values.get(list) else {
                    return Vec::new();
                };
                let each = items.iter().enumerate().filter_map(|(index, item)| {
                    let text = |name: &str| item.get(name).and_then(Value::as_str);
                    claim(reference, Some(index), member, text)
                });
                each.collect()
            }
        }
    }

    /// Writes the parent's external id where it was claimed; `None` empties the reference.
    pub fn link(&mut self, reference: &Reference, item: Option<usize>, parent: Option<&str>) {
        match (reference.attribute.split_once('.'), item) {
            (Some((list, member)), Some(index)) => {
                let Some(FieldValue::Json(Value::Array(items))) = self.values.get_mut(list) else {
                    return;
                };
                let Some(Value::Object(item)) = items.get_mut(index) else { return };
                match parent {
                    Some(id) => item.insert(member.to_owned(), id.into()),
                    None => item.remove(member),
                };
            }
            _ => {
                match parent {
                    Some(id) => {
                        let id = FieldValue::Text(id.to_owned());
                        self.values.insert(reference.attribute.clone(), id)
                    }
                    None => self.values.remove(&reference.attribute),
                };
            }
        }
    }
}

fn claim<'a>(
    reference: &Reference,
    item: Option<usize>,
    member: &str,
    text: impl Fn(&str) -> Option<&'a str>,
) -> Option<Claim> {
    let id = text(member).map(str::to_owned);
    let folded = |it: &Natural| {
        let key = it.key.fold(text(it.attribute)?);
        (!key.is_empty()).then_some((*it, key))
    };
    let naturals: Vec<(Natural, String)> = reference.naturals.iter().filter_map(folded).collect();
    (id.is_some() || !naturals.is_empty()).then_some(Claim { item, id, naturals })
}
