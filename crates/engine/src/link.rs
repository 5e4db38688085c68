//! The connection of a run to its MCP server: opened once, lost at most once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::connector::Transport;
use domain::evidence::{Call, FailedCall, MissingScope, MissingTool};
use domain::nearest::nearest_few;
use domain::{Finding, TargetModel};
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use crate::access::Access;
use crate::run::Run;
use crate::settings::Settings;

/// Characters of a server's own words that a finding keeps.
const SAID_MAX: usize = 500;

/// An open connection and what the server offers over it.
pub(crate) struct Link {
    client: mcp::Client,
    access: Option<Arc<Access>>,
    pub(crate) tools: Vec<mcp::Tool>,
    lost: AtomicBool,
}

impl Link {
    /// Connects and lists the tools, with the configuration alone.
    pub(crate) async fn open(
        transport: &Transport,
        settings: &Settings,
    ) -> Result<Self, mcp::Error> {
        Self::connect(transport, settings, mcp::Bearer::default()).await
    }

    /// The same with what was granted; a token that is refused is renewed once.
    pub(crate) async fn open_with(
        transport: &Transport,
        settings: &Settings,
        access: &Arc<Access>,
    ) -> Result<Self, mcp::Error> {
        access.freshen().await;
        let opened = match Self::connect(transport, settings, access.bearer()).await {
            Err(mcp::Error::Unauthorized { .. }) if access.refused().await => {
                Self::connect(transport, settings, access.bearer()).await
            }
            done => done,
        }?;
        access.accepted();
        Ok(Self { access: Some(Arc::clone(access)), ..opened })
    }

    async fn connect(
        transport: &Transport,
        settings: &Settings,
        bearer: mcp::Bearer,
    ) -> Result<Self, mcp::Error> {
        let endpoint = endpoint(transport, settings)?;
        let (limits, reach) = (settings.limits, settings.reach);
        let client = mcp::Client::connect_as(&endpoint, limits, reach, bearer).await?;
        let tools = client.tools().await?;
        Ok(Self { client, access: None, tools, lost: AtomicBool::new(false) })
    }

    pub(crate) fn server(&self) -> String {
        let server = self.client.server();
        format!("{} {}", server.name, server.version).trim().to_owned()
    }

    pub(crate) fn about(&self) -> &mcp::Server {
        self.client.server()
    }

    pub(crate) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }

    pub(crate) fn tool(&self, name: &str) -> Option<&mcp::Tool> {
        self.tools.iter().find(|it| it.name == name)
    }

    pub(crate) fn nearest_tools(&self, name: &str) -> Vec<String> {
        let names = self.tools.iter().map(|it| it.name.as_str());
        nearest_few(name, names, 3).into_iter().map(str::to_owned).collect()
    }

    /// None: the run was asked to stop before the answer came. Nobody waits for it then, since a
    /// server may take its time; only a renewal of the token is always brought to its end.
    pub(crate) async fn call(
        &self,
        tool: &str,
        arguments: Map<String, Value>,
        cancel: &CancellationToken,
    ) -> Option<Result<mcp::Answer, mcp::Error>> {
        let answer = match &self.access {
            Some(access) => self.call_with(access, tool, arguments, cancel).await?,
            None => unless(cancel, self.client.call(tool, arguments)).await?,
        };
        if matches!(answer, Err(mcp::Error::Closed { .. })) {
            self.lost.store(true, Ordering::Relaxed);
        }
        Some(answer)
    }

    /// A call whose scopes were not granted is not made; a token that is refused is renewed once.
    async fn call_with(
        &self,
        access: &Access,
        tool: &str,
        arguments: Map<String, Value>,
        cancel: &CancellationToken,
    ) -> Option<Result<mcp::Answer, mcp::Error>> {
        let wanted = self.tool(tool).map(|it| it.scopes.as_slice()).unwrap_or_default();
        let scopes = access.lacks(wanted).await;
        if !scopes.is_empty() {
            return Some(Err(mcp::Error::Unauthorized { status: None, scopes, challenge: None }));
        }
        access.freshen().await;
        let answer = match unless(cancel, self.client.call(tool, arguments.clone())).await? {
            Err(mcp::Error::Unauthorized { .. }) if access.refused().await => {
                unless(cancel, self.client.call(tool, arguments)).await?
            }
            done => done,
        };
        if answer.is_ok() {
            access.accepted();
        }
        Some(answer)
    }

    pub(crate) async fn close(self) {
        self.client.close().await;
    }
}

/// What is waited for; none when the run is asked to stop first.
pub(crate) async fn unless<T>(
    cancel: &CancellationToken,
    waited_for: impl Future<Output = T>,
) -> Option<T> {
    tokio::select! {
        done = waited_for => Some(done),
        () = cancel.cancelled() => None,
    }
}

fn endpoint(transport: &Transport, settings: &Settings) -> Result<mcp::Endpoint, mcp::Error> {
    let exposed = |it: &std::collections::BTreeMap<String, domain::connector::Secret>| {
        it.iter().map(|(name, value)| (name.clone(), value.expose().to_owned())).collect()
    };
    match transport {
        Transport::Http { url, headers } => Ok(mcp::Endpoint::Http { url: url.clone(), headers: exposed(headers) }),
        Transport::Stdio { .. } if !settings.allow_stdio => Err(mcp::Error::Refused {
            why: "this server may not start commands; the operator allows it with connectors.allow_stdio".to_owned(),
        }),
        Transport::Stdio { command, args, env } => {
            Ok(mcp::Endpoint::Stdio { command: command.clone(), args: args.clone(), env: exposed(env) })
        }
    }
}

/// Connects and lists the tools, for a person who asks whether a server can be reached. Returns how
/// many there are.
pub async fn reach(transport: &Transport, settings: &Settings) -> Result<usize, mcp::Error> {
    let link = Link::open(transport, settings).await?;
    let tools = link.tools.len();
    link.close().await;
    Ok(tools)
}

/// How far a reading had come when a call failed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Progressed {
    pub(crate) attempts: u32,
    pub(crate) rows: u64,
}

/// The finding for a call that failed: authorization, an unknown tool, or anything else.
pub(crate) fn failure(
    run: &Run<'_>,
    target: TargetModel,
    call: &Call,
    error: &mcp::Error,
    so_far: Progressed,
) -> Finding {
    let call = call.clone().answered(error.http_status().or(call.http_status));
    match error {
        mcp::Error::Unauthorized { scopes, .. } => Finding::auth_scope_insufficient(
            target,
            &call,
            &MissingScope {
                missing_scopes: scopes.clone(),
                refresh_tried: run.access.as_ref().is_some_and(|it| it.refresh_tried()),
            },
        ),
        mcp::Error::UnknownTool { name, .. } => Finding::tool_not_found(
            target,
            &call,
            &MissingTool { tool: name.clone(), nearest: Vec::new(), source: "call" },
        ),
        mcp::Error::Start { .. }
        | mcp::Error::Http { .. }
        | mcp::Error::InvalidParams { .. }
        | mcp::Error::Rpc { .. }
        | mcp::Error::Timeout { .. }
        | mcp::Error::Closed { .. }
        | mcp::Error::TooLarge { .. }
        | mcp::Error::Refused { .. }
        | mcp::Error::Protocol { .. } => {
            let evidence = FailedCall {
                kind: error.kind(),
                attempts: so_far.attempts,
                said: quoted(run, &said(error)),
                rows_before: so_far.rows,
            };
            Finding::tool_execution_failed(target, &call, &evidence)
        }
    }
}

/// A server's own words, fit to be kept: redacted before they are cut, so that no half of a secret
/// stays.
pub(crate) fn quoted(run: &Run<'_>, said: &str) -> String {
    domain::diagnostic::shorten(&run.redactor.text(said.trim()), SAID_MAX)
}

/// The error in words, with the last lines of a process that died.
fn said(error: &mcp::Error) -> String {
    match error {
        mcp::Error::Start { stderr, .. } | mcp::Error::Closed { stderr, .. }
            if !stderr.is_empty() =>
        {
            let last: Vec<&str> = stderr.iter().rev().take(3).rev().map(String::as_str).collect();
            format!("{error}; its last words: {}", last.join(" | "))
        }
        mcp::Error::Http { body, .. } if !body.trim().is_empty() => {
            format!("{error}: {}", body.trim())
        }
        mcp::Error::Start { .. }
        | mcp::Error::Unauthorized { .. }
        | mcp::Error::Http { .. }
        | mcp::Error::UnknownTool { .. }
        | mcp::Error::InvalidParams { .. }
        | mcp::Error::Rpc { .. }
        | mcp::Error::Timeout { .. }
        | mcp::Error::Closed { .. }
        | mcp::Error::TooLarge { .. }
        | mcp::Error::Refused { .. }
        | mcp::Error::Protocol { .. } => error.to_string(),
    }
}
