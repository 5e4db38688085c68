//! The SDK's errors into ours.

#![expect(clippy::wildcard_enum_match_arm, reason = "the SDK's enums are open: a `_` is asked for")]

use rmcp::ServiceError;
use rmcp::model::{ErrorData, ServerResult};
use rmcp::service::ClientInitializeError;
use rmcp::transport::DynamicTransportError;
use rmcp::transport::streamable_http_client::StreamableHttpError;
use serde_json::Value;

use super::Error;
use crate::answer;
use crate::auth::challenge;
use crate::client::Limits;
use crate::transport::http::Fault;
use crate::transport::message::{TOO_LARGE, UNREADABLE};

/// An answer as plain JSON, whichever way it came.
pub(crate) fn result(result: ServerResult) -> Result<Value, Error> {
    if let ServerResult::CustomResult(plain) = result {
        return Ok(plain.0);
    }
    serde_json::to_value(result).map_err(|source| Error::Protocol {
        what: "an answer that cannot be read".to_owned(),
        source: Some(source.into()),
    })
}

pub(crate) fn initialize(
    error: ClientInitializeError,
    stderr: Vec<String>,
    limits: Limits,
) -> Error {
    match error {
        ClientInitializeError::TransportError { error, .. } => sending(error, stderr, limits, true),
        ClientInitializeError::JsonRpcError(data) => rpc(data, "", limits),
        ClientInitializeError::ConnectionClosed(_) => Error::Start {
            what: "it closed the connection before the handshake was done".to_owned(),
            stderr,
            source: Some(Box::new(error)),
        },
        other => Error::Protocol {
            what: "the handshake was not answered as it should be".to_owned(),
            source: Some(Box::new(other)),
        },
    }
}

/// `tool`: the tool called, empty when none was.
pub(crate) fn service(
    error: ServiceError,
    stderr: Vec<String>,
    tool: &str,
    limits: Limits,
) -> Error {
    match error {
        ServiceError::McpError(data) => rpc(data, tool, limits),
        ServiceError::TransportSend(error) => sending(error, stderr, limits, false),
        ServiceError::TransportClosed => Error::Closed { stderr, source: None },
        ServiceError::Timeout { timeout } => Error::Timeout { after: timeout },
        other => Error::Protocol {
            what: "an unexpected answer".to_owned(),
            source: Some(Box::new(other)),
        },
    }
}

fn rpc(data: ErrorData, tool: &str, limits: Limits) -> Error {
    let message = data.message.into_owned();
    if let Some(scopes) = answer::scopes_in(data.data.as_ref(), &message) {
        let status = data.data.as_ref().and_then(answer::status_in);
        return Error::Unauthorized { status, scopes, challenge: None };
    }
    match data.code.0 {
        TOO_LARGE => Error::TooLarge { limit: limits.answer_bytes },
        UNREADABLE => Error::Protocol {
            what: format!("an answer that cannot be read: {message}"),
            source: None,
        },
        _ if !tool.is_empty() && answer::says_unknown_tool(&message, tool) => {
            Error::UnknownTool { name: tool.to_owned(), message }
        }
        -32_602 => Error::InvalidParams { message },
        code => Error::Rpc { code: i64::from(code), message },
    }
}

fn sending(
    error: DynamicTransportError,
    stderr: Vec<String>,
    limits: Limits,
    is_start: bool,
) -> Error {
    let found = error.error.downcast::<StreamableHttpError<reqwest::Error>>();
    let cause: Box<dyn std::error::Error + Send + Sync> = match found {
        Ok(http) => match fault(*http, limits) {
            Ok(known) => return known,
            Err(other) => Box::new(other),
        },
        Err(other) => other,
    };
    if is_start {
        let what = "the connection failed".to_owned();
        Error::Start { what, stderr, source: Some(cause) }
    } else {
        Error::Closed { stderr, source: Some(cause) }
    }
}

/// Errors that say more than that the connection failed.
fn fault(
    error: StreamableHttpError<reqwest::Error>,
    limits: Limits,
) -> Result<Error, StreamableHttpError<reqwest::Error>> {
    match error {
        StreamableHttpError::Io(error) => {
            match error.get_ref().and_then(|it| it.downcast_ref::<Fault>()) {
                Some(fault) => Ok(of_fault(fault, limits)),
                None => Err(StreamableHttpError::Io(error)),
            }
        }
        StreamableHttpError::SessionExpired => {
            let body = "the session was lost twice".to_owned();
            Ok(Error::Http { status: 404, body, retry_after: None })
        }
        StreamableHttpError::ReinitializationFailed(data) => Ok(rpc(data, "", limits)),
        other => Err(other),
    }
}

fn of_fault(fault: &Fault, limits: Limits) -> Error {
    match fault {
        Fault::Status { status: status @ (401 | 403), challenge, .. } => Error::Unauthorized {
            status: Some(*status),
            scopes: challenge.as_deref().map(challenge::scopes).unwrap_or_default(),
            challenge: challenge.clone(),
        },
        Fault::Status { status, body, retry_after, .. } => {
            Error::Http { status: *status, body: body.clone(), retry_after: *retry_after }
        }
        Fault::TooLarge => Error::TooLarge { limit: limits.answer_bytes },
        Fault::Unreadable(what) => {
            Error::Protocol { what: format!("an answer that cannot be read: {what}"), source: None }
        }
    }
}
