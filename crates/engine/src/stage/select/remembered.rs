//! Choices of earlier runs: they stand while the server's tool list does.

use std::collections::BTreeMap;

use domain::governance::ToolPin;
use domain::{Finding, TargetModel};
use serde_json::{Map, Value, json};
use store::workspace_connectors;

use super::not_found;
use crate::link::Link;
use crate::patience::patiently;
use crate::run::Run;

/// What was chosen for each target over the live tool list. A target without a tool is known as
/// well.
#[derive(Debug, Default)]
pub(crate) struct Remembered {
    hash: String,
    targets: BTreeMap<TargetModel, Option<ToolPin>>,
    /// What was chosen over another list.
    before: BTreeMap<TargetModel, ToolPin>,
    is_changed: bool,
}

impl Remembered {
    pub(super) fn keep(&mut self, target: TargetModel, chosen: Option<ToolPin>) {
        self.targets.insert(target, chosen);
        self.is_changed = true;
    }

    /// What cannot be read is as if it had never been chosen.
    fn over(hash: String, document: &Value) -> Self {
        let targets = document.get("targets").and_then(Value::as_object);
        let each = targets
            .into_iter()
            .flatten()
            .filter_map(|(target, chosen)| Some((target.parse::<TargetModel>().ok()?, chosen)));
        if document.get("hash").and_then(Value::as_str) == Some(hash.as_str()) {
            let targets = each
                .filter_map(|(target, it)| {
                    Some((target, if it.is_null() { None } else { Some(tool(it)?) }))
                })
                .collect();
            return Self { hash, targets, ..Self::default() };
        }
        let before = each.filter_map(|(target, it)| Some((target, tool(it)?))).collect();
        Self { hash, before, is_changed: true, ..Self::default() }
    }

    fn to_json(&self) -> Value {
        let each = self.targets.iter().map(|(target, chosen)| {
            let tool = |it: &ToolPin| json!({ "name": it.name, "arguments": it.arguments });
            (target.as_str().to_owned(), json!(chosen.as_ref().map(tool)))
        });
        json!({ "hash": self.hash, "targets": each.collect::<Map<_, _>>() })
    }
}

fn tool(document: &Value) -> Option<ToolPin> {
    let name = document.get("name")?.as_str()?.to_owned();
    let arguments = document.get("arguments")?.as_object()?.clone();
    Some(ToolPin { name, arguments })
}

/// Reads what earlier runs chose. Without the store's word everything is chosen anew.
pub(crate) async fn recall(run: &Run<'_>, link: &Link) -> Remembered {
    let stored = patiently(run.engine.settings.store_patience, || {
        workspace_connectors::tool_choices(run.store(), run.tenant, run.connector)
    });
    let document = stored.await.unwrap_or_else(|error| {
        let error = &error as &dyn std::error::Error;
        tracing::warn!(error, "earlier choices of tools not read");
        None
    });
    Remembered::over(mcp::tool_list_hash(&link.tools), &document.unwrap_or_default())
}

/// Keeps this run's choices for the next one. Losing them costs a jury, no data.
pub(crate) async fn remember(run: &Run<'_>) {
    if !run.remembered.is_changed {
        return;
    }
    let document = run.remembered.to_json();
    let (store, tenant) = (run.store(), run.tenant);
    let kept = workspace_connectors::set_tool_choices(store, tenant, run.connector, &document);
    if let Err(error) = kept.await {
        tracing::warn!(error = &error as &dyn std::error::Error, "choices of tools not kept");
    }
}

/// What an earlier run chose, if it stands; `Some(None)`: it found no tool, and the same tools are
/// offered.
pub(super) fn choice(run: &Run<'_>, target: TargetModel) -> Option<Option<ToolPin>> {
    let known = run.remembered.targets.get(&target)?.clone();
    let stands = known.as_ref().is_none_or(|it| !run.governance.is_forbidden(target, &it.name));
    stands.then_some(known)
}

/// A tool that an earlier run chose and the server no longer has. Another is chosen.
pub(super) fn gone(run: &mut Run<'_>, link: &Link, target: TargetModel) -> Option<Finding> {
    let before = run.remembered.before.remove(&target)?;
    let is_gone = link.tool(&before.name).is_none();
    is_gone.then(|| not_found(link, target, (&before.name, "remembered")))
}
