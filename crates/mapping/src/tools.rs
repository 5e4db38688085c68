//! Which tool of a server lists the records of a target.
//!
//! Evidence is read off names, descriptions and schemas. A tool that may change something is never
//! a candidate, whatever it says of itself.

use domain::TargetModel;
use serde_json::{Map, Value};

mod arguments;
mod chain;
mod dispatch;
mod elect;
mod name;
mod nouns;
mod seats;
mod server;
#[cfg(test)]
mod tests;

use name::{Name, Verb};
use server::Server;

pub use chain::{Chain, Supply, supply as supply_of};
pub use dispatch::is_bound;
pub use elect::{Candidates, Elected, candidates, elect};
use seats::{chosen, seats};

/// Below this, no tool is better than this one.
pub const THRESHOLD: f64 = 0.5;

/// A tool as its server describes it. All of it is data, and none of it is obeyed.
#[derive(Debug, Clone, Copy)]
pub struct ToolSpec<'a> {
    pub name: &'a str,
    pub description: Option<&'a str>,
    pub input_schema: &'a Value,
    pub output_schema: Option<&'a Value>,
    pub read_only: Option<bool>,
    pub destructive: Option<bool>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// Tools with any evidence for them, the best first.
    pub ranked: Vec<Scored>,
    /// Index of the chosen tool in the list that was given.
    pub chosen: Option<usize>,
    /// Fixed arguments for the chosen tool.
    pub arguments: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    pub index: usize,
    /// 0 to 1.
    pub score: f64,
    pub evidence: Vec<String>,
}

/// Ranks the tools for a target, and chooses the best if it is good enough.
pub fn choose(target: TargetModel, tools: &[ToolSpec<'_>]) -> Choice {
    let server = Server::of(tools);
    let mut ranked: Vec<Scored> = tools
        .iter()
        .enumerate()
        .filter_map(|(index, tool)| Some(scored(index, &judged(target, tool, &server)?)))
        .collect();
    ranked.sort_by(|left, right| right.score.total_cmp(&left.score));
    let best = ranked.first().filter(|it| it.score >= THRESHOLD).map(|it| it.index);
    let chosen = best.and_then(|index| tools.get(index));
    let arguments = chosen.map(|it| arguments(target, it)).unwrap_or_default();
    Choice { ranked, chosen: best, arguments }
}

/// Whether a tool says, by its hints or its name, that it may change something.
pub fn may_change(tool: &ToolSpec<'_>, tools: &[ToolSpec<'_>]) -> bool {
    let verb = Server::of(tools).name(tool).verb;
    let says_so = tool.destructive == Some(true) || tool.read_only == Some(false);
    match tool.read_only {
        Some(true) => false,
        Some(false) | None => says_so || verb == Verb::Changes,
    }
}

/// The fixed arguments with which a tool lists the records of a target: its selector, and what
/// else it requires, as wide as possible.
pub fn arguments(target: TargetModel, tool: &ToolSpec<'_>) -> Map<String, Value> {
    let selected = dispatch::selected(target, tool);
    let mut given = selected.map(|it| it.arguments).unwrap_or_default();
    for (name, supplied) in arguments::required(tool) {
        match supplied {
            arguments::Supplied::Value(value) => {
                given.entry(name).or_insert(value);
            }
            arguments::Supplied::Guess => {
                let widest = arguments::widest(&name);
                given.entry(name).or_insert_with(|| Value::from(widest));
            }
            arguments::Supplied::FromAnother
            | arguments::Supplied::OneRecord
            | arguments::Supplied::Unknown => {}
        }
    }
    given
}

/// One piece of evidence: a factor, and what it rests on.
type Judgement = Vec<(f64, String)>;

fn scored(index: usize, judgement: &Judgement) -> Scored {
    let score = judgement.iter().map(|(factor, _)| factor).product::<f64>();
    Scored { index, score, evidence: judgement.iter().map(|(_, why)| why.clone()).collect() }
}

/// `None`: the tool has nothing to do with the target, or may change something.
fn judged(target: TargetModel, tool: &ToolSpec<'_>, server: &Server) -> Option<Judgement> {
    let name = server.name(tool);
    let selected = dispatch::selected(target, tool);
    let bound = selected.is_some() && is_bound(tool) && tool.read_only != Some(false);
    if tool.destructive == Some(true) || (name.verb == Verb::Changes && !bound) {
        return None;
    }
    if tool.read_only == Some(false) && name.verb != Verb::Lists {
        return None;
    }
    let mut judgement = match selected {
        Some(selected) => {
            let why = format!("selects {} by argument", selected.word);
            vec![(selected.score * server.weight(target, selected.noun, tool), why)]
        }
        None if dispatch::is_dispatcher(tool) => return None,
        None => vec![object(target, tool, &name, server)?, verb(&name, tool)?],
    };
    judgement.extend(supply(target, tool));
    if let Some(hint) = tool.read_only.filter(|it| *it) {
        judgement.push((1.0, format!("read-only hint {hint}")));
    }
    (judgement.iter().map(|(factor, _)| factor).product::<f64>() > 0.1).then_some(judgement)
}

/// What the tool speaks of: by its name, else by the first sentence of its description.
fn object(
    target: TargetModel,
    tool: &ToolSpec<'_>,
    name: &Name,
    server: &Server,
) -> Option<(f64, String)> {
    let by_name = nouns::matching(target, &name.object);
    let described = name::described(tool.description.unwrap_or_default());
    let by_description =
        described.as_ref().and_then(|it| nouns::matching(target, &it.object)).map(|mut it| {
            it.score *= 0.75;
            it
        });
    let (found, whence) = match (by_name, by_description) {
        (Some(named), Some(told)) if told.score > named.score => (told, "description"),
        (Some(named), _) => (named, "name"),
        // A description adds to a name that says nothing, not to one that says something else.
        (None, Some(told)) if !nouns::is_known(&name.object) => (told, "description"),
        (None, _) => return None,
    };
    let context = server.weight(target, found.word, tool);
    Some((found.score * context, format!("{whence} speaks of {}", found.word)))
}

/// Whether the tool lists, rather than fetches one or does something else.
fn verb(name: &Name, tool: &ToolSpec<'_>) -> Option<(f64, String)> {
    let described = name::described(tool.description.unwrap_or_default());
    let told = described.as_ref().is_some_and(|it| it.lists);
    let many = name.is_plural || described.as_ref().is_some_and(|it| it.is_plural);
    match name.verb {
        // An export may be a file.
        Verb::Lists if name.exports => Some((0.93, "name exports".to_owned())),
        Verb::Lists => Some((1.0, "name lists".to_owned())),
        Verb::Reads if name.is_plural => Some((0.92, "name reads many".to_owned())),
        Verb::Reads if told && many => Some((0.85, "description lists".to_owned())),
        Verb::Reads => Some((0.4, "name reads one".to_owned())),
        Verb::None if told => Some((0.9, "description lists".to_owned())),
        Verb::None if name.is_plural => Some((0.75, "name is plural".to_owned())),
        Verb::None => Some((0.45, "no verb".to_owned())),
        Verb::Changes => None,
    }
}

/// What the tool requires, and whether we have it.
fn supply(target: TargetModel, tool: &ToolSpec<'_>) -> Judgement {
    let selected = dispatch::selected(target, tool).map(|it| it.arguments).unwrap_or_default();
    let needed =
        arguments::required(tool).into_iter().filter(|(name, _)| !selected.contains_key(name));
    let factor = |(name, supplied): (String, arguments::Supplied)| {
        let factor = match supplied {
            arguments::Supplied::Value(_) => return None,
            arguments::Supplied::Guess => 0.9,
            arguments::Supplied::FromAnother => 0.8,
            arguments::Supplied::OneRecord => 0.55,
            arguments::Supplied::Unknown => 0.6,
        };
        Some((factor, format!("requires {name}")))
    };
    needed.filter_map(factor).collect()
}
