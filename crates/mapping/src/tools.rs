//! Which tool of a server lists the records of a target.
//!
//! Evidence is read off names, descriptions and schemas. A tool that may change something is never
//! a candidate, whatever it says of itself.

use domain::TargetModel;
use serde_json::{Map, Value};

mod apposition;
mod arguments;
mod chain;
mod closeness;
mod dispatch;
mod elect;
mod evidence;
mod languages;
mod name;
mod nouns;
mod seats;
mod server;
#[cfg(test)]
mod tests;
mod vocabulary;
mod words;

use name::Verb;
use server::{Read, Server};

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
    choose_of(target, tools, &Server::of(tools))
}

fn choose_of(target: TargetModel, tools: &[ToolSpec<'_>], server: &Server) -> Choice {
    let mut ranked: Vec<Scored> = tools
        .iter()
        .enumerate()
        .filter_map(|(index, tool)| {
            let read = server.read(index)?;
            let asked = Asked { tool, read, tools, server };
            Some(scored(index, &judged(target, asked)?))
        })
        .collect();
    ranked.sort_by(|left, right| right.score.total_cmp(&left.score));
    let best = ranked.first().filter(|it| it.score >= THRESHOLD).map(|it| it.index);
    let chosen = best.and_then(|index| tools.get(index));
    let arguments = chosen.map(|it| arguments(target, it)).unwrap_or_default();
    Choice { ranked, chosen: best, arguments }
}

/// Whether a tool says, by its hints or its name, that it may change something.
pub fn may_change(tool: &ToolSpec<'_>, tools: &[ToolSpec<'_>]) -> bool {
    let verb = Server::verb(tool, tools);
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

/// A factor below this speaks against the tool, and its evidence says so.
const AGAINST: f64 = 0.8;

fn scored(index: usize, judgement: &Judgement) -> Scored {
    let score = judgement.iter().map(|(factor, _)| factor).product::<f64>();
    let told = |(factor, why): &(f64, String)| match *factor < AGAINST {
        true => format!("against: {why}"),
        false => why.clone(),
    };
    Scored { index, score, evidence: judgement.iter().map(told).collect() }
}

/// A tool among those of its server.
#[derive(Clone, Copy)]
struct Asked<'a> {
    tool: &'a ToolSpec<'a>,
    read: &'a Read,
    tools: &'a [ToolSpec<'a>],
    server: &'a Server,
}

/// `None`: the tool has nothing to do with the target, or may change something.
fn judged(target: TargetModel, asked: Asked<'_>) -> Option<Judgement> {
    let Asked { tool, read, server, .. } = asked;
    let verb = read.name.verb;
    let selected = dispatch::selected(target, tool);
    let bound = selected.is_some() && is_bound(tool) && tool.read_only != Some(false);
    if tool.destructive == Some(true) || (verb == Verb::Changes && !bound) {
        return None;
    }
    if tool.read_only == Some(false) && verb != Verb::Lists {
        return None;
    }
    let mut judgement = match selected {
        Some(selected) => {
            let why = format!("selects {} by argument", selected.word);
            vec![(selected.score * server.weight(target, selected.noun, read), why)]
        }
        None if dispatch::is_dispatcher(tool) => return None,
        None => {
            let mut own = evidence::object(target, read, server)?;
            own.push(evidence::verb(read, tool)?);
            own
        }
    };
    judgement.extend(evidence::supply(target, asked));
    if let Some(hint) = tool.read_only.filter(|it| *it) {
        judgement.push((1.0, format!("read-only hint {hint}")));
    }
    (judgement.iter().map(|(factor, _)| factor).product::<f64>() > 0.1).then_some(judgement)
}
