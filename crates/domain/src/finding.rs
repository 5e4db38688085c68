//! What happened, said once: one constructor per reason, one sentence per constructor.

use serde::Serialize;
use serde_json::Value;

use crate::diagnostic::{DETAIL_MAX, NewDiagnostic, TOOL_NAME_MAX, storable, with_member};
use crate::evidence::{
    Call, Cycle, Degraded, Drift, Dropped, FailedCall, FailedWrite, Jury, MissingParent,
    MissingScope, MissingTool, NoExpression, NoMapping, NoRows, NoTool, Pinned, Reverted, Skipped,
};
use crate::id::{SyncLogId, WorkspaceConnectorId};
use crate::reason::{Impact, Reason, Stage};
use crate::redact::Redactor;
use crate::target::TargetModel;

/// A notable event of a run, before it is a row. Made by the constructors below only.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    target: TargetModel,
    reason: Reason,
    tool: Option<String>,
    http_status: Option<u16>,
    detail: String,
    context: Value,
    subject: Option<String>,
}

impl Finding {
    fn new(target: TargetModel, reason: Reason, detail: String, evidence: &impl Serialize) -> Self {
        // Evidence is plain data of ours: it always serializes.
        let context = serde_json::to_value(evidence).unwrap_or_default();
        Self { target, reason, tool: None, http_status: None, detail, context, subject: None }
    }

    fn tool(mut self, tool: &str) -> Self {
        self.tool = Some(tool.to_owned());
        self
    }

    fn call(mut self, call: &Call) -> Self {
        self.http_status = call.http_status;
        self.tool.clone_from(&call.tool);
        self
    }

    fn about(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    fn stage(mut self, stage: Stage) -> Self {
        self.context = with_member(self.context, "stage", stage.as_str());
        self
    }

    fn with_impact(mut self, impact: Impact) -> Self {
        self.context = with_member(self.context, "impact", impact.as_str());
        self
    }

    pub fn reason(&self) -> Reason {
        self.reason
    }

    pub fn target(&self) -> TargetModel {
        self.target
    }

    /// What it means for the data: the reason's own, unless the row says a narrower one.
    pub fn impact(&self) -> Impact {
        let said = self.context.get("impact").and_then(Value::as_str);
        said.and_then(|it| it.parse().ok()).unwrap_or(self.reason.impact())
    }

    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The row to be written, without the secrets of its connector, cut to what a row can hold.
    pub fn into_row(
        self,
        connector: WorkspaceConnectorId,
        run: SyncLogId,
        redactor: &Redactor,
    ) -> NewDiagnostic {
        let mut context = self.context;
        redactor.json(&mut context);
        NewDiagnostic {
            workspace_connector: connector,
            target_model: self.target,
            tool_name: self.tool.map(|it| storable(&redactor.name(&it), TOOL_NAME_MAX)),
            reason: self.reason,
            http_status: self.http_status.filter(|it| (100..=599).contains(it)),
            detail: storable(&redactor.text(self.detail.trim()), DETAIL_MAX),
            occurred_at: None,
            sync_log: Some(run),
            context: Some(context),
            subject: self.subject.map(|it| redactor.name(&it).into_owned()),
        }
    }
}

/// Choosing a tool.
impl Finding {
    /// Selection ended with no tool.
    pub fn no_suitable_tool(target: TargetModel, it: &NoTool) -> Self {
        let best = match (&it.best_tool, it.best_score) {
            (Some(tool), Some(score)) => format!("; best was {tool} at {score:.2}"),
            _ => String::new(),
        };
        let detail = format!(
            "no tool of {} candidates lists {target} records{best} ({} forbidden)",
            it.candidates, it.forbidden
        );
        Self::new(target, Reason::NoSuitableTool, detail, it)
    }

    /// A tool that was named is not there.
    pub fn tool_not_found(target: TargetModel, call: &Call, it: &MissingTool) -> Self {
        let near = if it.nearest.is_empty() {
            String::new()
        } else {
            format!("; nearest: {}", it.nearest.join(", "))
        };
        let detail =
            format!("the server has no tool `{}` (named by: {}){near}", it.tool, it.source);
        Self::new(target, Reason::ToolNotFound, detail, it).call(call)
    }

    /// The tools of a target came from a pin.
    pub fn tool_selection_pinned(target: TargetModel, it: &Pinned) -> Self {
        let detail = format!("tools pinned by {}: {}", it.source, it.tools.join(", "));
        let row = Self::new(target, Reason::ToolSelectionPinned, detail, it);
        match it.tools.as_slice() {
            [one] => row.tool(one),
            _ => row,
        }
    }

    /// A target was not run on purpose.
    pub fn target_skipped(target: TargetModel, it: &Skipped) -> Self {
        let upstream = it.upstream.map(|it| format!(" ({it})")).unwrap_or_default();
        let detail = format!("{target} was not run: {}{upstream}", it.cause);
        Self::new(target, Reason::TargetSkipped, detail, it).about(it.cause.as_str())
    }

    /// The foreign keys of the scheduled targets form a cycle; one row per target in it.
    pub fn sync_fk_dag_cycle(target: TargetModel, it: &Cycle) -> Self {
        let path = it.path.iter().map(|it| it.as_str()).collect::<Vec<_>>().join(" → ");
        let cut = match it.cut {
            Some((child, parent)) => format!("the optional edge {child} → {parent} was cut"),
            None => "no edge is optional, so these targets end".to_owned(),
        };
        Self::new(
            target,
            Reason::SyncFkDagCycle,
            format!("foreign keys form a cycle: {path}; {cut}"),
            it,
        )
    }
}

/// Calling it.
impl Finding {
    /// 401, 403, or a typed answer that a scope is missing.
    pub fn auth_scope_insufficient(target: TargetModel, call: &Call, it: &MissingScope) -> Self {
        let missing = match it.missing_scopes.as_slice() {
            [] => "the server did not say which scope is missing".to_owned(),
            scopes => format!("missing: {}", scopes.join(", ")),
        };
        let refresh = if it.refresh_tried { "; a token refresh did not help" } else { "" };
        let detail = format!("{} refused the credentials; {missing}{refresh}", call.name());
        Self::new(target, Reason::AuthScopeInsufficient, detail, it).call(call)
    }

    /// The call failed in another way, or an error came dressed as a success.
    pub fn tool_execution_failed(target: TargetModel, call: &Call, it: &FailedCall) -> Self {
        let kept = match it.rows_before {
            0 => String::new(),
            n => format!("; {n} rows read before are kept"),
        };
        let detail = format!(
            "{} failed ({}, attempt {}): {}{kept}",
            call.name(),
            it.kind,
            it.attempts,
            it.said
        );
        Self::new(target, Reason::ToolExecutionFailed, detail, it).call(call).about(it.kind)
    }

    /// The tool answered, and its answer held no rows.
    pub fn empty_result(target: TargetModel, call: &Call, it: &NoRows) -> Self {
        let before = match it.rows_before {
            Some(n) => format!("an earlier run had {n}"),
            None => "no earlier run had any".to_owned(),
        };
        let detail = format!("{} answered no rows in {} page(s); {before}", call.name(), it.pages);
        Self::new(target, Reason::EmptyResult, detail, it).call(call)
    }
}

/// Drawing a mapping.
impl Finding {
    pub fn jsonata_generation_failed(target: TargetModel, tool: &str, it: &NoExpression) -> Self {
        let detail = format!(
            "the {} path gave no usable expression in {} attempt(s): {}",
            it.path, it.attempts, it.first_error
        );
        Self::new(target, Reason::JsonataGenerationFailed, detail, it).tool(tool).about(it.path)
    }

    pub fn mapping_generation_hard_fail(target: TargetModel, tool: &str, it: &NoMapping) -> Self {
        let paths: Vec<String> = it
            .paths
            .iter()
            .map(|it| format!("{}: {} attempt(s), {}", it.path, it.attempts, it.first_error))
            .collect();
        let detail = format!("no mapping could be made and none is stored; {}", paths.join("; "));
        Self::new(target, Reason::MappingGenerationHardFail, detail, it).tool(tool)
    }

    pub fn schema_drift_detected(target: TargetModel, call: &Call, it: &Drift) -> Self {
        let kind = if it.breaking { "breaking" } else { "additive" };
        let tool = call.name();
        let what = match it.declared_schema {
            true => format!("the output schema that {tool} declares has changed"),
            false => format!("the answer of {tool} changed shape"),
        };
        let detail = format!("{what} ({kind}){}", it.paths());
        Self::new(target, Reason::SchemaDriftDetected, detail, it).call(call)
    }

    pub fn structured_pipeline_degraded(
        target: TargetModel,
        tool: Option<&str>,
        stage: Stage,
        it: &Degraded,
    ) -> Self {
        let used =
            it.substitute.as_ref().map(|it| format!("; used instead: {it}")).unwrap_or_default();
        let detail = format!("stage {stage} was replaced or skipped: {}{used}", it.cause);
        let row = Self::new(target, Reason::StructuredPipelineDegraded, detail, it)
            .stage(stage)
            .about(it.cause.as_str());
        match tool {
            Some(tool) => row.tool(tool),
            None => row,
        }
    }

    pub fn structured_pipeline_fell_back_to_legacy(
        target: TargetModel,
        tool: &str,
        stage: Stage,
        it: &Degraded,
    ) -> Self {
        let detail = format!(
            "the structured path ended in {stage}: {}; the one-shot generator ran",
            it.cause
        );
        Self::new(target, Reason::StructuredPipelineFellBackToLegacy, detail, it)
            .tool(tool)
            .stage(stage)
    }

    pub fn blueprint_persistence_failed(target: TargetModel, tool: &str, it: &FailedWrite) -> Self {
        let detail = format!("the mapping was used but could not be saved: {}", it.message);
        Self::new(target, Reason::BlueprintPersistenceFailed, detail, it).tool(tool)
    }

    pub fn regression_reverted(target: TargetModel, tool: &str, it: &Reverted) -> Self {
        let detail = format!(
            "version {} scored worse than {} ({} {:.2}, was {:.2}); version {} is back",
            it.version, it.restored_version, it.metric, it.after, it.before, it.restored_version
        );
        Self::new(target, Reason::RegressionReverted, detail, it).tool(tool)
    }
}

/// A jury's verdict. `tool` is none when it chose tools.
impl Finding {
    pub fn jury_run(target: TargetModel, tool: Option<&str>, it: &Jury) -> Self {
        let winner = it.winner.as_deref().unwrap_or("none");
        let detail = format!(
            "{} jury: {}/{} seats valid, agreement {:.2}, winner {winner}",
            it.purpose, it.valid, it.seats, it.agreement
        );
        Self::of_jury(target, Reason::JuryRun, tool, detail, it)
    }

    pub fn jury_partial(target: TargetModel, tool: Option<&str>, it: &Jury) -> Self {
        let detail = format!(
            "{} jury met its quorum with {}/{} seats; failed: {}",
            it.purpose,
            it.valid,
            it.seats,
            it.failed.join("; ")
        );
        Self::of_jury(target, Reason::JuryPartial, tool, detail, it)
    }

    pub fn jury_disagreement(target: TargetModel, tool: Option<&str>, it: &Jury) -> Self {
        let rule = it.decided_by.unwrap_or("nothing");
        let split: Vec<String> = it.split.iter().map(ToString::to_string).collect();
        let detail = format!(
            "{} jury was split {} (agreement {:.2}) on {}; decided by {rule}",
            it.purpose,
            split.join(":"),
            it.agreement,
            it.disputed.join(", ")
        );
        Self::of_jury(target, Reason::JuryDisagreement, tool, detail, it)
    }

    /// Without a fallback the target has no data; with one it only lost its second opinion.
    pub fn jury_quorum_lost(target: TargetModel, tool: Option<&str>, it: &Jury) -> Self {
        let fallback = it.fallback.as_deref().unwrap_or("none");
        let detail = format!(
            "{} jury: {} of {} needed seats valid ({}); fallback: {fallback}",
            it.purpose,
            it.valid,
            it.needed,
            it.failed.join("; ")
        );
        let row = Self::of_jury(target, Reason::JuryQuorumLost, tool, detail, it);
        if it.fallback.is_some() { row.with_impact(Impact::Internal) } else { row }
    }

    fn of_jury(
        target: TargetModel,
        reason: Reason,
        tool: Option<&str>,
        detail: String,
        it: &Jury,
    ) -> Self {
        let row = Self::new(target, reason, detail, it).about(it.purpose);
        match tool {
            Some(tool) => row.tool(tool),
            None => row.stage(Stage::Select),
        }
    }
}

/// What became of the rows.
impl Finding {
    /// Some rows or all of them were rejected; the reason follows from the counts.
    pub fn mapped_entities_dropped(target: TargetModel, call: &Call, it: &Dropped) -> Self {
        let reason = if it.rejected >= it.total {
            Reason::MappedEntitiesDropped
        } else {
            Reason::MappedEntitiesPartialDrop
        };
        let causes: Vec<String> = it
            .causes
            .iter()
            .take(3)
            .map(|cause| match it.causes.len() {
                1 => cause.says.clone(),
                _ => format!("{} ({})", cause.says, cause.count),
            })
            .collect();
        let detail = format!(
            "Validator rejected {}/{} mapped entities: {} after JSONata mapping for tool {}",
            it.rejected,
            it.total,
            causes.join(", "),
            call.name()
        );
        let row = Self::new(target, reason, detail, it).call(call);
        match it.causes.first() {
            Some(first) => row.about(first.field.as_str()),
            None => row,
        }
    }

    /// One row per foreign key.
    pub fn fk_parent_missing(target: TargetModel, tool: &str, it: &MissingParent) -> Self {
        let then = if it.required { "they wait for it" } else { "the reference is left empty" };
        let (children, key, parent, several) = (it.children, &it.key, it.parent, it.several());
        let detail = format!(
            "{children} {target} record(s) refer by `{key}` to {parent} records that are neither in this run nor in the workspace{several}; {then}"
        );
        let row =
            Self::new(target, Reason::FkParentMissing, detail, it).tool(tool).about(key.as_str());
        if it.required { row } else { row.with_impact(Impact::Internal) }
    }

    /// One row per distinct error.
    pub fn entity_persist_failed(target: TargetModel, tool: &str, it: &FailedWrite) -> Self {
        let key = it.sample_key.as_ref().map(|it| format!(", e.g. {it}")).unwrap_or_default();
        let detail =
            format!("{} {target} record(s) could not be stored: {}{key}", it.count, it.message);
        Self::new(target, Reason::EntityPersistFailed, detail, it)
            .tool(tool)
            .about(it.constraint.clone().or(it.sqlstate.clone()).unwrap_or_default())
    }
}
