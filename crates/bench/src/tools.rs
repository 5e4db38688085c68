//! `wireline bench tools DIR`: every target of every catalogue is a cell.

use std::collections::BTreeMap;
use std::path::Path;

use domain::TargetModel;
use mapping::tools::{self, Candidates, Catalogue, ToolSpec};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::score::{Tally, share};
use crate::{Error, Report};

/// Shares of cells.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scores {
    pub cells: usize,
    /// An acceptable tool where there is one, none where there is none.
    pub accuracy: f64,
    /// Of "some tool lists it".
    pub precision: f64,
    pub recall: f64,
    /// An acceptable tool, of the cells where there is one.
    pub top1: f64,
    /// Cells for which a tool was chosen that may change something.
    pub mutating: f64,
}

#[derive(Debug, Deserialize)]
struct Gold {
    catalogues: BTreeMap<String, Labels>,
}

#[derive(Debug, Deserialize)]
struct Labels {
    models: BTreeMap<TargetModel, Vec<Label>>,
}

/// A tool that lists such records.
#[derive(Debug, Deserialize)]
struct Label {
    tool: String,
    grade: String,
}

/// A `tools/list`, as the server gave it.
#[derive(Debug, Deserialize)]
struct Listed {
    tools: Vec<Tool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tool {
    name: String,
    description: Option<String>,
    #[serde(default)]
    input_schema: Value,
    output_schema: Option<Value>,
    #[serde(default)]
    annotations: Option<Annotations>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Annotations {
    read_only_hint: Option<bool>,
    destructive_hint: Option<bool>,
}

#[derive(Debug, Default)]
struct Counts {
    cells: usize,
    right: usize,
    hits: usize,
    offered: usize,
    mutating: usize,
    has_tool: Tally,
}

/// Scores the choice of a tool for each target of each catalogue.
///
/// # Errors
/// A file is missing, or is not what is expected there.
pub fn run(folder: &Path) -> Result<Report<Scores>, Error> {
    let gold: Gold = crate::read(&folder.join("gold.json"))?;
    let (mut counts, mut misses) = (Counts::default(), Vec::new());
    for (name, labels) in &gold.catalogues {
        let file = folder.join("catalogues").join(format!("{name}.json"));
        let listed: Listed = crate::read(&file)?;
        let catalogue = Catalogue::of(listed.tools.iter().map(spec).collect());
        for (target, labels) in &labels.models {
            if let Some(miss) = counts.cell(*target, &catalogue, labels) {
                misses.push(format!("{name} {target}: {miss}"));
            }
        }
    }
    let scores = Scores {
        cells: counts.cells,
        accuracy: share(counts.right, counts.cells),
        precision: counts.has_tool.precision(),
        recall: counts.has_tool.recall(),
        top1: share(counts.hits, counts.offered),
        // Nothing chosen is nothing changed, so here nothing of nothing is 0.
        mutating: if counts.cells == 0 { 0.0 } else { share(counts.mutating, counts.cells) },
    };
    Ok(Report { scores, misses })
}

impl Counts {
    /// What is wrong with the choice for a cell; none if it is right.
    fn cell(
        &mut self,
        target: TargetModel,
        catalogue: &Catalogue<'_>,
        labels: &[Label],
    ) -> Option<String> {
        let has_best = labels.iter().any(|it| it.grade == "best");
        let acceptable: Vec<&str> = labels
            .iter()
            .filter(|it| !has_best || it.grade == "best")
            .map(|it| it.tool.as_str())
            .collect();
        let candidates = catalogue.candidates(target, |_| true);
        let choice = catalogue.elect(target, &candidates.passing).choice.map(|(index, _)| index);
        let chosen = choice.and_then(|index| catalogue.tools().get(index));
        let is_hit = chosen.is_some_and(|it| acceptable.contains(&it.name));
        let is_right = is_hit || (chosen.is_none() && acceptable.is_empty());
        self.cells += 1;
        self.right += usize::from(is_right);
        self.hits += usize::from(is_hit);
        self.offered += usize::from(!acceptable.is_empty());
        let may_change = choice.is_some_and(|it| catalogue.may_change(it));
        let is_bound = chosen.is_some_and(tools::is_bound);
        self.mutating += usize::from(may_change && !is_bound);
        self.has_tool.count(!acceptable.is_empty(), chosen.is_some(), || true);
        (!is_right).then(|| says(chosen, &acceptable, &candidates, catalogue.tools()))
    }
}

fn says(
    chosen: Option<&ToolSpec<'_>>,
    acceptable: &[&str],
    candidates: &Candidates,
    specs: &[ToolSpec<'_>],
) -> String {
    let came = chosen.map_or("none", |it| it.name);
    let wanted = if acceptable.is_empty() { "none".to_owned() } else { acceptable.join(" or ") };
    let best = candidates.best.as_ref().and_then(|it| Some((specs.get(it.index)?, it)));
    let best = best.map_or_else(
        || "no tool has any evidence for it".to_owned(),
        |(tool, it)| format!("best {} at {:.2}: {}", tool.name, it.score, it.evidence.join(", ")),
    );
    format!("expected {wanted}, chose {came} ({best})")
}

fn spec(tool: &Tool) -> ToolSpec<'_> {
    let annotations = tool.annotations.as_ref();
    ToolSpec {
        name: &tool.name,
        description: tool.description.as_deref(),
        input_schema: &tool.input_schema,
        output_schema: tool.output_schema.as_ref(),
        read_only: annotations.and_then(|it| it.read_only_hint),
        destructive: annotations.and_then(|it| it.destructive_hint),
    }
}
