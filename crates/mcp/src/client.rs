//! A connection to one server: start it, list its tools, call them, end it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rmcp::model::{
    CallToolRequest, CallToolRequestParams, ClientConfig, ClientRequest, Implementation,
    ListToolsRequest, PaginatedRequestParams,
};
use rmcp::service::{PeerRequestOptions, RunningService, ServiceExt as _};
use rmcp::{ClientHandler, RoleClient};
use serde_json::{Map, Value};

use crate::error::translate;
use crate::tool::shown;
use crate::transport::process::Process;
use crate::transport::stdio::Stdio;
use crate::transport::{Bearer, Endpoint, http};
use crate::{Answer, Error, Reach, Tool, answer};

/// How long telling the server that we no longer wait, or that we leave, may take.
const FAREWELL_TIME: Duration = Duration::from_secs(3);

/// What one server may cost us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From the start of the connection to the end of the handshake.
    pub start: Duration,
    /// One call, or one page of the tool list.
    pub call: Duration,
    /// One message of the server's.
    pub answer_bytes: usize,
    /// How deep structured content may nest. Texts are read to a depth of 64.
    pub depth: usize,
    /// Tools taken from the list; the rest is left out.
    pub tools: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            start: Duration::from_secs(60),
            call: Duration::from_secs(60),
            answer_bytes: 64 * 1024 * 1024,
            depth: answer::DEPTH,
            tools: 10_000,
        }
    }
}

/// What a server said about itself. Empty where it said nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    pub name: String,
    pub version: String,
    /// The protocol version agreed on, a date.
    pub protocol: String,
}

/// A live connection. Calls may run at the same time. Dropping it ends the connection and, over
/// stdio, kills the process and everything that it started.
#[derive(Debug)]
pub struct Client {
    service: RunningService<RoleClient, Handler>,
    process: Option<Process>,
    server: Server,
    limits: Limits,
    /// Tools that are called otherwise than they are shown: their names hold NUL.
    renamed: Mutex<HashMap<String, String>>,
}

/// Answers what servers ask: no roots, no sampling, no input from a person.
#[derive(Debug, Clone)]
struct Handler;

impl ClientHandler for Handler {
    fn get_info(&self) -> ClientConfig {
        let name = Implementation::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
        ClientConfig::new(Default::default(), name)
    }
}

impl Client {
    /// Starts or reaches the server and shakes hands.
    ///
    /// # Errors
    /// [`Error::Start`] with the process's last words, [`Error::Unauthorized`], [`Error::Http`],
    /// [`Error::Refused`], [`Error::Timeout`] or [`Error::Protocol`].
    pub async fn connect(endpoint: &Endpoint, limits: Limits, reach: Reach) -> Result<Self, Error> {
        Self::connect_as(endpoint, limits, reach, Bearer::default()).await
    }

    /// The same with a token that may change on the way. Over stdio there is none.
    ///
    /// # Errors
    /// As [`Client::connect`].
    pub async fn connect_as(
        endpoint: &Endpoint,
        limits: Limits,
        reach: Reach,
        bearer: Bearer,
    ) -> Result<Self, Error> {
        match endpoint {
            Endpoint::Http { url, headers } => {
                let bounds = (reach, limits.answer_bytes);
                let transport = http::open(url, headers, bounds, bearer).await?;
                let handshake = Handler.serve(transport);
                let service = within(limits.start, handshake)
                    .await?
                    .map_err(|error| translate::initialize(error, Vec::new(), limits))?;
                Ok(Self::of(service, None, limits))
            }
            Endpoint::Stdio { command, args, env } => {
                let (process, pipes) = Process::spawn(command, args, env)?;
                let handshake = Handler.serve(Stdio::new(pipes, limits.answer_bytes));
                match within(limits.start, handshake).await? {
                    Ok(service) => Ok(Self::of(service, Some(process), limits)),
                    Err(error) => {
                        let stderr = process.last_words().await;
                        Err(translate::initialize(error, stderr, limits))
                    }
                }
            }
        }
    }

    fn of(
        service: RunningService<RoleClient, Handler>,
        process: Option<Process>,
        limits: Limits,
    ) -> Self {
        let info = service.peer().peer_info();
        let about = info.as_deref().and_then(|it| it.server_info.as_ref());
        let server = Server {
            name: about.map(|it| shown(&it.name)).unwrap_or_default(),
            version: about.map(|it| shown(&it.version)).unwrap_or_default(),
            protocol: info.as_deref().map(|it| it.protocol_version.to_string()).unwrap_or_default(),
        };
        Self { service, process, server, limits, renamed: Mutex::default() }
    }

    /// What the server said about itself.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// All pages of the tool list, as far as [`Limits::tools`]. Entries without a name are skipped.
    ///
    /// # Errors
    /// As [`Client::call`], without [`Error::UnknownTool`].
    pub async fn tools(&self) -> Result<Vec<Tool>, Error> {
        let mut tools: Vec<Tool> = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let params = PaginatedRequestParams::default().with_cursor(cursor.clone());
            let request = ListToolsRequest { params: Some(params), ..Default::default() };
            let page = self.ask(ClientRequest::ListToolsRequest(request), "").await?;
            let entries = page.get("tools").and_then(Value::as_array).ok_or_else(|| {
                Error::Protocol { what: "the tool list has no `tools`".to_owned(), source: None }
            })?;
            let before = tools.len();
            for entry in entries {
                if tools.len() < self.limits.tools
                    && let Some(tool) = Tool::from_wire(entry)
                {
                    self.remember_name(&tool, entry);
                    tools.push(tool);
                }
            }
            let next = page.get("nextCursor").and_then(Value::as_str);
            let next = next.filter(|it| !it.is_empty()).map(str::to_owned);
            // A cursor that leads nowhere new would be followed for ever.
            if next.is_none() || next == cursor || tools.len() == before {
                return Ok(tools);
            }
            cursor = next;
        }
    }

    fn remember_name(&self, tool: &Tool, entry: &Value) {
        let own = entry.get("name").and_then(Value::as_str).unwrap_or_default();
        if own != tool.name {
            let mut renamed = self.renamed.lock().unwrap_or_else(PoisonError::into_inner);
            renamed.insert(tool.name.clone(), own.to_owned());
        }
    }

    /// The name that the server gave the tool.
    fn own_name(&self, name: &str) -> String {
        let renamed = self.renamed.lock().unwrap_or_else(PoisonError::into_inner);
        renamed.get(name).cloned().unwrap_or_else(|| name.to_owned())
    }

    /// Calls a tool. An answer with `isError` is an answer, unless it says that there is no such
    /// tool or, in a typed way, that a scope is missing.
    ///
    /// # Errors
    /// Every variant but [`Error::Start`] and [`Error::Refused`].
    pub async fn call(&self, name: &str, args: Map<String, Value>) -> Result<Answer, Error> {
        let params = CallToolRequestParams::new(self.own_name(name)).with_arguments(args);
        let request = ClientRequest::CallToolRequest(CallToolRequest::new(params));
        let result = self.ask(request, name).await?;
        let answer = Answer::from_wire(result, self.process.is_none().then_some(200));
        if answer.structured.as_ref().is_some_and(|it| answer::is_deeper(it, self.limits.depth)) {
            let what = format!("an answer that nests deeper than {}", self.limits.depth);
            return Err(Error::Protocol { what, source: None });
        }
        if let Some(scopes) = answer::missing_scopes(&answer) {
            return Err(Error::Unauthorized {
                status: answer::named_status(&answer),
                scopes,
                challenge: None,
            });
        }
        match answer::unknown_tool(&answer, name) {
            Some(message) => Err(Error::UnknownTool { name: name.to_owned(), message }),
            None => Ok(answer),
        }
    }

    /// Says goodbye: ends the session, or closes the process's input and gives it two seconds
    /// before it is killed.
    pub async fn close(mut self) {
        if let Err(error) = self.service.close_with_timeout(FAREWELL_TIME).await {
            tracing::debug!(%error, "the connection did not close cleanly");
        }
        if let Some(process) = &self.process {
            process.leave().await;
        }
    }

    /// One request, one answer as plain JSON. `tool`: the tool called, for the error.
    async fn ask(&self, request: ClientRequest, tool: &str) -> Result<Value, Error> {
        let sent =
            self.service.peer().send_cancellable_request(request, PeerRequestOptions::default());
        let deadline = tokio::time::sleep(self.limits.call);
        tokio::pin!(deadline);
        let timeout = || Error::Timeout { after: self.limits.call };
        let mut handle = tokio::select! {
            handle = sent => match handle {
                Ok(handle) => handle,
                Err(error) => return Err(self.error(error, tool).await),
            },
            () = &mut deadline => return Err(timeout()),
        };
        let answered = tokio::select! {
            answered = &mut handle.rx => answered,
            () = &mut deadline => {
                // Not waited for: a server that does not answer may not read either.
                tokio::spawn(tokio::time::timeout(FAREWELL_TIME, handle.cancel(None)));
                return Err(timeout());
            }
        };
        match answered.unwrap_or(Err(rmcp::ServiceError::TransportClosed)) {
            Ok(result) => translate::result(result),
            Err(error) => Err(self.error(error, tool).await),
        }
    }

    async fn error(&self, error: rmcp::ServiceError, tool: &str) -> Error {
        let stderr = match (&error, &self.process) {
            (
                rmcp::ServiceError::TransportClosed | rmcp::ServiceError::TransportSend(_),
                Some(it),
            ) => it.last_words().await,
            _ => Vec::new(),
        };
        translate::service(error, stderr, tool, self.limits)
    }
}

async fn within<T>(time: Duration, work: impl Future<Output = T>) -> Result<T, Error> {
    tokio::time::timeout(time, work).await.map_err(|_elapsed| Error::Timeout { after: time })
}
