//! Which tool of a server lists the records of a target.
//!
//! Evidence is read off names, descriptions and schemas. A tool that may change something is never
//! a candidate, whatever it says of itself.

use domain::TargetModel;
use serde_json::{Map, Value};

mod apposition;
mod arguments;
mod catalogue;
mod chain;
mod closeness;
mod dispatch;
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
use server::Read;

pub use catalogue::{Candidates, Catalogue, Elected};
pub use chain::{Chain, Supply};
pub use dispatch::is_bound;

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

/// The fixed arguments with which a tool lists the records of a target: its selector, and what
/// else it requires, as wide as possible.
pub fn arguments(target: TargetModel, tool: &ToolSpec<'_>) -> Map<String, Value> {
    let selected = dispatch::selected(target, tool);
    let mut given = selected.map(|it| it.arguments).unwrap_or_default();
    for (name, value) in arguments::known(tool) {
        given.entry(name).or_insert(value);
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
    catalogue: &'a Catalogue<'a>,
}

/// `None`: the tool has nothing to do with the target, or may change something.
fn judged(target: TargetModel, asked: Asked<'_>) -> Option<Judgement> {
    let Asked { tool, read, catalogue } = asked;
    let server = catalogue.server();
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
