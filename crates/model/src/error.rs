//! Why a model gave no text.

use std::time::Duration;

/// What the endpoint said is never in the text: it may repeat the question, or a credential.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no answer within {} ms", .limit.as_millis())]
    Timeout { limit: Duration },
    /// Of the run; nothing was sent.
    #[error("budget spent: the run may use no more {0}")]
    Spent(&'static str),
    #[error("the model refused to answer")]
    Refused,
    /// Cut off by the limit on its tokens, or empty.
    #[error("the model did not finish its answer")]
    Unfinished,
    #[error("the endpoint's answer is not of the protocol")]
    Malformed,
    #[error("the endpoint answered more than {limit} bytes")]
    TooLarge { limit: usize },
    #[error("the endpoint answered HTTP {0}")]
    Status(u16),
    #[error("the endpoint cannot be reached")]
    Unreachable(#[source] reqwest::Error),
}

impl Error {
    /// Whether the same question may be answered a moment later.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Status(status) => *status == 429 || *status >= 500,
            Self::Unreachable(_) => true,
            Self::Timeout { .. }
            | Self::Spent(_)
            | Self::Refused
            | Self::Unfinished
            | Self::Malformed
            | Self::TooLarge { .. } => false,
        }
    }
}
