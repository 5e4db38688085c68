//! An answer, and the mapping that a run draws from it.

use std::path::Path;

use chrono::NaiveDate;
use domain::TargetModel;
use mapping::native::Program;
use mapping::plan::{Plan, Slot};
use mapping::records::Records;
use mapping::seats::{self, Case};
use serde_json::Value;

use crate::cases;

/// A day on which nothing here depends: dates must only be plausible.
pub(super) const TODAY: NaiveDate = match NaiveDate::from_ymd_opt(2026, 6, 1) {
    Some(it) => it,
    None => NaiveDate::MIN,
};

pub(super) struct Payload {
    pub(super) name: String,
    pub(super) target: TargetModel,
    pub(super) tool: String,
    pub(super) rows: Vec<Value>,
}

pub(super) struct Drawn {
    pub(super) plan: Plan,
    /// Within the rows.
    records: Vec<Value>,
    pub(super) entities: Vec<Value>,
}

impl Payload {
    /// Of a labelled case: its rows are where its records are, or those are within them.
    pub(super) fn of_case(folder: &Path, case: &Value) -> Self {
        let text = |name: &str| case[name].as_str().unwrap_or_default();
        let payload = cases::json(&folder.join(text("payload")));
        let endpoint = text("case").split_once("__").map_or(text("case"), |(_, it)| it);
        let endpoint = endpoint.split_once("--").map_or(endpoint, |(it, _)| it);
        Self {
            name: text("case").to_owned(),
            target: text("target").parse().expect("a target"),
            tool: format!("list_{endpoint}"),
            rows: rows(&payload, text("records_root")),
        }
    }

    /// By every seat and their jury, else by the one-shot generator.
    pub(super) fn draw(&self, rows: &[Value]) -> Option<Drawn> {
        let case = Case {
            target: self.target,
            records: Records::default(),
            rows: Vec::new(),
            tool_name: self.tool.clone(),
            tool_description: String::new(),
            output_schema: None,
            pins: Vec::new(),
            today: TODAY,
        };
        let case = case.over(rows.to_vec());
        let found = seats::sit(&case).mapping.ok()?;
        Some(Drawn { plan: found.drawn.plan, records: case.rows, entities: found.entities })
    }
}

impl Drawn {
    /// What the mapping makes of other rows.
    pub(super) fn again(&self, rows: &[Value]) -> Vec<Value> {
        entities(&self.plan, &self.plan.records.of(rows.to_vec()))
    }

    /// What another plan makes of the same records.
    pub(super) fn by(&self, plan: &Plan) -> Vec<Value> {
        entities(plan, &self.records)
    }

    pub(super) fn plan_with(&self, name: &str, slot: Slot) -> Plan {
        let mut plan = self.plan.clone();
        plan.slots.retain(|it| it.slot != name);
        plan.slots.push(slot);
        plan
    }
}

fn entities(plan: &Plan, records: &[Value]) -> Vec<Value> {
    let program = Program::of(plan);
    records.iter().map(|it| program.evaluate(it)).collect()
}

/// `QueryResponse.Payment / Line` names an item of a list of each row, `entries[type=file]` some of
/// the rows, `list.customer` a wrapper in each: the rows are the first list on the way.
fn rows(payload: &Value, root: &str) -> Vec<Value> {
    let root = root.replace("(root array)", "");
    let root = root.split(" / ").next().unwrap_or_default();
    let mut at = payload;
    for name in root.split('.').map(|it| it.split('[').next().unwrap_or_default().trim()) {
        match at.get(name) {
            Some(below) if !at.is_array() => at = below,
            Some(_) | None => {}
        }
    }
    at.as_array().cloned().unwrap_or_else(|| vec![at.clone()])
}
