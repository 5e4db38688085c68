//! What of a case is shown: no more than could matter, within a number of bytes, without secrets.

use std::collections::BTreeSet;

use domain::redact::Redactor;
use serde_json::{Value, json};

use super::{Paths, Wanted, constant};
use crate::draw::{Field, Likely, Shortlist};
use crate::seats::Case;

/// Of the lines about slots and paths, as JSON.
const BYTES: usize = 24 * 1024;
/// Characters of one value.
const LONGEST: usize = 80;

/// What a model may speak of.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    pub(super) slots: Vec<Wanted>,
    pub(super) paths: Paths,
}

impl Shown {
    /// With it the lines about the slots and about the paths. Required slots come first, should the
    /// bytes not do for all.
    pub(super) fn of(
        case: &Case,
        shortlist: Shortlist,
        redactor: &Redactor,
        samples: usize,
    ) -> (Self, Vec<Value>, Vec<Value>) {
        let Shortlist { mut slots, fields } = shortlist;
        slots.sort_by_key(|it| !it.is_required);
        let known = constant::known(case, redactor);
        let mut room = BYTES;
        let mut shown = Self { slots: Vec::new(), paths: Paths::new() };
        let mut named: BTreeSet<String> = BTreeSet::new();
        let (mut slot_lines, mut field_lines) = (Vec::new(), Vec::new());
        for slot in slots {
            let mut likely = Vec::new();
            for path in &slot.paths {
                let text = path.to_string();
                if !named.contains(&text) {
                    let field = fields.iter().find(|it| it.path == *path);
                    let line = field.and_then(|it| line(it, &text, redactor, samples));
                    let Some(line) = line.filter(|it| it.to_string().len() < room) else {
                        continue;
                    };
                    room -= line.to_string().len();
                    field_lines.push(line);
                    named.insert(text.clone());
                    shown.paths.insert(text.clone(), path.clone());
                }
                likely.push(text);
            }
            let constant = constant::of(&slot, &known);
            let line = wanted(&slot, &likely, constant.as_deref());
            if (likely.is_empty() && constant.is_none()) || line.to_string().len() >= room {
                continue;
            }
            room -= line.to_string().len();
            slot_lines.push(line);
            let Likely { slot, attribute, .. } = slot;
            shown.slots.push(Wanted { slot, allowed: &attribute.allowed, constant });
        }
        (shown, slot_lines, field_lines)
    }
}

fn wanted(slot: &Likely, likely: &[String], constant: Option<&str>) -> Value {
    let mut line = json!({
        "slot": slot.slot,
        "is": slot.attribute.description,
        "kind": slot.attribute.kind,
        "required": slot.is_required,
        "likely_paths": likely,
    });
    if !slot.attribute.allowed.is_empty() {
        line["words"] = json!(slot.attribute.allowed);
    }
    if let Some(constant) = constant {
        line["constant"] = json!(constant);
    }
    line
}

/// None: the path itself holds what may be a secret.
fn line(field: &Field, path: &str, redactor: &Redactor, samples: usize) -> Option<Value> {
    if redactor.text(path) != path {
        return None;
    }
    // By its name too: what stands in `api_key` is a secret whatever it looks like.
    let named = field.path.names().map(str::to_owned).collect::<Vec<String>>();
    let value = |it: &Value| {
        let mut nested = named.iter().rev().fold(it.clone(), |inner, name| json!({ name: inner }));
        redactor.json(&mut nested);
        let plain = named.iter().try_fold(&nested, |outer, name| outer.get(name));
        plain.map(|it| short(it.clone()))
    };
    let values: Vec<Value> = field.values.iter().take(samples).filter_map(value).collect();
    let filled = (field.fill_rate * 100.0).round();
    Some(json!({ "path": path, "kind": field.kind, "percent_filled": filled, "values": values }))
}

fn short(value: Value) -> Value {
    let text = value.as_str().filter(|it| it.chars().count() > LONGEST);
    let cut = text.map(|it| it.chars().take(LONGEST).chain(['…']).collect());
    cut.map_or(value, Value::String)
}
