//! Whether and when a failed run is tried again. Chance is an argument.

use std::time::Duration;

use crate::reason::Reason;

/// What a run noted, as far as it matters here.
#[derive(Debug, Clone, Copy)]
pub struct Noted<'a> {
    pub reason: Reason,
    pub http_status: Option<u16>,
    /// Of a failed call: `timeout`, `http`, …
    pub kind: Option<&'a str>,
}

/// May the same run go better a little later? The page of the reason says so; a failed call passes
/// when the server was away or had too much to do.
pub fn helps(noted: Noted<'_>) -> bool {
    if !crate::catalogue::page(noted.reason).retry.starts_with("yes") {
        return false;
    }
    match noted.reason {
        Reason::ToolExecutionFailed => match (noted.http_status, noted.kind) {
            (Some(status), _) => matches!(status, 408 | 425 | 429 | 500..),
            (None, Some(kind)) => matches!(kind, "timeout" | "closed" | "start" | "http"),
            (None, None) => false,
        },
        Reason::EntityPersistFailed => true,
        // Of a run that failed these are no cause.
        Reason::NoSuitableTool
        | Reason::ToolNotFound
        | Reason::AuthScopeInsufficient
        | Reason::EmptyResult
        | Reason::JsonataGenerationFailed
        | Reason::SchemaDriftDetected
        | Reason::JuryRun
        | Reason::JuryPartial
        | Reason::JuryDisagreement
        | Reason::JuryQuorumLost
        | Reason::BlueprintPersistenceFailed
        | Reason::MappedEntitiesDropped
        | Reason::MappedEntitiesPartialDrop
        | Reason::FkParentMissing
        | Reason::SyncFkDagCycle
        | Reason::RegressionReverted
        | Reason::TargetSkipped
        | Reason::StructuredPipelineDegraded
        | Reason::StructuredPipelineFellBackToLegacy
        | Reason::MappingGenerationHardFail
        | Reason::ToolSelectionPinned => false,
    }
}

/// How often a run is tried, and how long it waits in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retries {
    /// The first one included.
    pub attempts: u32,
    /// After the first failure; doubled with each further one.
    pub pause: Duration,
}

impl Retries {
    const LONGEST: Duration = Duration::from_hours(1);

    /// The pause after this attempt has failed; none: it was the last. Half of it is chance, so that
    /// what failed together does not come back together.
    pub fn after(self, attempt: u32, roll: u32) -> Option<Duration> {
        if attempt >= self.attempts {
            return None;
        }
        let doubled = 1_u32.checked_shl(attempt.saturating_sub(1)).unwrap_or(u32::MAX);
        let whole = self.pause.saturating_mul(doubled).min(Self::LONGEST);
        Some(whole / 2 + whole.mul_f64(f64::from(roll) / f64::from(u32::MAX)) / 2)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_what_passes_by_itself_is_tried_again() {
        let failed = |http_status, kind| {
            helps(Noted { reason: Reason::ToolExecutionFailed, http_status, kind })
        };
        assert!(failed(Some(429), Some("http")) && failed(Some(503), Some("http")));
        assert!(failed(None, Some("timeout")) && failed(None, Some("closed")));
        assert!(!failed(Some(404), Some("http")) && !failed(None, Some("is_error")));
        assert!(!failed(None, Some("invalid_params")) && !failed(None, None));
        for reason in Reason::ALL {
            let may = helps(Noted { reason: *reason, http_status: Some(503), kind: None });
            assert!(!may || crate::catalogue::page(*reason).retry.starts_with("yes"), "{reason}");
        }
    }

    proptest! {
        #[test]
        fn pauses_grow_and_stay_within_their_bounds(attempt in 1_u32..80, roll: u32) {
            let retries = Retries { attempts: 40, pause: Duration::from_secs(30) };
            match retries.after(attempt, roll) {
                None => prop_assert!(attempt >= 40),
                Some(pause) => {
                    let whole = Duration::from_secs(30)
                        .saturating_mul(1_u32.checked_shl(attempt - 1).unwrap_or(u32::MAX))
                        .min(Retries::LONGEST);
                    prop_assert!(pause >= whole / 2 && pause <= whole, "{pause:?} of {whole:?}");
                }
            }
        }
    }
}
