//! Select: which tool lists the records of a target.

use domain::evidence::{Call, MissingTool, NoTool, Pinned};
use domain::{Finding, TargetModel};
use mapping::tools::{self, ToolSpec};
use serde_json::{Map, Value};

use crate::link::Link;
use crate::run::{Run, Stop};

/// A tool, and the arguments that make it list one kind of record.
#[derive(Debug)]
pub(crate) struct Choice {
    pub(crate) tool: mcp::Tool,
    pub(crate) arguments: Map<String, Value>,
}

/// A pin wins; else the evidence decides.
pub(crate) fn tool(run: &mut Run<'_>, link: &Link, target: TargetModel) -> Result<Choice, Stop> {
    match run.request.pins.get(&target) {
        Some(pins) => pinned(run, link, target, pins),
        None => by_evidence(run, link, target),
    }
}

fn pinned(
    run: &mut Run<'_>,
    link: &Link,
    target: TargetModel,
    pins: &[String],
) -> Result<Choice, Stop> {
    let evidence = Pinned { source: "request".to_owned(), tools: pins.to_vec() };
    run.note(Finding::tool_selection_pinned(target, &evidence));
    let mut stop = None;
    for name in pins {
        if let Some(tool) = link.tool(name) {
            let arguments = tools::arguments(target, &spec(tool));
            return Ok(Choice { tool: tool.clone(), arguments });
        }
        let missing =
            MissingTool { tool: name.clone(), nearest: link.nearest_tools(name), source: "pin" };
        stop = Some(run.stop(Finding::tool_not_found(target, &Call::of(name), &missing)));
    }
    match stop {
        Some(stop) => Err(stop),
        None => by_evidence(run, link, target),
    }
}

fn by_evidence(run: &mut Run<'_>, link: &Link, target: TargetModel) -> Result<Choice, Stop> {
    let specs: Vec<ToolSpec<'_>> = link.tools.iter().map(spec).collect();
    let choice = tools::choose(target, &specs);
    if let Some(tool) = choice.chosen.and_then(|index| link.tools.get(index)) {
        return Ok(Choice { tool: tool.clone(), arguments: choice.arguments });
    }
    let best = choice.ranked.first();
    Err(run.stop(Finding::no_suitable_tool(
        target,
        &NoTool {
            candidates: link.tools.len(),
            best_tool: best.and_then(|it| link.tools.get(it.index)).map(|it| it.name.clone()),
            best_score: best.map(|it| it.score),
            forbidden: 0,
        },
    )))
}

fn spec(tool: &mcp::Tool) -> ToolSpec<'_> {
    ToolSpec {
        name: &tool.name,
        description: tool.description.as_deref(),
        input_schema: &tool.input_schema,
        output_schema: tool.output_schema.as_ref(),
        read_only: tool.read_only,
        destructive: tool.destructive,
    }
}
