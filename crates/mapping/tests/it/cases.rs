//! Plans drawn from real answers of providers, where a folder of them is at hand: what is made
//! natively is what the JSONata gives, in the engine within and in the reference engine.

use std::fs;
use std::path::{Path, PathBuf};

use domain::TargetModel;
use mapping::draw::{self, Hints, Lead};
use mapping::expression::{Limits, apply};
use mapping::native::Program;
use mapping::plan::Plan;
use serde_json::Value;

use crate::reference::{Reference, setting};

/// A folder with `gold/*.json`, each with the `payload` it is about and its `records_root`.
pub(crate) const CASES: &str = "WIRELINE_TEST_MAPPING_CASES";

#[test]
fn every_case_is_the_same_natively_within_and_by_the_reference_engine() {
    let Some(folder) = setting(CASES).map(PathBuf::from) else { return };
    let mut reference = Reference::start();
    let (mut plans, mut values) = (0, 0);
    for file in files(&folder.join("gold")) {
        let case = json(&file);
        let payload = json(&folder.join(case["payload"].as_str().expect("a payload")));
        let rows = rows(&payload, case["records_root"].as_str().unwrap_or_default());
        for plan in drawn(&rows) {
            plans += 1;
            values += rows.len();
            same(&plan, &rows, reference.as_mut(), &file);
        }
    }
    assert!(plans > 0, "no case in {}", folder.display());
    let judges = if reference.is_some() { "both engines" } else { "the engine within alone" };
    println!("{plans} plans, {values} records: the same natively and by {judges}");
}

/// By every lead, for every target: what a plan is for does not matter here.
fn drawn(rows: &[Value]) -> Vec<Plan> {
    let mut plans: Vec<Plan> = Vec::new();
    for target in TargetModel::ALL {
        for lead in Lead::ALL {
            let plan = draw::by(*lead, *target, rows, &Hints::default(), &[]).plan;
            if !plans.contains(&plan) {
                plans.push(plan);
            }
        }
    }
    plans
}

fn same(plan: &Plan, rows: &[Value], reference: Option<&mut Reference>, file: &Path) {
    let source = mapping::compile(plan);
    let at = format!("{} as {}\n{source}", file.display(), plan.target);
    let program = Program::of(plan);
    let native: Vec<Value> = rows.iter().map(|it| program.evaluate(it)).collect();
    let within = apply(&source, rows, &Limits::default()).expect("an expression");
    let within: Vec<Value> = within.into_iter().collect::<Result<_, _>>().expect("no failed row");
    assert_eq!(native, within, "within, {at}");
    if let Some(reference) = reference {
        let outcomes = reference.outcomes(&source, rows).into_iter().collect::<Result<_, _>>();
        assert_eq!(Ok(native), outcomes, "reference, {at}");
    }
}

fn rows(payload: &Value, root: &str) -> Vec<Value> {
    let mut names = root.split('.').filter(|it| !it.is_empty());
    let found = names.try_fold(payload, |at, name| at.get(name)).unwrap_or(payload);
    found.as_array().cloned().unwrap_or_else(|| vec![found.clone()])
}

pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).expect("the folder of cases");
    let mut files: Vec<PathBuf> = files.map(|it| it.expect("a file").path()).collect();
    files.sort();
    files
}

pub(crate) fn json(file: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(file).expect("a file")).expect("JSON")
}
