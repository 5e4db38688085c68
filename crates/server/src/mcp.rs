//! The log and its answers as tools for agents: an MCP server at `/mcp`, with the same keys as the
//! API, and over standard input and output.
//!
//! [`tools`] is the table of what there is, [`call`] carries it out; both doors see one tenant and
//! nothing else. The server keeps no session: each message is answered by itself.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ErrorData,
    Implementation, ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig,
};
use rmcp::service::RequestContext;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{RoleServer, ServerHandler, ServiceExt as _};
use serde_json::{Map, Value};
use store::Tenant;

use crate::App;
use crate::auth::Reader;
use crate::code::Code;
use crate::problem::Problem;

mod call;
pub mod tools;

use tools::ToolName;

/// What an agent is told before it calls anything.
const INSTRUCTIONS: &str = "Wireline syncs records from MCP servers and writes down why any of them is \
     missing. Asked why a record is missing, call why_missing with its model and its identifier or \
     number. Asked how a connector does, call explain_connector_health. Every answer names the \
     diagnostic that says so: get_sync_diagnostic shows it with what to do.";

/// Why serving over standard input and output ended early.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the client did not shake hands")]
    Handshake(#[source] Box<rmcp::service::ServerInitializeError>),
    #[error("the server's task ended badly")]
    Task(#[source] tokio::task::JoinError),
}

/// One tenant's desk.
#[derive(Debug, Clone)]
struct Desk {
    app: App,
    tenant: Tenant,
}

/// `POST /mcp`. A key proves the tenant of each message.
pub(crate) async fn serve(
    State(app): State<App>,
    Reader(tenant): Reader,
    request: Request,
) -> Response {
    let desk = Desk { app, tenant };
    // A browser of another origin cannot send the key, so nothing hangs on the host's name.
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .disable_allowed_hosts();
    let sessions = Arc::new(LocalSessionManager::default());
    let service = StreamableHttpService::new(move || Ok(desk.clone()), sessions, config);
    refused(service.handle(request).await.map(Body::new)).await
}

/// What the protocol's own layer refuses before there is a message is told like any other refusal
/// of this server; what answers a message stays as it is.
async fn refused(response: Response) -> Response {
    let is_message = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|it| it.as_bytes().starts_with(b"application/json"));
    let code = match response.status() {
        StatusCode::NOT_ACCEPTABLE => Code::NotAcceptable,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Code::UnsupportedMediaType,
        StatusCode::PAYLOAD_TOO_LARGE => Code::TooLarge,
        status if status.is_client_error() && !is_message => Code::MalformedDocument,
        _ => return response,
    };
    let body = axum::body::to_bytes(response.into_body(), 1024).await.unwrap_or_default();
    let says = String::from_utf8_lossy(&body).into_owned();
    Problem::new(code, if says.is_empty() { "is no message of MCP".to_owned() } else { says })
        .into_response()
}

/// Serves one tenant until the client closes our input.
///
/// # Errors
/// [`Error::Handshake`] when the client does not speak the protocol.
pub async fn serve_stdio(app: App, tenant: Tenant) -> Result<(), Error> {
    let desk = Desk { app, tenant };
    let running = desk.serve(rmcp::transport::stdio()).await;
    let running = running.map_err(|error| Error::Handshake(Box::new(error)))?;
    running.waiting().await.map_err(Error::Task)?;
    Ok(())
}

/// What a tool answers a tenant, as every door gives it; or why not, in words for the caller.
pub async fn answer(
    app: &App,
    tenant: &Tenant,
    tool: &str,
    arguments: &Map<String, Value>,
) -> Result<Value, String> {
    let name: ToolName = tool.parse().map_err(|it: domain::words::UnknownWord| it.to_string())?;
    call::call(app, tenant, name, arguments).await.map_err(|it| told(&it))
}

/// A refusal in words: what is wrong with which argument.
fn told(problem: &Problem) -> String {
    if let Some(cause) = problem.cause() {
        tracing::error!(error = cause as &dyn std::error::Error, "a tool failed");
    }
    problem.sentences().join("; ")
}

impl ServerHandler for Desk {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("wireline", env!("CARGO_PKG_VERSION")))
            .with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(tools::all()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let arguments = request.arguments.unwrap_or_default();
        let answered = answer(&self.app, &self.tenant, &request.name, &arguments).await;
        let result = match answered {
            Ok(value) => CallToolResult::structured(value),
            Err(why) => CallToolResult::error(vec![ContentBlock::text(why)]),
        };
        Ok(result.into())
    }
}
