//! What a failed page comes to.

use std::time::Duration;

use domain::evidence::{Call, FailedCall, MissingScope, SkipCause, Skipped};
use domain::{Finding, TargetModel};
use mcp::Unusable;

use crate::link::{self, Progressed};
use crate::run::Run;

/// Why a page was not read.
pub(super) enum Failed {
    Call(mcp::Error),
    Answer(Unusable, Answered),
    /// Nobody waited for the answer: the run was asked to stop.
    Stopped,
}

/// How an answer without rows came.
#[derive(Clone, Copy)]
pub(super) struct Answered {
    pub(super) http_status: Option<u16>,
    pub(super) is_error: bool,
}

impl Failed {
    fn status(&self) -> Option<u16> {
        match self {
            Self::Call(error) => error.http_status(),
            Self::Answer(Unusable::ErrorShape { status, .. }, _) => *status,
            Self::Answer(Unusable::Unparseable { .. }, _) | Self::Stopped => None,
        }
    }

    /// Worth another call: too many requests, or a gateway that could not reach what is behind it.
    pub(super) fn is_passing(&self) -> bool {
        matches!(self.status(), Some(429 | 502 | 503 | 504))
    }

    /// When the server wants to be asked again, if it said so.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Call(mcp::Error::Http { retry_after, .. }) => *retry_after,
            Self::Call(_) | Self::Answer(..) | Self::Stopped => None,
        }
    }

    /// The server has failed, and not we have stopped waiting for it.
    pub(super) fn is_of_server(&self) -> bool {
        !matches!(self, Self::Stopped)
    }

    /// Another parent would fare no better: not authorized, or to stop.
    pub(super) fn is_final(&self) -> bool {
        matches!(self, Self::Call(mcp::Error::Unauthorized { .. }) | Self::Stopped)
            || matches!(self.status(), Some(401 | 403))
    }

    /// What the server said, when it may have refused the page size.
    pub(super) fn about_size(&self) -> Option<&str> {
        const SIZE: [&str; 4] = ["limit", "page", "size", "top"];
        const BOUND: [&str; 8] =
            ["max", "less", "exceed", "between", "too large", "too big", "<=", "at most"];
        let said = match self {
            Self::Call(mcp::Error::InvalidParams { message }) => message,
            Self::Answer(Unusable::ErrorShape { message, .. }, _) => message,
            Self::Call(_) | Self::Answer(Unusable::Unparseable { .. }, _) | Self::Stopped => {
                return None;
            }
        };
        let lower = said.to_lowercase();
        let names = |words: &[&str]| words.iter().any(|it| lower.contains(it));
        (names(&SIZE) && names(&BOUND)).then_some(said.as_str())
    }

    pub(super) fn finding(
        &self,
        run: &Run<'_>,
        target: TargetModel,
        call: &Call,
        so_far: Progressed,
    ) -> Finding {
        match self {
            Self::Call(error) => link::failure(run, target, call, error, so_far),
            Self::Answer(unusable, answered) => {
                let call = call.clone().answered(answered.http_status);
                unusable_answer(run, target, call, (unusable, *answered), so_far)
            }
            Self::Stopped => {
                let skipped = Skipped { cause: SkipCause::Stopped, upstream: None };
                Finding::target_skipped(target, &skipped)
            }
        }
    }
}

fn kind(unusable: &Unusable, answered: Answered) -> &'static str {
    match unusable {
        Unusable::ErrorShape { .. } if answered.is_error => "is_error",
        Unusable::ErrorShape { .. } => "error_shape",
        Unusable::Unparseable { .. } => "unparseable",
    }
}

/// An answer that came back and holds no rows: an error, in disguise or not, or prose.
fn unusable_answer(
    run: &Run<'_>,
    target: TargetModel,
    call: Call,
    (unusable, answered): (&Unusable, Answered),
    so_far: Progressed,
) -> Finding {
    let (said, status) = match unusable {
        Unusable::ErrorShape { message, status } => (message, *status),
        Unusable::Unparseable { text } => (text, None),
    };
    let call = Call { http_status: status.or(call.http_status), ..call };
    if matches!(status, Some(401 | 403)) {
        let evidence = MissingScope { missing_scopes: Vec::new(), refresh_tried: false };
        return Finding::auth_scope_insufficient(target, &call, &evidence);
    }
    let said = link::quoted(run, said);
    let (attempts, rows_before) = (so_far.attempts, so_far.rows);
    let evidence = FailedCall { kind: kind(unusable, answered), attempts, said, rows_before };
    Finding::tool_execution_failed(target, &call, &evidence)
}
