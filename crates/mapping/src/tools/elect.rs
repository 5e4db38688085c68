//! From scores to a choice: which tools may stand, and what the jury makes of them.

use domain::TargetModel;
use serde_json::{Map, Value};

use super::chain::within;
use super::server::Server;
use super::{Scored, Supply, THRESHOLD, ToolSpec, arguments, choose_of, chosen, seats};
use crate::jury::{self, Verdict};

/// The tools of a server, weighed for one target.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidates {
    /// Tools that list the target and can be called, the best first. If none can be called with
    /// what is known, those that ask for more: the server's answer names what is missing.
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
    let server = Server::of(tools);
    let ranked =
        choose_of(target, tools, &server).ranked.into_iter().filter(|it| may_call(it.index));
    let ranked: Vec<Scored> = ranked.collect();
    let best = ranked.first().cloned();
    let (mut ready, mut needy, mut unknown) = (Vec::new(), Vec::new(), false);
    for it in ranked.into_iter().filter(|it| it.score >= THRESHOLD) {
        let Some(tool) = tools.get(it.index) else { continue };
        match within(tool, &arguments(target, tool), tools, &server, &may_call) {
            Supply::Ready | Supply::Chained(_) => ready.push(it),
            Supply::ParentScoped { .. } => needy.push(it),
            Supply::Unknown { .. } => {
                unknown = true;
                needy.push(it);
            }
        }
    }
    let is_parent_scoped = ready.is_empty() && !needy.is_empty() && !unknown;
    let passing = if ready.is_empty() { needy } else { ready };
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
