//! Select: which tools list the records of a target. Pins win; a choice of an earlier run is kept
//! while the tool list stands; else a jury chooses.

mod evidence;
mod remembered;

use std::collections::VecDeque;

use domain::evidence::{Call, MissingTool, NoTool, Pinned, SkipCause, Skipped};
use domain::governance::ToolPin;
use domain::{Finding, Reason, TargetModel};
use mapping::tools::{self, Catalogue, Chain, Elected, Supply};
use serde_json::{Map, Value};
use tokio::time::Instant;

use crate::link::Link;
use crate::run::{Run, Stop};
use crate::stage::jury::{self, Sitting};

pub(crate) use evidence::{Evidence, catalogue};
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

/// What a server offers, weighed for one target.
#[derive(Clone, Copy)]
pub(crate) struct Offer<'o> {
    pub(crate) link: &'o Link,
    pub(crate) catalogue: &'o Catalogue<'o>,
    pub(crate) evidence: &'o Evidence,
}

pub(crate) fn tools(
    run: &mut Run<'_>,
    offer: Offer<'_>,
    target: TargetModel,
) -> Result<Selection, Stop> {
    let Offer { link, evidence, .. } = offer;
    if let Some((source, pins)) = pins(run, target) {
        return pinned(run, offer, target, (source, &pins));
    }
    let chosen = match remembered::choice(run, target) {
        Some(known) => known,
        None => {
            let chosen = by_jury(run, offer, target);
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
    let first = choice(target, offer, &chosen);
    let others = runners_up(offer, &chosen);
    let others = others.filter_map(|it| choice(target, offer, &ToolPin::of(&it.name)));
    Ok(Selection { left: first.into_iter().chain(others).collect(), each_feeds: false })
}

/// Those that list the target nearly as surely as the chosen one.
fn runners_up<'o>(
    Offer { link, evidence, .. }: Offer<'o>,
    chosen: &ToolPin,
) -> impl Iterator<Item = &'o mcp::Tool> {
    let passing = evidence.candidates.passing.iter();
    let named = passing.filter_map(|it| Some((link.tools.get(it.index)?, it.score)));
    let of_chosen = named.clone().find(|(it, _)| it.name == chosen.name).map_or(0.0, |it| it.1);
    named
        .filter(move |(it, score)| it.name != chosen.name && *score >= NEARLY * of_chosen)
        .map(|(it, _)| it)
        .take(RUNNERS_UP)
}

/// Targets that have tools, all of them within a parent that nobody lists. Said before any target
/// is run.
pub(crate) fn parent_scoped(
    run: &mut Run<'_>,
    weighed: &[(TargetModel, Evidence)],
) -> Vec<TargetModel> {
    let mut scoped = Vec::new();
    for (target, evidence) in weighed {
        if pins(run, *target).is_none() && evidence.candidates.is_parent_scoped {
            let skipped = Skipped { cause: SkipCause::ParentScopedOnly, upstream: None };
            run.note(Finding::target_skipped(*target, &skipped));
            scoped.push(*target);
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
    offer: Offer<'_>,
    target: TargetModel,
    (source, pins): (&str, &[ToolPin]),
) -> Result<Selection, Stop> {
    let names = pins.iter().map(|it| it.name.clone()).collect();
    let pinned = Pinned { source: source.to_owned(), tools: names };
    run.note(Finding::tool_selection_pinned(target, &pinned));
    let Offer { link, catalogue, .. } = offer;
    let mut missing = None;
    let mut forbidden = 0;
    let mut left = VecDeque::new();
    for pin in pins {
        let Some(tool) = link.tools.iter().position(|it| it.name == pin.name) else {
            missing = Some(run.stop(not_found(link, target, (&pin.name, "pin"))));
            continue;
        };
        // With arguments of its own a person has said what it is to do.
        let is_bound = !pin.arguments.is_empty();
        if run.governance.is_forbidden(target, &pin.name)
            || (!is_bound && catalogue.may_change(tool))
        {
            forbidden += 1;
        } else {
            left.extend(choice(target, offer, pin));
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
    Offer { link, catalogue, evidence }: Offer<'_>,
    target: TargetModel,
) -> Option<ToolPin> {
    if evidence.forbidden >= link.tools.len() {
        return None;
    }
    let started = Instant::now();
    let passing = &evidence.candidates.passing;
    let Elected { verdict, choice } = catalogue.elect(target, passing);
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
fn choice(target: TargetModel, offer: Offer<'_>, pin: &ToolPin) -> Option<Choice> {
    let Offer { link, catalogue, evidence } = offer;
    let index = link.tools.iter().position(|it| it.name == pin.name)?;
    let (tool, spec) = (link.tools.get(index)?, catalogue.tools().get(index)?);
    let mut arguments = tools::arguments(target, spec);
    arguments.extend(pin.arguments.clone());
    let supply = catalogue.supply(spec, &arguments, |it| evidence.may_call(it));
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
