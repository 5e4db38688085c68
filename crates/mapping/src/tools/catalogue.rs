//! The tools of a server, read once for all targets: which may stand for one, and what the jury makes
//! of them.

use domain::TargetModel;
use serde_json::{Map, Value};

use super::name::Verb;
use super::server::{Read, Server};
use super::{
    Asked, Choice, Scored, Supply, THRESHOLD, ToolSpec, arguments, chain, judged, scored, seats,
};
use crate::jury::{self, Verdict};

/// What a server offers. Reading it takes the time, so it is made once for all that is asked of it.
#[derive(Debug)]
pub struct Catalogue<'a> {
    tools: Vec<ToolSpec<'a>>,
    server: Server,
}

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

impl<'a> Catalogue<'a> {
    pub fn of(tools: Vec<ToolSpec<'a>>) -> Self {
        Self { server: Server::of(&tools), tools }
    }

    pub fn tools(&self) -> &[ToolSpec<'a>] {
        &self.tools
    }

    pub(super) fn server(&self) -> &Server {
        &self.server
    }

    pub(super) fn read(&self, index: usize) -> Option<&Read> {
        self.server.read(index)
    }

    pub(super) fn asked(&self, index: usize) -> Option<Asked<'_>> {
        Some(Asked { tool: self.tools.get(index)?, read: self.read(index)?, catalogue: self })
    }

    /// Ranks the tools for a target, and chooses the best if it is good enough.
    pub fn choose(&self, target: TargetModel) -> Choice {
        let each = (0..self.tools.len()).filter_map(|index| {
            let judgement = judged(target, self.asked(index)?)?;
            Some(scored(index, &judgement))
        });
        let mut ranked: Vec<Scored> = each.collect();
        ranked.sort_by(|left, right| right.score.total_cmp(&left.score));
        let best = ranked.first().filter(|it| it.score >= THRESHOLD).map(|it| it.index);
        let chosen = best.and_then(|index| self.tools.get(index));
        let arguments = chosen.map(|it| arguments(target, it)).unwrap_or_default();
        Choice { ranked, chosen: best, arguments }
    }

    /// Whether a tool says, by its hints or its name, that it may change something.
    pub fn may_change(&self, index: usize) -> bool {
        let Some(Asked { tool, read, .. }) = self.asked(index) else { return true };
        let says_so = tool.destructive == Some(true) || tool.read_only == Some(false);
        match tool.read_only {
            Some(true) => false,
            Some(false) | None => says_so || read.name.verb == Verb::Changes,
        }
    }

    /// What a tool needs beyond the arguments that it is given. `may`: tools that may be asked for
    /// parents.
    pub fn supply(
        &self,
        tool: &ToolSpec<'_>,
        given: &Map<String, Value>,
        may: impl Fn(usize) -> bool,
    ) -> Supply {
        chain::supply(tool, given, self, &may)
    }

    /// Weighs the tools that may be called.
    pub fn candidates(&self, target: TargetModel, may_call: impl Fn(usize) -> bool) -> Candidates {
        let ranked = self.choose(target).ranked.into_iter().filter(|it| may_call(it.index));
        let ranked: Vec<Scored> = ranked.collect();
        let best = ranked.first().cloned();
        let (mut ready, mut needy, mut unknown) = (Vec::new(), Vec::new(), false);
        for it in ranked.into_iter().filter(|it| it.score >= THRESHOLD) {
            let Some(tool) = self.tools.get(it.index) else { continue };
            match self.supply(tool, &arguments(target, tool), &may_call) {
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
    pub fn elect(&self, target: TargetModel, passing: &[Scored]) -> Elected {
        let seats = seats::all(target, self, passing);
        let verdict = jury::judge(&seats);
        let choice = match verdict.has_quorum() {
            true => seats
                .iter()
                .find(|it| Some(&it.name) == verdict.winner.as_ref())
                .and_then(|it| seats::chosen(it.outcome.as_ref().ok()?))
                .and_then(|(name, arguments)| {
                    Some((self.tools.iter().position(|it| it.name == name)?, arguments))
                }),
            false => passing.first().map(|it| (it.index, Map::new())),
        };
        Elected { verdict, choice }
    }
}
