//! What the contract of each reason says. The match is exhaustive: a new reason must have one.

mod draw;
mod fetch;
mod jury;
mod plan;
mod rows;
mod select;

use domain::Reason;

use crate::scenario::Scenario;

/// The ways in which a reason is provoked.
pub(crate) fn of(reason: Reason) -> Vec<Scenario> {
    match reason {
        Reason::NoSuitableTool => select::no_suitable_tool(),
        Reason::ToolNotFound => select::tool_not_found(),
        Reason::ToolSelectionPinned => select::tool_selection_pinned(),
        Reason::AuthScopeInsufficient => fetch::auth_scope_insufficient(),
        Reason::ToolExecutionFailed => fetch::tool_execution_failed(),
        Reason::EmptyResult => fetch::empty_result(),
        Reason::SchemaDriftDetected => draw::schema_drift_detected(),
        Reason::JsonataGenerationFailed => draw::jsonata_generation_failed(),
        Reason::StructuredPipelineDegraded => draw::structured_pipeline_degraded(),
        Reason::StructuredPipelineFellBackToLegacy => {
            draw::structured_pipeline_fell_back_to_legacy()
        }
        Reason::MappingGenerationHardFail => draw::mapping_generation_hard_fail(),
        Reason::BlueprintPersistenceFailed => draw::blueprint_persistence_failed(),
        Reason::RegressionReverted => draw::regression_reverted(),
        Reason::JuryRun => jury::jury_run(),
        Reason::JuryPartial => jury::jury_partial(),
        Reason::JuryDisagreement => jury::jury_disagreement(),
        Reason::JuryQuorumLost => jury::jury_quorum_lost(),
        Reason::MappedEntitiesDropped => rows::mapped_entities_dropped(),
        Reason::MappedEntitiesPartialDrop => rows::mapped_entities_partial_drop(),
        Reason::FkParentMissing => rows::fk_parent_missing(),
        Reason::EntityPersistFailed => rows::entity_persist_failed(),
        Reason::SyncFkDagCycle => plan::sync_fk_dag_cycle(),
        Reason::TargetSkipped => plan::target_skipped(),
    }
}
