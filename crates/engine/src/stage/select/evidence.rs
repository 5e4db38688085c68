//! What the tools of a server say for themselves, weighed for one target.

use domain::TargetModel;
use domain::evidence::NoTool;
use mapping::tools::{self, Scored, Supply, THRESHOLD, ToolSpec};

use crate::link::Link;
use crate::run::Run;

#[derive(Debug)]
pub(crate) struct Evidence {
    /// Tools that list the target and can be called, the best first.
    pub(crate) passing: Vec<Scored>,
    /// There are tools that list it, and each lists within a parent that no tool lists.
    pub(crate) is_parent_scoped: bool,
    /// Live tools that may not be called for this target.
    pub(crate) forbidden: usize,
    best: Option<Scored>,
    /// By index: may be called.
    may_call: Vec<bool>,
}

impl Evidence {
    pub(crate) fn of(run: &Run<'_>, link: &Link, target: TargetModel) -> Self {
        let specs: Vec<ToolSpec<'_>> = link.tools.iter().map(spec).collect();
        let may_call: Vec<bool> =
            link.tools.iter().map(|it| !run.governance.is_forbidden(target, &it.name)).collect();
        let may = |index: usize| may_call.get(index).copied().unwrap_or_default();
        let ranked: Vec<Scored> =
            tools::choose(target, &specs).ranked.into_iter().filter(|it| may(it.index)).collect();
        let best = ranked.first().cloned();
        let (mut passing, mut scoped, mut unknown) = (Vec::new(), 0, 0);
        for it in ranked.into_iter().filter(|it| it.score >= THRESHOLD) {
            let Some(spec) = specs.get(it.index) else { continue };
            let arguments = tools::arguments(target, spec);
            match tools::supply_of(spec, &arguments, &specs, may) {
                Supply::Ready | Supply::Chained(_) => passing.push(it),
                Supply::ParentScoped { .. } => scoped += 1,
                Supply::Unknown { .. } => unknown += 1,
            }
        }
        Self {
            is_parent_scoped: passing.is_empty() && scoped > 0 && unknown == 0,
            passing,
            forbidden: may_call.iter().filter(|it| !**it).count(),
            best,
            may_call,
        }
    }

    pub(crate) fn may_call(&self, index: usize) -> bool {
        self.may_call.get(index).copied().unwrap_or_default()
    }

    pub(crate) fn no_tool(&self, link: &Link) -> NoTool {
        let best = self.best.as_ref();
        NoTool {
            candidates: link.tools.len(),
            best_tool: best.and_then(|it| link.tools.get(it.index)).map(|it| it.name.clone()),
            best_score: best.map(|it| it.score),
            forbidden: self.forbidden,
        }
    }
}

pub(crate) fn spec(tool: &mcp::Tool) -> ToolSpec<'_> {
    ToolSpec {
        name: &tool.name,
        description: tool.description.as_deref(),
        input_schema: &tool.input_schema,
        output_schema: tool.output_schema.as_ref(),
        read_only: tool.read_only,
        destructive: tool.destructive,
    }
}
