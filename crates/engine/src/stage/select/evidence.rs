//! What the tools of a server say for themselves, weighed for one target.

use domain::TargetModel;
use domain::evidence::NoTool;
use mapping::tools::{Candidates, Catalogue, ToolSpec};

use crate::link::Link;
use crate::run::Run;

#[derive(Debug)]
pub(crate) struct Evidence {
    pub(crate) candidates: Candidates,
    /// Live tools that may not be called for this target.
    pub(crate) forbidden: usize,
    /// By index: may be called.
    may_call: Vec<bool>,
}

impl Evidence {
    pub(crate) fn of(run: &Run<'_>, catalogue: &Catalogue<'_>, target: TargetModel) -> Self {
        let tools = catalogue.tools().iter();
        let may_call: Vec<bool> =
            tools.map(|it| !run.governance.is_forbidden(target, it.name)).collect();
        let may = |index: usize| may_call.get(index).copied().unwrap_or_default();
        Self {
            candidates: catalogue.candidates(target, may),
            forbidden: may_call.iter().filter(|it| !**it).count(),
            may_call,
        }
    }

    pub(crate) fn may_call(&self, index: usize) -> bool {
        self.may_call.get(index).copied().unwrap_or_default()
    }

    pub(crate) fn no_tool(&self, link: &Link) -> NoTool {
        let best = self.candidates.best.as_ref();
        NoTool {
            candidates: link.tools.len(),
            best_tool: best.and_then(|it| link.tools.get(it.index)).map(|it| it.name.clone()),
            best_score: best.map(|it| it.score),
            forbidden: self.forbidden,
        }
    }
}

/// What a server says of its tools, read once.
pub(crate) fn catalogue(link: &Link) -> Catalogue<'_> {
    Catalogue::of(link.tools.iter().map(spec).collect())
}

fn spec(tool: &mcp::Tool) -> ToolSpec<'_> {
    ToolSpec {
        name: &tool.name,
        description: tool.description.as_deref(),
        input_schema: &tool.input_schema,
        output_schema: tool.output_schema.as_ref(),
        read_only: tool.read_only,
        destructive: tool.destructive,
    }
}
