//! Why a server could not be reached, listed or called.

pub(crate) mod translate;

use std::time::Duration;

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Each variant has a caller that acts differently on it; the cause is the source, not the text.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server did not come up: no such command, died before or during the handshake, or the
    /// connection failed.
    #[error("the server did not start: {what}")]
    Start {
        what: String,
        /// The last lines that the process wrote to stderr, oldest first; empty over HTTP.
        stderr: Vec<String>,
        #[source]
        source: Option<Cause>,
    },
    /// Credentials are missing, stale or too narrow.
    #[error("not authorized{}", scope_text(.scopes))]
    Unauthorized {
        /// 401 or 403 when one was seen; `None` when only a typed answer said so.
        status: Option<u16>,
        /// Scopes that the server asks for.
        scopes: Vec<String>,
        /// The `WWW-Authenticate` header, verbatim.
        challenge: Option<String>,
    },
    #[error("the server answered HTTP {status}")]
    Http {
        status: u16,
        /// The start of the body, up to 2,000 characters. May hold secrets.
        body: String,
        /// When the server wants to be asked again, if it said so.
        retry_after: Option<Duration>,
    },
    #[error("the server has no tool `{name}`")]
    UnknownTool { name: String, message: String },
    #[error("invalid parameters: {message}")]
    InvalidParams { message: String },
    /// Another JSON-RPC error.
    #[error("the server answered error {code}: {message}")]
    Rpc { code: i64, message: String },
    #[error("no answer within {after:?}")]
    Timeout { after: Duration },
    /// The connection or the process ended while we were using it.
    #[error("the connection closed")]
    Closed {
        /// The last lines that the process wrote to stderr, oldest first; empty over HTTP.
        stderr: Vec<String>,
        #[source]
        source: Option<Cause>,
    },
    #[error("the answer is larger than {limit} bytes")]
    TooLarge { limit: usize },
    /// We would not do it: the address policy, an unusable address or header.
    #[error("refused: {why}")]
    Refused { why: String },
    /// The server speaks something that is not the protocol.
    #[error("not the protocol: {what}")]
    Protocol {
        what: String,
        #[source]
        source: Option<Cause>,
    },
}

/// Before anybody was spoken to.
impl From<reach::Error> for Error {
    fn from(error: reach::Error) -> Self {
        match error {
            reach::Error::Refused { why } => Self::Refused { why },
            reach::Error::Unreachable { what, source } => {
                Self::Start { what, stderr: Vec::new(), source }
            }
            reach::Error::Timeout { after } => Self::Timeout { after },
        }
    }
}

impl Error {
    /// The HTTP status that was seen on the wire, if one was.
    pub fn http_status(&self) -> Option<u16> {
        match self {
            Self::Http { status, .. } => Some(*status),
            Self::Unauthorized { status, .. } => *status,
            Self::Start { .. }
            | Self::UnknownTool { .. }
            | Self::InvalidParams { .. }
            | Self::Rpc { .. }
            | Self::Timeout { .. }
            | Self::Closed { .. }
            | Self::TooLarge { .. }
            | Self::Refused { .. }
            | Self::Protocol { .. } => None,
        }
    }

    /// One stable word for the variant.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Start { .. } => "start",
            Self::Unauthorized { .. } => "unauthorized",
            Self::Http { .. } => "http",
            Self::UnknownTool { .. } => "unknown_tool",
            Self::InvalidParams { .. } => "invalid_params",
            Self::Rpc { .. } => "rpc",
            Self::Timeout { .. } => "timeout",
            Self::Closed { .. } => "closed",
            Self::TooLarge { .. } => "too_large",
            Self::Refused { .. } => "refused",
            Self::Protocol { .. } => "protocol",
        }
    }
}

fn scope_text(scopes: &[String]) -> String {
    if scopes.is_empty() { String::new() } else { format!(": needs {}", scopes.join(" ")) }
}
