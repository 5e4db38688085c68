//! What to do, in one sentence.

use super::{HealthState, TargetHealth};
use crate::reason::Reason;
use crate::target::TargetModel;

pub(super) fn target(model: TargetModel, state: HealthState, reasons: &[Reason]) -> String {
    match (state, reasons.first()) {
        (HealthState::NeverSynced, _) => format!("Run a sync that includes {model}."),
        (HealthState::Healthy, None) => "Nothing to do.".to_owned(),
        (HealthState::NoData, None) => {
            format!("Nothing to do, unless the provider has {model} records.")
        }
        (_, Some(reason)) => reason_says(*reason).to_owned(),
        (HealthState::Degraded | HealthState::Failing | HealthState::NeedsReconnect, None) => {
            "Look at the diagnostics of the last run.".to_owned()
        }
    }
}

pub(super) fn whole(state: HealthState, targets: &[TargetHealth], reasons: &[Reason]) -> String {
    match state {
        HealthState::NeverSynced => "Run a first sync.".to_owned(),
        HealthState::NeedsReconnect => {
            "Reconnect it: the server refuses the credentials.".to_owned()
        }
        HealthState::Healthy => "Nothing to do.".to_owned(),
        HealthState::NoData => {
            "Nothing to do, unless the provider has records that should be here.".to_owned()
        }
        HealthState::Degraded | HealthState::Failing => match reasons.first() {
            Some(reason) => {
                let whose = targets.iter().filter(|it| it.reasons.contains(reason));
                let whose: Vec<&str> = whose.map(|it| it.target_model.as_str()).collect();
                format!("{} ({reason} on {})", reason_says(*reason), whose.join(", "))
            }
            None => "Look at the error of the last run, and run it again.".to_owned(),
        },
    }
}

pub(crate) const fn reason_says(reason: Reason) -> &'static str {
    match reason {
        Reason::AuthScopeInsufficient => "Reconnect with credentials that have the missing scope.",
        Reason::ToolExecutionFailed => {
            "Wait for the next run; if it fails again, ask the provider why its tool fails."
        }
        Reason::MappedEntitiesDropped | Reason::MappedEntitiesPartialDrop => {
            "Look at the rejected rows: have the provider fill the field, or redraw the mapping."
        }
        Reason::FkParentMissing => {
            "Sync the parents first; the waiting records follow by themselves."
        }
        Reason::EntityPersistFailed => {
            "Look at the constraint in the diagnostic: two records may claim one number."
        }
        Reason::NoSuitableTool => {
            "Nothing to do, unless a tool of the server lists these records: then pin it."
        }
        Reason::ToolNotFound => "Pin a tool that the server has.",
        Reason::EmptyResult => {
            "Nothing to do, unless the provider has records that should be here."
        }
        Reason::MappingGenerationHardFail | Reason::JuryQuorumLost => {
            "Pin the slots that cannot be found, or pin another tool."
        }
        Reason::JsonataGenerationFailed
        | Reason::JuryPartial
        | Reason::BlueprintPersistenceFailed
        | Reason::SyncFkDagCycle
        | Reason::RegressionReverted
        | Reason::JuryRun
        | Reason::JuryDisagreement
        | Reason::SchemaDriftDetected
        | Reason::TargetSkipped
        | Reason::StructuredPipelineDegraded
        | Reason::StructuredPipelineFellBackToLegacy
        | Reason::ToolSelectionPinned => "Nothing to do: no data is missing because of it.",
    }
}
