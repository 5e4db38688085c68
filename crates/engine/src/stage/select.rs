//! Select: which tools list the records of a target. Pins win; a choice of an earlier run is kept
//! while the tool list stands; else a jury chooses.

mod evidence;
mod remembered;

use std::collections::VecDeque;

use domain::evidence::{Call, MissingTool, NoTool, Pinned, SkipCause, Skipped};
use domain::governance::ToolPin;
use domain::{Finding, Reason, TargetModel};
use mapping::tools::{self, Chain, Elected, Supply, ToolSpec};
use serde_json::{Map, Value};
use tokio::time::Instant;

use crate::link::Link;
use crate::run::{Run, Stop};
use crate::stage::jury::{self, Sitting};
use evidence::Evidence;

pub(crate) use evidence::spec;

pub(crate) use remembered::{Remembered, recall, remember};

/// Tools of a target that are tried after one that failed.
const RUNNERS_UP: usize = 2;
/// Of the score of the tool that failed: what says much less of the target lists something else.
const NEARLY: f64 = 0.85;

/// A tool, and the arguments that make it list one kind of record.
#[derive(Debug, Clone)]
pub(crate) struct Choice {
    pub(crate) tool: mcp::Tool,
    pub(crate) arguments: Map<String, Value>,
    /// The tool lists within a parent: it is called once for each.
    pub(crate) parents: Option<Scope>,
}

/// Where the parents of a tool's rows come from.
#[derive(Debug, Clone)]
pub(crate) struct Scope {
    pub(crate) chain: Chain,
    /// Lists the parents.
    pub(crate) tool: mcp::Tool,
    /// Of the tool that lists within a parent, the parent excluded.
    pub(crate) arguments: Map<String, Value>,
}

/// The tools of a target, in the order in which they are used.
#[derive(Debug)]
pub(crate) struct Selection {
    left: VecDeque<Choice>,
    /// Pinned tools all feed the target; of others the first that answers does.
    each_feeds: bool,
}

impl Selection {
    pub(crate) fn next(&mut self) -> Option<Choice> {
        self.left.pop_front()
    }

    /// Whether the next tool is to be used, after one that ended this way. `rows`: it gave some.
    pub(crate) fn goes_on(&self, ended: &Result<(), Stop>, rows: bool) -> bool {
        self.each_feeds || matches!(ended, Err(stop) if !rows && is_of_tool(stop.reason()))
    }
}

/// Failures of one tool, where another may answer.
fn is_of_tool(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::ToolNotFound | Reason::ToolExecutionFailed | Reason::AuthScopeInsufficient
    )
}

pub(crate) fn tools(
    run: &mut Run<'_>,
    link: &Link,
    target: TargetModel,
) -> Result<Selection, Stop> {
    if let Some((source, pins)) = pins(run, target) {
        return pinned(run, link, target, (source, &pins));
    }
    let evidence = Evidence::of(run, link, target);
    let chosen = match remembered::choice(run, target) {
        Some(known) => known,
        None => {
            let chosen = by_jury(run, link, target, &evidence);
            run.remembered.keep(target, chosen.clone());
            chosen
        }
    };
    if let Some(gone) = remembered::gone(run, link, target) {
        run.note(gone);
    }
    let Some(chosen) = chosen else {
        return Err(run.stop(Finding::no_suitable_tool(target, &evidence.no_tool(link))));
    };
    let first = choice(target, link, &evidence, &chosen);
    let others = runners_up(link, &evidence, &chosen);
    let others = others.filter_map(|it| choice(target, link, &evidence, &ToolPin::of(&it.name)));
    Ok(Selection { left: first.into_iter().chain(others).collect(), each_feeds: false })
}

fn runners_up<'l>(
    link: &'l Link,
    evidence: &Evidence,
    chosen: &ToolPin,
) -> impl Iterator<Item = &'l mcp::Tool> {
    let named: Vec<(&mcp::Tool, f64)> = evidence
        .candidates
        .passing
        .iter()
        .filter_map(|it| Some((link.tools.get(it.index)?, it.score)))
        .collect();
    let of_chosen = named.iter().find(|(it, _)| it.name == chosen.name).map_or(0.0, |it| it.1);
    let is_near = |it: &(&mcp::Tool, f64)| it.0.name != chosen.name && it.1 >= NEARLY * of_chosen;
    let near: Vec<&mcp::Tool> = named.into_iter().filter(is_near).map(|it| it.0).collect();
    near.into_iter().take(RUNNERS_UP)
}

/// Targets that have tools, all of them within a parent that nobody lists. Said before any target
/// is run.
pub(crate) fn parent_scoped(
    run: &mut Run<'_>,
    link: &Link,
    scheduled: &[TargetModel],
) -> Vec<TargetModel> {
    let mut scoped = Vec::new();
    for &target in scheduled {
        if pins(run, target).is_none()
            && Evidence::of(run, link, target).candidates.is_parent_scoped
        {
            let skipped = Skipped { cause: SkipCause::ParentScopedOnly, upstream: None };
            run.note(Finding::target_skipped(target, &skipped));
            scoped.push(target);
        }
    }
    scoped
}

/// The request's pins, else those of the connector; a tool that both name keeps its arguments.
fn pins(run: &Run<'_>, target: TargetModel) -> Option<(&'static str, Vec<ToolPin>)> {
    let governed = run.governance.pins(target);
    if let Some(names) = run.request.pins.get(&target).filter(|it| !it.is_empty()) {
        let pin = |name: &String| {
            let known = governed.iter().find(|it| it.name == *name);
            known.cloned().unwrap_or_else(|| ToolPin::of(name))
        };
        return Some(("request", names.iter().map(pin).collect()));
    }
    (!governed.is_empty()).then(|| ("governance", governed.to_vec()))
}

fn pinned(
    run: &mut Run<'_>,
    link: &Link,
    target: TargetModel,
    (source, pins): (&str, &[ToolPin]),
) -> Result<Selection, Stop> {
    let names = pins.iter().map(|it| it.name.clone()).collect();
    let pinned = Pinned { source: source.to_owned(), tools: names };
    run.note(Finding::tool_selection_pinned(target, &pinned));
    let specs: Vec<ToolSpec<'_>> = link.tools.iter().map(spec).collect();
    let evidence = Evidence::of(run, link, target);
    let mut missing = None;
    let mut forbidden = 0;
    let mut left = VecDeque::new();
    for pin in pins {
        let Some(tool) = link.tool(&pin.name) else {
            missing = Some(run.stop(not_found(link, target, (&pin.name, "pin"))));
            continue;
        };
        // With arguments of its own a person has said what it is to do.
        let is_bound = !pin.arguments.is_empty();
        if run.governance.is_forbidden(target, &pin.name)
            || (!is_bound && tools::may_change(&spec(tool), &specs))
        {
            forbidden += 1;
        } else {
            left.extend(choice(target, link, &evidence, pin));
        }
    }
    match missing {
        _ if !left.is_empty() => Ok(Selection { left, each_feeds: true }),
        Some(stop) => Err(stop),
        None => {
            let candidates = pins.len();
            let none = NoTool { candidates, best_tool: None, best_score: None, forbidden };
            Err(run.stop(Finding::no_suitable_tool(target, &none)))
        }
    }
}

fn not_found(link: &Link, target: TargetModel, (name, source): (&str, &'static str)) -> Finding {
    let nearest = link.nearest_tools(name);
    let missing = MissingTool { tool: name.to_owned(), nearest, source };
    Finding::tool_not_found(target, &Call::of(name), &missing)
}

/// None: no tool is good enough. Where no tool may be called at all there is nothing to ask a jury.
fn by_jury(
    run: &mut Run<'_>,
    link: &Link,
    target: TargetModel,
    evidence: &Evidence,
) -> Option<ToolPin> {
    if evidence.forbidden >= link.tools.len() {
        return None;
    }
    let specs: Vec<ToolSpec<'_>> = link.tools.iter().map(spec).collect();
    let started = Instant::now();
    let passing = &evidence.candidates.passing;
    let Elected { verdict, choice } = tools::elect(target, &specs, passing);
    let best = passing.first().and_then(|it| link.tools.get(it.index));
    let sitting = Sitting {
        target,
        tool: None,
        purpose: "tool_selection",
        took: started.elapsed(),
        cost_micros: 0,
        fallback: best.map(|it| it.name.as_str()),
    };
    jury::report(run, &sitting, &verdict);
    let (index, arguments) = choice?;
    Some(ToolPin { name: link.tools.get(index)?.name.clone(), arguments })
}

/// A live tool, called with what a pin fixes and what it requires beyond that.
fn choice(target: TargetModel, link: &Link, evidence: &Evidence, pin: &ToolPin) -> Option<Choice> {
    let tool = link.tool(&pin.name)?;
    let spec = spec(tool);
    let mut arguments = tools::arguments(target, &spec);
    arguments.extend(pin.arguments.clone());
    let specs: Vec<ToolSpec<'_>> = link.tools.iter().map(self::spec).collect();
    let supply = tools::supply_of(&spec, &arguments, &specs, |it| evidence.may_call(it));
    let parents = match supply {
        Supply::Chained(chain) => {
            let tool = link.tools.get(chain.parent)?.clone();
            Some(Scope { chain, tool, arguments: arguments.clone() })
        }
        // A person or the evidence insists; the server will say what is missing.
        Supply::Ready | Supply::ParentScoped { .. } | Supply::Unknown { .. } => None,
    };
    Some(Choice { tool: tool.clone(), arguments, parents })
}
