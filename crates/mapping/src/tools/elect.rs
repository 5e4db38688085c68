//! From scores to a choice: which tools may stand, and what the jury makes of them.

use domain::TargetModel;
use serde_json::{Map, Value};

use super::{Scored, Supply, THRESHOLD, ToolSpec, arguments, choose, chosen, seats, supply_of};
use crate::jury::{self, Verdict};

/// The tools of a server, weighed for one target.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidates {
    /// Tools that list the target and can be called, the best first.
    pub passing: Vec<Scored>,
    /// There are tools that list it, and each lists within a parent that no tool lists.
    pub is_parent_scoped: bool,
    /// The best of all, good enough or not.
    pub best: Option<Scored>,
}

/// What a jury made of the candidates.
#[derive(Debug, Clone, PartialEq)]
pub struct Elected {
    pub verdict: Verdict,
    /// A tool by its index, and its arguments; none if no tool is good enough.
    pub choice: Option<(usize, Map<String, Value>)>,
}

/// Weighs the tools that may be called.
pub fn candidates(
    target: TargetModel,
    tools: &[ToolSpec<'_>],
    may_call: impl Fn(usize) -> bool,
) -> Candidates {
    let ranked = choose(target, tools).ranked.into_iter().filter(|it| may_call(it.index));
    let ranked: Vec<Scored> = ranked.collect();
    let best = ranked.first().cloned();
    let (mut passing, mut scoped, mut unknown) = (Vec::new(), 0, 0);
    for it in ranked.into_iter().filter(|it| it.score >= THRESHOLD) {
        let Some(tool) = tools.get(it.index) else { continue };
        match supply_of(tool, &arguments(target, tool), tools, &may_call) {
            Supply::Ready | Supply::Chained(_) => passing.push(it),
            Supply::ParentScoped { .. } => scoped += 1,
            Supply::Unknown { .. } => unknown += 1,
        }
    }
    let is_parent_scoped = passing.is_empty() && scoped > 0 && unknown == 0;
    Candidates { passing, is_parent_scoped, best }
}

/// Has the seats choose among the candidates. Without a quorum the best score decides.
pub fn elect(target: TargetModel, tools: &[ToolSpec<'_>], passing: &[Scored]) -> Elected {
    let seats = seats(target, tools, passing);
    let verdict = jury::judge(&seats);
    let choice = match verdict.has_quorum() {
        true => seats
            .iter()
            .find(|it| Some(&it.name) == verdict.winner.as_ref())
            .and_then(|it| chosen(it.outcome.as_ref().ok()?))
            .and_then(|(name, arguments)| {
                Some((tools.iter().position(|it| it.name == name)?, arguments))
            }),
        false => passing.first().map(|it| (it.index, Map::new())),
    };
    Elected { verdict, choice }
}
