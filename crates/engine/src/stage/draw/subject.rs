//! What a mapping is drawn for: a sample of the rows, its shape, and what else must stand for a
//! stored mapping to be used again.

use std::sync::Arc;

use chrono::NaiveDate;
use domain::{Stage, TargetModel};
use mapping::canonical;
use mapping::draw::Pin;
use mapping::records::Records;
use mapping::seats::Case;
use mapping::shape::Shape;
use serde_json::{Map, Value, json};
use tokio::sync::OnceCell;

use crate::run::Run;
use crate::stage::fetch::Page;
use crate::stage::select::Choice;

/// Rows that a mapping is drawn from and tried on, and how large they may be together.
const SAMPLE: usize = 50;
const SAMPLE_BYTES: usize = 2 * 1024 * 1024;

pub(super) struct Subject {
    /// The sample as it came.
    pub(super) rows: Vec<Value>,
    /// All that is drawn from, but for the records.
    bare: Case,
    case: OnceCell<Arc<Case>>,
    pub(super) arguments: Map<String, Value>,
    pub(super) shape: Shape,
    pub(super) fingerprint: String,
    pub(super) hashes: Hashes,
    /// Rows that were left out of the sample for their size.
    left_out: usize,
    /// Slots that are pinned to what is no path, and why it is none.
    pub(super) misread: Vec<(String, String)>,
    /// The tool declares structured content, and sent text.
    is_parsed_text: bool,
}

/// Of what a mapping was drawn for besides the rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hashes {
    pub(super) output_schema: String,
    pub(super) target_schema: String,
    /// None: it cannot be told what people have fixed.
    pub(super) governance: Option<String>,
}

impl Subject {
    pub(super) async fn of(
        run: &Run<'_>,
        choice: &Choice,
        target: TargetModel,
        page: &Page,
    ) -> Self {
        let (rows, left_out) = sample(&page.rows);
        let fixed = super::stored::pins(run, choice, target).await;
        let misread = fixed.iter().flatten();
        let misread =
            misread.filter_map(|(slot, it)| Some((slot.clone(), it.clone().err()?.to_string())));
        let misread: Vec<(String, String)> = misread.collect();
        let pins = fixed.map(|it| it.into_values().flatten().collect::<Vec<Pin>>());
        let tool = &choice.tool;
        let declared = tool.output_schema.clone();
        let shape = Shape::of(&rows);
        let governance = pins.as_ref().map(|pins| {
            let path = |it: &Pin| it.path.as_ref().map(ToString::to_string);
            let pins: Vec<Value> = pins.iter().map(|it| json!([it.slot, path(it)])).collect();
            canonical::hash(&json!([run.governance.hash(target), pins]))
        });
        Self {
            fingerprint: shape.fingerprint(),
            hashes: Hashes {
                output_schema: canonical::hash(declared.as_ref().unwrap_or(&Value::Null)),
                target_schema: canonical::hash(&Value::from(target.schema().source)),
                governance,
            },
            is_parsed_text: declared.is_some() && !page.is_structured,
            shape,
            left_out,
            misread,
            arguments: choice.arguments.clone(),
            bare: Case {
                target,
                records: Records::default(),
                rows: Vec::new(),
                tool_name: tool.name.clone(),
                tool_description: described(run, target, tool.description.as_deref()),
                output_schema: declared,
                pins: pins.unwrap_or_default(),
                today: run.now().date_naive(),
            },
            case: OnceCell::new(),
            rows,
        }
    }

    pub(super) fn target(&self) -> TargetModel {
        self.bare.target
    }

    pub(super) fn tool(&self) -> &str {
        &self.bare.tool_name
    }

    pub(super) fn today(&self) -> NaiveDate {
        self.bare.today
    }

    /// With the records in the sample. They take time to find, and a mapping that stands does not ask
    /// for them.
    pub(super) async fn case(&self) -> &Arc<Case> {
        let found = || async {
            let (bare, rows) = (self.bare.clone(), self.rows.clone());
            let found = super::blocking(move || Ok(bare.over(rows))).await;
            Arc::new(found.unwrap_or_else(|_| self.of_rows()))
        };
        self.case.get_or_init(found).await
    }

    /// With each row as a record.
    pub(super) fn of_rows(&self) -> Case {
        Case { rows: self.rows.clone(), ..self.bare.clone() }
    }

    /// What the drawing had to do without, with its stage and what stood in.
    pub(super) fn shortcomings(&self, case: &Case) -> Vec<(Stage, String, String)> {
        let mut all = Vec::new();
        if self.is_parsed_text {
            let cause = "the tool declares an output schema and sent no structured content";
            all.push((Stage::Fetch, cause.to_owned(), "rows parsed from its text".to_owned()));
        }
        if self.left_out > 0 {
            let cause =
                format!("the sample was cut: {} row(s) are too large for it", self.left_out);
            all.push((Stage::Draw, cause, format!("a sample of {} row(s)", case.rows.len())));
        }
        all
    }
}

/// What the tool says of itself, and what people have added to it: `amounts are in cents`.
fn described(run: &Run<'_>, target: TargetModel, description: Option<&str>) -> String {
    let decided = run.governance.targets.get(&target);
    let hints = decided.into_iter().flat_map(|it| it.hints.iter().map(String::as_str));
    description.into_iter().chain(hints).collect::<Vec<&str>>().join("\n")
}

/// The first rows that fit, at least one; and how many did not.
fn sample(rows: &[Value]) -> (Vec<Value>, usize) {
    let mut bytes = 0;
    let mut kept = Vec::new();
    let asked = rows.len().min(SAMPLE);
    for row in rows.iter().take(SAMPLE) {
        bytes += row.to_string().len();
        if bytes > SAMPLE_BYTES && !kept.is_empty() {
            break;
        }
        kept.push(row.clone());
    }
    let left_out = asked - kept.len();
    (kept, left_out)
}
