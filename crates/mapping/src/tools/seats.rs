//! The seats of the jury that chooses tools: each goes by one kind of evidence.

use domain::TargetModel;
use serde_json::{Map, Value, json};

use super::name::{self, Verb};
use super::server::{Read, Server};
use super::{Asked, Catalogue, Scored, ToolSpec, dispatch, evidence, nouns};
use crate::jury::{Ballot, Family, Seat};

/// Evidence of one kind that differs by less than this does not tell two tools apart.
const ALIKE: f64 = 0.1;

/// What a seat goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Goes {
    Names,
    Descriptions,
    Schemas,
}

impl Goes {
    const ALL: [Self; 3] = [Self::Names, Self::Descriptions, Self::Schemas];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Names => "names",
            Self::Descriptions => "descriptions",
            Self::Schemas => "schemas",
        }
    }
}

/// Each seat's tool among those that pass the gate, the best first; what no kind of evidence tells
/// apart is left to the gate's score. Without any, all seats say so.
pub(super) fn all(target: TargetModel, catalogue: &Catalogue<'_>, passing: &[Scored]) -> Vec<Seat> {
    let seat = |goes: Goes| {
        let evidence = |it: &Scored| {
            let asked = catalogue.asked(it.index)?;
            Some(match goes {
                Goes::Names => by_name(target, asked.read, catalogue.server()),
                Goes::Descriptions => by_description(target, asked.read),
                Goes::Schemas => by_schema(target, asked),
            })
        };
        // A seat sees the rest as well, so that no kind of evidence carries a tool that asks for
        // what nobody has, or a part of the records past the whole.
        let weighed: Vec<(f64, &Scored)> =
            passing.iter().filter_map(|it| Some((evidence(it)? * it.score, it))).collect();
        let most = weighed.iter().map(|(weight, _)| *weight).fold(0.0, f64::max);
        let best = weighed.iter().find(|(weight, _)| *weight > most - ALIKE).map(|(_, it)| *it);
        Seat {
            name: goes.as_str().to_owned(),
            family: Family::Heuristic,
            outcome: Ok(ballot(target, best, catalogue.tools())),
        }
    };
    Goes::ALL.into_iter().map(seat).collect()
}

fn ballot(target: TargetModel, choice: Option<&Scored>, tools: &[ToolSpec<'_>]) -> Ballot {
    let tool = choice.and_then(|it| tools.get(it.index));
    let name = tool.map_or(Value::Null, |it| json!(it.name));
    let arguments = tool.map(|it| Value::Object(super::arguments(target, it)));
    Ballot {
        score: choice.map_or(0.0, |it| it.score),
        output: json!({ "tool": name, "arguments": arguments }),
        slots: [("tool".to_owned(), name)].into(),
    }
}

fn by_name(target: TargetModel, read: &Read, server: &Server) -> f64 {
    let name = &read.name;
    let object = nouns::matching(target, &name.object)
        .map_or(0.0, |it| it.score * server.weight(target, it.word, read));
    let verb = match name.verb {
        Verb::Lists => 1.0,
        Verb::Reads | Verb::None if name.is_plural => 0.85,
        Verb::Reads | Verb::None => 0.5,
        Verb::Changes => 0.2,
    };
    object * verb
}

fn by_description(target: TargetModel, read: &Read) -> f64 {
    read.described.as_ref().map_or(0.0, |it| {
        let object = nouns::matching(target, &it.object).map_or(0.0, |it| it.score);
        object * if it.lists { 1.0 } else { 0.6 }
    })
}

/// What can be asked for, whether we can ask, and what comes back.
fn by_schema(target: TargetModel, asked: Asked<'_>) -> f64 {
    let tool = asked.tool;
    let supplied: f64 = evidence::supply(target, asked).iter().map(|(factor, _)| factor).product();
    let selected = dispatch::selected(target, tool).map_or(0.0, |it| it.score);
    let properties = tool.input_schema.get("properties").and_then(Value::as_object);
    let pages = properties.is_some_and(|it| it.keys().any(|it| is_about_pages(it)));
    let declared = tool.output_schema.map_or(0.0, |it| likeness(target, it));
    supplied * (0.5 + 0.2 * f64::from(u8::from(pages)) + 0.3 * selected.max(declared))
}

fn is_about_pages(argument: &str) -> bool {
    const PAGES: [&str; 9] =
        ["limit", "page", "cursor", "offset", "skip", "top", "after", "size", "count"];
    name::raw(argument).iter().any(|it| PAGES.contains(&it.as_str()))
}

/// Share of the target's required attributes that a declared record has, by name.
fn likeness(target: TargetModel, schema: &Value) -> f64 {
    let mut names = Vec::new();
    properties(schema, 6, &mut names);
    let required: Vec<&str> = target
        .schema()
        .attributes
        .iter()
        .filter(|it| it.required)
        .map(|it| it.name.as_str())
        .collect();
    let has = |wanted: &&&str| {
        let wanted = crate::draw::words(wanted);
        names.iter().any(|it| wanted.ends_with(it) || it.ends_with(&wanted))
    };
    let hits = required.iter().filter(has).count();
    let count = |it: usize| f64::from(u32::try_from(it).unwrap_or(u32::MAX));
    if required.is_empty() { 0.0 } else { count(hits) / count(required.len()) }
}

fn properties(schema: &Value, levels: usize, names: &mut Vec<Vec<String>>) {
    if levels == 0 {
        return;
    }
    if let Some(fields) = schema.get("properties").and_then(Value::as_object) {
        for (name, inner) in fields {
            names.push(crate::draw::words(name));
            properties(inner, levels - 1, names);
        }
    }
    if let Some(items) = schema.get("items") {
        properties(items, levels - 1, names);
    }
}

/// The tool and arguments that a ballot stands for.
pub(super) fn chosen(ballot: &Ballot) -> Option<(&str, Map<String, Value>)> {
    let tool = ballot.output.get("tool")?.as_str()?;
    let arguments = ballot.output.get("arguments").and_then(Value::as_object);
    Some((tool, arguments.cloned().unwrap_or_default()))
}
