//! What a run has to show of the tools that it read: issues are resolved by it.

use std::collections::BTreeMap;

use domain::TargetModel;
use domain::issue::Ran;
use domain::run::Tally;

/// Tool by tool.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    pub(crate) ran: Vec<Ran>,
    /// The version of the mapping in use.
    versions: BTreeMap<(TargetModel, String), u32>,
}

impl Shown {
    /// What is noted of a target and tool from now on came about under this version.
    pub(crate) fn uses(&mut self, target: TargetModel, tool: &str, version: Option<u32>) {
        let key = (target, tool.to_owned());
        match version {
            Some(version) => self.versions.insert(key, version),
            None => self.versions.remove(&key),
        };
    }

    pub(crate) fn version(&self, target: TargetModel, tool: Option<&str>) -> Option<u32> {
        self.versions.get(&(target, tool?.to_owned())).copied()
    }

    /// A tool was read: what the target had come to before, and after.
    pub(crate) fn read(
        &mut self,
        target: TargetModel,
        tool: &str,
        (before, after): (&Tally, &Tally),
    ) {
        let written = after.persisted().saturating_sub(before.persisted());
        self.ran.push(Ran {
            target,
            tool: tool.to_owned(),
            mapping_version: self.version(target, Some(tool)),
            arrived: written + after.unchanged.saturating_sub(before.unchanged),
            written,
        });
    }
}
