//! What holds for the rows of every run, whatever went wrong: where a tool and a status stand, what
//! comes before what, and what may come together.

use std::collections::HashSet;

use domain::evidence::SkipCause;
use domain::{Diagnostic, Reason, Stage};

/// The rules that these rows of one run, in their order, do not keep.
pub fn broken(rows: &[Diagnostic]) -> Vec<String> {
    let mut broken: Vec<String> = rows.iter().filter_map(tool).collect();
    broken.extend(rows.iter().filter_map(status));
    broken.extend(plan_first(rows));
    broken.extend(order(rows));
    broken.extend(company(rows));
    broken.extend(once(rows));
    broken
}

fn named(row: &Diagnostic) -> String {
    let tool = row.tool_name.as_deref().map(|it| format!(" of {it}")).unwrap_or_default();
    format!("{} {}{tool}", row.target_model, row.reason)
}

fn word<'a>(row: &'a Diagnostic, member: &str) -> Option<&'a str> {
    row.context.as_ref()?.get(member)?.as_str()
}

fn number(row: &Diagnostic, member: &str) -> u64 {
    row.context.as_ref().and_then(|it| it.get(member)?.as_u64()).unwrap_or_default()
}

/// Is it about the choice of a tool, not about a tool?
fn of_selection(row: &Diagnostic) -> bool {
    row.stage() == Stage::Select || word(row, "purpose") == Some("tool_selection")
}

/// Where `tool_name` must be there, and where it must not.
fn tool(row: &Diagnostic) -> Option<String> {
    let must = match row.reason {
        Reason::NoSuitableTool | Reason::SyncFkDagCycle | Reason::TargetSkipped => Some(false),
        Reason::ToolNotFound
        | Reason::EmptyResult
        | Reason::JsonataGenerationFailed
        | Reason::SchemaDriftDetected
        | Reason::BlueprintPersistenceFailed
        | Reason::MappedEntitiesDropped
        | Reason::MappedEntitiesPartialDrop
        | Reason::FkParentMissing
        | Reason::EntityPersistFailed
        | Reason::RegressionReverted
        | Reason::StructuredPipelineFellBackToLegacy
        | Reason::MappingGenerationHardFail => Some(true),
        Reason::JuryRun
        | Reason::JuryPartial
        | Reason::JuryDisagreement
        | Reason::JuryQuorumLost => Some(!of_selection(row)),
        Reason::ToolSelectionPinned => {
            let tools = row.context.as_ref().and_then(|it| it.get("tools")?.as_array());
            Some(tools.is_some_and(|it| it.len() == 1))
        }
        // A server that could not be reached had not been asked for a tool yet.
        Reason::AuthScopeInsufficient
        | Reason::ToolExecutionFailed
        | Reason::StructuredPipelineDegraded => None,
    };
    match must {
        Some(must) if must != row.tool_name.is_some() => Some(format!(
            "{}: tool_name must {}be null",
            named(row),
            if must { "not " } else { "" }
        )),
        Some(_) | None => None,
    }
}

/// Which `http_status` a reason can have.
fn status(row: &Diagnostic) -> Option<String> {
    let fits = match (row.reason, row.http_status) {
        (_, None) => true,
        (Reason::ToolNotFound, Some(code)) => code == 404,
        (Reason::AuthScopeInsufficient, Some(code)) => matches!(code, 401 | 403),
        (Reason::EmptyResult, Some(code)) => code == 200,
        (
            Reason::ToolExecutionFailed
            | Reason::SchemaDriftDetected
            | Reason::MappedEntitiesDropped
            | Reason::MappedEntitiesPartialDrop,
            Some(_),
        ) => true,
        (
            Reason::NoSuitableTool
            | Reason::JsonataGenerationFailed
            | Reason::JuryRun
            | Reason::JuryPartial
            | Reason::JuryDisagreement
            | Reason::JuryQuorumLost
            | Reason::BlueprintPersistenceFailed
            | Reason::FkParentMissing
            | Reason::EntityPersistFailed
            | Reason::SyncFkDagCycle
            | Reason::RegressionReverted
            | Reason::TargetSkipped
            | Reason::StructuredPipelineDegraded
            | Reason::StructuredPipelineFellBackToLegacy
            | Reason::MappingGenerationHardFail
            | Reason::ToolSelectionPinned,
            Some(_),
        ) => false,
    };
    (!fits).then(|| format!("{}: http_status {:?}", named(row), row.http_status))
}

/// What is known before any target is tried.
fn of_plan(row: &Diagnostic) -> bool {
    let is_known_early = |cause: SkipCause| match cause {
        SkipCause::Unsupported
        | SkipCause::ParentScopedOnly
        | SkipCause::Paused
        | SkipCause::NotMapped => true,
        // What became of the parents, and the clock: known when the target's turn has come.
        SkipCause::UpstreamFailed | SkipCause::BudgetSpent | SkipCause::Stopped => false,
    };
    row.reason == Reason::SyncFkDagCycle
        || (row.reason == Reason::TargetSkipped
            && word(row, "cause").and_then(|it| it.parse().ok()).is_some_and(is_known_early))
}

fn plan_first(rows: &[Diagnostic]) -> Option<String> {
    let late = rows.iter().skip_while(|it| of_plan(it)).find(|it| of_plan(it))?;
    Some(format!("{} does not come before every target", named(late)))
}

/// The place of a row within its target; none: anywhere.
fn rank(row: &Diagnostic) -> Option<u8> {
    match row.reason {
        Reason::SyncFkDagCycle | Reason::TargetSkipped => None,
        // A later page failed, when the first had been mapped.
        Reason::AuthScopeInsufficient | Reason::ToolExecutionFailed
            if number(row, "rows_before") > 0 =>
        {
            None
        }
        Reason::ToolSelectionPinned => Some(1),
        Reason::JuryRun
        | Reason::JuryPartial
        | Reason::JuryDisagreement
        | Reason::JuryQuorumLost => Some(if of_selection(row) { 1 } else { 6 }),
        Reason::NoSuitableTool | Reason::ToolNotFound => Some(2),
        Reason::AuthScopeInsufficient | Reason::ToolExecutionFailed => Some(3),
        Reason::EmptyResult => Some(4),
        Reason::SchemaDriftDetected => Some(5),
        Reason::StructuredPipelineDegraded
        | Reason::StructuredPipelineFellBackToLegacy
        | Reason::JsonataGenerationFailed
        | Reason::MappingGenerationHardFail => Some(6),
        Reason::BlueprintPersistenceFailed | Reason::RegressionReverted => Some(7),
        Reason::MappedEntitiesDropped | Reason::MappedEntitiesPartialDrop => Some(8),
        Reason::FkParentMissing => Some(9),
        Reason::EntityPersistFailed => Some(10),
    }
}

/// Within a target and, where it has several tools, within a tool: the tools come one after the
/// other.
fn order(rows: &[Diagnostic]) -> Vec<String> {
    let mut broken = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        let Some(own) = rank(row) else { continue };
        let same = |it: &&Diagnostic| {
            it.target_model == row.target_model
                && (it.tool_name == row.tool_name
                    || it.tool_name.is_none()
                    || row.tool_name.is_none())
        };
        let mut before = rows.iter().take(at).filter(same);
        if let Some(early) = before.rfind(|it| rank(it).is_some_and(|it| it > own)) {
            broken.push(format!("{} comes after {}", named(row), named(early)));
        }
    }
    broken
}

/// What may come together.
fn company(rows: &[Diagnostic]) -> Vec<String> {
    let mut broken = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        let near =
            |it: &&Diagnostic| it.target_model == row.target_model && it.tool_name == row.tool_name;
        let comes = |reason| {
            rows.iter()
                .filter(near)
                .any(|it| it.reason == reason && word(it, "purpose") == word(row, "purpose"))
        };
        let came = |reasons: &[Reason]| {
            rows.iter().take(at).filter(near).any(|it| reasons.contains(&it.reason))
        };
        let fits = match row.reason {
            Reason::JuryPartial | Reason::JuryDisagreement => comes(Reason::JuryRun),
            Reason::JuryQuorumLost => {
                !(comes(Reason::JuryRun)
                    || comes(Reason::JuryPartial)
                    || comes(Reason::JuryDisagreement))
            }
            Reason::MappedEntitiesDropped => !comes(Reason::MappedEntitiesPartialDrop),
            Reason::MappingGenerationHardFail => came(&[Reason::JsonataGenerationFailed]),
            Reason::StructuredPipelineFellBackToLegacy => {
                came(&[Reason::JsonataGenerationFailed, Reason::StructuredPipelineDegraded])
            }
            Reason::NoSuitableTool
            | Reason::ToolNotFound
            | Reason::AuthScopeInsufficient
            | Reason::ToolExecutionFailed
            | Reason::EmptyResult
            | Reason::JsonataGenerationFailed
            | Reason::SchemaDriftDetected
            | Reason::JuryRun
            | Reason::BlueprintPersistenceFailed
            | Reason::MappedEntitiesPartialDrop
            | Reason::FkParentMissing
            | Reason::EntityPersistFailed
            | Reason::SyncFkDagCycle
            | Reason::RegressionReverted
            | Reason::TargetSkipped
            | Reason::StructuredPipelineDegraded
            | Reason::ToolSelectionPinned => true,
        };
        if !fits {
            broken.push(format!("{} is in wrong company", named(row)));
        }
    }
    broken
}

/// The same thing is said once.
fn once(rows: &[Diagnostic]) -> Vec<String> {
    let mut said = HashSet::new();
    rows.iter()
        .filter(|it| !said.insert((it.target_model, &it.tool_name, it.reason, &it.detail)))
        .map(|it| format!("{} is written twice", named(it)))
        .collect()
}
