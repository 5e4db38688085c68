//! `wireline bench mapping DIR`: each case is an answer, and what its records are to become.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::NaiveDate;
use mapping::plan::{Plan, Slot, Source};
use mapping::records::{ENCLOSING, Records};
use mapping::seats::{self, Candidate, Case as Subject};
use serde::Serialize;
use serde_json::Value;

use crate::compare;
use crate::label::{Case, Place};
use crate::score::{Tally, share};
use crate::{Error, Report};

/// Shares over labelled fields, and of records and cases.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scores {
    pub cases: usize,
    pub path_precision: f64,
    pub path_recall: f64,
    pub path_f1: f64,
    pub value_f1: f64,
    /// Records in which every labelled field is right.
    pub records_exact: f64,
    /// Records in which every required field is right.
    pub required_right: f64,
    /// Cases whose records were found where they are.
    pub roots: f64,
}

#[derive(Debug, Default)]
struct Counts {
    cases: usize,
    roots: usize,
    records: usize,
    exact: usize,
    required: usize,
    paths: Tally,
    values: Tally,
    misses: Vec<String>,
}

/// What the product makes of an answer.
struct Mapped {
    /// Of the rows of the answer.
    rows_at: Place,
    /// Of the records.
    root: Place,
    plan: Option<Plan>,
    entities: Vec<Value>,
}

/// A day on which no label depends: dates must only be plausible.
const TODAY: Option<NaiveDate> = NaiveDate::from_ymd_opt(2026, 6, 1);

/// Scores what becomes of each answer.
///
/// # Errors
/// A file is missing, or is not what is expected there.
pub fn run(folder: &Path) -> Result<Report<Scores>, Error> {
    let mut counts = Counts::default();
    for file in crate::documents(&folder.join("gold"))? {
        let case: Case = crate::read(&file)?;
        let payload: Value = crate::read(&folder.join(&case.payload))?;
        counts.case(&case, &mapped(&case, payload));
    }
    let scores = Scores {
        cases: counts.cases,
        path_precision: counts.paths.precision(),
        path_recall: counts.paths.recall(),
        path_f1: counts.paths.f1(),
        value_f1: counts.values.f1(),
        records_exact: share(counts.exact, counts.records),
        required_right: share(counts.required, counts.records),
        roots: share(counts.roots, counts.cases),
    };
    Ok(Report { scores, misses: counts.misses })
}

/// As a run does it: unwrap, find the records, draw by every seat, hold the jury, else the one-shot
/// generator.
fn mapped(case: &Case, payload: Value) -> Mapped {
    let Ok(found) = mcp::answer::rows(&mcp::Answer::of(payload)) else {
        let nowhere = || Place::of(&[]);
        return Mapped { rows_at: nowhere(), root: nowhere(), plan: None, entities: Vec::new() };
    };
    let subject = Subject {
        target: case.target,
        records: Records::default(),
        rows: Vec::new(),
        tool_name: format!("list_{}", case.endpoint()),
        tool_description: String::new(),
        output_schema: None,
        pins: Vec::new(),
        today: TODAY.unwrap_or_default(),
    };
    let subject = subject.over(found.rows);
    let mapped = Mapped {
        rows_at: Place::of(&[&found.root]),
        root: Place::of(&[&found.root, &subject.records.path.to_string()]),
        plan: None,
        entities: Vec::new(),
    };
    match seats::sit(&subject).mapping {
        Ok(Candidate { drawn, entities, .. }) => {
            Mapped { plan: Some(drawn.plan), entities, ..mapped }
        }
        Err(_) => mapped,
    }
}

impl Counts {
    fn case(&mut self, case: &Case, mapped: &Mapped) {
        self.cases += 1;
        let root = case.root_place();
        let is_root = mapped.root == root && mapped.entities.len() == case.expected.len();
        self.roots += usize::from(is_root);
        if !is_root {
            let (came, count) = (mapped.root.as_str(), mapped.entities.len());
            let wanted = case.expected.len();
            self.misses.push(format!(
                "{}: {wanted} record(s) are at `{}`, found {count} at `{came}`",
                case.case,
                root.as_str()
            ));
        }
        self.paths(case, mapped);
        for (at, expected) in case.expected.iter().enumerate() {
            let given = mapped.entities.get(at).unwrap_or(&Value::Null);
            self.record(case, at, expected, given);
        }
    }

    fn paths(&mut self, case: &Case, mapped: &Mapped) {
        let given = mapped.plan.as_ref().map(|it| read_at(it, mapped)).unwrap_or_default();
        for slot in case.fields.keys().chain(&case.none_available) {
            let accepted = case.places(slot);
            let came = given.get(slot.as_str());
            let is_right = || came.is_some_and(|it| accepted.contains(it));
            if came.is_some() == accepted.is_empty() || (came.is_some() && !is_right()) {
                let wanted = accepted.first().map_or("nothing", Place::as_str);
                let came = came.map_or("nothing", Place::as_str);
                self.misses
                    .push(format!("{} {slot}: expected {wanted}, read from {came}", case.case));
            }
            self.paths.count(!accepted.is_empty(), came.is_some(), is_right);
        }
    }

    fn record(&mut self, case: &Case, at: usize, expected: &Value, given: &Value) {
        let (wanted, came) = (compare::leaves(expected), compare::leaves(given));
        let schema = case.target.schema();
        let (mut all, mut required) = (true, true);
        let places = wanted.keys().chain(came.keys().filter(|it| !wanted.contains_key(*it)));
        for place in places {
            let slot = compare::attribute(place);
            if !case.speaks_of(&slot) {
                continue;
            }
            let (wanted, came) = (wanted.get(place), came.get(place));
            let is_right = wanted.is_some_and(|wanted| {
                let alternatives = case.alternatives(&slot, at);
                came.is_some_and(|came| {
                    compare::same(wanted, came)
                        || alternatives.into_iter().any(|it| compare::same(it, came))
                })
            });
            self.values.count(wanted.is_some(), came.is_some(), || is_right);
            if !is_right {
                let top = slot.split('.').next().unwrap_or_default();
                all = false;
                required &= !schema.attributes.iter().any(|it| it.required && it.name == top);
                let shown =
                    |it: Option<&&Value>| it.map_or("nothing".to_owned(), |it| it.to_string());
                self.misses.push(format!(
                    "{} [{at}] {place}: expected {}, came {}",
                    case.case,
                    shown(wanted),
                    shown(came)
                ));
            }
        }
        self.records += 1;
        self.exact += usize::from(all);
        self.required += usize::from(required);
    }
}

/// Where each slot of a plan is read first.
fn read_at(plan: &Plan, mapped: &Mapped) -> BTreeMap<String, Place> {
    let mut read = BTreeMap::new();
    note(&plan.slots, "", mapped, &mapped.root, &mut read);
    read
}

fn note(
    slots: &[Slot],
    above: &str,
    mapped: &Mapped,
    root: &Place,
    read: &mut BTreeMap<String, Place>,
) {
    let place = |path: &mapping::path::Path| {
        let text = path.to_string();
        match text.strip_prefix(ENCLOSING).and_then(|it| it.strip_prefix('.')) {
            Some(outside) => Place::of(&[mapped.rows_at.as_str(), outside]),
            None => Place::of(&[root.as_str(), &text]),
        }
    };
    for it in slots {
        let name = format!("{above}{}", it.slot);
        let path = match &it.source {
            Source::Path(path) | Source::Difference { plus: path, .. } => Some(path),
            Source::FirstOf(paths) | Source::Concat { paths, .. } => paths.first(),
            Source::Each { path, slots } => {
                note(slots, &format!("{name}."), mapped, &place(path), read);
                None
            }
            Source::Constant { .. } | Source::Null { .. } => None,
        };
        if let Some(path) = path {
            read.insert(name, place(path));
        }
    }
}
