//! The 23 reasons, their class, impact and stage: one exhaustive table each.

crate::words! {
    /// Why a sync event was notable. Order and spelling are the seed's (`SyncFailureReasonEnum`).
    Reason, "reason" {
        NoSuitableTool = "no_suitable_tool",
        ToolNotFound = "tool_not_found",
        AuthScopeInsufficient = "auth_scope_insufficient",
        ToolExecutionFailed = "tool_execution_failed",
        EmptyResult = "empty_result",
        JsonataGenerationFailed = "jsonata_generation_failed",
        SchemaDriftDetected = "schema_drift_detected",
        JuryRun = "jury_run",
        JuryPartial = "jury_partial",
        JuryDisagreement = "jury_disagreement",
        JuryQuorumLost = "jury_quorum_lost",
        BlueprintPersistenceFailed = "blueprint_persistence_failed",
        MappedEntitiesDropped = "mapped_entities_dropped",
        MappedEntitiesPartialDrop = "mapped_entities_partial_drop",
        FkParentMissing = "fk_parent_missing",
        EntityPersistFailed = "entity_persist_failed",
        SyncFkDagCycle = "sync_fk_dag_cycle",
        RegressionReverted = "regression_reverted",
        TargetSkipped = "target_skipped",
        StructuredPipelineDegraded = "structured_pipeline_degraded",
        StructuredPipelineFellBackToLegacy = "structured_pipeline_fell_back_to_legacy",
        MappingGenerationHardFail = "mapping_generation_hard_fail",
        ToolSelectionPinned = "tool_selection_pinned",
    }
}

crate::words! {
    /// Does an event stand in the way of data (`INFORMATIONAL_REASONS` of the seed), or only tell?
    Class, "class" { Failure = "failure", Informational = "informational" }
}

crate::words! {
    /// What an event means for the data. Health is computed from it, not from the class.
    Impact, "impact" {
        None = "none",
        NoData = "no_data",
        DataLost = "data_lost",
        Auth = "auth",
        Internal = "internal",
    }
}

crate::words! {
    /// The stages of a run, in their order.
    Stage, "stage" {
        Plan = "plan",
        Select = "select",
        Fetch = "fetch",
        Draw = "draw",
        Apply = "apply",
        Check = "check",
        Resolve = "resolve",
        Persist = "persist",
        Settle = "settle",
    }
}

impl Impact {
    /// How much harm it does: of several that one answers for, the heaviest stands.
    pub const fn weight(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Internal => 1,
            Self::NoData => 2,
            Self::DataLost => 3,
            Self::Auth => 4,
        }
    }
}

impl Reason {
    /// The position in the seed's list, counted from 1: a sort key that both databases share.
    pub const fn code(self) -> i16 {
        self as i16 + 1
    }

    pub const fn class(self) -> Class {
        match self {
            Self::JuryRun
            | Self::JuryDisagreement
            | Self::SchemaDriftDetected
            | Self::TargetSkipped
            | Self::StructuredPipelineDegraded
            | Self::StructuredPipelineFellBackToLegacy
            | Self::ToolSelectionPinned => Class::Informational,
            Self::NoSuitableTool
            | Self::ToolNotFound
            | Self::AuthScopeInsufficient
            | Self::ToolExecutionFailed
            | Self::EmptyResult
            | Self::JsonataGenerationFailed
            | Self::JuryPartial
            | Self::JuryQuorumLost
            | Self::BlueprintPersistenceFailed
            | Self::MappedEntitiesDropped
            | Self::MappedEntitiesPartialDrop
            | Self::FkParentMissing
            | Self::EntityPersistFailed
            | Self::SyncFkDagCycle
            | Self::RegressionReverted
            | Self::MappingGenerationHardFail => Class::Failure,
        }
    }

    /// The impact when the row itself says nothing narrower (`fk_parent_missing` of an optional
    /// parent and `jury_quorum_lost` with a fallback are [`Impact::Internal`]).
    pub const fn impact(self) -> Impact {
        match self {
            Self::AuthScopeInsufficient => Impact::Auth,
            Self::ToolExecutionFailed
            | Self::MappedEntitiesDropped
            | Self::MappedEntitiesPartialDrop
            | Self::EntityPersistFailed
            | Self::FkParentMissing => Impact::DataLost,
            Self::NoSuitableTool
            | Self::ToolNotFound
            | Self::EmptyResult
            | Self::MappingGenerationHardFail
            | Self::JuryQuorumLost => Impact::NoData,
            Self::JsonataGenerationFailed
            | Self::JuryPartial
            | Self::BlueprintPersistenceFailed
            | Self::SyncFkDagCycle
            | Self::RegressionReverted => Impact::Internal,
            Self::JuryRun
            | Self::JuryDisagreement
            | Self::SchemaDriftDetected
            | Self::TargetSkipped
            | Self::StructuredPipelineDegraded
            | Self::StructuredPipelineFellBackToLegacy
            | Self::ToolSelectionPinned => Impact::None,
        }
    }

    /// The stage in which the reason arises when the row does not say another.
    pub const fn stage(self) -> Stage {
        match self {
            Self::SyncFkDagCycle | Self::TargetSkipped => Stage::Plan,
            Self::NoSuitableTool | Self::ToolNotFound | Self::ToolSelectionPinned => Stage::Select,
            Self::AuthScopeInsufficient | Self::ToolExecutionFailed | Self::EmptyResult => {
                Stage::Fetch
            }
            Self::JsonataGenerationFailed
            | Self::SchemaDriftDetected
            | Self::JuryRun
            | Self::JuryPartial
            | Self::JuryDisagreement
            | Self::JuryQuorumLost
            | Self::BlueprintPersistenceFailed
            | Self::RegressionReverted
            | Self::StructuredPipelineDegraded
            | Self::StructuredPipelineFellBackToLegacy
            | Self::MappingGenerationHardFail => Stage::Draw,
            Self::MappedEntitiesDropped | Self::MappedEntitiesPartialDrop => Stage::Check,
            Self::FkParentMissing => Stage::Resolve,
            Self::EntityPersistFailed => Stage::Persist,
        }
    }

    /// Every reason of a class or impact, in the seed's order.
    pub fn all_where(wanted: impl Fn(Self) -> bool) -> Vec<Self> {
        Self::ALL.iter().copied().filter(|it| wanted(*it)).collect()
    }
}
